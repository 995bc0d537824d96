// Reading numbers from untrusted bytes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "sonde/base/types.hpp"

namespace sonde::unwind {

// A position in bytes. Reading beyond the end gives zeros and makes ok() false for good, so that a whole
// structure can be read before anybody asks.
class Reader {
 public:
  explicit Reader(Bytes bytes) : begin_(bytes.data()), at_(begin_), end_(begin_ + bytes.size()) {}

  bool ok() const { return ok_; }
  bool at_end() const { return at_ == end_; }
  std::size_t position() const { return static_cast<std::size_t>(at_ - begin_); }
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  // Where the next byte lies in the bytes that the reader was made of.
  const std::byte* place() const { return at_; }
  void fail() {
    ok_ = false;
    at_ = end_;
  }

  template <typename T>
  T number() {
    T value{};
    if (left() < sizeof value) {
      fail();
      return value;
    }
    std::memcpy(&value, at_, sizeof value);
    at_ += sizeof value;
    return value;
  }
  std::uint8_t u8() { return number<std::uint8_t>(); }
  std::uint16_t u16() { return number<std::uint16_t>(); }
  std::uint32_t u32() { return number<std::uint32_t>(); }
  std::uint64_t u64() { return number<std::uint64_t>(); }

  // LEB128 (DWARF 5, section 7.6). Bits beyond 64 are dropped; the padding that linkers write is read over.
  std::uint64_t uleb() {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const std::uint8_t byte = u8();
      if (shift < 64) value |= std::uint64_t{byte & 0x7fu} << shift;
      if ((byte & 0x80) == 0) return value;
    }
  }
  std::int64_t sleb() {
    std::uint64_t value = 0;
    for (unsigned shift = 0;;) {
      const std::uint8_t byte = u8();
      if (shift < 64) value |= std::uint64_t{byte & 0x7fu} << shift;
      shift += 7;
      if ((byte & 0x80) != 0) continue;
      if (shift < 64 && (byte & 0x40) != 0) value |= ~std::uint64_t{0} << shift;
      return static_cast<std::int64_t>(value);
    }
  }

  // The next bytes, or none when there are fewer.
  Bytes bytes(std::uint64_t count) {
    if (count > left()) {
      fail();
      return {end_, std::size_t{0}};
    }
    const Bytes found{at_, static_cast<std::size_t>(count)};
    at_ += count;
    return found;
  }
  void skip(std::uint64_t count) { bytes(count); }

  // Text up to its NUL, which is read too.
  std::string_view text() {
    const auto* nul = std::find(at_, end_, std::byte{0});
    if (nul == end_) {
      fail();
      return {};
    }
    const std::string_view found{reinterpret_cast<const char*>(at_), static_cast<std::size_t>(nul - at_)};
    at_ = nul + 1;
    return found;
  }

 private:
  const std::byte* begin_;
  const std::byte* at_;
  const std::byte* end_;
  bool ok_ = true;
};

}  // namespace sonde::unwind
