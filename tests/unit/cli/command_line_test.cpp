#include "sonde/cli/command_line.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace sonde::cli;

namespace {

Settings settings_of(std::vector<std::string> arguments, const std::vector<std::string>& recorded = {}) {
  auto parsed = parse_command_line(std::move(arguments), recorded);
  REQUIRE(std::holds_alternative<Settings>(parsed));
  return std::get<Settings>(std::move(parsed));
}

int exit_of(std::vector<std::string> arguments) {
  auto parsed = parse_command_line(std::move(arguments));
  REQUIRE(std::holds_alternative<ExitNow>(parsed));
  return std::get<ExitNow>(parsed).status;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("the program's own options are left to it") {
  CHECK(settings_of({"run", "--", "ls", "-l"}).command == Words{"ls", "-l"});
  CHECK(settings_of({"run", "ls", "-l"}).command == Words{"ls", "-l"});
  CHECK(settings_of({"run", "-T", "git", "log", "--", "-x"}).command == Words{"git", "log", "--", "-x"});
  CHECK(settings_of({"run", "--", "sh", "-c", "true", "--", "a"}).command ==
        Words{"sh", "-c", "true", "--", "a"});
}

TEST_CASE("strace's letters mean what they mean there") {
  const Settings s =
      settings_of({"run", "-tt", "-yy", "-s", "100", "-e",  "trace=open", "-e",     "failed", "-o",
                   "f",   "-xx", "-T",  "-z", "-E",  "A=B", "-b",         "execve", "--",     "true"});
  CHECK(s.output.clock == ClockStyle::microseconds);
  CHECK(s.tracing.fd_paths);
  CHECK(s.output.style.string_limit == 100);
  CHECK(s.tracing.string_limit == 100);
  CHECK(s.filters == Words{"trace=open", "failed"});
  CHECK(s.output.path == "f");
  CHECK(s.output.style.hex_strings == sonde::decode::HexStrings::all);
  CHECK(s.output.durations);
  CHECK(s.successful_only);
  CHECK(s.environment == Words{"A=B"});
  CHECK(s.tracing.detach_on == std::vector<std::string_view>{"execve"});
  CHECK_FALSE(s.pushdown);  // A process that is to be let go must not carry a filter.
}

TEST_CASE("attach takes process ids in any of its forms") {
  const Settings s = settings_of({"attach", "12", "-p", "34,56"});
  CHECK(s.verb == Verb::attach);
  CHECK(s.pids == std::vector<pid_t>{12, 34, 56});
}

TEST_CASE("record names its file and what it records") {
  const Settings s = settings_of({"record", "-o", "t.sonde", "run", "-s", "64", "--", "true"});
  CHECK(s.verb == Verb::run);
  CHECK(s.trace_file == "t.sonde");
  CHECK(s.output.path.empty());
  CHECK(s.tracing.string_limit == 64);
}

TEST_CASE("a report goes by the recording's options where its own say nothing else") {
  const Words recorded{"record", "-o",     "t.sonde", "run",  "-T", "-s",  "64",
                       "-e",     "failed", "-o",      "live", "--", "true"};
  const Settings s = settings_of({"report", "-s", "8", "-e", "fd == 1", "t.sonde"}, recorded);
  CHECK(s.verb == Verb::report);
  CHECK(s.trace_file == "t.sonde");
  CHECK(s.output.durations);
  CHECK(s.output.style.string_limit == 8);
  CHECK(s.output.path.empty());
  CHECK(s.filters == Words{"failed", "fd == 1"});
}

TEST_CASE("flags that count are recorded too") {
  const Words recorded{"record", "-o", "t.sonde", "run", "-tt", "-xx", "-qq", "--", "true"};
  const Settings s = settings_of({"report", "t.sonde"}, recorded);
  CHECK(s.output.clock == ClockStyle::microseconds);
  CHECK(s.output.style.hex_strings == sonde::decode::HexStrings::all);
  CHECK(s.output.quiet == 2);
  CHECK(settings_of({"report", "-t", "t.sonde"}, recorded).output.clock == ClockStyle::seconds);
}

TEST_CASE("a list ends with its word") {
  CHECK(settings_of({"run", "--events", "signals,processes", "true"}).events ==
        Words{"signals", "processes"});
  CHECK(settings_of({"run", "--redact", "env", "true"}).command == Words{"true"});
  CHECK(settings_of({"attach", "-b", "execve", "12"}).pids == std::vector<pid_t>{12});
  CHECK(settings_of({"attach", "--events", "signals", "12"}).pids == std::vector<pid_t>{12});
}

TEST_CASE("the heap is watched when it is asked for, and system calls only if they are too") {
  const Settings only = settings_of({"run", "--events", "heap", "--", "true"});
  CHECK(only.tracing.heap);
  CHECK(only.tracing.stacks);
  CHECK_FALSE(only.tracing.system_calls);
  const Settings both = settings_of({"run", "--events", "heap,syscalls", "--no-stacks", "--", "true"});
  CHECK(both.tracing.heap);
  CHECK(both.tracing.system_calls);
  CHECK_FALSE(both.tracing.stacks);
  CHECK_FALSE(settings_of({"run", "--", "true"}).tracing.heap);
  CHECK(settings_of({"run", "--events", "signals", "--", "true"}).tracing.system_calls);
}

TEST_CASE("sonde heap starts a program or goes to one, and reports") {
  const Settings run = settings_of({"heap", "--top", "3", "--by", "function", "--", "ls", "-l"});
  CHECK(run.verb == Verb::run);
  CHECK(run.command == Words{"ls", "-l"});
  CHECK(run.output.summary == Summary::only);
  CHECK(run.output.heap.top == 3);
  CHECK(run.output.heap.by == sonde::output::HeapGrouping::function);
  CHECK(run.tracing.heap);
  CHECK_FALSE(run.tracing.system_calls);
  const Settings attach = settings_of({"heap", "--for", "30s", "12", "34"});
  CHECK(attach.verb == Verb::attach);
  CHECK(attach.pids == std::vector<pid_t>{12, 34});
  CHECK(attach.timeout_ns == 30'000'000'000);
  CHECK(exit_of({"heap"}) == 125);
  CHECK(exit_of({"heap", "12", "--", "true"}) == 125);
  CHECK(exit_of({"heap", "--by", "colour", "--", "true"}) == 125);
}

TEST_CASE("a recording of a heap is reported as the heap would have been, or event by event") {
  const Words recorded{"record", "-o", "t.sonde", "heap", "--by", "size", "--", "true"};
  const Settings report = settings_of({"report", "--top", "5", "t.sonde"}, recorded);
  CHECK(report.verb == Verb::report);
  CHECK(report.output.summary == Summary::only);
  CHECK(report.output.heap.by == sonde::output::HeapGrouping::size);
  CHECK(report.output.heap.top == 5);
  CHECK(report.tracing.heap);
  const Settings events = settings_of({"report", "--events", "heap", "t.sonde"}, recorded);
  CHECK(events.output.summary == Summary::none);
  CHECK(events.tracing.heap);
}

TEST_CASE("what is wrong is said and ends with 125") {
  CHECK(exit_of({}) == 125);
  CHECK(exit_of({"run"}) == 125);
  CHECK(exit_of({"run", "--"}) == 125);
  CHECK(exit_of({"run", "--no-such-option", "--", "true"}) == 125);
  CHECK(exit_of({"attach"}) == 125);
  CHECK(exit_of({"attach", "x"}) == 125);
  CHECK(exit_of({"attach", "0"}) == 125);
  CHECK(exit_of({"run", "--timeout", "soon", "--", "true"}) == 125);
  CHECK(exit_of({"run", "-b", "nosuchcall", "--", "true"}) == 125);
  CHECK(exit_of({"run", "-c", "-S", "beauty", "--", "true"}) == 125);
  CHECK(exit_of({"run", "-S", "calls", "--", "true"}) == 125);
  CHECK(exit_of({"run", "--per-process", "--", "true"}) == 125);
  CHECK(exit_of({"record", "run", "--", "true"}) == 125);
  CHECK(exit_of({"frobnicate"}) == 125);
  CHECK(exit_of({"run", "--events", "syscals", "--", "true"}) == 125);
  CHECK(exit_of({"run", "-s"}) == 125);
  CHECK(exit_of({"run", "-E", "=value", "--", "true"}) == 125);
}

TEST_CASE("help and version end with 0") {
  CHECK(exit_of({"--version"}) == 0);
  CHECK(exit_of({"run", "--help"}) == 0);
}
