// Every architecture against loops over long double that were written for it alone.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include <promptbound/models/language_model.hpp>
#include <promptbound/models/safetensors.hpp>
#include <promptbound/models/tensor_names.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/audit/audit.hpp>

#include "family_models.hpp"
#include "naive_rows.hpp"

using namespace promptbound;

namespace {

void check_equal(const Sequence<Interval>& Z, const naive::Rows& reference) {
  REQUIRE(Z.cols() == static_cast<Index>(reference.size()));
  for (Index token = 0; token < Z.cols(); ++token) {
    for (Index row = 0; row < Z.rows(); ++row) {
      const naive::Real value = reference[static_cast<std::size_t>(token)][static_cast<std::size_t>(row)];
      CHECK(std::abs(static_cast<naive::Real>(Z(row, token).lower_double()) - value) < 1e-13L);
      CHECK(std::abs(static_cast<naive::Real>(Z(row, token).upper_double()) - value) < 1e-13L);
    }
  }
}

void check_encloses(const FastInterval& enclosure, naive::Real value) {
  CHECK(enclosure.lower() <= value * (1 + 1e-12L));
  CHECK(value * (1 - 1e-12L) <= enclosure.upper());
  CHECK(enclosure.upper() - enclosure.lower() <= 1e-9 * enclosure.upper());
}

naive::Rows rows_of_tensor(const WrittenTensor& tensor) {
  const std::size_t in = tensor.shape.back();
  naive::Rows rows(tensor.values.size() / in, naive::Row(in));
  for (std::size_t i = 0; i < tensor.values.size(); ++i) rows[i / in][i % in] = tensor.values[i];
  return rows;
}

naive::Rows some_rows(const naive::Rows& rows, std::size_t first, std::size_t count) {
  return {rows.begin() + static_cast<std::ptrdiff_t>(first),
          rows.begin() + static_cast<std::ptrdiff_t>(first + count)};
}

naive::Real largest_of(const WrittenTensor& tensor) {
  naive::Real largest = 0;
  for (const double x : tensor.values) largest = std::max<naive::Real>(largest, std::abs(x));
  return largest;
}

}  // namespace

TEST_CASE("every architecture: states behind every layer and outputs are those of its own loops") {
  for (const naive::FamilyModel& model : naive::family_models(4100)) {
    CAPTURE(model.name);
    const TemporaryFolder folder;
    naive::write_model(folder, model);
    const LanguageModel read(folder.path());
    RandomNumbers random(4101);
    const naive::Rows tokens = random_rows(random, 5);
    const naive::Pass pass = model.evaluate(model.tensors, tokens);
    const WorkingPrecision scope(128);
    Sequence<Interval> Z = embedded(
        read.input(), Sequence<Interval>(columns(tokens).unaryExpr([](double x) { return Interval(x); })));
    for (std::size_t l = 0; l < 2; ++l) {
      Z = through_layer(read.layer(l), Z);
      check_equal(Z, pass.states[l]);
    }
    const auto norm = read.final_norm();
    check_equal(norm ? normalized(*norm, Z) : Z, pass.output);
  }
}

TEST_CASE("every architecture: sizes of the prompt's heads - bounds for any token - Lipschitz constants") {
  for (const std::uint64_t seed : {4200U, 4300U}) {
    for (const naive::FamilyModel& model : naive::family_models(seed)) {
      CAPTURE(model.name);
      const TemporaryFolder folder;
      naive::write_model(folder, model);
      const LanguageModel read(folder.path());
      RandomNumbers random(seed + 50);
      const naive::Rows prompt = random_rows(random, 4);
      const naive::Pass pass = model.evaluate(model.tensors, prompt);
      const ModelSweep sweep = sweep_layers(read, columns(prompt));
      CHECK(sweep.prompt.size() == (read.config().is_causal() ? 2U : 1U));
      for (std::size_t l = 0; l < 2; ++l) {
        const LayerMatrixNorms& layer = sweep.norms.layers[l];
        CHECK(naive::largest_norm(pass.states[l]) <= layer.R_out.upper());
        REQUIRE(layer.heads.size() == pass.heads[l].size());
        for (std::size_t h = 0; h < layer.heads.size(); ++h) {
          const naive::Head& head = pass.heads[l][h];
          CHECK(naive::largest_entry(head.q) <= layer.heads[h].query_entry.upper());
          CHECK(naive::largest_entry(head.k) <= layer.heads[h].key_entry.upper());
          CHECK(naive::largest_entry(head.v) <= layer.heads[h].value_entry.upper());
          CHECK(layer.heads[h].A.has_value() == !read.config().head_norms);
          if (l >= sweep.prompt.size()) continue;
          check_encloses(sweep.prompt[l][h].query.entry, naive::largest_entry(head.q));
          check_encloses(sweep.prompt[l][h].key.norm, naive::largest_norm(head.k));
          check_encloses(sweep.prompt[l][h].value.norm, naive::largest_norm(head.v));
        }
      }
      for (const naive::Real step : {1e-6L, 1e-2L, 0.5L}) {
        naive::Rows moved = prompt;
        for (auto& token : moved) {
          for (auto& x : token) x += step * random.rational(-1, 1).convert_to<double>();
        }
        const naive::Real moved_by =
            largest_distance(model.evaluate(model.tensors, moved).output, pass.output);
        CHECK(moved_by / largest_distance(moved, prompt) <=
              FastInterval(exp(sweep.norms.log_lipschitz)).upper());
      }
    }
  }
}

TEST_CASE("constants of norms on queries and keys are what 3.1 says of bounded scores") {
  for (const naive::FamilyModel& model : naive::family_models(4400)) {
    const bool is_qwen = model.name == "qwen3";
    if (!is_qwen && model.name != "phi with norms on queries and keys") continue;
    CAPTURE(model.name);
    const TemporaryFolder folder;
    naive::write_model(folder, model);
    const ModelNorms norms = sweep_layers(LanguageModel(folder.path()), Matrix<double>(8, 0)).norms;
    const std::size_t s = is_qwen ? 6 : 4, heads = is_qwen ? 4 : 2, shared = is_qwen ? 2 : 1;
    const naive::Real root_s = std::sqrt(static_cast<naive::Real>(s)), root_eps = std::sqrt(1e-3L);
    for (std::size_t l = 0; l < 2; ++l) {
      const std::string attention = "model.layers." + std::to_string(l) + ".self_attn.";
      const auto tensor = [&](const std::string& name) { return model.tensors.at(attention + name); };
      const std::string norm = is_qwen ? "_norm" : "_layernorm";
      const auto longest = [&](const std::string& side) {
        naive::Real length = root_s * largest_of(tensor(side + norm + ".weight"));
        if (!is_qwen) length += naive::norm(rows_of_tensor(tensor(side + norm + ".bias"))[0]);
        return length;
      };
      const auto slope = [&](const std::string& side, std::size_t head) {
        return largest_of(tensor(side + norm + ".weight")) / root_eps *
               naive::spectral_norm(some_rows(rows_of_tensor(tensor(side + "_proj.weight")), head * s, s));
      };
      const naive::Rows output = rows_of_tensor(tensor(is_qwen ? "o_proj.weight" : "dense.weight"));
      const naive::Real R = norms.layers[l].R_attention.upper();
      naive::Real c = 0;
      for (std::size_t h = 0; h < heads; ++h) {
        naive::Rows W_O;
        for (const naive::Row& row : output) {
          W_O.emplace_back(row.begin() + static_cast<std::ptrdiff_t>(h * s),
                           row.begin() + static_cast<std::ptrdiff_t>((h + 1) * s));
        }
        const naive::Real V = naive::spectral_norm(
            naive::product(W_O, some_rows(rows_of_tensor(tensor("v_proj.weight")), h / shared * s, s)));
        const naive::Real t = (longest("k") * slope("q", h) + longest("q") * slope("k", h / shared)) / root_s;
        c += V * (1 + R * t);
        check_encloses(norms.layers[l].heads[h].centred_score, longest("q") * longest("k") / root_s);
      }
      check_encloses(norms.layers[l].c, c);
    }
  }
}

TEST_CASE("a model's constant is the product over its layers, side by side or one after the other") {
  for (const naive::FamilyModel& model : naive::family_models(4500)) {
    CAPTURE(model.name);
    const TemporaryFolder folder;
    naive::write_model(folder, model);
    const ModelNorms norms = sweep_layers(LanguageModel(folder.path()), Matrix<double>(8, 0)).norms;
    naive::Real expected = std::log(static_cast<naive::Real>(norms.outer_norm.upper()));
    if (model.name == "gemma") expected += std::log(8.0L) / 2;
    const bool is_after = model.name == "roberta" || model.name == "distilbert";
    const bool is_parallel = model.name.starts_with("phi") || model.name == "gpt_neox";
    for (const LayerMatrixNorms& layer : norms.layers) {
      const naive::Real n_1 = layer.norm_1.upper(), n_2 = layer.norm_2.upper(), c = layer.c.upper(),
                        g = layer.g.upper();
      if (is_after) {
        expected += std::log(n_1 * (1 + c)) + std::log(n_2 * (1 + g));
      } else if (is_parallel) {
        expected += std::log(1 + n_1 * c + n_2 * g);
      } else {
        expected += std::log(1 + n_1 * c) + std::log(1 + n_2 * g);
      }
    }
    CHECK(std::abs(static_cast<naive::Real>(norms.log_lipschitz.upper_double()) - expected) < 1e-9L);
  }
}

TEST_CASE("the row of injectivity asks more where attention sees both ways") {
  const auto row_of = [](const std::string& is_causal, double scale) {
    const TemporaryFolder folder;
    write_small_model(folder, "llama", 4560, scale);
    std::string config =
        R"({"model_type": "llama", "vocab_size": 5, "hidden_size": 8, "num_attention_heads": 4,
      "num_key_value_heads": 2, "num_hidden_layers": 2, "intermediate_size": 12, "max_position_embeddings": 16,
      "rms_norm_eps": 1.0, "rope_theta": 100.0, "is_causal": )";
    folder.write("config.json", config + is_causal + "}");
    const Audit audit = audit_model({folder.path(), "", 0, Rational(1, 100), 1, Rational(1, 10), {}});
    for (const TheoremRow& row : audit.theorems) {
      if (row.theory == "3.2") return row;
    }
    throw std::runtime_error("no row");
  };
  const auto theorem = [](const TheoremRow& row) { return row.proof.front().related.front(); };
  CHECK(row_of("true", 1e-3).verdict == Verdict::proved);
  CHECK(theorem(row_of("true", 1e-3)) == "analysis.injectivity.injective_causal");
  CHECK(row_of("false", 1e-3).verdict == Verdict::proved);
  CHECK(theorem(row_of("false", 1e-3)) == "analysis.injectivity.injective_bidirectional");
  // Constants below 1 that the recursion of the ratio does not survive.
  bool was_between = false;
  for (const double scale : {0.08, 0.1, 0.11, 0.12, 0.13, 0.14, 0.15, 0.16, 0.18, 0.2, 0.3}) {
    const TheoremRow causal = row_of("true", scale), both = row_of("false", scale);
    if (causal.verdict != Verdict::proved) CHECK(both.verdict == Verdict::unknown);
    if (causal.verdict == Verdict::proved && both.verdict == Verdict::unknown) {
      was_between = true;
      CHECK(both.why.find("bidirectional") != std::string::npos);
      CHECK(both.proof.empty());
    }
  }
  CHECK(was_between);
}

TEST_CASE("a configuration alone says how many entries the tensors of its model have") {
  for (const naive::FamilyModel& model : naive::family_models(4550)) {
    CAPTURE(model.name);
    const TemporaryFolder folder;
    naive::write_model(folder, model);
    Integer entries = 0;
    for (const auto& [name, tensor] : model.tensors) {
      if (name != "embed_out.weight") entries += tensor.values.size();  // an output layer
    }
    CHECK(parameter_count(read_configuration(folder.path())) == entries);
  }
}

TEST_CASE("embeddings of Gemma are multiplied by sqrt(d) as their element type rounds it") {
  // sqrt(8) = 2.8284...: 8 bits give 2.828125, 11 bits 2.828125 too, 24 bits 2.8284270763...
  for (const auto& one : {std::pair(ElementType::BF16, 2.828125), std::pair(ElementType::F16, 2.828125),
                          std::pair(ElementType::F32, 0x1.6a09e6p+1)}) {
    const ElementType type = one.first;
    const double expected = one.second;
    CAPTURE(static_cast<int>(type));
    naive::FamilyModel model = naive::family_models(4600)[5];
    REQUIRE(model.name == "gemma");
    std::map<std::string, Tensor> tensors;
    for (const auto& [name, tensor] : model.tensors) tensors[name] = view(tensor.values, tensor.shape);
    const std::vector<std::byte> zeros(40 * size_of(type));
    tensors["model.embed_tokens.weight"] = {"", {5, 8}, type, zeros};
    const TemporaryFolder folder;
    folder.write("model.safetensors", safetensors_text(tensors));
    folder.write("config.json", model.config);
    CHECK(LanguageModel(folder.path()).input().scale == expected);
    CHECK(LanguageModel(folder.path()).embedding_scale() == expected);
  }
}

TEST_CASE("a gain 1 + w that binary64 does not hold is refused with its tensor") {
  naive::FamilyModel model = naive::family_models(4700)[5];
  WrittenTensor& gain = model.tensors.at("model.layers.1.input_layernorm.weight");
  const auto refusal = [&](double value) {
    gain.values[3] = value;
    const TemporaryFolder folder;
    naive::write_model(folder, model);
    return refusal_of([&] { static_cast<void>(LanguageModel(folder.path()).layer(1)); });
  };
  CHECK(refusal(-1).empty());
  CHECK(refusal(0x1p-52).empty());
  CHECK(refusal(0x1p52).empty());
  for (const double value : {0x1p-53, -0x1p-80, 0x1p60, 0x1.fffffffffffffp-3}) {
    CAPTURE(value);
    CHECK(refusal(value).find("model.layers.1.input_layernorm.weight: element 3") != std::string::npos);
  }
}

TEST_CASE("of a whole T5 the encoder is read, and a tensor that would make it another is refused") {
  const std::vector<naive::FamilyModel> models = naive::family_models(4800);
  const auto found =
      std::find_if(models.begin(), models.end(), [](const auto& one) { return one.name == "t5"; });
  REQUIRE(found != models.end());
  const auto refusal = [&](const std::string& name, const WrittenTensor& tensor) {
    naive::FamilyModel model = *found;
    model.tensors[name] = tensor;
    const TemporaryFolder folder;
    naive::write_model(folder, model);
    return refusal_of([&] { static_cast<void>(LanguageModel(folder.path()).layer(1)); });
  };
  const WrittenTensor same = found->tensors.at("shared.weight");
  CHECK(refusal("encoder.embed_tokens.weight", same).empty());
  CHECK(refusal("decoder.block.7.layer.1.EncDecAttention.q.weight", same).empty());
  CHECK(refusal("lm_head.weight", same).empty());
  WrittenTensor other = same;
  other.values[3] += 1;
  CHECK(refusal("encoder.embed_tokens.weight", other).find("differs from shared.weight") !=
        std::string::npos);
  const std::string attention = ".layer.0.SelfAttention.";
  for (const std::string& name :
       {"encoder.block.1" + attention + "relative_attention_bias.weight",
        "encoder.block.1" + attention + "q.bias", std::string("encoder.block.2.layer.0.layer_norm.weight"),
        std::string("encoder.block.0.layer.1.DenseReluDense.wi_0.weight"),
        std::string("encoder.embed_positions.weight")}) {
    CAPTURE(name);
    CHECK(refusal(name, same).find(name) != std::string::npos);
  }
  const std::string biases = "encoder.block.0" + attention + "relative_attention_bias.weight";
  CHECK(refusal(biases, same).find("config.json asks for") != std::string::npos);
}
