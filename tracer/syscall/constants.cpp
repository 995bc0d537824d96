#include "sonde/syscall/constants.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

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

// What the parts of a value print, joined by "|".
class Sum {
 public:
  explicit Sum(std::string& out) : out_(out), start_(out.size()) {}

  bool empty() const { return out_.size() == start_; }
  // Begins another term.
  Sum& term() {
    if (!empty()) out_ += '|';
    return *this;
  }
  Sum& text(std::string_view text) {
    out_ += text;
    return *this;
  }
  Sum& decimal(std::int64_t value) { return text(fmt::format_int(value).c_str()); }
  // strace writes 0 without a prefix.
  Sum& hex(std::uint64_t value) {
    if (value == 0) return text("0");
    fmt::format_to(std::back_inserter(out_), "{:#x}", value);
    return *this;
  }
  Sum& octal(std::uint64_t value) {
    fmt::format_to(std::back_inserter(out_), "0{:02o}", value);
    return *this;
  }
  Sum& comment(std::string_view remark) {
    return remark.empty() ? *this : text(" /* ").text(remark).text(" */");
  }

 private:
  std::string& out_;
  std::size_t start_;
};

constexpr std::uint64_t lowest_bit(std::uint64_t mask) { return mask & -mask; }

void format_bits(const Part& part, std::uint64_t value, bool zero_is_named, Sum& sum) {
  if (value == 0) {
    if (const auto name = flag_named(part.values, 0); zero_is_named && !name.empty()) sum.term().text(name);
    return;
  }
  bool known = false;
  for (const auto& [name, bits] : part.values) {
    if (bits == 0 || (value & bits) != bits) continue;
    sum.term().text(name);
    value &= ~bits;
    known = true;
  }
  if (value == 0) return;
  sum.term().hex(value);
  if (!known) sum.comment(part.unknown);
}

void format_choice(const Part& part, std::uint64_t value, bool alone, Sum& sum) {
  const auto name = choice_named(part.values, value);
  if (!name.empty() && !part.name_in_comment) return void(sum.term().text(name));
  if (part.lenient || (value == 0 && !alone)) return;
  sum.term();
  if (part.in_decimal) {
    sum.decimal(static_cast<std::int32_t>(value));
  } else {
    sum.hex(value);
  }
  sum.comment(name.empty() ? part.unknown : name);
}

void format_part(const Part& part, std::uint64_t value, bool alone, Sum& sum) {
  const std::uint64_t number = value / lowest_bit(part.mask);
  switch (part.kind) {
    case PartKind::bits:
      return format_bits(part, value, alone, sum);
    case PartKind::choice:
      return format_choice(part, value, alone, sum);
    case PartKind::shifted:
      if (number != 0) sum.term().decimal(static_cast<std::int64_t>(number)).text("<<").text(part.unknown);
      return;
    case PartKind::octal:
      return void(sum.term().octal(number));
    case PartKind::decimal:
      return void(sum.term().decimal(static_cast<std::int64_t>(number)));
    case PartKind::hex:
      sum.term().hex(number);
      if (!part.unknown.empty()) sum.text("<<").text(part.unknown);
      return;
  }
}

// Which bits a lenient choice leaves to the part of the bits: all of its own, when together they have no
// name.
std::uint64_t left_over(const ConstantSet& set, std::uint64_t value) {
  std::uint64_t bits = 0;
  for (const Part& part : set.parts)
    if (part.lenient && choice_named(part.values, value & part.mask).empty()) bits |= value & part.mask;
  return bits;
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

void format_constant(const ConstantSet& set, std::uint64_t value, std::string& out) {
  value = within(set, value);
  Sum sum(out);
  if (const auto name = choice_named(set.wholes, value); !name.empty()) return void(sum.term().text(name));
  const std::uint64_t left = left_over(set, value);
  const bool alone = set.parts.size() == 1;
  for (const Part& part : set.parts) {
    std::uint64_t own = value & part.mask;
    if (part.kind == PartKind::bits) own |= left;
    format_part(part, own, alone, sum);
  }
  if (sum.empty()) sum.text("0");
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

std::string_view errno_name(int errno_value) {
  return errno_value > 0 ? sets::error.name_of(static_cast<std::uint64_t>(errno_value)) : std::string_view();
}

std::string_view signal_name(int signal) {
  return signal > 0 ? sets::signal.name_of(static_cast<std::uint64_t>(signal)) : std::string_view();
}

}  // namespace sonde::syscall
