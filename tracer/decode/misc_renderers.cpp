// What belongs to no other group: descriptors of segments, priorities of I/O, and results that say more than
// a number.
#include <algorithm>
#include <asm/ldt.h>
#include <linux/ioprio.h>

#include <fmt/format.h>

#include "decode/members.hpp"
#include "decode/renderers.hpp"

namespace sonde::decode {

namespace {

using syscall::Kind;

Address address_of(const Value& value) { return {as_word(value, value.raw)}; }

// struct user_desc: an entry of a descriptor table.
void print_descriptor(const Value& value, Address address) {
  MemberCursor cursor(value, address);
  const auto entry = cursor.next(Cell::i32);
  const auto base = cursor.next(Cell::u32);
  const auto limit = cursor.next(Cell::u32);
  const auto bits = cursor.next(Cell::u32);
  if (address.value == 0 || !entry || !base || !limit || !bits) return value.out.address(address.value);
  value.out.begin_struct();
  value.out.field("entry_number");
  value.out.integer(static_cast<std::int32_t>(*entry));
  // C's %#08x, whose prefix counts, and is left out for 0.
  const auto padded = [&](std::string_view name, std::uint64_t raw) {
    value.out.field(name);
    value.out.symbol(raw == 0 ? "00000000" : fmt::format("{:#08x}", raw), raw);
  };
  padded("base_addr", *base);
  padded("limit", *limit);
  struct Bits {
    std::string_view name;
    unsigned shift, width;
  };
  static constexpr Bits fields[] = {{"seg_32bit", 0, 1},       {"contents", 1, 2},
                                    {"read_exec_only", 3, 1},  {"limit_in_pages", 4, 1},
                                    {"seg_not_present", 5, 1}, {"useable", 6, 1}};
  for (const Bits& field : fields) {
    value.out.field(field.name);
    value.out.unsigned_integer(*bits >> field.shift & ((1u << field.width) - 1));
  }
  if (value.call.abi == Abi::x86_64) {
    value.out.field("lm");
    value.out.unsigned_integer(*bits >> 7 & 1);
  }
  value.out.end_struct();
}
void render_descriptor(const Value& value) { print_descriptor(value, address_of(value)); }

// set_thread_area() with -1 for an entry takes a free one, and says which.
void render_ret_thread_area(const Value& value) {
  value.out.integer(static_cast<std::int64_t>(value.raw));
  const Address address{as_word(value, value.call.args[0])};
  const auto asked = read_as<std::int32_t>(value.as_before(), address);
  const auto taken = read_as<std::int32_t>(value, address);
  if (!asked || !taken || *asked == *taken) return;
  print_remark(value,
               [&](const Value& result) { result.out.verbatim(fmt::format("entry_number={}", *taken)); });
}

void render_segments(const Value& value) {
  static constexpr Member members[] = {{"buf", Cell::pointer, Kind::address},
                                       {"bufsz", Cell::ulong, Kind::ludec},
                                       {"mem", Cell::pointer, Kind::address},
                                       {"memsz", Cell::ulong, Kind::ludec}};
  constexpr std::uint64_t most = 16;  // KEXEC_SEGMENT_MAX
  const std::uint64_t count = as_word(value, previous_argument(value));
  if (count > most) return value.out.address(address_of(value).value);
  print_array(value, address_of(value), count, struct_size(members, value.call.abi),
              [&](Address at) { print_struct(value, at, members); });
}

// A class and a level within it.
void print_io_priority(const Value& value, std::uint32_t priority) {
  value.out.begin_call("IOPRIO_PRIO_VALUE");
  value.out.argument();
  print_constant(value, named_set<"ioprio_class">(), priority >> IOPRIO_CLASS_SHIFT);
  value.out.argument();
  value.out.unsigned_integer(priority & IOPRIO_PRIO_MASK);
  value.out.end_call();
}
void render_io_priority(const Value& value) {
  print_io_priority(value, static_cast<std::uint32_t>(value.raw));
}

void render_io_priority_result(const Value& value) {
  value.out.integer(static_cast<std::int32_t>(value.raw));
  print_remark(value,
               [](const Value& inner) { print_io_priority(inner, static_cast<std::uint32_t>(inner.raw)); });
}

// The process that may trace this one: PR_SET_PTRACER_ANY is -1.
void render_tracer(const Value& value) {
  if (as_signed_word(value, value.raw) == -1) return print_symbol(value, "PR_SET_PTRACER_ANY", value.raw);
  value.out.integer(as_signed_word(value, value.raw));
}

void render_register_buffer(const Value& value) {
  static constexpr Member members[] = {{"iov_base", Cell::pointer, Kind::address},
                                       {"iov_len", Cell::ulong, Kind::ludec}};
  print_struct(value, address_of(value), members);
}

void render_siginfo_range(const Value& value) {
  MemberCursor cursor(value, address_of(value));
  const auto offset = cursor.next(Cell::u64);
  const auto flags = cursor.next(Cell::u32);
  const auto count = cursor.next(Cell::i32);
  if (address_of(value).value == 0 || !offset || !flags || !count)
    return value.out.address(address_of(value).value);
  value.out.begin_struct();
  value.out.field("off");
  value.out.unsigned_integer(*offset);
  value.out.field("flags");
  print_flags(value, named_set<"peeksiginfo_flags">(), *flags);
  value.out.field("nr");
  value.out.integer(static_cast<std::int32_t>(*count));
  value.out.end_struct();
}

// Results: the number, and in parentheses what it stands for.
void print_explained(const Value& value, const syscall::ConstantSet& set, Base base) {
  print_number(value, static_cast<std::uint32_t>(value.raw), base);
  const auto raw = static_cast<std::uint32_t>(value.raw);
  const std::string text = set.flags ? set_text(set, raw) : std::string(set.name_of(raw));
  if (!text.empty()) value.out.remark(text);
}

template <SetName set>
void render_named_result(const Value& value) {
  print_explained(value, named_set<set>(), Base::decimal);
}
template <Kind kind, Base base>
void render_result_of(const Value& value) {
  const auto* set = syscall::constants_of(kind);
  if (set == nullptr) return print_number(value, static_cast<std::uint32_t>(value.raw), base);
  print_explained(value, *set, base);
}

void render_nonzero_flags(const Value& value) {
  if (static_cast<std::uint32_t>(value.raw) == 0) return value.out.integer(0);
  render_result_of<Kind::securebits, Base::hex>(value);
}
void render_speculation(const Value& value) {
  if (static_cast<std::uint32_t>(value.raw) == 0) return value.out.integer(0);
  render_result_of<Kind::speculation_control, Base::hex>(value);
}

// recvmmsg() was interrupted by its timeout, or says how much of it was left.
void render_messages_result(const Value& value) {
  const auto count = static_cast<std::int32_t>(value.raw);
  value.out.integer(count);
  const Address timeout{as_word(value, value.call.args[4])};
  if (timeout.value == 0) return;
  if (count == 0) return value.out.remark("Timeout");
  print_remark(value, [&](const Value& inner) {
    const Kind kind = inner.word() == 8 ? Kind::timespec_out : Kind::timespec64_out;
    inner.out.verbatim("left ");
    render(kind, inner.with(timeout.value));
  });
}

constexpr Registration table[] = {
    {Kind::user_desc_in, render_descriptor},
    {Kind::user_desc_inout, render_descriptor},
    {Kind::ret_thread_area, render_ret_thread_area},
    {Kind::user_desc_update, render_descriptor},
    {Kind::kexec_segments_in, render_segments},
    {Kind::ioprio_value, render_io_priority},
    {Kind::ptracer, render_tracer},
    {Kind::regset_iovec_in, render_register_buffer},
    {Kind::regset_iovec_update, render_register_buffer},
    {Kind::peeksiginfo_args_in, render_siginfo_range},
    {Kind::ret_recvmmsg, render_messages_result},
    {Kind::ret_personality, render_result_of<Kind::personality_flags, Base::hex>},
    {Kind::ret_sched_policy, render_result_of<Kind::sched_policy, Base::decimal>},
    {Kind::ret_ioprio, render_io_priority_result},
    {Kind::ret_dumpable, render_result_of<Kind::dumpable, Base::decimal>},
    {Kind::ret_securebits, render_nonzero_flags},
    {Kind::ret_speculation, render_speculation},
    {Kind::ret_mce_kill, render_result_of<Kind::mce_kill_policy, Base::decimal>},
};

}  // namespace

Domain misc_domain() { return {table}; }

}  // namespace sonde::decode
