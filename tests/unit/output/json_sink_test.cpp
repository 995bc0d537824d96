// Every record that the JSON form can write is checked against docs/events.schema.json with RapidJSON's
// validator.
#include "sonde/output/json_sink.hpp"

#include <csignal>
#include <filesystem>
#include <iterator>

#include <doctest/doctest.h>
#include <rapidjson/stringbuffer.h>

#include "sonde/allocator/functions.hpp"
#include "sonde/output/summary.hpp"
#include "unit/output/player.hpp"
#include "unit/output/schema.hpp"

using namespace sonde;
using namespace sonde::output;
using namespace sonde::test;

namespace {

struct Trace {
  Trace() : sink(out, decode::Style{}), play(sink) { out.buffer().clear(); }
  std::vector<std::string> lines() {
    std::vector<std::string> lines;
    std::string_view rest = out.buffer();
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n');
      REQUIRE(end != rest.npos);
      lines.emplace_back(rest.substr(0, end));
      rest.remove_prefix(end + 1);
    }
    return lines;
  }
  std::string line() {
    const auto all = lines();
    REQUIRE(all.size() == 1);
    return all[0];
  }

  Stream out{UniqueFd{}};
  JsonSink sink;
  Player play;
};

// One of everything.
std::vector<std::string> everything() {
  Stream out{UniqueFd{}};
  JsonSink sink(out, decode::Style{});
  Player play(sink);
  play.started(7);
  play.started(8, event::TaskOrigin::vfork);
  play.event({8, 8}, event::TaskName{"name", "/usr/bin/name"});
  play.event({8, 8}, event::TaskName{"\xff", ""});
  play.call(7, read_row, {3, 0x1000, 10}, 3, Memory().add(0x1000, "\xff\0x"));
  play.call(7, read_row, {3, 0x1000, 64}, 64, Memory().add(0x1000, std::string(64, 'x')));
  play.call(7, read_row, {3, 0x1000, 64}, -14);
  play.call(7, pause_row, {}, -514);
  play.call(7, unknown_row, {~0ull, 1}, -38);
  play.call(7, brk_row, {0}, 0x55ce8af25000);
  play.call(7, getpid_row, {}, std::numeric_limits<std::int64_t>::min());
  play.use(Abi::i386);
  play.call(7, close_row, {3}, 0);
  siginfo_t info{};
  info.si_signo = SIGCHLD;
  play.event({7, 7}, event::Signal{info, {}});
  info.si_signo = 4711;
  play.event({7, 7}, event::Signal{info, {}});
  play.event({7, 7}, event::GroupStop{SIGSTOP});
  play.enter(7, pause_row, {});
  play.enter(8, pause_row, {});
  play.exec(7, 8);
  play.exit(7, 0);
  const auto malloc = static_cast<std::uint16_t>(allocator::Function::malloc);
  play.event({7, 7},
             event::HeapCall{event::HeapOperation::allocate, malloc, 0x1000, 0, ~0ull, 16, false, {}});
  play.event({7, 7}, event::HeapCall{event::HeapOperation::release, 0, 0x1000, 0, 0, 0, false, {}});
  play.event({7, 7}, event::HeapCall{event::HeapOperation::give_up, malloc, 0x1000, 0, 0, 0, false, {}});
  play.event({7, 7}, event::HeapCall{event::HeapOperation::reallocate, malloc, 0, 0x1000, 8, 0, false, {}});
  play.event({7, 7}, event::Lost{~0ull, event::LossReason::rate_limit});
  play.event({0, 0}, event::Note{"a note\n"});
  play.enter(7, exit_group_row, {3});
  play.ended(7, exited(3));
  play.enter(8, pause_row, {});
  play.ended(8, killed(SIGSEGV, true));
  play.enter(9, pause_row, {});
  play.detached(9);
  play.enter(10, pause_row, {});
  play.unfinished(10, Unfinished::cut);
  sink.finish(start);

  analysis::CallStatistics statistics(true);
  statistics.apply({{7, 7}, Abi::x86_64, 0, 5, false, true});
  statistics.name_process(7, "\xff");
  out.buffer() += summary_json(statistics, SummaryOrder::time);

  std::vector<std::string> lines;
  std::string_view rest = out.buffer();
  for (std::size_t end; (end = rest.find('\n')) != rest.npos; rest.remove_prefix(end + 1)) {
    lines.emplace_back(rest.substr(0, end));
  }
  CHECK(rest.empty());
  return lines;
}

}  // namespace

TEST_CASE("every kind of record fits the schema") {
  const Schema schema;
  const auto lines = everything();
  CHECK(lines.size() == 32);
  for (const std::string& line : lines) {
    CAPTURE(line);
    CHECK(schema.complaint(line) == "");
  }
}

TEST_CASE("the schema refuses what is no record") {
  const Schema schema;
  for (const char* line :
       {"{}", "[]", R"({"kind":"syscall"})", R"({"kind":"other"})",
        "{\"kind\":", R"({"kind":"summary","calls":[],"total":[],"more":1})",
        R"({"kind":"summary","calls":[{}],"total":[]})",
        R"({"kind":"stop","time":"now","elapsed_ns":0,"pid":1,"tid":1,"signal":{"number":1,"name":"A"}})"}) {
    CAPTURE(line);
    CHECK(schema.complaint(line) != "");
  }
}

TEST_CASE("a call is one whole record") {
  Trace trace;
  trace.play.at(1'062);
  trace.play.enter(7, read_row, {3, 0x1000, 64});
  CHECK(trace.out.buffer().empty());
  trace.play.at(1'070);
  trace.play.exit(7, 40, Memory().add(0x1000, std::string(40, 'a')));
  CHECK(trace.line() ==
        R"({"kind":"syscall","time":"2026-11-21T03:58:40.001062000Z","elapsed_ns":1062000,"pid":7,"tid":7,)"
        R"("syscall":"read","nr":0,"abi":"x86_64","args":[{"name":"fd","value":3},)"
        R"({"name":"buf","value":{"string":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","truncated":true}},)"
        R"({"name":"count","value":64}],"ret":40,"duration_ns":8000})");
}

TEST_CASE("results: errors by number and name, addresses in hexadecimal beside the number") {
  Trace failed;
  failed.play.call(7, close_row, {9}, -9);
  CHECK(failed.line().ends_with(R"("ret":-9,"errno":{"number":9,"name":"EBADF"},"duration_ns":0})"));
  Trace address;
  address.play.call(7, brk_row, {0}, 0x1000);
  CHECK(address.line().find(R"("args":[{"name":"brk","value":null}],"ret":4096)") != std::string::npos);
}

TEST_CASE("a call without an exit says so") {
  Trace trace;
  trace.play.enter(7, pause_row, {});
  trace.play.at(2'000);
  trace.play.unfinished(7, Unfinished::died);
  CHECK(trace.line().ends_with(R"("args":[],"duration_ns":2000000,"unfinished":true,"reason":"died"})"));
}

TEST_CASE("events that are not shown are left out, but for losses and notes") {
  Trace trace;
  trace.play.event({7, 7}, event::TaskEnded{0}, false);
  CHECK(trace.lines().empty());
  trace.play.event({7, 7}, event::Lost{3, event::LossReason::sampling}, false);
  CHECK(trace.line().ends_with(R"("pid":7,"tid":7,"count":3,"reason":"sampling"})"));
}
