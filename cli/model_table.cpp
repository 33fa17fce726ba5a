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

Cell published_cell(const std::string& text) {
  if (text.empty()) return std::string("-");
  return Quantity(parse_rational(text, "published value"));
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
    for (const char* name :
         {"width", "vocabulary", "capacity_bits_published", "slope_measured", "ratio_published"}) {
      const std::string text = field(name);
      const bool required = name == std::string("width") || name == std::string("vocabulary");
      if (required || !text.empty()) {
        static_cast<void>(parse_rational(text, fmt::format("{}: line {}: {}", path, number, name)));
      }
    }
    models.push_back({field("model"), field("width"), field("vocabulary"), field("capacity_bits_published"),
                      field("slope_measured"), field("ratio_published")});
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
    arguments.set(parameters::w.name, parse_argument(parameters::w, model.width));
    arguments.set(parameters::v.name, parse_argument(parameters::v, model.vocabulary));
    const Record bits = evaluate(find_bound("accessible-length"), arguments, digits);
    const Record published = evaluate(find_bound("accessible-length-published"), arguments, digits);
    const Quantity& slope = published.output("slope");
    Cell ratio = std::string("-");
    if (!model.slope_measured.empty()) {
      const Interval measured(parse_rational(model.slope_measured, "slope_measured"));
      ratio = Quantity(Interval(slope.enclosure() / measured));
    }
    writer.row({model.model, Quantity(parse_rational(model.width, "width")),
                Quantity(parse_rational(model.vocabulary, "vocabulary")), bits.output("tokens"),
                published_cell(model.capacity_published), slope, published_cell(model.slope_measured), ratio,
                published_cell(model.ratio_published)});
  }
  writer.end();
}

}  // namespace promptbound
