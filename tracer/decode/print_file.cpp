// What the renderers of files and times share.
#include <algorithm>
#include <ctime>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <vector>

#include <fmt/format.h>

#include "decode/print.hpp"
#include "sonde/base/limits.hpp"
#include "sonde/decode/text_writer.hpp"

namespace sonde::decode {

namespace {

struct FileType {
  std::uint32_t bits;
  std::string_view name;
};
constexpr FileType file_types[] = {
    {S_IFREG, "S_IFREG"}, {S_IFSOCK, "S_IFSOCK"}, {S_IFIFO, "S_IFIFO"}, {S_IFLNK, "S_IFLNK"},
    {S_IFDIR, "S_IFDIR"}, {S_IFBLK, "S_IFBLK"},   {S_IFCHR, "S_IFCHR"},
};
constexpr FileType mode_bits[] = {{S_ISUID, "S_ISUID"}, {S_ISGID, "S_ISGID"}, {S_ISVTX, "S_ISVTX"}};

std::string octal_text(std::uint32_t number) {
  return number < 0100 ? fmt::format("{:03o}", number) : fmt::format("0{:o}", number);
}

}  // namespace

void print_file_mode(const Value& value, std::uint32_t mode) {
  std::string text;
  if ((mode & S_IFMT) != 0) {
    const auto type = std::ranges::find(file_types, mode & S_IFMT, &FileType::bits);
    if (type == std::end(file_types)) return value.out.octal(mode);
    text = fmt::format("{}|", type->name);
  }
  std::uint32_t rest = mode & ~std::uint32_t{S_IFMT};
  for (const auto& [bits, name] : mode_bits) {
    if ((rest & bits) != 0) text += fmt::format("{}|", name);
    rest &= ~bits;
  }
  print_symbol(value, text + octal_text(rest), mode, Base::octal);
}

void print_device(const Value& value, std::uint64_t device) {
  if (value.style.xlat == Xlat::abbrev) {
    value.out.begin_call("makedev");
    value.out.argument();
    value.out.hex(::gnu_dev_major(device));
    value.out.argument();
    value.out.hex(::gnu_dev_minor(device));
    return value.out.end_call();
  }
  std::string text;
  TextWriter writer(text, HexStrings::never);
  const Style abbrev;
  print_device({value.call, value.index, device, abbrev, writer}, device);
  print_symbol(value, text, device);
}

std::string calendar_text(std::int64_t seconds, std::uint64_t nanoseconds, int digits) {
  if ((seconds == 0 && nanoseconds == 0) || nanoseconds > 999'999'999) return {};
  const std::time_t time = seconds;
  std::tm local;
  char date[64];
  char zone[16];
  if (::localtime_r(&time, &local) == nullptr) return {};
  if (std::strftime(date, sizeof date, "%FT%T", &local) == 0) return {};
  if (std::strftime(zone, sizeof zone, "%z", &local) == 0) return {};
  std::string fraction;
  if (digits > 0 && nanoseconds != 0) {
    fraction = fmt::format(".{:09}", nanoseconds).substr(0, static_cast<std::size_t>(digits) + 1);
  }
  return fmt::format("{}{}{}", date, fraction, zone);
}

void print_calendar(const Value& value, std::int64_t seconds, std::uint64_t nanoseconds, int digits) {
  const std::string text = calendar_text(seconds, nanoseconds, digits);
  if (!text.empty()) value.out.comment(text);
}

void print_hex_data(const Value& value, Address address, std::uint64_t size) {
  const auto shown = std::min<std::uint64_t>(size, value.style.string_limit);
  std::vector<std::byte> bytes(shown);
  if (address.value == 0 || value.read(address, bytes) != shown) return value.out.address(address.value);
  value.out.data(bytes, shown < size);
}

void print_rest(const Value& value, Address address, std::uint64_t known, std::uint64_t size) {
  if (size <= known) return;
  std::vector<std::byte> bytes(std::min<std::uint64_t>(size, limits::struct_bytes) - known);
  if (value.read(address + known, bytes) != bytes.size()) return value.out.more();
  if (std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; })) return;
  const auto shown = std::min<std::size_t>(bytes.size(), value.style.string_limit);
  value.out.unknown_bytes(known, Bytes(bytes).first(shown), bytes.size());
}

}  // namespace sonde::decode
