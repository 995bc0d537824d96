// Makes sections of debug information byte by byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "dwarf/info/constants.hpp"
#include "sonde/base/types.hpp"
#include "sonde/dwarf/sections.hpp"

namespace sonde::test {

class SectionBuilder {
 public:
  SectionBuilder& u8(std::uint64_t value) { return sized(value, 1); }
  SectionBuilder& u16(std::uint64_t value) { return sized(value, 2); }
  SectionBuilder& u32(std::uint64_t value) { return sized(value, 4); }
  SectionBuilder& u64(std::uint64_t value) { return sized(value, 8); }
  SectionBuilder& sized(std::uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i) bytes_.push_back(static_cast<std::byte>(value >> i * 8));
    return *this;
  }
  SectionBuilder& uleb(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) u8((value & 0x7f) | 0x80);
    return u8(value);
  }
  SectionBuilder& sleb(std::int64_t value) {
    for (; value < -64 || value > 63; value >>= 7) u8((static_cast<std::uint64_t>(value) & 0x7f) | 0x80);
    return u8(static_cast<std::uint64_t>(value) & 0x7f);
  }
  SectionBuilder& text(std::string_view value) {
    for (const char c : value) u8(static_cast<unsigned char>(c));
    return u8(0);
  }
  SectionBuilder& raw(std::initializer_list<int> values) {
    for (const int value : values) u8(static_cast<std::uint64_t>(value));
    return *this;
  }
  SectionBuilder& append(const SectionBuilder& other) {
    bytes_.insert(bytes_.end(), other.bytes_.begin(), other.bytes_.end());
    return *this;
  }
  // A length of 4 bytes, and what follows it.
  SectionBuilder& with_length(const SectionBuilder& contents) {
    return u32(contents.size()).append(contents);
  }

  // An abbreviation: pairs of attribute and form.
  SectionBuilder& abbreviation(std::uint64_t code, dwarf::Tag tag, bool has_children,
                               std::initializer_list<std::pair<dwarf::At, dwarf::Form>> attributes) {
    uleb(code).uleb(static_cast<std::uint64_t>(tag)).u8(has_children);
    for (const auto& [name, form] : attributes)
      uleb(static_cast<std::uint64_t>(name)).uleb(static_cast<std::uint64_t>(form));
    return u8(0).u8(0);
  }

  std::size_t size() const { return bytes_.size(); }
  Bytes bytes() const { return bytes_; }
  std::vector<std::byte>& vector() { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

// A unit of DWARF 2 to 4 (or a compile unit of DWARF 5) with abbreviations at 0 and addresses of 8 bytes.
inline SectionBuilder unit(unsigned version, const SectionBuilder& entries) {
  SectionBuilder contents;
  contents.u16(version);
  if (version >= 5) {
    contents.u8(static_cast<std::uint64_t>(dwarf::UnitType::compile)).u8(8).u32(0);
  } else {
    contents.u32(0).u8(8);
  }
  contents.append(entries);
  SectionBuilder whole;
  whole.with_length(contents);
  return whole;
}

// Bytes from the beginning of such a unit to its first entry.
constexpr std::size_t header_size(unsigned version) { return version >= 5 ? 12 : 11; }

}  // namespace sonde::test
