// Units and the files that they are in (DWARF 5 section 7.5.1): headers, roots, and what values mean in a
// unit.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "abbreviation.hpp"
#include "sonde/dwarf/sections.hpp"

namespace sonde::dwarf {

class FunctionIndex;

// One unit: what its header and its root say. Offsets are in its file's section of units, bases in their
// sections.
struct Unit {
  std::uint64_t offset = 0;
  std::uint64_t root = 0;  // Where its first entry is.
  std::uint64_t end = 0;
  std::uint64_t abbreviations = 0;  // Offset of its table.
  std::uint64_t identity = 0;       // Of a skeleton or split unit: what pairs them.
  std::uint64_t str_offsets_base = 0;
  std::uint64_t addr_base = 0;
  std::uint64_t rnglists_base = 0;
  std::uint64_t ranges_base = 0;        // Of a split unit of DWARF 4.
  std::uint64_t split_ranges_base = 0;  // What a skeleton hands to it.
  std::uint64_t low_pc = 0;             // The base of its ranges.
  std::optional<std::uint64_t> lines;   // Offset of its line table.
  Encoding encoding;
  Language language{};
  bool is_partial = false;
  bool is_skeleton = false;
  bool has_code = false;  // Its root says where its code is, or that there is none.
};

// A file's sections and its units, in the order of their offsets.
struct File {
  enum class Kind : std::uint8_t { main, alternate, split };

  Kind kind = Kind::main;
  Sections sections;
  std::shared_ptr<const void> owner;
  const File* alternate = nullptr;
  std::vector<Unit> units;
};

// Where an entry is: in which of the reader's files, at which offset. Packs into 64 bits, as a key.
struct Reference {
  std::uint32_t file = 0;
  std::uint64_t offset = 0;

  std::uint64_t key() const { return std::uint64_t{file} << 48 | (offset & ((std::uint64_t{1} << 48) - 1)); }
};

// Undo key().
inline std::uint32_t file_number_of(std::uint64_t key) { return static_cast<std::uint32_t>(key >> 48); }
inline std::uint64_t offset_in(std::uint64_t key) { return key & ((std::uint64_t{1} << 48) - 1); }

// The attributes of a unit's root that matter, as they stand.
struct Root {
  Tag tag{};
  Value low_pc, high_pc, ranges, lines, language, directory, split_name, identity;
  Value str_offsets_base, addr_base, gnu_addr_base, rnglists_base, gnu_ranges_base;
};

// Reads the root of a unit whose header has been read. Empty when it cannot be. Counts steps down from
// `budget`.
std::optional<Root> read_root(const File& file, const Unit& unit, std::uint64_t& budget);

// Reads the units of a file up to the first that cannot be told from its neighbour: compile, partial and
// skeleton units, and in a split file split units. Calls `take(Unit&, const Root&)` for each; a unit is kept
// when that returns true. Type units are left out. `budget` bounds what a hostile file can make of it.
template <typename Take>
void scan_units(File& file, std::uint64_t& budget, Take take);

// What a value means in a unit: empty or an empty text where the value has another class, or leads nowhere.
std::string_view text_of(const File& file, const Unit& unit, Value value);
std::optional<std::uint64_t> address_of(const File& file, const Unit& unit, Value value);
std::optional<std::uint64_t> address_at(const File& file, const Unit& unit, std::uint64_t index);
std::optional<std::uint64_t> offset_of(Value value);
// `file_number` is the number of `file`; references to the alternate file get the number 1.
std::optional<Reference> reference_of(const File& file, const Unit& unit, std::uint32_t file_number,
                                      Value value);

// True for an address at which a linker puts code that it left out: 0 and the highest two.
inline bool is_dead(std::uint64_t address, std::uint8_t address_size) {
  const std::uint64_t highest =
      address_size >= 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << address_size * 8) - 1;
  return address == 0 || address >= highest - 1;
}

// Implementation of scan_units: the header at `at`, which then moves behind the unit. Empty at the end of
// what can be read; a unit with version 0 is to be left out.
std::optional<Unit> read_header(const File& file, std::uint64_t& at);
void apply_root(const Root& root, Unit& unit);

template <typename Take>
void scan_units(File& file, std::uint64_t& budget, Take take) {
  std::uint64_t at = 0;
  while (budget > 0) {
    --budget;
    auto unit = read_header(file, at);
    if (!unit) return;
    if (unit->encoding.version == 0) continue;
    const auto root = read_root(file, *unit, budget);
    if (!root) continue;
    apply_root(*root, *unit);
    if (take(*unit, *root)) file.units.push_back(*unit);
  }
}

}  // namespace sonde::dwarf
