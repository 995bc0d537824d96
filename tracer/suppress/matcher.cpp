#include "sonde/suppress/matcher.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>
#include <unordered_map>

#include "sonde/base/limits.hpp"
#include "sonde/suppress/frame_names.hpp"
#include "sonde/suppress/match.hpp"
#include "suppress/pattern_index.hpp"

namespace sonde::suppress {

namespace {

constexpr auto none = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t not_asked = none - 1;

void append_bytes(std::string& key, const void* bytes, std::size_t size) {
  key.append(static_cast<const char*>(bytes), size);
}

void append_text(std::string& key, std::string_view text) {
  const std::size_t size = text.size();
  append_bytes(key, &size, sizeof size);
  key += text;
}

}  // namespace

class Matcher::State {
 public:
  explicit State(const std::vector<Suppression>& suppressions);

  std::uint32_t first_match(const Leak& leak);

 private:
  // A block; its lines are the ids of places, none for "...".
  struct Block {
    std::uint32_t suppression;
    LeakKinds kinds;
    std::vector<std::uint32_t> lines;
    std::uint32_t asked = 0;  // The last stack for which it became a candidate.
  };
  struct KnownFrame {
    std::uint32_t lsan = none;          // The first of LeakSanitizer's format that matches.
    std::vector<std::uint32_t> places;  // Those that match, ascending.
  };
  using Places = std::map<std::tuple<Place::Kind, std::string_view, std::uint32_t>, std::uint32_t>;

  void add_block(const Suppression& suppression, std::uint32_t index, Places& known);
  std::uint32_t place_id(const Place& place, Places& known);
  void choose_keys();
  std::uint32_t frame_id(const Frame& frame);
  KnownFrame look_at(const Frame& frame);
  std::uint32_t ask(LeakKind kind, const std::vector<std::uint32_t>& stack);
  void find_candidates(const std::vector<std::uint32_t>& stack, std::uint32_t before);
  void forget_if_full();

  PatternIndex lsan_;
  PatternIndex functions_;
  PatternIndex objects_;
  PatternIndex sources_;
  std::vector<std::uint32_t> place_lines_;  // The line of each src: place, else 0.
  std::vector<std::uint32_t> place_uses_;   // In how many blocks' lines each place is.
  std::vector<Block> blocks_;
  std::vector<std::vector<std::uint32_t>> by_place_;  // Blocks that cannot match where the place does not.

  std::unordered_map<std::string, std::uint32_t> frame_ids_;
  std::vector<KnownFrame> frames_;
  std::unordered_map<std::string, std::array<std::uint32_t, 4>> stacks_;  // Answers, by kind.
  std::size_t cached_bytes_ = 0;
  std::vector<std::uint32_t> candidates_;
  std::uint32_t question_ = 0;
};

Matcher::State::State(const std::vector<Suppression>& suppressions) {
  Places places;
  for (std::uint32_t i = 0; i < suppressions.size(); ++i) {
    const Suppression& suppression = suppressions[i];
    if (!suppression.about_leaks) continue;
    if (suppression.format == Format::lsan) {
      lsan_.add(PatternIndex::Syntax::lsan, suppression.name, i);
    } else {
      add_block(suppression, i, places);
    }
  }
  choose_keys();
}

void Matcher::State::add_block(const Suppression& suppression, std::uint32_t index, Places& known) {
  Block block{index, suppression.kinds, {}};
  for (const Place& place : suppression.places) {
    block.lines.push_back(place.kind == Place::Kind::any_frames ? none : place_id(place, known));
    if (block.lines.back() != none) ++place_uses_[block.lines.back()];
  }
  blocks_.push_back(std::move(block));
}

std::uint32_t Matcher::State::place_id(const Place& place, Places& known) {
  const auto id = static_cast<std::uint32_t>(place_lines_.size());
  const auto [entry, added] = known.try_emplace({place.kind, place.pattern, place.line}, id);
  if (!added) return entry->second;
  place_lines_.push_back(place.line);
  place_uses_.push_back(0);
  PatternIndex& index = place.kind == Place::Kind::function ? functions_
                        : place.kind == Place::Kind::object ? objects_
                                                            : sources_;
  index.add(PatternIndex::Syntax::glob, place.pattern, id);
  return id;
}

// Nearly every block has fun:malloc: it is asked about where its rarest line matches a frame.
void Matcher::State::choose_keys() {
  by_place_.resize(place_lines_.size());
  for (std::uint32_t i = 0; i < blocks_.size(); ++i) {
    std::uint32_t key = none;
    for (const std::uint32_t line : blocks_[i].lines)
      if (line != none && (key == none || place_uses_[line] < place_uses_[key])) key = line;
    if (key != none) by_place_[key].push_back(i);
  }
}

Matcher::State::KnownFrame Matcher::State::look_at(const Frame& frame) {
  KnownFrame known;
  std::vector<std::uint32_t> ids;
  for (const std::string_view name : {frame.module, lsan_function(frame), frame.file}) lsan_.find(name, ids);
  if (!ids.empty()) known.lsan = *std::min_element(ids.begin(), ids.end());
  functions_.find(valgrind_function(frame), known.places);
  objects_.find(valgrind_object(frame), known.places);
  if (!frame.file.empty()) {
    ids.clear();
    sources_.find(valgrind_source(frame), ids);
    std::copy_if(ids.begin(), ids.end(), std::back_inserter(known.places),
                 [&](std::uint32_t id) { return place_lines_[id] == 0 || place_lines_[id] == frame.line; });
  }
  std::sort(known.places.begin(), known.places.end());
  return known;
}

std::uint32_t Matcher::State::frame_id(const Frame& whole) {
  const Frame frame = bounded(whole);
  std::string key;
  for (const std::string_view text : {frame.linkage_name, frame.function, frame.file, frame.module})
    append_text(key, text);
  append_bytes(key, &frame.line, sizeof frame.line);
  key += frame.inlined ? '\1' : '\0';
  const auto known = frame_ids_.find(key);
  if (known != frame_ids_.end()) return known->second;
  const auto id = static_cast<std::uint32_t>(frames_.size());
  frames_.push_back(look_at(frame));
  cached_bytes_ += key.size() + frames_.back().places.size() * sizeof(std::uint32_t) + 128;
  frame_ids_.emplace(std::move(key), id);
  return id;
}

void Matcher::State::forget_if_full() {
  if (cached_bytes_ <= limits::suppression_cache_bytes) return;
  frame_ids_.clear();
  frames_.clear();
  stacks_.clear();
  cached_bytes_ = 0;
}

std::uint32_t Matcher::State::first_match(const Leak& leak) {
  forget_if_full();
  std::vector<std::uint32_t> stack;
  stack.reserve(leak.frames.size());
  for (const Frame& frame : leak.frames) stack.push_back(frame_id(frame));
  std::string key;
  append_bytes(key, stack.data(), stack.size() * sizeof stack.front());
  const auto kind = static_cast<std::size_t>(leak.kind);
  auto known = stacks_.find(key);
  if (known == stacks_.end()) {
    cached_bytes_ += key.size() + 128;
    known = stacks_.emplace(std::move(key), std::array{not_asked, not_asked, not_asked, not_asked}).first;
  }
  std::uint32_t& answer = known->second[kind];
  if (answer == not_asked) answer = ask(leak.kind, stack);
  return answer;
}

// Those of the blocks that stand before a suppression, ascending.
void Matcher::State::find_candidates(const std::vector<std::uint32_t>& stack, std::uint32_t before) {
  candidates_.clear();
  if (++question_ == 0) {
    for (Block& block : blocks_) block.asked = 0;
    question_ = 1;
  }
  for (const std::uint32_t frame : stack) {
    for (const std::uint32_t place : frames_[frame].places) {
      for (const std::uint32_t block : by_place_[place]) {
        if (blocks_[block].asked == question_ || blocks_[block].suppression >= before) continue;
        blocks_[block].asked = question_;
        candidates_.push_back(block);
      }
    }
  }
  std::sort(candidates_.begin(), candidates_.end());
}

std::uint32_t Matcher::State::ask(LeakKind kind, const std::vector<std::uint32_t>& stack) {
  std::uint32_t first = none;
  for (const std::uint32_t frame : stack) first = std::min(first, frames_[frame].lsan);
  find_candidates(stack, first);
  for (const std::uint32_t candidate : candidates_) {
    const Block& block = blocks_[candidate];
    const bool same =
        block.kinds.has(kind) &&
        matches_prefix(
            block.lines.size(), stack.size(), [&](std::size_t line) { return block.lines[line] == none; },
            [&](std::size_t line, std::size_t frame) {
              const auto& places = frames_[stack[frame]].places;
              return std::binary_search(places.begin(), places.end(), block.lines[line]);
            });
    if (same) return block.suppression;
  }
  return first;
}

Matcher::Matcher(const std::vector<Suppression>& suppressions)
    : state_(std::make_unique<State>(suppressions)) {}
Matcher::Matcher(Matcher&&) noexcept = default;
Matcher& Matcher::operator=(Matcher&&) noexcept = default;
Matcher::~Matcher() = default;

std::optional<std::size_t> Matcher::first_match(const Leak& leak) {
  const std::uint32_t found = state_->first_match(leak);
  if (found == none) return std::nullopt;
  return found;
}

}  // namespace sonde::suppress
