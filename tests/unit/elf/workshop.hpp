// Makes ELF files for tests, with the compiler and binutils, in a folder that goes away.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "sonde/elf/image.hpp"

namespace sonde::test {

class Workshop {
 public:
  Workshop() {
    std::string pattern = std::filesystem::temp_directory_path() / "sonde-elf-XXXXXX";
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
  }
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;
  ~Workshop() { std::filesystem::remove_all(folder_); }

  std::string path(std::string_view name) const { return folder_ / name; }
  void write(std::string_view name, std::string_view text) const {
    std::ofstream(path(name), std::ios::binary) << text;
  }
  // Runs a shell command in the folder, and gives what it writes.
  std::string run(const std::string& command) const {
    const std::string line = "cd '" + folder_.string() + "' && " + command;
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(::popen(line.c_str(), "re"), ::pclose);
    REQUIRE(pipe != nullptr);
    std::string output;
    char buffer[4096];
    while (const std::size_t size = std::fread(buffer, 1, sizeof buffer, pipe.get()))
      output.append(buffer, size);
    return output;
  }
  // Runs a command that must succeed.
  void make(const std::string& command) const {
    INFO(command);
    REQUIRE(run(command + " 2>&1 && printf made").ends_with("made"));
  }

 private:
  std::filesystem::path folder_;
};

inline std::vector<std::byte> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> text{std::istreambuf_iterator<char>(file), {}};
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

inline Result<std::shared_ptr<const elf::Image>> try_open(const std::string& path) {
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(file);
  return elf::Image::open(std::move(file), path);
}

inline std::shared_ptr<const elf::Image> open_image(const std::string& path) {
  auto image = try_open(path);
  if (!image) FAIL(image.error().message());
  return *image;
}

inline std::string hex(Bytes bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", std::to_integer<unsigned>(byte));
    text += digits;
  }
  return text;
}

}  // namespace sonde::test
