// sonde leaks PID: what a process that was never watched has lost, as its own allocator's structures tell.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "cli/leak_check.hpp"
#include "sonde/base/limits.hpp"
#include "sonde/cli/message.hpp"
#include "sonde/cli/verbs.hpp"
#include "sonde/output/stream.hpp"
#include "sonde/output/target.hpp"
#include "sonde/process/memory_copy.hpp"
#include "sonde/process/proc_fs.hpp"
#include "sonde/ptrace/wait.hpp"
#include "sonde/record/process_sampler.hpp"

namespace sonde::cli {

namespace {

constexpr int failure = 125;

Result<LeakSubject> subject_of(pid_t pid, LeakImage& image, Nanoseconds stopped_for) {
  const auto& walk = image.walk();
  if (!walk) {
    return fail(walk.error().code,
                fmt::format("{}: {}; 'sonde leaks --for 60s {}' watches what it allocates from now on", pid,
                            walk.error().message(), pid));
  }
  LeakSubject subject{};
  subject.pid = pid;
  subject.exe = process::ProcFs().exe(pid);
  subject.when = "running";
  subject.stopped_for = stopped_for;
  subject.notes = walk->notes;
  subject.notes.emplace_back(
      "the process was not watched: where its blocks were allocated is not known, and their sizes are those "
      "that malloc has rounded up to");
  subject.rounded_sizes = true;
  subject.blocks.reserve(walk->blocks.size());
  for (const auto& block : walk->blocks) subject.blocks.add({block.address.value, block.size});
  image.forget_blocks();
  subject.blocks.seal();
  subject.frames = [](std::uint32_t) { return std::span<const suppress::Frame>(); };
  return subject;
}

Result<void> look_at(pid_t pid, LeakCheck& check) {
  auto stopped = record::copy_process(pid, std::min(limits::copied_bytes, process::room_for_copies()));
  if (!stopped) return Failure(stopped.error());
  LeakImage image(std::move(stopped->space), std::move(stopped->image), {pid, pid});
  auto subject = subject_of(pid, image, stopped->stopped_for);
  if (!subject) return Failure(subject.error());
  check.check(*std::move(subject), image);
  return {};
}

}  // namespace

int leaks(const Settings& settings) {
  auto check = LeakCheck::make(settings.leaks);
  if (!check) {
    complain(check.error());
    return failure;
  }
  auto target = output::open_target(settings.output.path, settings.output.append);
  if (!target) {
    complain(target.error());
    return failure;
  }
  std::optional<output::Stream> out(std::move(target->fd));
  int status = 0;
  for (const pid_t pid : settings.pids) {
    if (auto looked = look_at(pid, *check); !looked) {
      complain(looked.error());
      status = failure;
    }
    out->buffer() += check->take_report();
    out->commit();
  }
  out->buffer() += check->finish();
  out->flush();
  if (out->error() && out->error()->errno_value != EPIPE) {
    complain(fmt::format("cannot write to {}: {}", target->name, out->error()->message()));
    status = failure;
  }
  out.reset();  // The command of -o '|command' reads to the end.
  if (target->command > 0) ptrace::await_end(target->command);
  if (status == 0 && check->found()) return settings.leaks.error_exitcode.value_or(0);
  return status;
}

}  // namespace sonde::cli
