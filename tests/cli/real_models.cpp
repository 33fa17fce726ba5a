// Models and adapters as they are published and saved, in small: what the audit must give for each, with the
// folders of tests/models/data/realfiles. Their numbers are compared with loops over long double in
// tests/verify/audit/model_audit.cpp.
#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "numbers.hpp"
#include "run.hpp"

namespace {

using nlohmann::json;

const std::string files = std::string(PROMPTBOUND_MODELS_DIR) + "/realfiles/";

std::string audit_of(const std::string& model, const std::string& prompt = "prompt-text") {
  return "audit --model " + files + model + (prompt.empty() ? "" : " --prompt " + files + prompt);
}

json numbers(const std::string& arguments) {
  CAPTURE(arguments);
  const Outcome outcome = run(arguments + " --format json");
  CHECK_MESSAGE(outcome.exit_code == 0, outcome.err);
  CHECK(outcome.err.empty());
  return outcome.exit_code == 0 ? json::parse(outcome.out) : json();
}

/// One line that holds every one of the words, exit code 2, and nothing written.
void check_refusal_names(const std::string& arguments, const std::vector<std::string>& words) {
  CAPTURE(arguments);
  const TemporaryFolder folder;
  const Outcome outcome = run(arguments + " -o " + folder.file("result"));
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.out.empty());
  CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
  CHECK(outcome.err.size() < 400);
  for (const std::string& word : words) {
    CAPTURE(word);
    CHECK_MESSAGE(outcome.err.find(word) != std::string::npos, outcome.err);
  }
  CHECK(folder.is_empty());
}

/// Everything but the folder's name and the name of its type.
json without_names(json audit) {
  audit["model"].erase("folder");
  audit["model"].erase("type");
  audit["model"].erase("traits");
  return audit;
}

/// A copy of a model's folder that a test may change.
class ChangedModel {
 public:
  explicit ChangedModel(const std::string& name) {
    std::filesystem::copy(files + name, path());
    std::filesystem::permissions(path(), std::filesystem::perms::owner_all);
    for (const auto& entry : std::filesystem::directory_iterator(path())) {
      std::filesystem::permissions(entry.path(), std::filesystem::perms::owner_all);
    }
    config = json::parse(read_file(path() + "/config.json"));
  }
  [[nodiscard]] std::string path() const { return folder_.file("model"); }
  [[nodiscard]] std::string audit() const {
    write_file(path() + "/config.json", config.dump());
    return "audit --model " + path() + " --prompt " + files + "prompt-text";
  }

  /// Writes the BF16 weights in binary64, those of which the name holds the word multiplied by the factor.
  void rescale(const std::string& word, double factor) const {
    const std::string text = read_file(path() + "/model.safetensors");
    std::uint64_t length = 0;
    std::memcpy(&length, text.data(), sizeof length);
    json header = json::parse(text.substr(8, length));
    std::string data;
    for (auto& [name, entry] : header.items()) {
      if (name == "__metadata__") continue;
      const std::size_t begin = entry.at("data_offsets")[0], end = entry.at("data_offsets")[1];
      const std::size_t first = data.size();
      for (std::size_t at = begin; at < end; at += 2) {
        const std::string upper_half = std::string(2, '\0') + text.substr(8 + length + at, 2);
        float stored = 0;
        std::memcpy(&stored, upper_half.data(), sizeof stored);
        const double value = name.find(word) == std::string::npos ? stored : factor * stored;
        data.append(reinterpret_cast<const char*>(&value), sizeof value);
      }
      entry["dtype"] = "F64";
      entry["data_offsets"] = {first, data.size()};
    }
    const std::string written = header.dump();
    length = written.size();
    write_file(path() + "/model.safetensors",
               std::string(reinterpret_cast<const char*>(&length), sizeof length) + written + data);
  }

  json config;

 private:
  TemporaryFolder folder_;
};

const json& theorem(const json& audit, const std::string& item) {
  for (const json& row : audit.at("theorems")) {
    if (row.at("theory") == item) return row;
  }
  throw std::runtime_error("no row of theory " + item);
}

/// No format prints infinity, or what is no number, as a number.
void check_no_infinity(const std::string& arguments) {
  for (const std::string format : {"text", "markdown", "latex", "csv", "json", "html"}) {
    CAPTURE(format);
    const Outcome outcome = run_in_format(arguments, format);
    CHECK(outcome.exit_code == 0);
    std::set<std::string> words;
    std::string word;
    for (const char c : outcome.out) {
      if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
        word += c;
      } else {
        words.insert(std::move(word));
        word.clear();
      }
    }
    CHECK_FALSE(words.contains("inf"));
    CHECK_FALSE(words.contains("nan"));
    CHECK_FALSE(words.contains("Infinity"));
  }
}

/// LaTeX without the places where a name may be broken.
std::string without_breaks(std::string text) {
  const std::string place = "\\allowbreak{}";
  for (std::size_t at; (at = text.find(place)) != std::string::npos;) text.erase(at, place.size());
  return text;
}

/// The audit compiles in LaTeX; nothing is checked where pdflatex is absent.
void check_latex(const std::string& arguments) {
  if (std::system("command -v pdflatex > /dev/null 2>&1") != 0) {
    MESSAGE("pdflatex is not installed: nothing was compiled");
    return;
  }
  const TemporaryFolder folder;
  CHECK(run(arguments + " --format latex -o " + folder.file("a.tex")).exit_code == 0);
  write_file(folder.file("paper.tex"),
             "\\documentclass{article}\\usepackage{booktabs,siunitx,longtable}\\begin{document}\n"
             "\\input{a}\n\\end{document}\n");
  const Outcome latex = run("list > /dev/null; cd " + folder.file("") +
                            " && pdflatex -interaction=nonstopmode -halt-on-error paper.tex");
  CHECK_MESSAGE(latex.exit_code == 0, latex.out);
}

}  // namespace

TEST_CASE("a model of the layout of Llama 3 as transformers 4 and 5 write its configuration") {
  const json audit = numbers(audit_of("llama3-8b-like-bf16"));
  const json& entry = audit.at("layers")[0].at("heads")[2].at("prompt").at("query").at("entry");
  CHECK(lower(entry) >= 2.4440245);
  CHECK(upper(entry) <= 2.4440246);
  // The same weights with theta in rope_parameters, and with a rope_scaling that scales nothing.
  CHECK(without_names(numbers(audit_of("llama-v5-rope_parameters"))) == without_names(audit));
  CHECK(without_names(numbers(audit_of("llama-rope-default"))) == without_names(audit));
  CHECK(audit.at("assumptions").empty());
}

TEST_CASE("the scaled rotary positions of Llama 3.1 turn the prompt's queries and keys otherwise") {
  const json audit = numbers(audit_of("llama32-rope-llama3"));
  ChangedModel unscaled("llama32-rope-llama3");
  unscaled.config.erase("rope_scaling");
  const json plain = numbers(unscaled.audit());
  const auto sizes = [](const json& of) -> const json& {
    return of.at("layers")[0].at("heads")[0].at("prompt");
  };
  // Rotations keep lengths, and move entries and scores.
  CHECK(lower(sizes(audit).at("query").at("norm")) ==
        doctest::Approx(lower(sizes(plain).at("query").at("norm"))).epsilon(1e-12));
  CHECK(sizes(audit).at("value") == sizes(plain).at("value"));
  CHECK(lower(sizes(audit).at("polynomial").at("S")) > 1.0001 * upper(sizes(plain).at("polynomial").at("S")));
  // A factor of 1 scales nothing.
  unscaled.config["rope_scaling"] = {{"rope_type", "linear"}, {"factor", 1.0}};
  CHECK(without_names(numbers(unscaled.audit())) == without_names(plain));
}

TEST_CASE("models of type mistral and qwen2 and GPT-2 with gelu_fast - give numbers") {
  const json mistral = numbers(audit_of("mistral-as-is"));
  CHECK(mistral.at("model").at("type") == "mistral");
  CHECK(mistral.at("model").at("family") == "llama");
  const json qwen = numbers(audit_of("qwen2-as-is"));
  CHECK(qwen.at("model").at("type") == "qwen2");
  const json rinna = numbers(audit_of("rinna-gelu_fast"));
  CHECK(rinna.at("model").at("activation") == "gelu_fast (tanh form)");
  // The constant 0.7978845608 differs from sqrt(2/pi) by 3e-11: so do the numbers, hardly.
  ChangedModel with_gelu_new("rinna-gelu_fast");
  with_gelu_new.config["activation_function"] = "gelu_new";
  const json other = numbers(with_gelu_new.audit());
  const json& fast = rinna.at("layers")[1].at("heads")[0].at("prompt").at("key").at("norm");
  const json& tanh = other.at("layers")[1].at("heads")[0].at("prompt").at("key").at("norm");
  CHECK(fast != tanh);
  CHECK(lower(fast) == doctest::Approx(lower(tanh)).epsilon(1e-10));
}

TEST_CASE("what is read elsewhere or not at all does not stand in the way") {
  CHECK(numbers(audit_of("shards-index-extra-entry")).at("layers").size() == 2);
  CHECK(numbers(audit_of("mx-e8m0-unused")).at("layers").size() == 2);
}

TEST_CASE("what changes the function and is not modelled is refused by name") {
  ChangedModel yarn("llama32-rope-llama3");
  yarn.config["rope_scaling"]["rope_type"] = "yarn";
  check_refusal_names(yarn.audit(), {"config.json: rope_scaling", "rope_type", "\"yarn\""});
  check_refusal_names(audit_of("qwen3-relabelled"), {"model.layers.0.self_attn.k_norm.weight"});
  check_refusal_names(audit_of("bnb-nf4"), {"config.json: quantization_config", "bitsandbytes"});
}

TEST_CASE("folders that hold no safetensors say what they hold") {
  check_refusal_names(audit_of("bin-only"), {"no model.safetensors", "pytorch_model.bin"});
  check_refusal_names(audit_of("lfs-pointer-model"), {"model.safetensors", "git-lfs pointer"});
  check_refusal_names(audit_of("org/model"), {"no such folder", "hub ids are not downloaded"});
}

TEST_CASE("adapters: finished prompts are read - others are refused with their kind") {
  const json audit = numbers(audit_of("llama3-8b-like-bf16", "peft-p-tuning"));
  CHECK(audit.at("prompt").at("length") == 5);
  CHECK(audit.at("prompt").at("base_model") == "org/base");
  const std::string model = "llama3-8b-like-bf16";
  // A file of torch.save that holds no tensor.
  check_refusal_names(audit_of(model, "adapter-bin-only"), {"adapter_model.bin", "prompt_embeddings"});
  check_refusal_names(audit_of(model, "no-such"), {"no-such: no such folder"});
}

TEST_CASE("a prompt in a file of torch.save gives the numbers of the same prompt in safetensors") {
  const json audit = numbers("audit --model " + files + "llama3-8b-like-bf16 --prompt " +
                             PROMPTBOUND_MODELS_DIR + "/torch/prompt");
  CHECK(audit.at("prompt").at("length") == 5);
  CHECK(audit.at("prompt").at("bits") == 32);
  CHECK(lower(audit.at("layers")[0].at("heads")[0].at("prompt").at("query").at("entry")) > 0);
}

TEST_CASE("attention both ways is modelled and said") {
  const json audit = numbers(audit_of("llama-is_causal-false"));
  CHECK(audit.at("model").at("causal") == false);
  CHECK(audit.at("model").at("traits")[0] == "bidirectional: every token sees all tokens");
  // The prompt alone determines what the first layer projects, and no more.
  CHECK(audit.at("layers")[0].at("heads")[0].at("prompt").is_object());
  CHECK(audit.at("layers")[1].at("heads")[0].at("prompt").is_null());
  for (const std::string format : {"text", "markdown", "latex", "csv", "html"}) {
    CAPTURE(format);
    CHECK(run_in_format(audit_of("llama-is_causal-false"), format)
              .out.find("bidirectional: every token sees all tokens") != std::string::npos);
  }
}

TEST_CASE("a low-rank update: its numbers and bits beside those of a prompt as large") {
  const json audit = numbers(audit_of("llama3-8b-like-bf16", "peft-lora"));
  CHECK(audit.at("prompt").is_null());
  const json& adapter = audit.at("adapter");
  CHECK(adapter.at("kind") == "LORA");
  // Two layers: A and B of q_proj (2 x 16, 32 x 2) and of v_proj (2 x 16, 16 x 2).
  CHECK(adapter.at("numbers") == 2 * (32 + 64 + 32 + 32));
  CHECK(adapter.at("bits") == 320 * 32);
  REQUIRE(adapter.at("updates").size() == 4);
  CHECK(adapter.at("updates")[0] ==
        json({{"map", "layers.0.self_attn.q_proj"}, {"rank", 2}, {"in", 16}, {"out", 32}}));
  const auto row = [&](const std::string& what) -> const json& {
    for (const json& one : audit.at("theorems")) {
      if (one.at("what") == what) return one;
    }
    throw std::runtime_error("no row " + what);
  };
  CHECK(row("capacity of the stored numbers").at("value").at("exact") == "10240");
  CHECK(row("capacity of a prompt of as many numbers").at("value").at("exact") == "10240");
  const std::string longest = std::to_string(static_cast<long>(10240 / std::log2(41.0)));
  CHECK(row("accessible length").at("value").at("exact") == longest);
  CHECK(row("accessible length of a prompt of as many numbers").at("value").at("exact") == longest);
  CHECK(row("accessible length of a prompt of as many numbers")
            .at("meaning")
            .get<std::string>()
            .find("20 tokens") != std::string::npos);
  const json& comparison = theorem(audit, "5.5");
  CHECK(comparison.at("value").at("exact") == "8");
  CHECK(comparison.at("applies") == false);
  CHECK(comparison.at("meaning").get<std::string>().find("128 numbers") != std::string::npos);
  CHECK(comparison.at("meaning").get<std::string>().find("N + d = 24") != std::string::npos);
  const std::string text = run(audit_of("llama3-8b-like-bf16", "peft-lora")).out;
  CHECK(text.starts_with("The 320 numbers of this adapter (LORA) store 10240 bits"));
  CHECK(text.find("said of the model without the adapter") != std::string::npos);
  check_no_infinity(audit_of("llama3-8b-like-bf16", "peft-lora"));
  check_refusal_names(audit_of("rinna-gelu_fast", "peft-lora"),
                      {"q_proj.lora_B.weight", "made for another model"});
}

TEST_CASE("a prefix: sizes of its keys and values head by head") {
  const std::string arguments = audit_of("llama3-8b-like-bf16", "peft-prefix-tuning");
  const json audit = numbers(arguments);
  const json& adapter = audit.at("adapter");
  CHECK(adapter.at("kind") == "PREFIX_TUNING");
  CHECK(adapter.at("length") == 5);
  CHECK(adapter.at("numbers") == 5 * 64);
  // Rows of 2 layers x (keys, values) x 2 heads x 8 numbers, read without the library.
  const std::string file = read_file(files + "peft-prefix-tuning/adapter_model.safetensors");
  std::uint64_t length = 0;
  std::memcpy(&length, file.data(), sizeof length);
  const auto stored = [&](std::size_t token, std::size_t layer, std::size_t kind, std::size_t head,
                          std::size_t entry) {
    float value = 0;
    std::memcpy(&value,
                file.data() + 8 + length + 4 * (64 * token + 32 * layer + 16 * kind + 8 * head + entry), 4);
    return static_cast<double>(value);
  };
  for (std::size_t layer = 0; layer < 2; ++layer) {
    for (std::size_t head = 0; head < 2; ++head) {
      for (std::size_t kind = 0; kind < 2; ++kind) {
        double entry = 0, norm = 0;
        for (std::size_t token = 0; token < 5; ++token) {
          double square = 0;
          for (std::size_t i = 0; i < 8; ++i) {
            const double x = stored(token, layer, kind, head, i);
            entry = std::max(entry, std::abs(x));
            square += x * x;
          }
          norm = std::max(norm, std::sqrt(square));
        }
        const json& size = adapter.at("prefix")[layer][head].at(kind == 0 ? "key" : "value");
        CHECK(upper(size.at("entry")) == doctest::Approx(entry).epsilon(1e-12));
        CHECK(upper(size.at("norm")) == doctest::Approx(norm).epsilon(1e-12));
      }
    }
  }
  // ||k|| times the longest query that entries admit, sqrt(s) times the largest, over sqrt(s).
  double most = 0;
  for (std::size_t layer = 0; layer < 2; ++layer) {
    for (std::size_t head = 0; head < 4; ++head) {
      most =
          std::max(most, upper(adapter.at("prefix")[layer][head / 2].at("key").at("norm")) *
                             upper(audit.at("layers")[layer].at("heads")[head].at("any").at("query_entry")));
    }
  }
  CHECK(upper(theorem(audit, "2.2").at("value")) == doctest::Approx(most).epsilon(1e-9));
  CHECK(theorem(audit, "2.7").at("value").at("exact") == "10240");
  CHECK(run(arguments).out.find("Keys and values of the prefix (2.2)") != std::string::npos);
  check_no_infinity(arguments);
  check_refusal_names(audit_of("deep-gpt2-xl-48-layers", "peft-prefix-tuning"), {"num_layers is 2"});
}

TEST_CASE("config-only: what needs no weights - from a folder that holds none") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.file("model"));
  std::filesystem::copy(files + "llama3-8b-like-bf16/config.json", folder.file("model/config.json"));
  const std::string model = "audit --config-only --model " + folder.file("model");
  const json alone = numbers(model);
  // Embeddings; per layer q, o (32 x 16 each), k, v (16 x 16), three of 24 x 16 and two norms; the last norm.
  CHECK(alone.at("model").at("parameters") ==
        std::to_string(41 * 16 + 2 * (2 * 32 * 16 + 2 * 16 * 16 + 3 * 24 * 16 + 2 * 16) + 16));
  CHECK(alone.at("layers").empty());
  CHECK(alone.at("lipschitz").is_null());
  CHECK(alone.at("theorems").empty());
  const json with_prompt = numbers(model + " --prompt " + files + "prompt-text");
  const json whole = numbers(audit_of("llama3-8b-like-bf16"));
  std::size_t found = 0;
  for (const json& row : whole.at("theorems")) {
    if (row.at("theory") != "2.7" && row.at("theory") != "2.6") continue;
    for (const json& other : with_prompt.at("theorems")) found += other == row ? 1 : 0;
  }
  CHECK(found == 3);
  CHECK(with_prompt.at("theorems").size() == 3);
  CHECK(numbers(model + " --prompt " + files + "peft-lora").at("adapter").at("numbers") == 320);
  CHECK(numbers(model + " --prompt " + files + "peft-prefix-tuning").at("adapter").at("length") == 5);
  check_no_infinity(model + " --prompt " + files + "peft-prefix-tuning");
  CHECK(run(model).out.find("parameters") != std::string::npos);
  check_refusal_names("audit --model " + folder.file("model"), {"no model.safetensors"});
}

TEST_CASE("the model's and the prompt's names stand together in every format") {
  for (const std::string format : {"text", "markdown", "latex", "csv", "json", "html"}) {
    CAPTURE(format);
    const Outcome outcome = run_in_format(audit_of("mistral-as-is"), format);
    CHECK(outcome.exit_code == 0);
    const std::string out = without_breaks(outcome.out);
    CHECK(out.find("mistral-as-is") != std::string::npos);
    CHECK(out.find("org/base") != std::string::npos);
  }
}

TEST_CASE("members that are not known are named and assumed to change nothing only when the user says so") {
  ChangedModel model("llama3-8b-like-bf16");
  const json plain = numbers(model.audit());
  model.config["attention_temperature"] = 0.5;
  model.config["second\nunknown"] = false;
  model.config["unset"] = nullptr;
  check_refusal_names(model.audit(), {"attention_temperature, second\\nunknown", "--assume-inert"});
  model.config.erase("second\nunknown");
  check_refusal_names(model.audit(), {"config.json", "attention_temperature", "--assume-inert"});
  const std::string assumed = model.audit() + " --assume-inert attention_temperature";
  const std::string said = "the member attention_temperature of config.json changes nothing";
  const json audit = numbers(assumed);
  REQUIRE(audit.at("assumptions").size() == 1);
  CHECK(audit.at("assumptions")[0].at("text") == said);
  CHECK(audit.at("assumptions")[0].at("status") == "assumed");
  for (const json& bound : audit.at("bounds")) {
    CHECK(bound.at("assumptions").back().at("text") == said);
  }
  CHECK(audit.at("layers") == plain.at("layers"));
  for (const std::string format : {"text", "markdown", "latex", "csv", "html"}) {
    CAPTURE(format);
    const Outcome outcome = run_in_format(assumed, format);
    CHECK(outcome.exit_code == 0);
    const std::string name =
        format == "markdown" || format == "latex" ? "attention\\_temperature" : "attention_temperature";
    CHECK(without_breaks(outcome.out).find("the member " + name + " of config.json changes nothing") !=
          std::string::npos);
  }
  // What is known is not assumed, nor what is not there.
  check_refusal_names(assumed + " --assume-inert rope_theta", {"--assume-inert rope_theta"});
  check_refusal_names(assumed + " --assume-inert use_cache", {"--assume-inert use_cache"});
  check_refusal_names(assumed + " --assume-inert unset", {"--assume-inert unset"});
  check_refusal_names(assumed + " --assume-inert absent", {"--assume-inert absent"});
  check_refusal_names(assumed + " --assume-inert is_causal", {"--assume-inert is_causal"});
  model.config["rope_scaling"] = {{"rope_type", "yarn"}, {"factor", 2.0}};
  check_refusal_names(model.audit() + " --assume-inert attention_temperature --assume-inert rope_scaling",
                      {"rope_scaling"});
}

TEST_CASE("classes of other code are refused and may be vouched for") {
  ChangedModel model("llama3-8b-like-bf16");
  model.config["architectures"] = {"LlamaBiModel"};
  check_refusal_names(model.audit(), {"architectures", "LlamaBiModel"});
  CHECK(run(model.audit() + " --assume-inert architectures").exit_code == 0);
  model.config["architectures"] = {"LlamaModel"};
  CHECK(run(model.audit()).exit_code == 0);
  model.config["auto_map"] = {{"AutoModel", "modeling_two_way.LlamaModel"}};
  check_refusal_names(model.audit(), {"auto_map", "modeling_two_way.LlamaModel"});
  CHECK(run(model.audit() + " --assume-inert auto_map").exit_code == 0);
  model.config["auto_map"] = {{"AutoTokenizer", {"tokenization_own.Tokenizer", nullptr}}};
  CHECK(run(model.audit()).exit_code == 0);
}

TEST_CASE("a sliding window that is shorter than the context is refused") {
  ChangedModel model("mistral-as-is");
  const json whole = numbers(model.audit());
  model.config["sliding_window"] = 32;
  check_refusal_names(model.audit(), {"sliding_window is 32", "context of 64", "--context up to 32"});
  CHECK(numbers(model.audit() + " --context 32").at("T") == "32");
  check_refusal_names(model.audit() + " --context 33", {"sliding_window is 32"});
  model.config["sliding_window"] = nullptr;
  CHECK(without_names(numbers(model.audit())) == without_names(whole));
  // The class has a window of 4096 where the file is silent: longer than the 64 positions here.
  model.config.erase("sliding_window");
  CHECK(run(model.audit()).exit_code == 0);
  model.config["max_position_embeddings"] = 8192;
  check_refusal_names(model.audit(), {"sliding_window is 4096", "--context up to 4096"});
}

TEST_CASE("48 layers: a finite constant - row 2.5 and no format prints infinity as a number") {
  const std::string deep = audit_of("deep-gpt2-xl-48-layers", "deep-prompt-p48");
  const json audit = numbers(deep);
  const json& constant = audit.at("lipschitz");
  CHECK(lower(constant.at("log10")) > 308.5);
  CHECK(upper(constant.at("log10")) < 1000);
  CHECK(constant.at("upper").get<std::string>().find("e+") != std::string::npos);
  CHECK(theorem(audit, "3.1").at("value") == constant);
  const json& memory = theorem(audit, "2.5");
  CHECK(memory.at("applies") == true);
  // 5 tokens of 4 entries at 10^-(log10 Lambda): m w log2(1 + 2 R Lambda/(Delta - 2 eps)).
  const double bits = 20 * (upper(constant.at("log10")) * std::log2(10.0));
  CHECK(upper(memory.at("value")) == doctest::Approx(bits).epsilon(0.02));
  check_no_infinity(deep);
  check_latex(deep);
}

TEST_CASE("numbers that overflow are unbounded and null in JSON") {
  ChangedModel model("llama3-8b-like-bf16");
  model.rescale("layers.1.self_attn", 0x1p300);
  const json audit = numbers(model.audit());
  CHECK(audit.at("layers")[1].at("c").is_null());
  CHECK(audit.at("lipschitz").at("upper").is_null());
  CHECK(theorem(audit, "3.1").at("value").at("upper").is_null());
  CHECK(theorem(audit, "2.5").at("applies") == false);
  CHECK(theorem(audit, "2.5").at("why") == "does not apply: no finite Lipschitz constant");
  CHECK(run(model.audit()).out.find("unbounded") != std::string::npos);
  check_no_infinity(model.audit());
  check_latex(model.audit());
}

TEST_CASE("scores that are all 0 need a polynomial of degree 0") {
  ChangedModel model("llama3-8b-like-bf16");
  model.rescale("layers.0.self_attn.q_proj", 0);
  const json audit = numbers(model.audit());
  for (const json& head : audit.at("layers")[0].at("heads")) {
    for (const std::string tokens : {"prompt", "any"}) {
      CAPTURE(tokens);
      const json& polynomial = head.at(tokens).at("polynomial");
      CHECK(upper(polynomial.at("S")) == 0);
      CHECK(polynomial.at("degree").at("exact") == "0");
      CHECK(polynomial.at("rank").at("exact") == "1");
    }
  }
  const Outcome outcome = run("eval polynomial-degree --S 0 --eta 1/100 --d 8 --T 64 --format json");
  REQUIRE(outcome.exit_code == 0);
  const json outputs = json::parse(outcome.out).at("outputs");
  CHECK(outputs.at("degree").at("exact") == "0");
  CHECK(outputs.at("rank").at("exact") == "1");
  CHECK(upper(outputs.at("eta_bound")) == 0);
}
