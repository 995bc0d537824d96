// mount and its successors, quotas, file handles, landlock.
#include <algorithm>
#include <fcntl.h>
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

// A mount that only changes, binds or moves another makes no file system, so that its type means nothing.
void render_mount_type(const Value& value) {
  constexpr std::uint64_t makes_none =
      MS_REMOUNT | MS_BIND | MS_MOVE | MS_PRIVATE | MS_SHARED | MS_SLAVE | MS_UNBINDABLE;
  const Address address{as_word(value, value.raw)};
  if ((value.call.args[3] & makes_none) != 0) return value.out.address(address.value);
  print_string(value, address);
}

// struct mount_attr, which may grow.
constexpr Field mount_attr_fields[] = {SONDE_SET_FIELD("attr_set", 0, 8, "mount_attr_attributes"),
                                       SONDE_SET_FIELD("attr_clr", 8, 8, "mount_attr_attributes"),
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
  const auto name = [](const syscall::ConstantSet& set, std::uint32_t number) {
    const std::string_view known = set.name_of(number);
    return known.empty() ? fmt::format("{:#x} /* {} */", number, unknown_of(set)) : std::string(known);
  };
  print_symbol(value,
               fmt::format("QCMD({}, {})", name(named_set<"quota_command">(), command >> SUBCMDSHIFT),
                           name(named_set<"quota_type">(), command & SUBCMDMASK)),
               command, Base::unsigned_decimal);
}

// struct if_dqblk and if_dqinfo of linux/quota.h, laid out alike for all callers but for padding.
constexpr Field dqblk_limits[] = {
    {"dqb_bhardlimit", 0, 8, Kind::ludec},  {"dqb_bsoftlimit", 8, 8, Kind::ludec},
    {"dqb_curspace", 16, 8, Kind::ludec},   {"dqb_ihardlimit", 24, 8, Kind::ludec},
    {"dqb_isoftlimit", 32, 8, Kind::ludec}, {"dqb_curinodes", 40, 8, Kind::ludec}};
constexpr Field dqblk_times[] = {{"dqb_btime", 48, 8, Kind::ludec},
                                 {"dqb_itime", 56, 8, Kind::ludec},
                                 SONDE_SET_FIELD("dqb_valid", 64, 4, "dqblk_valid")};
constexpr Field dqinfo_fields[] = {{"dqi_bgrace", 0, 8, Kind::ludec},
                                   {"dqi_igrace", 8, 8, Kind::ludec},
                                   SONDE_SET_FIELD("dqi_flags", 16, 4, "dqinfo_flags"),
                                   SONDE_SET_FIELD("dqi_valid", 20, 4, "dqinfo_valid")};

void render_dqblk(const Value& value) {
  const Address address{as_word(value, value.raw)};
  std::array<std::byte, 68> block;
  if (address.value == 0 || value.read(address, block) != block.size())
    return value.out.address(address.value);
  value.out.begin_struct();
  print_fields(value, block, dqblk_limits);
  value.style.verbose ? print_fields(value, block, dqblk_times) : value.out.more();
  value.out.end_struct();
}

void render_dqinfo(const Value& value) {
  print_struct(value, {as_word(value, value.raw)}, 24, dqinfo_fields);
}

// struct file_handle: the size that the caller offered, and what came back.
constexpr std::uint64_t handle_header = 8;

void print_handle_contents(const Value& value, Address address, std::uint32_t size) {
  value.out.field("handle_type");
  value.out.integer(static_cast<std::int32_t>(read_unsigned(value, address + 4, 4).value_or(0)));
  value.out.field("f_handle");
  std::array<std::byte, MAX_HANDLE_SZ> handle;
  const auto bytes = std::span(handle).first(std::min<std::size_t>(size, handle.size()));
  value.out.data(Bytes(bytes).first(value.read(address + handle_header, bytes)), size > handle.size());
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
  print_struct(value, address, 12, path_beneath_fields);
}
constexpr Registration table[] = {

    {Kind::mount_type, render_mount_type},
    {Kind::mount_attr_in, render_mount_attr},
    {Kind::quotactl_cmd, render_quota_command},
    {Kind::dqblk_in, render_dqblk},
    {Kind::dqblk_out, render_dqblk},
    {Kind::dqinfo_in, render_dqinfo},
    {Kind::dqinfo_out, render_dqinfo},
    {Kind::file_handle_in, render_file_handle},
    {Kind::file_handle_update, render_file_handle_got},
    {Kind::landlock_ruleset_attr_in, render_landlock_ruleset},
    {Kind::landlock_path_beneath_in, render_landlock_rule},
};

}  // namespace

Domain mount_domain() { return {table}; }

}  // namespace sonde::decode
