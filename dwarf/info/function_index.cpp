#include "function_index.hpp"

#include <algorithm>

#include "ranges.hpp"
#include "sonde/base/limits.hpp"

namespace sonde::dwarf {

// Walks over a unit's entries in the order in which they are written: an entry's children follow it, and an
// entry with code 0 ends them.
class UnitWalk {
 public:
  UnitWalk(FunctionIndex& index, const File& file, std::uint32_t file_number, const Unit& unit,
           const Abbreviations& table, std::uint64_t& budget)
      : index_(index), file_(file), file_number_(file_number), unit_(unit), table_(table), budget_(budget) {}

  void run() {
    Cursor cursor(file_.sections.info, unit_.root, unit_.end);
    stack_.push_back({});
    while (!cursor.at_end()) {
      const std::uint64_t offset = cursor.position();
      const std::uint64_t code = cursor.uleb();
      if (code == 0) {
        if (!leave(cursor.position())) break;
        continue;
      }
      const Abbreviation* entry = table_.find(code);
      if (entry == nullptr || !visit(cursor, offset, *entry)) break;
    }
    while (!stack_.empty()) leave(unit_.end);
    index_.segments_ = Segments(std::move(ranges_));
  }

 private:
  // What the entries at one depth are in.
  struct Level {
    std::uint32_t function = no_index;
    std::uint32_t scope = no_index;
  };

  // Ends a level; false when it was the unit's.
  bool leave(std::uint64_t end) {
    const std::uint32_t scope = stack_.back().scope;
    stack_.pop_back();
    if (scope != no_index && (stack_.empty() || stack_.back().scope != scope))
      index_.scopes_[scope].end = end;
    return !stack_.empty();
  }

  // False where the walk cannot go on.
  bool visit(Cursor& cursor, std::uint64_t offset, const Abbreviation& entry) {
    Level inner = stack_.back();
    switch (entry.role) {
      case Role::other:
        table_.skip(cursor, entry);
        break;
      case Role::childless:
        if (!entry.has_children || !entry.has_sibling) {
          table_.skip(cursor, entry);
          break;
        }
        if (skip_to_sibling(cursor, entry)) return true;
        break;
      case Role::scope:
        table_.skip(cursor, entry);
        inner = {no_index, add_scope(offset)};
        break;
      case Role::function:
      case Role::inlined:
        if (budget_ <= entry.attribute_count) return false;
        budget_ -= entry.attribute_count;
        inner.function = add_function(cursor, offset, entry);
        if (entry.role == Role::function && entry.has_children) inner.scope = add_scope(offset);
        break;
    }
    if (entry.has_children) {
      if (stack_.size() >= limits::dwarf_nesting) return false;
      stack_.push_back(inner);
    }
    return cursor.ok();
  }

  // Moves behind the entry and its children; behind the entry alone, and false, where DW_AT_sibling leads
  // backward.
  bool skip_to_sibling(Cursor& cursor, const Abbreviation& entry) {
    std::uint64_t sibling = 0;
    read_attributes(cursor, table_, entry, [&](At name, Value value) {
      if (name != At::sibling) return;
      if (const auto to = reference_of(file_, unit_, file_number_, value)) sibling = to->offset;
    });
    if (sibling < cursor.position()) return false;
    cursor.advance_to(sibling);
    return true;
  }

  std::uint32_t add_scope(std::uint64_t offset) {
    if (index_.scopes_.size() >= limits::dwarf_unit_functions) return stack_.back().scope;
    index_.scopes_.push_back({offset, unit_.end, stack_.back().scope});
    return static_cast<std::uint32_t>(index_.scopes_.size() - 1);
  }

  std::uint32_t add_function(Cursor& cursor, std::uint64_t offset, const Abbreviation& entry) {
    Function function;
    function.entry = Reference{file_number_, offset}.key();
    function.inlined = entry.role == Role::inlined;
    if (function.inlined) function.caller = stack_.back().function;
    Value low_pc, high_pc, ranges;
    read_attributes(cursor, table_, entry, [&](At name, Value value) {
      switch (name) {
        case At::low_pc:
          low_pc = value;
          break;
        case At::high_pc:
          high_pc = value;
          break;
        case At::ranges:
          ranges = value;
          break;
        case At::call_file:
          function.call_file = small_constant(value);
          break;
        case At::call_line:
          function.call_line = small_constant(value);
          break;
        case At::call_column:
          function.call_column = small_constant(value);
          break;
        case At::abstract_origin:
          // Many calls share it, and a name is sought once for each entry.
          if (!function.inlined) break;
          if (const auto to = reference_of(file_, unit_, file_number_, value)) function.entry = to->key();
          break;
        default:
          break;
      }
    });
    if (index_.functions_.size() >= limits::dwarf_unit_functions) return no_index;
    const auto number = static_cast<std::uint32_t>(index_.functions_.size());
    index_.functions_.push_back(function);
    found_.clear();
    read_ranges(file_, unit_, low_pc, high_pc, ranges, budget_, found_);
    // Of two that hold an address the later holds: an inner call is written behind what it is in.
    for (const CodeRange& range : found_)
      if (ranges_.size() < limits::dwarf_ranges) ranges_.push_back({range.low, range.high, number, number});
    return number;
  }

  FunctionIndex& index_;
  const File& file_;
  const std::uint32_t file_number_;
  const Unit& unit_;
  const Abbreviations& table_;
  std::vector<Level> stack_;
  std::vector<Segments::Range> ranges_;
  std::vector<CodeRange> found_;
  std::uint64_t& budget_;
};

FunctionIndex::FunctionIndex(const File& file, std::uint32_t file_number, const Unit& unit,
                             const Abbreviations& abbreviations, std::uint64_t& budget) {
  UnitWalk(*this, file, file_number, unit, abbreviations, budget).run();
  functions_.shrink_to_fit();
  scopes_.shrink_to_fit();
}

std::uint32_t FunctionIndex::scope_around(std::uint64_t offset) const {
  const auto after = std::lower_bound(scopes_.begin(), scopes_.end(), offset,
                                      [](const Scope& scope, std::uint64_t at) { return scope.begin < at; });
  auto index =
      static_cast<std::uint32_t>(after - scopes_.begin()) - 1;  // no_index when there is none before it.
  while (index != no_index && scopes_[index].end <= offset) index = scopes_[index].outer;
  return index;
}

std::size_t FunctionIndex::memory() const {
  return sizeof(*this) + functions_.capacity() * sizeof(Function) + scopes_.capacity() * sizeof(Scope) +
         segments_.memory();
}

}  // namespace sonde::dwarf
