// Debug information: functions, inlined calls and lines at the addresses of the input, in hostile sections.
//
// The input is a sequence of parts: a byte that tells which (see `section_of`), 2 bytes of length, the
// section's bytes. The part 0 is a list of addresses, 8 bytes each.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <vector>

#include "sonde/base/limits.hpp"
#include "sonde/dwarf/reader.hpp"

namespace {

using sonde::Bytes;
using sonde::dwarf::Sections;

struct Parts {
  Sections main;
  Sections alternate;
  Sections split;
  Bytes addresses;
};

// Parts 1 to 10 are of the main file, 11 to 20 of the alternate file, 21 to 30 of a split unit's.
Bytes* section_of(Parts& parts, unsigned part) {
  if (part == 0) return &parts.addresses;
  if (part > 30) return nullptr;
  Sections& file = part <= 10 ? parts.main : part <= 20 ? parts.alternate : parts.split;
  Bytes* const sections[] = {&file.info,        &file.abbrev, &file.line,   &file.str,      &file.line_str,
                             &file.str_offsets, &file.addr,   &file.ranges, &file.rnglists, &file.cu_index};
  return sections[(part - 1) % 10];
}

Parts parse(Bytes input) {
  Parts parts;
  while (input.size() >= 3) {
    const auto part = static_cast<unsigned>(input[0]);
    const std::size_t length = static_cast<std::size_t>(input[1]) | static_cast<std::size_t>(input[2]) << 8;
    input = input.subspan(3);
    const Bytes contents = input.first(std::min(length, input.size()));
    if (Bytes* const section = section_of(parts, part)) *section = contents;
    input = input.subspan(contents.size());
  }
  return parts;
}

// Reads every byte of a frame: a text that lies outside the sections is then seen.
std::size_t touch(const sonde::dwarf::Frame& frame) {
  std::size_t sum = frame.line + frame.column;
  for (const char c : frame.function) sum += static_cast<unsigned char>(c);
  for (const char c : frame.file) sum += static_cast<unsigned char>(c);
  return sum;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sonde;
  const Parts parts = parse({reinterpret_cast<const std::byte*>(data), size});
  dwarf::Input input;
  input.main = parts.main;
  input.alternate = parts.alternate;
  input.open_split = [&](std::string_view, std::string_view, std::uint64_t) {
    return std::optional(dwarf::SharedSections{parts.split, nullptr});
  };
  auto reader = dwarf::Reader::open(std::move(input));
  if (!reader) return 0;
  std::size_t sum = 0;
  for (std::size_t at = 0; at + 8 <= parts.addresses.size() && at < 64 * 8; at += 8) {
    std::uint64_t address;
    std::memcpy(&address, parts.addresses.data() + at, sizeof address);
    const dwarf::Frames frames = reader->lookup(address);
    if (frames.size() > limits::dwarf_inline_frames) std::abort();
    for (const dwarf::Frame& frame : frames) sum += touch(frame);
    if (!frames.empty() && frames.back().inlined) std::abort();
  }
  volatile std::size_t keep = sum;
  (void)keep;
  return 0;
}
