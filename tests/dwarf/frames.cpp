// Prints the frames at each address of a file: what the tests hold against other readers.
//
// usage: frames FILE [--alternate FILE] [--package FILE] <ADDRESSES
//
// For each address, in hexadecimal, a line of the address, then a line "function<TAB>file:line:column" for
// each frame, innermost first, then an empty line.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "sonde/dwarf/reader.hpp"
#include "tests/dwarf/debug_file.hpp"

namespace {

using namespace sonde;

void print(std::uint64_t address, dwarf::Frames frames) {
  std::printf("0x%llx\n", static_cast<unsigned long long>(address));
  for (const dwarf::Frame& frame : frames)
    std::printf("%.*s\t%.*s:%u:%u\n", static_cast<int>(frame.function.size()), frame.function.data(),
                static_cast<int>(frame.file.size()), frame.file.data(), frame.line, frame.column);
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
  std::string alternate;
  std::string package;
  for (int i = 2; i + 1 < argc; i += 2)
    (std::strcmp(argv[i], "--alternate") == 0 ? alternate : package) = argv[i + 1];
  const auto file = argc > 1 ? test::debug_sections(argv[1]) : std::nullopt;
  if (!file) return 2;
  dwarf::Input input;
  input.main = file->sections;
  const auto alternate_file = alternate.empty() ? std::nullopt : test::debug_sections(alternate);
  if (alternate_file) input.alternate = alternate_file->sections;
  input.open_split = [&](std::string_view name, std::string_view directory,
                         std::uint64_t) -> std::optional<dwarf::SharedSections> {
    if (!package.empty()) return test::debug_sections(package);
    const std::string relative(name);
    return test::debug_sections(name.starts_with('/') ? relative : std::string(directory) + "/" + relative);
  };
  auto reader = dwarf::Reader::open(std::move(input));
  if (!reader) {
    std::fprintf(stderr, "frames: %s\n", reader.error().message().c_str());
    return 1;
  }
  char line[64];
  while (std::fgets(line, sizeof line, stdin) != nullptr) {
    const std::uint64_t address = std::strtoull(line, nullptr, 16);
    print(address, reader->lookup(address));
  }
  return 0;
}
