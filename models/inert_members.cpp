// The list of members that change nothing, of model_config.hpp.
#include <algorithm>
#include <array>
#include <string_view>

#include <promptbound/models/model_config.hpp>

// The function is that of the trained weights on given tokens, in real arithmetic, up to the last norm. It
// does not depend on where the model came from, how it was trained, how its outputs are asked for, which
// kernel computes it, in which pieces or in which precision, on heads behind the last norm, on special tokens
// or on how text is generated from it.

namespace promptbound {
namespace {

using namespace std::literals;

constexpr std::array inert_everywhere = {
    // provenance
    "_commit_hash"sv, "_name_or_path"sv, "custom_pipelines"sv, "finetuning_task"sv, "is_llama_config"sv,
    "name_or_path"sv, "tokenizer_class"sv, "transformers.js_config"sv, "transformers_version"sv,
    "unsloth_fixed"sv, "unsloth_version"sv,
    // training
    "attention_dropout"sv, "attention_probs_dropout_prob"sv, "attn_pdrop"sv, "classifier_dropout"sv,
    "embd_pdrop"sv, "gradient_checkpointing"sv, "hidden_dropout"sv, "hidden_dropout_prob"sv,
    "initializer_range"sv, "resid_pdrop"sv,
    // evaluation: precision, pieces, caches, kernels, what is returned
    "_attn_implementation_autoset"sv, "_attn_implementation_internal"sv, "_flash_attn_2_enabled"sv,
    "chunk_size_feed_forward"sv, "dtype"sv, "output_attentions"sv, "output_hidden_states"sv, "output_past"sv,
    "pretraining_tp"sv, "return_dict"sv, "tf_legacy_loss"sv, "torch_dtype"sv, "torchscript"sv,
    "use_bfloat16"sv, "use_cache"sv, "xla_device"sv,
    // heads and their labels; an output layer that shares the embeddings
    "_num_labels"sv, "id2label"sv, "label2id"sv, "num_labels"sv, "problem_type"sv, "tie_encoder_decoder"sv,
    "tie_word_embeddings"sv,
    // of cross-attention, which is refused
    "cross_attention_hidden_size"sv,
    // special tokens and lengths of texts
    "bos_token_id"sv, "cls_token_id"sv, "decoder_start_token_id"sv, "eos_token_id"sv, "mask_token_id"sv,
    "max_sequence_length"sv, "model_max_length"sv, "pad_token_id"sv, "prefix"sv, "sep_token_id"sv,
    "unk_token_id"sv,
    // generation
    "bad_words_ids"sv, "begin_suppress_tokens"sv, "diversity_penalty"sv, "do_sample"sv, "early_stopping"sv,
    "encoder_no_repeat_ngram_size"sv, "exponential_decay_length_penalty"sv, "forced_bos_token_id"sv,
    "forced_eos_token_id"sv, "length_penalty"sv, "max_length"sv, "max_new_tokens"sv, "min_length"sv,
    "min_new_tokens"sv, "min_p"sv, "no_repeat_ngram_size"sv, "num_beam_groups"sv, "num_beams"sv,
    "num_return_sequences"sv, "output_scores"sv, "remove_invalid_values"sv, "repetition_penalty"sv,
    "return_dict_in_generate"sv, "suppress_tokens"sv, "task_specific_params"sv, "temperature"sv, "top_k"sv,
    "top_p"sv, "typical_p"sv};

// n_ctx was the size of the causal mask's buffer; n_special and predict_special_tokens belong to GPT.
constexpr std::array inert_in_gpt2 = {"is_decoder"sv,
                                      "n_ctx"sv,
                                      "n_special"sv,
                                      "predict_special_tokens"sv,
                                      "reorder_and_upcast_attn"sv,
                                      "summary_activation"sv,
                                      "summary_first_dropout"sv,
                                      "summary_proj_to_labels"sv,
                                      "summary_type"sv,
                                      "summary_use_proj"sv};

// Which layers a window covers: a window that is shorter than the context is refused for all of them.
constexpr std::array inert_in_llama = {"is_decoder"sv, "max_window_layers"sv};

constexpr std::array inert_in_neox_and_phi = {"is_decoder"sv};

constexpr std::array inert_in_opt = {"activation_dropout"sv, "dropout"sv, "init_std"sv, "is_decoder"sv,
                                     "layerdrop"sv};

// The table of positions is a tensor of the file, however it was begun.
constexpr std::array inert_in_distilbert = {"dropout"sv, "qa_dropout"sv, "seq_classif_dropout"sv,
                                            "sinusoidal_pos_embds"sv, "tie_weights_"sv};

// What is the decoder's, and how weights were begun.
constexpr std::array inert_in_t5 = {"dropout_rate"sv, "initializer_factor"sv, "num_decoder_layers"sv,
                                    "scale_decoder_outputs"sv};

// The pooler stands behind the last norm.
constexpr std::array inert_in_bert = {"pooler_fc_size"sv, "pooler_num_attention_heads"sv,
                                      "pooler_num_fc_layers"sv, "pooler_size_per_head"sv, "pooler_type"sv};

template <class List>
bool holds(const List& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

}  // namespace

bool is_inert_member(Family family, const std::string& name) {
  if (holds(inert_everywhere, name)) return true;
  switch (family) {
    case Family::gpt2:
      return holds(inert_in_gpt2, name);
    case Family::llama:
      return holds(inert_in_llama, name);
    case Family::gpt_neox:
    case Family::phi:
      return holds(inert_in_neox_and_phi, name);
    case Family::opt:
      return holds(inert_in_opt, name);
    case Family::distilbert:
      return holds(inert_in_distilbert, name);
    case Family::t5:
      return holds(inert_in_t5, name);
    default:
      return holds(inert_in_bert, name);
  }
}

}  // namespace promptbound
