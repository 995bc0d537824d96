// The one file that uses libdwarf++ and catches what it throws.
#include "sonde/verify/second_reader.hpp"

#include <algorithm>
#include <dwarf/dwarf++.hh>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "sonde/base/limits.hpp"
#include "translate.hpp"

namespace sonde::verify {

namespace {

using ::dwarf::DW_AT;
using ::dwarf::DW_TAG;
using ::dwarf::section_type;

constexpr auto mips_linkage_name = static_cast<DW_AT>(0x2007);
constexpr std::size_t nowhere = ~std::size_t{0};

// Shows libdwarf++ sections that are uncompressed already, and abbreviations that it can read.
class Loader final : public ::dwarf::loader {
 public:
  Loader(const dwarf::Sections& sections, Bytes abbreviations)
      : sections_(sections), abbreviations_(abbreviations) {}

  const void* load(section_type section, std::size_t* size) override {
    Bytes bytes;
    if (section == section_type::info) bytes = sections_.info;
    if (section == section_type::abbrev) bytes = abbreviations_;
    if (section == section_type::line) bytes = sections_.line;
    if (section == section_type::ranges) bytes = sections_.ranges;
    if (section == section_type::str) bytes = sections_.str;
    *size = bytes.size();
    return bytes.empty() ? nullptr : bytes.data();
  }

 private:
  const dwarf::Sections& sections_;
  Bytes abbreviations_;
};

bool has_ranges(const ::dwarf::die& entry) {
  return entry.has(DW_AT::ranges) || (entry.has(DW_AT::low_pc) && entry.has(DW_AT::high_pc));
}

// Calls `take(low, high)` for each range of code that an entry has.
template <typename Take>
void each_range(const ::dwarf::die& entry, Take take) {
  if (!has_ranges(entry)) return;
  // Kept, since its iterators point into it.
  const ::dwarf::rangelist ranges = ::dwarf::die_pc_range(entry);
  for (const auto& range : ranges)
    if (range.low < range.high) take(range.low, range.high);
}

std::uint32_t number(const ::dwarf::die& entry, DW_AT attribute) {
  return entry.has(attribute) ? static_cast<std::uint32_t>(entry[attribute].as_uconstant()) : 0;
}

std::string text(const ::dwarf::die& entry, DW_AT attribute) {
  if (!entry.has(attribute)) return {};
  const ::dwarf::value value = entry[attribute];
  return value.get_type() == ::dwarf::value::type::string ? value.as_string() : std::string();
}

// The entry that an attribute refers to, where libdwarf++ can follow it.
std::optional<::dwarf::die> reference(const ::dwarf::die& entry, DW_AT attribute) {
  if (!entry.has(attribute)) return std::nullopt;
  const ::dwarf::value value = entry[attribute];
  if (value.get_type() != ::dwarf::value::type::reference) return std::nullopt;
  return value.as_reference();
}

// A function's name stands at its entry, or at one that this leads to.
std::string name_of(::dwarf::die entry) {
  std::string plain;
  for (unsigned hops = 0; hops < limits::dwarf_reference_hops; ++hops) {
    for (const DW_AT attribute : {DW_AT::linkage_name, mips_linkage_name})
      if (std::string name = text(entry, attribute); !name.empty()) return name;
    if (plain.empty()) plain = text(entry, DW_AT::name);
    auto next = reference(entry, DW_AT::abstract_origin);
    if (!next) next = reference(entry, DW_AT::specification);
    if (!next) break;
    entry = *next;
  }
  return plain;
}

bool may_hold_functions(DW_TAG tag) {
  switch (tag) {
    case DW_TAG::subprogram:
    case DW_TAG::inlined_subroutine:
    case DW_TAG::lexical_block:
    case DW_TAG::try_block:
    case DW_TAG::catch_block:
    case DW_TAG::namespace_:
    case DW_TAG::module:
    case DW_TAG::class_type:
    case DW_TAG::structure_type:
    case DW_TAG::union_type:
    case DW_TAG::interface_type:
      return true;
    default:
      return false;
  }
}

// The addresses that were asked for, which unit has them (nowhere: none by its ranges), and what is known of
// them.
struct Question {
  std::span<const std::uint64_t> addresses;
  std::vector<std::size_t> owners;
  std::vector<Answer> answers;

  // Calls `take(index)` for each address in [low, high).
  template <typename Take>
  void each_within(std::uint64_t low, std::uint64_t high, Take take) const {
    const auto first = std::ranges::lower_bound(addresses, low);
    for (auto at = first; at != addresses.end() && *at < high; ++at)
      take(static_cast<std::size_t>(at - addresses.begin()));
  }
};

// What one unit says of the addresses that `owner` has.
class UnitReader {
 public:
  UnitReader(const ::dwarf::compilation_unit& unit, Question& question, std::size_t owner)
      : unit_(unit), question_(question), owner_(owner) {}

  void read() {
    walk(unit_.root());
    read_lines();
  }

 private:
  // A function, or an inlined call, that the walk is in.
  struct Level {
    std::string name;
    std::string call_file;
    std::uint32_t call_line;
    std::uint32_t call_column;
    bool inlined;
  };

  void walk(const ::dwarf::die& parent) {
    if (++depth_ > limits::verify_nesting) throw ::dwarf::format_error("entries are nested too deep");
    for (const ::dwarf::die& entry : parent) {
      if (!may_hold_functions(entry.tag)) continue;
      const bool inlined = entry.tag == DW_TAG::inlined_subroutine;
      const bool function = inlined || entry.tag == DW_TAG::subprogram;
      if (function) enter(entry, inlined);
      walk(entry);
      if (function) path_.pop_back();
    }
    --depth_;
  }

  void enter(const ::dwarf::die& entry, bool inlined) {
    path_.push_back({{}, {}, number(entry, DW_AT::call_line), number(entry, DW_AT::call_column), inlined});
    bool named = false;
    each_range(entry, [&](std::uint64_t low, std::uint64_t high) {
      question_.each_within(low, high, [&](std::size_t index) {
        if (question_.owners[index] != owner_) return;
        if (!std::exchange(named, true)) name(entry);
        question_.answers[index].frames = frames();
      });
    });
    // An outer one is in the frames of what is inlined there, even where it has no ranges.
    if (!named && entry.begin() != entry.end()) name(entry);
  }

  void name(const ::dwarf::die& entry) {
    path_.back().name = name_of(entry);
    if (entry.has(DW_AT::call_file)) path_.back().call_file = file(number(entry, DW_AT::call_file));
  }

  // Those of the innermost entry on the path. Its own place in the source is filled in by the lines.
  std::vector<Frame> frames() const {
    std::vector<Frame> found;
    Frame frame;
    for (auto level = path_.rbegin(); level != path_.rend() && found.size() < limits::verify_frames;
         ++level) {
      frame.function = level->name;
      frame.inlined = level->inlined;
      found.push_back(frame);
      if (!level->inlined) break;
      frame = {
          .function = {}, .file = level->call_file, .line = level->call_line, .column = level->call_column};
    }
    if (!found.empty()) found.back().inlined = false;
    return found;
  }

  std::string file(std::uint32_t index) const {
    const ::dwarf::line_table& lines = unit_.get_line_table();
    return lines.valid() ? lines.get_file(index)->path : std::string();
  }

  void read_lines() {
    const ::dwarf::line_table& lines = unit_.get_line_table();
    if (!lines.valid()) return;
    std::optional<::dwarf::line_table::entry> before;
    const auto take = [&](const ::dwarf::line_table::entry& row) {
      if (before && before->address < row.address)
        question_.each_within(before->address, row.address,
                              [&](std::size_t index) { place(index, *before); });
      before = row.end_sequence ? std::nullopt : std::optional(row);
    };
    // The iterator of the last row, which ends a sequence, is equal to end().
    auto at = lines.begin();
    const auto end = lines.end();
    if (at == end) return;
    for (; at != end; ++at) take(*at);
    take(*at);
  }

  void place(std::size_t index, const ::dwarf::line_table::entry& row) {
    if (question_.owners[index] != owner_) return;
    auto& frames = question_.answers[index].frames;
    if (frames.empty()) frames.emplace_back();
    Frame& innermost = frames.front();
    if (!innermost.file.empty()) return;  // Two sequences have the address: the first holds.
    innermost.file = row.file->path;
    innermost.line = row.line;
    innermost.column = row.column;
  }

  const ::dwarf::compilation_unit& unit_;
  Question& question_;
  const std::size_t owner_;
  std::vector<Level> path_;
  std::size_t depth_ = 0;
};

class FileReader {
 public:
  FileReader(const ::dwarf::dwarf& file, std::span<const std::uint64_t> addresses)
      : units_(file.compilation_units()),
        question_{addresses, std::vector<std::size_t>(addresses.size(), nowhere),
                  std::vector<Answer>(addresses.size())} {}

  Reading read() {
    find_owners();
    std::vector<bool> asked(units_.size());
    for (const std::size_t owner : question_.owners)
      if (owner != nowhere) asked[owner] = true;
    for (std::size_t unit = 0; unit < units_.size(); ++unit) {
      if (!asked[unit] || guarded([&] { UnitReader(units_[unit], question_, unit).read(); })) continue;
      give_up(unit);
    }
    for (const std::size_t unit : without_ranges_)
      guarded([&] { UnitReader(units_[unit], question_, nowhere).read(); });
    reading_.answers = std::move(question_.answers);
    return std::move(reading_);
  }

 private:
  // Where several units have an address, it is that of the one with the shortest range.
  void find_owners() {
    std::vector<std::uint64_t> sizes(question_.addresses.size(), ~std::uint64_t{0});
    for (std::size_t unit = 0; unit < units_.size(); ++unit) {
      guarded([&] {
        const ::dwarf::die& root = units_[unit].root();
        if (root.tag != DW_TAG::compile_unit) return;
        if (!has_ranges(root)) without_ranges_.push_back(unit);
        each_range(root, [&](std::uint64_t low, std::uint64_t high) {
          question_.each_within(low, high, [&](std::size_t index) {
            if (high - low >= sizes[index]) return;
            question_.owners[index] = unit;
            sizes[index] = high - low;
          });
        });
      });
    }
  }

  void give_up(std::size_t unit) {
    for (std::size_t i = 0; i < question_.owners.size(); ++i)
      if (question_.owners[i] == unit) question_.answers[i] = {.frames = {}, .unread = true};
  }

  // What libdwarf++ throws about one unit is no reason not to read the others.
  template <typename Read>
  bool guarded(Read read) {
    try {
      read();
      return true;
    } catch (const std::exception& error) {
      if (reading_.problem.empty()) reading_.problem = error.what();
      return false;
    }
  }

  const std::vector<::dwarf::compilation_unit>& units_;
  Question question_;
  std::vector<std::size_t> without_ranges_;
  Reading reading_;
};

bool same_file(std::string_view first, std::string_view second) {
  using std::filesystem::path;
  return first == second || path(first).lexically_normal() == path(second).lexically_normal();
}

bool same_function(const dwarf::Frame& first, const Frame& second) {
  if (first.function.empty() || second.function.empty() || first.function == second.function) return true;
  // Only the first has the names of what a function is declared in.
  return !first.is_linkage_name && first.function.ends_with("::" + second.function);
}

}  // namespace

Result<Reading> read_again(const dwarf::Sections& sections, std::span<const std::uint64_t> addresses) {
  if (addresses.size() > limits::verify_addresses)
    return fail(ErrorCode::limit, "there are too many addresses");
  const auto abbreviations = translate_abbreviations(sections);
  if (!abbreviations) return Failure(abbreviations.error());
  try {
    const ::dwarf::dwarf file(std::make_shared<Loader>(sections, *abbreviations));
    return FileReader(file, addresses).read();
  } catch (const std::exception& error) {
    return fail(ErrorCode::invalid, fmt::format("libdwarf++ cannot read it: {}", error.what()));
  }
}

std::string_view difference(dwarf::Frames first, std::span<const Frame> second) {
  if (first.size() != second.size()) return "frames";
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (first[i].inlined != second[i].inlined) return "frames";
    if (!same_function(first[i], second[i])) return "function";
    if (!same_file(first[i].file, second[i].file)) return "file";
    if (first[i].line != second[i].line) return "line";
    if (first[i].column != second[i].column) return "column";
  }
  return {};
}

}  // namespace sonde::verify
