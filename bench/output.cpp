// What each output costs a call, in nanoseconds on one core, written to /dev/null: bench_output [CALLS]. The
// best of five rounds, since other programs only ever slow it down.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include "sonde/output/csv_sink.hpp"
#include "sonde/output/json_sink.hpp"
#include "sonde/output/summary_sink.hpp"
#include "sonde/output/text_sink.hpp"

namespace {

using namespace sonde;

struct Sample {
  const char* name;
  std::array<std::uint64_t, 6> args;
  std::int64_t ret;
  std::string_view memory;  // At args[1].
};

constexpr Sample samples[] = {
    {"getppid", {}, 4711, {}},
    {"close", {3}, 0, {}},
    {"read", {3, 0x7ffe1000, 4096}, 31, "# Locale name alias data base.\n"},
    {"access", {0, 0, 4}, -2, {}},
};

std::vector<std::byte> segment(const Sample& sample) {
  const event::SegmentHeader header{sample.args[1], static_cast<std::uint32_t>(sample.memory.size()),
                                    event::SegmentKind::data, 0};
  std::vector<std::byte> bytes(sizeof header + event::align8(sample.memory.size()));
  std::memcpy(bytes.data(), &header, sizeof header);
  if (!sample.memory.empty())
    std::memcpy(bytes.data() + sizeof header, sample.memory.data(), sample.memory.size());
  return bytes;
}

using MakeSink = std::function<std::unique_ptr<output::Sink>(output::Stream&)>;

// Nanoseconds a call, the entry and the exit told as the console tells them.
double cost(const MakeSink& make, const Sample& sample, std::uint64_t calls) {
  output::Stream out(UniqueFd(::open("/dev/null", O_WRONLY | O_CLOEXEC)));
  const auto sink = make(out);
  const auto memory = segment(sample);
  decode::Call call{};
  call.task = {4242, 4242};
  call.row = syscall::find(Abi::x86_64, sample.name);
  call.nr = call.row->nr;
  call.args = sample.args;
  const auto begin = std::chrono::steady_clock::now();
  for (std::uint64_t i = 0; i < calls; ++i) {
    call.enter_time = i * 5000;
    call.exit.reset();
    sink->call_entered(call);
    call.exit = decode::CallExit{i * 5000 + 900, sample.ret, sample.ret < 0, event::Snapshot(memory)};
    sink->call_exited(call);
  }
  const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - begin;
  return taken.count() / static_cast<double>(calls);
}

double best(const MakeSink& make, const Sample& sample, std::uint64_t calls) {
  double best = cost(make, sample, calls / 5);
  for (int round = 1; round < 5; ++round) best = std::min(best, cost(make, sample, calls / 5));
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t calls = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  output::TextOptions timed;
  timed.clock = output::Clock::microseconds;
  timed.durations = true;
  const std::pair<const char*, MakeSink> sinks[] = {
      {"text",
       [](output::Stream& out) {
         return std::make_unique<output::TextSink>(out, out, output::TextOptions{});
       }},
      {"text -tt -T",
       [&](output::Stream& out) { return std::make_unique<output::TextSink>(out, out, timed); }},
      {"json", [](output::Stream& out) { return std::make_unique<output::JsonSink>(out, decode::Style{}); }},
      {"csv",
       [](output::Stream& out) { return std::make_unique<output::CsvSink>(out, output::CsvOptions{}); }},
      {"-c", [](output::Stream& out) {
         return std::make_unique<output::SummarySink>(out, output::SummarySink::Form::text,
                                                      output::SummaryOrder::time, false);
       }}};
  fmt::print("{:12}", "ns a call");
  for (const Sample& sample : samples) fmt::print("{:>10}", sample.name);
  fmt::print("\n");
  for (const auto& [name, make] : sinks) {
    fmt::print("{:12}", name);
    for (const Sample& sample : samples) fmt::print("{:10.0f}", best(make, sample, calls));
    fmt::print("\n");
  }
}
