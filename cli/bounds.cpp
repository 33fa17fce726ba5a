#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include <promptbound/bounds/bracket.hpp>
#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/cli/command.hpp>
#include <promptbound/cli/gap.hpp>
#include <promptbound/cli/parallel_rows.hpp>
#include <promptbound/cli/parameter_options.hpp>
#include <promptbound/cli/record_view.hpp>
#include <promptbound/cli/render_json.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

struct BoundsOptions : CommonOptions {
  std::string coq;  ///< certificate file, empty: none
  ParameterOptions parameters;
};

/// Everything that is known at one point.
struct Overview {
  Arguments arguments;
  Bracket bracket;
  std::vector<Record> records;
};

std::vector<const Bound*> evaluable(const Arguments& arguments) {
  std::vector<const Bound*> result;
  for (const Bound& bound : catalogue()) {
    // A bound all of whose parameters are optional still needs one of its own to say anything.
    const bool any =
        std::any_of(bound.uses.begin(), bound.uses.end(), [](const Use& use) { return use.required; });
    if (any && has_required(bound.uses, arguments)) result.push_back(&bound);
  }
  return result;
}

Overview overview(const Arguments& arguments, long digits) {
  Overview result{arguments, {}, {}};
  for (const Bound* bound : evaluable(arguments))
    result.records.push_back(evaluate(*bound, arguments, digits));
  result.bracket = bracket(arguments, result.records, digits);
  return result;
}

std::optional<BracketEnd> equal_width(const Overview& point, long digits) {
  if (!point.bracket.sufficient) return std::nullopt;
  return necessary_at_equal_width(point.arguments, *point.bracket.sufficient, digits);
}

nlohmann::ordered_json end_json(const std::optional<BracketEnd>& end) {
  if (!end) return nullptr;
  return {{"tokens", end->tokens.str()}, {"id", end->record.id}};
}

std::string overview_json(const Overview& point, long digits, int indent) {
  nlohmann::ordered_json json = {{"schema", json_schema},
                                 {"bracket",
                                  {{"necessary", end_json(point.bracket.necessary)},
                                   {"sufficient", end_json(point.bracket.sufficient)},
                                   {"necessary_at_equal_width", end_json(equal_width(point, digits))}}},
                                 {"bounds", nlohmann::ordered_json::array()}};
  for (const Record& record : point.records) json["bounds"].push_back(record_json(record, digits));
  return json.dump(indent);
}

void write_point(const Overview& point, long digits, TableWriter& writer) {
  for (const std::string& line : describe_gap(point.bracket, equal_width(point, digits), point.records)) {
    writer.paragraph(line);
  }
  writer.begin("All bounds for these parameters",
               {{"bound"}, {"kind"}, {"output"}, {"value", true}, {"theory"}, {"meaning"}});
  for (const Record& record : point.records) {
    const Bound& bound = find_bound(record.id);
    const std::string kind(name(record.kind));
    if (!record.applicable) {
      writer.row({std::string(bound.id), kind, std::string("-"), Absent{record.reason},
                  std::string(bound.theory), std::string()});
      continue;
    }
    bool first = true;
    for (const OutputDescription& output : bound.outputs) {
      const Cell value = output_cell(record, output.name);
      if (std::holds_alternative<std::string>(value)) continue;  // not computed for these parameters
      writer.row({std::string(first ? bound.id : ""), first ? kind : "", std::string(output.name), value,
                  std::string(first ? bound.theory : ""), std::string(output.meaning)});
      first = false;
    }
  }
  writer.end();
  writer.paragraph("");
  writer.paragraph(
      "`published` values are transcribed from the papers, not proved here. promptbound eval ID shows a "
      "bound's assumptions.");
}

/// The output that answers a bound's question, for one column a bound.
std::string_view main_output(const Bound& bound) {
  for (const OutputDescription& output : bound.outputs) {
    if (output.name == "tokens") return output.name;
  }
  return bound.outputs.front().name;
}

Cell end_cell(const std::optional<BracketEnd>& end) {
  if (end) return Quantity(end->tokens);
  return Absent{"no bound applies"};
}

void write_sweep(const BoundsOptions& options, const Sweep& sweep, TableWriter& writer) {
  const std::vector<const Parameter*> varying = sweep.varying();
  const std::vector<const Bound*> bounds = evaluable(sweep.at(0));
  std::vector<Column> columns;
  for (const Parameter* parameter : varying) columns.push_back({std::string(parameter->name), false});
  columns.push_back({"necessary", true});
  columns.push_back({"sufficient", true});
  for (const Bound* bound : bounds)
    columns.push_back({fmt::format("{}.{}", bound->id, main_output(*bound)), true});
  writer.begin("", columns);
  for_each_row(
      sweep.size(), options,
      [&](std::uint64_t i) {
        Overview point{sweep.at(i), {}, {}};
        for (const Bound* bound : bounds) {
          point.records.push_back(
              evaluate(*bound, point.arguments, options.computed_digits(), main_output(*bound)));
        }
        point.bracket = bracket(point.arguments, point.records, options.computed_digits());
        return point;
      },
      [&](const Overview& point) {
        std::vector<Cell> cells;
        for (const Parameter* parameter : varying)
          cells.emplace_back(point.arguments.find(parameter->name)->text());
        cells.push_back(end_cell(point.bracket.necessary));
        cells.push_back(end_cell(point.bracket.sufficient));
        for (std::size_t i = 0; i < bounds.size(); ++i) {
          cells.push_back(output_cell(point.records[i], main_output(*bounds[i])));
        }
        writer.row(cells);
      });
  writer.end();
}

/// The Coq file that proves the bracket: its lower end, and its upper end for real prompt entries, which is
/// the form of 1.4 that Coq proves.
std::string certify_bracket(const Overview& point, long digits) {
  if (!point.bracket.necessary) throw InputError("--coq: no lower end of the bracket applies here");
  CoqCertificate certificate;
  const Record& necessary = point.bracket.necessary->record;
  certify_in_coq(find_bound(necessary.id), nullptr, point.arguments, necessary, certificate);
  const Bound& lookup = find_bound("lookup-upper");
  Arguments real_entries;
  for (const Use& use : lookup.uses) {
    const Argument* argument = point.arguments.find(use.parameter->name);
    if (argument != nullptr && use.parameter != &parameters::b)
      real_entries.set(use.parameter->name, *argument);
  }
  certify_in_coq(lookup, nullptr, real_entries, evaluate(lookup, real_entries, digits), certificate);
  return certificate.text();
}

int bounds(const BoundsOptions& options) {
  const Sweep sweep = options.parameters.sweep();
  const Arguments first = sweep.at(0);
  for (const Parameter* needed : {&parameters::d, &parameters::L, &parameters::eps}) {
    if (!first.has(*needed)) {
      throw InputError(
          fmt::format("bounds needs --{} ({}): {}", needed->name, needed->meaning, needed->accepted()));
    }
  }
  const bool single = sweep.varying().empty();
  std::optional<OutputFile> coq;
  if (!options.coq.empty()) {
    if (!single) throw InputError("--coq certifies one point: give one value a parameter");
    coq.emplace(options.coq)
        .write(certify_bracket(overview(first, options.computed_digits()), options.computed_digits()));
  }
  OutputFile file(options.output);
  if (options.format == Format::json) {
    bool first_line = true;
    for_each_row(
        sweep.size(), options,
        [&](std::uint64_t i) {
          return overview_json(overview(sweep.at(i), options.computed_digits()), options.shown_digits(),
                               single ? 1 : -1);
        },
        [&](const std::string& json) {
          if (!single) file.write(first_line ? "[\n" : ",\n");
          file.write(json);
          first_line = false;
        });
    file.write(single ? "\n" : "\n]\n");
  } else {
    const auto writer = make_table_writer(options.format, file, options.shown_digits());
    if (single) {
      write_point(overview(first, options.computed_digits()), options.computed_digits(), *writer);
    } else {
      write_sweep(options, sweep, *writer);
    }
  }
  if (coq) coq->commit();
  file.commit();
  return exit_done;
}

}  // namespace

void add_bounds(CLI::App& app, Action& action) {
  auto options = std::make_shared<BoundsOptions>();
  CLI::App* subcommand = app.add_subcommand("bounds", "all bounds for given parameters, the bracket on top");
  subcommand->footer(
      "Examples:\n"
      "  promptbound bounds --d 2 --L 2 --eps 1/10\n"
      "  promptbound bounds --d 1:4 --L 2 --eps 1/10,1/100 --alpha inf --format csv -o sweep.csv\n"
      "  promptbound bounds --d 2 --L 2 --eps 1/10 --coq bracket.v");
  add_coq_option(*subcommand, options->coq);
  options->parameters.add_to(*subcommand);
  add_common_options(*subcommand, *options);
  subcommand->callback([options, &action] { action = [options] { return bounds(*options); }; });
}

}  // namespace promptbound
