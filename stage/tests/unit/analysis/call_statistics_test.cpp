#include "sonde/analysis/call_statistics.hpp"

#include <doctest/doctest.h>

#include "sonde/base/limits.hpp"

using namespace sonde;
using namespace sonde::analysis;

namespace {

CallSample sample(pid_t pid, std::uint32_t nr, Nanoseconds duration, bool failed = false) {
  return {{pid, pid}, Abi::x86_64, nr, duration, failed, false};
}

}  // namespace

TEST_CASE("calls are counted by number, with their times and errors") {
  CallStatistics statistics;
  statistics.apply(sample(1, 0, 100));
  statistics.apply(sample(1, 0, 300, true));
  statistics.apply(sample(2, 0, 200));
  statistics.apply(sample(2, 3, 50));
  CallSample stuck = sample(2, 3, 1000);
  stuck.in_flight = true;
  statistics.apply(stuck);

  const auto rows = statistics.all().rows(Abi::x86_64);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0]->calls == 3);
  CHECK(rows[0]->errors == 1);
  CHECK(rows[0]->total == 600);
  CHECK(rows[0]->shortest == 100);
  CHECK(rows[0]->mean() == 200);
  CHECK(rows[0]->longest == 300);
  CHECK(rows[0]->in_flight == 0);
  CHECK(rows[1]->calls == 2);
  CHECK(rows[1]->in_flight == 1);
  CHECK(rows[1]->longest == 1000);

  const CallTotals total = statistics.all().total(Abi::x86_64);
  CHECK(total.name == "total");
  CHECK(total.calls == 5);
  CHECK(total.errors == 1);
  CHECK(total.in_flight == 1);
  CHECK(total.total == 1650);
  CHECK(total.shortest == 50);
  CHECK(total.longest == 1000);
  CHECK(total.durations.count() == 5);
  CHECK(statistics.all().rows(Abi::i386).empty());
  CHECK(statistics.processes().empty());
}

TEST_CASE("ABIs are apart, and numbers that no table can hold share a row") {
  CallStatistics statistics;
  CallSample call = sample(1, 4, 10);
  statistics.apply(call);
  call.abi = Abi::i386;
  statistics.apply(call);
  call.abi = Abi::x32;
  call.nr = 0x40000000 | 4;
  statistics.apply(call);
  for (const Abi abi : {Abi::x86_64, Abi::i386, Abi::x32}) CHECK(statistics.all().rows(abi).size() == 1);

  for (std::uint32_t nr = 0; nr < 100'000; ++nr) statistics.apply(sample(1, nr * 7919u, 1));
  statistics.apply(sample(1, 0xffffffff, 1));
  const auto rows = statistics.all().rows(Abi::x86_64);
  CHECK(rows.size() <= limits::statistics_numbers + 1);
  CHECK(rows.back()->name == "(unknown numbers)");
  CHECK(statistics.all().total(Abi::x86_64).calls == 100'002);
}

TEST_CASE("processes have their own tables up to a bound") {
  CallStatistics statistics(true);
  const auto bound = static_cast<pid_t>(limits::statistics_processes);
  for (pid_t pid = 1; pid <= bound + 100; ++pid) {
    statistics.name_process(pid, "worker");
    statistics.apply(sample(pid, 1, 5));
  }
  statistics.apply(sample(7, 1, 5));
  REQUIRE(statistics.processes().size() == limits::statistics_processes + 1);
  CHECK(statistics.processes().at(7).comm == "worker");
  CHECK(statistics.processes().at(7).table.total(Abi::x86_64).calls == 2);
  CHECK(statistics.processes().at(0).table.total(Abi::x86_64).calls == 100);
  CHECK(statistics.processes().at(0).comm.empty());
}
