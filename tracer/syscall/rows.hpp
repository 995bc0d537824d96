// How rows are written in x86_64.def, i386.def and variants.def, and read by the compiler.
#pragma once

#include <algorithm>
#include <array>
#include <initializer_list>

#include "sonde/syscall/table.hpp"

namespace sonde::syscall {

inline constexpr std::uint8_t next_register = 0xff;

// An argument of a row stands in the register of its place in the list, unless it says otherwise.
constexpr Row make_row(std::uint32_t nr, std::string_view name, Class classes, Kind returns,
                       std::initializer_list<Argument> arguments) {
  Row row{nr, InlineName<31>(name), classes, returns, static_cast<std::uint8_t>(arguments.size()), {}};
  for (std::uint8_t i = 0; const Argument& argument : arguments) {
    row.arguments[i] = argument;
    if (argument.reg == next_register) row.arguments[i].reg = i;
    ++i;
  }
  return row;
}

}  // namespace sonde::syscall

#define A(kind, name) \
  ::sonde::syscall::Argument { ::sonde::syscall::Kind::kind, #name, ::sonde::syscall::next_register }
#define AT(reg, kind, name) \
  ::sonde::syscall::Argument { ::sonde::syscall::Kind::kind, #name, reg }
// The classes of a row are written without their scope: file | desc.
#define SONDE_CLASSES(classes)          \
  [] {                                  \
    using enum ::sonde::syscall::Class; \
    return classes;                     \
  }()

namespace sonde::syscall {

#define SYSCALL(nr, name, classes, returns, ...) \
  make_row(nr, #name, SONDE_CLASSES(classes), Kind::returns, {__VA_ARGS__}),
inline constexpr std::array x86_64_rows{
#include "syscall/x86_64.def"
};
inline constexpr std::array i386_rows{
#include "syscall/i386.def"
};
#undef SYSCALL

constexpr std::span<const Row> own_rows(Abi abi) {
  return abi == Abi::i386 ? std::span<const Row>(i386_rows) : std::span<const Row>(x86_64_rows);
}

// Places in own_rows(), which the compiler can look up under sanitizers too: there no address of a row is a
// constant that could be compared with nullptr.
inline constexpr std::size_t no_row = SIZE_MAX;

constexpr std::size_t place_of(Abi abi, std::string_view name) {
  const auto rows = own_rows(abi);
  const auto found = std::ranges::find(rows, name, &Row::name);
  return found == rows.end() ? no_row : static_cast<std::size_t>(found - rows.begin());
}

constexpr std::size_t place_of(Abi abi, std::uint32_t nr) {
  const auto rows = own_rows(abi);
  const auto found = std::ranges::lower_bound(rows, nr, {}, &Row::nr);
  return found == rows.end() || found->nr != nr ? no_row : static_cast<std::size_t>(found - rows.begin());
}

}  // namespace sonde::syscall
