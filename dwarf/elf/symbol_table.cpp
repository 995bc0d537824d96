#include "sonde/elf/symbol_table.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <tuple>

#include "sonde/base/limits.hpp"

namespace sonde::elf {

namespace {

using Range = SymbolTable::Range;

// Appends a range that lies behind all others; joins it with the last one where it goes on with the same
// symbol.
void append(std::vector<Range>& ranges, Range range) {
  if (range.begin >= range.end) return;
  if (!ranges.empty() && ranges.back().end == range.begin && ranges.back().symbol == range.symbol)
    ranges.back().end = range.end;
  else
    ranges.push_back(range);
}

std::uint64_t end_of(const Symbol& symbol) {
  constexpr std::uint64_t last = std::numeric_limits<std::uint64_t>::max();
  return symbol.size > last - symbol.address ? last : symbol.address + symbol.size;
}

std::size_t underscores(std::string_view name) {
  if (name.starts_with("_Z") || name.starts_with("_R")) return 0;  // Mangled names begin so.
  return std::min(name.find_first_not_of('_'), name.size());
}

}  // namespace

std::optional<Symbol> SymbolTable::find(std::uint64_t address) const {
  auto after = std::ranges::upper_bound(ranges_, address, {}, &Range::begin);
  if (after == ranges_.begin()) return std::nullopt;
  const Range& range = *std::prev(after);
  if (address >= range.end) return std::nullopt;
  return symbols_[range.symbol];
}

void SymbolTable::Builder::add(const Symbol& symbol, Binding binding, std::uint64_t limit) {
  if (candidates_.size() >= limits::elf_symbols)
    truncated_ = true;
  else
    candidates_.push_back({symbol, limit, binding});
}

bool SymbolTable::Builder::worse(const Candidate& a, const Candidate& b) {
  const auto rank = [](const Candidate& c) {
    // Ascending: the first of these that differs decides.
    return std::tuple(c.binding == Binding::local, c.symbol.name.find('@') != std::string_view::npos,
                      underscores(c.symbol.name), c.binding == Binding::weak, c.symbol.name.size());
  };
  const auto left = rank(a);
  const auto right = rank(b);
  return left != right ? left > right : a.symbol.name > b.symbol.name;
}

SymbolTable SymbolTable::Builder::build() && {
  std::ranges::sort(candidates_, [](const Candidate& a, const Candidate& b) {
    return a.symbol.address != b.symbol.address ? a.symbol.address < b.symbol.address : worse(a, b);
  });
  SymbolTable table;
  table.truncated_ = truncated_;
  table.symbols_.reserve(candidates_.size());
  for (const Candidate& candidate : candidates_) table.symbols_.push_back(candidate.symbol);
  cover_sized(table);
  cover_labels(table);
  return table;
}

// Goes up through the addresses with a stack of the symbols that are open: the one on top covers what comes
// next. Each symbol is pushed and popped once, so there are at most twice as many ranges as symbols.
void SymbolTable::Builder::cover_sized(SymbolTable& table) const {
  std::vector<std::uint32_t> open;
  std::uint64_t at = 0;
  const auto cover_up_to = [&](std::uint64_t address) {
    while (!open.empty()) {
      const std::uint64_t end = end_of(candidates_[open.back()].symbol);
      append(table.ranges_, {at, std::min(end, address), open.back()});
      at = std::max(at, std::min(end, address));
      if (end > address) return;
      open.pop_back();
    }
  };
  for (std::uint32_t i = 0; i < candidates_.size(); ++i) {
    if (candidates_[i].symbol.size == 0) continue;
    cover_up_to(candidates_[i].symbol.address);
    at = candidates_[i].symbol.address;
    open.push_back(i);
  }
  cover_up_to(std::numeric_limits<std::uint64_t>::max());
}

void SymbolTable::Builder::cover_labels(SymbolTable& table) const {
  std::vector<Range> labels;
  auto sized = table.ranges_.begin();
  for (std::uint32_t i = 0; i < candidates_.size(); ++i) {
    const Candidate& label = candidates_[i];
    const std::uint64_t begin = label.symbol.address;
    if (label.symbol.size != 0) continue;
    if (!labels.empty() && labels.back().end > begin) labels.back().end = begin;
    if (!labels.empty() && labels.back().begin == labels.back().end) labels.pop_back();
    while (sized != table.ranges_.end() && sized->end <= begin) ++sized;
    std::uint64_t end = label.limit;
    if (sized != table.ranges_.end()) end = std::min(end, std::max(sized->begin, begin));
    append(labels, {begin, end, i});
  }
  std::vector<Range> all;
  all.reserve(table.ranges_.size() + labels.size());
  std::ranges::merge(table.ranges_, labels, std::back_inserter(all), {}, &Range::begin, &Range::begin);
  table.ranges_ = std::move(all);
}

}  // namespace sonde::elf
