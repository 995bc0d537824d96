#include "suppress/pattern_index.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

#include "sonde/suppress/pattern.hpp"

namespace sonde::suppress {

namespace {

constexpr std::size_t piece_bytes = 4;

std::uint32_t piece_at(std::string_view text, std::size_t at) {
  std::uint32_t piece = 0;
  std::memcpy(&piece, text.data() + at, piece_bytes);
  return piece;
}

// The upper bits of a multiplication mix those of all four bytes (Knuth, 6.4).
std::size_t slot_of(std::uint32_t piece) { return (piece * 2654435769u) >> 16; }

}  // namespace

void PatternIndex::add(Syntax syntax, std::string_view pattern, std::uint32_t id) {
  if (syntax == Syntax::glob && pattern.find_first_of("*?") == std::string_view::npos) {
    whole_[pattern].push_back(id);
    return;
  }
  const auto index = static_cast<std::uint32_t>(patterns_.size());
  patterns_.push_back({syntax, pattern, id});
  std::optional<std::uint32_t> best;
  std::size_t fewest = 0;
  for (const std::string_view part : syntax == Syntax::lsan ? lsan_parts(pattern) : glob_parts(pattern)) {
    for (std::size_t at = 0; at + piece_bytes <= part.size(); ++at) {
      const auto known = pieces_.find(piece_at(part, at));
      const std::size_t users = known == pieces_.end() ? 0 : known->second.size();
      if (best && users >= fewest) continue;
      best = piece_at(part, at);
      fewest = users;
    }
  }
  if (best) {
    pieces_[*best].push_back(index);
    maybe_.set(slot_of(*best));
  } else {
    others_.push_back(index);
  }
}

void PatternIndex::compare(std::uint32_t pattern, std::string_view name, std::vector<std::uint32_t>& ids) {
  Pattern& asked = patterns_[pattern];
  if (asked.asked == question_) return;
  asked.asked = question_;
  const bool same =
      asked.syntax == Syntax::lsan ? lsan_matches(asked.text, name) : glob_matches(asked.text, name);
  if (same) ids.push_back(asked.id);
}

void PatternIndex::find(std::string_view name, std::vector<std::uint32_t>& ids) {
  if (++question_ == 0) {
    for (Pattern& pattern : patterns_) pattern.asked = 0;
    question_ = 1;
  }
  if (const auto known = whole_.find(name); known != whole_.end())
    ids.insert(ids.end(), known->second.begin(), known->second.end());
  for (const std::uint32_t pattern : others_) compare(pattern, name, ids);
  if (pieces_.empty()) return;
  for (std::size_t at = 0; at + piece_bytes <= name.size(); ++at) {
    const std::uint32_t piece = piece_at(name, at);
    if (!maybe_.test(slot_of(piece))) continue;
    const auto known = pieces_.find(piece);
    if (known == pieces_.end()) continue;
    for (const std::uint32_t pattern : known->second) compare(pattern, name, ids);
  }
}

}  // namespace sonde::suppress
