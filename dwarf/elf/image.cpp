#include "sonde/elf/image.hpp"

#include <algorithm>
#include <elf.h>
#include <span>
#include <sys/mman.h>
#include <utility>

#include <fmt/format.h>

#include "decompress.hpp"
#include "file_mapping.hpp"
#include "headers.hpp"
#include "load.hpp"
#include "sonde/base/limits.hpp"

namespace sonde::elf {

namespace {

constexpr std::uint64_t page_mask = 4095;  // x86-64 and i386 map files by pages of 4 KiB.
constexpr std::uint32_t compressed_by_zlib = 1;
constexpr std::uint32_t compressed_by_zstd = 2;  // ELFCOMPRESS_ZSTD; older <elf.h> does not have it.

// How a compressed section says what it becomes.
struct Compression {
  std::uint32_t type;
  std::uint64_t size;
  Bytes stream;
};

std::optional<Compression> gnu_compression(Bytes raw) {
  constexpr std::size_t header_size = 12;
  if (raw.size() < header_size || text_of(raw.first(4)) != "ZLIB") return std::nullopt;
  std::uint64_t size = 0;
  for (const std::byte byte : raw.subspan(4, 8)) size = size << 8 | std::to_integer<std::uint64_t>(byte);
  return Compression{compressed_by_zlib, size, raw.subspan(header_size)};
}

template <typename Header>
std::optional<Compression> standard_compression(Bytes raw) {
  const auto header = load<Header>(raw, 0);
  if (!header) return std::nullopt;
  return Compression{header->ch_type, header->ch_size, raw.subspan(sizeof(Header))};
}

// Debug information grows to three or four times its compressed size. What a section says of its size beyond
// this may be a lie, and gets pages as they are written.
constexpr std::size_t usual_growth = 8;

// Has the kernel make the pages at once that will be written one after the other. Where it cannot, nothing is
// lost.
void populate(std::span<std::byte> bytes) {
  const std::size_t to_page = -reinterpret_cast<std::uintptr_t>(bytes.data()) & page_mask;
  if (bytes.size() <= to_page) return;
  const auto pages = bytes.subspan(to_page);
  ::madvise(pages.data(), pages.size() & ~page_mask, MADV_POPULATE_WRITE);
}

}  // namespace

Image::Image(std::string name, std::unique_ptr<FileMapping> file, std::unique_ptr<Headers> headers)
    : name_(std::move(name)), file_(std::move(file)), headers_(std::move(headers)) {}

Image::~Image() = default;

Result<std::shared_ptr<const Image>> Image::of(std::unique_ptr<FileMapping> file, std::string name) {
  auto headers = read_headers(*file, name);
  if (!headers) return Failure(headers.error());
  return std::shared_ptr<const Image>(new Image(std::move(name), std::move(file), std::move(*headers)));
}

Result<std::shared_ptr<const Image>> Image::open(UniqueFd file, std::string name) {
  auto mapping = FileMapping::map(std::move(file), name);
  if (!mapping) return Failure(mapping.error());
  return of(std::move(*mapping), std::move(name));
}

Result<std::shared_ptr<const Image>> Image::from_bytes(std::vector<std::byte> bytes, std::string name) {
  return of(FileMapping::hold(std::move(bytes)), std::move(name));
}

FileClass Image::file_class() const { return headers_->file_class; }
FileType Image::type() const { return headers_->type; }
std::uint64_t Image::entry() const { return headers_->entry; }
std::span<const Segment> Image::segments() const { return headers_->segments; }
std::span<const Section> Image::sections() const { return headers_->sections; }
Bytes Image::bytes() const { return file_->bytes(); }

const Section* Image::section(std::string_view name) const {
  const auto found = std::ranges::find(headers_->sections, name, &Section::name);
  return found == headers_->sections.end() ? nullptr : &*found;
}

Result<Bytes> Image::raw_contents(const Section& section) const {
  if (section.type == SHT_NOBITS) return Bytes();
  const auto piece = file_->piece(section.offset, section.size);
  if (!piece)
    return fail(ErrorCode::invalid, fmt::format("{} is damaged: a section does not lie in the file", name_));
  return *piece;
}

Result<Bytes> Image::contents(const Section& section) const {
  auto raw = raw_contents(section);
  const bool compressed = section.gnu_compressed || (section.flags & SHF_COMPRESSED) != 0;
  if (!raw || raw->empty() || !compressed) return raw;
  return expanded(section, *raw);
}

Result<Bytes> Image::contents(std::string_view name) const {
  const Section* const found = section(name);
  return found == nullptr ? Bytes() : contents(*found);
}

Result<Bytes> Image::expanded(const Section& section, Bytes raw) const {
  if (const auto known = expanded_.find(section.index); known != expanded_.end())
    return Bytes(known->second.bytes.get(), known->second.size);

  const auto compression = section.gnu_compressed             ? gnu_compression(raw)
                           : file_class() == FileClass::elf64 ? standard_compression<Elf64_Chdr>(raw)
                                                              : standard_compression<Elf32_Chdr>(raw);
  if (!compression) return fail(ErrorCode::invalid, fmt::format("{}: a damaged compressed section", name_));
  if (compression->size > limits::elf_section_bytes ||
      compression->size > limits::elf_expanded_bytes - expanded_bytes_)
    return fail(ErrorCode::limit, fmt::format("{}: a compressed section is too large", name_));
  const bool zlib = compression->type == compressed_by_zlib;
  if (!zlib && compression->type != compressed_by_zstd)
    return fail(ErrorCode::unsupported, fmt::format("{}: unknown compression {}", name_, compression->type));

  const std::size_t size = compression->size;
  std::unique_ptr<std::byte[]> bytes;
  bool good = size / (zlib ? zlib_growth : zstd_growth) <= compression->stream.size();
  if (good) {
    bytes = std::make_unique_for_overwrite<std::byte[]>(size);
    populate({bytes.get(), std::min(size, usual_growth * compression->stream.size())});
    good = (zlib ? decompress_zlib : decompress_zstd)(compression->stream, {bytes.get(), size});
  }
  if (!good) return fail(ErrorCode::invalid, fmt::format("{}: a damaged compressed section", name_));

  expanded_bytes_ += size;
  const auto kept = expanded_.emplace(section.index, Expanded{std::move(bytes), size}).first;
  return Bytes(kept->second.bytes.get(), size);
}

Bytes Image::loaded_at(std::uint64_t address) const {
  for (const Segment& segment : headers_->segments) {
    if (segment.type != PT_LOAD || address < segment.address) continue;
    const std::uint64_t into = address - segment.address;
    if (into >= segment.file_size) continue;
    const auto piece = file_->piece(segment.offset, segment.file_size);
    if (piece) return piece->subspan(into);
  }
  return {};
}

std::optional<std::uint64_t> Image::load_bias(const MappedPiece& piece) const {
  std::optional<std::uint64_t> bias;
  int best = -1;
  for (const Segment& segment : headers_->segments) {
    if (segment.type != PT_LOAD || segment.file_size == 0) continue;
    const std::uint64_t first_page = segment.offset & ~page_mask;
    const std::uint64_t file_bytes = segment.offset - first_page + segment.file_size;  // From first_page on.
    if (piece.file_offset < first_page || piece.file_offset - first_page >= file_bytes) continue;
    // Two segments may share a page of the file, each mapped to a page of its own.
    const int likeness =
        2 * int{((segment.flags & PF_X) != 0) == piece.executable} + int{piece.file_offset == first_page};
    if (likeness <= best) continue;
    best = likeness;
    bias = piece.begin.value - (segment.address - segment.offset + piece.file_offset);
  }
  return bias;
}

}  // namespace sonde::elf
