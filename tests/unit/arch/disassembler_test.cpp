#include "sonde/arch/disassembler.hpp"

#include <doctest/doctest.h>

using namespace sonde;
using namespace sonde::arch;

namespace {

Bytes bytes_of(const std::vector<std::uint8_t>& code) { return std::as_bytes(std::span(code)); }

Registers at(std::uint64_t pc) {
  Registers registers;
  registers[Register::rip] = pc;
  registers[Register::rsp] = 0x7000;
  registers.cs = 0x33;
  return registers;
}

}  // namespace

TEST_CASE("the instruction at the pc and its neighbours") {
  // push rbp; mov rbp, rsp; mov eax, [rdi + 0x18]; pop rbp; ret
  const std::vector<std::uint8_t> code{0x55, 0x48, 0x89, 0xe5, 0x8b, 0x47, 0x18, 0x5d, 0xc3};
  const auto disassembler = Disassembler::make(true);
  REQUIRE(disassembler);
  const auto found = disassembler->around(bytes_of(code), 0x1000, 0x1004, 4, 4);
  REQUIRE(found.size() == 5);
  CHECK(found[0].text == "push rbp");
  CHECK(found[2].address == 0x1004);
  CHECK(found[2].text == "mov eax, dword ptr [rdi + 0x18]");
  CHECK(found[4].text == "ret");
  CHECK(disassembler->around(bytes_of(code), 0x1000, 0x1004, 1, 0).size() == 2);
  CHECK(disassembler->around(bytes_of(code), 0x1000, 0x1004, 0, 0).size() == 1);
  CHECK(disassembler->around(bytes_of(code), 0x1000, 0x1009, 4, 4).empty());
  CHECK(disassembler->around(bytes_of(code), 0x1000, 0xfff, 4, 4).empty());
  CHECK(disassembler->around({}, 0x1000, 0x1000, 4, 4).empty());
}

TEST_CASE("what an instruction touches") {
  const auto disassembler = Disassembler::make(true);
  REQUIRE(disassembler);
  Registers registers = at(0x1000);
  registers[Register::rdi] = 0x5000;
  registers[Register::rcx] = 3;
  registers.fs_base = 0x9000;
  const auto of = [&](const std::vector<std::uint8_t>& code) {
    return disassembler->accesses(bytes_of(code), registers);
  };
  const auto read = of({0x8b, 0x47, 0x18});  // mov eax, [rdi + 0x18]
  REQUIRE(read.size() == 1);
  CHECK(read[0].address == 0x5018);
  CHECK(read[0].size == 4);
  CHECK(read[0].reads);
  CHECK_FALSE(read[0].writes);
  const auto written = of({0x48, 0x89, 0x04, 0xcf});  // mov [rdi + rcx * 8], rax
  REQUIRE(written.size() == 1);
  CHECK(written[0].address == 0x5018);
  CHECK(written[0].writes);
  CHECK_FALSE(written[0].reads);
  const auto relative = of({0x8b, 0x05, 0x10, 0, 0, 0});  // mov eax, [rip + 0x10]
  REQUIRE(relative.size() == 1);
  CHECK(relative[0].address == 0x1016);
  const auto local = of({0x64, 0x48, 0x8b, 0x04, 0x25, 0x28, 0, 0, 0});  // mov rax, fs:[0x28]
  REQUIRE(local.size() == 1);
  CHECK(local[0].address == 0x9028);
  const auto pushed = of({0x50});  // push rax
  REQUIRE(pushed.size() == 1);
  CHECK(pushed[0].address == 0x6ff8);
  CHECK(pushed[0].writes);
  const auto returned = of({0xc3});
  REQUIRE(returned.size() == 1);
  CHECK(returned[0].reads);
  CHECK(of({0x48, 0x8d, 0x47, 0x18}).empty());  // lea rax, [rdi + 0x18]
  CHECK(of({0x48, 0x01, 0xc8}).empty());        // add rax, rcx
  CHECK(of({}).empty());
  CHECK(of({0x06}).empty());  // No instruction of 64-bit code.
}
