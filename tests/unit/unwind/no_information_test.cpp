// Walks through code without call frame information.
#include <doctest/doctest.h>

#include "unit/unwind/fake_process.hpp"

using namespace sonde::unwind;
using namespace sonde::unwind::test;

namespace {

using Pcs = std::vector<std::uint64_t>;

constexpr std::uint64_t stack = FakeProcess::stack;
constexpr std::uint64_t made = 0x10000;  // Code made at run time.
const ByteBuilder outermost{0x07, 16};

// A process that stands in code made at run time; a function with information called it.
struct Made : FakeProcess {
  std::uint64_t caller = function(0x1000, {0x0e, 32});
  std::uint64_t outer = function(0x2000, outermost);

  Made() {
    bare_code(made, made + 0x1000);
    memory.map(made, made + 0x1000);
    registers[Register::rip] = made + 0x80;
    registers[Register::rsp] = stack;
  }
};

}  // namespace

TEST_CASE("frame pointers lead through it, and the information goes on behind") {
  Made process;
  process.registers[Register::rbp] = stack + 0x20;
  process.memory.put(stack + 0x20, stack + 0x60);
  process.memory.put(stack + 0x28, made + 0x200);
  process.memory.put(stack + 0x60, 0);
  process.memory.put(stack + 0x68, process.caller);
  process.memory.put(stack + 0x70 + 24, process.outer);
  const Walk walk = process.walk();
  CHECK(walk.end == End::complete);
  CHECK(process.pcs(walk) == Pcs{made + 0x80, made + 0x200, process.caller, process.outer});
  CHECK(process.frames[1].found == Found::frame_pointer);
  CHECK(process.frames[2].found == Found::frame_pointer);
  CHECK(process.frames[3].found == Found::cfi);
}

TEST_CASE("a frame pointer must make sense: aligned, above the stack pointer, with code to return to") {
  struct Case {
    std::uint64_t rbp;
    std::uint64_t return_address;
  };
  for (const Case& c : {Case{stack + 0x21, made}, Case{stack - 0x40, made + 8}, Case{stack + 0x20, 0x999},
                        Case{0, made + 8}, Case{stack + 0x20, 0}, Case{~std::uint64_t{7}, made + 8}}) {
    CAPTURE(c.rbp);
    Made process;
    process.memory.map(stack - 0x80, stack);
    process.registers[Register::rbp] = c.rbp;
    process.memory.put(stack - 0x38, made + 8);
    process.memory.put(stack + 0x28, c.return_address);
    const Walk walk = process.walk();
    CHECK(walk.end == End::no_information);
    CHECK(walk.frames == 1);
  }
}

TEST_CASE("at its first instructions the return address is on top of the stack, and rbp is the caller's") {
  struct Case {
    std::initializer_list<int> code;
    std::uint64_t at;  // Where the return address is.
  };
  for (const Case& c :
       {Case{{0x55, 0x48, 0x89, 0xe5}, 0}, Case{{0xf3, 0x0f, 0x1e, 0xfa}, 0}, Case{{0xc3, 0, 0, 0}, 0},
        Case{{0xc2, 8, 0, 0}, 0}, Case{{0x48, 0x89, 0xe5, 0}, 8}, Case{{0x48, 0x8b, 0xec, 0}, 8}}) {
    Made process;
    process.memory.put_bytes(made + 0x80, c.code);
    process.registers[Register::rbp] = stack + 0x80;  // Would lead past the caller.
    process.memory.put(stack + 0x88, process.outer);
    process.memory.put(stack + c.at, process.caller);
    process.memory.put(stack + c.at + 8 + 24, process.outer);
    const Walk walk = process.walk();
    CHECK(walk.end == End::complete);
    CHECK(process.pcs(walk) == Pcs{made + 0x80, process.caller, process.outer});
    CHECK(process.frames[1].found == Found::prologue);
  }
}

TEST_CASE("a call to nowhere: the return address is what the call left") {
  for (const std::uint64_t target : {std::uint64_t{0}, std::uint64_t{0xdead0000}}) {
    Made process;
    process.registers[Register::rip] = target;
    process.memory.put(stack, process.caller);
    process.memory.put(stack + 8 + 24, process.outer);
    const Walk walk = process.walk();
    CHECK(walk.end == End::complete);
    CHECK(process.pcs(walk) == Pcs{target, process.caller, process.outer});
    CHECK(process.frames[0].module == no_module);
    CHECK(process.frames[1].found == Found::stack_top);
  }
}

TEST_CASE("a jump to nowhere leaves nothing to go by") {
  Made process;
  process.registers[Register::rip] = 0;
  process.memory.put(stack, 0x4711);
  const Walk walk = process.walk();
  CHECK(walk.end == End::no_information);
  CHECK(walk.frames == 1);
}

TEST_CASE("a signal restorer is known by its code, and the kernel's frame gives everything back") {
  Made process;
  const std::uint64_t restorer = made + 0x300;
  process.memory.put_bytes(restorer, {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05});
  const auto handler = process.function(0x3000, {});
  // Interrupted where it has not made its frame yet, so that the pc itself is to be looked up.
  process.function(0x4000, {0x41, 0x0e, 64});
  process.registers[Register::rip] = handler;
  process.memory.put(stack, restorer);
  const std::uint64_t registers = stack + 8 + 40;
  process.memory.put(registers + 8 * 15, stack + 0x400);
  process.memory.put(registers + 8 * 16, FakeProcess::bias + 0x4000);
  process.memory.put(stack + 0x400, process.outer);
  const Walk walk = process.walk();
  CHECK(walk.end == End::complete);
  CHECK(process.pcs(walk) == Pcs{handler, restorer, FakeProcess::bias + 0x4000, process.outer});
  CHECK(process.frames[2].found == Found::trampoline);
  CHECK(process.frames[2].exact);
}
