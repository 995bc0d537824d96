#include "abbreviation.hpp"

#include <algorithm>
#include <limits>

#include "sonde/base/limits.hpp"

namespace sonde::dwarf {

namespace {

struct Declaration {
  std::uint64_t code = 0;
  Tag tag{};
  bool has_children = false;
};

// Narrows what must fit 16 bits to be known at all.
template <typename T>
T narrow(Cursor& cursor) {
  const std::uint64_t number = cursor.uleb();
  if (number > std::numeric_limits<std::uint16_t>::max()) cursor.fail();
  return static_cast<T>(static_cast<std::uint16_t>(number));
}

// What a declaration begins with. False at the end of the table.
bool read_head(Cursor& cursor, Declaration& declaration) {
  declaration.code = cursor.uleb();
  if (declaration.code == 0) return false;
  declaration.tag = narrow<Tag>(cursor);
  declaration.has_children = cursor.u8() != 0;
  return true;
}

// Calls take(Attribute) for each attribute of a declaration. False when they cannot be read.
template <typename Take>
bool each_attribute(Cursor& cursor, Take take) {
  for (std::size_t count = 0; cursor.ok() && count < limits::dwarf_entry_attributes; ++count) {
    Attribute attribute;
    attribute.name = narrow<At>(cursor);
    attribute.form = narrow<Form>(cursor);
    if (attribute.form == Form::implicit_const) attribute.implicit = cursor.sleb();
    if (!cursor.ok()) return false;
    if (attribute.name == At{} && attribute.form == Form{}) return true;
    take(attribute);
  }
  return false;
}

// One declaration, its attributes put behind those that are there. False at the end of the table, or when it
// cannot be read.
bool read_declaration(Cursor& cursor, Declaration& declaration, std::vector<Attribute>& attributes) {
  return read_head(cursor, declaration) &&
         each_attribute(cursor, [&](const Attribute& attribute) { attributes.push_back(attribute); });
}

Role role_of(Tag tag, bool has_children, std::span<const Attribute> attributes) {
  const auto has = [&](At name) {
    return std::any_of(attributes.begin(), attributes.end(),
                       [&](const Attribute& attribute) { return attribute.name == name; });
  };
  switch (tag) {
    case Tag::subprogram:
      if (has(At::low_pc) || has(At::ranges)) return Role::function;
      return has_children && !has(At::declaration) ? Role::scope : Role::other;
    case Tag::inlined_subroutine:
      return has_children || has(At::low_pc) || has(At::ranges) ? Role::inlined : Role::other;
    case Tag::namespace_:
    case Tag::module:
    case Tag::class_type:
    case Tag::structure_type:
    case Tag::union_type:
    case Tag::interface_type:
      return has_children ? Role::scope : Role::other;
    case Tag::array_type:
    case Tag::enumeration_type:
    case Tag::subroutine_type:
    case Tag::call_site:
    case Tag::GNU_call_site:
      return Role::childless;
    default:
      return Role::other;
  }
}

}  // namespace

Abbreviations::Abbreviations(Bytes section, std::uint64_t offset, Encoding encoding, std::uint64_t& budget)
    : encoding_(encoding) {
  Cursor cursor(section, offset);
  Declaration declaration;
  while (entries_.size() < limits::dwarf_abbreviations && budget > 0) {
    const std::size_t first = attributes_.size();
    if (!read_declaration(cursor, declaration, attributes_)) break;
    budget -= std::min<std::uint64_t>(budget, attributes_.size() - first + 1);
    Abbreviation entry;
    entry.code = declaration.code;
    entry.tag = declaration.tag;
    entry.has_children = declaration.has_children;
    entry.first_attribute = static_cast<std::uint32_t>(first);
    entry.attribute_count = static_cast<std::uint32_t>(attributes_.size() - first);
    entry.role = role_of(entry.tag, entry.has_children, attributes(entry));
    add_steps(entry);
    entries_.push_back(entry);
    dense_ = dense_ && entry.code == entries_.size();
  }
  if (!dense_)
    std::stable_sort(entries_.begin(), entries_.end(),
                     [](const Abbreviation& a, const Abbreviation& b) { return a.code < b.code; });
}

void Abbreviations::add_steps(Abbreviation& entry) {
  entry.first_step = static_cast<std::uint32_t>(steps_.size());
  Step step;
  for (const Attribute& attribute : attributes(entry)) {
    if (attribute.name == At::sibling) entry.has_sibling = true;
    if (const auto size = fixed_size(attribute.form, encoding_)) {
      step.bytes += *size;
    } else {
      step.then = attribute.form;
      steps_.push_back(step);
      step = {};
    }
  }
  if (step.bytes != 0) steps_.push_back(step);
  entry.step_count = static_cast<std::uint32_t>(steps_.size() - entry.first_step);
}

const Abbreviation* Abbreviations::find_sparse(std::uint64_t code) const {
  const auto found =
      std::lower_bound(entries_.begin(), entries_.end(), code,
                       [](const Abbreviation& entry, std::uint64_t c) { return entry.code < c; });
  return found != entries_.end() && found->code == code ? &*found : nullptr;
}

void Abbreviations::skip(Cursor& cursor, const Abbreviation& entry) const {
  for (std::uint32_t i = 0; i < entry.step_count; ++i) {
    const Step& step = steps_[entry.first_step + i];
    cursor.skip(step.bytes);
    if (step.then != Form{}) read_value(cursor, step.then, 0, encoding_);
  }
}

std::size_t Abbreviations::memory() const {
  return sizeof(*this) + entries_.capacity() * sizeof(Abbreviation) +
         attributes_.capacity() * sizeof(Attribute) + steps_.capacity() * sizeof(Step);
}

bool find_abbreviation(Bytes section, std::uint64_t offset, std::uint64_t code, std::uint64_t& budget,
                       Tag& tag, std::vector<Attribute>& attributes) {
  Cursor cursor(section, offset);
  Declaration declaration;
  while (budget > 0) {
    if (!read_head(cursor, declaration)) return false;
    const bool wanted = declaration.code == code;
    std::uint64_t count = 1;
    const bool read = each_attribute(cursor, [&](const Attribute& attribute) {
      ++count;
      if (wanted) attributes.push_back(attribute);
    });
    budget -= std::min(budget, count);
    if (!read) return false;
    if (!wanted) continue;
    tag = declaration.tag;
    return true;
  }
  return false;
}

}  // namespace sonde::dwarf
