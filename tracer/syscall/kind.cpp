#include "sonde/syscall/kind.hpp"

#include <array>

#include "sonde/base/result.hpp"

namespace sonde::syscall {

namespace {

constexpr std::array kind_specs{
#define KIND(name, direction, capture, length, size64, size32) \
  KindSpec{#name, Direction::direction, Capture::capture, Length::length, size64, size32},
#include "sonde/syscall/kinds.def"
#undef KIND
};

}  // namespace

const KindSpec& spec(Kind kind) {
  SONDE_CHECK(kind < Kind::count_);
  return kind_specs[static_cast<std::size_t>(kind)];
}

}  // namespace sonde::syscall
