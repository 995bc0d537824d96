// Walks the stack of a process that somebody else traces, from registers that they tell.
//
// usage: walk_from PID <LINES
//
// A line of input has the registers in hexadecimal, in the order of arch::Register, and fs_base: answered by
// a line with the frames' program counters, innermost first, and why there are no more. Or it says "signal
// NUMBER MICROSECONDS": then the process is sent a signal after that time.
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

#include "sonde/memory/process_memory.hpp"
#include "unwind/process_image.hpp"

namespace {

using namespace sonde;

// A user code segment of 64 bits, as the kernel has it.
constexpr std::uint64_t user_cs = 0x33;

bool read_registers(const char* line, arch::Registers& registers) {
  char* end = nullptr;
  for (std::uint64_t& value : registers.general) {
    value = std::strtoull(line, &end, 16);
    if (end == line) return false;
    line = end;
  }
  registers.fs_base = std::strtoull(line, &end, 16);
  registers.cs = user_cs;
  return end != line;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const pid_t pid = std::atoi(argv[1]);
  unwind::test::ProcessImage image(pid);
  const memory::ProcessMemory memory(pid);
  static std::array<unwind::Frame, 2000> frames;
  static std::array<std::byte, 8192> window;
  static char line[1024];
  while (std::fgets(line, sizeof line, stdin) != nullptr) {
    int signal = 0;
    unsigned microseconds = 0;
    if (std::sscanf(line, "signal %d %u", &signal, &microseconds) == 2) {
      ::usleep(microseconds);
      ::kill(pid, signal);
      continue;
    }
    arch::Registers registers;
    if (!read_registers(line, registers)) return 2;
    image.refresh();
    const auto walk = unwind::walk(registers, image.modules(), memory, window, frames);
    for (std::size_t i = 0; i < walk.frames; ++i) std::printf("0x%lx ", frames[i].pc.value);
    std::printf("%s\n", unwind::name_of(walk.end));
    std::fflush(stdout);
  }
  return 0;
}
