// promptbound-check FILE: the independent checker alone, without the producers of certificates.
#include <cstdio>
#include <exception>

#include <promptbound/models/text_file.hpp>
#include <promptbound/verify/check/check.hpp>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("promptbound-check: one certificate file is needed\n", stderr);
    return 2;
  }
  try {
    const auto report = promptbound::check_certificate(promptbound::read_text_file(argv[1]), argv[1]);
    std::fputs(promptbound::report_text(report).c_str(), stdout);
    return report.accepted ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "promptbound-check: %s\n", error.what());
    return 2;
  }
}
