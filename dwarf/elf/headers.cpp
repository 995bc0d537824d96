// The one file that uses libelf++ and catches what it throws. What libelf++ gets to see is checked before: it
// multiplies and adds without looking for overflow, and an `elf` that holds its sections holds itself for
// ever. So it is shown a file header that has neither sections nor segments, and then each of those headers
// alone.
#include "headers.hpp"

#include <array>
#include <cstring>
#include <elf.h>
#include <elf/elf++.hh>
#include <exception>
#include <optional>

#include <fmt/format.h>

#include "load.hpp"
#include "sonde/base/limits.hpp"

namespace sonde::elf {

namespace {

using HeaderBytes = std::array<std::byte, sizeof(Elf64_Ehdr)>;

// How the file says that its tables lie, before anything of it is believed.
struct Tables {
  std::uint32_t segments;
  std::uint32_t sections;
  std::uint32_t names;  // Index of the section with the sections' names.
};

// Shows libelf++ one file header, aligned and in memory that does not change.
class HeaderLoader : public ::elf::loader {
 public:
  explicit HeaderLoader(const HeaderBytes& header) : header_(header) {}
  const void* load(off_t offset, size_t size) override {
    if (size != 0 && (offset != 0 || size > sizeof header_))
      throw ::elf::format_error("nothing but a header");
    return &header_;
  }

 private:
  alignas(8) HeaderBytes header_;
};

template <typename Header>
Tables take_tables(HeaderBytes& bytes) {
  Header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  const Tables tables{header.e_phnum, header.e_shnum, header.e_shstrndx};
  header.e_phnum = 0;
  header.e_shnum = 0;
  std::memcpy(bytes.data(), &header, sizeof header);
  return tables;
}

FileType type_of(::elf::et type) {
  switch (type) {
    case ::elf::et::rel:
      return FileType::relocatable;
    case ::elf::et::exec:
      return FileType::executable;
    case ::elf::et::dyn:
      return FileType::shared;
    default:
      return FileType::other;
  }
}

Segment segment_of(const ::elf::elf& file, const void* header) {
  const ::elf::segment segment(file, header);
  const auto& s = segment.get_hdr();
  return {.type = static_cast<std::uint32_t>(s.type),
          .flags = static_cast<std::uint32_t>(s.flags),
          .offset = s.offset,
          .address = s.vaddr,
          .file_size = s.filesz,
          .memory_size = s.memsz,
          .alignment = s.align};
}

struct NamedSection {
  Section section;
  std::uint32_t name;  // Offset among the names.
};

NamedSection section_of(const ::elf::elf& file, const void* header, std::uint32_t index) {
  const ::elf::section section(file, header);
  const auto& s = section.get_hdr();
  return {.section = {.name = {},
                      .index = index,
                      .type = static_cast<std::uint32_t>(s.type),
                      .flags = static_cast<std::uint64_t>(s.flags),
                      .address = s.addr,
                      .offset = s.offset,
                      .size = s.size,
                      .link = static_cast<std::uint32_t>(s.link),
                      .info = s.info,
                      .alignment = s.addralign,
                      .entry_size = s.entsize,
                      .gnu_compressed = false},
          .name = s.name};
}

// Reads one file's headers; everything may throw what libelf++ throws.
class HeaderReader {
 public:
  HeaderReader(const FileMapping& file, std::string_view name) : file_(file), name_(name) {}

  Result<std::unique_ptr<Headers>> read() {
    HeaderBytes bytes{};
    const Bytes start = file_.bytes().first(std::min(bytes.size(), file_.bytes().size()));
    if (start.size() < sizeof(Elf32_Ehdr) || std::memcmp(start.data(), ELFMAG, SELFMAG) != 0)
      return fail(ErrorCode::invalid, fmt::format("{} is no ELF file", name_));
    std::memcpy(bytes.data(), start.data(), start.size());
    if (bytes[EI_DATA] == std::byte{ELFDATA2MSB}) return other_machine();
    const bool wide = bytes[EI_CLASS] == std::byte{ELFCLASS64};
    if (wide && start.size() < sizeof(Elf64_Ehdr)) return cut_off();
    tables_ = wide ? take_tables<Elf64_Ehdr>(bytes) : take_tables<Elf32_Ehdr>(bytes);

    const ::elf::elf elf(std::make_shared<HeaderLoader>(bytes));
    const auto& header = elf.get_hdr();
    const std::uint16_t machine = wide ? std::uint16_t{EM_X86_64} : std::uint16_t{EM_386};
    // x32 programs are 32-bit files for x86-64.
    if (header.machine != machine && header.machine != EM_X86_64) return other_machine();

    headers_->file_class = wide ? FileClass::elf64 : FileClass::elf32;
    headers_->type = type_of(header.type);
    headers_->entry = header.entry;
    if (auto read = read_sections(elf, wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr)); !read)
      return Failure(read.error());
    if (auto read = read_segments(elf, wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)); !read)
      return Failure(read.error());
    return std::move(headers_);
  }

 private:
  Failure cut_off() const {
    return fail(ErrorCode::invalid, fmt::format("{} is damaged: its headers are not all there", name_));
  }
  Failure other_machine() const {
    return fail(ErrorCode::unsupported, fmt::format("{} is an ELF file for another machine than x86", name_));
  }

  // Entry `index` of a table, copied to where it is aligned and does not change.
  const void* entry(Bytes table, std::size_t index, std::size_t stride, std::size_t size) {
    std::memcpy(entry_.data(), table.data() + index * stride, size);
    return entry_.data();
  }

  Result<void> read_segments(const ::elf::elf& elf, std::size_t size) {
    const auto& header = elf.get_hdr();
    if (tables_.segments == 0) return {};
    if (tables_.segments > limits::elf_segments)
      return fail(ErrorCode::limit, fmt::format("{} has too many segments", name_));
    const std::size_t stride = header.phentsize;
    const auto table = file_.piece(header.phoff, tables_.segments * stride);
    if (stride < size || !table) return cut_off();
    for (std::uint32_t i = 0; i < tables_.segments; ++i)
      headers_->segments.push_back(segment_of(elf, entry(*table, i, stride, size)));
    return {};
  }

  // Counts that do not fit the file header stand in section 0 (gABI, "Extended Section Header").
  Result<void> read_sections(const ::elf::elf& elf, std::size_t size) {
    const auto& header = elf.get_hdr();
    if (header.shoff == 0) return {};
    const std::size_t stride = header.shentsize;
    const auto first = file_.piece(header.shoff, size);
    if (stride < size || !first) return cut_off();
    const Section zero = section_of(elf, entry(*first, 0, stride, size), 0).section;
    if (tables_.segments == PN_XNUM) tables_.segments = zero.info;
    if (tables_.names == SHN_XINDEX) tables_.names = zero.link;
    const std::uint64_t count = tables_.sections == 0 ? zero.size : tables_.sections;
    if (count > limits::elf_sections)
      return fail(ErrorCode::limit, fmt::format("{} has too many sections", name_));

    const auto table = file_.piece(header.shoff, count * stride);
    if (!table) return cut_off();
    std::vector<std::uint32_t> names;
    for (std::uint32_t i = 0; i < count; ++i) {
      const NamedSection read = section_of(elf, entry(*table, i, stride, size), i);
      headers_->sections.push_back(read.section);
      names.push_back(read.name);
    }
    name_sections(names);
    return {};
  }

  void name_sections(const std::vector<std::uint32_t>& names) {
    constexpr std::string_view gnu_prefix = ".zdebug_";
    if (tables_.names >= headers_->sections.size()) return;
    const Section& strings = headers_->sections[tables_.names];
    const auto text = strings.type == SHT_NOBITS ? std::nullopt : file_.piece(strings.offset, strings.size);
    if (!text) return;
    for (Section& section : headers_->sections) {
      section.name = text_at(*text, names[section.index], limits::section_name_bytes);
      if (!section.name.starts_with(gnu_prefix)) continue;
      section.gnu_compressed = true;
      section.name = headers_->renamed.emplace_back(".debug_").append(section.name.substr(gnu_prefix.size()));
    }
  }

  const FileMapping& file_;
  std::string_view name_;
  Tables tables_{};
  std::unique_ptr<Headers> headers_ = std::make_unique<Headers>();
  alignas(8) std::array<std::byte, sizeof(Elf64_Shdr)> entry_{};
};

}  // namespace

Result<std::unique_ptr<Headers>> read_headers(const FileMapping& file, std::string_view name) {
  try {
    return HeaderReader(file, name).read();
  } catch (const std::exception& error) {
    return fail(ErrorCode::invalid, fmt::format("{} is no sound ELF file: {}", name, error.what()));
  }
}

}  // namespace sonde::elf
