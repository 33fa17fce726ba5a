// One subcommand of cli/command.hpp.
#include <fmt/format.h>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include <promptbound/bounds/overview.hpp>
#include <promptbound/cli/command.hpp>
#include <promptbound/cli/command_line.hpp>
#include <promptbound/cli/parallel_rows.hpp>
#include <promptbound/cli/parameter_options.hpp>
#include <promptbound/cli/parameter_view.hpp>
#include <promptbound/cli/render/gap.hpp>
#include <promptbound/cli/render/record_view.hpp>
#include <promptbound/cli/render/render_json.hpp>
#include <promptbound/cli/selected_output.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

struct BoundsOptions : CommonOptions {
  std::string coq;  ///< certificate file, empty: none
  ParameterOptions parameters;
};

/// What the bounds use.
std::vector<Use> uses_of(const std::vector<const Bound*>& bounds) {
  std::vector<Use> uses;
  for (const Bound* bound : bounds) uses.insert(uses.end(), bound->uses.begin(), bound->uses.end());
  return uses;
}

nlohmann::ordered_json length_json(const PromptLength& length, long digits) {
  const nlohmann::ordered_json number = quantity_json(length.tokens, digits);
  nlohmann::ordered_json json = {{"tokens", number.value("exact", nlohmann::ordered_json())},
                                 {"id", length.record.id},
                                 {"width", length.width.str()}};
  if (number.contains("log10")) json["log10"] = number["log10"];
  if (number.contains("text")) json["text"] = number["text"];
  return json;
}

nlohmann::ordered_json end_json(const std::optional<PromptLength>& end, long digits) {
  return end ? length_json(*end, digits) : nlohmann::ordered_json();
}

/// null where there is no bracket.
nlohmann::ordered_json bracket_json(const std::optional<Bracket>& found,
                                    const std::optional<BracketInBits>& bits, long digits) {
  if (!found) return {};
  const Bracket& bracket = *found;
  nlohmann::ordered_json json = {
      {"models", bracket.models},
      {"necessary", end_json(bracket.necessary, digits)},
      {"sufficient", end_json(bracket.sufficient, digits)},
      {"necessary_at_equal_width", end_json(bracket.necessary_at_equal_width, digits)}};
  if (bits) {
    json["bits"] = {{"necessary", quantity_json(bits->necessary, digits)},
                    {"sufficient", quantity_json(bits->sufficient, digits)}};
    if (bits->limit_factor) {
      json["bits"]["limit_factor"] = quantity_json(*bits->limit_factor, digits);
      json["bits"]["limit"] = bits->limit;
    }
  }
  if (!bracket.necessary) json["no_necessary"] = why_none(*bracket.no_necessary);
  if (!bracket.sufficient) json["no_sufficient"] = why_none(*bracket.no_sufficient);
  json["beside"] = nlohmann::ordered_json::array();
  for (const PromptLength& other : bracket.beside) {
    nlohmann::ordered_json one = length_json(other, digits);
    one["kind"] = name(other.record.kind);
    one["models"] = other.models;
    json["beside"].push_back(std::move(one));
  }
  return json;
}

std::string overview_json(const ParameterView* parameters, const Overview& point, long digits, int indent) {
  nlohmann::ordered_json json = {{"schema", json_schema}};
  if (parameters != nullptr) json["parameters"] = parameters_json(parameters->shown());
  json["bracket"] = bracket_json(point.bracket, point.bits, digits);
  json["memory"] = bracket_json(point.memory, point.memory_bits, digits);
  json["bounds"] = nlohmann::ordered_json::array();
  for (const Record& record : point.records) json["bounds"].push_back(record_json(record, digits));
  return json.dump(indent);
}

Absent absent(const Record& record) { return {record.why, record.is_undecided()}; }

/// The rows of a bracket; `of` stands before the name of each end.
void write_bracket_rows(const Bracket& bracket, const std::string& of, TableWriter& writer) {
  const auto row = [&](const std::string& end, const PromptLength& length) {
    writer.row({of + end, length.tokens, length.width.str(), std::string(length.record.id), length.models,
                std::string()});
  };
  const auto end = [&](const std::string& name, const std::optional<PromptLength>& length,
                       const std::optional<Record>& none) {
    if (length) {
      row(name, *length);
    } else {
      writer.row({of + name, absent(*none), std::string(), std::string(none->id), bracket.models, none->why});
    }
  };
  if (bracket.necessary_at_equal_width) row("necessary at equal width", *bracket.necessary_at_equal_width);
  end("sufficient", bracket.sufficient, bracket.no_sufficient);
  end("necessary", bracket.necessary, bracket.no_necessary);
  for (const PromptLength& other : bracket.beside)
    row(fmt::format("beside: {}", name(other.record.kind)), other);
}

/// The brackets as a table, for CSV, which has no sentences.
void write_bracket_table(const Overview& point, TableWriter& writer) {
  writer.begin("The bracket", {{"end"}, {"tokens", true}, {"width"}, {"bound"}, {"models"}, {"why none"}});
  if (point.bracket) write_bracket_rows(*point.bracket, "", writer);
  if (point.memory) write_bracket_rows(*point.memory, "memory: ", writer);
  writer.end();
}

void write_point(const ParameterView& parameters, const Overview& point, Format format, TableWriter& writer) {
  if (format == Format::csv) {
    writer.parameters(parameters.shown());
    write_bracket_table(point, writer);
  } else {
    const std::vector<std::string> lines = describe_gap(point);
    writer.paragraph(lines.front());
    writer.parameters(parameters.shown());
    for (std::size_t i = 1; i < lines.size(); ++i) writer.paragraph(lines[i]);
  }
  writer.begin("All bounds for these parameters",
               {{"bound"}, {"kind"}, {"output"}, {"value", true}, {"theory"}, {"proof"}, {"meaning"}});
  for (const Record& record : point.records) {
    const Bound& bound = find_bound(record.id);
    const std::string kind(name(record.kind));
    if (!record.is_applicable()) {
      writer.row({std::string(bound.id), kind, std::string("-"), absent(record), std::string(bound.theory),
                  std::string(), std::string()});
      continue;
    }
    bool first = true;
    for (const OutputDescription& output : bound.outputs) {
      const Cell value = output_cell(record, output.name);
      if (std::holds_alternative<std::string>(value)) continue;  // not computed for these parameters
      writer.row({std::string(first ? bound.id : ""), first ? kind : "", std::string(output.name), value,
                  std::string(first ? bound.theory : ""),
                  std::string(name(record.proof_of(output.name).kind)), std::string(output.meaning)});
      first = false;
    }
  }
  writer.end();
  writer.paragraph("");
  writer.paragraph(
      "`published` values are transcribed from the papers, not proved here. promptbound eval ID shows a "
      "bound's assumptions and names the Coq theorem, promptbound list ID the theorems of all its forms, "
      "promptbound list N.M statement and proof of item N.M.");
}

Cell end_cell(const std::optional<PromptLength>& end, const std::optional<Record>& none) {
  if (end) return end->tokens;
  return absent(*none);
}

/// The lower end that stands beside the upper one: at equal width where there are two.
Cell lower_cell(const Bracket& bracket) {
  const auto& equal_width = bracket.necessary_at_equal_width;
  return end_cell(equal_width ? equal_width : bracket.necessary, bracket.no_necessary);
}

/// The ends of a bracket in a sweep, and what proves them.
void add_ends(const Bracket& ends, const std::string& of, std::vector<Cell>& cells, ProofSummary& proof) {
  cells.push_back(lower_cell(ends));
  cells.push_back(end_cell(ends.sufficient, ends.no_sufficient));
  if (const auto& lower = ends.necessary) proof.add(of + "necessary", lower->record, lower->output);
  if (const auto& upper = ends.sufficient) proof.add(of + "sufficient", upper->record, upper->output);
}

/// One row of a sweep: the parameters, the brackets, and the main output of every bound.
std::vector<Cell> sweep_row(const BoundsOptions& options, const ParameterView& parameters,
                            const std::vector<const Bound*>& bounds, const Arguments& arguments) {
  std::vector<Record> records;
  records.reserve(bounds.size());
  for (const Bound* bound : bounds)
    records.push_back(evaluate(*bound, arguments, options.computed_digits(), main_output(*bound)));
  std::vector<Cell> cells = parameters.cells(options.format, arguments);
  cells.reserve(cells.size() + bounds.size() + 5);
  ProofSummary proof;
  if (arguments.has(parameters::eps))
    add_ends(bracket(arguments, records, options.computed_digits()), "", cells, proof);
  if (const Record* packed = packed_memory_among(records))
    add_ends(memory_bracket(arguments, *packed, options.computed_digits()), "memory ", cells, proof);
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    cells.push_back(output_cell(records[i], main_output(*bounds[i])));
    proof.add(bounds[i]->id, records[i], main_output(*bounds[i]));
  }
  if (is_for_programs(options.format)) cells.emplace_back(proof.text());
  return cells;
}

void write_sweep(const BoundsOptions& options, const Sweep& sweep, TableWriter& writer) {
  const std::vector<const Bound*> bounds = evaluable(sweep.at(0));
  const ParameterView parameters(options.parameters, uses_of(bounds));
  parameters.write_head(options.format, writer);
  std::vector<Column> columns = parameters.headings(options.format);
  const Arguments first = sweep.at(0);
  for (const auto& [is_there, of] :
       {std::pair{first.has(parameters::eps), ""}, {first.has(parameters::N), "memory "}}) {
    if (!is_there) continue;
    columns.push_back({fmt::format("{}necessary", of), true});
    columns.push_back({fmt::format("{}sufficient", of), true});
  }
  for (const Bound* bound : bounds)
    columns.push_back({fmt::format("{}.{}", bound->id, main_output(*bound)), true});
  if (is_for_programs(options.format)) columns.push_back({"proof"});
  writer.begin("", columns);
  for_each_row(
      sweep.size(), options,
      [&](std::uint64_t i) { return sweep_row(options, parameters, bounds, sweep.at(i)); },
      [&](const std::vector<Cell>& cells) { writer.row(cells); });
  writer.end();
}

/// The Coq file that proves a bracket: entropy-bits for tokens as wide as those of the upper end (or as --w
/// asks for); packed-upper where that is the upper end, whose theorem is at function level; and lookup-upper
/// for real prompt entries, whose theorem is of the transformer itself. For the simplex packing, which may be
/// sharper than entropy-bits, there is no certificate.
std::string certify_bracket(const Overview& point, long digits) {
  if (!point.bracket) throw InputError("--coq certifies the bracket for functions: give --d, --L and --eps");
  const Bracket& bracket = *point.bracket;
  if (!bracket.necessary) throw InputError("--coq: " + why_none(*bracket.no_necessary));
  const Bound& lookup = find_bound("lookup-upper");
  Arguments real_entries;
  for (const Use& use : lookup.uses) {
    const Argument* argument = point.arguments.find(use.parameter->name);
    if (argument != nullptr && use.parameter != &parameters::b)
      real_entries.set(use.parameter->name, *argument);
  }
  const Record upper = evaluate(lookup, real_entries, digits);
  const bool is_packed = bracket.sufficient && bracket.sufficient->record.id == "packed-upper";
  Integer width = is_packed ? bracket.sufficient->width : std::get<Integer>(upper.output("width").value());
  if (point.arguments.has(parameters::w)) width = std::max(width, point.arguments.integer(parameters::w));
  Arguments equal_width = point.arguments;
  equal_width.set(parameters::w.name, width);
  const Bound& bits = find_bound("entropy-bits");
  CoqCertificate certificate;
  certify_in_coq(bits, nullptr, equal_width, evaluate(bits, equal_width, digits), certificate);
  if (is_packed) {
    const Record& record = bracket.sufficient->record;
    Arguments packed = point.arguments;
    packed.set(parameters::P.name, record.input("P").integer());  // it may fill the width asked for
    certify_in_coq(find_bound("packed-upper"), nullptr, packed, record, certificate);
  }
  certify_in_coq(lookup, nullptr, real_entries, upper, certificate);
  return certificate.text();
}

int bounds(const BoundsOptions& options) {
  const Sweep sweep = options.parameters.sweep();
  const Arguments first = sweep.at(0);
  require_bracket(first);
  const bool single = sweep.varying().empty();
  const ParameterView parameters(options.parameters, uses_of(evaluable(first)));
  if (!options.coq.empty() && !single)
    throw InputError("--coq certifies one point: give one value a parameter");
  std::optional<OutputFile> coq;
  if (single) {
    const Overview point = overview(first, options.computed_digits());
    if (!options.coq.empty())
      coq.emplace(options.coq).write(certify_bracket(point, options.computed_digits()));
    OutputFile file(options.output);
    if (options.format == Format::json) {
      file.write(overview_json(&parameters, point, options.shown_digits(), 1) + "\n");
    } else {
      write_point(parameters, point, options.format,
                  *make_table_writer(options.format, file, options.shown_digits()));
    }
    if (coq) coq->commit();
    file.commit();
    return exit_done;
  }
  OutputFile file(options.output);
  if (options.format == Format::json) {
    bool first_line = true;
    for_each_row(
        sweep.size(), options,
        [&](std::uint64_t i) {
          return overview_json(nullptr, overview(sweep.at(i), options.computed_digits()),
                               options.shown_digits(), -1);
        },
        [&](const std::string& json) {
          file.write(first_line ? "[\n" : ",\n");
          file.write(json);
          first_line = false;
        });
    file.write("\n]\n");
  } else {
    write_sweep(options, sweep, *make_table_writer(options.format, file, options.shown_digits()));
  }
  file.commit();
  return exit_done;
}

}  // namespace

void add_bounds(CommandLine& line, Action& action) {
  auto options = std::make_shared<BoundsOptions>();
  Subcommand* subcommand =
      line.add_subcommand("bounds", "all bounds for given parameters, the brackets on top");
  subcommand->footer(
      "Examples:\n"
      "  promptbound bounds --d 2 --L 2 --eps 1/10\n"
      "  promptbound bounds --d 1:4 --L 2 --eps 1/10,1/100 --alpha inf --format csv -o sweep.csv\n"
      "  promptbound bounds --d 2 --L 2 --eps 1/10 --coq bracket.v\n"
      "  promptbound bounds --N 1000000 --K 10 --P 768");
  add_coq_option(*subcommand, options->coq);
  options->parameters.add_to(*subcommand);
  add_common_options(*subcommand, *options);
  subcommand->callback([options, &action] { action = [options] { return bounds(*options); }; });
}

}  // namespace promptbound
