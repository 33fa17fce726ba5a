// What configurations of each architecture mean, and what of them is refused by name.
#include <doctest/doctest.h>

#include "configurations.hpp"
#include "text.hpp"

using namespace promptbound;

namespace {

using nlohmann::json;

/// The members of released configurations, with sizes of our own.
json qwen3() {
  return json::parse(R"({"architectures": ["Qwen3ForCausalLM"], "attention_bias": false,
    "attention_dropout": 0.0, "bos_token_id": 1, "eos_token_id": 2, "head_dim": 8, "hidden_act": "silu",
    "hidden_size": 16, "initializer_range": 0.02, "intermediate_size": 24, "max_position_embeddings": 64,
    "max_window_layers": 2, "model_type": "qwen3", "num_attention_heads": 4, "num_hidden_layers": 2,
    "num_key_value_heads": 2, "rms_norm_eps": 1e-06, "rope_scaling": null, "rope_theta": 1000000,
    "sliding_window": null, "tie_word_embeddings": true, "torch_dtype": "bfloat16",
    "transformers_version": "4.51.0", "use_cache": true, "use_sliding_window": false, "vocab_size": 41})");
}
json gemma() {
  return json::parse(R"({"architectures": ["GemmaForCausalLM"], "attention_bias": false,
    "attention_dropout": 0.0, "bos_token_id": 2, "eos_token_id": 1, "head_dim": 8,
    "hidden_act": "gelu_pytorch_tanh", "hidden_activation": null, "hidden_size": 16,
    "initializer_range": 0.02, "intermediate_size": 24, "max_position_embeddings": 64, "model_type": "gemma",
    "num_attention_heads": 4, "num_hidden_layers": 2, "num_key_value_heads": 1, "pad_token_id": 0,
    "rms_norm_eps": 1e-06, "rope_scaling": null, "rope_theta": 10000.0, "torch_dtype": "bfloat16",
    "transformers_version": "4.38.1", "use_cache": true, "vocab_size": 41})");
}
json phi() {
  return json::parse(R"({"architectures": ["PhiForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 1,
    "embd_pdrop": 0.0, "eos_token_id": 1, "hidden_act": "gelu_new", "hidden_size": 20,
    "initializer_range": 0.02, "intermediate_size": 24, "layer_norm_eps": 1e-05,
    "max_position_embeddings": 64, "model_type": "phi", "num_attention_heads": 2, "num_hidden_layers": 2,
    "num_key_value_heads": null, "partial_rotary_factor": 0.4, "qk_layernorm": false, "resid_pdrop": 0.1,
    "rope_scaling": null, "rope_theta": 10000.0, "tie_word_embeddings": false, "torch_dtype": "float16",
    "transformers_version": "4.37.0", "use_cache": true, "vocab_size": 41})");
}
json gpt_neox() {
  return json::parse(R"({"architectures": ["GPTNeoXForCausalLM"], "bos_token_id": 0, "eos_token_id": 0,
    "hidden_act": "gelu", "hidden_size": 16, "initializer_range": 0.02, "intermediate_size": 24,
    "layer_norm_eps": 1e-05, "max_position_embeddings": 64, "model_type": "gpt_neox",
    "num_attention_heads": 2, "num_hidden_layers": 2, "rotary_emb_base": 10000, "rotary_pct": 0.25,
    "tie_word_embeddings": false, "torch_dtype": "float16", "transformers_version": "4.24.0",
    "use_cache": true, "use_parallel_residual": true, "vocab_size": 41})");
}
json opt() {
  return json::parse(R"({"_name_or_path": "org/opt", "_remove_final_layer_norm": false,
    "activation_dropout": 0.0, "activation_function": "relu", "architectures": ["OPTForCausalLM"],
    "attention_dropout": 0.0, "bos_token_id": 2, "do_layer_norm_before": true, "dropout": 0.1,
    "eos_token_id": 2, "ffn_dim": 24, "hidden_size": 16, "init_std": 0.02, "layerdrop": 0.0,
    "max_position_embeddings": 64, "model_type": "opt", "num_attention_heads": 4, "num_hidden_layers": 2,
    "pad_token_id": 1, "prefix": "</s>", "torch_dtype": "float16", "transformers_version": "4.21.0",
    "use_cache": true, "vocab_size": 41, "word_embed_proj_dim": 16})");
}
json roberta() {
  return json::parse(R"({"architectures": ["RobertaForMaskedLM"], "attention_probs_dropout_prob": 0.1,
    "bos_token_id": 0, "eos_token_id": 2, "hidden_act": "gelu", "hidden_dropout_prob": 0.1,
    "hidden_size": 16, "initializer_range": 0.02, "intermediate_size": 24, "layer_norm_eps": 1e-05,
    "max_position_embeddings": 66, "model_type": "roberta", "num_attention_heads": 4,
    "num_hidden_layers": 2, "pad_token_id": 1, "type_vocab_size": 1, "vocab_size": 41})");
}
json distilbert() {
  return json::parse(R"({"activation": "gelu", "architectures": ["DistilBertForMaskedLM"],
    "attention_dropout": 0.1, "dim": 16, "dropout": 0.1, "hidden_dim": 24, "initializer_range": 0.02,
    "max_position_embeddings": 64, "model_type": "distilbert", "n_heads": 4, "n_layers": 2,
    "pad_token_id": 0, "qa_dropout": 0.1, "seq_classif_dropout": 0.2, "sinusoidal_pos_embds": false,
    "tie_weights_": true, "transformers_version": "4.10.0", "vocab_size": 41})");
}
/// As google/flan-t5 writes it.
json t5() {
  return json::parse(R"({"architectures": ["T5ForConditionalGeneration"], "classifier_dropout": 0.0,
    "d_ff": 24, "d_kv": 8, "d_model": 16, "decoder_start_token_id": 0, "dense_act_fn": "gelu_new",
    "dropout_rate": 0.1, "eos_token_id": 1, "feed_forward_proj": "gated-gelu", "initializer_factor": 1.0,
    "is_encoder_decoder": true, "is_gated_act": true, "layer_norm_epsilon": 1e-06, "model_type": "t5",
    "n_positions": 64, "num_decoder_layers": 2, "num_heads": 3, "num_layers": 2, "output_past": true,
    "pad_token_id": 0, "relative_attention_max_distance": 128, "relative_attention_num_buckets": 32,
    "tie_word_embeddings": false, "transformers_version": "4.23.1", "use_cache": true, "vocab_size": 41})");
}

}  // namespace

TEST_CASE("configurations of further architectures pass and mean what they say") {
  CHECK(config_of(qwen3()).head_norms);
  CHECK(config_of(qwen3()).head_width == 8);
  CHECK_FALSE(config_of(qwen3()).query_bias);
  CHECK(config_of(merged(qwen3(), {{"attention_bias", true}})).output_bias);
  CHECK(config_of(gemma()).gain_from_one);
  CHECK(config_of(gemma()).scaled_embeddings);
  CHECK(config_of(gemma()).activation == Activation::gelu_tanh);
  CHECK(config_of(phi()).norm_place == NormPlace::parallel);
  CHECK(config_of(phi()).rotary->entries == 4);
  CHECK(config_of(merged(phi(), {{"qk_layernorm", true}})).head_norms);
  CHECK(config_of(gpt_neox()).rotary->entries == 2);
  CHECK(config_of(merged(gpt_neox(), {{"rotary_pct", 1.0}})).rotary->entries == std::nullopt);
  CHECK(config_of(merged(gpt_neox(), {{"use_parallel_residual", false}})).norm_place == NormPlace::before);
  CHECK(config_of(opt()).position_offset == 2);
  CHECK(config_of(opt()).positions == 64);
  CHECK(config_of(opt()).norm_epsilon == Rational(1, 100000));
  CHECK(config_of(roberta()).position_offset == 2);
  CHECK(config_of(roberta()).positions == 64);
  CHECK(config_of(merged(roberta(), {{"pad_token_id", 0}})).positions == 65);
  CHECK_FALSE(config_of(roberta()).is_causal());
  CHECK(config_of(distilbert()).token_types == 0);
  CHECK(config_of(distilbert()).norm_place == NormPlace::after);
  CHECK(config_of(distilbert()).norm_epsilon == Rational(1, 1000000000000));
  CHECK(config_of(t5()).head_width == 8);
  CHECK(config_of(t5()).gated);
  CHECK(config_of(t5()).activation == Activation::gelu_tanh);
  CHECK(config_of(t5()).relative_buckets == 32);
  CHECK(config_of(t5()).relative_distance == 128);
  CHECK_FALSE(config_of(t5()).scaled);
  json older = t5();
  for (const char* name :
       {"dense_act_fn", "is_gated_act", "feed_forward_proj", "relative_attention_max_distance"}) {
    older.erase(name);
  }
  CHECK(config_of(older).activation == Activation::relu);
  CHECK_FALSE(config_of(older).gated);
  CHECK(config_of(older).relative_distance == 128);
}

TEST_CASE("classes have head widths and parts of heads of their own where a file is silent") {
  json silent = qwen3();
  silent.erase("head_dim");
  CHECK(config_of(silent).head_width == 128);
  silent["head_dim"] = nullptr;
  CHECK(contains(refusal_of_config(silent), "head_dim"));
  silent = gemma();
  silent.erase("head_dim");
  CHECK(config_of(silent).head_width == 256);
  silent = phi();
  silent.erase("partial_rotary_factor");
  silent["hidden_size"] = 16;
  CHECK(config_of(silent).rotary->entries == 4);
  silent = gpt_neox();
  silent.erase("rotary_pct");
  CHECK(config_of(silent).rotary->entries == 2);
  // As transformers 5 writes it.
  silent["rope_parameters"] = {{"rope_theta", 7}, {"rope_type", "default"}, {"partial_rotary_factor", 0.5}};
  silent.erase("rotary_emb_base");
  CHECK(config_of(silent).rotary->entries == 4);
  CHECK(config_of(silent).rotary->base == 7);
}

TEST_CASE("both ways is what is_causal false means in models of the llama layout") {
  for (json config : {qwen3(), gemma()}) {
    CHECK(config_of(config).is_causal());
    config["is_causal"] = false;
    CHECK_FALSE(config_of(config).is_causal());
  }
}

TEST_CASE("what changes the function of a further architecture is refused by name") {
  struct Case {
    json config;
    const char* members;
  };
  for (const Case& one :
       {Case{qwen3(),
             R"({"mlp_bias": true, "partial_rotary_factor": 0.5, "layer_types": ["sliding_attention"],
                          "num_experts": 8, "rope_interleaved": true})"},
        Case{gemma(), R"({"hidden_act": "gelu", "hidden_activation": "gelu", "mlp_bias": true,
                          "query_pre_attn_scalar": 8, "final_logit_softcapping": 30.0, "sliding_window": 8,
                          "use_bidirectional_attention": true})"},
        Case{phi(), R"({"is_causal": false, "partial_rotary_factor": 0.33, "hidden_act": "tanh",
                        "attention_bias": false, "rotary_pct": 0.5})"},
        Case{gpt_neox(), R"({"is_causal": false, "rotary_pct": 0.3, "rotary_emb_base": -1,
                             "partial_rotary_factor": 0.5, "rope_theta": 7, "num_key_value_heads": 1})"},
        Case{opt(), R"({"do_layer_norm_before": false, "word_embed_proj_dim": 8, "is_causal": false,
                        "layer_norm_elementwise_affine": false, "_remove_final_layer_norm": true})"},
        Case{roberta(), R"({"is_decoder": true, "is_causal": true, "pad_token_id": 65,
                            "position_embedding_type": "relative_key_query"})"},
        Case{distilbert(), R"({"is_decoder": true, "type_vocab_size": 2, "activation": "tanh"})"},
        Case{t5(), R"({"is_decoder": true, "dense_act_fn": "relu", "is_gated_act": false, "is_causal": true,
                       "feed_forward_proj": "gated-tanh", "relative_attention_num_buckets": 3,
                       "relative_attention_max_distance": 8})"}}) {
    CAPTURE(one.config.at("model_type").dump());
    const json members = json::parse(one.members);
    for (const auto& member : members.items()) {
      CAPTURE(member.key());
      CHECK(refusal_of_config(one.config).empty());
      const std::string said = refusal_of_config(merged(one.config, {{member.key(), member.value()}}));
      // A part of a head that does not fit its width, and padding behind the table, show as numbers.
      const bool is_number = contains(said, "even number of entries") || contains(said, "pad_token_id");
      CHECK((contains(said, member.key()) || contains(said, "hidden_act") || is_number));
      CHECK_FALSE(said.empty());
    }
  }
}

TEST_CASE("types that are not modelled are refused by name") {
  for (const char* type : {"phi3", "gemma2", "gptj", "mamba", "qwen2_moe", "xlnet", ""}) {
    const std::string said = refusal_of_config(merged(qwen3(), {{"model_type", type}}));
    CHECK(contains(said, "model_type"));
    CHECK(contains(said, "qwen3, gemma, phi"));
  }
  CHECK(contains(refusal_of_config(merged(phi(), {{"architectures", {"Phi3ForCausalLM"}}})),
                 "Phi3ForCausalLM"));
}
