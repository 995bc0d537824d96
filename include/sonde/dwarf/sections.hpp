// What the reader of debug information is given: bytes of sections, and a way to more files.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "sonde/base/types.hpp"

namespace sonde::dwarf {

// The debug sections of one file, uncompressed, each empty where the file has none (DWARF 5 section 7.3.2,
// and the GNU extensions to DWARF 4). For a .dwo or .dwp file these are the sections named .debug_*.dwo;
// `addr` is then not used. `cu_index` is .debug_cu_index of a .dwp file alone.
struct Sections {
  Bytes info;         // .debug_info
  Bytes abbrev;       // .debug_abbrev
  Bytes line;         // .debug_line
  Bytes str;          // .debug_str
  Bytes line_str;     // .debug_line_str
  Bytes str_offsets;  // .debug_str_offsets
  Bytes addr;         // .debug_addr
  Bytes ranges;       // .debug_ranges (DWARF 2 to 4)
  Bytes rnglists;     // .debug_rnglists (DWARF 5)
  Bytes cu_index;     // .debug_cu_index
};

// A file's sections and whatever keeps their bytes alive.
struct SharedSections {
  Sections sections;
  std::shared_ptr<const void> owner;
};

// Finds the file with the split unit that a skeleton unit names: DW_AT_dwo_name, which may be relative to
// `directory` (DW_AT_comp_dir), and the unit's identity. It may give a .dwo file, or the .dwp package that
// holds the unit; empty when there is neither. Called at most once for each skeleton unit, unless the reader
// has dropped what it knew.
using OpenSplit = std::function<std::optional<SharedSections>(
    std::string_view name, std::string_view directory, std::uint64_t identity)>;

// All that one reader reads.
struct Input {
  Sections main;
  Sections alternate;    // The file that .gnu_debugaltlink names, which dwz made; empty where there is none.
  OpenSplit open_split;  // May be empty: then the functions of split units are not known.
};

}  // namespace sonde::dwarf
