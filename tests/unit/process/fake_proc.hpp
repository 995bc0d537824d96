// A made-up /proc in a temporary folder.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "sonde/process/proc_fs.hpp"

class FakeProc {
 public:
  FakeProc() {
    std::string pattern = std::filesystem::temp_directory_path() / "sonde-proc-XXXXXX";
    root_ = ::mkdtemp(pattern.data());
    ::chmod(root_.c_str(), 0755);  // Other users look into it as well.
  }
  FakeProc(const FakeProc&) = delete;
  FakeProc& operator=(const FakeProc&) = delete;
  ~FakeProc() { std::filesystem::remove_all(root_); }

  void write(std::string_view path, std::string_view text) const {
    const std::filesystem::path file = std::filesystem::path(root_) / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  void folder(std::string_view path) const { std::filesystem::create_directories(std::filesystem::path(root_) / path); }

  const std::string& root() const { return root_; }
  sonde::process::ProcFs fs() const { return sonde::process::ProcFs(root_); }

 private:
  std::string root_;
};
