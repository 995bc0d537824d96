// What a suppression file says: entries of LeakSanitizer's and of valgrind memcheck's format, and what the
// comments above them record. Plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::suppress {

// memcheck's four classes of leaked blocks (its manual, 4.2.9).
enum class LeakKind : std::uint8_t { definite, indirect, possible, reachable };

// A set of them.
class LeakKinds {
 public:
  constexpr LeakKinds() = default;
  static constexpr LeakKinds all() { return LeakKinds(0b1111); }
  constexpr void add(LeakKind kind) { bits_ |= bit(kind); }
  constexpr bool has(LeakKind kind) const { return (bits_ & bit(kind)) != 0; }
  constexpr bool operator==(const LeakKinds&) const = default;

 private:
  explicit constexpr LeakKinds(unsigned bits) : bits_(static_cast<std::uint8_t>(bits)) {}
  static constexpr std::uint8_t bit(LeakKind kind) {
    return static_cast<std::uint8_t>(1u << static_cast<unsigned>(kind));
  }

  std::uint8_t bits_ = 0;
};

// "definite", as match-leak-kinds: has it.
std::string_view name_of(LeakKind kind);

enum class Format : std::uint8_t { lsan, valgrind };

// A line of a valgrind block that says where: fun:, obj:, src: or "...".
struct Place {
  enum class Kind : std::uint8_t { function, object, source, any_frames };

  Kind kind = Kind::any_frames;
  std::string pattern;     // With * and ?; empty for any_frames.
  std::uint32_t line = 0;  // Of src:FILE:LINE; 0: any.

  bool operator==(const Place&) const = default;
};

// What comments say of an entry. All texts are untrusted.
struct Record {
  std::string category;   // The heading above: comments with an empty line below them.
  std::string why;        // "# text", lines joined by spaces.
  std::string reference;  // "# Reference: text"
  std::string status;     // "# Status: text"
  std::string tested;     // "# Tested: 2026-01-09 on Python 3.11", without the word.
  std::string reviewed;   // "# Reviewed: 2026-01-09"
  std::optional<std::chrono::sys_days> tested_on;  // The dates that those two begin with.
  std::optional<std::chrono::sys_days> reviewed_on;

  // When somebody has last looked at the entry: the later of the two.
  std::optional<std::chrono::sys_days> last_look() const;
  bool operator==(const Record&) const = default;
};

struct Suppression {
  Format format = Format::lsan;
  bool about_leaks = true;               // Not: of another tool, or of another kind of memcheck's.
  std::string name;                      // A block's first line; of LeakSanitizer's, the pattern.
  LeakKinds kinds = LeakKinds::all();    // Of a block: match-leak-kinds.
  std::vector<Place> places;             // Of a block that is about leaks, innermost first.
  std::shared_ptr<const Record> record;  // Never null; entries that stand together share it.
  std::uint32_t file = 0;                // Which of the files, as they were read.
  std::uint32_t line = 0;                // Where the entry begins, from 1.
};

}  // namespace sonde::suppress
