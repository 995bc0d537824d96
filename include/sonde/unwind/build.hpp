// From a module's call frame information to its unwind table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "sonde/base/result.hpp"
#include "sonde/base/types.hpp"
#include "sonde/unwind/table.hpp"

namespace sonde::unwind {

// A section with call frame information. Its bytes are not trusted.
struct CfiSection {
  enum class Format : std::uint8_t {
    eh_frame,     // Linux Standard Base, "Exception Frames".
    debug_frame,  // DWARF 5, section 6.4.1.
  };

  Format format = Format::eh_frame;
  Bytes bytes;  // In a file of 64-bit little-endian x86 code, relocated or position-independent.
  std::uint64_t address = 0;  // Where the section is loaded, as the file has it. 0 for .debug_frame.
  // What DW_EH_PE_textrel and DW_EH_PE_datarel count from. Entries that need one that is missing are left
  // out.
  std::optional<std::uint64_t> text_base;
  std::optional<std::uint64_t> data_base;
};

// What could not be used; all else can.
struct CfiLosses {
  std::size_t entries = 0;  // Malformed entries, or such that describe no code of this module.
  std::size_t programs =
      0;  // Entries whose instructions are wrong from some address on: nothing is known from there.
  std::size_t rules = 0;  // Rows whose rule would be one more than limits::cfi_rules.
};

struct CfiTable {
  Table table;
  CfiLosses losses;
};

// Addresses as the module's file has them; `end` is exclusive.
struct CodeRange {
  std::uint64_t begin = 0;
  std::uint64_t end = ~std::uint64_t{0};
};

// Builds the table of one module: its code (what its executable segments span) and its sections, the better
// first: where an entry of an earlier section is about an address, a later section's is not asked. Entries
// outside of `code` or beyond 4 GiB of its begin are left out. Time and memory are linear in the sections,
// but for one sort of their entries. Fails with `limit` beyond limits::cfi_section_bytes or limits::cfi_rows;
// sections without one usable entry give an empty table.
Result<CfiTable> build(std::span<const CfiSection> sections, CodeRange code = {});

}  // namespace sonde::unwind
