#include "sonde/output/summary.hpp"

#include <doctest/doctest.h>
#include <rapidjson/document.h>

using namespace sonde;
using namespace sonde::analysis;
using namespace sonde::output;

namespace {

void apply(CallStatistics& statistics, pid_t pid, std::uint32_t nr, Nanoseconds duration, bool failed = false,
           Abi abi = Abi::x86_64, bool in_flight = false) {
  statistics.apply({{pid, pid}, abi, nr, duration, failed, in_flight});
}

// RapidJSON's own == recurses for ever in C++20.
std::string_view text(const rapidjson::Value& value) { return {value.GetString(), value.GetStringLength()}; }

// Three reads, four opens of which two fail, one call that never returned. Numbers that no table has a row
// for, so that the names do not depend on one.
CallStatistics some(bool per_process) {
  CallStatistics statistics(per_process);
  for (const Nanoseconds us : {100, 200, 60'000}) apply(statistics, 10, 1000, us * 1000);
  for (const bool failed : {true, false, true, false}) apply(statistics, 11, 1001, 4'999, failed);
  apply(statistics, 11, 1002, 12'000'000'000, false, Abi::x86_64, true);
  return statistics;
}

}  // namespace

TEST_CASE("the table has strace's columns and more") {
  CHECK(
      summary_text(some(false), SummaryOrder::time) ==
      R"(% time     seconds  usecs/call     calls    errors  shortest       p50       p90       p99   longest syscall
------ ----------- ----------- --------- --------- --------- --------- --------- --------- --------- ----------------
 99.50   12.000000    12000000         1           12.000000 12.000000 12.000000 12.000000 12.000000 syscall_0x3ea
  0.50    0.060300       20100         3            0.000100  0.000199  0.060000  0.060000  0.060000 syscall_0x3e8
  0.00    0.000019           4         4         2  0.000004  0.000004  0.000004  0.000004  0.000004 syscall_0x3e9
------ ----------- ----------- --------- --------- --------- --------- --------- --------- --------- ----------------
100.00   12.060319     1507539         8         2  0.000004  0.000005 12.000000 12.000000 12.000000 total
1 of the calls had not returned, and is counted with the time until then: syscall_0x3ea 1
)");
}

TEST_CASE("rows are ordered as asked") {
  const auto names = [](SummaryOrder order) {
    const std::string csv = summary_csv(some(false), order);
    std::string found;
    for (std::size_t at = 0; (at = csv.find("syscall_0x3e", at)) != csv.npos; ++at) found += csv[at + 12];
    return found;
  };
  CHECK(names(SummaryOrder::time) == "a89");
  CHECK(names(SummaryOrder::calls) == "98a");
  CHECK(names(SummaryOrder::errors) == "98a");
  CHECK(names(SummaryOrder::name) == "89a");
  CHECK(names(SummaryOrder::none) == "89a");
  CHECK(names(SummaryOrder::shortest) == "a89");
  CHECK(names(SummaryOrder::longest) == "a89");
  CHECK(names(SummaryOrder::mean) == "a89");
  CHECK(summary_order_named("max-time") == SummaryOrder::longest);
  CHECK(summary_order_named("count") == SummaryOrder::calls);
  CHECK_FALSE(summary_order_named("tme").has_value());
}

TEST_CASE("each ABI and each process has its table") {
  CallStatistics statistics(true);
  apply(statistics, 10, 1000, 1000);
  apply(statistics, 11, 1001, 1000, true, Abi::i386);
  statistics.name_process(10, "make\x1b");
  const std::string text = summary_text(statistics, SummaryOrder::time);
  const auto at = [&](std::string_view part) {
    const std::size_t found = text.find(part);
    CAPTURE(part);
    CHECK(found != text.npos);
    return found;
  };
  CHECK(at("syscall_0x3e8") < at("System call usage summary for 32 bit mode:\n% time"));
  CHECK(at("total\n\nProcess 10 (make\\033):\n% time") <
        at("total\n\nProcess 11:\nSystem call usage summary for 32 bit"));
}

TEST_CASE("without a call there is an empty table") {
  CHECK(
      summary_text(CallStatistics(), SummaryOrder::time) ==
      R"(% time     seconds  usecs/call     calls    errors shortest      p50      p90      p99  longest syscall
------ ----------- ----------- --------- --------- -------- -------- -------- -------- -------- ----------------
------ ----------- ----------- --------- --------- -------- -------- -------- -------- -------- ----------------
100.00    0.000000           0         0           0.000000 0.000000 0.000000 0.000000 0.000000 total
)");
}

TEST_CASE("the JSON form says the same in nanoseconds") {
  CallStatistics statistics = some(true);
  statistics.name_process(10, "ls");
  const std::string json = summary_json(statistics, SummaryOrder::time);
  CHECK(json.find('\n') == json.size() - 1);
  rapidjson::Document document;
  REQUIRE_FALSE(document.Parse(json.c_str()).HasParseError());
  CHECK(text(document["kind"]) == "summary");
  const auto& calls = document["calls"];
  REQUIRE(calls.Size() == 3);
  CHECK(text(calls[0]["syscall"]) == "syscall_0x3ea");
  CHECK(calls[0]["in_flight"].GetUint64() == 1);
  CHECK(calls[0]["max_ns"].GetUint64() == 12'000'000'000);
  CHECK(calls[1]["calls"].GetUint64() == 3);
  CHECK(calls[1]["min_ns"].GetUint64() == 100'000);
  CHECK(calls[1]["mean_ns"].GetUint64() == 20'100'000);
  CHECK(calls[2]["errors"].GetUint64() == 2);
  CHECK(document["total"][0]["calls"].GetUint64() == 8);
  REQUIRE(document["processes"].Size() == 2);
  CHECK(document["processes"][0]["pid"].GetUint64() == 10);
  CHECK(text(document["processes"][0]["comm"]) == "ls");
  CHECK(document["processes"][1]["calls"].Size() == 2);
}
