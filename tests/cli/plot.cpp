// Figures: every format of every preset is drawn, and says what the record says.
#include <doctest/doctest.h>

#include <filesystem>

#include "run.hpp"

namespace {

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t place = text.find(part); place != std::string::npos; place = text.find(part, place + 1))
    ++count;
  return count;
}

bool is_installed(const char* program) {
  return std::system((std::string("command -v ") + program + " >/dev/null").c_str()) == 0;
}

}  // namespace

TEST_CASE("PGFPlots text holds the computed points") {
  const TemporaryFolder folder;
  const std::string file = folder.file("gap.tex");
  const Outcome outcome =
      run("plot entropy-bits.tokens,lookup-upper.tokens --d 2 --L 2 --alpha inf --eps 1/20,1/10 -o " + file);
  REQUIRE(outcome.exit_code == 0);
  const std::string text = read_file(file);
  CHECK(occurrences(text, "\\addplot") == 2);
  CHECK(text.find("xmode=log") != std::string::npos);
  // The least lengths at eps = 1/10 are 79 and 1296 (eval gives them exactly): log10 of both.
  CHECK(text.find("(0.1,1.89762") != std::string::npos);
  CHECK(text.find("(0.1,3.11260") != std::string::npos);
  CHECK(text.find("entropy-bits.tokens") != std::string::npos);
}

TEST_CASE("the capacity figure marks where the regimes of the record change") {
  const TemporaryFolder folder;
  const std::string file = folder.file("capacity.tex");
  REQUIRE(run("plot capacity -o " + file).exit_code == 0);
  const std::string text = read_file(file);
  CHECK(text.find("m = 2196774281858") != std::string::npos);
  CHECK(text.find("(1000,5169.925") != std::string::npos);
  CHECK(text.find("(1000,545.487") != std::string::npos);
  CHECK(text.find("(1000,4259.339") != std::string::npos);
}

TEST_CASE("every preset is drawn in every format" * doctest::skip(!is_installed("gnuplot"))) {
  const TemporaryFolder folder;
  for (const std::string preset : {"capacity", "bracket", "length", "polynomial-error", "polynomial-cost"}) {
    const std::string plot = "plot " + preset + " -o ";
    for (const auto& [ending, start] :
         {std::pair{".svg", "<?xml"}, std::pair{".pdf", "%PDF"}, std::pair{".png", "\x89PNG"}}) {
      const std::string file = folder.file(preset + ending);
      const Outcome outcome = run(plot + file);
      CHECK_MESSAGE(outcome.exit_code == 0, outcome.err);
      CHECK(outcome.err.empty());
      CHECK(read_file(file).starts_with(start));
    }
    const std::string svg = read_file(folder.file(preset + ".svg"));
    // A curve has at least one stroked path, and the title and axes are texts.
    CHECK(occurrences(svg, "<path") > 10);
    CHECK(svg.find("theory") != std::string::npos);
    CHECK(svg.find("<script") == std::string::npos);
  }
}

TEST_CASE("plots that cannot be made are refused and leave nothing") {
  const TemporaryFolder folder;
  check_one_line_refusal("plot capacity", "plot needs -o FILE");
  check_one_line_refusal("plot capacity -o " + folder.file("a.jpeg"), "ends in .svg, .pdf, .png or .tex");
  check_one_line_refusal("plot nothing --d 1:4 -o " + folder.file("a.svg"), "nothing");
  check_one_line_refusal("plot entropy-bits --d 2 --L 2 --eps 1/10 -o " + folder.file("a.svg"),
                         "one parameter with several values");
  check_one_line_refusal("plot entropy-bits --d 1:2 --L 1:2 --eps 1/10 -o " + folder.file("a.svg"), "2 have");
  check_one_line_refusal("plot entropy-bits.token --d 1:2 --L 2 --eps 1/10 -o " + folder.file("a.svg"),
                         "did you mean tokens?");
  CHECK(folder.is_empty());
}

TEST_CASE("paper writes tables - figures and a page per subcommand" *
          doctest::skip(!is_installed("gnuplot"))) {
  const TemporaryFolder folder;
  const std::string paper = folder.file("paper");
  const Outcome outcome = run("paper -o " + paper +
                              " --model " PROMPTBOUND_MODELS_DIR "/tiny-gpt2 --prompt " PROMPTBOUND_MODELS_DIR
                              "/tiny-gpt2-prompt");
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  for (const char* file : {"figures/bracket.pdf", "figures/length.tex", "tables/capacity.tex",
                           "tables/audit.csv", "tables/bounds-alpha-inf.md", "reference/audit.md",
                           "reference/paper.md", "reference/bounds/entropy-bits.md", "audit.html"}) {
    CHECK_MESSAGE(std::filesystem::file_size(paper + "/" + file) > 100, file);
  }
  CHECK(read_file(paper + "/reference/eval.md").find("--digits") != std::string::npos);
  CHECK(read_file(paper + "/tables/bounds-alpha-2.tex").find("14641") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(paper + ".part"));

  // A failure leaves the folder as it was.
  const std::string other = folder.file("other");
  CHECK(run("paper -o " + other + " --models /nonexistent").exit_code == 2);
  CHECK_FALSE(std::filesystem::exists(other));
  CHECK_FALSE(std::filesystem::exists(other + ".part"));
}

// The page as a browser sees it: nothing is fetched, every figure has an area, and the console stays empty.
TEST_CASE("the audit's page is drawn by a browser with an empty console" *
          doctest::skip(!is_installed("chromium") || !is_installed("gnuplot"))) {
  const TemporaryFolder folder;
  const std::string page = folder.file("audit.html");
  REQUIRE(run("audit --model " PROMPTBOUND_MODELS_DIR "/tiny-gpt2 --prompt " PROMPTBOUND_MODELS_DIR
              "/tiny-gpt2-prompt --format html -o " +
              page)
              .exit_code == 0);
  const std::string html = read_file(page);
  CHECK(html.starts_with("<!DOCTYPE html>"));
  CHECK(occurrences(html, "<svg") == 3);
  for (const char* loading : {"src=", "href=\"http", "url(http", "@import", "<script", "<iframe"}) {
    CHECK_MESSAGE(html.find(loading) == std::string::npos, loading);
  }

  // A probe, added to a copy, writes what the browser has laid out into the document that is dumped.
  const std::string probed = folder.file("probed.html");
  write_file(probed, html + R"(<p id="probe"></p><script>
    const seen = [...document.querySelectorAll('figure svg')].map((svg) => {
      const box = svg.getBoundingClientRect();
      const marks = svg.querySelectorAll('path, use').length, texts = svg.querySelectorAll('text').length;
      return (box.width > 300 && box.height > 200 && marks > 20 && texts > 8) ? 'drawn' : 'empty';
    });
    const loaded = performance.getEntriesByType('resource').filter((entry) => !entry.name.startsWith('data:')).length;
    document.getElementById('probe').textContent =
      'probe: ' + seen.join(' ') + '; loaded ' + loaded + '; tables ' + document.querySelectorAll('table').length;
  </script>)");
  const auto browse = [&](const std::string& file, const std::string& log) {
    return run(
        "list > /dev/null; timeout 100 chromium --headless --no-sandbox --disable-gpu --disable-quic "
        "--no-first-run "
        "--disable-background-networking --disable-component-update --disable-sync --enable-logging=stderr "
        "--user-data-dir=" +
        folder.file("profile-" + log) + " --dump-dom 'file://" + file + "' 2> " + folder.file(log));
  };
  const Outcome drawn = browse(probed, "log-probed");
  CHECK(drawn.exit_code == 0);
  CHECK(drawn.out.find("probe: drawn drawn drawn; loaded 0; tables 7") != std::string::npos);
  // The browser logs what a page puts on its console as lines with CONSOLE.
  const Outcome plain = browse(page, "log");
  CHECK(plain.exit_code == 0);
  CHECK(read_file(folder.file("log")).find("CONSOLE") == std::string::npos);
  // That is how a message on the console would look.
  const std::string noisy = folder.file("noisy.html");
  write_file(noisy, html + "<script>console.error('heard')</script>");
  browse(noisy, "log-noisy");
  CHECK(read_file(folder.file("log-noisy")).find("CONSOLE") != std::string::npos);
}
