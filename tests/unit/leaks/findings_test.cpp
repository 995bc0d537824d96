#include "sonde/leaks/findings.hpp"

#include <string>

#include <doctest/doctest.h>

#include "sonde/leaks/baseline.hpp"
#include "unit/leaks/world.hpp"

using namespace sonde::leaks;
using sonde::suppress::LeakKinds;
using sonde::suppress::Suppressions;
using sonde::suppress::SuppressionSet;

namespace {

// Stack n is malloc, f<n>, main.
class Stacks {
 public:
  std::span<const Frame> operator()(std::uint32_t stack) {
    if (stack == 0) return {};
    name_ = "f" + std::to_string(stack);
    frames_ = {
        {.linkage_name = "malloc", .module = "/lib/libc.so.6"},
        {.linkage_name = name_, .function = name_, .file = "/src/app.c", .line = 7, .module = "/bin/app"},
        {.linkage_name = "main", .function = "main", .module = "/bin/app"}};
    return frames_;
  }

 private:
  std::string name_;
  std::vector<Frame> frames_;
};

// Two lost pairs of stacks 1 -> 2 and 3 -> 2, three blocks alone of stack 4, one that is held.
struct Lost {
  Lost() {
    world.block(0x1000, 16, {0x2000});
    world.block(0x2000, 40);
    world.block(0x3000, 16, {0x4000});
    world.block(0x4000, 24);
    for (const std::uint64_t address : {0x5000, 0x5100, 0x5200}) world.block(address, 100);
    world.block(0x6000, 8);
    world.registers = {0x6000};
    outcome = world.scan();
  }
  Findings find(SuppressionSet* set) {
    const StackFrames frames = Stacks();
    return sonde::leaks::find({outcome, world.blocks(), stacks, frames}, set);
  }

  World world;
  Outcome outcome;
  std::vector<std::uint32_t> stacks{1, 2, 3, 2, 4, 4, 4, 5};
};

SuppressionSet set_of(std::string_view text) {
  Suppressions suppressions;
  suppressions.add("a.supp", text);
  REQUIRE(suppressions.problems().empty());
  return SuppressionSet(std::move(suppressions));
}

const Record* record_of(const Findings& findings, LeakClass kind, std::uint32_t stack) {
  for (const Record& record : findings.records)
    if (record.kind == kind && record.stack == stack) return &record;
  return nullptr;
}

}  // namespace

TEST_CASE("blocks of a class and a stack are a record, and the largest come first") {
  Lost lost;
  const Findings findings = lost.find(nullptr);
  REQUIRE(findings.records.size() == 5);
  CHECK(findings.records[0].stack == 4);
  CHECK(findings.records[0].blocks == 3);
  CHECK(findings.records[0].bytes == 300);
  CHECK(findings.records[0].first[2].address == 0x5200);
  const Record* indirect = record_of(findings, LeakClass::indirect, 2);
  REQUIRE(indirect != nullptr);
  CHECK(indirect->blocks == 2);
  CHECK(indirect->bytes == 64);
  const Record* leader = record_of(findings, LeakClass::definite, 1);
  REQUIRE(leader != nullptr);
  CHECK(leader->bytes == 16);
  CHECK(leader->kept_blocks == 1);
  CHECK(leader->kept_bytes == 40);
  CHECK(findings.total(LeakClass::definite).bytes == 332);
  CHECK(findings.total(LeakClass::indirect).blocks == 2);
  CHECK(findings.total(LeakClass::reachable).bytes == 8);
  CHECK(findings.count(LeakKinds::all(), false) == 5);
}

TEST_CASE("what is suppressed takes along what it keeps") {
  Lost lost;
  SuppressionSet set = set_of("leak:^f1$\nleak:^nothing$\n");
  const Findings findings = lost.find(&set);
  CHECK(findings.records.size() == 4);
  REQUIRE(findings.suppressed.size() == 1);
  CHECK(findings.suppressed[0].suppression == std::size_t{0});
  CHECK(findings.suppressed_total.blocks == 2);
  CHECK(findings.suppressed_total.bytes == 56);
  CHECK(set.uses()[0].blocks == 2);
  CHECK(set.uses()[0].bytes == 56);
  CHECK(set.unused() == std::vector<std::size_t>{1});
  REQUIRE(record_of(findings, LeakClass::indirect, 2) != nullptr);
  CHECK(record_of(findings, LeakClass::indirect, 2)->bytes == 24);
}

TEST_CASE("an indirect record can be suppressed by itself, and a class alone") {
  Lost lost;
  SuppressionSet set = set_of(
      "{\n x\n Memcheck:Leak\n match-leak-kinds: indirect\n fun:malloc\n}\n"
      "{\n y\n Memcheck:Leak\n match-leak-kinds: reachable\n fun:malloc\n fun:f5\n}\n");
  const Findings findings = lost.find(&set);
  CHECK(findings.total(LeakClass::indirect).blocks == 0);
  CHECK(findings.total(LeakClass::reachable).blocks == 0);
  CHECK(findings.total(LeakClass::definite).blocks == 5);
  CHECK(findings.suppressed_total.blocks == 3);
}

TEST_CASE("blocks whose stack is not known") {
  Lost lost;
  lost.stacks.resize(4);
  const Findings findings = lost.find(nullptr);
  const Record* unknown = record_of(findings, LeakClass::definite, 0);
  REQUIRE(unknown != nullptr);
  CHECK(unknown->blocks == 3);
  CHECK(unknown->fingerprint == 0);
}

TEST_CASE("a fingerprint is of functions and files alone") {
  const Frame malloc_frame{.linkage_name = "malloc@@GLIBC_2.2.5", .line = 3, .module = "/lib/libc.so.6"};
  const Frame inlined{.linkage_name = "_Z1gv", .module = "/bin/app", .inlined = true};
  const Frame function{.linkage_name = "_Z1fv", .function = "f()", .line = 8, .module = "/bin/app"};
  const Frame main{.linkage_name = "main", .function = "main", .module = "/bin/app"};
  const Frame start{.linkage_name = "_start", .module = "/bin/app"};
  const auto of = [](const std::vector<Frame>& frames) { return fingerprint(frames); };
  const std::uint64_t whole = of({malloc_frame, inlined, function, main, start});
  CHECK(whole != 0);
  Frame moved = function;
  moved.line = 9;
  moved.module = "/opt/app";
  Frame unversioned = malloc_frame;
  unversioned.linkage_name = "malloc";
  CHECK(of({unversioned, moved, main}) == whole);
  CHECK(of({malloc_frame, main}) != whole);
  CHECK(of({function, malloc_frame, main}) != whole);
  CHECK(of({}) == 0);
  // It must not change from one version of sonde to the next.
  CHECK(of({main}) == 0xb5af7b0f4df7ad89);
}

TEST_CASE("a baseline knows the records of a report") {
  Lost lost;
  Findings findings = lost.find(nullptr);
  const std::uint64_t known = record_of(findings, LeakClass::definite, 4)->fingerprint;
  char text[200];
  std::snprintf(text, sizeof text,
                R"({"kind":"leaks","records":[{"class":"reachable","fingerprint":"%016lx","stack":[]},{}]})"
                "\n"
                R"({"records":[{"stack":[{"fingerprint":"77"}]}]})",
                known);
  const auto baseline = parse_baseline(text);
  REQUIRE(baseline);
  CHECK(baseline->size() == 1);
  baseline->mark(findings);
  CHECK(record_of(findings, LeakClass::definite, 4)->known);
  CHECK_FALSE(record_of(findings, LeakClass::definite, 1)->known);
  CHECK(findings.count(LeakKinds::all(), true) == findings.records.size() - 1);
  CHECK_FALSE(baseline->has(0));
}

TEST_CASE("a baseline that is none") {
  CHECK_FALSE(parse_baseline(""));
  CHECK_FALSE(parse_baseline("{}"));
  CHECK_FALSE(parse_baseline("{\"records\":[{\"fingerprint\":"));
  CHECK_FALSE(parse_baseline("{\"records\":" + std::string(1000, '[')));
  const auto empty =
      parse_baseline(R"({"records":[{"fingerprint":"xyz"},{"fingerprint":"0"},{"fingerprint":7}]})");
  REQUIRE(empty);
  CHECK_FALSE(empty->has(0));
}
