// Entries for which other entries leave nothing.
#include <map>
#include <unordered_map>

#include <fmt/format.h>

#include "sonde/suppress/check.hpp"
#include "sonde/suppress/pattern.hpp"
#include "suppress/findings.hpp"
#include "suppress/pattern_index.hpp"
#include "suppress/source.hpp"

namespace sonde::suppress {

namespace {

bool contains_all(LeakKinds kinds, LeakKinds others) {
  for (const auto kind : {LeakKind::definite, LeakKind::indirect, LeakKind::possible, LeakKind::reachable})
    if (others.has(kind) && !kinds.has(kind)) return false;
  return true;
}

// One spelling for patterns that mean the same: "*foo*", "^*foo" and "foo".
std::string_view plain_form(std::string_view pattern) {
  pattern = pattern.substr(0, std::min(pattern.find('$'), pattern.size() - 1) + 1);
  if (pattern.ends_with("*$")) pattern.remove_suffix(1);
  while (pattern.ends_with('*')) pattern.remove_suffix(1);
  if (pattern.starts_with("^*")) pattern.remove_prefix(1);
  while (pattern.starts_with('*')) pattern.remove_prefix(1);
  return pattern;
}

// The lines of a block as one text.
std::string key_of(const Suppression& block) {
  std::string key;
  for (const Place& place : block.places)
    key += fmt::format("{}:{}:{}\n", static_cast<int>(place.kind), place.pattern, place.line);
  return key;
}

class Duplicates {
 public:
  explicit Duplicates(const Suppressions& suppressions) : suppressions_(suppressions) {
    for (std::uint32_t i = 0; i < all().size(); ++i) {
      const Suppression& entry = all()[i];
      // One that hides everything would make duplicates of all others.
      if (entry.format == Format::lsan && entry.name.find_first_of("^$") == std::string::npos &&
          !hides_all(entry.name))
        free_.add(PatternIndex::Syntax::lsan, entry.name, i);
    }
  }

  std::vector<Finding> find() {
    for (std::uint32_t i = 0; i < all().size(); ++i) {
      const Suppression& entry = all()[i];
      if (!entry.about_leaks) continue;
      const bool same = entry.format == Format::lsan ? same_line(i) : same_block(i);
      if (!same) covered(i);
    }
    return std::move(findings_);
  }

 private:
  const std::vector<Suppression>& all() const { return suppressions_.all(); }

  void tell(std::uint32_t index, std::uint32_t other, std::string_view how) {
    const Suppression& first = all()[other];
    findings_.push_back(
        finding_of(Finding::Kind::duplicate, all()[index],
                   fmt::format("{} {}:{}{}", how, printable(suppressions_.files()[first.file]), first.line,
                               first.format == Format::lsan ? ", leak:" + shown(first.name) : "")));
  }

  bool same_line(std::uint32_t index) {
    const auto [known, added] = lines_.try_emplace(plain_form(all()[index].name), index);
    if (!added) tell(index, known->second, "the same as");
    return !added;
  }

  // With the same lines, and no kind that the other does not have.
  bool same_block(std::uint32_t index) {
    const Suppression& block = all()[index];
    auto& known = blocks_[key_of(block)];
    for (const std::uint32_t other : known) {
      const bool less = contains_all(all()[other].kinds, block.kinds);
      if (!less && !contains_all(block.kinds, all()[other].kinds)) continue;
      tell(less ? index : other, less ? other : index, "nothing is left for it by");
      return true;
    }
    constexpr std::size_t compared = 16;  // There are as many sets of kinds.
    if (known.size() < compared) known.push_back(index);
    return false;
  }

  // Whether a line of LeakSanitizer's lies in something that each of its stacks has.
  void covered(std::uint32_t index) {
    const Suppression& entry = all()[index];
    if (entry.format == Format::lsan) {
      if (entry.name.find_first_of("^$*") == std::string::npos) covered_by(index, entry.name);
      return;
    }
    for (const Place& place : entry.places) {
      // LeakSanitizer does not know mangled names, nor modules by less than their path.
      const bool whole =
          place.pattern.find_first_of("*?") == std::string::npos && !place.pattern.starts_with("_Z");
      const bool known = place.kind == Place::Kind::function || place.kind == Place::Kind::object;
      if (whole && known && covered_by(index, place.pattern)) return;
    }
  }

  bool same_line_as(std::uint32_t a, std::uint32_t b) const {
    return all()[a].format == Format::lsan && all()[b].format == Format::lsan &&
           plain_form(all()[a].name) == plain_form(all()[b].name);
  }

  bool covered_by(std::uint32_t index, std::string_view text) {
    found_.clear();
    free_.find(text, found_);
    for (const std::uint32_t other : found_) {
      if (other == index || same_line_as(other, index)) continue;
      tell(index, other, "nothing is left for it by");
      return true;
    }
    return false;
  }

  const Suppressions& suppressions_;
  PatternIndex free_;  // Lines of LeakSanitizer's that are not anchored.
  std::map<std::string_view, std::uint32_t> lines_;
  std::unordered_map<std::string, std::vector<std::uint32_t>> blocks_;
  std::vector<std::uint32_t> found_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> find_duplicates(const Suppressions& suppressions) {
  return Duplicates(suppressions).find();
}

}  // namespace sonde::suppress
