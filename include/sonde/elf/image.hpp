// An ELF file as the gABI lays it out (System V ABI, chapters 4 and 5; elf(5)): its sections with their
// contents, its segments, its symbols and what it says about where its debug information is. Programs,
// libraries, object files, separate debug files and the vDSO of x86-64 and i386.
//
// The file is hostile: everything that it says is checked against its size and the limits of base/limits.hpp.
// It is mapped, and may change or shrink meanwhile: what was cut off reads as zeros.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/base/result.hpp"
#include "sonde/base/types.hpp"
#include "sonde/base/unique_fd.hpp"
#include "sonde/elf/symbol_table.hpp"

namespace sonde::elf {

enum class FileClass : std::uint8_t { elf32, elf64 };
enum class FileType : std::uint8_t { relocatable, executable, shared, other };

// A program header. Addresses are the file's own: without load bias.
struct Segment {
  std::uint32_t type;   // PT_LOAD and so on, of <elf.h>.
  std::uint32_t flags;  // PF_R, PF_W, PF_X.
  std::uint64_t offset;
  std::uint64_t address;
  std::uint64_t file_size;
  std::uint64_t memory_size;
  std::uint64_t alignment;
};

// A section header.
struct Section {
  std::string_view
      name;  // Untrusted text, owned by the image. A .zdebug_ section has its name without the z.
  std::uint32_t index;
  std::uint32_t type;   // SHT_PROGBITS and so on, of <elf.h>.
  std::uint64_t flags;  // SHF_ALLOC and so on.
  std::uint64_t address;
  std::uint64_t offset;
  std::uint64_t size;  // In the file: compressed, if it is.
  std::uint32_t link;
  std::uint32_t info;
  std::uint64_t alignment;
  std::uint64_t entry_size;
  bool gnu_compressed;  // Named .zdebug_: "ZLIB", the size as 8 big-endian bytes, a zlib stream.
};

// What the loader stores when it maps the file: at `place`, as `type` says (R_X86_64_GLOB_DAT and so on, of
// <elf.h>).
struct Relocation {
  std::uint64_t place;  // The file's own address.
  std::uint32_t type;
  std::string_view symbol;  // Empty for none. Untrusted text of at most limits::name_bytes.
  std::uint64_t addend;
};

// .gnu_debuglink: the file name of a separate debug file, and the CRC-32 of its contents.
struct DebugLink {
  std::string_view file_name;
  std::uint32_t crc;
};

// .gnu_debugaltlink: the path of the file that dwz moved common debug information to, and that file's build
// id.
struct AlternateLink {
  std::string_view path;
  Bytes build_id;
};

// A piece of a file in a process's memory, as /proc/PID/maps shows it.
struct MappedPiece {
  Address begin;
  std::uint64_t file_offset;
  bool executable;
};

class FileMapping;
struct Headers;

// All views that an image gives (names, contents, symbols) live as long as the image. One thread at a time.
class Image {
 public:
  // Reads headers alone: a file of any size opens in microseconds. `name` is for messages. Fails with
  // `unsupported` on a file of another machine or byte order, with `invalid` on one that is no ELF file, is
  // cut off within its headers, or no regular file, with `limit` on one that is larger than any file may be.
  static Result<std::shared_ptr<const Image>> open(UniqueFd file, std::string name);
  // The same of bytes in memory, such as a vDSO's.
  static Result<std::shared_ptr<const Image>> from_bytes(std::vector<std::byte> bytes, std::string name);

  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;
  ~Image();

  const std::string& name() const { return name_; }
  FileClass file_class() const;
  FileType type() const;
  std::uint64_t entry() const;
  std::span<const Segment> segments() const;
  std::span<const Section> sections() const;
  // The whole file.
  Bytes bytes() const;

  // The first section of that name, or nullptr. ".debug_info" finds ".zdebug_info" too.
  const Section* section(std::string_view name) const;

  // What a section holds, decompressed where it is compressed (then once, and kept). Empty for SHT_NOBITS.
  // Fails with `invalid` where it lies outside the file or does not decompress to the size that it claims,
  // with `limit` beyond elf_section_bytes or elf_expanded_bytes, with `unsupported` on another compression.
  Result<Bytes> contents(const Section& section) const;
  // The same by name; empty where there is no such section.
  Result<Bytes> contents(std::string_view name) const;

  // The bytes of the file that are loaded at `address` and behind it, up to the end of that segment's part of
  // the file. Empty where no segment has the address.
  Bytes loaded_at(std::uint64_t address) const;

  // What to add to the file's addresses to have the process's, where `piece` of the file is mapped: by the
  // segment that the piece belongs to, since segments need not lie in memory as they lie in the file. nullopt
  // where no segment contains the piece.
  std::optional<std::uint64_t> load_bias(const MappedPiece& piece) const;

  // NT_GNU_BUILD_ID, or empty.
  Bytes build_id() const;
  std::optional<DebugLink> debug_link() const;
  // The CRC-32 of the whole file, as a .gnu_debuglink to it has it. Reads all of it.
  std::uint32_t crc() const;
  std::optional<AlternateLink> alternate_link() const;
  // The file has DWARF line or unit information of its own.
  bool has_debug_info() const;

  // The functions of .symtab; without one those of .dynsym and of .gnu_debugdata ("MiniDebugInfo": a small
  // ELF file compressed with xz). Built when first asked for; of a damaged table whatever is sound.
  const SymbolTable& symbols() const;

  // What .gnu_debugdata holds, decompressed when first asked for; null where there is none. As long as this
  // image.
  const Image* mini_debug_info() const;

  // The first defined symbol of that name, of any kind, in .symtab or else .dynsym. Linear in the table.
  std::optional<Symbol> symbol(std::string_view name) const;

  // Calls visit for every defined function of .symtab and then of .dynsym, aliases and all: most come twice;
  // of names the first limits::name_bytes, of each table the first limits::elf_symbols symbols.
  // `chosen_at_run_time`: its address is that of a function which returns the address (STT_GNU_IFUNC).
  void each_function(const std::function<void(const Symbol& symbol, bool chosen_at_run_time)>& visit) const;

  // Calls visit for the relocations with addends (SHT_RELA) of a 64-bit program or library, up to
  // limits::elf_relocations.
  void each_relocation(const std::function<void(const Relocation&)>& visit) const;

 private:
  Image(std::string name, std::unique_ptr<FileMapping> file, std::unique_ptr<Headers> headers);
  static Result<std::shared_ptr<const Image>> of(std::unique_ptr<FileMapping> file, std::string name);

  Result<Bytes> raw_contents(const Section& section) const;
  Result<Bytes> expanded(const Section& section, Bytes raw) const;
  void add_symbols(SymbolTable::Builder& builder, std::string_view section) const;

  std::string name_;
  std::unique_ptr<FileMapping> file_;
  std::unique_ptr<Headers> headers_;

  struct Expanded {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size;
  };
  // Filled when first asked for.
  mutable std::map<std::uint32_t, Expanded> expanded_;  // By section index.
  mutable std::size_t expanded_bytes_ = 0;
  mutable std::shared_ptr<const Image> mini_debug_info_;
  mutable std::optional<SymbolTable> symbols_;
};

}  // namespace sonde::elf
