#include "decode/read.hpp"

#include <algorithm>
#include <array>

namespace sonde::decode {

std::size_t Value::read(Address address, std::span<std::byte> into) const {
  const std::size_t done = call.exit && !before ? call.exit->snapshot.read(address, into) : 0;
  return done + (done < into.size() ? call.entered.read(address + done, into.subspan(done)) : 0);
}

std::optional<std::uint64_t> read_unsigned(const Value& value, Address address, std::size_t size) {
  std::array<std::byte, 8> bytes{};
  if (value.read(address, std::span(bytes).first(size)) != size) return std::nullopt;
  return unsigned_at(bytes, 0, size);
}

std::uint64_t unsigned_at(Bytes bytes, std::size_t offset, std::size_t size) {
  std::uint64_t number = 0;
  if (offset + size <= bytes.size())
    std::memcpy(&number, bytes.data() + offset, std::min<std::size_t>(size, 8));
  return number;
}

std::int64_t signed_at(Bytes bytes, std::size_t offset, std::size_t size) {
  const unsigned unused = 64 - 8 * static_cast<unsigned>(std::clamp<std::size_t>(size, 1, 8));
  return static_cast<std::int64_t>(unsigned_at(bytes, offset, size) << unused) >> unused;
}

}  // namespace sonde::decode
