// An ELF file: its headers, every section decompressed, notes, links, the symbol table, MiniDebugInfo.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "sonde/elf/image.hpp"

namespace {

volatile std::size_t looked_at;

// Every byte that an image hands out can be read.
void touch(sonde::Bytes bytes) {
  std::size_t sum = 0;
  for (const std::byte byte : bytes) sum += std::to_integer<std::size_t>(byte);
  looked_at = sum;
}

void touch(std::string_view text) { touch(std::as_bytes(std::span(text))); }

void check_symbols(const sonde::elf::SymbolTable& table) {
  std::uint64_t last = 0;
  for (const auto& range : table.ranges()) {
    if (range.begin < last || range.end <= range.begin) std::abort();
    last = range.end;
    const auto found = table.find(range.end - 1);
    if (!found || found->name.data() != table.symbols()[range.symbol].name.data()) std::abort();
    if (found->address > range.begin) std::abort();
    touch(found->name);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto image = sonde::elf::Image::from_bytes({bytes.begin(), bytes.end()}, "input");
  if (!image) return 0;
  for (const auto& section : (*image)->sections()) {
    touch(section.name);
    if (const auto contents = (*image)->contents(section)) touch(*contents);
  }
  for (const auto& segment : (*image)->segments()) {
    touch((*image)->loaded_at(segment.address));
    if ((*image)->load_bias({sonde::Address{4096}, segment.offset, true})) touch("mapped");
  }
  touch((*image)->build_id());
  if (const auto link = (*image)->debug_link()) touch(link->file_name);
  if (const auto link = (*image)->alternate_link()) {
    touch(link->path);
    touch(link->build_id);
  }
  check_symbols((*image)->symbols());
  (*image)->each_function([](const sonde::elf::Symbol& symbol, bool) { touch(symbol.name); });
  (*image)->each_relocation([](const sonde::elf::Relocation& relocation) { touch(relocation.symbol); });
  if (const auto symbol = (*image)->symbol("_start")) touch(symbol->name);
  return 0;
}
