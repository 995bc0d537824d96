// Structures inside a file's bytes, copied out.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <type_traits>

#include "sonde/base/types.hpp"

namespace sonde::elf {

// The T at `offset`, whatever its alignment; nullopt where it does not lie in `bytes` as a whole.
template <typename T>
requires std::is_trivially_copyable_v<T> std::optional<T> load(Bytes bytes, std::uint64_t offset) {
  if (offset > bytes.size() || sizeof(T) > bytes.size() - offset) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

inline std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The text from `offset` to the next NUL, the end of `bytes` or `most` bytes, whichever comes first. Empty
// beyond the end.
inline std::string_view text_at(Bytes bytes, std::uint64_t offset, std::size_t most) {
  if (offset >= bytes.size()) return {};
  const std::string_view rest = text_of(bytes.subspan(offset)).substr(0, most);
  return {rest.data(), ::strnlen(rest.data(), rest.size())};
}

}  // namespace sonde::elf
