#include <algorithm>

#include "output/heap_call.hpp"
#include "output/leak_lines.hpp"
#include "output/quantities.hpp"
#include "output/text.hpp"
#include "sonde/base/limits.hpp"
#include "sonde/output/hex_dump.hpp"
#include "sonde/output/leak_report.hpp"
#include "sonde/suppress/writer.hpp"

namespace sonde::output {

namespace {

using leaks::ClassTotal;
using leaks::LeakClass;
using leaks::Record;

std::string_view moment_text(std::string_view when) {
  if (when == "exit") return "at its exit";
  if (when == "signal") return "when a signal ended it";
  if (when == "exec") return "before it executed another program";
  if (when == "left") return "as it was left running";
  if (when == "running") return "while it runs";
  return when;
}

class Report {
 public:
  Report(std::string& out, const LeakReportSource& source, const LeakReportOptions& options)
      : out_(out), source_(source), options_(options) {}

  void append_all() {
    heading();
    totals();
    for (const LeakClass kind : leak_classes_in_order)
      if (options_.shown.has(kind)) records(kind);
    suppressions();
    for (const std::string& note : source_.notes) {
      out_ += '\n';
      append_printable(out_, note);
      out_ += '\n';
    }
  }

 private:
  void heading() {
    append(out_, "Leaks of process {}", source_.pid);
    if (!source_.exe.empty()) {
      out_ += " (";
      append_printable(out_, source_.exe.substr(0, limits::name_bytes));
      out_ += ')';
    }
    if (!source_.when.empty()) append(out_, ", {}", moment_text(source_.when));
    out_ += '\n';
  }

  void row(std::string_view title, const ClassTotal& total, std::string_view more) {
    append(out_, "  {:<15}  {:>11} in {}{}\n", title, bytes_text(total.bytes), counted(total.blocks, "block"),
           more);
  }

  void totals() {
    for (const LeakClass kind : leak_classes_in_order) {
      std::string more;
      if (const std::size_t known = known_of(kind); options_.baseline && known != 0)
        more = fmt::format("; {} in the baseline", counted(known, "stack"));
      row(class_text(kind), source_.findings.total(kind), more);
    }
    row("suppressed", source_.findings.suppressed_total, "");
    if (source_.stopped_for != 0 || source_.scanned_for != 0) {
      append(out_, "  stopped for {}, searched for {}: {} words", duration_text(source_.stopped_for),
             duration_text(source_.scanned_for), count_text(source_.words_scanned));
      if (source_.unreadable_bytes != 0)
        append(out_, "; {} of blocks could not be read", bytes_text(source_.unreadable_bytes));
      out_ += '\n';
    }
  }

  std::size_t known_of(LeakClass kind) const {
    const auto& records = source_.findings.records;
    return static_cast<std::size_t>(std::count_if(records.begin(), records.end(), [&](const Record& record) {
      return record.kind == kind && record.known;
    }));
  }

  void records(LeakClass kind) {
    suppress::LeakKinds one;
    one.add(kind);
    const auto all = shown_records(source_.findings.records, one);
    if (all.empty()) return;
    const std::size_t shown = options_.top == 0 ? all.size() : std::min(options_.top, all.size());
    std::string title(class_text(kind));
    title[0] = static_cast<char>(title[0] - 'a' + 'A');
    append(out_, "\n{}, {}{}\n", title,
           source_.by_size ? "of " + counted(all.size(), "size") : "from " + counted(all.size(), "stack"),
           shown < all.size() ? fmt::format(", of which the {} largest", shown) : "");
    for (std::size_t i = 0; i < shown; ++i) record(*all[i]);
  }

  void record(const Record& record) {
    append(out_, "  {}{}", amount_text(record),
           record.known                                               ? " (in the baseline)"
           : options_.baseline && record.kind != LeakClass::reachable ? " (new)"
                                                                      : "");
    if (source_.by_size && record.blocks > 1) append(out_, ", {} each", bytes_text(record.first[0].size));
    append(out_, ", {:#x}{}\n", record.first[0].address, record.blocks > 1 ? " ..." : "");
    contents(record);
    if (!source_.by_size) append_stack(out_, source_.frames(record.stack), options_.frames);
  }

  void contents(const Record& record) {
    if (source_.contents == nullptr) return;
    for (std::size_t i = 0; i < Record::examples && i < record.blocks; ++i) {
      const std::uint64_t address = record.first[i].address;
      const auto found = source_.contents->find(address);
      if (found != source_.contents->end())
        append_dump(out_, found->second, {}, "    ", Place::address, address);
    }
  }

  void suppressions() {
    if (source_.suppressions == nullptr) return;
    const auto& all = source_.suppressions->suppressions().all();
    const auto& uses = source_.suppressions->uses();
    std::vector<std::size_t> used;
    for (std::size_t i = 0; i < all.size(); ++i)
      if (uses[i].matches != 0) used.push_back(i);
    std::stable_sort(used.begin(), used.end(),
                     [&](std::size_t a, std::size_t b) { return uses[a].bytes > uses[b].bytes; });
    if (!used.empty()) {
      append(out_, "\nSuppressions\n  {:>8} {:>11}\n", "blocks", "bytes");
      for (const std::size_t i : used) {
        append(out_, "  {:>8} {:>11}  ", count_text(uses[i].blocks), bytes_text(uses[i].bytes));
        entry(all[i]);
      }
    }
    if (!options_.unused) return;
    const auto unused = source_.suppressions->unused();
    if (!unused.empty()) out_ += "\nSuppressions that have hidden nothing\n";
    for (const std::size_t i : unused) {
      out_ += "  ";
      entry(all[i]);
    }
  }

  void entry(const suppress::Suppression& suppression) {
    append_printable(out_, suppression.name.substr(0, limits::name_bytes));
    out_ += " (";
    append_printable(out_, source_.suppressions->suppressions().files()[suppression.file]);
    append(out_, ":{})\n", suppression.line);
  }

  std::string& out_;
  const LeakReportSource& source_;
  const LeakReportOptions& options_;
};

}  // namespace

std::string leak_report_text(const LeakReportSource& source, const LeakReportOptions& options) {
  std::string out;
  Report(out, source, options).append_all();
  return out;
}

std::string leak_report_suppressions(const LeakReportSource& source, const LeakReportOptions& options) {
  std::string out;
  for (const Record* record : shown_records(source.findings.records, options.shown)) {
    if (record->known) continue;
    out += suppress::valgrind_block({record->kind, source.frames(record->stack)});
  }
  return out;
}

}  // namespace sonde::output
