// Walks the heap of a process that is stopped for as long as this runs, and says what was found:
//
//   walk_heap PID [no-symbols] [no-threads] [blocks] [time]
//
// no-symbols: as if libc had no debug file. no-threads: without the threads' pointers. On standard output
// "block ADDRESS USABLE", "owned BEGIN END", "total NAME CHUNKS BYTES", "ended BEGIN END" (a stack), "symbol
// NAME ADDRESS", "note TEXT".
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <vector>

#include "sonde/elf/image.hpp"
#include "sonde/glibc_heap/thread_stack.hpp"
#include "sonde/glibc_heap/walk.hpp"
#include "sonde/memory/mapping.hpp"
#include "sonde/memory/process_memory.hpp"
#include "sonde/names/debug_files.hpp"

namespace {

using namespace sonde;

// Stops every task, and has where fs points to. All go on when this process ends.
std::vector<Address> stop(pid_t pid) {
  std::vector<Address> pointers;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    const pid_t tid = std::stoi(entry.path().filename());
    user_regs_struct registers{};
    if (::ptrace(PTRACE_SEIZE, tid, nullptr, nullptr) != 0 ||
        ::ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr) != 0 || ::waitpid(tid, nullptr, __WALL) != tid ||
        ::ptrace(PTRACE_GETREGS, tid, nullptr, &registers) != 0) {
      std::perror("walk_heap: ptrace");
      std::exit(2);
    }
    pointers.push_back({registers.fs_base});
  }
  return pointers;
}

std::vector<glibc_heap::Mapping> mappings_of(const std::vector<memory::Mapping>& maps) {
  std::vector<glibc_heap::Mapping> mappings;
  mappings.reserve(maps.size());
  for (const auto& m : maps) mappings.push_back({{m.begin, m.end}, m.readable, m.writable, m.shared, m.name});
  return mappings;
}

glibc_heap::Symbols symbols_of(const std::vector<memory::Mapping>& maps, const glibc_heap::Mapping& libc,
                               bool debug) {
  const std::string path(libc.name);
  const auto image = elf::Image::open(UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), path);
  if (!image) return {};
  std::uint64_t bias = 0;
  for (const auto& m : maps) {
    if (m.name == path && m.executable)
      bias = (*image)->load_bias({m.begin, m.file_offset, true}).value_or(0);
  }
  auto root = names::FileRoot::at("/");
  auto own = names::FileRoot::at("/");
  if (!root || !own) return {};
  const names::DebugFiles files(*std::move(root), *std::move(own), {});
  const names::DebugFile file = debug ? files.find(**image, path) : names::DebugFile{};
  return glibc_heap::symbols_of(**image, file.image.get(), bias);
}

void tell(const char* name, const glibc_heap::Count& count) {
  std::printf("total %s %lu %lu\n", name, count.chunks, count.bytes);
}

void tell(const glibc_heap::HeapWalk& walk, bool blocks) {
  const auto& totals = walk.totals;
  tell("in_use", totals.in_use);
  tell("mapped", totals.mapped);
  tell("tcache", totals.tcache);
  tell("fastbin", totals.fastbin);
  tell("bins", totals.bins);
  tell("top", totals.top);
  std::printf("total arenas %zu 0\ntotal tcaches %zu 0\ntotal system_mem 0 %lu\n", totals.arenas,
              totals.tcaches, totals.system_mem);
  for (const auto& range : walk.owned) std::printf("owned %#lx %#lx\n", range.begin.value, range.end.value);
  for (const auto& range : walk.ignored)
    std::printf("ignored %#lx %#lx\n", range.begin.value, range.end.value);
  for (const auto& note : walk.notes) std::printf("note %s\n", note.c_str());
  if (!blocks) return;
  for (const auto& block : walk.blocks) std::printf("block %#lx %lu\n", block.address.value, block.size);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) return 2;
  const pid_t pid = std::atoi(arguments[1]);
  const std::set<std::string_view> flags(arguments + 2, arguments + count);
  const std::vector<Address> pointers = stop(pid);
  std::ifstream file("/proc/" + std::to_string(pid) + "/maps");
  const auto maps = memory::parse_maps(std::string{std::istreambuf_iterator<char>(file), {}});
  if (!maps) return 2;
  const auto mappings = mappings_of(*maps);
  const memory::ProcessMemory memory(pid);
  glibc_heap::Process process{memory, mappings, {}, {}};
  if (const auto* libc = glibc_heap::find_libc(mappings)) {
    process.symbols = symbols_of(*maps, *libc, !flags.contains("no-symbols"));
  }
  if (!flags.contains("no-threads")) process.thread_pointers = pointers;
  if (process.symbols.main_arena) std::printf("symbol main_arena %#lx\n", process.symbols.main_arena->value);
  if (process.symbols.mp) std::printf("symbol mp_ %#lx\n", process.symbols.mp->value);
  std::printf("version %s\n", process.symbols.version.c_str());
  const auto begin = std::chrono::steady_clock::now();
  const auto walk = glibc_heap::walk(process);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  if (flags.contains("time")) std::printf("seconds %.3f\n", took.count());
  if (!walk) {
    std::printf("error %s\n", walk.error().message().c_str());
    return 1;
  }
  tell(*walk, flags.contains("blocks"));
  for (const auto& mapping : mappings) {
    if (glibc_heap::is_ended_thread_stack(memory, mapping, process.symbols.threads).value_or(false)) {
      std::printf("ended %#lx %#lx\n", mapping.range.begin.value, mapping.range.end.value);
    }
  }
  return 0;
}
