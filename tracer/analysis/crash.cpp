#include "sonde/analysis/crash.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>

#include <fmt/format.h>

namespace sonde::analysis {

namespace {

constexpr std::uint64_t null_page_end = 0x10000;  // vm.mmap_min_addr: below it nothing is mapped, as a rule.
constexpr std::uint64_t stack_reach =
    0x10000;  // How far from the stack pointer a function touches its stack.
constexpr std::uint64_t canonical_end = std::uint64_t{1} << 47;
constexpr std::size_t neighbours = 4;

// What a line of /proc/PID/maps says of the address that it was captured for.
struct MapLine {
  std::string_view text;
  std::string_view permissions;
  bool contains = false;
};

std::optional<MapLine> map_line(const event::Crash& crash, std::uint64_t address) {
  std::optional<MapLine> found;
  crash.snapshot.each([&](const event::Segment& segment) {
    if (segment.kind != event::SegmentKind::mapping || segment.address.value != address) return true;
    const std::string_view text(reinterpret_cast<const char*>(segment.bytes.data()), segment.bytes.size());
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    const char* last = text.data() + text.size();
    const auto first = std::from_chars(text.data(), last, begin, 16);
    if (first.ptr != last) std::from_chars(first.ptr + 1, last, end, 16);
    const std::size_t blank = std::min(text.find(' '), text.size());
    found = MapLine{text, text.substr(blank, 5), address >= begin && address < end};
    return !found->contains;
  });
  if (found && found->permissions.starts_with(' ')) found->permissions.remove_prefix(1);
  return found;
}

std::vector<std::byte> code_of(const event::Crash& crash, std::uint64_t from) {
  std::array<std::byte, 128> bytes;
  const std::size_t size = crash.snapshot.read({from}, bytes);
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)};
}

enum class Deed { reads, writes, executes, unknown };

class Explainer {
 public:
  explicit Explainer(const event::Crash& crash)
      : crash_(crash),
        pc_(crash.registers.pc().value),
        sp_(crash.registers.sp().value),
        address_(reinterpret_cast<std::uint64_t>(crash.info.si_addr)) {}

  CrashFacts explain();

 private:
  void disassemble();
  std::string summary() const;
  std::string memory_fault() const;
  std::string protection_fault() const;
  std::string where(std::uint64_t address, Deed deed) const;
  Deed deed_at(std::uint64_t address) const;
  bool by_kernel() const { return crash_.info.si_code > 0; }
  std::string sender() const;

  const event::Crash& crash_;
  const std::uint64_t pc_;
  const std::uint64_t sp_;
  const std::uint64_t address_;
  std::vector<arch::Instruction> instructions_;
  std::vector<arch::MemoryAccess> accesses_;
};

std::string_view verb(Deed deed) {
  switch (deed) {
    case Deed::reads:
      return "reads";
    case Deed::writes:
      return "writes to";
    case Deed::executes:
      return "executes";
    case Deed::unknown:
      break;
  }
  return "accesses";
}

void Explainer::disassemble() {
  auto disassembler = arch::Disassembler::make(crash_.registers.is_64_bit());
  if (!disassembler) return;
  accesses_ = disassembler->accesses(code_of(crash_, pc_), crash_.registers);
  // The code before the pc may lie on a page that cannot be read, or that was not captured.
  constexpr std::uint64_t before = 64;
  const auto all = code_of(crash_, pc_ - before);
  if (all.size() > before) {
    instructions_ = disassembler->around(all, pc_ - before, pc_, neighbours, neighbours);
  } else {
    instructions_ = disassembler->around(code_of(crash_, pc_), pc_, pc_, 0, neighbours);
  }
}

Deed Explainer::deed_at(std::uint64_t address) const {
  // Code that cannot be read, or must not be run: the page that the pc is on, or the next one.
  const auto line = map_line(crash_, address);
  const bool executable = line && line->contains && line->permissions.substr(2, 1) == "x";
  if (address - pc_ < 16 && !executable) return Deed::executes;
  for (const arch::MemoryAccess& access : accesses_) {
    if (address - access.address >= std::max(access.size, 1U)) continue;
    return access.writes ? Deed::writes : Deed::reads;
  }
  return Deed::unknown;
}

std::string Explainer::where(std::uint64_t address, Deed deed) const {
  if (address < null_page_end) {
    return address == 0 ? "a null pointer"
                        : fmt::format("a null pointer with an offset of {} bytes", address);
  }
  const auto line = map_line(crash_, address);
  const bool near_stack = address >= sp_ - stack_reach && address < sp_ + stack_reach;
  const bool usable = line && line->contains && !line->permissions.starts_with("---");
  if (near_stack && !usable && deed != Deed::executes) return "the stack has overflown";
  if (!line || !line->contains) return "nothing is mapped there";
  if (!usable) return "memory that is set apart without any permission";
  const bool writable = line->permissions.substr(1, 1) == "w";
  const bool executable = line->permissions.substr(2, 1) == "x";
  if (deed == Deed::writes && !writable) return "read-only memory";
  if (deed == Deed::executes && !executable) return "data, which may not be executed";
  return "memory that it may not access so";
}

std::string Explainer::memory_fault() const {
  const Deed deed = deed_at(address_);
  return fmt::format("{} address {:#x}: {}", verb(deed), address_, where(address_, deed));
}

// The kernel tells no address: of one that no process can have, or of an instruction that only the kernel may
// execute.
std::string Explainer::protection_fault() const {
  for (const arch::MemoryAccess& access : accesses_) {
    if (access.address < canonical_end) continue;
    return fmt::format(
        "{} address {:#x}, which no program can have: a pointer that was overwritten, or never set",
        verb(access.writes ? Deed::writes : Deed::reads), access.address);
  }
  if (pc_ >= canonical_end) return fmt::format("executes address {:#x}, which no program can have", pc_);
  return "executes an instruction that a program may not";
}

std::string Explainer::sender() const { return fmt::format("sent by process {}", crash_.info.si_pid); }

std::string Explainer::summary() const {
  const siginfo_t& info = crash_.info;
  // abort() and raise() send with tgkill(2), which nobody else's process is sent signals with as a rule.
  if (info.si_signo == SIGABRT && info.si_code == SI_TKILL) return "called abort()";
  if (!by_kernel()) return sender();
  switch (info.si_signo) {
    case SIGSEGV:
      return info.si_code == SI_KERNEL ? protection_fault() : memory_fault();
    case SIGBUS:
      if (info.si_code == BUS_ADRALN)
        return fmt::format("accesses address {:#x}, which is not aligned", address_);
      return fmt::format(
          "{} address {:#x}: beyond the end of the file that is mapped there, or it cannot be read",
          verb(deed_at(address_)), address_);
    case SIGFPE:
      if (info.si_code == FPE_INTDIV) return "divides an integer by zero, or the smallest by -1";
      if (info.si_code == FPE_INTOVF) return "an integer overflows";
      return "an operation on floating-point numbers failed";
    case SIGILL: {
      const bool deliberate = std::any_of(instructions_.begin(), instructions_.end(), [&](const auto& one) {
        return one.address == pc_ && one.text.starts_with("ud");
      });
      return deliberate ? "runs into a trap that the compiler has put there: a failed check, or code that "
                          "must not be "
                          "reached"
                        : "executes what is no instruction of this processor";
    }
    case SIGTRAP:
      return "runs into a breakpoint";
    case SIGSYS:
      return fmt::format("makes system call {}, which its seccomp filter does not allow", info.si_syscall);
    default:
      return "dies of a signal";
  }
}

CrashFacts Explainer::explain() {
  disassemble();
  CrashFacts facts;
  facts.summary = summary();
  facts.instructions = std::move(instructions_);
  const bool fault = by_kernel() && crash_.info.si_code != SI_KERNEL;
  if (const auto line = map_line(crash_, fault ? address_ : pc_); line && line->contains)
    facts.mapping = line->text;
  crash_.snapshot.each([&](const event::Segment& segment) {
    if (segment.kind != event::SegmentKind::message) return true;
    facts.message = {reinterpret_cast<const char*>(segment.bytes.data()), segment.bytes.size()};
    return false;
  });
  return facts;
}

}  // namespace

CrashFacts explain_crash(const event::Crash& crash) { return Explainer(crash).explain(); }

}  // namespace sonde::analysis
