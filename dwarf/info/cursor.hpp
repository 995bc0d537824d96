// Takes numbers and strings off a section, and never looks beyond its end.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "sonde/base/types.hpp"

namespace sonde::dwarf {

// What does not fit reads as 0 or empty, and from then on the cursor is at its end and not ok(): loops test
// ok() or at_end(), and need no test at every step. Little-endian.
class Cursor {
 public:
  Cursor() = default;
  // Reads `section` from `offset` up to `end`, both cut to what is there; an offset beyond the end is not
  // ok().
  Cursor(Bytes section, std::uint64_t offset, std::uint64_t end)
      : begin_(section.data()),
        at_(section.data() + std::min<std::uint64_t>(offset, section.size())),
        end_(section.data() + std::min<std::uint64_t>(end, section.size())),
        ok_(offset <= section.size() && offset <= end) {
    if (!ok_) at_ = end_;
  }
  Cursor(Bytes section, std::uint64_t offset) : Cursor(section, offset, section.size()) {}

  bool ok() const { return ok_; }
  bool at_end() const { return at_ >= end_; }
  // Offset in the section.
  std::uint64_t position() const { return static_cast<std::uint64_t>(at_ - begin_); }
  std::uint64_t remaining() const { return static_cast<std::uint64_t>(end_ - at_); }

  // Moves to an offset of the section that is not before the present one.
  void advance_to(std::uint64_t offset) {
    if (offset < position()) return fail();
    skip(offset - position());
  }
  void skip(std::uint64_t count) {
    if (count > remaining()) return fail();
    at_ += count;
  }

  std::uint8_t u8() { return fixed<std::uint8_t>(); }
  std::uint16_t u16() { return fixed<std::uint16_t>(); }
  std::uint32_t u32() { return fixed<std::uint32_t>(); }
  std::uint64_t u64() { return fixed<std::uint64_t>(); }
  std::int8_t s8() { return fixed<std::int8_t>(); }

  // A number of `size` bytes, 1 to 8.
  std::uint64_t sized(unsigned size) {
    if (size == 8) return u64();
    if (size == 4) return u32();
    if (size > 8 || size > remaining()) {
      fail();
      return 0;
    }
    std::uint64_t value = 0;
    std::memcpy(&value, at_, size);
    at_ += size;
    return value;
  }

  // Bits beyond 64 are lost, as in other readers; the padding that assemblers make is valid.
  std::uint64_t uleb() {
    if (at_ < end_ && static_cast<std::uint8_t>(*at_) < 0x80) return static_cast<std::uint8_t>(*at_++);
    return long_leb(false);
  }
  std::int64_t sleb() { return static_cast<std::int64_t>(long_leb(true)); }

  // Up to a NUL, which must be there.
  std::string_view text() {
    const void* nul = remaining() == 0 ? nullptr : std::memchr(at_, 0, remaining());
    if (nul == nullptr) {
      fail();
      return {};
    }
    const auto* first = reinterpret_cast<const char*>(at_);
    at_ = static_cast<const std::byte*>(nul) + 1;
    return {first, static_cast<std::size_t>(reinterpret_cast<const char*>(at_) - first) - 1};
  }

  void fail() {
    ok_ = false;
    at_ = end_;
  }

 private:
  template <typename T>
  T fixed() {
    if (remaining() < sizeof(T)) {
      fail();
      return 0;
    }
    T value;
    std::memcpy(&value, at_, sizeof(T));
    at_ += sizeof(T);
    return value;
  }

  std::uint64_t long_leb(bool is_signed) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; at_ < end_; shift += 7) {
      const auto byte = static_cast<std::uint8_t>(*at_++);
      if (shift < 64) value |= std::uint64_t{byte & 0x7fU} << shift;
      if ((byte & 0x80) != 0) continue;
      if (is_signed && (byte & 0x40) != 0 && shift + 7 < 64) value |= ~std::uint64_t{0} << (shift + 7);
      return value;
    }
    fail();
    return 0;
  }

  const std::byte* begin_ = nullptr;
  const std::byte* at_ = nullptr;
  const std::byte* end_ = nullptr;
  bool ok_ = true;
};

// The text at an offset of a string section; empty when it is not there or does not end.
inline std::string_view text_at(Bytes section, std::uint64_t offset) {
  return Cursor(section, offset).text();
}

}  // namespace sonde::dwarf
