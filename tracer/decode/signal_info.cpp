// siginfo: which members mean something depends on the signal and on how it was sent.
#include <array>
#include <cstddef>
#include <linux/audit.h>

#include <fmt/format.h>

#include "decode/signal_print.hpp"
#include "sonde/decode/siginfo.hpp"

namespace sonde::decode {

namespace {

constexpr unsigned ticks_per_second = 100;  // USER_HZ, which the kernel counts si_utime in.

// Codes newer than the C library's headers.
constexpr int code_bound_error = 3, code_protection_key = 4;

struct CodeNames {
  int signal;
  const syscall::ConstantSet& (*names)();
};

constexpr CodeNames code_names[] = {
    {SIGILL, named_set<"sigill_code">},   {SIGFPE, named_set<"sigfpe_code">},
    {SIGSEGV, named_set<"sigsegv_code">}, {SIGBUS, named_set<"sigbus_code">},
    {SIGTRAP, named_set<"sigtrap_code">}, {SIGCHLD, named_set<"sigchld_code">},
    {SIGIO, named_set<"sigpoll_code">},   {SIGSYS, named_set<"sigsys_code">},
};

std::string_view code_name(int signal, int code) {
  if (code > 0 && code != SI_KERNEL) {
    for (const CodeNames& known : code_names) {
      if (known.signal == signal) return known.names().name_of(static_cast<std::uint64_t>(code));
    }
    return {};
  }
  return named_set<"siginfo_code">().name_of(static_cast<std::uint32_t>(code));
}

class Printer {
 public:
  Printer(const siginfo_t& info, const Value& value) : info_(info), value_(value) {}

  void print() const {
    value_.out.begin_struct();
    if (info_.si_signo != 0) {
      print_common();
      if (info_.si_code <= 0) {
        print_sent();
      } else {
        print_raised();
      }
    }
    value_.out.end_struct();
  }

 private:
  void print_common() const {
    value_.out.field("si_signo");
    print_signal(value_, info_.si_signo);
    const auto code = static_cast<std::uint32_t>(info_.si_code);
    const std::string_view name = code_name(info_.si_signo, info_.si_code);
    value_.out.field("si_code");
    if (name.empty()) {
      value_.out.hex(code);
    } else {
      print_symbol(value_, name, code);
    }
    if (info_.si_errno == 0) return;
    const auto error = static_cast<std::uint32_t>(info_.si_errno);
    const std::string_view error_name = syscall::errno_name(info_.si_errno);
    value_.out.field("si_errno");
    if (error_name.empty()) {
      value_.out.unsigned_integer(error);
    } else {
      print_symbol(value_, error_name, error, Base::unsigned_decimal);
    }
  }

  // By a process: kill(), sigqueue(), a timer and the like.
  void print_sent() const {
    switch (info_.si_code) {
      case SI_USER:
      case SI_TKILL:
        return print_source();
      case SI_TIMER:
        value_.out.field("si_timerid");
        value_.out.hex(static_cast<std::uint32_t>(info_.si_timerid));
        value_.out.field("si_overrun");
        value_.out.integer(info_.si_overrun);
        return print_sent_value();
      case SI_SIGIO:
        return print_band();
      default:
        print_source();
        if (info_.si_ptr != nullptr) print_sent_value();
    }
  }

  // By the kernel.
  void print_raised() const {
    switch (info_.si_signo) {
      case SIGCHLD:
        return print_child();
      case SIGILL:
      case SIGFPE:
      case SIGSEGV:
      case SIGBUS:
      case SIGTRAP:
        return print_fault();
      case SIGIO:
        if (info_.si_code <= POLL_HUP) print_band();
        return;
      case SIGSYS:
        return print_system_call();
      default:
        if (info_.si_pid != 0 || info_.si_uid != 0) print_source();
        if (info_.si_ptr != nullptr) print_sent_value();
    }
  }

  void print_source() const {
    value_.out.field("si_pid");
    value_.out.integer(info_.si_pid);
    value_.out.field("si_uid");
    value_.out.integer(static_cast<std::int32_t>(info_.si_uid));
  }

  void print_sent_value() const {
    value_.out.field("si_int");
    value_.out.integer(info_.si_int);
    value_.out.field("si_ptr");
    value_.out.address(reinterpret_cast<std::uintptr_t>(info_.si_ptr));
  }

  void print_band() const {
    value_.out.field("si_band");
    value_.out.integer(info_.si_band);
    value_.out.field("si_fd");
    value_.out.descriptor(info_.si_fd, {});
  }

  void print_child() const {
    print_source();
    value_.out.field("si_status");
    if (info_.si_code == CLD_EXITED) {
      value_.out.integer(info_.si_status);
    } else {
      print_signal(value_, info_.si_status);
    }
    print_ticks("si_utime", static_cast<std::uint64_t>(info_.si_utime));
    print_ticks("si_stime", static_cast<std::uint64_t>(info_.si_stime));
  }

  void print_ticks(std::string_view name, std::uint64_t ticks) const {
    value_.out.field(name);
    value_.out.unsigned_integer(ticks);
    if (ticks == 0) return;
    value_.out.comment(fmt::format("{}.{:02} s", ticks / ticks_per_second, ticks % ticks_per_second));
  }

  void print_fault() const {
    value_.out.field("si_addr");
    value_.out.address(reinterpret_cast<std::uintptr_t>(info_.si_addr));
    if (info_.si_signo == SIGBUS && (info_.si_code == BUS_MCEERR_AR || info_.si_code == BUS_MCEERR_AO)) {
      value_.out.field("si_addr_lsb");
      value_.out.hex(static_cast<std::uint16_t>(info_.si_addr_lsb));
    }
    if (info_.si_signo != SIGSEGV) return;
    if (info_.si_code == code_bound_error) {
      value_.out.field("si_lower");
      value_.out.address(reinterpret_cast<std::uintptr_t>(info_.si_lower));
      value_.out.field("si_upper");
      value_.out.address(reinterpret_cast<std::uintptr_t>(info_.si_upper));
    } else if (info_.si_code == code_protection_key) {
      value_.out.field("si_pkey");
      value_.out.unsigned_integer(info_.si_pkey);
    }
  }

  void print_system_call() const {
    value_.out.field("si_call_addr");
    value_.out.address(reinterpret_cast<std::uintptr_t>(info_.si_call_addr));
    const auto nr = static_cast<std::uint32_t>(info_.si_syscall);
    const syscall::Row* row = info_.si_arch == AUDIT_ARCH_X86_64 ? syscall::find(Abi::x86_64, nr)
                              : info_.si_arch == AUDIT_ARCH_I386 ? syscall::find(Abi::i386, nr)
                                                                 : nullptr;
    value_.out.field("si_syscall");
    if (row == nullptr) {
      value_.out.unsigned_integer(nr);
    } else {
      print_symbol(value_, fmt::format("__NR_{}", row->name), nr, Base::unsigned_decimal);
    }
    value_.out.field("si_arch");
    print_constant(value_, named_set<"audit_arch">(), info_.si_arch);
  }

  const siginfo_t& info_;
  const Value& value_;
};

// A 32-bit process's siginfo, spread out to the native layout: the union starts 4 bytes earlier, and pointers
// and longs in it take 4 bytes.
siginfo_t widen(std::span<const std::byte, sizeof(siginfo_t)> bytes) {
  const auto word = [&](std::size_t index) {
    return static_cast<std::int32_t>(signed_at(bytes, 4 * index, 4));
  };
  siginfo_t info{};
  info.si_signo = word(0);
  info.si_errno = word(1);
  info.si_code = word(2);
  const auto pointer = [&](std::size_t index) {
    const auto value = static_cast<std::uintptr_t>(static_cast<std::uint32_t>(word(index)));
    // The tracee's pointer, which nobody here follows.
    return reinterpret_cast<void*>(value);  // NOLINT(performance-no-int-to-ptr)
  };
  const bool fault = info.si_signo == SIGILL || info.si_signo == SIGFPE || info.si_signo == SIGSEGV ||
                     info.si_signo == SIGBUS || info.si_signo == SIGTRAP;
  if (info.si_code > 0 && (fault || info.si_signo == SIGSYS)) {
    info.si_addr = pointer(3);
    if (info.si_signo == SIGSYS) {
      info.si_syscall = word(4);
      info.si_arch = static_cast<unsigned>(word(5));
    } else {
      info.si_addr_lsb = static_cast<short>(word(4));
    }
  } else if (info.si_code > 0 && info.si_signo == SIGCHLD) {
    info.si_pid = word(3);
    info.si_uid = static_cast<uid_t>(word(4));
    info.si_status = word(5);
    info.si_utime = word(6);
    info.si_stime = word(7);
  } else if (info.si_code == SI_SIGIO || (info.si_code > 0 && info.si_signo == SIGIO)) {
    info.si_band = word(3);
    info.si_fd = word(4);
  } else {
    info.si_pid = word(3);  // Of a timer: its id and overrun count.
    info.si_uid = static_cast<uid_t>(word(4));
    info.si_ptr = pointer(5);
  }
  return info;
}

}  // namespace

void render_siginfo(const siginfo_t& info, const Style& style, Writer& out) {
  static const Call no_call{};
  const Value value{no_call, 0, 0, style, out};
  Printer(info, value).print();
}

void print_siginfo(const Value& value, Address address) {
  std::array<std::byte, sizeof(siginfo_t)> bytes;
  if (value.read(address, bytes) != bytes.size()) return value.out.address(address.value);
  siginfo_t info;
  if (value.word() == 4) {
    info = widen(bytes);
  } else {
    std::memcpy(&info, bytes.data(), sizeof info);
  }
  render_siginfo(info, value.style, value.out);
}

}  // namespace sonde::decode
