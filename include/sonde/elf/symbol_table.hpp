// Which function an address belongs to, by the symbols of an ELF file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sonde/base/types.hpp"

namespace sonde::elf {

// A defined symbol, with an address of the file's own (without load bias).
struct Symbol {
  std::string_view name;  // Mangled, as in the file. Untrusted text of at most symbol_name_bytes.
  std::uint64_t address;
  std::uint64_t size;  // 0 where the file gives none.
};

// The answer to "which symbol covers this address" for every address, as disjoint ranges. Where functions
// overlap it is the one that starts last. Of several names for one address it is the one that a reader would
// expect: global rather than local, unversioned, with the fewest underscores in front, global rather than
// weak, the shortest.
//
// A symbol without a size (a label of assembly) reaches to the next symbol or the end of its section, and
// gives way to every symbol with a size.
class SymbolTable {
 public:
  struct Range {
    std::uint64_t begin;
    std::uint64_t end;     // Exclusive, above begin.
    std::uint32_t symbol;  // Index into symbols().
  };

  class Builder;

  // nullopt where no function covers the address.
  std::optional<Symbol> find(std::uint64_t address) const;

  const std::vector<Symbol>& symbols() const { return symbols_; }
  const std::vector<Range>& ranges() const { return ranges_; }  // Ascending and disjoint.
  // Symbols were left out, because there were more than elf_symbols.
  bool truncated() const { return truncated_; }

 private:
  std::vector<Symbol> symbols_;
  std::vector<Range> ranges_;
  bool truncated_ = false;
};

// Collects symbols, then sorts them out, in O(n log n).
class SymbolTable::Builder {
 public:
  enum class Binding : std::uint8_t { local, weak, global };

  // `limit` is the address behind which the symbol cannot reach, the end of its section. The name must
  // outlive the table.
  void add(const Symbol& symbol, Binding binding, std::uint64_t limit);
  bool empty() const { return candidates_.empty(); }
  SymbolTable build() &&;

 private:
  struct Candidate {
    Symbol symbol;
    std::uint64_t limit;
    Binding binding;
  };
  // Whether `a` is a worse name than `b` for an address that both stand at.
  static bool worse(const Candidate& a, const Candidate& b);
  void cover_sized(SymbolTable& table) const;
  void cover_labels(SymbolTable& table) const;

  std::vector<Candidate> candidates_;
  bool truncated_ = false;
};

}  // namespace sonde::elf
