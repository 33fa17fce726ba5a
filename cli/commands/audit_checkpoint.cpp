#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include <promptbound/cli/commands/audit_checkpoint.hpp>
#include <promptbound/cli/render/output_file.hpp>
#include <promptbound/models/text_file.hpp>
#include <promptbound/verify/audit/layer_norms_json.hpp>

namespace promptbound {

void use_audit_checkpoint(const std::string& path, bool quiet, AuditQuestion& question) {
  // What cannot be written is refused before the audit.
  (void)OutputFile(path, OverInput::accepted);
  const std::size_t layers = read_configuration(question.model, question.assumed_inert).layers;
  const Json model = audited_model(question.model, question.assumed_inert);
  if (std::filesystem::exists(path)) {
    question.known.norms = known_norms_from(parse_json(read_text_file(path), path), model, layers, path);
    question.known.source = path;
    question.known.of_source = question.known.norms.size();
    if (!quiet) {
      fmt::print(stderr, "promptbound: going on after {} of {} layers, whose norms {} says\n",
                 question.known.norms.size(), layers, path);
    }
  }
  const auto norms = std::make_shared<KnownNorms>(question.known.norms);
  question.on_layer = [path, model, norms](std::size_t layer, const LayerMatrixNorms& of_layer) {
    norms->emplace(layer, of_layer);
    OutputFile file(path, OverInput::accepted);
    file.write(audit_checkpoint_json(*norms, model).dump(1) + "\n");
    file.commit();
  };
}

}  // namespace promptbound
