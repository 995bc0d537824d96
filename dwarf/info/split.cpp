#include "split.hpp"

#include <algorithm>
#include <utility>

#include "sonde/base/limits.hpp"

namespace sonde::dwarf {

namespace {

// .debug_cu_index: a header, a hash table of identities and one of row numbers, and then a table of offsets
// and one of sizes with a column for each section.
struct PackageIndex {
  std::uint32_t version = 0;
  std::uint32_t columns = 0;
  std::uint32_t rows = 0;
  std::uint32_t slots = 0;
  Bytes section;

  std::uint64_t identities() const { return 16; }
  std::uint64_t row_numbers() const { return identities() + std::uint64_t{8} * slots; }
  std::uint64_t names() const { return row_numbers() + std::uint64_t{4} * slots; }
  std::uint64_t offsets() const { return names() + std::uint64_t{4} * columns; }
  std::uint64_t sizes() const { return offsets() + std::uint64_t{4} * columns * rows; }
};

std::optional<PackageIndex> read_index(Bytes section) {
  Cursor cursor(section, 0);
  PackageIndex index;
  index.section = section;
  index.version = cursor.u32();
  // Version 5 made the version 16 bits and padding.
  if ((index.version & 0xffff) == 5) index.version = 5;
  index.columns = cursor.u32();
  index.rows = cursor.u32();
  index.slots = cursor.u32();
  if (!cursor.ok() || (index.version != 2 && index.version != 5)) return std::nullopt;
  // There are a few kinds of sections; the hash is open-addressed with a mask.
  if (index.columns == 0 || index.columns > 16 || index.slots == 0 || (index.slots & (index.slots - 1)) != 0)
    return std::nullopt;
  return index;
}

// The row of a unit, from 1; 0 when there is none.
std::uint32_t find_row(const PackageIndex& index, std::uint64_t identity) {
  const std::uint32_t mask = index.slots - 1;
  auto slot = static_cast<std::uint32_t>(identity) & mask;
  const std::uint32_t step = (static_cast<std::uint32_t>(identity >> 32) & mask) | 1;
  for (std::uint32_t tries = 0; tries < index.slots; ++tries, slot = (slot + step) & mask) {
    Cursor row(index.section, index.row_numbers() + std::uint64_t{4} * slot);
    const std::uint32_t number = row.u32();
    if (number == 0 || number > index.rows) return 0;
    if (Cursor(index.section, index.identities() + std::uint64_t{8} * slot).u64() == identity) return number;
  }
  return 0;
}

Bytes cut(Bytes section, std::uint64_t offset, std::uint64_t size) {
  if (offset > section.size()) return {};
  return section.subspan(offset, std::min<std::uint64_t>(size, section.size() - offset));
}

// The unit of a split file that belongs to the skeleton. A .dwo has one, and perhaps type units.
bool keep_unit_of(const Unit& skeleton, File& file) {
  std::uint64_t budget = limits::dwarf_abbreviations;
  scan_units(file, budget, [&](const Unit& unit, const Root&) {
    return file.units.empty() && (unit.identity == skeleton.identity || skeleton.identity == 0);
  });
  return !file.units.empty();
}

}  // namespace

std::optional<Sections> sections_of_unit(const Sections& package, std::uint64_t identity) {
  const auto index = read_index(package.cu_index);
  const std::uint32_t row = index ? find_row(*index, identity) : 0;
  if (row == 0) return std::nullopt;
  Sections sections;
  sections.str = package.str;
  sections.line_str = package.line_str;
  for (std::uint32_t column = 0; column < index->columns; ++column) {
    const std::uint64_t at = std::uint64_t{4} * ((std::uint64_t{row} - 1) * index->columns + column);
    const std::uint32_t name = Cursor(index->section, index->names() + std::uint64_t{4} * column).u32();
    const std::uint32_t offset = Cursor(index->section, index->offsets() + at).u32();
    const std::uint32_t size = Cursor(index->section, index->sizes() + at).u32();
    switch (IndexSection(name)) {
      case IndexSection::info:
        sections.info = cut(package.info, offset, size);
        break;
      case IndexSection::abbrev:
        sections.abbrev = cut(package.abbrev, offset, size);
        break;
      case IndexSection::line:
        sections.line = cut(package.line, offset, size);
        break;
      case IndexSection::str_offsets:
        sections.str_offsets = cut(package.str_offsets, offset, size);
        break;
      case IndexSection::rnglists:
        if (index->version == 5) sections.rnglists = cut(package.rnglists, offset, size);
        break;
      default:
        break;
    }
  }
  return sections;
}

std::unique_ptr<File> read_split(const File& main, const Unit& skeleton, SharedSections shared) {
  auto file = std::make_unique<File>();
  file->kind = File::Kind::split;
  file->owner = std::move(shared.owner);
  file->sections = shared.sections;
  if (!shared.sections.cu_index.empty()) {
    const auto cut_out = sections_of_unit(shared.sections, skeleton.identity);
    if (!cut_out) return nullptr;
    file->sections = *cut_out;
  }
  // Addresses, and in DWARF 4 ranges, stay in the main file, where a linker can relocate them.
  file->sections.addr = main.sections.addr;
  file->sections.ranges = main.sections.ranges;
  if (!keep_unit_of(skeleton, *file)) return nullptr;
  Unit& unit = file->units.front();
  unit.low_pc = skeleton.low_pc;
  unit.addr_base = skeleton.addr_base;
  unit.ranges_base = skeleton.split_ranges_base;
  unit.lines = skeleton.lines;
  return file;
}

}  // namespace sonde::dwarf
