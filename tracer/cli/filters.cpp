#include "sonde/cli/filters.hpp"

#include <cstdlib>
#include <cstring>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <memory>
#include <string>
#include <unistd.h>

#include "sonde/cli/message.hpp"
#include "sonde/filter/bpf.hpp"
#include "sonde/filter/event_fields.hpp"
#include "sonde/filter/pushdown.hpp"
#include "sonde/filter/strace_forms.hpp"
#include "sonde/process/proc_fs.hpp"

namespace sonde::cli {

namespace {

// A path that is given relative or through links is named by the kernel in its resolved form.
Result<void> add_paths(filter::Selection& selection, const std::string& path) {
  if (auto added = selection.add_path(path); !added) return added;
  const std::unique_ptr<char, decltype(&::free)> resolved(::realpath(path.c_str(), nullptr), ::free);
  if (resolved && path != resolved.get()) return selection.add_path(resolved.get());
  return {};
}

// A filter needs CAP_SYS_ADMIN or no_new_privs, which the program can see and which stops setuid gains.
bool may_install_filter(const Settings& settings) {
  const bool administrator = (process::ProcFs().own_capabilities() >> CAP_SYS_ADMIN & 1) != 0;
  return administrator || settings.force_pushdown;
}

seccomp_data data_of(Abi abi, std::uint32_t nr, std::span<const std::uint64_t, 6> args) {
  constexpr std::uint32_t x32_bit = 0x40000000;  // __X32_SYSCALL_BIT of asm/unistd.h
  seccomp_data data{};
  data.nr = static_cast<int>(abi == Abi::x32 ? nr | x32_bit : nr);
  data.arch = abi == Abi::i386 ? AUDIT_ARCH_I386 : AUDIT_ARCH_X86_64;
  std::memcpy(data.args, args.data(), sizeof data.args);
  return data;
}

}  // namespace

Result<void> compile_filters(Settings& settings) {
  filter::Selection selection;
  for (const auto& text : settings.filters) {
    if (auto added = selection.add(text); !added) return added;
  }
  for (const auto& path : settings.paths) {
    if (auto added = add_paths(selection, path); !added) return added;
  }
  if (settings.successful_only) {
    if (auto added = selection.add_successful_only(); !added) return added;
  }
  if (settings.failed_only) {
    if (auto added = selection.add_failed_only(); !added) return added;
  }
  settings.selection = settings.calls = selection.expression();
  if (!settings.shows_mappings_alone()) return {};
  std::vector<filter::TypedExpr> both{filter::compile("kind == mapping").value()};
  if (settings.selection) both.push_back(*settings.selection);
  settings.calls = filter::all_of(std::move(both));
  return {};
}

Result<void> require_captures(Settings& settings) {
  settings.only_matching &= settings.selection.has_value();
  if (!settings.selection) return {};
  record::Options& tracing = settings.tracing;
  const filter::RequiredCapture required = filter::required_capture(*settings.selection);
  if (required.ages && settings.only_matching) {
    return fail(ErrorCode::invalid,
                "--only-matching knows of no block how old it is, as -e 'alloc.age ...' asks; leave it out");
  }
  tracing.fd_paths |= required.fd_paths;
  tracing.stacks |= required.stacks;
  if (!required.heap || !settings.events.empty()) return {};
  tracing.heap = true;
  tracing.stacks |= settings.heap_stacks;
  tracing.release_stacks = tracing.stacks;
  const filter::Pushdown calls = filter::push_down(*settings.selection, {});
  if (calls.x86_64.stopped == 0 && calls.i386.stopped == 0) tracing.system_calls = false;
  return {};
}

void push_filters_down(Settings& settings) {
  record::Options& tracing = settings.tracing;
  // Statistics need no more than the numbers.
  if (settings.output.summary == Summary::only && settings.trace_file.empty() &&
      !(settings.selection && filter::required_capture(*settings.selection).paths)) {
    tracing.detail = record::Detail::numbers;
  }
  if (!settings.calls || !tracing.system_calls) return;
  auto pushed = filter::push_down(
      *settings.calls, tracing.stacks ? filter::always_trace_for_stacks() : filter::default_always_trace());
  auto program = std::make_shared<const std::vector<sock_filter>>(std::move(pushed.matching));
  tracing.may_match = [program](Abi abi, std::uint32_t nr, std::span<const std::uint64_t, 6> args) {
    return filter::bpf::run(*program, data_of(abi, nr, args)) != SECCOMP_RET_ALLOW;
  };
  if (settings.verb != Verb::run || !settings.pushdown || !may_install_filter(settings)) return;
  if (pushed.x86_64.stopped == pushed.x86_64.all) return;  // It would let nothing through.
  settings.program_filter = std::move(pushed.program);
  tracing.seccomp = true;
}

void complain_of_filter(const Error& error) {
  // The block has its own first word, and lines of which the caret's column counts.
  write_block(error.message());
}

}  // namespace sonde::cli
