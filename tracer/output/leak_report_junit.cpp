#include <algorithm>

#include "output/heap_call.hpp"
#include "output/leak_lines.hpp"
#include "output/text.hpp"
#include "sonde/base/limits.hpp"
#include "sonde/output/leak_report.hpp"
#include "sonde/output/location.hpp"

namespace sonde::output {

namespace {

using leaks::Frame;
using leaks::LeakClass;
using leaks::Record;

// XML 1.0 has no way to write control characters, so that they are escaped as on a terminal first; newlines
// stay where they are ours.
void append_xml(std::string& out, std::string_view text) {
  std::string printable;
  append_name(printable, text);
  for (std::size_t i = 0; i < printable.size(); ++i) {
    switch (printable[i]) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      default:
        // U+FFFE and U+FFFF are no characters of XML.
        if (printable.compare(i, 2, "\xef\xbf") == 0 && i + 2 < printable.size() &&
            static_cast<unsigned char>(printable[i + 2]) >= 0xbe) {
          out += "\\357\\277";
          append(out, "\\{:03o}", static_cast<unsigned char>(printable[i + 2]));
          i += 2;
        } else {
          out += printable[i];
        }
    }
  }
}

class Suite {
 public:
  Suite(const LeakReportSource& source, const LeakReportOptions& options) : source_(source) {
    for (const LeakClass kind : leak_classes_in_order) {
      if (options.shown.has(kind)) cases_of(kind);
    }
  }

  void append_to(std::string& out) const {
    out += "  <testsuite name=\"leaks of ";
    append_xml(out, source_.exe.substr(0, limits::name_bytes));
    append(out, " ({})\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">\n", source_.pid, tests_,
           failures_, skipped_);
    out += cases_;
    out += "  </testsuite>\n";
  }
  std::size_t tests() const { return tests_; }
  std::size_t failures() const { return failures_; }

 private:
  void cases_of(LeakClass kind) {
    suppress::LeakKinds one;
    one.add(kind);
    const auto found = shown_records(source_.findings.records, one);
    const auto hidden = shown_records(source_.findings.suppressed, one);
    for (const Record* record : found) test(*record);
    for (const Record* record : hidden) test(*record);
    if (found.empty() && hidden.empty()) {
      ++tests_;
      append(cases_, "    <testcase classname=\"leaks.{}\" name=\"none {}\"/>\n", suppress::name_of(kind),
             class_text(kind));
    }
  }

  void test(const Record& record) {
    ++tests_;
    const std::span<const Frame> frames = up_to_main(source_.frames(record.stack));
    append(cases_, "    <testcase classname=\"leaks.{}\" name=\"", suppress::name_of(record.kind));
    const Frame* site = site_of(frames);
    append_xml(cases_, site == nullptr ? "no stack" : function_of(*site).substr(0, limits::name_bytes));
    // A name is to be found again in the next run.
    if (record.fingerprint != 0) append(cases_, " [{:016x}]", record.fingerprint);
    cases_ += '"';
    if (site != nullptr && !site->file.empty()) {
      cases_ += " file=\"";
      append_xml(cases_, site->file.substr(0, limits::name_bytes));
      append(cases_, "\" line=\"{}\"", site->line);
    }
    cases_ += ">\n";
    if (record.suppression || record.known) {
      skipped(record);
    } else {
      failed(record, frames);
    }
    cases_ += "    </testcase>\n";
  }

  void skipped(const Record& record) {
    ++skipped_;
    cases_ += "      <skipped message=\"";
    if (record.suppression && source_.suppressions != nullptr) {
      const suppress::Suppressions& all = source_.suppressions->suppressions();
      const suppress::Suppression& entry = all.all()[*record.suppression];
      cases_ += "suppressed by ";
      append_xml(cases_, entry.name.substr(0, limits::name_bytes));
      cases_ += " (";
      append_xml(cases_, all.files()[entry.file]);
      append(cases_, ":{})", entry.line);
    } else {
      cases_ += record.suppression ? "suppressed" : "in the baseline";
    }
    cases_ += "\"/>\n";
  }

  void failed(const Record& record, std::span<const Frame> frames) {
    ++failures_;
    append(cases_, "      <failure type=\"{0}\" message=\"{0}: {1}\">", class_text(record.kind),
           amount_text(record));
    for (const Frame& frame : frames) {
      std::string line;
      append_site_text(line, {frame.module, function_of(frame), frame.file, frame.line});
      append_xml(cases_, line);
      cases_ += '\n';
    }
    cases_ += "</failure>\n";
  }

  const LeakReportSource& source_;
  std::string cases_;
  std::size_t tests_ = 0;
  std::size_t failures_ = 0;
  std::size_t skipped_ = 0;
};

}  // namespace

std::string leak_report_junit(std::span<const LeakReportSource> sources, const LeakReportOptions& options) {
  std::string suites;
  std::size_t tests = 0;
  std::size_t failures = 0;
  for (const LeakReportSource& source : sources) {
    const Suite suite(source, options);
    suite.append_to(suites);
    tests += suite.tests();
    failures += suite.failures();
  }
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  append(out, "<testsuites name=\"sonde leaks\" tests=\"{}\" failures=\"{}\" errors=\"0\">\n", tests,
         failures);
  out += suites;
  out += "</testsuites>\n";
  return out;
}

}  // namespace sonde::output
