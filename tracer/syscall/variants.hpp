// The variants of multiplexed calls: variants.def made into tables by the compiler, so that finding one takes
// no more than a binary search in a read-only array.
#pragma once

#include "syscall/names.hpp"
#include "syscall/rows.hpp"

namespace sonde::syscall {

// What decides which variant of a call it is.
struct Selector {
  std::string_view call;
  std::string_view group;
  std::uint8_t reg;
  std::uint8_t second_reg;  // A second register that decides, or next_register.
  std::uint64_t mask;
  std::uint8_t shift;
};

constexpr std::uint64_t pair_key(std::uint64_t first, std::uint64_t second) {
  return (first & 0xffffffff) << 32 | (second & 0xffffffff);
}
// The second value of a pair that stands for all those which have no variant of their own.
inline constexpr std::uint64_t any = 0xffffffff;

struct VariantSpec {
  std::string_view group;
  std::uint64_t key;
  Row row;  // Without number; a name only where it differs from the call's.
};

namespace variants {

// What a constant is worth; a number stands for itself. Anything else does not compile.
consteval std::uint64_t worth(std::string_view name) {
  const auto found = std::ranges::lower_bound(all_constants, name, {}, &Constant::name);
  if (found != all_constants.end() && found->name == name) return found->value;
  if (name == "any") return any;
  std::uint64_t number = 0;
  for (const char c : name) {
    if (c < '0' || c > '9') throw "no such constant";
    number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return number;
}

#define VARIANT(group, value, returns, ...)
#define PAIR(group, value, second, returns, ...)
#define RENAMED(group, value, name, classes, returns, ...)
#define SELECT(call, group, reg, mask, shift) Selector{#call, #group, reg, next_register, mask, shift},
#define SELECT_PAIR(call, group, reg, second) Selector{#call, #group, reg, second, 0xffffffff, 0},
inline constexpr std::array selectors{
#include "syscall/variants.def"
    Selector{"clone", "clone", 0, next_register, 0x01381000, 0}};
#undef VARIANT
#undef PAIR
#undef RENAMED
#undef SELECT
#undef SELECT_PAIR

#define SELECT(call, group, reg, mask, shift)
#define SELECT_PAIR(call, group, reg, second)
#define VARIANT(group, value, returns, ...) \
  VariantSpec{#group, worth(#value), make_row(0, {}, Class::none, Kind::returns, {__VA_ARGS__})},
#define PAIR(group, value, second, returns, ...)               \
  VariantSpec{#group, pair_key(worth(#value), worth(#second)), \
              make_row(0, {}, Class::none, Kind::returns, {__VA_ARGS__})},
#define RENAMED(group, value, name, classes, returns, ...) \
  VariantSpec{#group, worth(#value),                       \
              make_row(0, #name, SONDE_CLASSES(classes), Kind::returns, {__VA_ARGS__})},
inline constexpr std::array specs{
#include "syscall/variants.def"
};
#undef VARIANT
#undef PAIR
#undef RENAMED
#undef SELECT
#undef SELECT_PAIR

// clone()'s arguments after the flags are there when flags ask for them, so it has a variant for each
// combination. On i386 the thread's storage comes before the child's tid.
inline constexpr std::uint64_t clone_pidfd = worth("CLONE_PIDFD"), clone_settls = worth("CLONE_SETTLS"),
                               clone_parent_settid = worth("CLONE_PARENT_SETTID"),
                               clone_child_cleartid = worth("CLONE_CHILD_CLEARTID"),
                               clone_child_settid = worth("CLONE_CHILD_SETTID");
inline constexpr std::uint64_t clone_mask =
    clone_pidfd | clone_settls | clone_parent_settid | clone_child_cleartid | clone_child_settid;

constexpr Row clone_row(Abi abi, std::uint64_t flags) {
  const std::uint8_t tls_reg = abi == Abi::i386 ? 3 : 4;
  const std::uint8_t child_reg = abi == Abi::i386 ? 4 : 3;
  Row row = make_row(0, {}, Class::none, Kind::pid, {AT(1, address, child_stack), AT(0, clone_flags, flags)});
  const auto add = [&row](Argument argument) { row.arguments[row.argument_count++] = argument; };
  if (flags & clone_pidfd) {
    add(AT(2, fd_out, parent_tid));
  } else if (flags & clone_parent_settid) {
    add(AT(2, pid_out, parent_tid));
  }
  if (flags & clone_settls) add({abi == Abi::i386 ? Kind::user_desc_in : Kind::address, "tls", tls_reg});
  if (flags & (clone_child_cleartid | clone_child_settid)) add(AT(child_reg, address, child_tidptr));
  return row;
}

// Calls visit(key, row) for each variant of the group.
template <typename Visit>
constexpr void each_variant(Abi abi, std::string_view group, Visit visit) {
  if (group == "clone") {
    for (std::uint64_t flags = clone_mask;; flags = (flags - 1) & clone_mask) {
      visit(flags, clone_row(abi, flags));
      if (flags == 0) return;
    }
  }
  for (const VariantSpec& spec : specs)
    if (spec.group == group) visit(spec.key, spec.row);
}

constexpr std::size_t variant_count(Abi abi) {
  std::size_t count = 0;
  for (const Selector& selector : selectors)
    if (place_of(abi, selector.call) != no_row)
      each_variant(abi, selector.group, [&](std::uint64_t, const Row&) { ++count; });
  return count;
}

struct Variant {
  std::uint64_t key;
  Row row;
};

// Where a selector's variants are in the array of all, sorted by key.
struct Range {
  std::uint16_t first;
  std::uint16_t count;
};

template <Abi abi>
struct Variants {
  std::array<Variant, variant_count(abi)> all;
  std::array<Range, selectors.size()> ranges;
};

template <Abi abi>
consteval Variants<abi> make_variants() {
  Variants<abi> variants{};
  std::size_t end = 0;
  for (std::size_t i = 0; i < selectors.size(); ++i) {
    const std::size_t place = place_of(abi, selectors[i].call);
    const std::size_t first = end;
    if (place != no_row) {
      const Row& call = own_rows(abi)[place];
      each_variant(abi, selectors[i].group, [&](std::uint64_t key, Row row) {
        row.nr = call.nr;
        if (row.name.empty()) {
          row.name = call.name;
          row.classes = call.classes;
        }
        variants.all[end++] = {key, row};
      });
    }
    std::ranges::sort(variants.all.begin() + static_cast<std::ptrdiff_t>(first),
                      variants.all.begin() + static_cast<std::ptrdiff_t>(end), {}, &Variant::key);
    variants.ranges[i] = {static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(end - first)};
  }
  return variants;
}

inline constexpr auto of_x86_64 = make_variants<Abi::x86_64>();
inline constexpr auto of_i386 = make_variants<Abi::i386>();

constexpr std::span<const Variant> of(Abi abi, std::size_t selector) {
  if (abi == Abi::i386)
    return std::span(of_i386.all).subspan(of_i386.ranges[selector].first, of_i386.ranges[selector].count);
  return std::span(of_x86_64.all).subspan(of_x86_64.ranges[selector].first, of_x86_64.ranges[selector].count);
}

// A key that stands twice in a group would hide a variant.
consteval bool keys_are_unique(Abi abi) {
  for (std::size_t i = 0; i < selectors.size(); ++i) {
    const auto variants = of(abi, i);
    if (std::ranges::adjacent_find(variants, {}, &Variant::key) != variants.end()) return false;
  }
  return true;
}
static_assert(keys_are_unique(Abi::x86_64) && keys_are_unique(Abi::i386));

}  // namespace variants

// The index of the selector of a call, or no_selector.
inline constexpr std::uint8_t no_selector = 0xff;
constexpr std::uint8_t selector_of(std::string_view call) {
  const auto found = std::ranges::find(variants::selectors, call, &Selector::call);
  return found == variants::selectors.end() ? no_selector
                                            : static_cast<std::uint8_t>(found - variants::selectors.begin());
}

// The variant that fits these arguments, or nullptr.
inline const Row* find_variant(Abi abi, std::uint8_t index,
                               std::span<const std::uint64_t, max_arguments> args) {
  const Selector& selector = variants::selectors[index];
  const auto variants = variants::of(abi, index);
  const auto find = [variants](std::uint64_t key) -> const Row* {
    const auto found = std::ranges::lower_bound(variants, key, {}, &variants::Variant::key);
    return found == variants.end() || found->key != key ? nullptr : &found->row;
  };
  const std::uint64_t first = (args[selector.reg] & selector.mask) >> selector.shift;
  if (selector.second_reg == next_register) return find(first);
  const Row* exact = find(pair_key(first, args[selector.second_reg]));
  return exact != nullptr ? exact : find(pair_key(first, any));
}

}  // namespace sonde::syscall
