// From an image's symbol sections (gABI, "Symbol Table") to its table of functions.
#include <algorithm>
#include <elf.h>
#include <limits>

#include "decompress.hpp"
#include "load.hpp"
#include "sonde/base/limits.hpp"
#include "sonde/elf/image.hpp"

namespace sonde::elf {

namespace {

// One entry, of either class.
struct Entry {
  Symbol symbol;
  unsigned char info;
  std::uint16_t section;

  unsigned type() const { return ELF64_ST_TYPE(info); }
  unsigned binding() const { return ELF64_ST_BIND(info); }
};

// Calls visit(Entry) for each defined symbol that has a name, of which up to `name_bytes` count, until it
// returns false.
template <typename Layout, typename Visit>
void visit_layout(Bytes table, Bytes names, std::size_t name_bytes, Visit visit) {
  for (std::uint64_t at = 0; const auto entry = load<Layout>(table, at); at += sizeof(Layout)) {
    if (entry->st_shndx == SHN_UNDEF) continue;
    const std::string_view name = text_at(names, entry->st_name, name_bytes);
    if (name.empty()) continue;
    if (!visit(Entry{{name, entry->st_value, entry->st_size}, entry->st_info, entry->st_shndx})) return;
  }
}

template <typename Visit>
void visit_symbols(const Image& image, std::string_view section, Visit visit,
                   std::size_t name_bytes = limits::symbol_name_bytes) {
  const Section* const found = image.section(section);
  if (found == nullptr || found->link >= image.sections().size()) return;
  const auto table = image.contents(*found);
  const auto names = image.contents(image.sections()[found->link]);
  if (!table || !names) return;
  if (image.file_class() == FileClass::elf64)
    visit_layout<Elf64_Sym>(*table, *names, name_bytes, visit);
  else
    visit_layout<Elf32_Sym>(*table, *names, name_bytes, visit);
}

SymbolTable::Builder::Binding binding_of(unsigned binding) {
  using enum SymbolTable::Builder::Binding;
  if (binding == STB_LOCAL) return local;
  return binding == STB_WEAK ? weak : global;
}

}  // namespace

void Image::add_symbols(SymbolTable::Builder& builder, std::string_view section) const {
  visit_symbols(*this, section, [&](const Entry& entry) {
    std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();
    bool code = false;
    if (entry.section < sections().size()) {
      const Section& home = sections()[entry.section];
      code = (home.flags & SHF_EXECINSTR) != 0;
      if (home.size <= limit - home.address) limit = home.address + home.size;
    } else if (entry.section != SHN_XINDEX) {
      return true;  // SHN_ABS and its like stand for no place.
    }
    const bool function = entry.type() == STT_FUNC || entry.type() == STT_GNU_IFUNC;
    if (function || (entry.type() == STT_NOTYPE && code))
      builder.add(entry.symbol, binding_of(entry.binding()), limit);
    return true;
  });
}

const SymbolTable& Image::symbols() const {
  if (symbols_) return *symbols_;
  SymbolTable::Builder builder;
  // In an object file that is not yet linked, addresses count within each section, and say nothing.
  if (type() != FileType::relocatable) {
    add_symbols(builder, ".symtab");
    if (builder.empty()) {
      add_symbols(builder, ".dynsym");
      if (const Image* const mini = mini_debug_info(); mini != nullptr) mini->add_symbols(builder, ".symtab");
    }
  }
  symbols_ = std::move(builder).build();
  return *symbols_;
}

const Image* Image::mini_debug_info() const {
  const auto compressed = contents(".gnu_debugdata");
  if (mini_debug_info_ == nullptr && compressed && !compressed->empty()) {
    auto bytes = decompress_xz(*compressed);
    if (!bytes) return nullptr;
    if (auto image = from_bytes(std::move(*bytes), name_ + " (.gnu_debugdata)")) mini_debug_info_ = *image;
  }
  return mini_debug_info_.get();
}

std::optional<Symbol> Image::symbol(std::string_view name) const {
  std::optional<Symbol> found;
  const auto match = [&](const Entry& entry) {
    if (entry.symbol.name == name) found = entry.symbol;
    return !found;
  };
  visit_symbols(*this, ".symtab", match);
  if (!found) visit_symbols(*this, ".dynsym", match);
  return found;
}

void Image::each_function(const std::function<void(const Symbol&, bool)>& visit) const {
  for (const std::string_view section : {".symtab", ".dynsym"}) {
    std::size_t seen = 0;
    visit_symbols(
        *this, section,
        [&](const Entry& entry) {
          const bool chosen = entry.type() == STT_GNU_IFUNC;
          if (chosen || entry.type() == STT_FUNC) visit(entry.symbol, chosen);
          return ++seen < limits::elf_symbols;
        },
        limits::name_bytes);
  }
}

}  // namespace sonde::elf
