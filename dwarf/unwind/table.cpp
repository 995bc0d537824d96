#include "sonde/unwind/table.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "sonde/base/limits.hpp"
#include "unwind/blob.hpp"

namespace sonde::unwind {

namespace {

constexpr std::uint64_t span_max = std::uint64_t{1} << 32;

template <typename T>
const T* array_at(Bytes bytes, std::uint64_t offset) {
  return reinterpret_cast<const T*>(bytes.data() + offset);
}

bool valid_header(const BlobHeader& header, std::size_t size) {
  if (header.magic != BlobHeader::magic_value || header.span > span_max || header.bucket_shift > 32)
    return false;
  if (header.rows > limits::cfi_rows || header.rules > limits::cfi_rules || header.rules == 0) return false;
  const std::uint64_t buckets =
      (header.span + (std::uint64_t{1} << header.bucket_shift) - 1) >> header.bucket_shift;
  return header.buckets == buckets + 1 && BlobLayout(header).end == size;
}

bool valid_recovery(const Recovery& recovery, std::uint32_t expression_bytes) {
  if (recovery.column >= arch::register_count && recovery.column != cfa_column) return false;
  switch (recovery.how) {
    case How::in_register:
      return recovery.value >= 0 && std::cmp_less(recovery.value, arch::register_count);
    case How::saved_at_expression:
    case How::is_expression:
      return recovery.value >= 0 && recovery.expression_bytes <= limits::cfi_expression_bytes &&
             std::uint64_t{recovery.expression_bytes} + static_cast<std::uint64_t>(recovery.value) <=
                 expression_bytes;
    default:
      return recovery.how <= How::is;
  }
}

bool valid_rule(const Rule& rule, std::uint32_t recoveries) {
  if ((rule.flags & Rule::near) != 0 && !rule.saves_near()) return false;
  return rule.cfa_kind <= CfaKind::expression && rule.cfa_register < arch::register_count &&
         (rule.saved_mask >> saved_registers.size()) == 0 &&
         std::uint64_t{rule.first_recovery} + rule.recoveries <= recoveries;
}

}  // namespace

bool Rule::saves_near() const {
  for (std::size_t i = 0; i < saved.size(); ++i) {
    if ((saved_mask >> i & 1) != 0 && (saved[i] < -8 || saved[i] > -1)) return false;
  }
  return true;
}

BlobLayout::BlobLayout(const BlobHeader& header)
    : buckets(sizeof header),
      pcs(buckets + std::uint64_t{header.buckets} * sizeof(std::uint32_t)),
      rules(pcs + std::uint64_t{header.rows} * sizeof(std::uint32_t)),
      recoveries(rules + std::uint64_t{header.rules} * sizeof(Rule)),
      row_rules(recoveries + std::uint64_t{header.recoveries} * sizeof(Recovery)),
      expressions(row_rules + std::uint64_t{header.rows} * sizeof(std::uint16_t)),
      end((expressions + header.expression_bytes + 7) & ~std::uint64_t{7}) {}

Result<TableView> TableView::over(Bytes bytes) {
  const auto invalid = [](const char* what) {
    return fail(ErrorCode::invalid, std::string("an unwind table with ") + what);
  };
  BlobHeader header;
  if (bytes.size() < sizeof header || reinterpret_cast<std::uintptr_t>(bytes.data()) % 8 != 0) {
    return invalid("too few bytes, or at an odd place");
  }
  std::memcpy(&header, bytes.data(), sizeof header);
  if (!valid_header(header, bytes.size())) return invalid("a wrong header");
  const BlobLayout at(header);
  TableView view;
  view.base_ = header.base;
  view.span_ = header.span;
  view.bucket_shift_ = header.bucket_shift;
  view.row_count_ = header.rows;
  view.rule_count_ = header.rules;
  view.buckets_ = array_at<std::uint32_t>(bytes, at.buckets);
  view.pcs_ = array_at<std::uint32_t>(bytes, at.pcs);
  view.rules_ = array_at<Rule>(bytes, at.rules);
  view.recoveries_ = array_at<Recovery>(bytes, at.recoveries);
  view.row_rules_ = array_at<std::uint16_t>(bytes, at.row_rules);
  view.expressions_ = array_at<std::byte>(bytes, at.expressions);

  const std::span buckets(view.buckets_, header.buckets);
  if (!std::is_sorted(buckets.begin(), buckets.end()) || buckets.back() > header.rows)
    return invalid("a wrong index");
  const std::span pcs(view.pcs_, header.rows);
  if (!std::is_sorted(pcs.begin(), pcs.end())) return invalid("rows out of order");
  const std::span rules(view.row_rules_, header.rows);
  if (!rules.empty() && *std::max_element(rules.begin(), rules.end()) >= header.rules)
    return invalid("an unknown rule");
  for (const Rule& rule : std::span(view.rules_, header.rules)) {
    if (!valid_rule(rule, header.recoveries)) return invalid("a wrong rule");
  }
  for (const Recovery& recovery : std::span(view.recoveries_, header.recoveries)) {
    if (!valid_recovery(recovery, header.expression_bytes)) return invalid("a wrong recovery");
  }
  return view;
}

Result<Table> Table::from(std::vector<std::uint64_t> words) {
  auto view = TableView::over(std::as_bytes(std::span(words)));
  if (!view) return tl::unexpected(view.error());
  return Table(std::move(words), *view);
}

}  // namespace sonde::unwind
