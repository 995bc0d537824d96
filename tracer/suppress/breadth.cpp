// Entries that match too much.
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <tuple>

#include <fmt/format.h>

#include "sonde/allocator/functions.hpp"
#include "sonde/suppress/check.hpp"
#include "sonde/suppress/pattern.hpp"
#include "suppress/findings.hpp"
#include "suppress/pattern_index.hpp"
#include "suppress/source.hpp"

namespace sonde::suppress {

namespace {

constexpr std::size_t fewest_bytes = 3;  // That a pattern of LeakSanitizer's must name.
constexpr auto no_place = static_cast<std::uint32_t>(-1);

// What nearly every stack has, as LeakSanitizer shows it.
constexpr std::array<std::string_view, 12> common_names = {"malloc",
                                                           "calloc",
                                                           "realloc",
                                                           "operator new(unsigned long)",
                                                           "operator new[](unsigned long)",
                                                           "main",
                                                           "__libc_start_call_main",
                                                           "__libc_start_main",
                                                           "_start",
                                                           "start_thread",
                                                           "clone",
                                                           "/usr/lib/x86_64-linux-gnu/libc.so.6"};
// The same for fun: lines, beside the functions that allocate.
constexpr std::array<std::string_view, 5> common_functions = {"main", "(below main)", "start_thread", "clone",
                                                              "_start"};

bool only_wildcards(const Place& place) { return place.pattern.find_first_not_of("*?") == std::string::npos; }

class Breadth {
 public:
  explicit Breadth(const Suppressions& suppressions) : suppressions_(suppressions) {
    lines_.resize(all().size());
    for (std::uint32_t i = 0; i < all().size(); ++i) {
      const Suppression& entry = all()[i];
      if (!entry.about_leaks) continue;
      if (entry.format == Format::lsan) lsan_.add(PatternIndex::Syntax::lsan, entry.name, i);
      for (const Place& place : entry.places) add_place(place);
    }
    for (const std::string_view name : common_names) mark_lines(name, &Known::common, name);
    for (const std::string_view name : common_functions) mark_places(functions_, name, &Known::common, name);
    for (const auto& row : allocator::functions())
      mark_places(functions_, row.symbol, &Known::common, row.symbol);
  }

  void add(const ProgramCode& program) {
    for (const std::string& path : program.objects) {
      mark_lines(path, &Known::own, path);
      mark_places(objects_, path, &Known::own, path);
    }
    for (const auto& function : program.functions) {
      const std::string_view name = function.function.empty() ? function.linkage_name : function.function;
      mark_lines(name, &Known::own, name);
      mark_places(functions_, function.linkage_name, &Known::own, name);
    }
  }

  std::vector<Finding> find() {
    for (std::uint32_t i = 0; i < all().size(); ++i) {
      const Suppression& entry = all()[i];
      if (!entry.about_leaks) continue;
      const std::string message = entry.format == Format::lsan ? judge_line(i) : judge_block(entry);
      if (!message.empty()) findings_.push_back(finding_of(Finding::Kind::too_broad, entry, message));
    }
    return std::move(findings_);
  }

 private:
  // The first name of each sort that a pattern was found to match.
  struct Known {
    std::optional<std::string_view> common;
    std::optional<std::string_view> own;
  };
  using Sort = std::optional<std::string_view> Known::*;

  const std::vector<Suppression>& all() const { return suppressions_.all(); }

  std::uint32_t place_id(const Place& place) const {
    const auto known = place_ids_.find({place.kind, place.pattern});
    return known == place_ids_.end() ? no_place : known->second;
  }

  void add_place(const Place& place) {
    if (place.kind != Place::Kind::function && place.kind != Place::Kind::object) return;
    const auto id = static_cast<std::uint32_t>(places_.size());
    if (!place_ids_.try_emplace({place.kind, place.pattern}, id).second) return;
    places_.emplace_back();
    (place.kind == Place::Kind::function ? functions_ : objects_)
        .add(PatternIndex::Syntax::glob, place.pattern, id);
  }

  static void mark(std::optional<std::string_view>& known, std::string_view name) {
    if (!known) known = name;
  }
  void mark_lines(std::string_view text, Sort sort, std::string_view name) {
    found_.clear();
    lsan_.find(text, found_);
    for (const std::uint32_t line : found_) mark(lines_[line].*sort, name);
  }
  void mark_places(PatternIndex& index, std::string_view text, Sort sort, std::string_view name) {
    found_.clear();
    index.find(text, found_);
    for (const std::uint32_t place : found_) mark(places_[place].*sort, name);
  }

  std::string judge_line(std::uint32_t index) const {
    if (hides_all(all()[index].name))
      return fmt::format("it names fewer than {} characters, and matches nearly every leak", fewest_bytes);
    const Known& known = lines_[index];
    if (known.common) return fmt::format("it matches '{}', which nearly every stack has", *known.common);
    if (known.own) return fmt::format("it matches code of the program itself: {}", shown(*known.own));
    return {};
  }

  // A block is as narrow as its narrowest line.
  std::string judge_block(const Suppression& block) const {
    bool all_wild = true;
    std::optional<std::string_view> own;
    for (const Place& place : block.places) {
      if (place.kind == Place::Kind::any_frames || only_wildcards(place)) continue;
      all_wild = false;
      const std::uint32_t id = place_id(place);
      if (id == no_place) return {};
      if (places_[id].common) continue;
      if (!places_[id].own) return {};
      own = own ? own : places_[id].own;
    }
    if (own) return fmt::format("it matches code of the program itself: {}", shown(*own));
    return all_wild ? "it matches every leak"
                    : "it names only what allocates or begins each program, and matches nearly every leak";
  }

  const Suppressions& suppressions_;
  PatternIndex lsan_;
  PatternIndex functions_;
  PatternIndex objects_;
  std::vector<Known> lines_;  // By suppression.
  std::map<std::pair<Place::Kind, std::string_view>, std::uint32_t> place_ids_;
  std::vector<Known> places_;
  std::vector<std::uint32_t> found_;
  std::vector<Finding> findings_;
};

}  // namespace

bool hides_all(std::string_view lsan_pattern) {
  std::size_t bytes = 0;
  for (const std::string_view part : lsan_parts(lsan_pattern)) bytes += part.size();
  return bytes < fewest_bytes;
}

std::vector<Finding> find_too_broad(const Suppressions& suppressions, const ProgramCode* program) {
  Breadth breadth(suppressions);
  if (program != nullptr) breadth.add(*program);
  return breadth.find();
}

}  // namespace sonde::suppress
