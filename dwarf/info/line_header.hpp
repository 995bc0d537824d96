// The header of a line table: directories, files, and how its program is encoded (DWARF 5 section 6.2.4,
// DWARF 4 section 6.2.4).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "unit.hpp"

namespace sonde::dwarf {

struct SourceFile {
  std::string_view name;
  std::uint32_t directory = 0;
};

struct LineHeader {
  Encoding encoding;
  std::uint8_t minimum_instruction_length = 1;
  std::uint8_t maximum_operations = 1;  // In an instruction; more than 1 on VLIW machines alone.
  std::int8_t line_base = 0;
  std::uint8_t line_range = 1;  // Not 0.
  std::uint8_t opcode_base = 1;
  std::array<std::uint8_t, 256> operand_counts{};  // Of the standard opcodes, by opcode.
  std::uint64_t program = 0;                       // Where it begins and ends in .debug_line.
  std::uint64_t end = 0;
  std::vector<std::string_view>
      directories;                // As they are numbered: in DWARF 2 to 4 the first is the unit's.
  std::vector<SourceFile> files;  // As they are numbered: in DWARF 2 to 4 the first is none.
};

// Reads the header of the unit's line table. Empty when there is none or it cannot be read.
std::optional<LineHeader> read_line_header(const File& file, const Unit& unit);

// One file of DW_LNE_define_file and the tables of DWARF 2 to 4: name, directory, time, length.
SourceFile read_source_file(Cursor& cursor);

// `file` behind its directory, and that behind the unit's where it is relative. Empty when there is no such
// file.
std::string source_path(const std::vector<std::string_view>& directories,
                        const std::vector<SourceFile>& files, std::string_view unit_directory,
                        std::uint32_t file);

}  // namespace sonde::dwarf
