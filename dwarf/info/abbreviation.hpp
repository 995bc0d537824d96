// Abbreviations: what an entry of debug information consists of (DWARF 5 section 7.5.3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "form.hpp"

namespace sonde::dwarf {

struct Attribute {
  At name{};
  Form form{};
  std::int64_t implicit = 0;  // The value, with Form::implicit_const.
};

// What the walk over a unit does with an entry.
enum class Role : std::uint8_t {
  other,      // Goes on into its children, which may hold functions.
  childless,  // Leaves its children out: types and calls, which hold none.
  function,   // A function with code.
  inlined,    // An inlined call with code.
  scope,      // A namespace, class or function without code: its name qualifies what is in it.
};

// How to get past an entry of one abbreviation without decoding it: so many bytes, and then a part whose size
// is its own affair.
struct Step {
  std::uint32_t bytes = 0;
  Form then{};  // None: the end.
};

struct Abbreviation {
  std::uint64_t code = 0;
  Tag tag{};
  Role role = Role::other;
  bool has_children = false;
  bool has_sibling = false;  // DW_AT_sibling, which leads past the children.
  std::uint32_t first_attribute = 0;
  std::uint32_t attribute_count = 0;
  std::uint32_t first_step = 0;
  std::uint32_t step_count = 0;
};

// The abbreviations of one table for units of one encoding.
class Abbreviations {
 public:
  // Without abbreviations.
  Abbreviations() = default;
  // Reads the table at `offset` of .debug_abbrev, up to its end or to the first thing that cannot be. At most
  // limits::dwarf_abbreviations. What is read counts down `budget`.
  Abbreviations(Bytes section, std::uint64_t offset, Encoding encoding, std::uint64_t& budget);

  // Null when no abbreviation has the code.
  const Abbreviation* find(std::uint64_t code) const {
    if (code - 1 < entries_.size() && entries_[code - 1].code == code) return &entries_[code - 1];
    return dense_ ? nullptr : find_sparse(code);
  }
  std::span<const Attribute> attributes(const Abbreviation& entry) const {
    return {attributes_.data() + entry.first_attribute, entry.attribute_count};
  }
  // Moves past the values of an entry.
  void skip(Cursor& cursor, const Abbreviation& entry) const;

  Encoding encoding() const { return encoding_; }
  std::size_t memory() const;

 private:
  const Abbreviation* find_sparse(std::uint64_t code) const;
  void add_steps(Abbreviation& entry);

  Encoding encoding_;
  bool dense_ = true;  // The codes are 1, 2, 3 …
  std::vector<Abbreviation> entries_;
  std::vector<Attribute> attributes_;
  std::vector<Step> steps_;
};

// Calls `take(At, Value)` for each attribute of an entry, and leaves the cursor behind it.
template <typename Take>
void read_attributes(Cursor& cursor, const Abbreviations& table, const Abbreviation& entry, Take take) {
  for (const Attribute& attribute : table.attributes(entry)) {
    const Value value = read_value(cursor, attribute.form, attribute.implicit, table.encoding());
    if (!cursor.ok()) return;
    take(attribute.name, value);
  }
}

// The attributes of the abbreviation with this code, found without keeping the table: for a unit's root.
// Counts what it looked at down from `budget`, and gives up at 0.
bool find_abbreviation(Bytes section, std::uint64_t offset, std::uint64_t code, std::uint64_t& budget,
                       Tag& tag, std::vector<Attribute>& attributes);

}  // namespace sonde::dwarf
