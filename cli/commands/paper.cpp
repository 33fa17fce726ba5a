// One subcommand of cli/command.hpp.
#include <fmt/format.h>
#include <filesystem>
#include <memory>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/cli/command.hpp>
#include <promptbound/cli/command_line.hpp>
#include <promptbound/cli/render/figure_presets.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

namespace fs = std::filesystem;

struct PaperOptions {
  std::string folder, models, model, prompt;
};

/// Everything is made beside the folder and moved into it at the end, so that a failure leaves it as it was.
class Staging {
 public:
  explicit Staging(std::string folder) : folder_(std::move(folder)), staging_(folder_ + ".part") {
    fs::remove_all(staging_);
    std::error_code error;
    fs::create_directories(staging_, error);
    if (error) throw InputError(fmt::format("cannot write '{}': {}", folder_, error.message()));
  }
  ~Staging() {
    std::error_code ignored;
    fs::remove_all(staging_, ignored);
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  /// The path to write a file at; its folder exists.
  [[nodiscard]] std::string file(const std::string& name) const {
    const fs::path path = fs::path(staging_) / name;
    fs::create_directories(path.parent_path());
    return path.string();
  }
  void write(const std::string& name, const std::string& content) const {
    OutputFile output(file(name));
    output.write(content);
    output.commit();
  }
  void commit() const {
    std::vector<std::pair<fs::path, fs::path>> moves;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(staging_)) {
      if (!entry.is_regular_file()) continue;
      const fs::path name = fs::path(folder_) / fs::relative(entry.path(), staging_);
      moves.emplace_back(entry.path(), file_to_replace(name.string()));
    }
    for (const auto& [from, to] : moves) {
      fs::create_directories(to.parent_path());
      fs::rename(from, to);
    }
  }

 private:
  std::string folder_, staging_;
};

/// A table: a command line, and the name of its files.
struct TableRecipe {
  std::string name;
  std::vector<std::string> command;
};

std::vector<TableRecipe> table_recipes(const PaperOptions& options) {
  std::vector<TableRecipe> recipes = {
      {"bounds-alpha-2", {"bounds", "--d", "2", "--L", "2", "--eps", "1/10", "--C", "1", "--alpha", "2"}},
      {"bounds-alpha-inf", {"bounds", "--d", "2", "--L", "2", "--eps", "1/10", "--C", "1", "--alpha", "inf"}},
      {"bracket",
       {"table", "--of", "entropy-bits.tokens,lookup-upper.tokens,quantized-capacity.tokens", "--d", "1:4",
        "--L", "2", "--eps", "1/4,1/10,1/20", "--alpha", "inf"}},
      {"saturation",
       {"table", "--of", "memory-saturation.capacity_bits,memory-saturation.bits_per_token", "--m",
        "1:65536:x4", "--w", "2", "--R", "1", "--Lambda", "2", "--Lambda-W", "3", "--Delta", "1", "--eps",
        "1/10"}},
      {"catalogue", {"list"}}};
  recipes.push_back({"capacity", {"table", "--preset", "capacity"}});
  if (!options.models.empty()) {
    recipes.back().command.insert(recipes.back().command.end(), {"--models", options.models});
  }
  if (!options.model.empty()) {
    recipes.push_back({"audit", {"audit", "--model", options.model}});
    if (!options.prompt.empty()) {
      recipes.back().command.insert(recipes.back().command.end(), {"--prompt", options.prompt});
    }
  }
  return recipes;
}

int run_recipe(const TableRecipe& recipe, const char* format, const std::string& path) {
  std::vector<const char*> arguments = {"promptbound"};
  for (const std::string& word : recipe.command) arguments.push_back(word.c_str());
  for (const char* word : {"--format", format, "-o", path.c_str()}) arguments.push_back(word);
  return run_command(static_cast<int>(arguments.size()), arguments.data());
}

std::string reference_page(Subcommand& subcommand) {
  return fmt::format("# promptbound {}\n\n{}.\n\n```\n{}```\n", subcommand.name(), subcommand.description(),
                     subcommand.help());
}

int paper(CommandLine& line, const PaperOptions& options) {
  const Staging staging(options.folder);
  for (const FigurePreset& preset : figure_presets()) {
    const Figure figure = preset.make();
    for (const char* ending : {".svg", ".pdf", ".png", ".tex"}) {
      const std::string name = "figures/" + figure.id + ending;
      staging.write(name, render(figure, figure_format(name)));
    }
  }
  struct Ending {
    const char *format, *ending;
  };
  for (const TableRecipe& recipe : table_recipes(options)) {
    for (const auto& [format, ending] :
         {Ending{"latex", ".tex"}, Ending{"markdown", ".md"}, Ending{"csv", ".csv"}}) {
      const int code = run_recipe(recipe, format, staging.file("tables/" + recipe.name + ending));
      if (code != exit_done) return code;
    }
  }
  if (!options.model.empty()) {
    const int code = run_recipe(table_recipes(options).back(), "html", staging.file("audit.html"));
    if (code != exit_done) return code;
  }
  for (const Bound& bound : catalogue()) {
    const std::string id(bound.id);
    const int code =
        run_recipe({id, {"list", id}}, "markdown", staging.file("reference/bounds/" + id + ".md"));
    if (code != exit_done) return code;
  }
  for (Subcommand& subcommand : line.subcommands()) {
    staging.write("reference/" + subcommand.name() + ".md", reference_page(subcommand));
  }
  staging.commit();
  return exit_done;
}

}  // namespace

void add_paper(CommandLine& line, Action& action) {
  auto options = std::make_shared<PaperOptions>();
  Subcommand* subcommand =
      line.add_subcommand("paper", "every table, figure and reference page of the documentation, in one go");
  subcommand->footer(
      "Writes figures/ (SVG, PDF, PNG, PGFPlots), tables/ (LaTeX, Markdown, CSV) and reference/ (a page per\n"
      "subcommand and per bound); with --model also audit.html.\n"
      "Example:\n"
      "  promptbound paper -o paper --model tests/models/data/tiny-gpt2 "
      "\\\n"
      "    --prompt tests/models/data/tiny-gpt2-prompt");
  subcommand->add_option("-o,--output", options->folder, "folder to write into")
      ->required()
      ->type_name("DIR");
  subcommand
      ->add_option("--models", options->models,
                   "CSV file of models for the table of capacities (default: as for table)")
      ->type_name("FILE");
  subcommand->add_option("--model", options->model, "model to audit")->type_name("DIR");
  subcommand->add_option("--prompt", options->prompt, "its soft prompt")->type_name("DIR")->needs("--model");
  subcommand->callback(
      [options, &line, &action] { action = [options, &line] { return paper(line, *options); }; });
}

}  // namespace promptbound
