// A reader's files and their units, with what has been read of each unit so far.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "abbreviation.hpp"
#include "function_index.hpp"
#include "line_table.hpp"
#include "segments.hpp"
#include "sonde/base/limits.hpp"
#include "unit.hpp"

namespace sonde::dwarf {

// A unit in one of the catalog's files. Without a unit: none.
struct Place {
  std::uint32_t file_number = 0;
  const File* file = nullptr;
  const Unit* unit = nullptr;

  explicit operator bool() const { return unit != nullptr; }
};

class Catalog {
 public:
  // Finds the units of the main file and which addresses they have. Those of the alternate file are found
  // when one is first referred to.
  explicit Catalog(Input input);

  // Begins another look-up. limits::dwarf_steps hold for each, and half of dwarf_cache_bytes for what it may
  // add; what a hostile file makes larger is left out.
  void begin_lookup() {
    budget_ = limits::dwarf_steps;
    most_memory_ = memory_ + limits::dwarf_cache_bytes / 2;
  }

  // How many units the main file has.
  std::size_t size() const { return main_.units.size(); }

  // The unit of the main file with code at an address.
  Place unit_at(std::uint64_t address);
  // The unit with the entry that a key of a Reference stands for.
  Place unit_of(std::uint64_t key);
  // A skeleton's split unit; none when it cannot be found.
  Place split_of(const Unit& skeleton);

  // What has been read of a unit; read now, if it has not been. Valid until drop().
  const Abbreviations& abbreviations(const Place& place);
  const FunctionIndex& functions(const Place& place);
  const LineTable& lines(const Place& place);

  // Forgets what was read of units, but not the units.
  void drop();
  std::size_t memory() const { return memory_; }

 private:
  bool is_exhausted() const { return budget_ == 0 || memory_ > most_memory_; }
  void find_units();
  void find_units_without_ranges();
  std::string_view directory_of(const Place& place) const;
  Place place(const File& file, std::uint32_t number, std::uint64_t offset) const;

  Input input_;
  File main_;       // Number 0.
  File alternate_;  // Number 1.
  bool alternate_is_scanned_ = false;
  Segments units_;  // The main file's, by address.
  std::vector<std::uint32_t>
      without_ranges_;   // Units of which only their functions tell where their code is,
  Segments late_units_;  // and where that is, once it was asked for.
  bool late_units_are_known_ = false;

  std::deque<std::unique_ptr<File>> splits_;  // Numbers from 2; null where there is none.
  std::unordered_map<std::uint64_t, std::uint32_t> split_numbers_;  // By the skeleton's offset.
  // All by the key of the unit's offset.
  std::unordered_map<std::uint64_t, std::unique_ptr<Abbreviations>> abbreviations_;
  std::unordered_map<std::uint64_t, std::unique_ptr<FunctionIndex>> functions_;
  std::unordered_map<std::uint64_t, std::unique_ptr<LineTable>> lines_;
  const Abbreviations no_abbreviations_;
  const FunctionIndex no_functions_;
  std::uint64_t budget_ = limits::dwarf_steps;
  std::size_t memory_ = 0;
  std::size_t most_memory_ = limits::dwarf_cache_bytes;
};

}  // namespace sonde::dwarf
