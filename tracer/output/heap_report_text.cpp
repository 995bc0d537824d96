#include <algorithm>
#include <array>

#include "output/heap_call.hpp"
#include "output/heap_groups.hpp"
#include "output/heap_lines.hpp"
#include "output/quantities.hpp"
#include "output/text.hpp"
#include "sonde/base/limits.hpp"
#include "sonde/output/heap_contents.hpp"
#include "sonde/output/heap_report.hpp"

namespace sonde::output {

namespace {

using analysis::HeapFinding;
using analysis::HeapMisuse;
using analysis::HeapPlace;
using analysis::ProcessHeap;

std::string percent(std::uint64_t part, std::uint64_t whole) {
  return fmt::format("{:.1f} %",
                     whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

// What a list is about: what is ranked, and what stands beside it.
struct Ranking {
  std::string_view title;
  std::uint64_t HeapNumbers::*value;
  std::uint64_t HeapNumbers::*count;
  bool of_bytes;  // The value is.
};
constexpr std::array rankings = {
    Ranking{"Live at the end", &HeapNumbers::live_bytes, &HeapNumbers::live_blocks, true},
    Ranking{"Live at the peak", &HeapNumbers::peak_bytes, &HeapNumbers::peak_blocks, true},
    Ranking{"Allocations", &HeapNumbers::allocations, &HeapNumbers::bytes, false},
    Ranking{"Temporary allocations", &HeapNumbers::temporary, &HeapNumbers::releases, false},
};

class Report {
 public:
  Report(std::string& out, const HeapReportSource& source, const HeapReportOptions& options,
         const LastContents& last)
      : out_(out), source_(source), options_(options), last_(last) {}

  void heap(const ProcessHeap& heap) {
    heading(heap);
    findings(heap, false);
    totals(heap);
    memory(heap);
    findings(heap, true);
    if (options_.by == HeapGrouping::site) {
      for (const Ranking& ranking : rankings) tree(heap, ranking);
    } else {
      table(heap);
    }
    if (options_.contents != 0) contents(heap);
  }

 private:
  std::string since_start(Nanoseconds time) const {
    return duration_text(elapsed(source_.table.start(), time));
  }

  void heading(const ProcessHeap& heap) {
    append(out_, "Heap of process {}", heap.pid());
    if (const std::string& name = heap.exe().empty() ? heap.comm() : heap.exe(); !name.empty()) {
      out_ += " (";
      append_printable(out_, name.substr(0, limits::name_bytes));
      out_ += ')';
    }
    switch (heap.how_ended()) {
      case analysis::HeapEnd::running:
        out_ += options_.so_far ? ", so far" : ", which ran on when the trace ended";
        break;
      case analysis::HeapEnd::exited:
        append(out_, ", until it ended after {}", since_start(heap.ended()));
        break;
      case analysis::HeapEnd::executed:
        append(out_, ", until it executed another program after {}", since_start(heap.ended()));
        break;
      case analysis::HeapEnd::detached:
        append(out_, ", which was let go after {}", since_start(heap.ended()));
        break;
    }
    out_ += '\n';
  }

  void findings(const ProcessHeap& heap, bool notes) {
    bool any = false;
    for (const HeapFinding& finding : heap.findings().all()) {
      if (analysis::is_note(finding.misuse) != notes || is_threads_end(heap, finding)) continue;
      if (!std::exchange(any, true)) out_ += notes ? "\nNotes\n" : "\nMisuse\n";
      this->finding(heap, finding);
    }
    if (!notes && heap.findings().left_out() != 0) {
      append(out_, "  and {} more, from other places\n", count_text(heap.findings().left_out()));
    }
    if (any && !notes) out_ += '\n';
  }

  // A thread's end in a program with its C library inside, where no module tells.
  bool is_threads_end(const ProcessHeap& heap, const HeapFinding& finding) const {
    if (finding.misuse != HeapMisuse::double_free && finding.misuse != HeapMisuse::unknown_address)
      return false;
    for (const auto& frame : source_.table.shared().stacks.frames(finding.at.stack)) {
      for (const auto& function : *source_.stacks.namer.name(heap.pid(), frame).functions) {
        if (function.name == "__malloc_arena_thread_freeres" || function.name == "__libc_thread_freeres" ||
            function.name == "tcache_thread_shutdown") {
          return true;
        }
      }
    }
    return false;
  }

  void finding(const ProcessHeap& heap, const HeapFinding& finding) {
    append(out_, "  {}", function_text(finding.at.function));
    switch (finding.misuse) {
      case HeapMisuse::double_free:
        append(out_, "({:#x}): given back before, a block of {}", finding.address, bytes_text(finding.size));
        break;
      case HeapMisuse::unknown_address:
        append(out_, "({:#x}): never allocated, or given back long ago", finding.address);
        break;
      case HeapMisuse::inside_block:
        append(out_, "({:#x}): {} inside of a block of {} at {:#x}", finding.address,
               counted(finding.address - finding.block_address, "byte"), bytes_text(finding.size),
               finding.block_address);
        break;
      case HeapMisuse::mismatch:
        append(out_, "({:#x}): a block of {} that {} has allocated", finding.address,
               bytes_text(finding.size), function_text(finding.allocated->function));
        break;
      case HeapMisuse::huge_size:
        append(out_, ": {}: negative, or an overflow",
               finding.size == ~std::uint64_t{0} ? std::string("more bytes than there are addresses")
                                                 : fmt::format("{:#x} bytes", finding.size));
        break;
      case HeapMisuse::zero_size:
        out_ += ": no bytes";
        break;
    }
    if (finding.count > 1) append(out_, "; {} times", count_text(finding.count));
    out_ += '\n';
    place(heap, "here", finding.at);
    if (finding.released)
      place(heap, fmt::format("before, by {}", function_text(finding.released->function)), *finding.released);
    if (finding.allocated) {
      place(heap, fmt::format("allocated by {}", function_text(finding.allocated->function)),
            *finding.allocated);
    }
  }

  // Innermost first, as people read the stack of a mistake.
  void place(const ProcessHeap& heap, std::string_view what, const HeapPlace& at) {
    append(out_, "    {}, after {}, thread {}\n", what, since_start(at.time), at.tid);
    auto lines = lines_of(source_, at.stack, heap.pid());
    for (auto line = lines.rbegin(); line != lines.rend(); ++line) append(out_, "      {}\n", text_of(*line));
  }

  void row(std::string_view title, std::string_view text) { append(out_, "  {:<11} {}\n", title, text); }

  void totals(const ProcessHeap& heap) {
    const analysis::HeapCounters& total = heap.total();
    std::string allocated =
        fmt::format("{} in {}", bytes_text(total.bytes), counted(total.allocations, "block"));
    if (total.resizes != 0) append(allocated, ", {} of them by resizing", count_text(total.resizes));
    row("allocated", allocated);
    row("given back",
        fmt::format("{}; {} temporary: by the thread's very next call", counted(total.releases, "block"),
                    percent(total.temporary, total.releases)));
    row("peak", fmt::format("{} in {}, after {}", bytes_text(heap.peak_bytes()),
                            counted(total.peak_blocks(heap.peak()), "block"), since_start(heap.peak_time())));
    const bool runs = options_.so_far && heap.how_ended() == analysis::HeapEnd::running;
    row("live", fmt::format("{} in {} {}", bytes_text(total.live_bytes), counted(total.live_blocks, "block"),
                            runs ? "now" : "at the end"));
    if (heap.lifetimes().count() != 0) {
      row("lifetimes", fmt::format("half of them at most {}, 90 % at most {}, 99 % at most {}",
                                   duration_text(heap.lifetimes().quantile(0.5)),
                                   duration_text(heap.lifetimes().quantile(0.9)),
                                   duration_text(heap.lifetimes().quantile(0.99))));
    }
    if (heap.inherited_blocks() != 0) {
      row("inherited",
          fmt::format("{} in {} from the process that forked it", bytes_text(heap.inherited_bytes()),
                      counted(heap.inherited_blocks(), "block")));
    }
    if (total.failures != 0)
      row("failed", fmt::format("{} returned no block", counted(total.failures, "call")));
    if (heap.partial()) {
      row("unknown", fmt::format("{} given back whose allocation was not seen",
                                 counted(heap.unknown_releases(), "block")));
    }
  }

  void memory(const ProcessHeap& heap) {
    const analysis::MemorySeries& memory = heap.memory();
    if (memory.empty()) return;
    const event::MemoryUse& last = memory.last().use;
    row("resident", fmt::format("{} at most, after {}; {} at last", bytes_text(memory.largest().use.resident),
                                since_start(memory.largest().time), bytes_text(last.resident)));
    row("brk, mmap",
        fmt::format("{} and {} at most; {} and {} at last", bytes_text(memory.brk_max()),
                    bytes_text(memory.mapped_max()), bytes_text(last.brk), bytes_text(last.mapped)));
    if (const std::uint64_t unseen = heap.unseen_growth(); unseen != 0)
      row("unseen", fmt::format("{} more memory than the watched functions handed out", bytes_text(unseen)));
  }

  // The largest sites, each with its stack.
  void tree(const ProcessHeap& heap, const Ranking& ranking) {
    struct Row {
      std::uint64_t value;
      std::uint64_t count;
      analysis::HeapStackId stack;
    };
    std::vector<Row> rows;
    std::uint64_t whole = 0;
    for (const ProcessHeap::Site& site : heap.sites()) {
      HeapNumbers numbers;
      numbers.add(site.counters, heap.peak());
      if (numbers.*ranking.value == 0) continue;
      whole += numbers.*ranking.value;
      rows.push_back({numbers.*ranking.value, numbers.*ranking.count, site.stack});
    }
    if (rows.empty()) return;
    const std::size_t shown = std::min(options_.top, rows.size());
    std::partial_sort(
        rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(shown), rows.end(),
        [](const Row& a, const Row& b) { return std::pair(a.value, b.stack) > std::pair(b.value, a.stack); });
    const auto value_text = [&](std::uint64_t value) {
      return ranking.of_bytes ? bytes_text(value) : count_text(value);
    };
    append(out_, "\n{}: {} from {}{}\n", ranking.title, value_text(whole), counted(rows.size(), "stack"),
           shown < rows.size() ? fmt::format(", of which the {} largest", shown) : "");
    HeapTree tree;
    for (std::size_t i = 0; i < shown; ++i) {
      tree.add(lines_of(source_, rows[i].stack, heap.pid()), rows[i].value, rows[i].count);
    }
    const std::string_view beside = ranking.of_bytes                       ? "blocks"
                                    : ranking.count == &HeapNumbers::bytes ? "bytes"
                                                                           : "given back";
    append(out_, "  {:>12} {:>8} {:>12}\n", ranking.of_bytes ? "bytes" : "blocks", "%", beside);
    tree.append(
        out_,
        [&](std::string& out, std::uint64_t value, std::uint64_t count) {
          const bool bytes = ranking.count == &HeapNumbers::bytes;
          sonde::output::append(out, "  {:>12} {:>8} {:>12}  ", value_text(value), percent(value, whole),
                                bytes ? bytes_text(count) : count_text(count));
        },
        [](std::string& out) { out.append(38, ' '); });
  }

  void table(const ProcessHeap& heap) {
    auto groups = groups_of(source_, heap, options_.by);
    const std::size_t all = groups.size();
    if (options_.by != HeapGrouping::size && all > options_.top) groups.resize(options_.top);
    append(out_, "\n  {:>11} {:>9} {:>11} {:>9} {:>11} {:>11} {:>11} {:>9}  {}\n", "peak", "blocks", "live",
           "blocks", "allocated", "blocks", "temporary", "lifetime", "where");
    for (const HeapGroup& group : groups) {
      const HeapNumbers& n = group.numbers;
      append(out_, "  {:>11} {:>9} {:>11} {:>9} {:>11} {:>11} {:>11} {:>9}  {}\n", bytes_text(n.peak_bytes),
             count_text(n.peak_blocks), bytes_text(n.live_bytes), count_text(n.live_blocks),
             bytes_text(n.bytes), count_text(n.allocations), count_text(n.temporary),
             duration_text(n.mean_lifetime()), group.name);
    }
    if (groups.size() < all)
      append(out_, "  and {} more; --top shows them\n", count_text(all - groups.size()));
  }

  void contents(const ProcessHeap& heap) {
    if (is_there(heap)) {
      const auto sites = contents_of(heap, options_.top, options_.contents, *options_.memory(heap.pid()));
      if (!sites.empty()) contents(heap, sites, "now");
    } else if (const auto ended = last_.find(heap.id()); ended == last_.end()) {
      out_ += "\nContents of blocks: the process was gone before they could be looked at\n";
    } else if (!ended->second.empty()) {
      contents(heap, ended->second, "at the end");
    }
  }

  void contents(const ProcessHeap& heap, const std::vector<SiteContents>& sites, std::string_view when) {
    append(out_, "\nContents of live blocks, {}: up to {} bytes of the oldest of each stack\n", when,
           options_.contents);
    for (const SiteContents& each : sites) {
      const ProcessHeap::Site& site = heap.sites()[each.site];
      const auto lines = lines_of(source_, site.stack, heap.pid());
      append(out_, "  {}: {} in {}\n", lines.empty() ? "??" : text_of(lines.back()),
             bytes_text(site.counters.live_bytes), counted(site.counters.live_blocks, "block"));
      for (const BlockContents& block : each.blocks) {
        append(out_, "    {:#x}: {}, allocated after {} by thread {}\n", block.block.address,
               bytes_text(block.block.size), since_start(block.block.time), block.block.tid);
        append_dump(out_, block.bytes, block.holes, "      ");
      }
    }
  }

  std::string& out_;
  const HeapReportSource& source_;
  const HeapReportOptions& options_;
  const LastContents& last_;
};

// What is not in the report.
void append_left_out(std::string& out, const analysis::HeapTable& table) {
  const analysis::HeapShared& shared = table.shared();
  const std::pair<std::uint64_t, std::string_view> counts[] = {
      {table.events_lost(), "events were left out while tracing, so that all of this may be wrong"},
      {table.sampled_out(),
       "events were left out as asked: all of this is of a sample, but for single blocks"},
      {table.heaps_left_out(), "smaller heaps of processes that have ended are left out"},
      {table.calls_left_out(), "calls of further processes are left out"},
      {shared.blocks_left_out, "blocks found no room, and count as allocated alone"},
      {shared.stacks.left_out() + shared.sites_left_out, "calls found no room for their stack"},
      {shared.threads_left_out, "calls found no room for their thread"},
  };
  for (const auto& [count, text] : counts) {
    if (count != 0) append(out, "\n{} {}\n", count_text(count), text);
  }
}

}  // namespace

std::string heap_report_text(const analysis::HeapTable& table, const StackSource& stacks,
                             const HeapReportOptions& options, const LastContents& last) {
  std::string out;
  const HeapReportSource source{table, stacks};
  auto heaps = table.heaps();
  if (heaps.empty()) out += "No call of an allocator was seen.\n";
  const std::size_t all = heaps.size();
  if (all > options.top) {
    std::stable_sort(heaps.begin(), heaps.end(), [](const ProcessHeap* a, const ProcessHeap* b) {
      return a->peak_bytes() > b->peak_bytes();
    });
    heaps.resize(options.top);
  }
  Report report(out, source, options, last);
  for (const char* separator = ""; const ProcessHeap* heap : heaps) {
    out += separator;
    separator = "\n";
    report.heap(*heap);
  }
  if (heaps.size() < all) {
    append(out, "\nand the heaps of {} more processes, which were smaller; --top shows them\n",
           count_text(all - heaps.size()));
  }
  if (table.counts() == analysis::HeapTable::Counts::matching)
    out += "\nCounted are only blocks whose allocation the filter matches.\n";
  append_left_out(out, table);
  return out;
}

std::string unseen_growth_text(const analysis::ProcessHeap& heap) {
  const std::uint64_t unseen = heap.unseen_growth();
  if (unseen == 0) return {};
  return fmt::format(
      "process {} took {} more memory than the watched functions handed out: it may have an allocator of its "
      "own, whose functions --allocator names",
      heap.pid(), bytes_text(unseen));
}

}  // namespace sonde::output
