/// Sequences of token ids: read from files, or drawn.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace promptbound {

/// Tokens of a model's vocabulary: what is given after the prompt, and what is to be said then.
struct TokenSequence {
  std::vector<std::size_t> start, tokens;
};

/// Reads a JSON file {"schema":1,"sequences":[{"start":[..],"tokens":[..]}]}, or a .npy file of whole numbers
/// of 64 bits, one row a sequence. `start` stands before sequences that name none. Throws InputError naming
/// the file, the sequence and the place.
[[nodiscard]] std::vector<TokenSequence> read_token_sequences(const std::string& path,
                                                              const std::vector<std::size_t>& start = {});

/// Draws `count` sequences of `length` tokens, each uniformly from the vocabulary and independent of all
/// others as far as the generator goes: SplitMix64 from the seed, a number of 64 bits a token, numbers at or
/// above the largest multiple of the vocabulary's size being drawn again. Throws InputError where there are
/// none to draw, more than 10^6, or longer ones than 10^6 tokens.
[[nodiscard]] std::vector<TokenSequence> drawn_sequences(std::uint64_t seed, std::size_t count,
                                                         std::size_t length, std::size_t vocabulary,
                                                         const std::vector<std::size_t>& start = {});

}  // namespace promptbound
