#include "sonde/unwind/function_starts.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "sonde/base/limits.hpp"

namespace sonde::unwind {

namespace {

// DW_EH_PE_* of the Linux Standard Base, "DWARF Exception Header Encoding".
constexpr std::uint8_t signed_4 = 0x0b;
constexpr std::uint8_t unsigned_4 = 0x03;
constexpr std::uint8_t from_section = 0x30;
constexpr std::uint8_t format_bits = 0x0f;

struct Header {
  std::uint8_t version;
  std::uint8_t frame_encoding;
  std::uint8_t count_encoding;
  std::uint8_t table_encoding;
  std::int32_t frame;
  std::uint32_t count;
};
static_assert(sizeof(Header) == 12);

struct Row {
  std::int32_t start;
  std::int32_t entry;
};

bool is_usual(const Header& header) {
  const std::uint8_t frame = header.frame_encoding & format_bits;
  return header.version == 1 && (frame == signed_4 || frame == unsigned_4) &&
         header.count_encoding == unsigned_4 && header.table_encoding == (from_section | signed_4);
}

}  // namespace

FunctionStarts FunctionStarts::parse(Bytes section, std::uint64_t address) {
  FunctionStarts found;
  Header header;
  if (section.size() < sizeof header) return found;
  std::memcpy(&header, section.data(), sizeof header);
  if (!is_usual(header)) return found;
  const Bytes rows = section.subspan(sizeof header);
  const std::size_t count =
      std::min({std::size_t{header.count}, rows.size() / sizeof(Row), limits::cfi_rows});
  found.starts_.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    Row row;
    std::memcpy(&row, rows.data() + i * sizeof row, sizeof row);
    const std::uint64_t start = address + static_cast<std::uint64_t>(std::int64_t{row.start});
    if (!found.starts_.empty() && start <= found.starts_.back()) break;
    found.starts_.push_back(start);
  }
  return found;
}

std::optional<FunctionStarts::Piece> FunctionStarts::piece_of(std::uint64_t address) const {
  const auto next = std::upper_bound(starts_.begin(), starts_.end(), address);
  if (next == starts_.begin()) return std::nullopt;
  return Piece{*(next - 1), next == starts_.end() ? std::numeric_limits<std::uint64_t>::max() : *next};
}

}  // namespace sonde::unwind
