/// The file of language models and their published figures.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <promptbound/numeric/number.hpp>

namespace promptbound {

/// One line of the models file: columns model, width, vocabulary, and as far as published
/// capacity_bits_published, gain_tokens_measured and gain_tokens_random (output tokens that one trained
/// vector stores, of texts and of random ones), r, slope_measured (output tokens per prompt token),
/// slope_source, ratio_published (the published form at 2r/eps = 4096 over that slope), and MMCT26's Table 1:
/// ball_ratio_published, ellipsoid_ratio_published, nonuniform_ratio_published. Where sources disagree on a
/// slope, a further line for the same model holds the other.
struct PublishedModel {
  std::string model;
  Integer width;
  Integer vocabulary;
  std::optional<Rational> capacity, gain, gain_random;
  std::optional<Rational> radius;  ///< of the max-norm ball that holds the prompt tokens
  std::optional<Rational> slope;
  std::string slope_source;
  std::optional<Rational> notebook_ratio, ball_ratio, ellipsoid_ratio, nonuniform_ratio;
};

/// Reads the models file. Throws InputError with file and line for anything malformed.
[[nodiscard]] std::vector<PublishedModel> read_models(const std::string& path);

}  // namespace promptbound
