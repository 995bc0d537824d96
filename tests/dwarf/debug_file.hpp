// The debug sections of an ELF file, for tests and measurements.
#pragma once

#include <fcntl.h>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "sonde/base/unique_fd.hpp"
#include "sonde/dwarf/sections.hpp"
#include "sonde/elf/image.hpp"

namespace sonde::test {

// The sections of `image`, which they keep. Those of split units where it has them.
inline dwarf::SharedSections debug_sections(const std::shared_ptr<const elf::Image>& image) {
  const std::string dwo = image->section(".debug_info.dwo") == nullptr ? "" : ".dwo";
  const auto section = [&](const std::string& name) { return image->contents(name).value_or(Bytes()); };
  dwarf::SharedSections found;
  found.owner = image;
  found.sections.info = section(".debug_info" + dwo);
  found.sections.abbrev = section(".debug_abbrev" + dwo);
  found.sections.line = section(".debug_line" + dwo);
  found.sections.str = section(".debug_str" + dwo);
  found.sections.line_str = section(".debug_line_str");
  found.sections.str_offsets = section(".debug_str_offsets" + dwo);
  found.sections.addr = section(".debug_addr");
  found.sections.ranges = section(".debug_ranges");
  found.sections.rnglists = section(".debug_rnglists" + dwo);
  found.sections.cu_index = section(".debug_cu_index");
  return found;
}

inline std::optional<dwarf::SharedSections> debug_sections(const std::string& path) {
  auto image = elf::Image::open(UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), path);
  if (!image) return std::nullopt;
  return debug_sections(*image);
}

}  // namespace sonde::test
