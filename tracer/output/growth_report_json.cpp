#include <unordered_map>

#include "output/leak_json.hpp"
#include "output/text.hpp"
#include "sonde/output/growth_report.hpp"
#include "sonde/output/json_writer.hpp"

namespace sonde::output {

namespace {

using analysis::GrowthRound;
using analysis::LivePoint;
using analysis::OldBlocks;
using analysis::SiteGrowth;
using analysis::Trend;

std::string_view trend_text(Trend trend) {
  switch (trend) {
    case Trend::steady:
      return "steady";
    case Trend::levelled:
      return "levelled";
    case Trend::varying:
      return "varying";
  }
  return {};
}

class Report {
 public:
  Report(std::string& out, const GrowthReportSource& source, const GrowthReportOptions& options)
      : out_(out), source_(source), options_(options) {}

  void append_all() {
    append(out_, "{{\"kind\":\"growth\",\"pid\":{}", source_.heap.pid());
    append_text(out_, "exe", source_.heap.exe().empty() ? source_.heap.comm() : source_.heap.exe());
    append_text(out_, "round_by", options_.round_by);
    if (options_.round_by.empty()) append_number(out_, "interval_ns", options_.interval);
    append_number(out_, "count", source_.growth.count());
    append_number(out_, "older_than_ns", options_.older_than);
    append(out_, ",\"partial\":{}", source_.heap.partial());
    rounds();
    sites();
    old_blocks();
    out_ += "}\n";
  }

 private:
  void live(const LivePoint& point) {
    append_number(out_, "bytes", point.bytes);
    append_number(out_, "blocks", point.blocks);
  }

  void rounds() {
    const auto& all = source_.growth.rounds();
    out_ += ",\"rounds\":[";
    for (const GrowthRound& round : all) {
      append(out_, "{}{{\"number\":{}", round.number == 0 ? "" : ",", round.number);
      append_number(out_, "elapsed_ns", round.ended - all.front().ended);
      live(round.live);
      append_number(out_, "resident_max", round.resident_max);
      out_ += '}';
    }
    out_ += ']';
  }

  void sites() {
    out_ += ",\"sites\":[";
    for (const char* separator = ""; const SiteGrowth& site : analysis::growing_sites(source_.growth)) {
      append(out_, "{}{{\"trend\":\"{}\"", separator, trend_text(site.bytes.trend));
      append(out_, ",\"bytes_per_round\":{:.3f},\"bytes_per_second\":{:.3f},\"blocks_per_round\":{:.3f}",
             site.bytes.per_round, site.bytes.per_second, site.blocks_per_round);
      append_number(out_, "grew", site.bytes.grew);
      append_number(out_, "steps", site.bytes.steps);
      live(site.last);
      out_ += ",\"points\":[";
      for (const char* comma = ""; const LivePoint& point : source_.growth.points_of(site.site)) {
        append(out_, "{}[{},{}]", comma, point.bytes, point.blocks);
        comma = ",";
      }
      out_ += ']';
      append_stack_json(out_, source_.frames(source_.heap.sites()[site.site]));
      out_ += '}';
      separator = ",";
    }
    out_ += ']';
  }

  void old_blocks() {
    if (options_.older_than > source_.time) return;
    out_ += ",\"old\":[";
    const auto all = blocks_before(source_.heap, source_.time - options_.older_than);
    for (const char* separator = ""; const OldBlocks& old : all) {
      append(out_, "{}{{\"oldest_ns\":{}", separator, source_.time - old.oldest);
      live(old.live);
      append_stack_json(out_, source_.frames(source_.heap.sites()[old.site]));
      out_ += '}';
      separator = ",";
    }
    out_ += ']';
  }

  std::string& out_;
  const GrowthReportSource& source_;
  const GrowthReportOptions& options_;
};

}  // namespace

std::string growth_report_json(const GrowthReportSource& source, const GrowthReportOptions& options) {
  std::string out;
  Report(out, source, options).append_all();
  return out;
}

}  // namespace sonde::output
