#include "decode/members.hpp"

#include <algorithm>

namespace sonde::decode {

namespace {

bool is_signed(Cell cell) {
  switch (cell) {
    case Cell::i8:
    case Cell::i16:
    case Cell::i32:
    case Cell::i64:
    case Cell::slong:
      return true;
    default:
      return false;
  }
}

// The i386 ABI aligns 64-bit integers in structures to 4 bytes.
std::size_t cell_alignment(Cell cell, Abi abi) {
  return std::min<std::size_t>(cell_size(cell, abi), abi == Abi::i386 ? 4 : 8);
}

std::size_t align(std::size_t offset, std::size_t alignment) {
  return (offset + alignment - 1) & ~(alignment - 1);
}

std::uint64_t extend(std::uint64_t raw, Cell cell, Abi abi) {
  if (!is_signed(cell)) return raw;
  const auto unused = static_cast<unsigned>(64 - 8 * cell_size(cell, abi));
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(raw << unused) >> unused);
}

}  // namespace

std::size_t cell_size(Cell cell, Abi abi) {
  switch (cell) {
    case Cell::i8:
    case Cell::u8:
      return 1;
    case Cell::i16:
    case Cell::u16:
      return 2;
    case Cell::i32:
    case Cell::u32:
      return 4;
    case Cell::i64:
    case Cell::u64:
      return 8;
    case Cell::slong:
    case Cell::ulong:
    case Cell::pointer:
      return word_size(abi);
  }
  return 0;
}

std::size_t struct_size(std::span<const Member> members, Abi abi) {
  std::size_t size = 0;
  std::size_t alignment = 1;
  for (const Member& member : members) {
    size = align(size, cell_alignment(member.cell, abi)) + cell_size(member.cell, abi);
    alignment = std::max(alignment, cell_alignment(member.cell, abi));
  }
  return align(size, alignment);
}

Address MemberCursor::where(Cell cell) const {
  return structure_ + align(offset_, cell_alignment(cell, value_.call.abi));
}

std::optional<std::uint64_t> MemberCursor::next(Cell cell) {
  const Abi abi = value_.call.abi;
  const Address at = where(cell);
  offset_ = align(offset_, cell_alignment(cell, abi)) + cell_size(cell, abi);
  const auto raw = read_unsigned(value_, at, cell_size(cell, abi));
  if (!raw) return std::nullopt;
  return extend(*raw, cell, abi);
}

void print_members(const Value& value, Address structure, std::span<const Member> members) {
  MemberCursor cursor(value, structure);
  for (const Member& member : members) {
    const auto raw = cursor.next(member.cell);
    if (member.kind == syscall::Kind::none && member.set == nullptr) continue;
    value.out.field(member.name);
    if (member.set != nullptr) {
      print_from(value, member.set(), raw.value_or(0));
    } else {
      render(member.kind, value.with(raw.value_or(0)));
    }
  }
}

void print_struct(const Value& value, Address structure, std::span<const Member> members, std::size_t brief) {
  if (unreadable(value, structure, struct_size(members, value.call.abi))) return;
  const bool whole = value.style.verbose || brief >= members.size();
  value.out.begin_struct();
  print_members(value, structure, whole ? members : members.first(brief));
  if (!whole) value.out.more();
  value.out.end_struct();
}

void print_pointee(const Value& value, Address pointer, Cell cell, syscall::Kind kind) {
  if (unreadable(value, pointer, cell_size(cell, value.call.abi))) return;
  value.out.begin_array();
  value.out.element();
  render(kind, value.with(*MemberCursor(value, pointer).next(cell)));
  value.out.end_array();
}

}  // namespace sonde::decode
