// The headers of an ELF file, by libelf++.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "file_mapping.hpp"
#include "sonde/elf/image.hpp"

namespace sonde::elf {

struct Headers {
  FileClass file_class;
  FileType type;
  std::uint64_t entry;
  std::vector<Segment> segments;
  std::vector<Section> sections;
  std::deque<std::string> renamed;  // What .zdebug_ sections are called here.
};

// Fails as Image::open says. Section names are views of the mapping, or of `renamed`.
Result<std::unique_ptr<Headers>> read_headers(const FileMapping& file, std::string_view name);

}  // namespace sonde::elf
