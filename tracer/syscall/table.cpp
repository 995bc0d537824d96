#include "sonde/syscall/table.hpp"

#include <algorithm>
#include <array>

#include "syscall/rows.hpp"
#include "syscall/variants.hpp"

namespace sonde::syscall {

namespace {

// x32 has its own numbers for the calls whose structures differ; their rows are those of the 64-bit calls.
constexpr std::uint32_t x32_bit = 0x40000000;
constexpr std::uint32_t x32_first = 512;
constexpr std::array<std::string_view, 36> x32_calls{"rt_sigaction",
                                                     "rt_sigreturn",
                                                     "ioctl",
                                                     "readv",
                                                     "writev",
                                                     "recvfrom",
                                                     "sendmsg",
                                                     "recvmsg",
                                                     "execve",
                                                     "ptrace",
                                                     "rt_sigpending",
                                                     "rt_sigtimedwait",
                                                     "rt_sigqueueinfo",
                                                     "sigaltstack",
                                                     "timer_create",
                                                     "mq_notify",
                                                     "kexec_load",
                                                     "waitid",
                                                     "set_robust_list",
                                                     "get_robust_list",
                                                     "vmsplice",
                                                     "move_pages",
                                                     "preadv",
                                                     "pwritev",
                                                     "rt_tgsigqueueinfo",
                                                     "recvmmsg",
                                                     "sendmmsg",
                                                     "process_vm_readv",
                                                     "process_vm_writev",
                                                     "setsockopt",
                                                     "getsockopt",
                                                     "io_setup",
                                                     "io_submit",
                                                     "execveat",
                                                     "preadv2",
                                                     "pwritev2"};

constexpr bool sorted_and_unique(std::span<const Row> rows) {
  return std::ranges::adjacent_find(rows, std::ranges::greater_equal{}, &Row::nr) == rows.end();
}
static_assert(sorted_and_unique(x86_64_rows));
static_assert(sorted_and_unique(i386_rows));

constexpr bool registers_fit(std::span<const Row> rows) {
  return std::ranges::all_of(rows, [](const Row& row) {
    return std::ranges::all_of(row.arguments,
                               [](const Argument& argument) { return argument.reg < max_arguments; });
  });
}
static_assert(registers_fit(x86_64_rows) && registers_fit(i386_rows));

// Every call of the installed kernel headers has its row, under its name.
constexpr bool has_row(Abi abi, std::uint32_t nr, std::string_view name) {
  const std::size_t place = place_of(abi, nr);
  return place != no_row && own_rows(abi)[place].name == name;
}
#define CALL(abi, nr, name) static_assert(has_row(Abi::abi, nr, #name), "no row for " #name " of " #abi);
#include "syscall/calls.inc"
#undef CALL

constexpr Row unknown_row =
    make_row(0, "", Class::none, Kind::dec,
             {A(hex, arg0), A(hex, arg1), A(hex, arg2), A(hex, arg3), A(hex, arg4), A(hex, arg5)});

// No place.
constexpr std::uint16_t nowhere = UINT16_MAX;

// A call by its number: where its row is, and what selects its variants.
struct Slot {
  std::uint16_t place = nowhere;  // In own_rows(): a pointer would have to be relocated.
  std::uint8_t selector = no_selector;
};

constexpr std::size_t slots = 1024;
static_assert(x86_64_rows.back().nr < x32_first && i386_rows.back().nr < slots);

class Index {
 public:
  consteval Index() {
    // gcc 12 would leave zeros here for {}.
    for (Table& table : table_) table.fill(Slot());
    fill(Abi::x86_64, x86_64_rows);
    fill(Abi::i386, i386_rows);
    slots_of(Abi::x32) = slots_of(Abi::x86_64);
    for (std::uint32_t i = 0; i < x32_calls.size(); ++i) {
      const Row& row = own_rows(Abi::x86_64)[place_of(Abi::x86_64, x32_calls[i])];
      slots_of(Abi::x32)[x32_first + i] = slots_of(Abi::x86_64)[row.nr];
    }
  }

  Slot slot(Abi abi, std::uint32_t nr) const {
    if (abi == Abi::x32) nr &= ~x32_bit;
    return nr < slots ? table_[static_cast<std::size_t>(abi)][nr] : Slot();
  }

 private:
  using Table = std::array<Slot, slots>;

  constexpr Table& slots_of(Abi abi) { return table_[static_cast<std::size_t>(abi)]; }
  constexpr void fill(Abi abi, std::span<const Row> rows) {
    for (std::size_t place = 0; place < rows.size(); ++place)
      slots_of(abi)[rows[place].nr] = {static_cast<std::uint16_t>(place), selector_of(rows[place].name)};
  }

  std::array<Table, 3> table_{};
};

constexpr Index index_of_calls;

struct NamedClass {
  std::string_view name;
  Class value;
};
constexpr std::array named_classes{
    NamedClass{"%stat", Class::stat_like}, NamedClass{"%statfs", Class::statfs_like},
    NamedClass{"clock", Class::clock},     NamedClass{"creds", Class::creds},
    NamedClass{"desc", Class::desc},       NamedClass{"file", Class::file},
    NamedClass{"fstat", Class::fstat},     NamedClass{"fstatfs", Class::fstatfs},
    NamedClass{"ipc", Class::ipc},         NamedClass{"lstat", Class::lstat},
    NamedClass{"memory", Class::memory},   NamedClass{"network", Class::network},
    NamedClass{"process", Class::process}, NamedClass{"pure", Class::pure},
    NamedClass{"signal", Class::signal},   NamedClass{"stat", Class::stat},
    NamedClass{"statfs", Class::statfs}};

constexpr auto names_of_classes = [] {
  std::array<std::string_view, named_classes.size()> names;
  std::ranges::transform(named_classes, names.begin(), &NamedClass::name);
  return names;
}();

}  // namespace

std::optional<Class> class_named(std::string_view name) {
  if (name == "net") return Class::network;
  const auto found = std::ranges::find(named_classes, name, &NamedClass::name);
  return found == named_classes.end() ? std::nullopt : std::optional(found->value);
}

std::span<const std::string_view> class_names() { return names_of_classes; }

const Row* find(Abi abi, std::uint32_t nr) {
  const std::uint16_t place = index_of_calls.slot(abi, nr).place;
  return place == nowhere ? nullptr : &own_rows(abi)[place];
}

const Row* find(Abi abi, std::string_view name) {
  const std::size_t place = place_of(abi, name);
  return place == no_row ? nullptr : &own_rows(abi)[place];
}

std::span<const Row> rows(Abi abi) { return own_rows(abi); }

const Row* resolve(Abi abi, std::uint32_t nr, std::span<const std::uint64_t, max_arguments> args) {
  const Slot slot = index_of_calls.slot(abi, nr);
  if (slot.place == nowhere) return &unknown_row;
  const Row* row = &own_rows(abi)[slot.place];
  if (slot.selector == no_selector) return row;
  const Row* variant = find_variant(abi, slot.selector, args);
  return variant != nullptr ? variant : row;
}

}  // namespace sonde::syscall
