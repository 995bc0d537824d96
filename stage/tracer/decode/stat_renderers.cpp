// stat, statx, statfs and their kin.
#include <array>
#include <cstddef>
#include <sys/stat.h>

#include "decode/print.hpp"
#include "decode/renderers.hpp"

namespace sonde::decode {

namespace {

using syscall::Kind;

// The kernel's struct stat, whatever its layout.
struct Stat {
  std::uint64_t dev, ino, mode, nlink, uid, gid, rdev, size, blksize, blocks;
  std::int64_t atime, mtime, ctime;
  std::uint64_t atime_nsec, mtime_nsec, ctime_nsec;
};

// Where a member stands in one of the layouts.
struct Place {
  std::uint64_t Stat::*member;
  std::uint8_t offset;
  std::uint8_t size;
};
struct TimePlace {
  std::int64_t Stat::*member;
  std::uint8_t offset;
};
struct StatLayout {
  std::size_t size;
  std::uint8_t time_size;
  std::span<const Place> places;
  std::span<const TimePlace> times;
};

// struct stat of asm/stat.h for x86-64.
constexpr Place places_64[] = {
    {&Stat::dev, 0, 8},          {&Stat::ino, 8, 8},         {&Stat::nlink, 16, 8},
    {&Stat::mode, 24, 4},        {&Stat::uid, 28, 4},        {&Stat::gid, 32, 4},
    {&Stat::rdev, 40, 8},        {&Stat::size, 48, 8},       {&Stat::blksize, 56, 8},
    {&Stat::blocks, 64, 8},      {&Stat::atime_nsec, 80, 8}, {&Stat::mtime_nsec, 96, 8},
    {&Stat::ctime_nsec, 112, 8},
};
constexpr TimePlace times_64[] = {{&Stat::atime, 72}, {&Stat::mtime, 88}, {&Stat::ctime, 104}};
constexpr StatLayout layout_64{144, 8, places_64, times_64};

// struct stat of the same header for i386.
constexpr Place places_32[] = {
    {&Stat::dev, 0, 4},         {&Stat::ino, 4, 4},         {&Stat::mode, 8, 2},
    {&Stat::nlink, 10, 2},      {&Stat::uid, 12, 2},        {&Stat::gid, 14, 2},
    {&Stat::rdev, 16, 4},       {&Stat::size, 20, 4},       {&Stat::blksize, 24, 4},
    {&Stat::blocks, 28, 4},     {&Stat::atime_nsec, 36, 4}, {&Stat::mtime_nsec, 44, 4},
    {&Stat::ctime_nsec, 52, 4},
};
constexpr TimePlace times_32[] = {{&Stat::atime, 32}, {&Stat::mtime, 40}, {&Stat::ctime, 48}};
constexpr StatLayout layout_32{64, 4, places_32, times_32};

// struct stat64 of i386.
constexpr Place places_stat64[] = {
    {&Stat::dev, 0, 8},         {&Stat::ino, 88, 8},        {&Stat::mode, 16, 4},
    {&Stat::nlink, 20, 4},      {&Stat::uid, 24, 4},        {&Stat::gid, 28, 4},
    {&Stat::rdev, 32, 8},       {&Stat::size, 44, 8},       {&Stat::blksize, 52, 4},
    {&Stat::blocks, 56, 8},     {&Stat::atime_nsec, 68, 4}, {&Stat::mtime_nsec, 76, 4},
    {&Stat::ctime_nsec, 84, 4},
};
constexpr TimePlace times_stat64[] = {{&Stat::atime, 64}, {&Stat::mtime, 72}, {&Stat::ctime, 80}};
constexpr StatLayout layout_stat64{96, 4, places_stat64, times_stat64};

Stat read_stat(Bytes bytes, const StatLayout& layout) {
  Stat stat{};
  for (const auto& [member, offset, size] : layout.places) stat.*member = unsigned_at(bytes, offset, size);
  for (const auto& [member, offset] : layout.times) stat.*member = signed_at(bytes, offset, layout.time_size);
  return stat;
}

void print_number_field(const Value& value, std::string_view name, std::uint64_t number) {
  value.out.field(name);
  value.out.unsigned_integer(number);
}

void print_time_fields(const Value& value, std::string_view name, std::string_view nsec_name,
                       std::int64_t seconds, std::uint64_t nanoseconds) {
  value.out.field(name);
  value.out.integer(seconds);
  print_calendar(value, seconds, nanoseconds, 9);
  print_number_field(value, nsec_name, nanoseconds);
}

void print_stat(const Value& value, const StatLayout& layout) {
  const Address address{as_word(value, value.raw)};
  std::array<std::byte, 144> buffer;
  const auto bytes = std::span(buffer).first(layout.size);
  if (value.read(address, bytes) != layout.size) return value.out.address(address.value);
  const Stat stat = read_stat(bytes, layout);
  const auto file_type = stat.mode & S_IFMT;
  const bool is_device = file_type == S_IFCHR || file_type == S_IFBLK;
  auto& out = value.out;
  out.begin_struct();
  if (value.style.verbose) {
    out.field("st_dev");
    print_device(value, stat.dev);
    print_number_field(value, "st_ino", stat.ino);
  }
  out.field("st_mode");
  print_file_mode(value, static_cast<std::uint32_t>(stat.mode));
  if (value.style.verbose) {
    print_number_field(value, "st_nlink", stat.nlink);
    print_number_field(value, "st_uid", stat.uid);
    print_number_field(value, "st_gid", stat.gid);
    print_number_field(value, "st_blksize", stat.blksize);
    print_number_field(value, "st_blocks", stat.blocks);
  }
  if (is_device) {
    out.field("st_rdev");
    print_device(value, stat.rdev);
  } else {
    print_number_field(value, "st_size", stat.size);
  }
  if (value.style.verbose) {
    print_time_fields(value, "st_atime", "st_atime_nsec", stat.atime, stat.atime_nsec);
    print_time_fields(value, "st_mtime", "st_mtime_nsec", stat.mtime, stat.mtime_nsec);
    print_time_fields(value, "st_ctime", "st_ctime_nsec", stat.ctime, stat.ctime_nsec);
  } else {
    out.more();
  }
  out.end_struct();
}

void render_stat(const Value& value) {
  print_stat(value, value.call.abi == Abi::i386 ? layout_32 : layout_64);
}
void render_stat64(const Value& value) { print_stat(value, layout_stat64); }

void print_statx_time(const Value& value, std::string_view name, const struct statx_timestamp& time) {
  auto& out = value.out;
  out.field(name);
  out.begin_struct();
  out.field("tv_sec");
  out.integer(time.tv_sec);
  print_number_field(value, "tv_nsec", time.tv_nsec);
  out.end_struct();
  print_calendar(value, time.tv_sec, time.tv_nsec, 9);
}

void print_statx_details(const Value& value, const struct statx& stat) {
  auto& out = value.out;
  print_number_field(value, "stx_blocks", stat.stx_blocks);
  out.field("stx_attributes_mask");
  print_flags(value, named_set<"statx_attributes">(), stat.stx_attributes_mask);
  print_statx_time(value, "stx_atime", stat.stx_atime);
  if ((stat.stx_mask & STATX_BTIME) != 0) print_statx_time(value, "stx_btime", stat.stx_btime);
  print_statx_time(value, "stx_ctime", stat.stx_ctime);
  print_statx_time(value, "stx_mtime", stat.stx_mtime);
  print_number_field(value, "stx_rdev_major", stat.stx_rdev_major);
  print_number_field(value, "stx_rdev_minor", stat.stx_rdev_minor);
  print_number_field(value, "stx_dev_major", stat.stx_dev_major);
  print_number_field(value, "stx_dev_minor", stat.stx_dev_minor);
  if ((stat.stx_mask & STATX_MNT_ID) != 0) {
    out.field("stx_mnt_id");
    out.hex(stat.stx_mnt_id);
  }
}

void render_statx(const Value& value) {
  const Address address{as_word(value, value.raw)};
  const auto stat = read_as<struct statx>(value, address);
  if (!stat) return value.out.address(address.value);
  auto& out = value.out;
  out.begin_struct();
  out.field("stx_mask");
  print_flags(value, Kind::statx_mask, stat->stx_mask);
  if (value.style.verbose) print_number_field(value, "stx_blksize", stat->stx_blksize);
  out.field("stx_attributes");
  print_flags(value, named_set<"statx_attributes">(), stat->stx_attributes);
  if (value.style.verbose) {
    print_number_field(value, "stx_nlink", stat->stx_nlink);
    print_number_field(value, "stx_uid", stat->stx_uid);
    print_number_field(value, "stx_gid", stat->stx_gid);
  }
  out.field("stx_mode");
  print_file_mode(value, stat->stx_mode);
  if (value.style.verbose) print_number_field(value, "stx_ino", stat->stx_ino);
  print_number_field(value, "stx_size", stat->stx_size);
  if (value.style.verbose) {
    print_statx_details(value, *stat);
  } else {
    out.more();
  }
  out.end_struct();
}

// struct statfs of asm/statfs.h: words for both ABIs.
void print_statfs(const Value& value, bool is_64_on_32) {
  const std::size_t word = value.call.abi == Abi::i386 ? 4 : 8;
  const std::size_t count = is_64_on_32 ? 8 : word;
  const std::size_t offset_blocks = 2 * word;
  const std::size_t offset_fsid = offset_blocks + 5 * count;
  const std::size_t size = offset_fsid + 8 + 3 * word;
  const Address address{as_word(value, value.raw)};
  std::array<std::byte, 120> buffer;
  const auto bytes = std::span(buffer).first(size);
  if (value.read(address, bytes) != size) return value.out.address(address.value);
  auto& out = value.out;
  out.begin_struct();
  out.field("f_type");
  print_constant(value, named_set<"fs_magic">(), unsigned_at(bytes, 0, word));
  print_number_field(value, "f_bsize", unsigned_at(bytes, word, word));
  constexpr std::string_view counts[] = {"f_blocks", "f_bfree", "f_bavail", "f_files", "f_ffree"};
  for (std::size_t i = 0; i < std::size(counts); ++i) {
    print_number_field(value, counts[i], unsigned_at(bytes, offset_blocks + i * count, count));
  }
  out.field("f_fsid");
  out.begin_struct();
  out.field("val");
  out.begin_array();
  for (std::size_t i = 0; i < 2; ++i) {
    out.element();
    out.hex(unsigned_at(bytes, offset_fsid + 4 * i, 4));
  }
  out.end_array();
  out.end_struct();
  print_number_field(value, "f_namelen", unsigned_at(bytes, offset_fsid + 8, word));
  print_number_field(value, "f_frsize", unsigned_at(bytes, offset_fsid + 8 + word, word));
  out.field("f_flags");
  print_flags(value, named_set<"statfs_flags">(), unsigned_at(bytes, offset_fsid + 8 + 2 * word, word));
  out.end_struct();
}

void render_statfs(const Value& value) { print_statfs(value, false); }
void render_statfs64(const Value& value) { print_statfs(value, true); }

void render_file_mode(const Value& value) { print_file_mode(value, static_cast<std::uint16_t>(value.raw)); }
void render_device(const Value& value) { print_device(value, static_cast<std::uint32_t>(value.raw)); }
// Only device files have a device number.
bool has_device(std::uint64_t mode) { return (mode & S_IFMT) == S_IFCHR || (mode & S_IFMT) == S_IFBLK; }
bool mknod_has_device(const Call& call) { return has_device(call.args[1]); }
bool mknodat_has_device(const Call& call) { return has_device(call.args[2]); }

constexpr Registration table[] = {
    {Kind::stat_out, render_stat},
    {Kind::stat64_out, render_stat64},
    {Kind::statx_out, render_statx},
    {Kind::statfs_out, render_statfs},
    {Kind::statfs64_out, render_statfs64},
    {Kind::mknod_mode, render_file_mode},
    {Kind::dev, render_device},
};

constexpr Optional optionals[] = {
    {"mknod", 2, mknod_has_device},
    {"mknodat", 3, mknodat_has_device},
};

}  // namespace

Domain stat_domain() { return {table, optionals}; }

}  // namespace sonde::decode
