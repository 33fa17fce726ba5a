// The figures of audit.hpp.
#include <fmt/format.h>

#include <cmath>

#include <promptbound/cli/render/audit.hpp>
#include <promptbound/cli/render/figure_presets.hpp>

namespace promptbound {
namespace {

double upper(const FastInterval& x) { return x.upper(); }

/// A value for every head, at layer + head/heads.
template <class Value>
Series per_head(const Audit& audit, std::string label, Value value) {
  Series series{std::move(label), {}, true};
  for (std::size_t l = 0; l < audit.heads.size(); ++l) {
    for (std::size_t h = 0; h < audit.heads[l].size(); ++h) {
      const double y = value(audit.heads[l][h]);
      const double x =
          static_cast<double>(l) + static_cast<double>(h) / static_cast<double>(audit.heads[l].size());
      if (std::isfinite(y)) series.points.emplace_back(x, y);
    }
  }
  return series;
}

const Axis head_axis = {"layer (its heads from left to right)", false};

Figure entries(const Audit& audit) {
  Figure figure{"entries",
                "Largest entries of queries, keys and values (4.1)",
                head_axis,
                {"largest entry", false},
                {}};
  if (audit.prompt_length > 0) {
    figure.series.push_back(per_head(audit, "prompt: max |Q|", [](const AuditHead& head) {
      return head.prompt ? upper(head.prompt->query.entry) : NAN;
    }));
    figure.series.push_back(per_head(audit, "prompt: max |K|", [](const AuditHead& head) {
      return head.prompt ? upper(head.prompt->key.entry) : NAN;
    }));
    figure.series.push_back(per_head(audit, "prompt: max |V|", [](const AuditHead& head) {
      return head.prompt ? upper(head.prompt->value.entry) : NAN;
    }));
  }
  figure.series.push_back(
      per_head(audit, "any token, at most", [](const AuditHead& head) { return upper(head.B_any); }));
  const double scale = value_of(Quantity(sqrt(log(Interval(audit.T)))));
  figure.series.push_back({fmt::format("sqrt(ln T) = {:.3g}", scale),
                           {{0, scale}, {static_cast<double>(audit.heads.size()), scale}}});
  return figure;
}

Figure scores(const Audit& audit) {
  Figure figure{"scores",
                "Centred scores S, which set the degree of polynomial attention (4.2)",
                head_axis,
                {"S", true},
                {}};
  if (audit.prompt_length > 0) {
    figure.series.push_back(per_head(audit, "between tokens of the prompt", [](const AuditHead& head) {
      return head.prompt && upper(head.prompt->centred_score) > 0 ? upper(head.prompt->centred_score) : NAN;
    }));
  }
  figure.series.push_back(per_head(audit, "between any tokens, at most",
                                   [](const AuditHead& head) { return upper(head.norms.centred_score); }));
  return figure;
}

Figure constants(const Audit& audit) {
  Figure figure{
      "constants", "Constants of the layers (3.1, upper bounds)", {"layer", false}, {"constant", true}, {}};
  Series c{"attention map c", {}}, g{"feed-forward map g", {}}, norm_1{"norm at the attention", {}},
      norm_2{"norm at the feed-forward block", {}}, radius{"radius of the tokens after the layer", {}};
  for (std::size_t l = 0; l < audit.norms.layers.size(); ++l) {
    const LayerMatrixNorms& layer = audit.norms.layers[l];
    const auto add = [&](Series& series, const FastInterval& value) {
      if (value.is_finite()) series.points.emplace_back(static_cast<double>(l), upper(value));
    };
    add(c, layer.c);
    add(g, layer.g);
    add(norm_1, layer.norm_1);
    add(norm_2, layer.norm_2);
    add(radius, layer.R_out);
  }
  figure.series = {c, g, norm_1, norm_2, radius, {"3.2 asks c and g, times their norm, to be below 1", {}}};
  figure.series.back().points = {{0, 1}, {static_cast<double>(audit.norms.layers.size() - 1), 1}};
  return figure;
}

}  // namespace

std::vector<Figure> audit_figures(const Audit& audit) {
  return {entries(audit), scores(audit), constants(audit)};
}

}  // namespace promptbound
