// What a process lost, made up, with names as hostile as they can be.
#pragma once

#include <string>
#include <vector>

#include "sonde/output/leak_report.hpp"

namespace sonde::output {

class LostBlocks {
 public:
  LostBlocks() : set_(suppressions()) {
    using leaks::LeakClass;
    add({.kind = LeakClass::definite,
         .stack = 1,
         .blocks = 3,
         .bytes = 300,
         .kept_blocks = 2,
         .kept_bytes = 64});
    add({.kind = LeakClass::definite, .stack = 2, .blocks = 1, .bytes = 16});
    add({.kind = LeakClass::indirect, .stack = 1, .blocks = 2, .bytes = 64});
    add({.kind = LeakClass::possible, .stack = 0, .blocks = 1, .bytes = 8});
    findings.records[1].known = true;
    leaks::Record hidden{.kind = LeakClass::definite, .stack = 2, .blocks = 4, .bytes = 44};
    hidden.suppression = set_.apply({hidden.kind, frames(2)}, 4, 44);
    hidden.fingerprint = 0xfeed;
    findings.suppressed.push_back(hidden);
    findings.suppressed_total = {4, 44};
  }

  LeakReportSource source() const {
    return {.findings = findings,
            .frames = frames,
            .suppressions = &set_,
            .pid = 7,
            .exe = "/bin/<app>\x1b",
            .when = "exit",
            .stopped_for = 1'000'000,
            .scanned_for = 2'000'000,
            .words_scanned = 1234,
            .unreadable_bytes = 0,
            .notes = {"a note & more"}};
  }

  leaks::Findings findings;
  leaks::StackFrames frames = [](std::uint32_t stack) -> std::span<const leaks::Frame> {
    static const std::vector<leaks::Frame> first = {
        {.linkage_name = "malloc", .function = "malloc", .module = "/usr/lib/libc.so.6"},
        {.linkage_name = "_Z4wrapi",
         .function = "wrap(int)",
         .file = "/src/a b.cpp",
         .line = 5,
         .module = "/bin/app",
         .inlined = true},
        {.linkage_name = "_Z4readI1<&>]]>",
         .function = "read<\"&'>\x1b[31m\xff\x01]]>(int)",
         .file = "/src/read\xff.cpp",
         .line = 9,
         .module = "/bin/app"},
        {.linkage_name = "main",
         .function = "main",
         .file = "/src/main.cpp",
         .line = 2,
         .module = "/bin/app"},
        {.linkage_name = "_start", .module = "/bin/app"}};
    static const std::vector<leaks::Frame> second = {
        {.linkage_name = "malloc", .function = "malloc", .module = "/usr/lib/libc.so.6"},
        {.module = "/usr/lib/libother.so"}};
    if (stack == 0) return {};
    return stack == 1 ? first : second;
  };

 private:
  static suppress::Suppressions suppressions() {
    suppress::Suppressions all;
    all.add("sup<\".supp", "leak:libother.so\nleak:^nothing\x1b$\n{\n x\n Memcheck:Cond\n fun:malloc\n}\n");
    return all;
  }
  void add(leaks::Record record) {
    record.first[0] = {0x1000 + findings.records.size() * 0x100, record.bytes / record.blocks};
    record.fingerprint = leaks::fingerprint(frames(record.stack));
    leaks::ClassTotal& total = findings.totals[static_cast<std::size_t>(record.kind)];
    total.blocks += record.blocks;
    total.bytes += record.bytes;
    findings.records.push_back(record);
  }

  suppress::SuppressionSet set_;
};

}  // namespace sonde::output
