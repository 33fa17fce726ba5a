/// Runs the promptbound program as a user would.
#pragma once

#include <string>

struct Outcome {
  int exit_code;
  std::string out;
  std::string err;
};

/// `arguments` as a shell reads them; standard output and standard error are caught apart.
Outcome run(const std::string& arguments);

/// A fresh folder that is removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] bool is_empty() const;

 private:
  std::string path_;
};

std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& text);
