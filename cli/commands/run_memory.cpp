#include <nlohmann/json.hpp>

#include <promptbound/cli/commands/run_memory.hpp>
#include <promptbound/cli/render/render_json.hpp>
#include <promptbound/constructions/lookup/same_weights.hpp>
#include <promptbound/models/instance.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

long size_from(const Json& json, const std::string& name, const std::string& where) {
  const Integer value = integer_from(member(json, name, where), where + "." + name);
  if (value < 1 || value > 1000000)
    throw InputError(where + "." + name + ": " + value.str().substr(0, 60) + " (accepted: 1 to 1000000)");
  return value.convert_to<long>();
}

std::size_t differing(const std::vector<Integer>& a, const std::vector<Integer>& b) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) count += a[i] != b[i] ? 1 : 0;
  return count;
}

nlohmann::ordered_json texts(const std::vector<Integer>& labels) {
  auto result = nlohmann::ordered_json::array();
  for (const Integer& label : labels) result.push_back(label.str());
  return result;
}

}  // namespace

Json memory_members(const PackedMemory& memory, const Integer& K, const std::vector<Integer>& labels) {
  Json examples = Json::array();
  for (std::size_t i = 0; i < labels.size(); ++i) {
    examples.push_back({{"input", to_json(Matrix<Rational>(memory.inputs()[i].transpose()))},
                        {"label", to_json(Rational(labels[i]))}});
  }
  return {{"memory", {{"K", to_json(Rational(K))}, {"b", memory.tokens().b}, {"P", memory.tokens().P}}},
          {"examples", std::move(examples)}};
}

LabelledInputs labelled_inputs_from(const Json& file, const std::string& where) {
  const Json& examples = member(file, "examples", where);
  if (!examples.is_array() || examples.empty())
    throw InputError(where + ".examples: an array of at least one example is needed");
  LabelledInputs result;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const std::string place = where + ".examples[" + std::to_string(i) + "]";
    result.inputs.emplace_back(
        matrix_from(member(examples[i], "input", place), place + ".input").transpose());
    if (examples[i].contains("label"))
      result.labels.push_back(integer_from(examples[i]["label"], place + ".label"));
    if (!result.labels.empty() && result.labels.size() != i + 1) {
      throw InputError(place + ".label: " + (examples[i].contains("label") ? "given" : "absent") +
                       ", unlike those before (accepted: a label in every example, or in none)");
    }
  }
  return result;
}

bool is_memory(const Json& json) { return json.is_object() && json.contains("memory"); }

MemoryReading read_memory(const Json& json, const std::string& where) {
  const Json& sizes = member(json, "memory", where);
  LabelledInputs data = labelled_inputs_from(json, where);
  if (data.labels.empty()) throw InputError(where + ".examples: labels are needed");
  const PackedMemory memory(std::move(data.inputs), integer_from(member(sizes, "K", where), where + ".K"),
                            static_cast<unsigned long>(size_from(sizes, "b", where)),
                            size_from(sizes, "P", where));
  const Instance instance = instance_from(json, where);
  const Matrix<Rational> tokens = memory.input(Matrix<Rational>::Zero(memory.tokens().d, memory.tokens().L));
  const bool is_wanted = instance.data_width == memory.tokens().d &&
                         is_same(instance.input_offsets, tokens) &&
                         is_same(instance.model, memory.transformer());
  if (!is_wanted)
    throw InputError(where + ": the weights are not those of theory 5.10 for these examples, K, b and P");
  std::optional<std::vector<Integer>> held = memory.labels_of(instance.prompt);
  if (!held)
    throw InputError(where +
                     ".prompt: no code (accepted: prompts of theory 5.10 that hold a label of each example)");
  std::vector<Integer> read = memory.read_labels(*held);
  return {std::move(data.labels), *std::move(held), std::move(read)};
}

int run_memory(const Json& json, const std::string& where, const CommonOptions& options) {
  const MemoryReading reading = read_memory(json, where);
  const std::size_t N = reading.given.size();
  const std::size_t misread = differing(reading.read, reading.held);
  const std::size_t changed = differing(reading.read, reading.given);
  OutputFile file(options.output);
  if (options.format == Format::json) {
    const nlohmann::ordered_json answer = {{"schema", json_schema},
                                           {"examples", N},
                                           {"read", texts(reading.read)},
                                           {"unlike_prompt", misread},
                                           {"unlike_examples", changed}};
    file.write(answer.dump(1) + "\n");
  } else {
    const auto writer = make_table_writer(options.format, file, options.shown_digits());
    writer->begin("Labels that the network reads, each exactly", {{"labels"}, {"number"}});
    writer->row({"examples", std::to_string(N)});
    writer->row({"unlike those that the prompt has", std::to_string(misread)});
    writer->row({"unlike those of the examples", std::to_string(changed)});
    writer->end();
  }
  file.commit();
  return changed == 0 ? exit_done : exit_refuted;
}

}  // namespace promptbound
