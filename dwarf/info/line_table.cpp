#include "line_table.hpp"

#include <algorithm>
#include <limits>

#include "sonde/base/limits.hpp"

namespace sonde::dwarf {

// The state machine of DWARF 5 section 6.2.2, without the registers that a look-up does not ask for.
class LineProgram {
 public:
  LineProgram(LineTable& table, const LineHeader& header, Bytes section)
      : table_(table), header_(header), cursor_(section, header.program, header.end) {}

  void run() {
    while (!cursor_.at_end()) {
      const std::uint8_t opcode = cursor_.u8();
      if (opcode >= header_.opcode_base) {
        special(static_cast<std::uint8_t>(opcode - header_.opcode_base));
        add_row();
      } else if (LineOpcode(opcode) == LineOpcode::extended) {
        extended();
      } else {
        standard(opcode);
      }
    }
    drop_sequence();
  }

 private:
  void advance(std::uint64_t operations) {
    if (header_.maximum_operations == 1) {
      address_ += operations * header_.minimum_instruction_length;
      return;
    }
    const std::uint64_t total = operation_ + operations;
    address_ += total / header_.maximum_operations * header_.minimum_instruction_length;
    operation_ = total % header_.maximum_operations;
  }

  void special(std::uint8_t adjusted) {
    advance(adjusted / header_.line_range);
    line_ += static_cast<std::uint32_t>(header_.line_base + adjusted % header_.line_range);
  }

  void standard(std::uint8_t opcode) {
    switch (LineOpcode(opcode)) {
      case LineOpcode::copy:
        add_row();
        break;
      case LineOpcode::advance_pc:
        advance(cursor_.uleb());
        break;
      case LineOpcode::advance_line:
        line_ += static_cast<std::uint32_t>(cursor_.sleb());
        break;
      case LineOpcode::set_file:
        file_ = static_cast<std::uint32_t>(cursor_.uleb());
        break;
      case LineOpcode::set_column:
        column_ = static_cast<std::uint32_t>(cursor_.uleb());
        break;
      case LineOpcode::const_add_pc:
        advance(static_cast<std::uint8_t>(255 - header_.opcode_base) / header_.line_range);
        break;
      case LineOpcode::fixed_advance_pc:
        address_ += cursor_.u16();
        operation_ = 0;
        break;
      case LineOpcode::negate_stmt:
      case LineOpcode::set_basic_block:
      case LineOpcode::set_prologue_end:
      case LineOpcode::set_epilogue_begin:
        break;
      default:  // set_isa, and what a newer version may bring.
        for (unsigned count = header_.operand_counts[opcode]; count > 0; --count) cursor_.uleb();
    }
  }

  void extended() {
    const std::uint64_t length = cursor_.uleb();
    if (length == 0) return;
    if (length > cursor_.remaining()) return cursor_.fail();
    const std::uint64_t end = cursor_.position() + length;
    switch (ExtendedLineOpcode(cursor_.u8())) {
      case ExtendedLineOpcode::end_sequence:
        end_sequence();
        break;
      case ExtendedLineOpcode::set_address:
        if (length > 1 && length <= 9) address_ = cursor_.sized(static_cast<unsigned>(length - 1));
        operation_ = 0;
        break;
      case ExtendedLineOpcode::define_file:
        if (table_.files_.size() < limits::dwarf_line_files)
          table_.files_.push_back(read_source_file(cursor_));
        break;
      default:
        break;
    }
    // A file's name that does not end within the opcode has moved the cursor beyond it.
    if (cursor_.ok() && cursor_.position() <= end) cursor_.advance_to(end);
  }

  bool in_sequence() const { return table_.rows_.size() > first_row_; }

  void add_row() {
    auto& rows = table_.rows_;
    if (!in_sequence()) {
      low_ = address_;
    } else if (address_ - low_ < rows.back().offset || address_ < low_) {
      return;  // Addresses of a sequence ascend.
    }
    const std::uint64_t offset = address_ - low_;
    if (offset > std::numeric_limits<std::uint32_t>::max() || rows.size() >= limits::dwarf_line_rows) return;
    const LineRow row{static_cast<std::uint32_t>(offset), line_, file_, column_};
    if (in_sequence() && rows.back().offset == row.offset) {
      rows.back() = row;
    } else if (!in_sequence() || rows.back().line != line_ || rows.back().file != file_ ||
               rows.back().column != column_) {
      rows.push_back(row);
    }
  }

  void end_sequence() {
    if (in_sequence() && address_ > low_ && !is_dead(low_, header_.encoding.address_size)) {
      table_.sequences_.push_back({low_, address_, 0, first_row_, table_.rows_.size() - first_row_});
      first_row_ = table_.rows_.size();
    } else {
      drop_sequence();
    }
    address_ = operation_ = 0;
    file_ = line_ = 1;
    column_ = 0;
  }

  void drop_sequence() { table_.rows_.resize(first_row_); }

  LineTable& table_;
  const LineHeader& header_;
  Cursor cursor_;
  std::size_t first_row_ = 0;  // Of the present sequence,
  std::uint64_t low_ = 0;      // and its first address.
  std::uint64_t address_ = 0;
  std::uint64_t operation_ = 0;
  std::uint32_t file_ = 1;
  std::uint32_t line_ = 1;
  std::uint32_t column_ = 0;
};

LineTable::LineTable(const File& file, const Unit& unit, std::string_view unit_directory)
    : unit_directory_(unit_directory) {
  auto header = read_line_header(file, unit);
  if (!header) return;
  directories_ = std::move(header->directories);
  files_ = std::move(header->files);
  // A row for every two or three bytes of a program is common.
  rows_.reserve(std::min<std::uint64_t>(limits::dwarf_line_rows, (header->end - header->program) / 4));
  LineProgram(*this, *header, file.sections.line).run();
  rows_.shrink_to_fit();
  std::sort(sequences_.begin(), sequences_.end(),
            [](const Sequence& a, const Sequence& b) { return a.low < b.low; });
  std::uint64_t reach = 0;
  for (Sequence& sequence : sequences_) sequence.reach = reach = std::max(reach, sequence.high);
}

const LineRow* LineTable::find(std::uint64_t address) const {
  auto at = std::upper_bound(sequences_.begin(), sequences_.end(), address,
                             [](std::uint64_t a, const Sequence& sequence) { return a < sequence.low; });
  // Sequences overlap in broken files alone: a few steps back do, and more could be made to take long.
  for (unsigned steps = 16; steps > 0 && at != sequences_.begin(); --steps) {
    --at;
    if (address < at->high) return find_in(*at, address);
    if (address >= at->reach) break;
  }
  return nullptr;
}

const LineRow* LineTable::find_in(const Sequence& sequence, std::uint64_t address) const {
  const std::uint64_t offset = address - sequence.low;
  const LineRow* const first = rows_.data() + sequence.first_row;
  const LineRow* const after =
      std::upper_bound(first, first + sequence.row_count, offset,
                       [](std::uint64_t value, const LineRow& row) { return value < row.offset; });
  return after == first ? nullptr : after - 1;
}

std::size_t LineTable::memory() const {
  return sizeof(*this) + directories_.capacity() * sizeof(std::string_view) +
         files_.capacity() * sizeof(SourceFile) + sequences_.capacity() * sizeof(Sequence) +
         rows_.capacity() * sizeof(LineRow);
}

}  // namespace sonde::dwarf
