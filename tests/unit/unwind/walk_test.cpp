// Walks by call frame information over stacks made by hand.
#include <array>

#include <doctest/doctest.h>

#include "sonde/base/limits.hpp"
#include "unit/unwind/fake_process.hpp"

using namespace sonde::unwind;
using namespace sonde::unwind::test;

namespace {

using Pcs = std::vector<std::uint64_t>;

constexpr std::uint64_t stack = FakeProcess::stack;
constexpr int rbx = 3, rbp = 6, rsp = 7, r10 = 10, rip = 16;

// DW_CFA_undefined of the return address.
const ByteBuilder outermost{0x07, rip};

// Of a function whose frame is found by rsp, in one by rbp, in the outermost.
std::array<std::uint64_t, 3> frames_by_rsp_and_rbp(FakeProcess& process) {
  const auto leaf = process.function(0x1000, {0x0e, 32});
  const auto middle = process.function(0x2000, {0x0c, rbp, 16, 0x80 | rbp, 2});
  const auto outer = process.function(0x3000, outermost);
  process.registers[Register::rip] = leaf;
  process.registers[Register::rsp] = stack;
  process.registers[Register::rbp] = stack + 0x100;
  process.memory.put(stack + 24, middle);
  process.memory.put(stack + 0x100, 0x4711);
  process.memory.put(stack + 0x108, outer);
  return {leaf, middle, outer};
}

}  // namespace

TEST_CASE("frames by rsp and by rbp, up to the outermost") {
  FakeProcess process;
  const auto [leaf, middle, outer] = frames_by_rsp_and_rbp(process);
  const Walk walk = process.walk();
  CHECK(walk.end == End::complete);
  CHECK(process.pcs(walk) == Pcs{leaf, middle, outer});
  CHECK(process.frames[0].exact);
  CHECK(process.frames[0].found == Found::registers);
  CHECK_FALSE(process.frames[1].exact);
  CHECK(process.frames[1].found == Found::cfi);
  CHECK(process.frames[1].module == 0);
}

TEST_CASE("a stack that is small enough is read once") {
  FakeProcess process;
  const auto recursive = process.function(0x1000, {0x0e, 32});
  const auto outer = process.function(0x3000, outermost);
  process.memory.map(stack - 128, stack);
  process.registers[Register::rip] = recursive;
  process.registers[Register::rsp] = stack;
  for (std::uint64_t i = 0; i < 20; ++i) process.memory.put(stack + 24 + 32 * i, i < 19 ? recursive : outer);
  const Walk walk = process.walk();
  CHECK(walk.end == End::complete);
  CHECK(walk.frames == 21);
  CHECK(process.memory.reads == 1);
}

TEST_CASE("a deep stack is read as often as the window fills") {
  FakeProcess process;
  const auto recursive = process.function(0x1000, ByteBuilder({0x0e}).uleb(512));
  const auto outer = process.function(0x3000, outermost);
  process.memory.map(stack - 128, stack + 0x4000);
  process.registers[Register::rip] = recursive;
  process.registers[Register::rsp] = stack;
  for (std::uint64_t i = 0; i < 20; ++i)
    process.memory.put(stack + 504 + 512 * i, i < 19 ? recursive : outer);
  const Walk walk = process.walk();
  CHECK(walk.end == End::complete);
  CHECK(walk.frames == 21);
  CHECK(process.memory.reads <= 20);
}

TEST_CASE("a walk says how far up it went, and the next one reads no more than that") {
  FakeProcess process;
  const auto leaf = process.function(0x1000, {0x0e, 32});
  const auto outer = process.function(0x3000, outermost);
  process.memory.map(stack - 128, stack);
  process.registers[Register::rip] = leaf;
  process.registers[Register::rsp] = stack;
  process.memory.put(stack + 24, outer);
  const Walk first = process.walk();
  CHECK(first.reach.value == stack + 32);
  CHECK(process.memory.bytes_read == process.window.size());
  process.memory.bytes_read = 0;
  // A frame more: the stack has grown downwards.
  process.memory.map(stack - 160, stack);
  process.registers[Register::rsp] = stack - 32;
  process.memory.put(stack - 8, leaf);
  const Walk second = process.walk_from(process.registers, first.reach);
  CHECK(process.pcs(second) == Pcs{leaf, leaf, outer});
  CHECK(second.reach.value == first.reach.value);
  CHECK(process.memory.bytes_read == 128 + 64);
}

TEST_CASE("a wrong reach costs reads, and no frames") {
  for (const std::uint64_t reach : {stack - 128, stack - 64, stack, stack + 8, stack + 0x800, ~0ul}) {
    CAPTURE(reach);
    FakeProcess process;
    const auto leaf = process.function(0x1000, {0x0e, 32});
    const auto outer = process.function(0x3000, outermost);
    process.memory.map(stack - 128, stack);
    process.registers[Register::rip] = leaf;
    process.registers[Register::rsp] = stack;
    process.memory.put(stack + 24, outer);
    const Walk walk = process.walk_from(process.registers, {reach});
    CHECK(walk.end == End::complete);
    CHECK(process.pcs(walk) == Pcs{leaf, outer});
  }
}

TEST_CASE("pc and sp are enough where the stack alone leads on") {
  FakeProcess process;
  const auto leaf = process.function(0x1000, {0x0e, 32});
  const auto saving = process.function(0x2000, {0x0e, 32, 0x80 | rbp, 2});
  const auto by_saved = process.function(0x3000, {0x0c, rbp, 16, 0x80 | rbp, 2});
  const auto outer = process.function(0x4000, outermost);
  process.registers[Register::rip] = leaf;
  process.registers[Register::rsp] = stack;
  process.memory.put(stack + 24, saving);
  process.memory.put(stack + 48, stack + 0x100);
  process.memory.put(stack + 56, by_saved);
  process.memory.put(stack + 0x108, outer);
  const Walk walk = process.walk_from_call();
  CHECK(walk.end == End::complete);
  CHECK(process.pcs(walk) == Pcs{leaf, saving, by_saved, outer});
  CHECK(process.asked == 0);
}

TEST_CASE("other registers are asked for once, and the stack is not read again") {
  FakeProcess process;
  const auto [leaf, by_rbp, outer] = frames_by_rsp_and_rbp(process);
  process.memory.map(stack - 128, stack);
  const Walk walk = process.walk_from_call();
  CHECK(walk.end == End::complete);
  CHECK(process.pcs(walk) == Pcs{leaf, by_rbp, outer});
  CHECK(process.asked == 1);
  CHECK(process.memory.reads == 1);
}

TEST_CASE("code without information asks for the registers too; a task that is gone has no frames") {
  FakeProcess process;
  const auto outer = process.function(0x3000, outermost);
  process.bare_code(0x900000, 0x901000);
  process.registers[Register::rip] = 0x900100;
  process.registers[Register::rsp] = stack;
  process.registers[Register::rbp] = stack + 0x40;
  process.memory.put(stack + 0x40, 0);
  process.memory.put(stack + 0x48, outer);
  const Walk walk = process.walk_from_call();
  CHECK(process.pcs(walk) == Pcs{0x900100, outer});
  CHECK(process.frames[1].found == Found::frame_pointer);
  CHECK(process.asked == 1);
  const Start of_nobody(process.registers.pc(), process.registers.sp(), [] { return std::nullopt; });
  CHECK(process.walk_from(of_nobody).frames == 0);
}

TEST_CASE("callers are looked up one byte before their return address") {
  // The call is its function's last instruction: the return address is the next function's begin.
  FakeProcess process;
  const auto leaf = process.function(0x1000, {});
  process.function(0x2000, {0x0e, 48});
  process.function(0x2100, {0x0e, 80});
  const auto outer = process.function(0x3000, outermost);
  process.registers[Register::rip] = leaf;
  process.registers[Register::rsp] = stack;
  process.memory.put(stack, FakeProcess::bias + 0x2100);
  process.memory.put(stack + 8 + 40, outer);
  const Walk walk = process.walk();
  CHECK(walk.end == End::complete);
  CHECK(process.pcs(walk) == Pcs{leaf, FakeProcess::bias + 0x2100, outer});
}

TEST_CASE("a register that gcc says is saved at rbp is the caller's again once rbp is") {
  // The end of a function that has realigned its stack: CFA = r10 until the last instruction, the ret.
  for (const bool popped : {false, true}) {
    CAPTURE(popped);
    FakeProcess process;
    const auto realigned =
        process.function(0x1000, {0x0c, r10, 0, 0x10, rbp, 2, 0x76, 0, 0x10, 12, 2, 0x76, 0x78});
    const auto middle = process.function(0x2000, {0x0c, rbp, 16, 0x80 | rbp, 2, 0x80 | 12, 3});
    const auto outer = process.function(0x3000, outermost);
    process.registers[Register::rip] = realigned;
    process.registers[Register::rsp] = stack;
    process.registers[Register::r10] = stack + 0x40;
    process.memory.put(stack + 0x38, middle);
    process.memory.put(stack + 0x10, stack + 0x80);  // rbp as the function has saved it.
    process.registers[Register::rbp] = popped ? stack + 0x80 : stack + 0x10;
    process.memory.put(stack + 0x80, stack + 0x200);
    process.memory.put(stack + 0x88, outer);
    const Walk walk = process.walk();
    CHECK(walk.end == End::complete);
    CHECK(process.pcs(walk) == Pcs{realigned, middle, outer});
  }
}

TEST_CASE("after a signal frame the pc itself is looked up, and all registers are back") {
  FakeProcess process;
  const auto handler = process.function(0x1000, {});
  // A frame like __restore_rt's: everything from expressions relative to rsp.
  const auto restorer_cie = process.cfi.cie("zRS", {0x00}, at_entry());
  process.cfi.fde_of(restorer_cie, ByteBuilder()
                                       .u64(0x2000)
                                       .u64(0x100)
                                       .uleb(0)
                                       .add({0x0f, 3, 0x77, 0x20, 0x06})   // CFA = *(rsp + 0x20)
                                       .add({0x10, rip, 2, 0x77, 0x28})    // rip at rsp + 0x28
                                       .add({0x10, r10, 2, 0x77, 0x30}));  // r10 at rsp + 0x30
  const std::uint64_t restorer = FakeProcess::bias + 0x2080;
  // Interrupted at its first instruction, where its CFA is in r10.
  process.function(0x3000, {0x0c, r10, 16, 0x44, 0x0c, 7, 8});
  const std::uint64_t interrupted = FakeProcess::bias + 0x3000;
  const auto outer = process.function(0x4000, outermost);
  process.registers[Register::rip] = handler;
  process.registers[Register::rsp] = stack + 0x800;  // A signal stack above the one that was interrupted.
  process.memory.put(stack + 0x800, restorer);
  process.memory.put(stack + 0x808 + 0x20, stack + 0x10);
  process.memory.put(stack + 0x808 + 0x28, interrupted);
  process.memory.put(stack + 0x808 + 0x30, stack + 0x40);
  process.memory.put(stack + 0x48, outer);
  const Walk walk = process.walk();
  CHECK(walk.end == End::complete);
  CHECK(process.pcs(walk) == Pcs{handler, restorer, interrupted, outer});
  CHECK_FALSE(process.frames[1].exact);
  CHECK(process.frames[2].exact);
  CHECK_FALSE(process.frames[3].exact);
}

TEST_CASE("a register that a call may change cannot carry a caller's CFA") {
  FakeProcess process;
  const auto leaf = process.function(0x1000, {});
  const auto middle = process.function(0x2000, {0x0c, r10, 16});
  process.registers[Register::rip] = leaf;
  process.registers[Register::rsp] = stack;
  process.registers[Register::r10] = stack + 0x40;
  process.memory.put(stack, middle);
  const Walk walk = process.walk();
  CHECK(walk.end == End::bad_cfa);
  CHECK(process.pcs(walk) == Pcs{leaf, middle});
}

TEST_CASE(
    "a function that realigns its stack: the CFA comes from memory behind rbp, rbx from another register") {
  FakeProcess process;
  const auto leaf = process.function(0x1000, {});
  const auto realigned =
      process.function(0x2000, {0x0f, 3, 0x76, 0x78, 0x06, 0x10, rbp, 2, 0x76, 0, 0x09, rbx, 12});
  const auto by_rbx = process.function(0x3000, {0x0c, rbx, 16});
  const auto outer = process.function(0x4000, outermost);
  process.registers[Register::rip] = leaf;
  process.registers[Register::rsp] = stack;
  process.registers[Register::rbp] = stack + 0x40;
  process.registers[Register::r12] = stack + 0x100;
  process.memory.put(stack, realigned);
  process.memory.put(stack + 0x38, stack + 0x80);
  process.memory.put(stack + 0x78, by_rbx);
  process.memory.put(stack + 0x108, outer);
  const Walk walk = process.walk();
  CHECK(walk.end == End::complete);
  CHECK(process.pcs(walk) == Pcs{leaf, realigned, by_rbx, outer});
}

TEST_CASE("a function that has taken its return address off the stack, and jumps to it") {
  FakeProcess process;
  process.function(0x1000, {0x0c, rsp, 0, 0x09, rip, 2});
  const auto outer = process.function(0x3000, outermost);
  process.registers[Register::rip] = FakeProcess::bias + 0x1080;
  process.registers[Register::rsp] = stack;
  process.registers[Register::rcx] = outer;
  const Walk walk = process.walk();
  CHECK(walk.end == End::complete);
  CHECK(process.pcs(walk) == Pcs{FakeProcess::bias + 0x1080, outer});
}

TEST_CASE("entries of a procedure linkage table, before and after their push") {
  for (const std::uint64_t in_entry : {0x0, 0xa, 0xb, 0xf}) {
    CAPTURE(in_entry);
    FakeProcess process;
    process.function(0x1000, {0x0f, 11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22});
    const auto outer = process.function(0x3000, outermost);
    process.registers[Register::rip] = FakeProcess::bias + 0x1040 + in_entry;
    process.registers[Register::rsp] = stack;
    process.memory.put(stack + (in_entry >= 11 ? 8 : 0), outer);
    const Walk walk = process.walk();
    CHECK(walk.end == End::complete);
    CHECK(walk.frames == 2);
  }
}

TEST_CASE("a return address of 0 is the end") {
  FakeProcess process;
  process.registers[Register::rip] = process.function(0x1000, {});
  process.registers[Register::rsp] = stack;
  const Walk walk = process.walk();
  CHECK(walk.end == End::complete);
  CHECK(walk.frames == 1);
}

TEST_CASE("why a walk ends: unreadable memory") {
  FakeProcess process;
  process.registers[Register::rip] = process.function(0x1000, {});
  process.registers[Register::rsp] = 0x5000;
  CHECK(process.walk().end == End::unreadable_memory);
}

TEST_CASE("why a walk ends: the depth limit, and not before") {
  FakeProcess process;
  const auto leaf = process.function(0x1000, {});
  process.registers[Register::rip] = leaf;
  process.registers[Register::rsp] = stack;
  for (std::uint64_t i = 0; i < 10; ++i) process.memory.put(stack + 8 * i, leaf);
  CHECK(process.walk(11).end == End::complete);
  const Walk cut = process.walk(10);
  CHECK(cut.end == End::depth_limit);
  CHECK(cut.frames == 10);
  CHECK(process.walk(0).frames == 0);
}

TEST_CASE("why a walk ends: no progress") {
  FakeProcess process;
  const auto leaf = process.function(0x1000, {0x0c, rbp, 16});
  process.registers[Register::rip] = leaf;
  process.registers[Register::rsp] = stack;
  process.registers[Register::rbp] = stack + 0x10;
  process.memory.put(stack + 0x18, leaf);
  const Walk walk = process.walk();
  CHECK(walk.end == End::no_progress);
  CHECK(walk.frames == 2);
}

TEST_CASE("a walk may go down to another stack, but not for ever") {
  FakeProcess process;
  const auto up = process.function(0x1000, {0x0c, rbp, 16, 0x80 | rbp, 2});
  process.registers[Register::rip] = up;
  process.registers[Register::rsp] = stack + 0x7f0;
  process.registers[Register::rbp] = stack + 0x800;
  process.memory.put(stack + 0x800, stack + 0x100);
  process.memory.put(stack + 0x808, up);
  process.memory.put(stack + 0x100, stack + 0x800);
  process.memory.put(stack + 0x108, up);
  const Walk walk = process.walk();
  CHECK(walk.end == End::no_progress);
  CHECK(walk.frames == 2 * sonde::limits::unwind_stack_switches + 2);
}

TEST_CASE("why a walk ends: no information") {
  FakeProcess process;
  const auto leaf = process.function(0x1000, {});
  process.registers[Register::rip] = leaf;
  process.registers[Register::rsp] = stack;
  process.memory.put(stack, FakeProcess::bias + 0x5000);
  const Walk walk = process.walk();
  CHECK(walk.end == End::no_information);
  CHECK(process.pcs(walk) == Pcs{leaf, FakeProcess::bias + 0x5000});
  CHECK(std::string(name_of(walk.end)) == "no unwind information");
}
