// Many patterns, asked which of them match a name, without comparing it with each.
#pragma once

#include <bitset>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sonde::suppress {

// Patterns without wildcards are looked up. Of the others each has a piece of four bytes that must lie in the
// name, chosen so that few share it; those that have no such piece are all compared.
class PatternIndex {
 public:
  enum class Syntax : std::uint8_t { lsan, glob };

  // `pattern` must outlive the index. An id may be that of several patterns.
  void add(Syntax syntax, std::string_view pattern, std::uint32_t id);
  // Appends the ids of the patterns that match, in no order.
  void find(std::string_view name, std::vector<std::uint32_t>& ids);

 private:
  struct Pattern {
    Syntax syntax;
    std::string_view text;
    std::uint32_t id;
    std::uint32_t asked = 0;  // The last question for which it was compared.
  };

  void compare(std::uint32_t pattern, std::string_view name, std::vector<std::uint32_t>& ids);

  std::vector<Pattern> patterns_;
  std::unordered_map<std::string_view, std::vector<std::uint32_t>> whole_;  // Ids.
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> pieces_;    // Indices of patterns_.
  std::vector<std::uint32_t> others_;
  std::bitset<1 << 16> maybe_;  // By a hash of theirs, which pieces there may be: most of a name's are none.
  std::uint32_t question_ = 0;
};

}  // namespace sonde::suppress
