#include <fmt/format.h>

#include <fstream>
#include <map>

#include <promptbound/bounds/parameters.hpp>
#include <promptbound/cli/models_file.hpp>
#include <promptbound/models/input_files.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

std::vector<std::string> split_line(const std::string& line) {
  std::vector<std::string> fields(1);
  for (const char c : line) {
    if (c == ',') {
      fields.emplace_back();
    } else if (c != '\r') {
      fields.back() += c;
    }
  }
  return fields;
}

/// Fields of one line by their column.
class ModelLine {
 public:
  ModelLine(std::string place, const std::map<std::string, std::size_t>& columns,
            const std::vector<std::string>& fields)
      : place_(std::move(place)), columns_(columns), fields_(fields) {}

  /// The field; empty where there is no such column.
  [[nodiscard]] std::string text(const char* name) const {
    const auto column = columns_.find(name);
    return column == columns_.end() ? std::string() : fields_[column->second];
  }

  [[nodiscard]] Integer size(const char* name, const Parameter& parameter) const {
    const Rational value = parse_rational(text(name), where(name));
    try {
      return checked_argument(parameter, value).integer();
    } catch (const InputError& error) {
      throw InputError(fmt::format("{}: {}", where(name), error.what()));
    }
  }

  [[nodiscard]] std::optional<Rational> positive(const char* name) const {
    if (text(name).empty()) return std::nullopt;
    Rational value = parse_rational(text(name), where(name));
    if (value <= 0) throw InputError(fmt::format("{}: '{}' is not a number > 0", where(name), text(name)));
    return value;
  }

 private:
  [[nodiscard]] std::string where(const char* name) const { return fmt::format("{}: {}", place_, name); }

  std::string place_;
  const std::map<std::string, std::size_t>& columns_;
  const std::vector<std::string>& fields_;
};

PublishedModel model_of(const ModelLine& line) {
  return {line.text("model"),
          line.size("width", parameters::w),
          line.size("vocabulary", parameters::v),
          line.positive("capacity_bits_published"),
          line.positive("gain_tokens_measured"),
          line.positive("gain_tokens_random"),
          line.positive("r"),
          line.positive("slope_measured"),
          line.text("slope_source"),
          line.positive("ratio_published"),
          line.positive("ball_ratio_published"),
          line.positive("ellipsoid_ratio_published"),
          line.positive("nonuniform_ratio_published")};
}

}  // namespace

std::vector<PublishedModel> read_models(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    throw InputError(fmt::format(
        "cannot read '{}': --models takes a CSV file with columns model, width, vocabulary", path));
  }
  note_input(path);
  std::string line;
  std::getline(file, line);
  std::map<std::string, std::size_t> columns;
  const std::vector<std::string> header = split_line(line);
  for (std::size_t i = 0; i < header.size(); ++i) columns[header[i]] = i;
  for (const char* needed : {"model", "width", "vocabulary"}) {
    if (columns.count(needed) == 0) throw InputError(fmt::format("{}: line 1: no column '{}'", path, needed));
  }
  std::vector<PublishedModel> models;
  for (std::size_t number = 2; std::getline(file, line); ++number) {
    if (line.empty()) continue;
    const std::vector<std::string> fields = split_line(line);
    if (fields.size() != header.size()) {
      throw InputError(
          fmt::format("{}: line {}: {} fields instead of {}", path, number, fields.size(), header.size()));
    }
    models.push_back(model_of({fmt::format("{}: line {}", path, number), columns, fields}));
  }
  return models;
}

}  // namespace promptbound
