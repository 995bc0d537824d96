// mount and its successors, quotas, file handles, landlock.
#include <algorithm>
#include <linux/landlock.h>
#include <linux/mount.h>
#include <linux/quota.h>
#include <sys/mount.h>
#include <vector>

#include <fmt/format.h>

#include "decode/print.hpp"
#include "decode/renderers.hpp"
#include "sonde/base/limits.hpp"

namespace sonde::decode {

namespace {

using syscall::Kind;

// MS_MGC_VAL in the upper half marked the flags as valid for old kernels.
void render_mount_flags(const Value& value) {
  constexpr std::uint64_t magic_mask = 0xffff0000;
  constexpr std::uint64_t magic = 0xc0ed0000;
  const std::uint64_t flags = as_word(value, value.raw);
  if ((flags & magic_mask) != magic) return print_flags(value, Kind::mount_flags, flags);
  const std::uint64_t rest = flags & ~magic_mask;
  const auto* set = syscall::constants_of(Kind::mount_flags);
  if (rest == 0 || set == nullptr) return print_symbol(value, "MS_MGC_VAL", magic);
  if (value.style.xlat == Xlat::abbrev) return value.out.symbol(flags_text(*set, rest, "MS_MGC_VAL"), flags);
  print_symbol(value, "MS_MGC_VAL", magic);
  value.out.verbatim("|");
  print_flags(value, *set, rest, {});
}

constexpr std::uint64_t moves_nothing =
    MS_REMOUNT | MS_BIND | MS_MOVE | MS_PRIVATE | MS_SHARED | MS_SLAVE | MS_UNBINDABLE;

// The file system's type and its data mean nothing to a mount that only changes or moves another.
void render_mount_type(const Value& value) {
  const Address address{as_word(value, value.raw)};
  if ((value.call.args[3] & moves_nothing) != 0) return value.out.address(address.value);
  print_string(value, address);
}

// fsconfig()'s value and its last argument, by the command.
void render_fsconfig_value(const Value& value) {
  const Address address{as_word(value, value.raw)};
  switch (static_cast<std::uint32_t>(value.call.args[1])) {
    case FSCONFIG_SET_STRING:
      return print_string(value, address);
    case FSCONFIG_SET_BINARY:
      return print_hex_data(value, address, static_cast<std::uint32_t>(value.call.args[4]));
    case FSCONFIG_SET_PATH:
    case FSCONFIG_SET_PATH_EMPTY:
      return print_path(value, address);
    default:
      return value.out.address(address.value);
  }
}

void render_fsconfig_key(const Value& value) {
  const Address address{as_word(value, value.raw)};
  const auto command = static_cast<std::uint32_t>(value.call.args[1]);
  if (command >= FSCONFIG_CMD_CREATE) return value.out.address(address.value);
  print_string(value, address);
}

void render_fsconfig_aux(const Value& value) {
  const auto aux = static_cast<int>(value.raw);
  switch (static_cast<std::uint32_t>(value.call.args[1])) {
    case FSCONFIG_SET_PATH:
    case FSCONFIG_SET_PATH_EMPTY:
      return print_dirfd(value, aux);
    case FSCONFIG_SET_FD:
      return print_fd(value, aux);
    default:
      return value.out.integer(aux);
  }
}

// struct mount_attr, which may grow.
constexpr Field mount_attr_fields[] = {{"attr_set", 0, 8, Kind::mount_attr_flags},
                                       {"attr_clr", 8, 8, Kind::mount_attr_flags},
                                       SONDE_SET_FIELD("propagation", 16, 8, "mount_propagation"),
                                       {"userns_fd", 24, 8, Kind::fd}};

void render_mount_attr(const Value& value) {
  constexpr std::uint64_t known = 32;
  const Address address{as_word(value, value.raw)};
  const std::uint64_t size = as_word(value, value.call.args[4]);
  std::array<std::byte, known> attr;
  if (address.value == 0 || size < known || value.read(address, attr) != known)
    return value.out.address(address.value);
  value.out.begin_struct();
  print_fields(value, attr, mount_attr_fields);
  print_rest(value, address, known, size);
  value.out.end_struct();
}

// quotactl()'s command: QCMD(Q_GETQUOTA, USRQUOTA).
void render_quota_command(const Value& value) {
  const auto command = static_cast<std::uint32_t>(value.raw);
  if (value.style.xlat == Xlat::raw) return value.out.unsigned_integer(command);
  if (value.style.xlat == Xlat::verbose) value.out.unsigned_integer(command);
  value.out.begin_call("QCMD");
  value.out.argument();
  print_constant(value, named_set<"quota_command">(), command >> SUBCMDSHIFT);
  value.out.argument();
  print_constant(value, named_set<"quota_type">(), command & SUBCMDMASK);
  value.out.end_call();
}

// struct file_handle: the size that the caller offered, and what came back.
constexpr std::uint64_t handle_header = 8;

void print_handle_contents(const Value& value, Address address, std::uint32_t size) {
  value.out.field("handle_type");
  value.out.integer(static_cast<std::int32_t>(read_unsigned(value, address + 4, 4).value_or(0)));
  value.out.field("f_handle");
  print_hex_data(value, address + handle_header, size);
}

void render_file_handle(const Value& value) {
  const Address address{as_word(value, value.raw)};
  const auto size = read_unsigned(value, address, 4);
  if (address.value == 0 || !size) return value.out.address(address.value);
  value.out.begin_struct();
  value.out.field("handle_bytes");
  value.out.unsigned_integer(*size);
  print_handle_contents(value, address, static_cast<std::uint32_t>(*size));
  value.out.end_struct();
}

void render_file_handle_got(const Value& value) {
  const Address address{as_word(value, value.raw)};
  const auto offered = read_unsigned(value.as_before(), address, 4);
  if (address.value == 0 || !offered) return value.out.address(address.value);
  const auto size = value.exited() ? read_unsigned(value, address, 4).value_or(*offered) : *offered;
  auto& out = value.out;
  out.begin_struct();
  out.field("handle_bytes");
  if (size != *offered || value.succeeded()) {
    out.begin_change();
    out.unsigned_integer(*offered);
    out.changed();
    out.unsigned_integer(size);
    out.end_change();
  } else {
    out.unsigned_integer(*offered);
  }
  if (value.succeeded()) print_handle_contents(value, address, static_cast<std::uint32_t>(size));
  out.end_struct();
}

// struct landlock_ruleset_attr, of which the first member is always there.
void render_landlock_ruleset(const Value& value) {
  constexpr std::uint64_t known = 8;
  const Address address{as_word(value, value.raw)};
  const std::uint64_t size = as_word(value, value.call.args[1]);
  const auto access = read_unsigned(value, address, known);
  if (address.value == 0 || size < known || !access) return value.out.address(address.value);
  value.out.begin_struct();
  value.out.field("handled_access_fs");
  print_flags(value, named_set<"landlock_access_fs">(), *access);
  if (size > known) value.out.more();
  value.out.end_struct();
}

// struct landlock_path_beneath_attr, which is packed.
constexpr Field path_beneath_fields[] = {SONDE_SET_FIELD("allowed_access", 0, 8, "landlock_access_fs"),
                                         {"parent_fd", 8, 4, Kind::fd, true}};

void render_landlock_rule(const Value& value) {
  const Address address{as_word(value, value.raw)};
  if (static_cast<std::uint32_t>(value.call.args[1]) != LANDLOCK_RULE_PATH_BENEATH) {
    return value.out.address(address.value);
  }
  print_struct(value, address, 12, path_beneath_fields);
}
constexpr Registration table[] = {
    {Kind::mount_flags, render_mount_flags},
    {Kind::mount_attr_in, render_mount_attr},
    {Kind::quotactl_cmd, render_quota_command},
    {Kind::file_handle_in, render_file_handle},
    {Kind::file_handle_update, render_file_handle_got},
    {Kind::landlock_ruleset_attr_in, render_landlock_ruleset},
    {Kind::landlock_path_beneath_in, render_landlock_rule},
};

}  // namespace

Domain mount_domain() { return {table}; }

}  // namespace sonde::decode
