// What the filter tests share: events made up on the spot, expressions and calls drawn at random.
#pragma once

#include <array>
#include <cstring>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "sonde/filter/evaluate.hpp"
#include "sonde/filter/event_fields.hpp"
#include "sonde/filter/typed.hpp"

namespace sonde::filter::test {

// A system call with its own memory. `call` views the rest, so it stays where it is.
struct MadeCall {
  explicit MadeCall(std::string_view name, std::array<std::uint64_t, 6> registers = {}, Abi abi = Abi::x86_64)
      : MadeCall(abi, syscall::find(abi, name)->nr, registers) {}
  MadeCall(Abi abi, std::uint32_t nr, std::array<std::uint64_t, 6> registers)
      : args(registers),
        call{.origin = {.task = {100, 101},
                        .since_start = 5'000'000'000,
                        .comm = "make",
                        .exe = "/usr/bin/make"},
             .abi = abi,
             .nr = nr,
             .row = syscall::resolve(abi, nr, args),
             .args = args,
             .entered = {}} {}
  MadeCall(const MadeCall&) = delete;

  MadeCall& segment(event::SegmentKind kind, std::uint64_t address, std::string_view bytes,
                    std::uint16_t flags = 0) {
    const event::SegmentHeader header{address, static_cast<std::uint32_t>(bytes.size()), kind, flags};
    const std::size_t at = memory.size();
    memory.resize(at + sizeof header + event::align8(bytes.size()));
    std::memcpy(memory.data() + at, &header, sizeof header);
    if (!bytes.empty()) std::memcpy(memory.data() + at + sizeof header, bytes.data(), bytes.size());
    call.entered = event::Snapshot(memory);
    return *this;
  }
  MadeCall& path(std::uint64_t address, std::string_view name) {
    return segment(event::SegmentKind::path, address, std::string(name) + '\0');
  }
  MadeCall& fd_path(std::uint64_t fd, std::string_view name) {
    return segment(event::SegmentKind::fd_path, fd, name);
  }
  MadeCall& returned(std::int64_t ret, Nanoseconds duration = 1000) {
    call.state = CallState::returned;
    call.failed = ret < 0 && ret >= -4095;
    call.ret = ret;
    call.duration = duration;
    return *this;
  }
  Verdict operator()(const TypedExpr& expr) const { return evaluate(expr, CallFields(call)); }
  Verdict operator()(std::string_view text) const {
    const auto expr = compile(text);
    if (!expr) throw std::runtime_error(expr.error().context);
    return (*this)(*expr);
  }

  std::array<std::uint64_t, 6> args;
  std::vector<std::byte> memory;
  CallView call;
};

// Draws expressions whose tests are likely to hold for the calls that it draws.
class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}

  std::uint64_t below(std::uint64_t end) { return engine_() % end; }
  template <typename Range>
  auto one_of(const Range& range) {
    return *(std::begin(range) + static_cast<std::ptrdiff_t>(below(std::size(range))));
  }

  std::string expression(unsigned depth) {
    switch (depth == 0 ? 0 : below(6)) {
      case 1:
        return fmt::format("({} && {})", expression(depth - 1), expression(depth - 1));
      case 2:
        return fmt::format("({} || {})", expression(depth - 1), expression(depth - 1));
      case 3:
        return fmt::format("!({})", expression(depth - 1));
      case 4:
        return fmt::format("({} && {} || {})", expression(depth - 1), test(), test());
      default:
        return test();
    }
  }

  std::string test() {
    static const std::vector<std::string> others = {"failed",
                                                    "kind == syscall",
                                                    "kind != mapping",
                                                    "kind != signal",
                                                    "path == \"/etc\"",
                                                    "ret > 3",
                                                    "alloc.size > 4K",
                                                    "pid == 100",
                                                    "class == file",
                                                    "class != desc",
                                                    "class in [memory, process]",
                                                    "syscall =~ \"^op\"",
                                                    "comm != 'x'",
                                                    "errno == ENOENT",
                                                    "duration > 1ms",
                                                    "flags has O_CREAT",
                                                    "flags has MAP_PRIVATE",
                                                    "flags has [O_WRONLY, O_CLOEXEC]",
                                                    "flags == 0",
                                                    "flags != 1",
                                                    "syscall in [open*, %memory]"};
    const std::string field = one_of(std::array{"fd", "arg0", "arg1", "arg2", "arg3", "nr", "fd"});
    switch (below(6)) {
      case 0:
        return one_of(others);
      case 1:
        return fmt::format("syscall == {}", call_name());
      case 2:
        return fmt::format("syscall not in [{}, {}]", call_name(), call_name());
      case 3: {
        const auto low = static_cast<std::int64_t>(below(40)) - 5;
        const auto high = low + static_cast<std::int64_t>(below(9));
        return fmt::format("{} in [{}, {}..{}, {}]", field, number(), low, high, number());
      }
      default:
        return fmt::format("{} {} {}", field, one_of(std::array{"==", "!=", "<", "<=", ">", ">="}), number());
    }
  }

  std::string number() {
    static const std::vector<std::string> numbers = {"0",           "1",
                                                     "3",           "-1",
                                                     "2147483647",  "0xffffffff",
                                                     "0x100000000", "AT_FDCWD",
                                                     "4K",          "-2147483648",
                                                     "0x100000003", "0xffffffffffffffff",
                                                     "257",         "0x7fffffffffffffff"};
    return one_of(numbers);
  }

  std::uint64_t word() {
    static constexpr std::array<std::uint64_t, 14> words = {0,
                                                            1,
                                                            3,
                                                            4,
                                                            4096,
                                                            0x7fffffff,
                                                            0x80000000,
                                                            0xffffffff,
                                                            0xffffff9c,
                                                            0x100000000,
                                                            0x100000003,
                                                            ~std::uint64_t{0},
                                                            0xffffffff80000000,
                                                            0x7fffffffffffffff};
    return below(3) == 0 ? below(64) : one_of(words) + below(2);
  }

  std::string call_name() { return std::string(one_of(syscall::rows(Abi::x86_64)).name); }

 private:
  std::mt19937_64 engine_;
};

}  // namespace sonde::filter::test
