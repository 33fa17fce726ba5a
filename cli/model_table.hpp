/// Capacity of real language models: the project's numbers beside published ones.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <promptbound/cli/render/table.hpp>

namespace promptbound {

/// One line of the models file: columns model, width, vocabulary, and as far as published
/// capacity_bits_published, gain_tokens_measured, slope_measured, ratio_published.
struct PublishedModel {
  std::string model;
  Rational width;
  Rational vocabulary;
  std::optional<Rational> capacity_published;
  std::optional<Rational> slope_measured;
  std::optional<Rational> ratio_published;
};

/// Reads the models file. Throws InputError with file and line for anything malformed.
[[nodiscard]] std::vector<PublishedModel> read_models(const std::string& path);

/// Writes accessible-length in bits and published form per prompt token, beside the published capacity, the
/// measured slope, and the ratio of published form to measured slope.
void write_model_table(const std::vector<PublishedModel>& models, long digits, TableWriter& writer);

}  // namespace promptbound
