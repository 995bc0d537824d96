// From an image's relocation sections (gABI, "Relocation") to what the loader stores where.
#include <elf.h>

#include "load.hpp"
#include "sonde/base/limits.hpp"
#include "sonde/elf/image.hpp"

namespace sonde::elf {

namespace {

// The names of the symbols that a relocation section refers to.
class Names {
 public:
  Names(const Image& image, const Section& relocations) {
    const auto sections = image.sections();
    if (relocations.link == 0 || relocations.link >= sections.size()) return;
    const Section& table = sections[relocations.link];
    if (table.link >= sections.size()) return;
    symbols_ = image.contents(table).value_or(Bytes());
    texts_ = image.contents(sections[table.link]).value_or(Bytes());
  }

  std::string_view of(std::uint64_t symbol) const {
    const auto entry = load<Elf64_Sym>(symbols_, symbol * sizeof(Elf64_Sym));
    return symbol == 0 || !entry ? std::string_view() : text_at(texts_, entry->st_name, limits::name_bytes);
  }

 private:
  Bytes symbols_;
  Bytes texts_;
};

}  // namespace

void Image::each_relocation(const std::function<void(const Relocation&)>& visit) const {
  if (file_class() != FileClass::elf64 || type() == FileType::relocatable) return;
  std::size_t left = limits::elf_relocations;
  for (const Section& section : sections()) {
    if (section.type != SHT_RELA || (section.flags & SHF_ALLOC) == 0) continue;
    const auto table = contents(section);
    if (!table) continue;
    const Names names(*this, section);
    for (std::uint64_t at = 0; const auto entry = load<Elf64_Rela>(*table, at); at += sizeof *entry) {
      if (left-- == 0) return;
      visit({entry->r_offset, static_cast<std::uint32_t>(ELF64_R_TYPE(entry->r_info)),
             names.of(ELF64_R_SYM(entry->r_info)), static_cast<std::uint64_t>(entry->r_addend)});
    }
  }
}

}  // namespace sonde::elf
