#include <cstdio>
#include <nlohmann/json.hpp>

#include <promptbound/cli/commands/memorize_prefix.hpp>
#include <promptbound/cli/render/record_view.hpp>
#include <promptbound/cli/render/render_json.hpp>
#include <promptbound/models/instance_safetensors.hpp>
#include <promptbound/models/text_file.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/verify/certificate.hpp>
#include <promptbound/verify/prefix/memorize_prefix.hpp>

namespace promptbound {
namespace {

Number cap_of(const std::string& text, const char* option) {
  const std::optional<Number> cap = parse_number(text);
  if (!cap || (!cap->infinite && cap->value < 0))
    throw InputError(std::string(option) + " '" + text + "' is not accepted: a number >= 0, or inf");
  return *cap;
}

nlohmann::ordered_json prefix_json(const PrefixAnswer& answer) {
  nlohmann::ordered_json json = {{"accuracy", "0"},
                                 {"key_cap", exact_text(answer.caps.key)},
                                 {"value_cap", exact_text(answer.caps.value)},
                                 {"empty_fits", nullptr},
                                 {"prefix_lengths", nullptr}};
  if (const auto& lengths = answer.lengths; lengths && lengths->set != PrefixLengths::Set::undecided) {
    json["empty_fits"] = lengths->empty_fits;
    json["prefix_lengths"] = {{"least", nullptr}, {"most", nullptr}};
    if (lengths->set == PrefixLengths::Set::range) {
      json["prefix_lengths"]["least"] = lengths->least.str();
      json["prefix_lengths"]["most"] = lengths->most ? lengths->most->str() : "inf";
    }
  }
  return answer_json(answer, verdict_name(answer), json);
}

void write_answer(const PrefixAnswer& answer, TableWriter& writer) {
  writer.begin("Memorization by a prefix", {{"item"}, {"value", true}});
  writer.row({"verdict", std::string(verdict_name(answer))});
  writer.row({"why", answer.why});
  writer.row({"key cap K_0", exact_text(answer.caps.key)});
  writer.row({"value cap V_0", exact_text(answer.caps.value)});
  if (const auto& lengths = answer.lengths; lengths && lengths->set != PrefixLengths::Set::undecided) {
    if (lengths->set == PrefixLengths::Set::range) {
      writer.row({"least number of pairs of an exact fit", Quantity(lengths->least)});
      writer.row(
          {"largest number of pairs of an exact fit",
           lengths->most ? Cell(Quantity(*lengths->most)) : Cell(std::string("none: every longer one"))});
    } else {
      writer.row({"numbers of pairs of exact fits", std::string("none")});
    }
    writer.row({"the empty prefix fits", std::string(lengths->empty_fits ? "yes" : "no")});
  }
  writer.end();
  writer.paragraph("");
  write_proof(answer.proof.statuses(), "2.2p", writer);
}

}  // namespace

int memorize_prefix(const PrefixOptions& prefix, const CommonOptions& options, const std::string& model_file,
                    const std::string& data_file, const std::string& certificate_file) {
  const PrefixCaps caps{cap_of(prefix.key_cap, "--key-cap"), cap_of(prefix.value_cap, "--value-cap")};
  const Transformer<Rational> model = read_instance(model_file).model;
  const MemorizationData data =
      memorization_data_from(parse_json(read_text_file(data_file), data_file), model.width, data_file);
  std::optional<OutputFile> certificate;
  if (!certificate_file.empty()) certificate.emplace(certificate_file);
  OutputFile file(options.output);

  const PrefixAnswer answer = memorize_by_prefix(model, data, caps);
  if (certificate && !answer.certificate.empty()) {
    Json proof = parse_json(answer.certificate, certificate_file);
    name_inputs(proof, {{"model", model_file}, {"data", data_file}});
    certificate->write(proof.dump(1) + "\n");
  }
  if (options.format == Format::json) {
    file.write(document(prefix_json(answer)));
  } else {
    write_answer(answer, *make_table_writer(options.format, file, options.shown_digits()));
  }
  if (certificate && answer.certificate.empty()) {
    std::fprintf(stderr, "promptbound: no certificate is written: %s\n",
                 answer.verdict == Verdict::unknown ? "the verdict is unknown"
                                                    : "certificates hold the lengths for one shared query");
    certificate.reset();
  }
  if (certificate) certificate->commit();
  file.commit();
  return exit_code(answer.verdict);
}

}  // namespace promptbound
