#include "argument.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace sonde::filter {

namespace {

using syscall::Capture;
using syscall::Direction;
using syscall::Kind;

// The plain kinds that are not unsigned ints.
constexpr std::array<std::string_view, 8> signed_ints = {"dec", "fd",     "dirfd",   "fanotify_dirfd",
                                                         "pid", "signal", "clockid", "key_serial"};
constexpr std::array<std::string_view, 5> unsigned_longs = {"ludec", "hex", "address", "sighandler",
                                                            "ptracer"};

constexpr bool holds(const auto& names, std::string_view wanted) {
  for (const std::string_view name : names) {
    if (name == wanted) return true;
  }
  return false;
}

constexpr ArgumentType type_of(std::string_view name, Direction direction, Capture capture) {
  if (direction != Direction::value || capture != Capture::none) return {64, false};
  if (name == "ldec") return {64, true};
  if (holds(unsigned_longs, name)) return {64, false};
  return {32, holds(signed_ints, name)};
}

constexpr std::array<ArgumentType, static_cast<std::size_t>(Kind::count_)> types = {{
#define KIND(name, direction, capture, length, size64, size32) \
  type_of(#name, Direction::direction, Capture::capture),
#include "sonde/syscall/kinds.def"
#undef KIND
}};

}  // namespace

ArgumentType argument_type(Abi abi, Kind kind) {
  const ArgumentType type = types[static_cast<std::size_t>(kind)];
  if (abi == Abi::i386) return {32, type.is_signed};
  const bool plain = type.width == 32 && !type.is_signed;
  const auto* set = plain ? syscall::constants_of(kind) : nullptr;
  return set != nullptr ? ArgumentType{set->bits, false} : type;
}

SyscallNumber named_call(Abi abi, std::uint32_t nr, const syscall::Row& row) {
  const syscall::Row* own = syscall::find(abi, nr);
  if (own == &row || own == nullptr || own->name == row.name) return {abi, nr};
  if (const syscall::Row* same = syscall::find(abi, row.name)) return {abi, same->nr};
  if (const syscall::Row* same = syscall::find(Abi::x86_64, row.name)) return {Abi::x86_64, same->nr};
  return {abi, nr};
}

std::uint32_t event_kinds(const syscall::Row& row) {
  constexpr std::array<std::string_view, 5> mapping = {"brk", "mmap", "mmap2", "mremap", "munmap"};
  const bool maps = std::find(mapping.begin(), mapping.end(), std::string_view(row.name)) != mapping.end();
  return bit(EventKind::syscall) | (maps ? bit(EventKind::mapping) : 0);
}

bool is_descriptor(Kind kind) {
  return syscall::spec(kind).name == "fanotify_dirfd" || kind == Kind::fd || kind == Kind::dirfd;
}

bool is_path(Kind kind) { return kind == Kind::path; }

const syscall::ConstantSet* flag_set(Kind kind) {
  const auto* set = syscall::constants_of(kind);
  return set != nullptr && set->flags ? set : nullptr;
}

const syscall::Argument* argument_in(const syscall::Row& row, unsigned reg) {
  const syscall::Argument* found = nullptr;
  each_argument(row, [&](const syscall::Argument& argument) {
    if (argument.reg == reg) found = &argument;
  });
  return found;
}

std::optional<unsigned> register_of(Field field) {
  const auto reg = static_cast<unsigned>(field) - static_cast<unsigned>(Field::arg0);
  if (field < Field::arg0 || reg >= syscall::max_arguments) return std::nullopt;
  return reg;
}

}  // namespace sonde::filter
