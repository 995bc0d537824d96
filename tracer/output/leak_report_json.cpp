#include "output/leak_json.hpp"
#include "output/text.hpp"
#include "sonde/base/limits.hpp"
#include "sonde/output/json_writer.hpp"
#include "sonde/output/leak_report.hpp"

namespace sonde::output {

namespace {

using leaks::LeakClass;
using leaks::Record;

void append_amounts(std::string& out, std::uint64_t blocks, std::uint64_t bytes) {
  out += "{\"blocks\":";
  append_json_unsigned(out, blocks);
  append_number(out, "bytes", bytes);
}

class Report {
 public:
  Report(std::string& out, const LeakReportSource& source) : out_(out), source_(source) {}

  void append_all() {
    append(out_, "{{\"kind\":\"leaks\",\"pid\":{}", source_.pid);
    append_text(out_, "exe", source_.exe);
    append_text(out_, "when", source_.when);
    append_number(out_, "stopped_ns", source_.stopped_for);
    append_number(out_, "scan_ns", source_.scanned_for);
    append_number(out_, "words_scanned", source_.words_scanned);
    append_number(out_, "unreadable_bytes", source_.unreadable_bytes);
    totals();
    records();
    suppressions();
    notes();
    out_ += "}\n";
  }

 private:
  void totals() {
    out_ += ",\"totals\":";
    for (const char* separator = "{"; const LeakClass kind : {LeakClass::definite, LeakClass::indirect,
                                                              LeakClass::possible, LeakClass::reachable}) {
      append(out_, "{}\"{}\":", separator, suppress::name_of(kind));
      append_amounts(out_, source_.findings.total(kind).blocks, source_.findings.total(kind).bytes);
      out_ += '}';
      separator = ",";
    }
    out_ += ",\"suppressed\":";
    append_amounts(out_, source_.findings.suppressed_total.blocks, source_.findings.suppressed_total.bytes);
    out_ += "}}";
  }

  void records() {
    out_ += ",\"records\":[";
    const char* separator = "";
    for (const auto* records : {&source_.findings.records, &source_.findings.suppressed}) {
      for (const Record& each : *records) {
        out_ += separator;
        record(each);
        separator = ",";
      }
    }
    out_ += ']';
  }

  void record(const Record& record) {
    append(out_, "{{\"class\":\"{}\"", suppress::name_of(record.kind));
    append_number(out_, "blocks", record.blocks);
    append_number(out_, "bytes", record.bytes);
    if (record.kind == LeakClass::definite) {
      append_number(out_, "kept_blocks", record.kept_blocks);
      append_number(out_, "kept_bytes", record.kept_bytes);
    }
    if (record.fingerprint != 0) append(out_, ",\"fingerprint\":\"{:016x}\"", record.fingerprint);
    if (record.known) out_ += ",\"known\":true";
    if (record.suppression && source_.suppressions != nullptr) {
      out_ += ",\"suppressed_by\":";
      entry(*record.suppression);
      out_ += '}';
    }
    out_ += ",\"examples\":[";
    for (std::size_t i = 0; i < Record::examples && i < record.blocks; ++i) {
      append(out_, "{}{{\"address\":\"{:#x}\",\"size\":", i == 0 ? "" : ",", record.first[i].address);
      append_json_unsigned(out_, record.first[i].size);
      contents(record.first[i].address);
      out_ += '}';
    }
    out_ += ']';
    append_stack_json(out_, source_.frames(record.stack));
    out_ += '}';
  }

  void contents(std::uint64_t address) {
    if (source_.contents == nullptr) return;
    const auto found = source_.contents->find(address);
    if (found == source_.contents->end()) return;
    out_ += ",\"bytes\":\"";
    for (const std::byte byte : found->second) append(out_, "{:02x}", static_cast<unsigned>(byte));
    out_ += '"';
  }

  // Without its closing brace.
  void entry(std::size_t index) {
    const suppress::Suppressions& suppressions = source_.suppressions->suppressions();
    const suppress::Suppression& suppression = suppressions.all()[index];
    out_ += "{\"file\":";
    append_json_text(out_, suppressions.files()[suppression.file]);
    append(out_, ",\"line\":{},\"name\":", suppression.line);
    append_json_text(out_, suppression.name);
  }

  void suppressions() {
    out_ += ",\"suppressions\":[";
    if (source_.suppressions != nullptr) {
      const char* separator = "";
      const auto& all = source_.suppressions->suppressions().all();
      for (std::size_t i = 0; i < all.size(); ++i) {
        if (!all[i].about_leaks) continue;
        out_ += separator;
        entry(i);
        append_number(out_, "count", source_.suppressions->uses()[i].blocks);
        append_number(out_, "bytes", source_.suppressions->uses()[i].bytes);
        out_ += '}';
        separator = ",";
      }
    }
    out_ += ']';
  }

  void notes() {
    if (source_.notes.empty()) return;
    out_ += ",\"notes\":[";
    for (const char* separator = ""; const std::string& note : source_.notes) {
      out_ += separator;
      append_json_text(out_, note);
      separator = ",";
    }
    out_ += ']';
  }

  std::string& out_;
  const LeakReportSource& source_;
};

}  // namespace

std::string leak_report_json(const LeakReportSource& source) {
  std::string out;
  Report(out, source).append_all();
  return out;
}

}  // namespace sonde::output
