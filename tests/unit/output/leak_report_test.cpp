#include "sonde/output/leak_report.hpp"

#include <doctest/doctest.h>

#include "sonde/leaks/baseline.hpp"
#include "sonde/suppress/leak_report.hpp"
#include "unit/output/leaks.hpp"
#include "unit/output/schema.hpp"

using namespace sonde::output;
using sonde::leaks::LeakClass;

namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("leaks for people") {
  const LostBlocks lost;
  LeakReportOptions options{.unused = true, .baseline = true};
  options.shown.add(LeakClass::indirect);
  const std::string text = leak_report_text(lost.source(), options);
  CHECK(text ==
        R"(Leaks of process 7 (/bin/<app>\033), at its exit
  definitely lost        316 B in 4 blocks; 1 stack in the baseline
  indirectly lost         64 B in 2 blocks
  possibly lost            8 B in 1 block
  still reachable          0 B in 0 blocks
  suppressed              44 B in 4 blocks
  stopped for 1.0 ms, searched for 2.0 ms: 1,234 words

Definitely lost, from 2 stacks
  300 B in 3 blocks, and 64 B in 2 blocks that they keep (new), 0x1000 ...
    malloc (libc.so.6)
    wrap (a b.cpp:5)
    read<"&'>\033[31m\377\001]]> (read\377.cpp:9)
    main (main.cpp:2)
  16 B in 1 block (in the baseline), 0x1100
    malloc (libc.so.6)
    ?? (libother.so)

Indirectly lost, from 1 stack
  64 B in 2 blocks (new), 0x1200 ...
    malloc (libc.so.6)
    wrap (a b.cpp:5)
    read<"&'>\033[31m\377\001]]> (read\377.cpp:9)
    main (main.cpp:2)

Possibly lost, from 1 stack
  8 B in 1 block (new), 0x1300
    (no stack)

Suppressions
    blocks       bytes
         4        44 B  libother.so (sup<".supp:1)

Suppressions that have hidden nothing
  ^nothing\033$ (sup<".supp:2)

a note & more
)");
}

TEST_CASE("only so many records and frames are told") {
  const LostBlocks lost;
  const std::string text = leak_report_text(lost.source(), {.top = 1, .frames = 2});
  CHECK(has(text, "Definitely lost, from 2 stacks, of which the 1 largest"));
  CHECK(has(text, "and 2 more\n"));
  CHECK_FALSE(has(text, "libother.so)\n\n"));
  CHECK_FALSE(has(text, "baseline"));
}

TEST_CASE("leaks for programs") {
  const LostBlocks lost;
  const std::string json = leak_report_json(lost.source());
  const auto document = parsed(json);
  CHECK(Schema().complaint(json) == "");
  CHECK(std::string(document["kind"].GetString()) == "leaks");
  CHECK(document["totals"]["definite"]["bytes"].GetUint64() == 316);
  CHECK(document["totals"]["suppressed"]["blocks"].GetUint64() == 4);
  REQUIRE(document["records"].Size() == 5);
  CHECK(document["records"][0]["kept_bytes"].GetUint64() == 64);
  CHECK(document["records"][0]["stack"].Size() == 5);
  CHECK(document["records"][1]["known"].GetBool());
  CHECK_FALSE(document["records"][3].HasMember("fingerprint"));
  CHECK(std::string(document["records"][4]["suppressed_by"]["name"].GetString()) == "libother.so");
  CHECK(document["suppressions"].Size() == 2);
}

TEST_CASE("a report is what the check of suppressions and the baseline read") {
  const LostBlocks lost;
  const std::string json = leak_report_json(lost.source());
  const auto uses = sonde::suppress::parse_leak_report(json + json);
  REQUIRE(uses);
  REQUIRE(uses->size() == 4);
  CHECK(uses->at(0).file == "sup<\".supp");
  CHECK(uses->at(0).line == 1);
  CHECK(uses->at(0).name == "libother.so");
  CHECK(uses->at(0).count == 4);
  CHECK(uses->at(0).bytes == 44);
  CHECK(uses->at(1).count == 0);
  const auto baseline = sonde::leaks::parse_baseline(json);
  REQUIRE(baseline);
  CHECK(baseline->size() == 3);
  CHECK(baseline->has(lost.findings.records[0].fingerprint));
  CHECK(baseline->has(0xfeed));
}

TEST_CASE("suppressions that would hide the leaks") {
  const LostBlocks lost;
  const std::string text = leak_report_suppressions(lost.source(), {});
  CHECK(has(text, "match-leak-kinds: definite\n   fun:malloc\n   fun:wrap\n"));
  CHECK_FALSE(has(text, "libother.so"));  // In the baseline.
  sonde::suppress::Suppressions read;
  read.add("written", text);
  CHECK(read.problems().empty());
  CHECK(read.all().size() == 1);
}
