#include <array>
#include <functional>

#include "output/leak_lines.hpp"
#include "output/text.hpp"
#include "sonde/base/limits.hpp"
#include "sonde/output/json_writer.hpp"
#include "sonde/output/leak_report.hpp"
#include "sonde/output/location.hpp"

namespace sonde::output {

namespace {

using leaks::Frame;
using leaks::LeakClass;
using leaks::Record;

// What SARIF calls a rule (3.49), and how bad a result of it is (3.27.10).
struct Rule {
  std::string_view id;
  std::string_view level;
  std::string_view text;
};
constexpr std::array rules = {
    Rule{"definitely-lost", "error", "Nothing points to the block: it can not be freed any more."},
    Rule{"indirectly-lost", "note", "Only lost blocks point to the block."},
    Rule{"possibly-lost", "warning",
         "Pointers lead into the middle of the block only, or through such a block."},
    Rule{"still-reachable", "note", "Pointers lead to the block, which was not freed."},
};
static_assert(rules.size() == leaks::leak_classes);

// What is no text becomes one, so that the values are strings, as SARIF's schema has them.
void append_string(std::string& out, std::string_view text) {
  std::string printable;
  append_name(printable, text.substr(0, limits::name_bytes));
  append_json_string(out, printable);
}

// RFC 3986: what a path may have as it is.
void append_uri(std::string& out, std::string_view path) {
  constexpr std::string_view plain = "/-._~!$&'()*+,;=:@";
  out += path.starts_with('/') ? "\"file://" : "\"";
  for (const char c : path.substr(0, limits::name_bytes)) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
    const bool digit = byte >= '0' && byte <= '9';
    if (letter || digit || plain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      append(out, "%{:02X}", byte);
    }
  }
  out += '"';
}

// A physical location is a source file's, or that of what the code was loaded from (3.29).
void append_location(std::string& out, const Frame& frame) {
  out += '{';
  const std::string_view path = frame.file.empty() ? frame.module : frame.file;
  if (!path.empty()) {
    out += "\"physicalLocation\":{\"artifactLocation\":{\"uri\":";
    append_uri(out, path);
    out += '}';
    if (frame.line != 0 && !frame.file.empty()) append(out, ",\"region\":{{\"startLine\":{}}}", frame.line);
    out += "},";
  }
  out += "\"logicalLocations\":[{\"fullyQualifiedName\":";
  append_string(out, function_of(frame));
  out += ",\"kind\":\"function\"}]}";
}

class Log {
 public:
  Log(std::string& out, const LeakReportOptions& options) : out_(out), options_(options) {}

  void run(const LeakReportSource& source) {
    out_ += R"({"tool":{"driver":{"name":"sonde","version":")" SONDE_VERSION R"(","rules":[)";
    for (const char* separator = ""; const Rule& rule : rules) {
      append(out_, R"({}{{"id":"{}","shortDescription":{{"text":"{}"}},)", separator, rule.id, rule.text);
      append(out_, R"("defaultConfiguration":{{"level":"{}"}}}})", rule.level);
      separator = ",";
    }
    out_ += R"(]}},"properties":{"pid":)";
    append(out_, "{},\"executable\":", source.pid);
    append_string(out_, source.exe);
    out_ += "},\"results\":[";
    const char* separator = "";
    for (const auto* records : {&source.findings.records, &source.findings.suppressed}) {
      for (const Record* record : shown_records(*records, options_.shown)) {
        out_ += separator;
        result(source, *record);
        separator = ",";
      }
    }
    out_ += "]}";
  }

 private:
  void result(const LeakReportSource& source, const Record& record) {
    const std::span<const Frame> frames = up_to_main(source.frames(record.stack));
    const Rule& rule = rules[static_cast<std::size_t>(record.kind)];
    append(out_, R"({{"ruleId":"{}","ruleIndex":{},"level":"{}","message":{{"text":)", rule.id,
           static_cast<unsigned>(record.kind), rule.level);
    const Frame* site = site_of(frames);
    std::string text = fmt::format("{}: {}", class_text(record.kind), amount_text(record));
    if (site != nullptr) append(text, "; allocated in {}", function_of(*site).substr(0, limits::name_bytes));
    append_string(out_, text);
    out_ += "},\"locations\":[";
    if (site != nullptr) append_location(out_, *site);
    append(out_, "],\"occurrenceCount\":{}", record.blocks);
    stack(frames);
    if (record.fingerprint != 0)
      append(out_, R"(,"partialFingerprints":{{"stack/v1":"{:016x}"}})", record.fingerprint);
    if (options_.baseline) append(out_, R"(,"baselineState":"{}")", record.known ? "unchanged" : "new");
    suppression(source, record);
    out_ += '}';
  }

  void stack(std::span<const Frame> frames) {
    if (frames.empty()) return;
    out_ += ",\"stacks\":[{\"frames\":[";
    for (const char* separator = ""; const Frame& frame : frames) {
      append(out_, "{}{{\"location\":", separator);
      append_location(out_, frame);
      if (!frame.module.empty()) {
        out_ += ",\"module\":";
        append_string(out_, frame.module);
      }
      out_ += '}';
      separator = ",";
    }
    out_ += "]}]";
  }

  void suppression(const LeakReportSource& source, const Record& record) {
    out_ += ",\"suppressions\":[";
    if (record.suppression && source.suppressions != nullptr) {
      const suppress::Suppressions& all = source.suppressions->suppressions();
      const suppress::Suppression& entry = all.all()[*record.suppression];
      out_ += R"({"kind":"external","justification":)";
      append_string(out_, entry.record->why.empty() ? entry.name : entry.record->why);
      out_ += R"(,"location":{"physicalLocation":{"artifactLocation":{"uri":)";
      append_uri(out_, all.files()[entry.file]);
      append(out_, R"(}},"region":{{"startLine":{}}}}}}}}})", entry.line);
    }
    out_ += ']';
  }

  std::string& out_;
  const LeakReportOptions& options_;
};

}  // namespace

std::string leak_report_sarif(std::span<const LeakReportSource> sources, const LeakReportOptions& options) {
  std::string out =
      R"({"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[)";
  Log log(out, options);
  for (const char* separator = ""; const LeakReportSource& source : sources) {
    out += separator;
    log.run(source);
    separator = ",";
  }
  out += "]}\n";
  return out;
}

}  // namespace sonde::output
