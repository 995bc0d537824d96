// Reading a tracee's structures out of a call's snapshots.
#pragma once

#include <cstring>
#include <optional>
#include <span>
#include <type_traits>

#include "sonde/decode/render.hpp"

namespace sonde::decode {

// The object at `address`; empty when not all of it can be read. T has the layout of the call's ABI.
template <typename T>
std::optional<T> read_as(const Value& value, Address address) {
  static_assert(std::is_trivially_copyable_v<T>);
  T object;
  if (value.read(address, std::as_writable_bytes(std::span(&object, 1))) != sizeof object)
    return std::nullopt;
  return object;
}

// The unsigned integer of `size` bytes (1, 2, 4 or 8) at `address`.
std::optional<std::uint64_t> read_unsigned(const Value& value, Address address, std::size_t size);

// The pointer or long at `address`, of the call's ABI.
inline std::optional<std::uint64_t> read_word(const Value& value, Address address) {
  return read_unsigned(value, address, value.word());
}

// The integer of `size` bytes at `offset` of `bytes`; 0 beyond the end.
std::uint64_t unsigned_at(Bytes bytes, std::size_t offset, std::size_t size);
// The same, sign-extended.
std::int64_t signed_at(Bytes bytes, std::size_t offset, std::size_t size);

// A register as the ABI sees it: the low 32 bits for 32-bit callers.
inline std::uint64_t as_word(const Value& value, std::uint64_t raw) {
  return value.call.abi == Abi::i386 ? std::uint32_t(raw) : raw;
}
inline std::int64_t as_signed_word(const Value& value, std::uint64_t raw) {
  return value.call.abi == Abi::i386 ? std::int32_t(raw) : std::int64_t(raw);
}

}  // namespace sonde::decode
