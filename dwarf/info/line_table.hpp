// Which line an address belongs to: the program of a line table (DWARF 5 section 6.2), run once and kept
// compactly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "line_header.hpp"
#include "unit.hpp"

namespace sonde::dwarf {

// From its address up to the next row's, code is of this line. Line 0 is code of no line.
struct LineRow {
  std::uint32_t offset = 0;  // From the beginning of its sequence.
  std::uint32_t line = 0;
  std::uint32_t file = 0;
  std::uint32_t column = 0;
};

class LineTable {
 public:
  // Without rows where the unit has no line table that can be read. At most limits::dwarf_line_rows rows.
  LineTable(const File& file, const Unit& unit, std::string_view unit_directory);

  // Null when no sequence holds the address. Of several rows at one address the last holds.
  const LineRow* find(std::uint64_t address) const;

  // The path of a source file by its number in this table, as rows and DW_AT_call_file have it; empty for no
  // such file.
  std::string path(std::uint32_t file) const {
    return source_path(directories_, files_, unit_directory_, file);
  }

  std::size_t memory() const;

 private:
  friend class LineProgram;

  // Code that is contiguous, in ascending rows.
  struct Sequence {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    std::uint64_t reach = 0;  // The highest `high` of this and the sequences before it.
    std::size_t first_row = 0;
    std::size_t row_count = 0;
  };

  const LineRow* find_in(const Sequence& sequence, std::uint64_t address) const;

  std::string_view unit_directory_;
  std::vector<std::string_view> directories_;
  std::vector<SourceFile> files_;
  std::vector<Sequence> sequences_;
  std::vector<LineRow> rows_;
};

}  // namespace sonde::dwarf
