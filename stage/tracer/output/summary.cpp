#include "sonde/output/summary.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

#include "output/text.hpp"
#include "sonde/output/json_writer.hpp"

namespace sonde::output {

namespace {

using analysis::CallStatistics;
using analysis::CallTable;
using analysis::CallTotals;

constexpr std::array abis = {Abi::x86_64, Abi::i386, Abi::x32};

std::uint64_t weight(const CallTotals& row, SummaryOrder order) {
  switch (order) {
    case SummaryOrder::time:
      return row.total;
    case SummaryOrder::calls:
      return row.calls;
    case SummaryOrder::errors:
      return row.errors;
    case SummaryOrder::shortest:
      return row.shortest;
    case SummaryOrder::longest:
      return row.longest;
    case SummaryOrder::mean:
      return row.mean();
    case SummaryOrder::name:
    case SummaryOrder::none:
      return 0;
  }
  return 0;
}

std::vector<const CallTotals*> sorted_rows(const CallTable& table, Abi abi, SummaryOrder order) {
  auto rows = table.rows(abi);
  std::stable_sort(rows.begin(), rows.end(), [order](const CallTotals* a, const CallTotals* b) {
    if (order == SummaryOrder::name) return a->name < b->name;
    return weight(*a, order) > weight(*b, order);
  });
  return rows;
}

// Microseconds as seconds with six decimals, cut as strace cuts them.
std::string seconds(Nanoseconds time) {
  return fmt::format("{}.{:06}", time / 1'000'000'000, time % 1'000'000'000 / 1000);
}

constexpr std::size_t column_count = 11;
constexpr std::array<std::string_view, column_count> titles = {"% time", "seconds",  "usecs/call", "calls",
                                                               "errors", "shortest", "p50",        "p90",
                                                               "p99",    "longest",  "syscall"};
constexpr std::array<std::size_t, column_count> narrowest = {6, 11, 11, 9, 9, 8, 8, 8, 8, 8, 16};

using Cells = std::array<std::string, column_count>;

Cells cells_of(const CallTotals& row, Nanoseconds all) {
  const double percent = all == 0 ? 0 : 100.0 * static_cast<double>(row.total) / static_cast<double>(all);
  return {fmt::format("{:.2f}", percent),
          seconds(row.total),
          std::to_string(row.mean() / 1000),
          std::to_string(row.calls),
          row.errors == 0 ? "" : std::to_string(row.errors),
          seconds(row.shortest),
          seconds(row.quantile(0.5)),
          seconds(row.quantile(0.9)),
          seconds(row.quantile(0.99)),
          seconds(row.longest),
          row.name};
}

// Right-aligned but for the name, which ends the line and so needs no padding.
void append_row(std::string& out, const Cells& cells, const std::array<std::size_t, column_count>& widths) {
  for (std::size_t i = 0; i + 1 < column_count; ++i) append(out, "{:>{}} ", cells[i], widths[i]);
  append(out, "{}\n", cells.back());
}

void append_table(std::string& out, const CallTable& table, Abi abi, SummaryOrder order) {
  CallTotals total = table.total(abi);
  std::vector<Cells> rows;
  for (const CallTotals* row : sorted_rows(table, abi, order)) rows.push_back(cells_of(*row, total.total));
  Cells last = cells_of(total, total.total);
  last[0] = "100.00";

  auto widths = narrowest;
  for (std::size_t i = 0; i < column_count; ++i) {
    for (const Cells& row : rows) widths[i] = std::max(widths[i], row[i].size());
    widths[i] = std::max(widths[i], last[i].size());
  }
  Cells rule;
  for (std::size_t i = 0; i < column_count; ++i) rule[i].assign(widths[i], '-');
  Cells head;
  std::copy(titles.begin(), titles.end(), head.begin());

  append_row(out, head, widths);
  append_row(out, rule, widths);
  for (const Cells& row : rows) append_row(out, row, widths);
  append_row(out, rule, widths);
  append_row(out, last, widths);
}

void append_in_flight(std::string& out, const CallTable& table, Abi abi) {
  std::string names;
  std::uint64_t count = 0;
  for (const CallTotals* row : table.rows(abi)) {
    if (row->in_flight == 0) continue;
    append(names, "{}{} {}", names.empty() ? "" : ", ", row->name, row->in_flight);
    count += row->in_flight;
  }
  if (count == 0) return;
  append(out, "{} of the calls had not returned, and {} counted with the time until then: {}\n", count,
         count == 1 ? "is" : "are", names);
}

void append_tables(std::string& out, const CallTable& table, SummaryOrder order) {
  for (const Abi abi : abis) {
    if (table.rows(abi).empty() && !(abi == Abi::x86_64 && out.empty())) continue;
    if (abi != Abi::x86_64) append(out, "System call usage summary for {} mode:\n", mode_text(abi));
    append_table(out, table, abi, order);
    append_in_flight(out, table, abi);
  }
}

void append_json_totals(std::string& out, const CallTotals& row, Abi abi) {
  append(out, "{{\"abi\":\"{}\",\"syscall\":", abi_text(abi));
  append_json_string(out, row.name);
  const std::pair<std::string_view, std::uint64_t> members[] = {
      {"calls", row.calls},          {"errors", row.errors},        {"in_flight", row.in_flight},
      {"total_ns", row.total},       {"min_ns", row.shortest},      {"mean_ns", row.mean()},
      {"max_ns", row.longest},       {"p50_ns", row.quantile(0.5)}, {"p90_ns", row.quantile(0.9)},
      {"p99_ns", row.quantile(0.99)}};
  for (const auto& [name, value] : members) {
    append(out, ",\"{}\":", name);
    append_json_unsigned(out, value);
  }
  out += '}';
}

void append_json_tables(std::string& out, const CallTable& table, SummaryOrder order) {
  std::string totals;
  out += "\"calls\":[";
  bool first = true;
  for (const Abi abi : abis) {
    const auto rows = sorted_rows(table, abi, order);
    for (const CallTotals* row : rows) {
      if (!std::exchange(first, false)) out += ',';
      append_json_totals(out, *row, abi);
    }
    if (rows.empty()) continue;
    if (!totals.empty()) totals += ',';
    append_json_totals(totals, table.total(abi), abi);
  }
  append(out, "],\"total\":[{}]", totals);
}

void append_csv_rows(std::string& out, pid_t pid, const CallTable& table, SummaryOrder order) {
  for (const Abi abi : abis) {
    for (const CallTotals* row : sorted_rows(table, abi, order)) {
      append(out, "{},{},{},{},{},{},{},{},{},{},{},{},{}\r\n", pid == 0 ? "" : std::to_string(pid),
             abi_text(abi), row->name, row->calls, row->errors, row->in_flight, row->total, row->shortest,
             row->mean(), row->longest, row->quantile(0.5), row->quantile(0.9), row->quantile(0.99));
    }
  }
}

}  // namespace

std::optional<SummaryOrder> summary_order_named(std::string_view name) {
  constexpr std::pair<std::string_view, SummaryOrder> names[] = {
      {"time", SummaryOrder::time},         {"time-total", SummaryOrder::time},
      {"total-time", SummaryOrder::time},   {"calls", SummaryOrder::calls},
      {"count", SummaryOrder::calls},       {"errors", SummaryOrder::errors},
      {"error", SummaryOrder::errors},      {"name", SummaryOrder::name},
      {"syscall", SummaryOrder::name},      {"syscall-name", SummaryOrder::name},
      {"min", SummaryOrder::shortest},      {"min-time", SummaryOrder::shortest},
      {"shortest", SummaryOrder::shortest}, {"max", SummaryOrder::longest},
      {"max-time", SummaryOrder::longest},  {"longest", SummaryOrder::longest},
      {"avg", SummaryOrder::mean},          {"avg-time", SummaryOrder::mean},
      {"mean", SummaryOrder::mean},         {"none", SummaryOrder::none},
      {"nothing", SummaryOrder::none}};
  for (const auto& [known, order] : names) {
    if (known == name) return order;
  }
  return std::nullopt;
}

std::string summary_text(const CallStatistics& statistics, SummaryOrder order) {
  std::string out;
  append_tables(out, statistics.all(), order);
  for (const auto& [pid, process] : statistics.processes()) {
    out += '\n';
    if (pid == 0) {
      out += "All further processes:\n";
    } else {
      append(out, "Process {}", pid);
      if (!process.comm.empty()) {
        out += " (";
        append_printable(out, process.comm);
        out += ')';
      }
      out += ":\n";
    }
    append_tables(out, process.table, order);
  }
  return out;
}

std::string summary_json(const CallStatistics& statistics, SummaryOrder order) {
  std::string out = "{\"kind\":\"summary\",";
  append_json_tables(out, statistics.all(), order);
  if (!statistics.processes().empty()) {
    out += ",\"processes\":[";
    bool first = true;
    for (const auto& [pid, process] : statistics.processes()) {
      append(out, "{}{{\"pid\":{},\"comm\":", std::exchange(first, false) ? "" : ",", pid);
      append_json_bytes(out, std::as_bytes(std::span(process.comm)), false);
      out += ',';
      append_json_tables(out, process.table, order);
      out += '}';
    }
    out += ']';
  }
  return out + "}\n";
}

std::string summary_csv(const CallStatistics& statistics, SummaryOrder order) {
  std::string out =
      "pid,abi,syscall,calls,errors,in_flight,total_ns,min_ns,mean_ns,max_ns,p50_ns,p90_ns,p99_ns\r\n";
  append_csv_rows(out, 0, statistics.all(), order);
  for (const auto& [pid, process] : statistics.processes()) append_csv_rows(out, pid, process.table, order);
  return out;
}

}  // namespace sonde::output
