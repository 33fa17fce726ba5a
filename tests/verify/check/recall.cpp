// Certificates of recall: accepted as they are, rejected after any change that makes them false.
#include <doctest/doctest.h>

#include <promptbound/models/text_file.hpp>
#include <promptbound/records/sha256.hpp>
#include <promptbound/verify/check/check.hpp>
#include <promptbound/verify/recall/recall_certificate.hpp>

#include "../mutate.hpp"
#include "../recall/recall_cases.hpp"

using namespace promptbound;

namespace {

struct Certified {
  std::unique_ptr<RecallCase> one;
  Json certificate;

  /// A text that is no certificate of a known kind is rejected too.
  [[nodiscard]] CheckReport check(const Json& text) const {
    const auto report = [&] { return check_against_files(text); };
    const std::string refusal = refusal_of([&] { (void)report(); });
    if (refusal.empty()) return report();
    CheckReport rejected;
    rejected.verdict = Verdict::refuted;
    rejected.why = refusal;
    return rejected;
  }
  [[nodiscard]] CheckReport check_against_files(const Json& text) const {
    return check_certificate(text.dump(), "certificate", {},
                             {{"model", one->model.path(), ""}, {"prompt", one->prompt.path(), ""}});
  }
};

/// One sequence that is said, and one that is not, behind a prompt; the first without it too.
Certified certified(const std::string& family, std::optional<PromptFormat> format = std::nullopt) {
  Certified made{small_case(family, family == "gpt2" ? 51 : 52), {}};
  const TokenSequence said = made.one->greedy(made.one->prompt_rows, {1}, 4);
  TokenSequence other = said;
  other.tokens[2] = (other.tokens[2] + 1) % 5;
  RecallQuestion question = question_of(*made.one, {said, other});
  question.prompt_as = format;
  made.certificate = recall_certificate(question, recall_sequences(question));
  return made;
}

std::string sha256_of(const std::string& path) { return sha256(read_text_file(path)); }

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

TEST_CASE("certificates of recall are accepted against their files, and unknown without them") {
  for (const std::string family : {"gpt2", "llama"}) {
    const Certified made = certified(family);
    const CheckReport report = made.check(made.certificate);
    CHECK_MESSAGE(report.accepted(), report.why);
    CHECK(report.object.find("2 sequences") != std::string::npos);
    const CheckReport alone = check_certificate(made.certificate.dump(), "certificate");
    CHECK(alone.verdict == Verdict::unknown);
    CHECK(alone.why.find("--model DIR") != std::string::npos);
  }
  for (const PromptFormat format :
       {PromptFormat::f16, PromptFormat::bf16, PromptFormat::f8e4m3, PromptFormat::int8}) {
    const Certified made = certified("gpt2", format);
    const CheckReport report = made.check(made.certificate);
    CHECK_MESSAGE(report.accepted(), std::string(name(format)) << ": " << report.why);
  }
}

TEST_CASE("what the checker does not read is refused by name before any work") {
  const auto one = small_case("gpt2", 53);
  RecallQuestion question = question_of(*one, {one->greedy(one->prompt_rows, {1}, 2)});
  CHECK_NOTHROW(require_certifiable(question));
  const TemporaryFolder other;
  question.prompts.push_back(other.path());
  const auto refusal = [&] { return refusal_of([&] { require_certifiable(question); }); };
  CHECK(refusal().find(other.path() + ": the checker reads prompts from adapter_model.safetensors") !=
        std::string::npos);
  question.prompts.pop_back();
  other.write("config.json", R"({"model_type": "opt", "vocab_size": 5, "hidden_size": 8, "ffn_dim": 12,
    "num_attention_heads": 2, "num_hidden_layers": 2})");
  question.model = other.path();
  CHECK(refusal().find("no model of type opt") != std::string::npos);
}

TEST_CASE("the trained model's certificate is accepted") {
  const std::string folder = PROMPTBOUND_MODELS_DIR;
  RecallQuestion question;
  question.model = folder + "/tiny-gpt2";
  question.prompts = {folder + "/tiny-gpt2-prompt"};
  question.sequences = {{{}, {52, 72}}};  // "Th"
  const Recall recall = recall_sequences(question);
  const Json certificate = recall_certificate(question, recall);
  const CheckReport report =
      check_certificate(certificate.dump(), "certificate", {},
                        {{"model", question.model, ""}, {"prompt", question.prompts[0], ""}});
  CHECK_MESSAGE(report.accepted(), report.why);
}

TEST_CASE("every leaf of a certificate matters") {
  const Certified made = certified("gpt2");
  Json document = made.certificate;
  int changed = 0;
  mutate(document, document, [&] {
    Json forged = document;
    const bool is_seal = forged["sha256"] != made.certificate["sha256"];
    if (!is_seal) seal(forged);
    const CheckReport report = made.check(forged);
    ++changed;
    if (!report.accepted()) return;
    // What may move a little and stay true: the precision, and the ends of enclosures.
    const Json difference = Json::diff(made.certificate, forged);
    for (const Json& entry : difference) {
      const std::string path = entry["path"];
      const bool is_loose = path == "/bits" || path == "/sha256" || ends_with(path, "/margin") ||
                            ends_with(path, "/rival") || ends_with(path, "/bits/lower") ||
                            ends_with(path, "/bits/upper");
      CHECK_MESSAGE(is_loose, path);
    }
  });
  CHECK(changed > 30);
}

TEST_CASE("every member and entry of a certificate is needed") {
  const Certified made = certified("gpt2");
  every_place(made.certificate, Json::json_pointer(), [&](const Json::json_pointer& place) {
    Json forged = made.certificate;
    Json& parent = forged.at(place.parent_pointer());
    if (parent.is_array()) {
      parent.erase(static_cast<std::size_t>(std::stoul(place.back())));
    } else {
      parent.erase(place.back());
    }
    if (place.back() != "sha256") seal(forged);
    const std::string path = place.to_string();
    // A certificate of fewer sequences, or of a longer start's tail, is another one that may be true.
    const CheckReport report = made.check(forged);
    if (report.accepted()) CHECK_MESSAGE(path.find("/sequences/") == 0, path);
  });
}

TEST_CASE("false claims are rejected for what is false in them") {
  const Certified made = certified("gpt2");
  const auto check = [&](const Json& forged) { return made.check(forged); };
  const auto forge = [&](const auto& change, const std::string& reason) {
    check_forgery(check, made.certificate, change, reason);
  };
  const Json& first = made.certificate.at("sequences").at(0);
  const Rational margin = rational_from(first.at("positions").at(1).at("margin"), "margin");
  forge(
      [&](Json& c) {
        c["sequences"][0]["positions"][1]["margin"] = to_json(Rational(margin + Rational(1, 1000000)));
      },
      "a margin does not follow");
  forge([&](Json& c) { c["sequences"][0]["positions"][1]["margin"] = "0"; }, "a margin above 0 is needed");
  forge(
      [&](Json& c) {
        c["sequences"][1]["positions"][2] = {{"margin", "1/1000000000"}};
      },
      "a margin does not follow");
  forge(
      [&](Json& c) {
        c["sequences"][0]["positions"][1] = {{"rival", (c["sequences"][0]["tokens"][1].get<int>() + 1) % 5}};
      },
      "a rival's logit is not shown to be as large");
  forge(
      [&](Json& c) {
        c["sequences"][0]["positions"][1] = {{"rival", c["sequences"][0]["tokens"][1]}};
      },
      "a rival that is no other token");
  forge(
      [&](Json& c) { c["sequences"][0]["tokens"][1] = (c["sequences"][0]["tokens"][1].get<int>() + 1) % 5; },
      "a margin does not follow");
  forge([&](Json& c) { c["sequences"][0]["tokens"][1] = 5; }, "none of the vocabulary");
  forge([&](Json& c) { c["sequences"][0]["prompt"] = 1; }, "a prompt that is not named");
  forge([&](Json& c) { c["sequences"][0]["bits"]["upper"] = c["sequences"][0]["bits"]["lower"]; },
        "not shown to lie there");
  forge([&](Json& c) { c["theorem"] = "2.7"; }, "3.5 is needed");
  forge([&](Json& c) { c["bits"] = 63; }, "at least 64");
  forge([&](Json& c) { c["inputs"]["model"]["config.json"] = std::string(64, '0'); }, "its SHA-256 differs");
  forge([&](Json& c) { c["inputs"]["model"]["../secret"] = std::string(64, '0'); },
        "files by name are needed");
  forge([&](Json& c) { c["prompt_as"] = "f4"; }, "f16, bf16, f8e4m3 or int8");
}

TEST_CASE("a certificate does not stand for other files") {
  const Certified made = certified("llama");
  made.one->model.write("config.json", read_text_file(made.one->model.file("config.json")) + " ");
  const CheckReport report = made.check(made.certificate);
  CHECK_FALSE(report.accepted());
  CHECK(report.why.find("its SHA-256 differs") != std::string::npos);
}

TEST_CASE("the checker refuses what it does not evaluate, by name") {
  const Certified made = certified("gpt2");
  const auto with_config = [&](const std::string& extra) {
    const std::string text =
        R"({"model_type": "gpt2", "tie_word_embeddings": true, "vocab_size": 5, "n_embd": 8,
      "n_head": 2, "n_layer": 2, "n_positions": 16, "n_inner": 12)" +
        extra + "}";
    made.one->model.write("config.json", text);
    Json forged = made.certificate;
    forged["inputs"]["model"]["config.json"] = sha256_of(made.one->model.file("config.json"));
    seal(forged);
    return made.check(forged);
  };
  CHECK(with_config("").accepted());
  CHECK(with_config(R"(, "repetition_penalty": 1.3)").why.find("repetition_penalty: is not known") !=
        std::string::npos);
  CHECK(with_config(R"(, "scale_attn_by_inverse_layer_idx": true)")
            .why.find("scale_attn_by_inverse_layer_idx") != std::string::npos);
  CHECK(with_config(R"(, "layer_norm_epsilon": 0)").why.find("out of range") != std::string::npos);
}
