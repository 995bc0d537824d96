// Debug information on its way to libdwarf++: what is translated keeps its size. The input is that of the
// target dwarf; of its parts .debug_info and .debug_abbrev count.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "dwarf/verify/translate.hpp"

namespace {

using sonde::Bytes;

sonde::dwarf::Sections parse(Bytes input) {
  sonde::dwarf::Sections sections;
  while (input.size() >= 3) {
    const auto part = static_cast<unsigned>(input[0]);
    const std::size_t length = static_cast<std::size_t>(input[1]) | static_cast<std::size_t>(input[2]) << 8;
    input = input.subspan(3);
    const Bytes contents = input.first(length < input.size() ? length : input.size());
    if (part == 1) sections.info = contents;
    if (part == 2) sections.abbrev = contents;
    input = input.subspan(contents.size());
  }
  return sections;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const sonde::dwarf::Sections sections = parse({reinterpret_cast<const std::byte*>(data), size});
  const auto translated = sonde::verify::translate_abbreviations(sections);
  if (translated && translated->size() != sections.abbrev.size()) std::abort();
  return 0;
}
