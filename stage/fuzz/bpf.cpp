// The BPF compiler against the evaluation: the first 56 bytes are a system call and how it ended, the rest an
// expression. The program must be one that the kernel takes, and must stop the call where the expression may
// match it. The same bytes are also run as a program of their own, which must do no harm.
#include "sonde/filter/bpf.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <linux/audit.h>
#include <string_view>
#include <vector>

#include "sonde/filter/event_fields.hpp"
#include "sonde/filter/pushdown.hpp"

namespace {

using namespace sonde;
using namespace sonde::filter;

constexpr std::size_t longest = 1024;

struct Input {
  std::uint32_t nr;
  std::uint8_t abi;
  std::uint8_t state;
  std::uint8_t failed;
  std::uint8_t reserved;
  std::uint64_t args[6];
};
static_assert(sizeof(Input) == 56);

void demand(bool holds) {
  if (!holds) std::abort();
}

void run_as_program(const std::uint8_t* data, std::size_t size, const seccomp_data& call) {
  std::vector<sock_filter> program(size / sizeof(sock_filter));
  if (!program.empty()) std::memcpy(program.data(), data, program.size() * sizeof(sock_filter));
  (void)bpf::check(program);
  (void)bpf::run(program, call);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input;
  if (size < sizeof input || size > longest) return 0;
  std::memcpy(&input, data, sizeof input);
  const Abi abi = input.abi % 2 == 0 ? Abi::x86_64 : Abi::i386;
  seccomp_data registers{
      static_cast<int>(input.nr), abi == Abi::i386 ? AUDIT_ARCH_I386 : AUDIT_ARCH_X86_64, 0, {}};
  std::array<std::uint64_t, 6> args;
  for (std::size_t i = 0; i < args.size(); ++i) {
    args[i] = registers.args[i] =
        abi == Abi::i386 ? static_cast<std::uint32_t>(input.args[i]) : input.args[i];
  }
  run_as_program(data, size, registers);

  const std::string_view text(reinterpret_cast<const char*>(data) + sizeof input, size - sizeof input);
  const auto expr = compile(text);
  if (!expr) return 0;
  const Pushdown pushdown = push_down(*expr, {});
  demand(bpf::check(pushdown.program).has_value());
  const CallView call{.origin = {},
                      .abi = abi,
                      .nr = input.nr,
                      .row = syscall::resolve(abi, input.nr, args),
                      .args = args,
                      .entered = {},
                      .state = static_cast<CallState>(input.state % 5),
                      .ret = input.failed % 2 == 0 ? 3 : -2,
                      .failed = input.failed % 2 != 0,
                      .duration = 1000};
  const Verdict verdict = evaluate(*expr, CallFields(call));
  const std::uint32_t action = bpf::run(pushdown.program, registers);
  demand(action == SECCOMP_RET_TRACE || action == SECCOMP_RET_ALLOW);
  if (verdict == Verdict::yes) demand(action == SECCOMP_RET_TRACE);
  return 0;
}
