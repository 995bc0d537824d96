#include "sonde/syscall/constants.hpp"

#include <algorithm>
#include <array>

#include "syscall/names.hpp"
#include "syscall/sets.hpp"

namespace sonde::syscall {

namespace {

std::uint64_t within(const ConstantSet& set, std::uint64_t value) {
  return set.bits < 64 ? value & ((std::uint64_t{1} << set.bits) - 1) : value;
}

// Where the values are sorted, a choice is a binary search.
std::string_view choice_named(std::span<const Constant> sorted, std::uint64_t value) {
  const auto found = std::ranges::lower_bound(sorted, value, {}, &Constant::value);
  return found != sorted.end() && found->value == value ? found->name : std::string_view();
}

std::string_view flag_named(std::span<const Constant> values, std::uint64_t value) {
  const auto found = std::ranges::find(values, value, &Constant::value);
  return found != values.end() ? found->name : std::string_view();
}

template <std::size_t size>
constexpr std::array<const ConstantSet*, size> sets_of_kinds() {
  std::array<const ConstantSet*, size> sets{};
#define KIND(name, direction, capture, length, size64, size32)
#define CONSTANTS(name) sets[static_cast<std::size_t>(Kind::name)] = &sets::name;
#include "sonde/syscall/kinds.def"
#undef KIND
  sets[static_cast<std::size_t>(Kind::signal)] = &sets::signal;
  sets[static_cast<std::size_t>(Kind::clockid)] = &sets::clock;
  sets[static_cast<std::size_t>(Kind::ioctl_request)] = &sets::ioctl_request;
  return sets;
}

constexpr auto kind_sets = sets_of_kinds<static_cast<std::size_t>(Kind::count_)>();

}  // namespace

std::string_view ConstantSet::name_of(std::uint64_t value) const {
  value = within(*this, value);
  for (const Part& part : parts) {
    const auto found =
        part.kind == PartKind::choice ? choice_named(part.values, value) : flag_named(part.values, value);
    if (!found.empty()) return found;
  }
  return {};
}

const ConstantSet* constant_set(std::string_view name) {
  const auto sets = constant_sets();
  const auto found =
      std::ranges::lower_bound(sets, name, {}, [](const ConstantSet* set) { return set->name; });
  return found != sets.end() && (*found)->name == name ? *found : nullptr;
}

const ConstantSet* constants_of(Kind kind) {
  return kind < Kind::count_ ? kind_sets[static_cast<std::size_t>(kind)] : nullptr;
}

std::optional<std::uint64_t> constant_named(std::string_view name) {
  const auto found = std::ranges::lower_bound(all_constants, name, {}, &Constant::name);
  if (found == all_constants.end() || found->name != name) return std::nullopt;
  return found->value;
}

std::vector<std::string_view> constant_names() {
  std::vector<std::string_view> names(all_constants.size());
  std::ranges::transform(all_constants, names.begin(),
                         [](const Constant& constant) { return constant.name.view(); });
  return names;
}

std::string_view errno_name(int errno_value) {
  return errno_value > 0 ? sets::error.name_of(static_cast<std::uint64_t>(errno_value)) : std::string_view();
}

std::string_view signal_name(int signal) {
  return signal > 0 ? sets::signal.name_of(static_cast<std::uint64_t>(signal)) : std::string_view();
}

}  // namespace sonde::syscall
