// bpf(): the members of its union that each command means.
#include <algorithm>
#include <array>
#include <linux/bpf.h>

#include <fmt/format.h>

#include "decode/members.hpp"
#include "decode/renderers.hpp"

namespace sonde::decode {

namespace {

using syscall::Kind;

constexpr Member map_create[] = {
    SONDE_SET_MEMBER("map_type", Cell::u32, "bpf_map_type"),
    {"key_size", Cell::u32, Kind::udec},
    {"value_size", Cell::u32, Kind::udec},
    {"max_entries", Cell::u32, Kind::udec},
    SONDE_SET_MEMBER("map_flags", Cell::u32, "bpf_map_flags"),
    {"inner_map_fd", Cell::u32, Kind::fd},
};
// A NUMA node and its name of 16 bytes lie between.
constexpr Member map_create_rest[] = {
    {"", Cell::u32, Kind::none},
    {"map_ifindex", Cell::u32, Kind::udec},
    {"btf_fd", Cell::u32, Kind::fd},
    {"btf_key_type_id", Cell::u32, Kind::udec},
    {"btf_value_type_id", Cell::u32, Kind::udec},
    {"btf_vmlinux_value_type_id", Cell::u32, Kind::udec},
    {"map_extra", Cell::u64, Kind::ludec},
};
constexpr Member map_element[] = {
    {"map_fd", Cell::u32, Kind::fd},
    {"key", Cell::u64, Kind::address},
    {"value", Cell::u64, Kind::address},
    SONDE_SET_MEMBER("flags", Cell::u64, "bpf_element_flags"),
};
constexpr Member map_delete[] = {{"map_fd", Cell::u32, Kind::fd}, {"key", Cell::u64, Kind::address}};
constexpr Member map_next_key[] = {{"map_fd", Cell::u32, Kind::fd},
                                   {"key", Cell::u64, Kind::address},
                                   {"next_key", Cell::u64, Kind::address}};
constexpr Member map_freeze[] = {{"map_fd", Cell::u32, Kind::fd}};
constexpr Member prog_load[] = {
    SONDE_SET_MEMBER("prog_type", Cell::u32, "bpf_prog_type"),
    {"insn_cnt", Cell::u32, Kind::udec},
    {"insns", Cell::u64, Kind::address},
    {"license", Cell::u64, Kind::string},
    {"log_level", Cell::u32, Kind::udec},
    {"log_size", Cell::u32, Kind::udec},
    {"log_buf", Cell::u64, Kind::address},
};
constexpr Member prog_load_flags[] = {SONDE_SET_MEMBER("prog_flags", Cell::u32, "bpf_prog_flags")};
constexpr Member prog_load_rest[] = {
    {"prog_ifindex", Cell::u32, Kind::udec},
    SONDE_SET_MEMBER("expected_attach_type", Cell::u32, "bpf_attach_type"),
    {"prog_btf_fd", Cell::u32, Kind::fd},
    {"func_info_rec_size", Cell::u32, Kind::udec},
    {"func_info", Cell::u64, Kind::address},
    {"func_info_cnt", Cell::u32, Kind::udec},
    {"line_info_rec_size", Cell::u32, Kind::udec},
    {"line_info", Cell::u64, Kind::address},
    {"line_info_cnt", Cell::u32, Kind::udec},
    {"attach_btf_id", Cell::u32, Kind::udec},
    {"attach_prog_fd", Cell::u32, Kind::fd},
    {"", Cell::u32, Kind::none},
    {"fd_array", Cell::u64, Kind::address},
};
constexpr Member object[] = {{"pathname", Cell::u64, Kind::path},
                             {"bpf_fd", Cell::u32, Kind::fd},
                             SONDE_SET_MEMBER("file_flags", Cell::u32, "bpf_file_flags")};
constexpr Member prog_attach[] = {{"target_fd", Cell::u32, Kind::fd},
                                  {"attach_bpf_fd", Cell::u32, Kind::fd},
                                  SONDE_SET_MEMBER("attach_type", Cell::u32, "bpf_attach_type"),
                                  SONDE_SET_MEMBER("attach_flags", Cell::u32, "bpf_attach_flags")};
constexpr Member prog_detach[] = {{"target_fd", Cell::u32, Kind::fd},
                                  {"", Cell::u32, Kind::none},
                                  SONDE_SET_MEMBER("attach_type", Cell::u32, "bpf_attach_type")};
constexpr Member next_id[] = {{"start_id", Cell::u32, Kind::udec},
                              {"next_id", Cell::u32, Kind::udec},
                              SONDE_SET_MEMBER("open_flags", Cell::u32, "bpf_file_flags")};
#define BY_ID(name)                                                    \
  {                                                                    \
    {name, Cell::u32, Kind::udec}, {"next_id", Cell::u32, Kind::udec}, \
        SONDE_SET_MEMBER("open_flags", Cell::u32, "bpf_file_flags")    \
  }
constexpr Member prog_by_id[] = BY_ID("prog_id");
constexpr Member map_by_id[] = BY_ID("map_id");
#undef BY_ID
constexpr Member btf_by_id[] = {{"btf_id", Cell::u32, Kind::udec}};
constexpr Member link_by_id[] = {{"link_id", Cell::u32, Kind::udec}};
constexpr Member information[] = {
    {"bpf_fd", Cell::u32, Kind::fd}, {"info_len", Cell::u32, Kind::udec}, {"info", Cell::u64, Kind::address}};
constexpr Member tracepoint[] = {{"name", Cell::u64, Kind::string}, {"prog_fd", Cell::u32, Kind::fd}};
constexpr Member btf_load[] = {
    {"btf", Cell::u64, Kind::address},        {"btf_log_buf", Cell::u64, Kind::address},
    {"btf_size", Cell::u32, Kind::udec},      {"btf_log_size", Cell::u32, Kind::udec},
    {"btf_log_level", Cell::u32, Kind::udec},
};
constexpr Member test_run[] = {
    {"prog_fd", Cell::u32, Kind::fd},        {"retval", Cell::u32, Kind::udec},
    {"data_size_in", Cell::u32, Kind::udec}, {"data_size_out", Cell::u32, Kind::udec},
    {"data_in", Cell::u64, Kind::address},   {"data_out", Cell::u64, Kind::address},
    {"repeat", Cell::u32, Kind::udec},       {"duration", Cell::u32, Kind::udec},
    {"ctx_size_in", Cell::u32, Kind::udec},  {"ctx_size_out", Cell::u32, Kind::udec},
    {"ctx_in", Cell::u64, Kind::address},    {"ctx_out", Cell::u64, Kind::address},
    {"flags", Cell::u32, Kind::hex32},       {"cpu", Cell::u32, Kind::udec},
    {"batch_size", Cell::u32, Kind::udec},
};
constexpr Member link_create[] = {{"prog_fd", Cell::u32, Kind::fd},
                                  {"target_fd", Cell::u32, Kind::fd},
                                  SONDE_SET_MEMBER("attach_type", Cell::u32, "bpf_attach_type"),
                                  {"flags", Cell::u32, Kind::hex32}};

// A command's members. `inner` names a structure inside the union, in whose braces they stand.
struct Command {
  std::uint32_t command;
  std::span<const Member> members;
  std::string_view inner = {};
};

constexpr Command commands[] = {
    {BPF_MAP_LOOKUP_ELEM, map_element},
    {BPF_MAP_UPDATE_ELEM, map_element},
    {BPF_MAP_LOOKUP_AND_DELETE_ELEM, map_element},
    {BPF_MAP_DELETE_ELEM, map_delete},
    {BPF_MAP_GET_NEXT_KEY, map_next_key},
    {BPF_MAP_FREEZE, map_freeze},
    {BPF_OBJ_PIN, object},
    {BPF_OBJ_GET, object},
    {BPF_PROG_ATTACH, prog_attach},
    {BPF_PROG_DETACH, prog_detach},
    {BPF_PROG_TEST_RUN, test_run, "test"},
    {BPF_PROG_GET_NEXT_ID, next_id},
    {BPF_MAP_GET_NEXT_ID, next_id},
    {BPF_BTF_GET_NEXT_ID, next_id},
    {BPF_LINK_GET_NEXT_ID, next_id},
    {BPF_PROG_GET_FD_BY_ID, prog_by_id},
    {BPF_MAP_GET_FD_BY_ID, map_by_id},
    {BPF_BTF_GET_FD_BY_ID, btf_by_id},
    {BPF_LINK_GET_FD_BY_ID, link_by_id},
    {BPF_OBJ_GET_INFO_BY_FD, information, "info"},
    {BPF_RAW_TRACEPOINT_OPEN, tracepoint, "raw_tracepoint"},
    {BPF_BTF_LOAD, btf_load},
    {BPF_LINK_CREATE, link_create, "link_create"},
};

class Attribute {
 public:
  Attribute(const Value& value, Address address, std::uint32_t size)
      : value_(value), address_(address), size_(size) {}

  // As many of the members as lie within the attribute's size, from `offset` on. Returns where they end.
  std::size_t print(std::span<const Member> members, std::size_t offset) const {
    std::size_t shown = 0;
    while (shown < members.size() && offset + end(members.first(shown + 1)) <= size_) ++shown;
    print_members(value_, address_ + offset, members.first(shown));
    return offset + end(members.first(shown));
  }

  // A name in an array of 16 bytes.
  std::size_t print_name_at(std::string_view name, std::size_t offset) const {
    std::array<std::byte, 16> bytes{};
    if (offset + bytes.size() > size_) return offset;
    value_.read(address_ + offset, bytes);
    value_.out.field(name);
    print_name(value_, bytes);
    return offset + bytes.size();
  }

  void print_version(std::size_t offset) const {
    if (offset + 4 > size_) return;
    const auto version = static_cast<std::uint32_t>(read_unsigned(value_, address_ + offset, 4).value_or(0));
    value_.out.field("kern_version");
    print_symbol(
        value_, fmt::format("KERNEL_VERSION({}, {}, {})", version >> 16, version >> 8 & 0xff, version & 0xff),
        version);
  }

  void print_map_create() const {
    print(map_create, 0);
    print_name_at("map_name", 28);
    print(map_create_rest, 40);
    print_rest(value_, address_, 72, size_);
  }

  void print_prog_load() const {
    print(prog_load, 0);
    print_version(40);
    print(prog_load_flags, 44);
    print_name_at("prog_name", 48);
    print(prog_load_rest, 64);
    print_rest(value_, address_, 128, size_);
  }

  void print_command(const Command& command) const {
    if (!command.inner.empty()) {
      value_.out.field(command.inner);
      value_.out.begin_struct();
    }
    print(command.members, 0);
    if (!command.inner.empty()) value_.out.end_struct();
    print_rest(value_, address_, end(command.members), size_);
  }

 private:
  // Where the last of these members ends, without padding after it. The union is laid out alike for all
  // callers.
  static std::size_t end(std::span<const Member> members) {
    std::size_t offset = 0;
    for (const Member& member : members) {
      const std::size_t size = cell_size(member.cell, Abi::x86_64);
      offset = (offset + size - 1) / size * size + size;
    }
    return offset;
  }

  const Value& value_;
  Address address_;
  std::uint32_t size_;
};

void render_attribute(const Value& value) {
  const Address address{as_word(value, value.raw)};
  const auto command = static_cast<std::uint32_t>(value.call.args[0]);
  const auto size = static_cast<std::uint32_t>(value.call.args[2]);
  const auto known = std::ranges::find(commands, command, &Command::command);
  const bool special = command == BPF_MAP_CREATE || command == BPF_PROG_LOAD;
  if (size == 0 || (!special && known == std::end(commands))) return value.out.address(address.value);
  std::byte probe;
  if (address.value == 0 ||
      value.read(address + (std::min<std::uint32_t>(size, 144) - 1), std::span(&probe, 1)) != 1) {
    return value.out.address(address.value);
  }
  const Attribute attribute(value, address, size);
  value.out.begin_struct();
  if (command == BPF_MAP_CREATE) {
    attribute.print_map_create();
  } else if (command == BPF_PROG_LOAD) {
    attribute.print_prog_load();
  } else {
    attribute.print_command(*known);
  }
  value.out.end_struct();
}

constexpr Registration table[] = {{Kind::bpf_attr_in, render_attribute}};

}  // namespace

Domain misc_bpf_domain() { return {table}; }

}  // namespace sonde::decode
