#include <fmt/format.h>

#include <fstream>
#include <map>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/cli/model_table.hpp>
#include <promptbound/models/input_files.hpp>
#include <promptbound/numeric/certify.hpp>
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

Cell published_cell(const std::optional<Rational>& value) {
  if (!value) return std::string("-");
  return Quantity(*value);
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
    const auto field = [&](const char* name) {
      const auto column = columns.find(name);
      return column == columns.end() ? std::string() : fields[column->second];
    };
    const auto number_in = [&](const char* name) {
      return parse_rational(field(name), fmt::format("{}: line {}: {}", path, number, name));
    };
    const auto if_there = [&](const char* name) {
      return field(name).empty() ? std::nullopt : std::optional(number_in(name));
    };
    const Rational width = number_in("width"), vocabulary = number_in("vocabulary");
    models.push_back({field("model"), width, vocabulary, if_there("capacity_bits_published"),
                      if_there("slope_measured"), if_there("ratio_published")});
  }
  return models;
}

void write_model_table(const std::vector<PublishedModel>& models, long digits, TableWriter& writer) {
  writer.paragraph(
      "Output tokens that one prompt token can determine: counting bits (necessary, 16-bit entries), the");
  writer.paragraph("published form (2r/eps = 4096), and what was published and measured.");
  writer.begin("Capacity of language models", {{"model"},
                                               {"width", true},
                                               {"vocabulary", true},
                                               {"bits form", true},
                                               {"capacity published", true},
                                               {"published form", true},
                                               {"slope measured", true},
                                               {"ratio", true},
                                               {"ratio published", true}});
  for (const PublishedModel& model : models) {
    Arguments arguments;
    arguments.set(parameters::w.name, checked_argument(parameters::w, model.width));
    arguments.set(parameters::v.name, checked_argument(parameters::v, model.vocabulary));
    const Record bits = evaluate(find_bound("accessible-length"), arguments, digits);
    const Record published = evaluate(find_bound("accessible-length-published"), arguments, digits);
    const Quantity& slope = published.output("slope");
    Cell ratio = std::string("-");
    if (model.slope_measured) ratio = Quantity(Interval(slope.enclosure() / Interval(*model.slope_measured)));
    writer.row({model.model, Quantity(model.width), Quantity(model.vocabulary), bits.output("tokens"),
                published_cell(model.capacity_published), slope, published_cell(model.slope_measured), ratio,
                published_cell(model.ratio_published)});
  }
  writer.end();
}

}  // namespace promptbound
