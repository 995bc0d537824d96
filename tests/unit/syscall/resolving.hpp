#pragma once

#include <algorithm>
#include <array>
#include <initializer_list>
#include <vector>

#include "sonde/syscall/table.hpp"

namespace sonde::syscall {

inline const Row& resolved(Abi abi, std::uint32_t nr, std::initializer_list<std::uint64_t> args = {}) {
  std::array<std::uint64_t, max_arguments> registers{};
  std::ranges::copy(args, registers.begin());
  return *resolve(abi, nr, registers);
}

inline const Row& resolved(Abi abi, std::string_view name, std::initializer_list<std::uint64_t> args) {
  return resolved(abi, find(abi, name)->nr, args);
}

inline std::vector<Kind> kinds_of(const Row& row) {
  std::vector<Kind> kinds;
  for (unsigned i = 0; i < row.argument_count; ++i) kinds.push_back(row.arguments[i].kind);
  return kinds;
}

}  // namespace sonde::syscall
