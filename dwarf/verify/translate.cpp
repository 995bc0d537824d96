#include "translate.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "sonde/base/limits.hpp"

namespace sonde::verify {

namespace {

// DWARF 4 section 7.5.4 and the GNU extensions; libdwarf++ has names for some of them alone.
namespace form {
constexpr std::uint64_t data4 = 0x06, data8 = 0x07, ref_addr = 0x10, ref8 = 0x14, sec_offset = 0x17,
                        gnu_ref_alt = 0x1f20, gnu_strp_alt = 0x1f21;
}
constexpr std::uint64_t gnu_dwo_name = 0x2130;
constexpr unsigned newest_version = 4;

// How the units that use a table of abbreviations are written.
struct Encoding {
  unsigned version;
  unsigned offset_size;
  unsigned address_size;
};

// The T at `offset`; 0 where it does not fit.
template <typename T>
T number_at(Bytes bytes, std::uint64_t offset) {
  T value = 0;
  if (offset <= bytes.size() && sizeof value <= bytes.size() - offset)
    std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

struct Leb {
  std::uint64_t value = 0;
  std::size_t at = 0;
  std::size_t size = 0;  // 0 where it does not end.
};

Leb leb_at(Bytes bytes, std::size_t at) {
  Leb leb{.at = at};
  for (std::size_t i = 0; at + i < bytes.size(); ++i) {
    const auto byte = std::to_integer<unsigned>(bytes[at + i]);
    if (i < 9) leb.value |= std::uint64_t{byte & 0x7f} << 7 * i;
    if ((byte & 0x80) != 0) continue;
    leb.size = i + 1;
    break;
  }
  return leb;
}

// Attributes that libdwarf++ takes for places in another section.
bool takes_section_offset(std::uint64_t attribute) {
  constexpr std::uint64_t known[] = {0x02, 0x10, 0x19, 0x2a, 0x2c, 0x38, 0x40,
                                     0x43, 0x46, 0x48, 0x4a, 0x4d, 0x55};
  return std::ranges::binary_search(known, attribute);
}

// What to write in place of a form, if anything.
std::optional<std::uint64_t> translated(std::uint64_t attribute, std::uint64_t written, Encoding encoding) {
  const std::uint64_t offset = encoding.offset_size == 8 ? form::data8 : form::data4;
  switch (written) {
    case form::sec_offset:
      if (takes_section_offset(attribute)) return std::nullopt;
      return offset;
    case form::gnu_ref_alt:
    case form::gnu_strp_alt:
      return offset;
    case form::ref_addr:
      // Of the size of an address before DWARF 3 (section 7.5.4 there), which libdwarf++ does not know.
      if (encoding.version == 2 && encoding.address_size != encoding.offset_size)
        return encoding.address_size == 8 ? form::data8 : form::data4;
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

// Writes `value`, below 128, as a number of as many bytes as was there.
void overwrite(std::vector<std::byte>& bytes, const Leb& place, std::uint64_t value) {
  for (std::size_t i = 0; i < place.size; ++i) {
    const bool last = i + 1 == place.size;
    bytes[place.at + i] = static_cast<std::byte>((i == 0 ? value : 0) | (last ? 0 : 0x80));
  }
}

class Translation {
 public:
  explicit Translation(const dwarf::Sections& sections)
      : sections_(sections), table_(sections.abbrev.begin(), sections.abbrev.end()) {}

  Result<std::vector<std::byte>> run() {
    if (auto read = read_units(); !read) return Failure(read.error());
    for (const auto& [offset, encoding] : tables_)
      if (auto done = translate_table(offset, encoding); !done) return Failure(done.error());
    return std::move(table_);
  }

 private:
  // Which tables there are: by the headers of the units (DWARF 4 section 7.5.1.1).
  Result<void> read_units() {
    const Bytes info = sections_.info;
    std::uint64_t at = 0;
    while (info.size() - at >= 4) {
      Encoding encoding{.version = 0, .offset_size = 4, .address_size = 0};
      std::uint64_t length = number_at<std::uint32_t>(info, at);
      std::uint64_t header = at + 4;
      if (length == 0xffffffff) {
        encoding.offset_size = 8;
        length = number_at<std::uint64_t>(info, header);
        header += 8;
      }
      if (header > info.size() || length > info.size() - header || length < 7u + encoding.offset_size - 4)
        return fail(ErrorCode::invalid, fmt::format("the unit at {:#x} of .debug_info does not fit it", at));
      encoding.version = number_at<std::uint16_t>(info, header);
      if (encoding.version > newest_version)
        return fail(ErrorCode::unsupported,
                    fmt::format("libdwarf++ knows DWARF 2 to 4; this is DWARF {}", encoding.version));
      const std::uint64_t table = encoding.offset_size == 8 ? number_at<std::uint64_t>(info, header + 2)
                                                            : number_at<std::uint32_t>(info, header + 2);
      encoding.address_size = number_at<std::uint8_t>(info, header + 2 + encoding.offset_size);
      tables_.try_emplace(table, encoding);
      if (tables_.size() > limits::dwarf_units) return fail(ErrorCode::limit, "there are too many units");
      at = header + length;
    }
    return {};
  }

  // One table (section 7.5.3). Tables do not overlap in a sound file; in another one is translated up to
  // where the next begins.
  Result<void> translate_table(std::uint64_t offset, Encoding encoding) {
    const auto next = tables_.upper_bound(offset);
    const std::uint64_t end =
        std::min<std::uint64_t>(next == tables_.end() ? table_.size() : next->first, table_.size());
    std::size_t at = offset;
    while (at < end) {
      const Leb code = leb_at(table_, at);
      if (code.value == 0) break;
      const Leb tag = leb_at(table_, at + code.size);
      at = tag.at + tag.size + 1;  // Behind the byte that tells of children.
      if (code.size == 0 || tag.size == 0) break;
      while (at < end) {
        const Leb attribute = leb_at(table_, at);
        const Leb written = leb_at(table_, at + attribute.size);
        if (attribute.size == 0 || written.size == 0) return {};
        at = written.at + written.size;
        if (attribute.value == 0 && written.value == 0) break;
        if (attribute.value == gnu_dwo_name)
          return fail(ErrorCode::unsupported, "libdwarf++ does not know split units (.dwo, .dwp)");
        if (written.value == form::ref8)
          return fail(ErrorCode::unsupported,
                      "libdwarf++ does not know references of 8 bytes (gcc -gdwarf64)");
        if (const auto other = translated(attribute.value, written.value, encoding))
          overwrite(table_, written, *other);
      }
    }
    return {};
  }

  const dwarf::Sections& sections_;
  std::vector<std::byte> table_;
  std::map<std::uint64_t, Encoding> tables_;  // By offset in .debug_abbrev.
};

}  // namespace

Result<std::vector<std::byte>> translate_abbreviations(const dwarf::Sections& sections) {
  return Translation(sections).run();
}

}  // namespace sonde::verify
