#include "catalog.hpp"

#include <algorithm>
#include <utility>

#include "ranges.hpp"
#include "sonde/base/limits.hpp"
#include "split.hpp"

namespace sonde::dwarf {

namespace {

constexpr std::uint32_t first_split_number = 2;

std::uint64_t key_of(const Place& place) { return Reference{place.file_number, place.unit->offset}.key(); }

}  // namespace

Catalog::Catalog(Input input) : input_(std::move(input)) {
  main_.sections = input_.main;
  alternate_.kind = File::Kind::alternate;
  alternate_.sections = input_.alternate;
  if (!alternate_.sections.info.empty()) main_.alternate = &alternate_;
  find_units();
}

void Catalog::find_units() {
  std::uint64_t budget = limits::dwarf_steps;
  std::vector<Segments::Range> ranges;
  std::vector<CodeRange> found;
  scan_units(main_, budget, [&](Unit& unit, const Root& root) {
    if (main_.units.size() >= limits::dwarf_units) return false;
    unit.low_pc = address_of(main_, unit, root.low_pc).value_or(0);
    const auto number = static_cast<std::uint32_t>(main_.units.size());
    found.clear();
    read_ranges(main_, unit, root.low_pc, root.high_pc, root.ranges, budget, found);
    // Where units overlap, the one with the shorter range is the more likely: others span what a linker put
    // between.
    for (const CodeRange& range : found)
      if (ranges.size() < limits::dwarf_ranges)
        ranges.push_back({range.low, range.high, ~(range.high - range.low), number});
    if (!unit.has_code && !unit.is_partial) without_ranges_.push_back(number);
    return true;
  });
  units_ = Segments(std::move(ranges));
  memory_ = main_.units.capacity() * sizeof(Unit) + units_.memory();
}

Place Catalog::unit_at(std::uint64_t address) {
  std::uint32_t number = units_.find(address);
  if (number == Segments::none && !without_ranges_.empty()) {
    find_units_without_ranges();
    number = late_units_.find(address);
  }
  if (number == Segments::none) return {};
  return {0, &main_, &main_.units[number]};
}

void Catalog::find_units_without_ranges() {
  if (std::exchange(late_units_are_known_, true)) return;
  std::vector<Segments::Range> ranges;
  for (const std::uint32_t number : without_ranges_) {
    const Unit& unit = main_.units[number];
    const Abbreviations table(main_.sections.abbrev, unit.abbreviations, unit.encoding, budget_);
    const FunctionIndex index(main_, 0, unit, table, budget_);
    index.segments().each([&](std::uint64_t low, std::uint64_t high, std::uint32_t) {
      if (ranges.size() < limits::dwarf_ranges) ranges.push_back({low, high, 0, number});
    });
  }
  late_units_ = Segments(std::move(ranges));
  memory_ += late_units_.memory();
}

Place Catalog::place(const File& file, std::uint32_t number, std::uint64_t offset) const {
  const auto after = std::upper_bound(file.units.begin(), file.units.end(), offset,
                                      [](std::uint64_t at, const Unit& unit) { return at < unit.offset; });
  if (after == file.units.begin()) return {};
  const Unit& unit = *(after - 1);
  return offset < unit.end ? Place{number, &file, &unit} : Place{};
}

Place Catalog::unit_of(std::uint64_t key) {
  const std::uint32_t number = file_number_of(key);
  if (number == 0) return place(main_, 0, offset_in(key));
  if (number == 1) {
    if (!std::exchange(alternate_is_scanned_, true)) {
      scan_units(alternate_, budget_, [](const Unit&, const Root&) { return true; });
      memory_ += alternate_.units.capacity() * sizeof(Unit);
    }
    return place(alternate_, 1, offset_in(key));
  }
  const std::size_t index = number - first_split_number;
  if (index >= splits_.size() || splits_[index] == nullptr) return {};
  return place(*splits_[index], number, offset_in(key));
}

Place Catalog::split_of(const Unit& skeleton) {
  const auto [known, is_new] = split_numbers_.try_emplace(
      skeleton.offset, static_cast<std::uint32_t>(splits_.size() + first_split_number));
  const std::uint32_t number = known->second;
  if (is_new) {
    splits_.emplace_back();
    std::uint64_t budget = limits::dwarf_abbreviations;
    const auto root = read_root(main_, skeleton, budget);
    if (root && input_.open_split && splits_.size() <= limits::dwarf_split_files) {
      auto sections = input_.open_split(text_of(main_, skeleton, root->split_name),
                                        text_of(main_, skeleton, root->directory), skeleton.identity);
      if (sections) splits_.back() = read_split(main_, skeleton, std::move(*sections));
    }
  }
  const auto& file = splits_[number - first_split_number];
  return file == nullptr ? Place{} : Place{number, file.get(), &file->units.front()};
}

const Abbreviations& Catalog::abbreviations(const Place& place) {
  const auto known = abbreviations_.find(key_of(place));
  if (known != abbreviations_.end()) return *known->second;
  if (is_exhausted()) return no_abbreviations_;
  auto made = std::make_unique<Abbreviations>(place.file->sections.abbrev, place.unit->abbreviations,
                                              place.unit->encoding, budget_);
  memory_ += made->memory();
  return *abbreviations_.emplace(key_of(place), std::move(made)).first->second;
}

const FunctionIndex& Catalog::functions(const Place& place) {
  const auto known = functions_.find(key_of(place));
  if (known != functions_.end()) return *known->second;
  if (is_exhausted()) return no_functions_;
  auto made = std::make_unique<FunctionIndex>(*place.file, place.file_number, *place.unit,
                                              abbreviations(place), budget_);
  memory_ += made->memory();
  return *functions_.emplace(key_of(place), std::move(made)).first->second;
}

const LineTable& Catalog::lines(const Place& place) {
  auto& known = lines_[key_of(place)];
  if (known == nullptr) {
    known = std::make_unique<LineTable>(*place.file, *place.unit, directory_of(place));
    memory_ += known->memory();
  }
  return *known;
}

std::string_view Catalog::directory_of(const Place& place) const {
  std::uint64_t budget = limits::dwarf_abbreviations;
  const auto root = read_root(*place.file, *place.unit, budget);
  return root ? text_of(*place.file, *place.unit, root->directory) : std::string_view();
}

void Catalog::drop() {
  abbreviations_.clear();
  functions_.clear();
  lines_.clear();
  splits_.clear();
  split_numbers_.clear();
  memory_ = main_.units.capacity() * sizeof(Unit) + alternate_.units.capacity() * sizeof(Unit) +
            units_.memory() + late_units_.memory();
}

}  // namespace sonde::dwarf
