// ioctl()s on ranges of files: which parts are the same, and where they lie.
#include <linux/fiemap.h>
#include <linux/fs.h>

#include "decode/members.hpp"
#include "decode/renderers.hpp"

namespace sonde::decode {

namespace {

using syscall::Kind;

Address address_of(const Value& value) { return {as_word(value, value.raw)}; }

constexpr Member dedupe_members[] = {{"src_offset", Cell::u64, Kind::ludec},
                                     {"src_length", Cell::u64, Kind::ludec},
                                     {"dest_count", Cell::u16, Kind::udec}};
constexpr Member dedupe_target[] = {{"dest_fd", Cell::i64, Kind::fd},
                                    {"dest_offset", Cell::u64, Kind::ludec}};
constexpr Member dedupe_result[] = {{"", Cell::u64, Kind::none},
                                    {"", Cell::u64, Kind::none},
                                    {"bytes_deduped", Cell::u64, Kind::ludec},
                                    {"status", Cell::i32, Kind::dec}};

void print_targets(const Value& value, std::uint64_t count, std::span<const Member> members) {
  value.out.field("info");
  print_array(
      value, address_of(value) + sizeof(file_dedupe_range), count, sizeof(file_dedupe_range_info),
      [&](Address at) {
        value.out.begin_struct();
        print_members(value, at, members);
        value.out.end_struct();
      },
      shown_elements(value));
}

// FIDEDUPERANGE: one range, what it is compared with, and how much was found equal.
void render_dedupe(const Value& value) {
  const Value before = value.as_before();
  if (unreadable(before, address_of(value), sizeof(file_dedupe_range))) return;
  const std::uint64_t count =
      read_unsigned(before, address_of(value) + offsetof(file_dedupe_range, dest_count), 2).value_or(0);
  const auto asked = [&] {
    value.out.begin_struct();
    print_members(before, address_of(value), dedupe_members);
    print_targets(before, count, dedupe_target);
    value.out.end_struct();
  };
  if (!value.succeeded()) return asked();
  value.out.begin_change();
  asked();
  value.out.changed();
  value.out.begin_struct();
  print_targets(value, count, dedupe_result);
  value.out.end_struct();
  value.out.end_change();
}

constexpr Member extent_members[] = {{"fe_logical", Cell::u64, Kind::ludec},
                                     {"fe_physical", Cell::u64, Kind::ludec},
                                     {"fe_length", Cell::u64, Kind::ludec},
                                     {"", Cell::u64, Kind::none},
                                     {"", Cell::u64, Kind::none},
                                     SONDE_SET_MEMBER("fe_flags", Cell::u32, "fiemap_extent_flags")};

void print_flags_of(const Value& value, std::uint32_t flags) {
  value.out.field("fm_flags");
  print_flags(value, named_set<"fiemap_flags">(), flags);
}

// struct fiemap of linux/fiemap.h without the extents that follow it.
struct Mapping {
  std::uint64_t fm_start, fm_length;
  std::uint32_t fm_flags, fm_mapped_extents, fm_extent_count, fm_reserved;
};
static_assert(sizeof(Mapping) == sizeof(fiemap));

void print_mapping(const Value& value, const Mapping& asked, const Mapping& map) {
  value.out.begin_struct();
  print_flags_of(value, map.fm_flags);
  value.out.field("fm_mapped_extents");
  value.out.unsigned_integer(map.fm_mapped_extents);
  if (!value.style.verbose) {
    value.out.more();
  } else if (asked.fm_extent_count != 0) {
    value.out.field("fm_extents");
    print_array(value, address_of(value) + sizeof(fiemap), map.fm_mapped_extents, sizeof(fiemap_extent),
                [&](Address at) { print_struct(value, at, extent_members); });
  }
  value.out.end_struct();
}

// FS_IOC_FIEMAP: a range of a file, and the extents that it lies in.
void render_fiemap(const Value& value) {
  const auto asked = read_as<Mapping>(value.as_before(), address_of(value));
  const auto map = read_as<Mapping>(value, address_of(value));
  if (address_of(value).value == 0 || !asked || !map) return value.out.address(address_of(value).value);
  const auto request = [&] {
    value.out.begin_struct();
    value.out.field("fm_start");
    value.out.unsigned_integer(asked->fm_start);
    value.out.field("fm_length");
    value.out.unsigned_integer(asked->fm_length);
    print_flags_of(value, asked->fm_flags);
    value.out.field("fm_extent_count");
    value.out.unsigned_integer(asked->fm_extent_count);
    value.out.end_struct();
  };
  if (!value.succeeded()) return request();
  value.out.begin_change();
  request();
  value.out.changed();
  print_mapping(value, *asked, *map);
  value.out.end_change();
}

constexpr Registration table[] = {{Kind::dedupe_range_update, render_dedupe},
                                  {Kind::fiemap_update, render_fiemap}};

}  // namespace

Domain file_range_domain() { return {table}; }

}  // namespace sonde::decode
