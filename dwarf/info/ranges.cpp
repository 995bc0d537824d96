#include "ranges.hpp"

#include "sonde/base/limits.hpp"

namespace sonde::dwarf {

namespace {

class Collector {
 public:
  Collector(const File& file, const Unit& unit, std::uint64_t& budget, std::vector<CodeRange>& into)
      : file_(file), unit_(unit), budget_(budget), into_(into), base_(unit.low_pc) {}

  void add(std::uint64_t low, std::uint64_t high) {
    if (low < high && !is_dead(low, unit_.encoding.address_size) && into_.size() < limits::dwarf_ranges)
      into_.push_back({low, high});
  }

  // .debug_ranges: pairs of addresses, relative to a base that a pair whose first is the highest address
  // sets.
  void read_pairs(std::uint64_t offset) {
    Cursor cursor(file_.sections.ranges, offset);
    const unsigned size = unit_.encoding.address_size;
    const std::uint64_t highest = size == 8 ? ~std::uint64_t{0} : 0xffffffff;
    while (step()) {
      const std::uint64_t low = cursor.sized(size);
      const std::uint64_t high = cursor.sized(size);
      if (!cursor.ok() || (low == 0 && high == 0)) return;
      if (low == highest) {
        base_ = high;
      } else if (low != high) {
        add_offsets(low, high);
      }
    }
  }

  void read_list(std::uint64_t offset) {
    Cursor cursor(file_.sections.rnglists, offset);
    while (step() && read_entry(cursor)) {
    }
  }

 private:
  bool step() {
    if (budget_ == 0) return false;
    --budget_;
    return true;
  }

  void add_offsets(std::uint64_t low, std::uint64_t high) {
    if (base_is_dead_) return;
    const std::uint64_t mask = unit_.encoding.address_size == 8 ? ~std::uint64_t{0} : 0xffffffff;
    add((base_ + low) & mask, (base_ + high) & mask);
  }

  // The base of code that was left out must not make ranges of small addresses.
  void set_base(std::uint64_t base) {
    base_ = base;
    base_is_dead_ = is_dead(base, unit_.encoding.address_size);
  }

  std::uint64_t indexed(Cursor& cursor) { return address_at(file_, unit_, cursor.uleb()).value_or(0); }
  std::uint64_t address(Cursor& cursor) { return cursor.sized(unit_.encoding.address_size); }

  // False at the end of the list.
  bool read_entry(Cursor& cursor) {
    std::uint64_t low = 0;
    switch (RangeEntry(cursor.u8())) {
      case RangeEntry::base_addressx:
        set_base(indexed(cursor));
        break;
      case RangeEntry::base_address:
        set_base(address(cursor));
        break;
      case RangeEntry::startx_endx:
        low = indexed(cursor);
        add(low, indexed(cursor));
        break;
      case RangeEntry::startx_length:
        low = indexed(cursor);
        add(low, low + cursor.uleb());
        break;
      case RangeEntry::offset_pair:
        low = cursor.uleb();
        add_offsets(low, cursor.uleb());
        break;
      case RangeEntry::start_end:
        low = address(cursor);
        add(low, address(cursor));
        break;
      case RangeEntry::start_length:
        low = address(cursor);
        add(low, low + cursor.uleb());
        break;
      default:
        return false;
    }
    return cursor.ok();
  }

  const File& file_;
  const Unit& unit_;
  std::uint64_t& budget_;
  std::vector<CodeRange>& into_;
  std::uint64_t base_;
  bool base_is_dead_ = false;
};

// Where the list is that an index stands for: the table of offsets is at the unit's base, and relative to it.
std::optional<std::uint64_t> list_at(const File& file, const Unit& unit, std::uint64_t index) {
  if (index > file.sections.rnglists.size()) return std::nullopt;
  Cursor cursor(file.sections.rnglists, unit.rnglists_base + index * unit.encoding.offset_size);
  const std::uint64_t offset = cursor.sized(unit.encoding.offset_size);
  return cursor.ok() ? std::optional(unit.rnglists_base + offset) : std::nullopt;
}

}  // namespace

void read_ranges(const File& file, const Unit& unit, Value low_pc, Value high_pc, Value ranges,
                 std::uint64_t& budget, std::vector<CodeRange>& into) {
  Collector collector(file, unit, budget, into);
  if (ranges.form == Form::rnglistx) {
    if (const auto offset = list_at(file, unit, ranges.number)) collector.read_list(*offset);
  } else if (const auto offset = offset_of(ranges)) {
    if (unit.encoding.version >= 5) {
      collector.read_list(*offset);
    } else {
      collector.read_pairs(unit.ranges_base + *offset);
    }
  } else if (const auto low = address_of(file, unit, low_pc)) {
    if (is_address(high_pc.form)) {
      collector.add(*low, address_of(file, unit, high_pc).value_or(0));
    } else if (high_pc) {
      collector.add(*low, *low + high_pc.number);
    }
  }
}

}  // namespace sonde::dwarf
