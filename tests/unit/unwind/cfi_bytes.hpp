// Making sections with call frame information by hand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "sonde/unwind/build.hpp"

namespace sonde::unwind::test {

class ByteBuilder {
 public:
  ByteBuilder() = default;
  ByteBuilder(std::initializer_list<int> bytes) {
    for (const int byte : bytes) u8(static_cast<std::uint64_t>(byte));
  }

  ByteBuilder& number(std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) bytes_.push_back(static_cast<std::byte>(value >> (8 * i)));
    return *this;
  }
  ByteBuilder& u8(std::uint64_t value) { return number(value, 1); }
  ByteBuilder& u16(std::uint64_t value) { return number(value, 2); }
  ByteBuilder& u32(std::uint64_t value) { return number(value, 4); }
  ByteBuilder& u64(std::uint64_t value) { return number(value, 8); }
  ByteBuilder& uleb(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) u8(value | 0x80);
    return u8(value);
  }
  ByteBuilder& sleb(std::int64_t value) {
    for (; value < -64 || value >= 64; value >>= 7) u8(static_cast<std::uint64_t>(value) | 0x80);
    return u8(static_cast<std::uint64_t>(value) & 0x7f);
  }
  ByteBuilder& text(std::string_view value) {
    for (const char c : value) bytes_.push_back(static_cast<std::byte>(c));
    return u8(0);
  }
  ByteBuilder& add(const ByteBuilder& other) {
    bytes_.insert(bytes_.end(), other.bytes_.begin(), other.bytes_.end());
    return *this;
  }
  ByteBuilder& pad_to(std::size_t alignment) {
    while (bytes_.size() % alignment != 0) u8(0);
    return *this;
  }

  std::size_t size() const { return bytes_.size(); }
  Bytes bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

// An .eh_frame or .debug_frame that grows by entries.
struct SectionBuilder {
  CfiSection::Format format = CfiSection::Format::eh_frame;
  bool wide = false;  // 64-bit DWARF.
  std::uint64_t address = 0x100000;
  ByteBuilder bytes;

  bool is_eh() const { return format == CfiSection::Format::eh_frame; }

  // Returns the entry's offset.
  std::size_t entry(std::uint64_t id, const ByteBuilder& body) {
    const std::size_t offset = bytes.size();
    const std::size_t id_bytes = wide && !is_eh() ? 8 : 4;
    if (wide) bytes.u32(0xffffffff);
    bytes.number(id_bytes + body.size(), wide ? 8 : 4);
    bytes.number(id, id_bytes).add(body);
    return offset;
  }

  // What comes after a CIE's augmentation data are its instructions.
  std::size_t cie(std::string_view augmentation, const ByteBuilder& data, const ByteBuilder& instructions) {
    ByteBuilder body;
    body.u8(1).text(augmentation).uleb(1).sleb(-8).u8(16);
    if (augmentation.starts_with('z')) body.uleb(data.size());
    return cie_of(body.add(data).add(instructions));
  }
  std::size_t cie_of(const ByteBuilder& body) {
    return entry(is_eh() ? 0 : wide ? ~std::uint64_t{0} : 0xffffffff, body);
  }

  std::size_t fde_of(std::size_t cie_offset, const ByteBuilder& body) {
    return entry(is_eh() ? bytes.size() + (wide ? 12 : 4) - cie_offset : cie_offset, body);
  }

  // Of a CIE without augmentation data: absolute addresses.
  std::size_t fde(std::size_t cie_offset, std::uint64_t begin, std::uint64_t size,
                  const ByteBuilder& instructions) {
    return fde_of(cie_offset, ByteBuilder().u64(begin).u64(size).add(instructions));
  }

  CfiSection section() const { return {format, bytes.bytes(), is_eh() ? address : 0, {}, {}}; }
};

// At a function's entry: CFA = rsp + 8, the return address at CFA - 8.
inline ByteBuilder at_entry() { return {0x0c, 7, 8, 0x80 | 16, 1}; }

// A section with one function from 0x1000 on.
inline SectionBuilder one_function(const ByteBuilder& instructions, std::uint64_t size = 0x100) {
  SectionBuilder builder;
  builder.fde(builder.cie("", {}, at_entry()), 0x1000, size, instructions);
  return builder;
}

}  // namespace sonde::unwind::test
