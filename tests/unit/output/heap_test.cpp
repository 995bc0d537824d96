// Calls of allocators as they happen, and the report on them.
#include <fcntl.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "sonde/output/csv_sink.hpp"
#include "sonde/output/heap_progress.hpp"
#include "sonde/output/heap_report.hpp"
#include "sonde/output/heap_report_sink.hpp"
#include "sonde/output/json_sink.hpp"
#include "sonde/output/text_sink.hpp"
#include "unit/heap_events.hpp"
#include "unit/output/schema.hpp"

using namespace sonde;
using namespace sonde::output;
using namespace sonde::test;

namespace {

// The console in small: everything is told to the account of heaps and the stacks, and then to a sink.
struct Console {
  void apply(const event::Event& event) {
    book.apply(event);
    namer.apply(event);
    table.apply(event);
    if (sink != nullptr) sink->event(event, true);
  }

  stacks::StackBook book;
  stacks::Namer namer{book, nullptr};
  StackSource source{book, namer};
  analysis::HeapTable table;
  Sink* sink = nullptr;
};

struct Trace : HeapEvents<Console> {
  Trace() : HeapEvents(console) {
    now = 999;
    event({7, 7}, event::Session{32, 0, true, false});
    start({7, 7});
    module(1, "/usr/bin/server");
    module(2, "/usr/lib/x86_64-linux-gnu/libc.so.6");
    name(0x10, "parse_header(char const*)", "/src/http.c", 118);
    name(0x20, "handle", "/src/http.c", 120);
    name(0x30, "main", "/src/main.c", 14);
    name(0x40, "_start");
    name(0x50, "setup", "/src/main.c", 8);
    know(1, {0x10, 0x20, 0x30, 0x40});
    know(2, {0x50, 0x30, 0x40});
    know(3, {0x20, 0x30, 0x40});
    stack = 1;
  }
  std::string report(HeapReportOptions options = {}) {
    return heap_report_text(console.table, console.source, options);
  }
  Console console;
};

struct Lines {
  explicit Lines(Trace& trace, TextOptions options = {})
      : sink(out, out, options, &trace.console.source, &trace.console.table) {
    trace.console.sink = &sink;
  }
  std::string take() { return std::exchange(out.buffer(), {}); }
  Stream out{UniqueFd{}};
  TextSink sink;
};

bool has(const std::string& text, std::string_view part) {
  const bool found = text.find(part) != text.npos;
  if (!found) MESSAGE("missing: " << part << "\nin:\n" << text);
  return found;
}

}  // namespace

TEST_CASE("a line for each call, with its site") {
  Trace trace;
  Lines lines(trace);
  trace.alloc(0x55e0, 4096);
  CHECK(lines.take() == "malloc(4096) = 0x55e0 at parse_header (http.c:118)\n");
  trace.now += 1'999'999;
  trace.stack = 2;
  trace.free(0x55e0);
  CHECK(lines.take() == "free(0x55e0) <0.002000> at setup (main.c:8)\n");
  trace.stack = 0;
  trace.free(0);
  trace.alloc(0, 7, Function::calloc);
  trace.alloc(0x10, 24, Function::new_);
  trace.realloc(0, 64, 0x20);
  trace.realloc(0x20, 128, 0);
  trace.call(HeapOperation::allocate, Function::posix_memalign, 0x40, 0, 100, 64);
  CHECK(lines.take() ==
        "free(NULL)\n"
        "calloc(7) = NULL\n"
        "operator new(24) = 0x10\n"
        "realloc(NULL, 64) = 0x20\n"
        "realloc(0x20, 128) = NULL\n"
        "posix_memalign(100, align=64) = 0x40\n");
  trace.free(0x10, Function::free);
  trace.free(0x10, Function::free);
  CHECK(lines.take() ==
        "free(0x10) <0.000000> *** allocated by a function of another kind\n"
        "free(0x10) *** given back before\n");
}

TEST_CASE("with -k the stack stands below") {
  Trace trace;
  TextOptions options;
  options.stacks = true;
  Lines lines(trace, options);
  trace.stack = 2;
  trace.alloc(0x55e0, 8);
  CHECK(lines.take() ==
        "malloc(8) = 0x55e0 at setup (main.c:8)\n"
        " > /usr/bin/server(setup+0x8) [0x50] /src/main.c:8\n"
        " > /usr/bin/server(main+0x8) [0x30] /src/main.c:14\n"
        " > /usr/bin/server(_start+0x8) [0x40]\n");
}

TEST_CASE("the same as JSON and CSV") {
  Trace trace;
  Stream out{UniqueFd{}};
  JsonSink json(out, decode::Style{}, &trace.console.source, false, &trace.console.table);
  trace.console.sink = &json;
  trace.alloc(0x55e0, 4096);
  const std::string made = std::exchange(out.buffer(), {});
  CHECK(has(made, R"({"kind":"alloc",)"));
  CHECK(has(made, R"("pid":7,"tid":7,"function":"malloc","address":"0x55e0","size":4096,"site":)"));
  CHECK(has(made, R"x("site":{"function":"parse_header(char const*)","file":"/src/http.c","line":118,)x"));
  CHECK(has(made, R"("module":"/usr/bin/server"}})"));
  trace.stack = 0;
  trace.free(0x55e0);
  CHECK(has(std::exchange(out.buffer(), {}),
            R"("function":"free","address":"0x55e0","age_ns":1,"old_size":4096})"));
  trace.free(0x55e0);
  CHECK(has(std::exchange(out.buffer(), {}), R"("misuse":"double_free"})"));

  CsvSink csv(out, {}, &trace.console.table);
  out.buffer().clear();
  trace.console.sink = &csv;
  trace.realloc(0, 64, 0x10);
  trace.free(0x10);
  CHECK(has(out.buffer(), ",7,7,realloc,,,\"NULL, 64\",,0x10,,,\r\n"));
  CHECK(has(out.buffer(), ",7,7,free,,,0x10,,,,1,\r\n"));
}

TEST_CASE("the report: totals and trees in which common callers stand once") {
  Trace trace;
  trace.event({7, 7}, event::TaskName{"server", "/usr/bin/server"});
  trace.alloc(0x1000, 3 << 20);
  trace.stack = 3;
  trace.alloc(0x2000, 1 << 20);
  trace.stack = 2;
  for (std::uint64_t i = 0; i < 1500; ++i) {
    trace.alloc(0x3000, 100);
    trace.free(0x3000);
  }
  trace.alloc(0x4000, 512);
  trace.event({7, 7}, event::TaskEnded{0});
  const std::string text = trace.report();
  CHECK(has(text, "Heap of process 7 (/usr/bin/server), until it ended after "));
  CHECK_FALSE(text.find("Misuse") != text.npos);
  CHECK(has(text, "  allocated   4.1 MiB in 1,503 blocks\n"));
  CHECK(has(text, "  given back  1,500 blocks; 100.0 % temporary"));
  CHECK(has(text, "  peak        4.0 MiB in 3 blocks, after "));
  CHECK(has(text, "  live        4.0 MiB in 3 blocks at the end\n"));
  CHECK(has(text,
            "\nLive at the end: 4.0 MiB from 3 stacks\n"
            "         bytes        %       blocks\n"
            "       4.0 MiB  100.0 %            3  main (main.c:14)\n"
            "       4.0 MiB  100.0 %            2    handle (http.c:120)\n"
            "       3.0 MiB   75.0 %            1      parse_header (http.c:118)\n"
            "         512 B    0.0 %            1    setup (main.c:8)\n"));
  CHECK(has(text, "\nAllocations: 1,503 from 3 stacks\n"));
  CHECK(has(text,
            "\nTemporary allocations: 1,500 from 1 stack\n"
            "        blocks        %   given back\n"
            "         1,500  100.0 %        1,500  main (main.c:14)\n"
            "                                      setup (main.c:8)\n"));
  CHECK(has(trace.report({.top = 1}), "Live at the end: 4.0 MiB from 3 stacks, of which the 1 largest\n"));
}

TEST_CASE("of a long row of callers the middle is left out") {
  Trace trace;
  std::vector<std::uint64_t> addresses;
  for (std::uint64_t i = 1; i <= 20; ++i) {
    trace.name(0x1000 * i, "f" + std::to_string(i));
    addresses.push_back(0x1000 * i);
  }
  trace.know(9, addresses);
  trace.stack = 9;
  trace.alloc(0x1000, 8);
  const std::string text = trace.report();
  CHECK(has(text, "  f20 (server)\n"));
  CHECK(has(text, " f18 (server)\n                                      ... 12 more\n"));
  CHECK(has(text, "... 12 more\n                                      f5 (server)\n"));
  CHECK(has(text, " f1 (server)\n"));
}

TEST_CASE("the report begins with what is wrong") {
  Trace trace;
  trace.alloc(0x1000, 64);
  trace.stack = 2;
  trace.free(0x1000);
  trace.stack = 3;
  trace.free(0x1000);
  trace.alloc(0x1000, 0);
  const std::string text = trace.report();
  const auto misuse = text.find("\nMisuse\n");
  REQUIRE(misuse != text.npos);
  CHECK(misuse < text.find("  allocated "));
  CHECK(has(text, "  free(0x1000): given back before, a block of 64 B\n    here, after "));
  CHECK(
      has(text, "thread 7\n      handle (http.c:120)\n      main (main.c:14)\n    before, by free, after "));
  CHECK(has(text, "    allocated by malloc, after "));
  CHECK(has(text, "\nNotes\n  malloc: no bytes\n"));
}

TEST_CASE("the report by function, module, thread and size") {
  Trace trace;
  trace.alloc(0x1000, 100);
  trace.stack = 2;
  trace.alloc(0x2000, 5000);
  CHECK(has(trace.report({.by = HeapGrouping::function}), "  setup (server)\n"));
  CHECK(has(trace.report({.by = HeapGrouping::function}), "  parse_header (server)\n"));
  CHECK(has(trace.report({.by = HeapGrouping::module}), "  /usr/bin/server\n"));
  CHECK(has(trace.report({.by = HeapGrouping::thread}), "  thread 7\n"));
  CHECK(has(trace.report({.by = HeapGrouping::size}), "  64 to 127 B\n"));
  CHECK(has(trace.report({.by = HeapGrouping::size}), "  4096 to 8191 B\n"));
  CHECK(has(trace.report({.top = 1, .by = HeapGrouping::function}), "  and 1 more; --top shows them\n"));
  const std::string csv = heap_report_csv(trace.console.table, trace.console.source, {});
  CHECK(has(csv, "7,\"setup (main.c:8)\",1,5000,0,0,0,0,1,5000,1,5000,0\r\n"));
}

TEST_CASE("the report as JSON fits the schema") {
  Trace trace;
  trace.alloc(0x1000, 64);
  trace.alloc(0, ~std::uint64_t{0});
  trace.stack = 2;
  trace.free(0x1000);
  trace.free(0x1000);
  trace.free(0x1008, Function::delete_);
  trace.event({7, 7}, event::Exec{7});
  trace.event({7, 7}, event::TaskName{"a\xff", ""});
  trace.stack = 0;
  trace.alloc(0x2000, 64);
  const Schema schema;
  std::string_view rest;
  const std::string report = heap_report_json(trace.console.table, trace.console.source, {});
  rest = report;
  std::size_t lines = 0;
  for (std::size_t end; (end = rest.find('\n')) != rest.npos; rest.remove_prefix(end + 1), ++lines) {
    const std::string line(rest.substr(0, end));
    CAPTURE(line);
    CHECK(schema.complaint(line) == "");
  }
  CHECK(lines == 2);
  CHECK(has(report, R"("misuse":[{"what":"huge_size")"));
  CHECK(
      has(report,
          R"({"what":"double_free","address":"0x1000","block":"0x1000","size":64,"count":1,"at":{"tid":7)"));
}

TEST_CASE("at the end the report is written, and what the tracer says before") {
  Trace trace;
  Stream out{UniqueFd{}};
  HeapReportSink sink(out, nullptr, HeapReportSink::Form::text, {}, trace.console.table,
                      trace.console.source);
  sink.finish(trace.now);
  CHECK(out.buffer() == "No call of an allocator was seen.\n");
}

TEST_CASE("a line that a terminal shows meanwhile") {
  Trace trace;
  trace.alloc(0x1000, 3 << 20);
  trace.alloc(0x2000, 1 << 20);
  trace.free(0x2000);
  CHECK(heap_progress_text(trace.console.table, 12'900'000'000, 98'000) ==
        "sonde: 12 s, 3 calls, 98,000 a second; 3.0 MiB live in 1 block");

  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const UniqueFd read_end(ends[0]), write_end(ends[1]);
  const auto shown = [&] {
    char text[256];
    REQUIRE(::write(write_end.value(), "|", 1) == 1);  // There is something to read.
    const ssize_t size = ::read(read_end.value(), text, sizeof text);
    REQUIRE(size > 0);
    return std::string(text, static_cast<std::size_t>(size));
  };
  HeapProgress progress(write_end.value(), trace.console.table);
  progress.show(1'000'000'000);
  progress.show(1'999'999'999);
  progress.hide();
  CHECK(shown() == "|");
  progress.show(3'000'000'000);
  CHECK(shown() == "\r\x1b[Ksonde: 2 s, 3 calls, 1 a second; 3.0 MiB live in 1 block|");
  progress.show(3'500'000'000);
  CHECK(shown() == "|");
  progress.hide();
  progress.hide();
  CHECK(shown() == "\r\x1b[K|");
}

namespace {

// 0x1000 to 0x2fff, where each byte is its address's lowest; the page from 0x3000 on is missing.
class SomeMemory final : public MemoryReader {
 public:
  std::size_t read(Address address, std::span<std::byte> into) const override {
    std::size_t done = 0;
    for (; done < into.size(); ++done) {
      const std::uint64_t at = address.value + done;
      if (at < 0x1000 || (at >= 0x3000 && at < 0x4000) || at >= 0x5000) break;
      into[done] = static_cast<std::byte>(at < 0x2000 ? at : 'x');
    }
    return done;
  }
};

HeapReportOptions with_contents(std::size_t bytes) {
  HeapReportOptions options;
  options.contents = bytes;
  options.memory = [](pid_t) { return std::make_unique<SomeMemory>(); };
  return options;
}

}  // namespace

TEST_CASE("what is in live blocks, the oldest of each stack") {
  Trace trace;
  trace.alloc(0x9000, 64);
  trace.alloc(0x1030, 20);
  trace.alloc(0x2fc0, 4096);
  trace.alloc(0x1000, 8);
  trace.alloc(0x1100, 8);
  trace.free(0x9000);
  const std::string text = trace.report(with_contents(96));
  CHECK(has(text,
            "\nContents of live blocks, now: up to 96 bytes of the oldest of each stack\n"
            "  parse_header (http.c:118): 4.0 KiB in 4 blocks\n"
            "    0x1030: 20 B, allocated after "));
  CHECK(has(text,
            "      0000  30 31 32 33 34 35 36 37  38 39 3a 3b 3c 3d 3e 3f  0123456789:;<=>?\n"
            "      0010  40 41 42 43                                       @ABC\n"
            "    0x2fc0: 4.0 KiB, allocated after "));
  CHECK(has(text,
            "      0000  78 78 78 78 78 78 78 78  78 78 78 78 78 78 78 78  xxxxxxxxxxxxxxxx\n"
            "      *\n"
            "      0040  32 bytes that cannot be read\n"));
  CHECK(has(text, "    0x1000: 8 B"));
  CHECK(text.find("0x1100: ") == text.npos);
  CHECK(text.find("0x9000: ") == text.npos);
  const std::string json = heap_report_json(trace.console.table, trace.console.source, with_contents(96));
  CHECK(has(json, R"("contents":[{"address":"0x1030","size":20,)"));
  CHECK(has(json, R"("bytes":"303132333435363738393a3b3c3d3e3f40414243","unreadable":[]})"));
  CHECK(has(json, R"(0000","unreadable":[[64,96]]})"));

  trace.event({7, 7}, event::TaskDetached{});
  CHECK(has(trace.report(with_contents(96)), "    0x1030: 20 B, allocated after "));
}

TEST_CASE("what was in the blocks of a process that has ended, where its memory was copied") {
  Trace trace;
  HeapReportOptions options = with_contents(96);
  options.copied = [&](const event::MemoryCopied& copied) {
    CHECK(copied.offset == 77);
    return options.memory(7);
  };
  Stream out(UniqueFd(::open("/dev/null", O_WRONLY | O_CLOEXEC)));
  HeapReportSink sink(out, nullptr, HeapReportSink::Form::text, options, trace.console.table,
                      trace.console.source);
  trace.alloc(0x1030, 20);
  sink.event({1, {7, 7}, event::MemoryCopied{77, 1, 1, event::CopyReason::ends}}, true);
  trace.event({7, 7}, event::TaskEnded{0});
  sink.report();
  CHECK(has(out.buffer(),
            "\nContents of live blocks, at the end: up to 96 bytes of the oldest of each stack\n"
            "  parse_header (http.c:118): 20 B in 1 block\n"
            "    0x1030: 20 B, allocated after "));
}

TEST_CASE("a process that has ended took its blocks with it") {
  Trace trace;
  trace.alloc(0x1030, 20);
  trace.event({7, 7}, event::TaskEnded{0});
  CHECK(has(trace.report(with_contents(96)),
            "\nContents of blocks: the process was gone before they could be looked at\n"));
  CHECK(heap_report_json(trace.console.table, trace.console.source, with_contents(96)).find("contents") ==
        std::string::npos);
}
