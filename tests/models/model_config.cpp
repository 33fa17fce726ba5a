// Which members of a configuration change the function: those of published files pass, others are named.
#include <doctest/doctest.h>

#include "configurations.hpp"
#include "text.hpp"

using namespace promptbound;

namespace {

using nlohmann::json;

/// The members of released configurations, with sizes of our own.
json gpt2() {
  return json::parse(R"({"activation_function": "gelu_new", "architectures": ["GPT2LMHeadModel"],
    "attn_pdrop": 0.1, "bos_token_id": 40, "embd_pdrop": 0.1, "eos_token_id": 40, "initializer_range": 0.02,
    "layer_norm_epsilon": 1e-05, "model_type": "gpt2", "n_ctx": 64, "n_embd": 16, "n_head": 4, "n_layer": 2,
    "n_positions": 64, "n_special": 0, "predict_special_tokens": true, "resid_pdrop": 0.1,
    "summary_activation": null, "summary_first_dropout": 0.1, "summary_proj_to_labels": true,
    "summary_type": "cls_index", "summary_use_proj": true, "vocab_size": 41,
    "task_specific_params": {"text-generation": {"do_sample": true, "max_length": 50}}})");
}
json llama() {
  return json::parse(R"({"_name_or_path": "org/base", "architectures": ["LlamaForCausalLM"],
    "attention_bias": false, "attention_dropout": 0.0, "bos_token_id": 1, "eos_token_id": [2, 3],
    "hidden_act": "silu", "hidden_size": 16, "initializer_range": 0.02, "intermediate_size": 24,
    "max_position_embeddings": 64, "mlp_bias": false, "model_type": "llama", "num_attention_heads": 4,
    "num_hidden_layers": 2, "num_key_value_heads": 2, "pretraining_tp": 1, "rms_norm_eps": 1e-05,
    "rope_scaling": null, "rope_theta": 500000.0, "tie_word_embeddings": false, "torch_dtype": "bfloat16",
    "transformers_version": "4.40.0", "use_cache": true, "vocab_size": 41})");
}
json mistral() {
  json config = merged(llama(), {{"model_type", "mistral"},
                                 {"architectures", {"MistralForCausalLM"}},
                                 {"sliding_window", nullptr},
                                 {"head_dim", 4}});
  for (const char* name : {"attention_bias", "mlp_bias", "pretraining_tp"}) config.erase(name);
  return config;
}
json qwen2() {
  json config = merged(llama(), {{"model_type", "qwen2"},
                                 {"architectures", {"Qwen2ForCausalLM"}},
                                 {"sliding_window", 32},
                                 {"use_sliding_window", false},
                                 {"max_window_layers", 2}});
  for (const char* name : {"attention_bias", "mlp_bias", "pretraining_tp"}) config.erase(name);
  return config;
}
json bert() {
  return json::parse(R"({"architectures": ["BertForMaskedLM"], "attention_probs_dropout_prob": 0.1,
    "classifier_dropout": null, "directionality": "bidi", "gradient_checkpointing": false,
    "hidden_act": "gelu", "hidden_dropout_prob": 0.1, "hidden_size": 16, "id2label": {"0": "LABEL_0"},
    "initializer_range": 0.02, "intermediate_size": 24, "label2id": {"LABEL_0": 0}, "layer_norm_eps": 1e-12,
    "max_position_embeddings": 64, "model_type": "bert", "num_attention_heads": 4, "num_hidden_layers": 2,
    "pad_token_id": 0, "pooler_fc_size": 16, "pooler_num_attention_heads": 4, "pooler_num_fc_layers": 3,
    "pooler_size_per_head": 4, "pooler_type": "first_token_transform",
    "position_embedding_type": "absolute", "type_vocab_size": 2, "use_cache": true, "vocab_size": 41})");
}

/// As transformers 5 writes the rotary positions of a configuration.
json of_version_5(json config) {
  const json theta = config.at("rope_theta");
  for (const char* name : {"rope_theta", "rope_scaling", "torch_dtype"}) config.erase(name);
  return merged(std::move(config), {{"rope_parameters", {{"rope_theta", theta}, {"rope_type", "default"}}},
                                    {"dtype", "bfloat16"},
                                    {"transformers_version", "5.0.0"}});
}

}  // namespace

TEST_CASE("configurations of published models pass and mean what they say") {
  CHECK(config_of(gpt2()).positions == 64);
  CHECK(config_of(llama()).rotary->base == 500000);
  CHECK(config_of(mistral()).type == "mistral");
  CHECK(config_of(qwen2()).query_bias);
  CHECK_FALSE(config_of(qwen2()).output_bias);
  CHECK_FALSE(config_of(qwen2()).window.has_value());
  CHECK(config_of(bert()).token_types == 2);
  for (const json& config : {llama(), mistral(), qwen2()}) {
    const ModelConfig model = config_of(of_version_5(config));
    CHECK(model.rotary->base == 500000);
    CHECK(model.assumed_inert.empty());
  }
  // What releases and their descendants add.
  CHECK(refusal_of_config(merged(gpt2(), json::parse(R"({"_num_labels": 1, "gradient_checkpointing": false,
    "scale_attn_weights": true, "reorder_and_upcast_attn": true, "scale_attn_by_inverse_layer_idx": false,
    "n_inner": null, "tokenizer_class": "T5Tokenizer", "use_cache": true, "torch_dtype": "float32",
    "is_decoder": true, "add_cross_attention": false, "pad_token_id": null})")))
            .empty());
  CHECK(refusal_of_config(merged(llama(), json::parse(R"({"is_llama_config": true, "rope_interleaved": false,
    "transformers.js_config": {"dtype": "q4"}, "max_sequence_length": 64, "unsloth_fixed": true,
    "_attn_implementation_autoset": true, "partial_rotary_factor": 1.0, "is_causal": true,
    "layer_types": ["full_attention", "full_attention"], "attn_implementation": "sdpa"})")))
            .empty());
  CHECK(refusal_of_config(merged(qwen2(), json::parse(R"({"use_mrope": false, "attention_bias": false,
    "rope_scaling": {}})")))
            .empty());
  // Whatever any configuration may hold: output, pieces, generation, labels.
  const json generic = json::parse(R"({"return_dict": true, "output_hidden_states": false,
    "output_attentions": false, "torchscript": false, "use_bfloat16": false, "tf_legacy_loss": false,
    "pruned_heads": {}, "tie_encoder_decoder": false, "is_encoder_decoder": false,
    "cross_attention_hidden_size": null, "add_cross_attention": false, "chunk_size_feed_forward": 8,
    "max_length": 20, "min_length": 0, "do_sample": false, "early_stopping": false, "num_beams": 1,
    "num_beam_groups": 1, "diversity_penalty": 0.0, "temperature": 0.7, "top_k": 50, "top_p": 0.9,
    "typical_p": 1.0, "repetition_penalty": 1.0, "length_penalty": 1.0, "no_repeat_ngram_size": 0,
    "encoder_no_repeat_ngram_size": 0, "bad_words_ids": [[1]], "num_return_sequences": 1,
    "output_scores": false, "return_dict_in_generate": false, "forced_bos_token_id": 1,
    "forced_eos_token_id": 2, "remove_invalid_values": false, "exponential_decay_length_penalty": null,
    "suppress_tokens": [1], "begin_suppress_tokens": [1], "finetuning_task": "mnli", "num_labels": 3,
    "id2label": {"0": "a"}, "label2id": {"a": 0}, "tokenizer_class": "X", "prefix": "In short: ",
    "sep_token_id": 1, "decoder_start_token_id": 1, "problem_type": "regression",
    "_commit_hash": "abc", "name_or_path": "x"})");
  for (const json& config : {gpt2(), llama(), mistral(), qwen2(), bert()}) {
    CHECK(refusal_of_config(merged(config, generic)).empty());
  }
}

TEST_CASE("what changes the function of every family is refused by name") {
  const json members = json::parse(R"({"is_encoder_decoder": true, "add_cross_attention": true,
    "pruned_heads": {"0": [1]}, "quantization_config": {"quant_method": "gptq"},
    "architectures": ["OtherForCausalLM"], "auto_map": {"AutoModel": "x.Y"}, "attn_implementation": "own",
    "attn_logit_softcapping": 50.0, "qk_layernorm": true, "per_layer_config": {"0": {"head_dim": 8}},
    "text_config": {}})");
  for (const json& config : {gpt2(), llama(), mistral(), qwen2(), bert()}) {
    CAPTURE(config.at("model_type").dump());
    for (const auto& member : members.items()) {
      CAPTURE(member.key());
      CHECK(contains(refusal_of_config(merged(config, {{member.key(), member.value()}})), member.key()));
    }
  }
  CHECK(contains(refusal_of_config(merged(llama(), {{"quantization_config", {{"quant_method", "gptq"}}}})),
                 "gptq"));
  // Before anything else that is wrong.
  CHECK(contains(refusal_of_config({{"quantization_config", json::object()}}), "quantization_config"));
}

TEST_CASE("what changes the function of one family is refused by name") {
  struct Case {
    json config;
    const char* members;
  };
  for (const Case& one : {
           Case{gpt2(), R"({"scale_attn_by_inverse_layer_idx": true, "is_causal": false,
                            "activation_function": "quick_gelu", "hidden_size": 16, "rope_theta": 1.0})"},
           Case{llama(), R"({"is_causal": "no", "rope_interleaved": true, "partial_rotary_factor": 0.5,
                             "hidden_act": "relu2", "sliding_window": 32, "attention_multiplier": 0.5,
                             "layer_types": ["full_attention", "sliding_attention"], "use_mrope": true,
                             "layer_norm_eps": 1e-5})"},
           Case{mistral(), R"({"attention_bias": true, "mlp_bias": true,
                               "layer_types": ["chunked_attention"], "sliding_window": 0})"},
           Case{qwen2(), R"({"mlp_bias": true, "use_mrope": true,
                             "layer_types": ["sliding_attention"], "dual_chunk_attention_config": {}})"},
           Case{bert(), R"({"is_decoder": true, "is_causal": true, "position_embedding_type": "relative_key",
                            "directionality": "left", "rope_theta": 1.0, "embedding_size": 8})"},
       }) {
    CAPTURE(one.config.at("model_type").dump());
    const json members = json::parse(one.members);
    for (const auto& member : members.items()) {
      CAPTURE(member.key());
      CHECK(refusal_of_config(one.config).empty());
      CHECK(contains(refusal_of_config(merged(one.config, {{member.key(), member.value()}})), member.key()));
    }
  }
}

TEST_CASE("rotary positions: one base and a kind that is modelled") {
  const auto with = [](const json& members) { return merged(llama(), members); };
  for (const char* kind : {"dynamic", "yarn", "longrope", "mrope", "proportional"}) {
    for (const char* member : {"rope_scaling", "rope_parameters"}) {
      for (const char* key : {"type", "rope_type"}) {
        const std::string message = refusal_of_config(with({{member, {{key, kind}, {"factor", 2.0}}}}));
        CHECK(contains(message, member));
        CHECK(contains(message, kind));
      }
    }
  }
  CHECK(config_of(with({{"rope_scaling", {{"type", "default"}}}})).rotary->base == 500000);
  CHECK(contains(refusal_of_config(with({{"rope_scaling", {{"rope_type", "default"}, {"factor", 2.0}}}})),
                 "factor"));
  CHECK(contains(refusal_of_config(with({{"rope_scaling", "default"}})), "rope_scaling"));
  CHECK(contains(refusal_of_config(with({{"rope_parameters", {{"partial_rotary_factor", 0.5}}}})),
                 "partial_rotary_factor"));
  CHECK(contains(refusal_of_config(with({{"rope_parameters", {{"full_attention", {{"rope_theta", 1e6}}}}}})),
                 "full_attention"));
  // Two bases that differ mean two models, depending on who reads them.
  CHECK(contains(refusal_of_config(with({{"rope_parameters", {{"rope_theta", 10000}}}})), "rope_theta"));
  CHECK(config_of(with({{"rope_parameters", {{"rope_theta", 500000}}}})).rotary->base == 500000);
  json none = llama();
  none.erase("rope_theta");
  CHECK(config_of(none).rotary->base == 10000);
  none["rope_parameters"] = {{"rope_theta", 7}};
  CHECK(config_of(none).rotary->base == 7);
  none.erase("rope_parameters");
  // transformers 4 would take 10000, transformers 5 would take 7.
  none["rope_scaling"] = {{"rope_type", "default"}, {"rope_theta", 7}};
  CHECK(contains(refusal_of_config(none), "rope_theta"));
}

TEST_CASE("scaled rotary positions: linear and llama3 with exactly their members") {
  const json llama3 = {{"rope_type", "llama3"},
                       {"factor", 32.0},
                       {"low_freq_factor", 1.0},
                       {"high_freq_factor", 4.0},
                       {"original_max_position_embeddings", 8192}};
  const auto with = [](const json& rope) { return merged(llama(), {{"rope_scaling", rope}}); };
  const auto scaling = std::get<Llama3Scaling>(config_of(with(llama3)).rotary->scaling);
  CHECK(scaling.factor == 32);
  CHECK(scaling.low_frequency == 1);
  CHECK(scaling.high_frequency == 4);
  CHECK(scaling.original_positions == 8192);
  for (const char* key : {"type", "rope_type"}) {
    CHECK(
        std::get<LinearScaling>(config_of(with({{key, "linear"}, {"factor", 2.5}})).rotary->scaling).factor ==
        Rational(5, 2));
  }
  // As transformers 5 writes it: the base inside, and no rope_scaling.
  json modern = llama();
  modern.erase("rope_theta");
  modern["rope_scaling"] = nullptr;
  modern["rope_parameters"] = llama3;
  modern["rope_parameters"]["rope_theta"] = 7;
  CHECK(config_of(modern).rotary->base == 7);
  CHECK(std::get<Llama3Scaling>(config_of(modern).rotary->scaling).factor == 32);
  // Every member is needed, and none of another kind is taken.
  for (const char* name :
       {"factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"}) {
    json changed = llama3;
    changed.erase(name);
    CHECK(contains(refusal_of_config(with(changed)), name));
    changed[name] = -1;
    CHECK(contains(refusal_of_config(with(changed)), name));
    if (name != std::string("factor")) {
      CHECK(contains(refusal_of_config(with({{"rope_type", "linear"}, {"factor", 2}, {name, 3}})), name));
    }
  }
  CHECK(contains(refusal_of_config(with({{"rope_type", "linear"}})), "factor"));
  CHECK(contains(refusal_of_config(with(merged(llama3, {{"low_freq_factor", 4.0}}))), "low_freq_factor"));
  CHECK(contains(refusal_of_config(with(merged(llama3, {{"attention_factor", 2.0}}))), "attention_factor"));
  CHECK(contains(refusal_of_config(with(merged(llama3, {{"type", "linear"}}))), "type"));
  CHECK(contains(refusal_of_config(merged(with(llama3), {{"rope_parameters", llama3}})), "rope_parameters"));
}

TEST_CASE("windows: null is none - absent is the class's own") {
  CHECK_FALSE(config_of(mistral()).window.has_value());
  CHECK(config_of(merged(mistral(), {{"sliding_window", 32}})).window == 32);
  json silent = mistral();
  silent.erase("sliding_window");
  CHECK(config_of(silent).window == 4096);
  CHECK(config_of(merged(qwen2(), {{"use_sliding_window", true}})).window == 32);
  CHECK(config_of(merged(qwen2(), {{"use_sliding_window", true},
                                   {"layer_types", {"full_attention", "sliding_attention"}}}))
            .window == 32);
  silent.erase("num_key_value_heads");
  CHECK(contains(refusal_of_config(silent), "num_key_value_heads"));
}

TEST_CASE("biases are where the class has them") {
  CHECK_FALSE(config_of(llama()).query_bias);
  const ModelConfig biased = config_of(merged(llama(), {{"attention_bias", true}, {"mlp_bias", true}}));
  CHECK(biased.query_bias);
  CHECK(biased.output_bias);
  CHECK(biased.ffn_bias);
  // The class of qwen2 does not ask the configuration.
  CHECK(config_of(merged(qwen2(), {{"attention_bias", false}})).query_bias);
}

TEST_CASE("activations by the names that files use") {
  const auto of = [](const char* name) {
    return config_of(merged(gpt2(), {{"activation_function", name}})).activation;
  };
  CHECK(of("relu") == Activation::relu);
  CHECK(of("gelu") == Activation::gelu);
  CHECK(of("gelu_new") == Activation::gelu_tanh);
  CHECK(of("gelu_pytorch_tanh") == Activation::gelu_tanh);
  CHECK(of("gelu_fast") == Activation::gelu_fast);
  CHECK(of("silu") == Activation::silu);
}

TEST_CASE("classes of the family are accepted in every framework - others are doubted") {
  for (const char* name : {"GPT2Model", "GPT2LMHeadModel", "GPT2DoubleHeadsModel", "TFGPT2LMHeadModel",
                           "FlaxGPT2LMHeadModel", "GPT2ForSequenceClassification"}) {
    CHECK(refusal_of_config(merged(gpt2(), {{"architectures", {name}}})).empty());
  }
  for (const char* name :
       {"GPT2", "GPT2OwnModel", "GPT2LMHeadModelWithValueHead", "gpt2model", "", "Model"}) {
    CHECK(contains(refusal_of_config(merged(gpt2(), {{"architectures", {"GPT2Model", name}}})),
                   "architectures"));
  }
  CHECK(contains(refusal_of_config(merged(gpt2(), {{"architectures", "GPT2Model"}})), "architectures"));
  CHECK(refusal_of_config(merged(gpt2(), {{"architectures", nullptr}})).empty());
}

TEST_CASE("text that is no JSON gives one clean line") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& text) {
    std::string message =
        refusal_of([&] { static_cast<void>(read_model_config(folder.write("config.json", text))); });
    CHECK(contains(message, "config.json: "));
    for (const char c : message) CHECK((c >= ' ' && c <= '~'));
    CHECK(message.size() < folder.path().size() + 200);
    return message;
  };
  std::string wide;
  for (const char c : gpt2().dump()) wide += {c, '\0'};
  CHECK(contains(refused("\xff\xfe" + wide), "UTF-16"));
  CHECK(contains(refused(wide), "UTF-16"));
  CHECK(contains(refused(std::string("\xfe\xff\0{", 4)), "UTF-16"));
  CHECK(contains(refused(R"({"model_type": "gpt2", "length_penalty": Infinity})"), "Infinity"));
  CHECK(contains(refused(R"({"model_type": "gpt2", "length_penalty": NaN})"), "NaN"));
  CHECK(contains(refused("\x80\x03}q\x01"), "not JSON"));
  CHECK(contains(refused("[]"), "not a JSON object"));
  CHECK(contains(refused("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"), "git-lfs"));
  // A byte order mark of UTF-8 is no fault.
  CHECK(read_model_config(folder.write("config.json", "\xef\xbb\xbf" + gpt2().dump())).width == 16);
}
