// Messages about folders as users have them.
#include <doctest/doctest.h>

#include <filesystem>

#include <promptbound/models/foreign_file.hpp>
#include <promptbound/models/prompt_adapter.hpp>
#include <promptbound/models/safetensors.hpp>
#include <promptbound/models/text_file.hpp>

#include "small_language_model.hpp"
#include "text.hpp"

using namespace promptbound;

namespace {

const std::string pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00ff\nsize 548105171\n";

}  // namespace

TEST_CASE("a folder that is none and a folder whose model lies deeper") {
  const TemporaryFolder folder;
  CHECK(contains(refusal_of_model("org/name"), "org/name: no such folder"));
  CHECK(contains(refusal_of_model("org/name"), "hub ids are not downloaded"));
  const std::string file = folder.write("model.safetensors", "");
  CHECK(contains(refusal_of_model(file), "a folder with config.json is needed"));
  CHECK(contains(refusal_of_model(folder.path()), "no config.json is there"));
  CHECK_FALSE(contains(refusal_of_model(folder.path()), "inside"));
  std::filesystem::create_directories(folder.path() + "/checkpoint-500");
  std::filesystem::create_directories(folder.path() + "/logs");
  folder.write("checkpoint-500/config.json", "{}");
  CHECK(contains(refusal_of_model(folder.path()), "checkpoint-500 inside"));
  std::filesystem::remove_all(folder.path() + "/checkpoint-500");
  std::filesystem::create_directories(folder.path() + "/snapshots/0a1b2c");
  folder.write("snapshots/0a1b2c/config.json", "{}");
  CHECK(contains(refusal_of_model(folder.path()), "snapshots/0a1b2c inside"));
}

TEST_CASE("weights in other formats and under other names are named") {
  const auto holding = [](const std::vector<std::string>& names) {
    const TemporaryFolder folder;
    write_small_model(folder, "gpt2", 831);
    std::filesystem::remove(folder.path() + "/model.safetensors");
    for (const std::string& name : names) folder.write(name, "");
    return refusal_of_model(folder.path());
  };
  CHECK(contains(holding({}), "no model.safetensors is there"));
  CHECK(contains(holding({"pytorch_model.bin"}), "pytorch_model.bin is in a format that is not read"));
  CHECK(contains(holding({"decoder.pt"}), "decoder.pt"));
  CHECK(contains(holding({"tf_model.h5"}), "tf_model.h5"));
  CHECK(contains(holding({"model.fp16.safetensors"}), "model.fp16.safetensors is not read under this name"));
  const std::string shards =
      holding({"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"});
  CHECK(contains(shards, "model-00001-of-00002.safetensors"));
  CHECK(contains(shards, "model.safetensors.index.json, is missing"));
  std::vector<std::string> many;
  many.reserve(50);
  for (int i = 0; i < 50; ++i) many.push_back("pytorch_model-" + std::to_string(i) + ".bin");
  CHECK(contains(holding(many), "..."));
  CHECK(holding(many).size() < 300);
  CHECK_FALSE(contains(holding({"new\nline.bin"}), "\n"));
}

TEST_CASE("git-lfs pointers are called by their name wherever one stands") {
  const TemporaryFolder folder;
  write_small_model(folder, "llama", 832);
  const std::string weights = folder.write("model.safetensors", pointer);
  CHECK(contains(refusal_of_model(folder.path()), weights + ": a git-lfs pointer"));
  std::filesystem::remove(weights);
  const std::string index = folder.write("model.safetensors.index.json", pointer);
  CHECK(contains(refusal_of_model(folder.path()), index + ": a git-lfs pointer"));
  folder.write("model.safetensors.index.json",
               R"({"weight_map": {"model.embed_tokens.weight": "one.safetensors"}})");
  const std::string shard = folder.write("one.safetensors", pointer);
  CHECK(contains(refusal_of_model(folder.path()), shard + ": a git-lfs pointer"));
  const std::string config = folder.write("config.json", pointer);
  CHECK(contains(refusal_of_model(folder.path()), config + ": a git-lfs pointer"));
}

TEST_CASE("an adapter in the model's own folder which loaders apply is not passed over") {
  const TemporaryFolder folder;
  write_small_model(folder, "llama", 835);
  folder.write("adapter_config.json", R"({"peft_type": "LORA", "r": 2})");
  CHECK(contains(refusal_of_model(folder.path()), "LORA"));
  folder.write("adapter_config.json", R"({"peft_type": "PROMPT_TUNING"})");
  CHECK(refusal_of_model(folder.path()).empty());
}

TEST_CASE("foreign text in messages is one line of ASCII") {
  CHECK(printable("a\nb\x7f\xff\t~", 10) == "a?b???~");
  CHECK(printable("abcdef", 3) == "abc...");
  CHECK(printable("abc", 3) == "abc");
}

TEST_CASE("adapters: kinds - encoders - further weights and formats are named") {
  const TemporaryFolder model_folder, folder;
  write_small_model(model_folder, "gpt2", 833);
  const ModelConfig config = LanguageModel(model_folder.path()).config();
  write_small_prompt(folder, 834);
  const auto refused = [&](const std::string& members) {
    folder.write("adapter_config.json", "{" + members + "}");
    return refusal_of([&] { static_cast<void>(read_prompt_adapter(folder.path(), config)); });
  };
  const std::string finished = R"("peft_type": "P_TUNING", "inference_mode": true)";
  CHECK(refused(finished).empty());
  CHECK(refused(finished + R"(, "encoder_hidden_size": 128, "encoder_num_layers": 2, "encoder_dropout": 0.0,
    "encoder_reparameterization_type": "MLP", "task_type": "CAUSAL_LM", "revision": null, "peft_version": "0.18",
    "modules_to_save": ["score"])")
            .empty());
  CHECK(contains(refused(R"("peft_type": "P_TUNING", "inference_mode": false)"), "inference_mode"));
  CHECK(contains(refused(R"("peft_type": "P_TUNING")"), "inference_mode"));
  for (const std::string kind : {"LORA", "PREFIX_TUNING", "MULTITASK_PROMPT_TUNING", "IA3"}) {
    CHECK(contains(refused(R"("peft_type": ")" + kind + "\""), kind));
  }
  CHECK(contains(refused(R"("peft_type": "PROMPT_TUNING", "prompt_scale": 2)"), "prompt_scale"));
  folder.write("adapter_config.json",
               R"({"peft_type": "PROMPT_TUNING", "base_model_name_or_path": "org/base", "prompt_scale": 2})");
  const PromptAdapter adapter = read_prompt_adapter(folder.path(), config, {"prompt_scale", "other"});
  CHECK(adapter.base_model == "org/base");
  CHECK(adapter.assumed_inert == std::vector<std::string>{"prompt_scale"});

  const std::vector<double> numbers(24, 0.5);
  const auto with_tensor = [&](const std::string& name) {
    folder.write("adapter_model.safetensors", safetensors_text({{"prompt_embeddings", view(numbers, {3, 8})},
                                                                {name, view(numbers, {24})}}));
    return refused(R"("peft_type": "PROMPT_TUNING")");
  };
  CHECK(with_tensor("base_model.model.score.weight").empty());
  CHECK(contains(with_tensor("base_model.model.transformer.wte.weight"), "transformer.wte.weight"));
  CHECK(contains(with_tensor("prompt_encoder.mlp_head.0.weight"), "prompt_encoder.mlp_head.0.weight"));

  std::filesystem::remove(folder.path() + "/adapter_model.safetensors");
  folder.write("adapter_model.bin", "");
  CHECK(contains(refused(R"("peft_type": "PROMPT_TUNING")"), "adapter_model.bin"));
  std::filesystem::remove(folder.path() + "/adapter_config.json");
  std::filesystem::create_directories(folder.path() + "/checkpoint-9");
  folder.write("checkpoint-9/adapter_config.json", "{}");
  CHECK(contains(refusal_of([&] { static_cast<void>(read_prompt_adapter(folder.path(), config)); }),
                 "checkpoint-9 inside"));
}
