// A heap's report for programs: JSON and CSV.
#include <unordered_map>
#include <utility>

#include "output/heap_call.hpp"
#include "output/heap_groups.hpp"
#include "output/heap_lines.hpp"
#include "output/stack_json.hpp"
#include "output/text.hpp"
#include "sonde/output/heap_contents.hpp"
#include "sonde/output/heap_report.hpp"
#include "sonde/output/json_writer.hpp"

namespace sonde::output {

namespace {

using analysis::HeapFinding;
using analysis::HeapPlace;
using analysis::ProcessHeap;

std::string_view end_name(analysis::HeapEnd end) {
  switch (end) {
    case analysis::HeapEnd::running:
      return "running";
    case analysis::HeapEnd::exited:
      return "exited";
    case analysis::HeapEnd::executed:
      return "executed";
    case analysis::HeapEnd::detached:
      return "detached";
  }
  return "";
}

class Writer {
 public:
  Writer(std::string& out, const HeapReportSource& source, const ProcessHeap& heap,
         const HeapReportOptions& options, const LastContents& last)
      : out_(out), source_(source), heap_(heap) {
    if (options.contents == 0) return;
    std::vector<SiteContents> all;
    if (const auto ended = last.find(heap.id()); ended != last.end() && !is_there(heap)) {
      all = ended->second;
    } else if (is_there(heap)) {
      all = contents_of(heap, options.top, options.contents, *options.memory(heap.pid()));
    }
    for (SiteContents& site : all) contents_.emplace(&heap.sites()[site.site], std::move(site.blocks));
  }

  void write() {
    append(out_, "{{\"kind\":\"heap\",\"pid\":{}", heap_.pid());
    text("comm", heap_.comm());
    text("exe", heap_.exe());
    append(out_, ",\"end\":\"{}\",\"partial\":{}", end_name(heap_.how_ended()), heap_.partial());
    number("elapsed_ns", since_start(heap_.started()));
    if (heap_.how_ended() != analysis::HeapEnd::running) {
      number("end_elapsed_ns", since_start(heap_.ended()));
    }
    number("peak_elapsed_ns", since_start(heap_.peak_time()));
    out_ += ",\"total\":{";
    counters(heap_.total());
    out_ += '}';
    number("inherited_blocks", heap_.inherited_blocks());
    number("inherited_bytes", heap_.inherited_bytes());
    number("unknown_releases", heap_.unknown_releases());
    number("null_releases", heap_.null_releases());
    for (const auto& [name, fraction] : {std::pair("lifetime_p50_ns", 0.5), std::pair("lifetime_p90_ns", 0.9),
                                         std::pair("lifetime_p99_ns", 0.99)}) {
      number(name, heap_.lifetimes().quantile(fraction));
    }
    memory();
    findings();
    sites();
    threads();
    sizes();
    left_out();
    out_ += "}\n";
  }

 private:
  void number(std::string_view key, std::uint64_t value) {
    append(out_, ",\"{}\":", key);
    append_json_unsigned(out_, value);
  }
  Nanoseconds since_start(Nanoseconds time) const { return elapsed(source_.table.start(), time); }
  void text(std::string_view key, std::string_view value) {
    if (value.empty()) return;
    append(out_, ",\"{}\":", key);
    append_json_text(out_, value);
  }
  void function(std::uint16_t number) {
    out_ += ",\"function\":";
    append_json_text(out_, function_text(number));
  }

  // Members, the first without a comma.
  void counters(const analysis::HeapCounters& counters) {
    HeapNumbers n;
    n.add(counters, heap_.peak());
    out_ += "\"allocations\":";
    append_json_unsigned(out_, n.allocations);
    const std::pair<std::string_view, std::uint64_t> members[] = {
        {"bytes", n.bytes},           {"resizes", n.resizes},
        {"releases", n.releases},     {"temporary", n.temporary},
        {"failures", n.failures},     {"live_blocks", n.live_blocks},
        {"live_bytes", n.live_bytes}, {"peak_blocks", n.peak_blocks},
        {"peak_bytes", n.peak_bytes}, {"lifetime_mean_ns", n.mean_lifetime()}};
    for (const auto& [name, value] : members) number(name, value);
  }

  void stack(analysis::HeapStackId id) {
    if (id == 0) return;
    const auto& stacks = source_.table.shared().stacks;
    append_frames_json(out_, source_.stacks, stacks.frames(id), stacks.end(id), heap_.pid());
  }

  void place(std::string_view key, const HeapPlace& place) {
    append(out_, ",\"{}\":{{\"tid\":{},\"elapsed_ns\":", key, place.tid);
    append_json_unsigned(out_, since_start(place.time));
    function(place.function);
    stack(place.stack);
    out_ += '}';
  }

  void memory() {
    const analysis::MemorySeries& memory = heap_.memory();
    if (memory.empty()) return;
    out_ += ",\"memory\":{\"resident_max\":";
    append_json_unsigned(out_, memory.largest().use.resident);
    number("resident_max_elapsed_ns", since_start(memory.largest().time));
    number("brk_max", memory.brk_max());
    number("mapped_max", memory.mapped_max());
    number("unseen_growth", heap_.unseen_growth());
    out_ += ",\"samples\":[";
    for (const char* separator = ""; const analysis::MemorySample& sample : memory.samples()) {
      append(out_, "{}{{\"elapsed_ns\":", separator);
      separator = ",";
      append_json_unsigned(out_, since_start(sample.time));
      number("resident", sample.use.resident);
      number("anonymous", sample.use.anonymous);
      number("brk", sample.use.brk);
      number("mapped", sample.use.mapped);
      number("live_bytes", sample.live_bytes);
      out_ += '}';
    }
    out_ += "]}";
  }

  void findings() {
    out_ += ",\"misuse\":[";
    const char* separator = "";
    for (const HeapFinding& finding : heap_.findings().all()) {
      append(out_, "{}{{\"what\":\"{}\",\"address\":\"{:#x}\"", separator, analysis::name_of(finding.misuse),
             finding.address);
      separator = ",";
      if (finding.allocated) append(out_, ",\"block\":\"{:#x}\"", finding.block_address);
      number("size", finding.size);
      number("count", finding.count);
      place("at", finding.at);
      if (finding.released) place("released", *finding.released);
      if (finding.allocated) place("allocated", *finding.allocated);
      out_ += '}';
    }
    out_ += ']';
    number("misuse_left_out", heap_.findings().left_out());
  }

  void sites() {
    out_ += ",\"sites\":[";
    const char* separator = "";
    for (const ProcessHeap::Site& site : heap_.sites()) {
      HeapNumbers numbers;
      numbers.add(site.counters, heap_.peak());
      if (numbers.empty()) continue;
      out_ += separator;
      separator = ",";
      out_ += '{';
      counters(site.counters);
      if (site.stack != 0) {
        function(site.function);
        stack(site.stack);
      }
      contents(site);
      out_ += '}';
    }
    out_ += ']';
  }

  void contents(const ProcessHeap::Site& site) {
    const auto found = contents_.find(&site);
    if (found == contents_.end()) return;
    out_ += ",\"contents\":[";
    const char* separator = "";
    for (const BlockContents& contents : found->second) {
      append(out_, "{}{{\"address\":\"{:#x}\",\"size\":", separator, contents.block.address);
      separator = ",";
      append_json_unsigned(out_, contents.block.size);
      number("elapsed_ns", since_start(contents.block.time));
      append(out_, ",\"tid\":{},\"bytes\":\"", contents.block.tid);
      for (const std::byte byte : contents.bytes) append(out_, "{:02x}", static_cast<unsigned>(byte));
      out_ += "\",\"unreadable\":[";
      for (const char* comma = ""; const Hole& hole : contents.holes) {
        append(out_, "{}[{},{}]", comma, hole.begin, hole.end);
        comma = ",";
      }
      out_ += "]}";
    }
    out_ += ']';
  }

  void threads() {
    out_ += ",\"threads\":[";
    const char* separator = "";
    for (const ProcessHeap::Thread& thread : heap_.threads()) {
      HeapNumbers numbers;
      numbers.add(thread.counters, heap_.peak());
      if (numbers.empty()) continue;
      append(out_, "{}{{\"tid\":{},", separator, thread.tid);
      separator = ",";
      counters(thread.counters);
      out_ += '}';
    }
    out_ += ']';
  }

  void sizes() {
    out_ += ",\"sizes\":[";
    const char* separator = "";
    for (std::size_t i = 0; i < heap_.sizes().size(); ++i) {
      HeapNumbers numbers;
      numbers.add(heap_.sizes()[i], heap_.peak());
      if (numbers.empty()) continue;
      out_ += separator;
      separator = ",";
      out_ += "{\"smallest\":";
      append_json_unsigned(out_, size_range(i).smallest);
      number("largest", size_range(i).largest);
      out_ += ',';
      counters(heap_.sizes()[i]);
      out_ += '}';
    }
    out_ += ']';
  }

  // Of all heaps together.
  void left_out() {
    const analysis::HeapShared& shared = source_.table.shared();
    out_ += ",\"left_out\":{\"events\":";
    append_json_unsigned(out_, source_.table.events_lost());
    number("sampled", source_.table.sampled_out());
    number("heaps", source_.table.heaps_left_out());
    number("calls", source_.table.calls_left_out());
    number("blocks", shared.blocks_left_out);
    number("stacks", shared.stacks.left_out() + shared.sites_left_out);
    number("threads", shared.threads_left_out);
    out_ += '}';
  }

  std::string& out_;
  const HeapReportSource& source_;
  const ProcessHeap& heap_;
  std::unordered_map<const ProcessHeap::Site*, std::vector<BlockContents>> contents_;
};

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

}  // namespace

std::string heap_report_json(const analysis::HeapTable& table, const StackSource& stacks,
                             const HeapReportOptions& options, const LastContents& last) {
  std::string out;
  const HeapReportSource source{table, stacks};
  for (const ProcessHeap* heap : table.heaps()) Writer(out, source, *heap, options, last).write();
  return out;
}

std::string heap_report_csv(const analysis::HeapTable& table, const StackSource& stacks,
                            const HeapReportOptions& options) {
  std::string out =
      "pid,where,allocations,bytes,resizes,releases,temporary,failures,live_blocks,live_bytes,peak_blocks,"
      "peak_bytes,lifetime_mean_ns\r\n";
  const HeapReportSource source{table, stacks};
  for (const ProcessHeap* heap : table.heaps()) {
    for (const HeapGroup& group : groups_of(source, *heap, options.by)) {
      const HeapNumbers& n = group.numbers;
      append(out, "{},", heap->pid());
      append_quoted(out, group.name);
      append(out, ",{},{},{},{},{},{},{},{},{},{},{}\r\n", n.allocations, n.bytes, n.resizes, n.releases,
             n.temporary, n.failures, n.live_blocks, n.live_bytes, n.peak_blocks, n.peak_bytes,
             n.mean_lifetime());
    }
  }
  return out;
}

}  // namespace sonde::output
