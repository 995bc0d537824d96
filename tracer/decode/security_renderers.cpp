// Capabilities, seccomp filters and keys.
#include <algorithm>
#include <array>
#include <bit>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>

#include <fmt/format.h>

#include "decode/members.hpp"
#include "decode/net_print.hpp"
#include "decode/renderers.hpp"
#include "sonde/base/limits.hpp"

namespace sonde::decode {

namespace {

using syscall::Kind;

Address address_of(const Value& value) { return {as_word(value, value.raw)}; }

void render_capability_header(const Value& value) {
  static constexpr Member members[] = {SONDE_SET_MEMBER("version", Cell::u32, "capability_version"),
                                       {"pid", Cell::i32, Kind::pid}};
  print_struct(value, address_of(value), members);
}

// A set of capabilities is two words apart in memory: 1<<CAP_CHOWN|1<<CAP_KILL.
void print_capabilities(const Value& value, std::uint64_t set) {
  if (set == 0 || value.style.xlat == Xlat::raw) return value.out.hex(set);
  const auto* names = syscall::constants_of(Kind::capability);
  std::string text;
  std::uint64_t unnamed = 0;
  for (std::uint64_t rest = set; rest != 0; rest &= rest - 1) {
    const auto bit = static_cast<unsigned>(std::countr_zero(rest));
    const std::string_view name = names == nullptr ? std::string_view() : names->name_of(bit);
    if (name.empty()) {
      unnamed |= std::uint64_t{1} << bit;
    } else {
      text += fmt::format("{}1<<{}", text.empty() ? "" : "|", name);
    }
  }
  if (unnamed != 0) {
    // The high word's bits are counted from its own start.
    const std::uint64_t shown = (unnamed & UINT32_MAX) == 0 ? unnamed >> 32 : unnamed;
    text += text.empty() ? fmt::format("{:#x}", shown) : fmt::format("|{:#x}", shown);
  }
  print_symbol(value, text, set);
}

void render_capability_data(const Value& value) {
  const Address address = address_of(value);
  const auto version = read_unsigned(value, {as_word(value, value.call.args[0])}, sizeof(int));
  constexpr std::array<std::uint64_t, 2> wide_ones = {_LINUX_CAPABILITY_VERSION_2,
                                                      _LINUX_CAPABILITY_VERSION_3};
  const bool wide = version && std::find(wide_ones.begin(), wide_ones.end(), *version) != wide_ones.end();
  constexpr std::size_t half = sizeof(__user_cap_data_struct);
  if (!version || unreadable(value, address, wide ? 2 * half : half)) {
    if (!version) value.out.address(address.value);
    return;
  }
  static constexpr std::string_view names[] = {"effective", "permitted", "inheritable"};
  value.out.begin_struct();
  for (std::size_t i = 0; i < std::size(names); ++i) {
    const std::uint64_t low = read_unsigned(value, address + 4 * i, 4).value_or(0);
    const std::uint64_t high = wide ? read_unsigned(value, address + (half + 4 * i), 4).value_or(0) : 0;
    value.out.field(names[i]);
    print_capabilities(value, low | high << 32);
  }
  value.out.end_struct();
}

// An instruction's code in the macros that it would be written with.
std::string code_text(std::uint16_t code) {
  const unsigned group = BPF_CLASS(code);
  const auto name = [](const syscall::ConstantSet& set, unsigned number) {
    const std::string_view known = set.name_of(number);
    return known.empty() ? fmt::format("{:#x}", number) : std::string(known);
  };
  std::string text = name(named_set<"bpf_class">(), group);
  switch (group) {
    case BPF_LD:
    case BPF_LDX:
      text += '|' + name(named_set<"bpf_size">(), BPF_SIZE(code)) + '|' +
              name(named_set<"bpf_mode">(), BPF_MODE(code));
      break;
    case BPF_ALU:
      text += '|' + name(named_set<"bpf_source">(), BPF_SRC(code)) + '|' +
              name(named_set<"bpf_alu_op">(), BPF_OP(code));
      break;
    case BPF_JMP:
      text += '|' + name(named_set<"bpf_source">(), BPF_SRC(code)) + '|' +
              name(named_set<"bpf_jump_op">(), BPF_OP(code));
      break;
    case BPF_RET:
      text += '|' + name(named_set<"bpf_return_source">(), BPF_RVAL(code));
      break;
    case BPF_MISC:
      text += '|' + name(named_set<"bpf_misc_op">(), BPF_MISCOP(code));
      break;
    default:
      break;
  }
  const unsigned known = group == BPF_ST || group == BPF_STX ? 0x7 : 0xff;
  if ((code & ~known) != 0) text += fmt::format("|{:#x}", code & ~known);
  return text;
}

// What a seccomp filter returns: SECCOMP_RET_ERRNO|0x5.
void print_seccomp_result(const Value& value, std::uint32_t result) {
  const std::string_view action = named_set<"seccomp_action">().name_of(result & SECCOMP_RET_ACTION_FULL);
  if (action.empty()) return print_unknown(value, "SECCOMP_RET_???", result);
  const std::uint32_t data = result & SECCOMP_RET_DATA;
  print_symbol(value, data == 0 ? std::string(action) : fmt::format("{}|{:#x}", action, data), result);
}

bool is_seccomp(const Value& value) {
  return value.call.row->name == "seccomp" || value.call.row->name == "prctl";
}

void print_instruction(const Value& value, Address at) {
  const auto instruction = read_as<sock_filter>(value, at);
  if (!instruction) return value.out.address(at.value);
  const std::string code = code_text(instruction->code);
  const bool jumps = instruction->jt != 0 || instruction->jf != 0;
  value.out.begin_call(jumps ? "BPF_JUMP" : "BPF_STMT");
  value.out.argument();
  print_symbol(value, code, instruction->code);
  value.out.argument();
  if (is_seccomp(value) && BPF_CLASS(instruction->code) == BPF_RET && BPF_RVAL(instruction->code) == BPF_K) {
    print_seccomp_result(value, instruction->k);
  } else {
    value.out.hex(instruction->k);
  }
  if (jumps) {
    value.out.argument();
    value.out.hex(instruction->jt);
    value.out.argument();
    value.out.hex(instruction->jf);
  }
  value.out.end_call();
}

void render_filter_program(const Value& value) { print_filter_program(value, address_of(value)); }

void render_seccomp_action(const Value& value) {
  const auto action = read_unsigned(value, address_of(value), sizeof(int));
  if (address_of(value).value == 0 || !action) return value.out.address(address_of(value).value);
  value.out.begin_array();
  value.out.element();
  print_constant(value, named_set<"seccomp_action">(), *action);
  value.out.end_array();
}

void render_seccomp_sizes(const Value& value) {
  static constexpr Member members[] = {{"seccomp_notif", Cell::u16, Kind::udec},
                                       {"seccomp_notif_resp", Cell::u16, Kind::udec},
                                       {"seccomp_data", Cell::u16, Kind::udec}};
  print_struct(value, address_of(value), members);
}

void render_key(const Value& value) {
  const auto key = static_cast<std::int32_t>(value.raw);
  const std::string_view name = named_set<"key_special">().name_of(static_cast<std::uint32_t>(key));
  if (name.empty()) return value.out.integer(key);
  print_symbol(value, name, static_cast<std::uint64_t>(static_cast<std::int64_t>(key)), Base::decimal);
}

constexpr Registration table[] = {
    {Kind::cap_header, render_capability_header},
    {Kind::cap_data_in, render_capability_data},
    {Kind::cap_data_out, render_capability_data},
    {Kind::sock_fprog_in, render_filter_program},
    {Kind::seccomp_action_in, render_seccomp_action},
    {Kind::seccomp_notif_sizes_out, render_seccomp_sizes},
    {Kind::key_serial, render_key},
};

}  // namespace

void print_filter_program(const Value& value, Address address) {
  MemberCursor cursor(value, address);
  const auto length = cursor.next(Cell::u16);
  const auto filter = cursor.next(Cell::pointer);
  if (address.value == 0 || !length || !filter) return value.out.address(address.value);
  value.out.begin_struct();
  value.out.field("len");
  value.out.unsigned_integer(*length);
  value.out.field("filter");
  if (value.style.verbose) {
    print_array(value, {*filter}, std::min<std::uint64_t>(*length, BPF_MAXINSNS), sizeof(sock_filter),
                [&](Address at) { print_instruction(value, at); });
  } else {
    value.out.address(*filter);
  }
  value.out.end_struct();
}

Domain security_domain() { return {table}; }

}  // namespace sonde::decode
