#include "sonde/unwind/build.hpp"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "sonde/base/limits.hpp"
#include "unwind/blob.hpp"
#include "unwind/entries.hpp"
#include "unwind/program.hpp"
#include "unwind/rule_set.hpp"

namespace sonde::unwind {

namespace {

constexpr std::uint64_t span_max = std::uint64_t{1} << 32;
constexpr std::uint32_t smallest_bucket_shift = 8;
constexpr std::uint64_t padding_max = 16;  // What functions are aligned to.

// One function's rows among those of all sections.
struct Function {
  std::uint64_t begin;
  std::uint64_t end;
  std::uint32_t first_row;
  std::uint32_t row_count;

  bool operator<(const Function& other) const { return begin < other.begin; }
};

// A part of a function for which it is the one to ask.
struct Piece {
  std::uint64_t begin;
  std::uint64_t end;
  std::uint32_t function;

  bool operator<(const Piece& other) const { return begin < other.begin; }
};

class Builder {
 public:
  explicit Builder(CodeRange code) : code_(code) {}

  Result<void> add(const CfiSection& section);
  Result<CfiTable> finish();

 private:
  void add_pieces(std::size_t first_function);
  void lay_out();
  bool is_padding(std::uint64_t gap) const;
  void append(const Piece& piece);
  void put(std::uint64_t address, std::uint16_t rule);
  std::vector<std::uint64_t> blob() const;

  CodeRange code_;
  RuleSet rules_;
  std::vector<Function> functions_;
  std::vector<Piece> pieces_;  // In order, and apart from each other.
  Rows rows_;
  CfiLosses losses_;

  // The table's rows, in order.
  std::uint64_t base_ = 0;
  std::uint64_t end_ = 0;
  Rows sorted_;
};

Result<void> Builder::add(const CfiSection& section) {
  if (section.bytes.size() > limits::cfi_section_bytes) {
    return fail(ErrorCode::limit, "a section with call frame information is too large");
  }
  const Entries entries(section);
  Interpreter interpreter(entries, rules_);
  std::vector<std::optional<State>> initial;
  initial.reserve(entries.cies().size());
  for (const Cie& cie : entries.cies()) initial.push_back(interpreter.initial_state(cie));
  const std::size_t first_function = functions_.size();
  bool too_many = false;
  losses_.entries += entries.each_fde([&](const Fde& fde) {
    const bool here = fde.begin >= code_.begin && fde.end <= code_.end && fde.end - fde.begin < span_max;
    // Linkers leave the entries of code that they dropped, moved to address 0.
    if (!here || !initial[fde.cie] || fde.begin == 0) {
      ++losses_.entries;
      return;
    }
    const std::size_t first = rows_.size();
    // An instruction makes one row at most; of a function there are at most two pieces more than of those
    // before it, each of which may take two rows.
    too_many = too_many || first + fde.instructions.size() + 4 * functions_.size() + 4 > limits::cfi_rows;
    if (too_many) return;
    if (!interpreter.run(entries.cies()[fde.cie], *initial[fde.cie], fde, rows_)) ++losses_.programs;
    functions_.push_back({fde.begin, fde.end, static_cast<std::uint32_t>(first),
                          static_cast<std::uint32_t>(rows_.size() - first)});
  });
  if (too_many) return fail(ErrorCode::limit, "call frame information makes too many rows");
  add_pieces(first_function);
  return {};
}

// What the functions of one more section cover and nobody did before; where they overlap, the one that begins
// first has it.
void Builder::add_pieces(std::size_t first_function) {
  const auto first = functions_.begin() + static_cast<std::ptrdiff_t>(first_function);
  if (!std::is_sorted(first, functions_.end())) std::stable_sort(first, functions_.end());
  std::vector<Piece> added;
  added.reserve(functions_.size() - first_function);
  auto taken = pieces_.cbegin();
  std::uint64_t at = 0;
  for (std::size_t i = first_function; i < functions_.size(); ++i) {
    const Function& function = functions_[i];
    at = std::max(at, function.begin);
    while (at < function.end) {
      while (taken != pieces_.cend() && taken->end <= at) ++taken;
      const std::uint64_t stop =
          taken != pieces_.cend() ? std::min(taken->begin, function.end) : function.end;
      if (at < stop) added.push_back({at, stop, static_cast<std::uint32_t>(i)});
      at = stop < function.end ? taken->end : stop;
    }
  }
  const auto middle = static_cast<std::ptrdiff_t>(pieces_.size());
  pieces_.insert(pieces_.end(), added.begin(), added.end());
  std::inplace_merge(pieces_.begin(), pieces_.begin() + middle, pieces_.end());
}

Result<CfiTable> Builder::finish() {
  lay_out();
  losses_.rules = rules_.losses();
  auto table = Table::from(blob());
  if (!table) return tl::unexpected(table.error());
  return CfiTable{std::move(*table), losses_};
}

// A few bytes behind a function that has given its stack back: what aligns the next one, or an end that its
// author gave no information (glibc's clone3, where a thread has no caller yet). They go on with its last
// rule.
bool Builder::is_padding(std::uint64_t gap) const {
  return gap < padding_max && !sorted_.rules.empty() &&
         rules_.rules()[sorted_.rules.back()] == RuleSet::at_entry;
}

void Builder::lay_out() {
  if (pieces_.empty()) return;
  base_ = end_ = pieces_.front().begin;
  sorted_.pcs.reserve(rows_.size() + pieces_.size());
  sorted_.rules.reserve(rows_.size() + pieces_.size());
  for (const Piece& piece : pieces_) {
    if (piece.end - base_ > span_max) {
      ++losses_.entries;
      continue;
    }
    if (piece.begin > end_ && !is_padding(piece.begin - end_)) put(end_, RuleSet::none);
    append(piece);
    end_ = piece.end;
  }
}

void Builder::append(const Piece& piece) {
  const Function& function = functions_[piece.function];
  const auto pcs = std::span(rows_.pcs).subspan(function.first_row, function.row_count);
  // The row that holds where the piece begins; a function's first is at its begin.
  std::size_t row = static_cast<std::size_t>(
      std::upper_bound(pcs.begin(), pcs.end(), piece.begin - function.begin) - pcs.begin());
  put(piece.begin, rows_.rules[function.first_row + row - 1]);
  for (; row < pcs.size() && function.begin + pcs[row] < piece.end; ++row) {
    put(function.begin + pcs[row], rows_.rules[function.first_row + row]);
  }
}

// A row, unless it says what the one before it says.
void Builder::put(std::uint64_t address, std::uint16_t rule) {
  if (!sorted_.rules.empty() && sorted_.rules.back() == rule) return;
  sorted_.add(static_cast<std::uint32_t>(address - base_), rule);
}

template <typename T>
void copy_to(std::byte* into, const std::vector<T>& from) {
  if (!from.empty()) std::memcpy(into, from.data(), from.size() * sizeof(T));
}

std::vector<std::uint64_t> Builder::blob() const {
  BlobHeader header;
  header.base = base_;
  header.span = end_ - base_;
  header.bucket_shift = smallest_bucket_shift;
  // Sparse code gets wider buckets: the index must not be larger than what it leads to, but for a page.
  const std::uint64_t buckets_max = std::min<std::uint64_t>(limits::cfi_buckets, 1024 + 4 * sorted_.size());
  while (header.span >> header.bucket_shift >= buckets_max) ++header.bucket_shift;
  const std::uint64_t width = std::uint64_t{1} << header.bucket_shift;
  header.buckets = static_cast<std::uint32_t>((header.span + width - 1) / width + 1);
  header.rows = static_cast<std::uint32_t>(sorted_.size());
  header.rules = static_cast<std::uint32_t>(rules_.rules().size());
  header.recoveries = static_cast<std::uint32_t>(rules_.recoveries().size());
  header.expression_bytes = static_cast<std::uint32_t>(rules_.expressions().size());

  std::vector<std::uint32_t> buckets(header.buckets);
  std::uint32_t row = 0;
  for (std::uint64_t bucket = 0; bucket < buckets.size(); ++bucket) {
    while (row < sorted_.size() && sorted_.pcs[row] < bucket * width) ++row;
    buckets[bucket] = row;
  }
  const BlobLayout at(header);
  std::vector<std::uint64_t> words(at.end / sizeof(std::uint64_t));
  auto* const bytes = reinterpret_cast<std::byte*>(words.data());
  std::memcpy(bytes, &header, sizeof header);
  copy_to(bytes + at.buckets, buckets);
  copy_to(bytes + at.pcs, sorted_.pcs);
  copy_to(bytes + at.rules, rules_.rules());
  copy_to(bytes + at.recoveries, rules_.recoveries());
  copy_to(bytes + at.row_rules, sorted_.rules);
  const Bytes expressions = rules_.expressions();
  if (!expressions.empty()) std::memcpy(bytes + at.expressions, expressions.data(), expressions.size());
  return words;
}

}  // namespace

Result<CfiTable> build(std::span<const CfiSection> sections, CodeRange code) {
  Builder builder(code);
  for (const CfiSection& section : sections) {
    if (auto added = builder.add(section); !added) return tl::unexpected(added.error());
  }
  return builder.finish();
}

}  // namespace sonde::unwind
