#include "sonde/analysis/crash.hpp"

#include <cstring>

#include <doctest/doctest.h>

using namespace sonde;
using namespace sonde::analysis;

namespace {

// A crash's snapshot, built piece by piece.
class Scene {
 public:
  Scene(int signal, int code, std::uint64_t address) {
    crash_.info = {};
    crash_.info.si_signo = signal;
    crash_.info.si_code = code;
    crash_.info.si_addr = reinterpret_cast<void*>(address);
    crash_.registers[arch::Register::rip] = 0x401000;
    crash_.registers[arch::Register::rsp] = 0x7ffc00001000;
    crash_.registers.cs = 0x33;
  }
  Scene& with(arch::Register r, std::uint64_t value) {
    crash_.registers[r] = value;
    return *this;
  }
  Scene& code(std::vector<std::uint8_t> bytes) {
    return segment(0x401000, event::SegmentKind::memory, std::as_bytes(std::span(bytes)));
  }
  Scene& mapping(std::uint64_t address, std::string_view line) {
    return segment(address, event::SegmentKind::mapping, std::as_bytes(std::span(line)));
  }
  std::string summary() {
    crash_.snapshot = event::Snapshot(std::as_bytes(std::span(bytes_)));
    return explain_crash(crash_).summary;
  }

 private:
  Scene& segment(std::uint64_t address, event::SegmentKind kind, Bytes bytes) {
    const event::SegmentHeader header{address, static_cast<std::uint32_t>(bytes.size()), kind, 0};
    const auto* from = reinterpret_cast<const char*>(&header);
    bytes_.insert(bytes_.end(), from, from + sizeof header);
    bytes_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    bytes_.resize(event::align8(bytes_.size()));
    return *this;
  }

  event::Crash crash_{};
  std::string bytes_;
};

const std::vector<std::uint8_t> load{0x8b, 0x07};   // mov eax, [rdi]
const std::vector<std::uint8_t> store{0x89, 0x07};  // mov [rdi], eax
constexpr auto rdi = arch::Register::rdi;

}  // namespace

TEST_CASE("where an access went wrong") {
  const std::uint64_t there = 0x500000;
  const auto fault = [&](const std::vector<std::uint8_t>& code, std::string_view line) {
    return Scene(SIGSEGV, SEGV_ACCERR, there).with(rdi, there).code(code).mapping(there, line).summary();
  };
  CHECK(fault(store, "00500000-00501000 r--p 00000000 00:00 0 ") ==
        "writes to address 0x500000: read-only memory");
  CHECK(fault(load, "00500000-00501000 ---p 00000000 00:00 0 ") ==
        "reads address 0x500000: memory that is set apart without any permission");
  CHECK(fault(load, "00600000-00601000 rw-p 00000000 00:00 0 ") ==
        "reads address 0x500000: nothing is mapped there");
  CHECK(fault({}, "00500000-00501000 r--p 00000000 00:00 0 ") ==
        "accesses address 0x500000: memory that it may not access so");
}

TEST_CASE("null pointers, with and without an offset") {
  CHECK(Scene(SIGSEGV, SEGV_MAPERR, 0).with(rdi, 0).code(load).summary() ==
        "reads address 0x0: a null pointer");
  CHECK(Scene(SIGSEGV, SEGV_MAPERR, 8).with(rdi, 8).code(store).summary() ==
        "writes to address 0x8: a null pointer with an offset of 8 bytes");
  CHECK(Scene(SIGSEGV, SEGV_MAPERR, 0x10).with(arch::Register::rip, 0x10).summary() ==
        "executes address 0x10: a null pointer with an offset of 16 bytes");
}

TEST_CASE("a stack that has overflown is told from other memory") {
  const std::uint64_t below = 0x7ffc00000ff8;
  const std::vector<std::uint8_t> push{0x50};
  CHECK(Scene(SIGSEGV, SEGV_MAPERR, below).code(push).summary() ==
        "writes to address 0x7ffc00000ff8: the stack has overflown");
  CHECK(Scene(SIGSEGV, SEGV_ACCERR, below)
            .code(push)
            .mapping(below, "7ffc00000000-7ffc00001000 r--p 00000000 00:00 0 ")
            .summary() == "writes to address 0x7ffc00000ff8: read-only memory");
}

TEST_CASE("an address that no program can have, which the kernel does not tell") {
  CHECK(Scene(SIGSEGV, SI_KERNEL, 0).with(rdi, 0xdead000000000000).code(load).summary() ==
        "reads address 0xdead000000000000, which no program can have: a pointer that was overwritten, or "
        "never set");
}

TEST_CASE("other signals") {
  CHECK(Scene(SIGFPE, FPE_INTDIV, 0x401000).summary() == "divides an integer by zero, or the smallest by -1");
  CHECK(Scene(SIGILL, ILL_ILLOPN, 0x401000).code({0x0f, 0x0b}).summary().starts_with("runs into a trap"));
  CHECK(Scene(SIGILL, ILL_ILLOPN, 0x401000).code({0xf0}).summary() ==
        "executes what is no instruction of this processor");
  CHECK(Scene(SIGTRAP, SI_KERNEL, 0).summary() == "runs into a breakpoint");
  CHECK(Scene(SIGSEGV, SI_USER, 0).summary().starts_with("sent by process"));
}

TEST_CASE("hostile lines of maps say nothing") {
  for (const auto* line : {"", "-", "zz", "00500000", "00500000-", "ffffffffffffffffffff-1 rwxp"}) {
    CHECK(Scene(SIGSEGV, SEGV_MAPERR, 0x500000)
              .with(rdi, 0x500000)
              .code(load)
              .mapping(0x500000, line)
              .summary() == "reads address 0x500000: nothing is mapped there");
  }
}
