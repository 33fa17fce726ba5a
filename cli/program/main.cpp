#include <promptbound/cli/command.hpp>

int main(int argc, char** argv) { return promptbound::run_command(argc, argv); }
