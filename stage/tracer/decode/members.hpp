// Structures described by their C members: the offsets follow from the call's ABI, so that one table serves
// 64-bit and 32-bit callers.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "decode/print.hpp"

namespace sonde::decode {

// A member's type in C.
enum class Cell : std::uint8_t { i8, u8, i16, u16, i32, u32, i64, u64, slong, ulong, pointer };

struct Member {
  std::string_view name;
  Cell cell;
  syscall::Kind kind;  // What its value is rendered as. Kind::none: padding, which is not shown.
  // When given, the value is printed from this set, whatever the kind.
  const syscall::ConstantSet& (*set)() = nullptr;
};

// A member of flags or of a constant, from the set of that name.
#define SONDE_SET_MEMBER(name, cell, set_name) \
  Member { name, cell, ::sonde::syscall::Kind::none, named_set<set_name> }

// Bytes of such a cell, and of a whole structure with its padding at the end.
std::size_t cell_size(Cell cell, Abi abi);
std::size_t struct_size(std::span<const Member> members, Abi abi);

// Walks over the members of one structure.
class MemberCursor {
 public:
  MemberCursor(const Value& value, Address structure) : value_(value), structure_(structure) {}

  // The next member, sign-extended where its type is signed; empty when it cannot be read.
  std::optional<std::uint64_t> next(Cell cell);
  // Where the next member of that type lies. next() has not taken it yet.
  Address where(Cell cell) const;
  std::size_t offset() const { return offset_; }

 private:
  const Value& value_;
  Address structure_;
  std::size_t offset_ = 0;
};

// Announces and renders the members; begin_struct() and end_struct() are the caller's.
void print_members(const Value& value, Address structure, std::span<const Member> members);
// The whole structure, or the address when it cannot be read. Without -v only the first `brief` members are
// shown, and "..." for the rest.
void print_struct(const Value& value, Address structure, std::span<const Member> members,
                  std::size_t brief = SIZE_MAX);

// The value that `pointer` leads to in brackets: [3]. The address when it cannot be read.
void print_pointee(const Value& value, Address pointer, Cell cell, syscall::Kind kind);

}  // namespace sonde::decode
