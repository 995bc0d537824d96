// What a file says about itself and about where its debug information is.
#include <elf.h>
#include <libdeflate.h>

#include "file_mapping.hpp"
#include "load.hpp"
#include "sonde/base/limits.hpp"
#include "sonde/elf/image.hpp"

namespace sonde::elf {

namespace {

constexpr std::uint64_t padded(std::uint64_t size) { return (size + 3) & ~std::uint64_t{3}; }

// The description of the build id among notes (gABI, "Note Section"), which are aligned to 4 bytes.
Bytes build_id_among(Bytes notes) {
  std::uint64_t at = 0;
  while (const auto note = load<Elf64_Nhdr>(notes, at)) {
    const std::uint64_t name = at + sizeof *note;
    const std::uint64_t description = name + padded(note->n_namesz);
    const std::uint64_t next = description + padded(note->n_descsz);
    if (description + note->n_descsz > notes.size()) return {};
    if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && text_at(notes, name, 4) == ELF_NOTE_GNU &&
        note->n_descsz <= limits::build_id_bytes)
      return notes.subspan(description, note->n_descsz);
    at = next;
  }
  return {};
}

}  // namespace

Bytes Image::build_id() const {
  for (const Section& section : sections()) {
    if (section.type != SHT_NOTE) continue;
    const auto notes = contents(section);
    if (!notes) continue;
    if (const Bytes found = build_id_among(*notes); !found.empty()) return found;
  }
  // A separate debug file's program headers speak of another file; but it has its note as a section.
  for (const Segment& segment : segments()) {
    if (segment.type != PT_NOTE) continue;
    const auto notes = file_->piece(segment.offset, segment.file_size);
    if (!notes) continue;
    if (const Bytes found = build_id_among(*notes); !found.empty()) return found;
  }
  return {};
}

std::optional<DebugLink> Image::debug_link() const {
  const auto link = contents(".gnu_debuglink");
  if (!link || link->empty()) return std::nullopt;
  const std::string_view file_name = text_at(*link, 0, limits::path_bytes);
  const auto crc = load<std::uint32_t>(*link, padded(file_name.size() + 1));
  if (file_name.empty() || !crc) return std::nullopt;
  return DebugLink{file_name, *crc};
}

std::uint32_t Image::crc() const {
  const Bytes all = bytes();
  return ::libdeflate_crc32(0, all.data(), all.size());
}

std::optional<AlternateLink> Image::alternate_link() const {
  const auto link = contents(".gnu_debugaltlink");
  if (!link || link->empty()) return std::nullopt;
  const std::string_view path = text_at(*link, 0, limits::path_bytes);
  if (path.empty() || path.size() + 1 >= link->size()) return std::nullopt;
  const Bytes build_id = link->subspan(path.size() + 1);
  if (build_id.size() > limits::build_id_bytes) return std::nullopt;
  return AlternateLink{path, build_id};
}

bool Image::has_debug_info() const {
  for (const Section& section : sections())
    if (section.type != SHT_NOBITS && section.size > 0 &&
        (section.name == ".debug_info" || section.name == ".debug_line"))
      return true;
  return false;
}

}  // namespace sonde::elf
