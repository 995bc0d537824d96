// Measures the reader of debug information on one file: opening it, its first address, distinct addresses
// that it has not seen before, and the same again. Prints seconds of processor time, as JSON.
// `bench/debug_lines_run` makes a large file and holds it against llvm-symbolizer.
//
// usage: bench_debug_lines FILE <ADDRESSES
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "sonde/dwarf/reader.hpp"
#include "tests/dwarf/debug_file.hpp"

namespace {

using namespace sonde;

double processor_seconds() {
  timespec now;
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// Looks all addresses up and returns how many frames they have.
std::size_t look_up(dwarf::Reader& reader, const std::vector<std::uint64_t>& addresses) {
  std::size_t frames = 0;
  for (const std::uint64_t address : addresses) frames += reader.lookup(address).size();
  return frames;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::vector<std::uint64_t> addresses;
  for (std::string line; std::getline(std::cin, line);)
    addresses.push_back(std::strtoull(line.c_str(), nullptr, 16));
  const double began = processor_seconds();
  const auto file = test::debug_sections(argv[1]);
  if (!file || addresses.empty()) return 1;
  dwarf::Input input;
  input.main = file->sections;
  auto reader = dwarf::Reader::open(std::move(input));
  if (!reader) return 1;
  const double opened = processor_seconds();
  reader->lookup(addresses.front());
  const double first = processor_seconds();
  const std::size_t frames = look_up(*reader, addresses);
  const double cold = processor_seconds();
  constexpr int rounds = 10;
  for (int i = 0; i < rounds; ++i) look_up(*reader, addresses);
  const double warm = (processor_seconds() - cold) / rounds;
  std::printf(
      "{\"open\": %.6f, \"first\": %.6f, \"cold\": %.6f, \"warm\": %.6f, \"addresses\": %zu, \"frames\": "
      "%zu, "
      "\"memory\": %zu}\n",
      opened - began, first - began, cold - opened, warm, addresses.size(), frames, reader->memory());
  return 0;
}
