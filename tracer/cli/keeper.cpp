#include "sonde/cli/keeper.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "cli/keeper_signals.hpp"
#include "sonde/base/clock.hpp"
#include "sonde/base/limits.hpp"
#include "sonde/cli/job_control.hpp"
#include "sonde/cli/message.hpp"
#include "sonde/cli/processes.hpp"
#include "sonde/probes/settle.hpp"
#include "sonde/ptrace/wait.hpp"

namespace sonde::cli {

namespace {

constexpr int own_failure = 125;
constexpr int not_runnable = 126;
constexpr int not_found = 127;

int status_for(const Error& error) {
  if (error.code == ErrorCode::not_found) return not_found;
  return error.code == ErrorCode::not_runnable ? not_runnable : own_failure;
}

class Keeper {
 public:
  explicit Keeper(const Settings& settings) : settings_(settings) {}

  int run();

 private:
  Result<void> prepare();
  int give_up(const Error& error, int status);
  Result<void> start_program();
  using SocketPair = std::pair<record::ControlSocket, record::ControlSocket>;
  Result<void> fork_processes();
  void fork_console(SocketPair& for_tracer, SocketPair& for_console);
  void fork_tracer(SocketPair& for_tracer, SocketPair& for_console);
  void watch();
  void kill_processes();
  void look_at_children();
  void look_at_program();
  void on_program_ended(int status);
  void on_console_gone();
  void on_tracer_gone(int status);
  void read_signals();
  void on_signal(const signalfd_siginfo& info);
  void read_messages(record::ControlSocket& socket);
  void ask_to_detach();
  void look_when_due();
  int poll_timeout();
  bool done() const;
  int result();

  bool runs() const { return settings_.verb == Verb::run; }

  const Settings& settings_;
  std::optional<event::Ring> ring_;
  std::optional<Outputs> outputs_;
  std::optional<probes::PatchTable> patches_;
  std::optional<process::Launch> launch_;
  JobControl job_;
  record::ControlSocket tracer_socket_;
  record::ControlSocket console_socket_;
  Lifeline lifeline_;
  UniqueFd signals_;
  pid_t tracer_ = 0;  // 0 once it was reaped.
  pid_t console_ = 0;
  pid_t program_ = 0;
  std::optional<int> program_status_;  // As wait(2) gives it.
  std::optional<Error> program_failure_;
  int ended_by_ = 0;    // The signal that tells us to end without waiting for the program.
  int own_status_ = 0;  // 125 when something of ours failed.
  bool found_leaks_ = false;
  bool detach_asked_ = false;
  bool killed_ = false;  // Tracer and console, by us.
  std::optional<Nanoseconds> deadline_;
  std::optional<Nanoseconds> next_look_;  // For leaks, while it runs.
};

Result<void> Keeper::prepare() {
  auto outputs = Outputs::open(settings_);
  if (!outputs) return Failure(outputs.error());
  outputs_ = std::move(*outputs);
  auto ring = event::Ring::create(limits::ring_bytes);
  if (!ring) return Failure(ring.error());
  ring_.emplace(std::move(*ring));
  if (settings_.tracing.heap) {
    auto patches = probes::PatchTable::make();
    if (!patches) return Failure(patches.error());
    patches_.emplace(std::move(*patches));
  }
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno(errno, "cannot make a pipe");
  lifeline_.watched.reset(ends[0]);
  lifeline_.held.reset(ends[1]);
  return {};
}

Result<void> Keeper::start_program() {
  if (!runs()) return {};
  auto path = process::find_program(settings_.command.front());
  if (!path) return Failure(path.error());
  process::Program program;
  program.path = *std::move(path);
  program.argv = settings_.command;
  program.environment_changes = settings_.environment;
  program.seccomp = settings_.program_filter;
  program.no_new_privs = settings_.force_pushdown;
  if (!settings_.user.empty()) {
    // That there is no such user is no statement on the program.
    auto user = process::find_user(settings_.user);
    if (!user) return fail(ErrorCode::invalid, user.error().context);
    program.user = *std::move(user);
  }
  auto launch = process::Launch::fork(program);
  if (!launch) return Failure(launch.error());
  launch_.emplace(*std::move(launch));
  program_ = launch_->pid();
  return {};
}

// Console and tracer are forked with the handled signals blocked, and unblock them once their dispositions
// are set.
Result<void> Keeper::fork_processes() {
  ::signal(SIGCHLD, SIG_DFL);  // Ignored, it would have our children vanish without a word.
  const sigset_t handled = handled_signals(settings_);
  ::sigprocmask(SIG_BLOCK, &handled, nullptr);
  signals_.reset(::signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK));
  auto for_tracer = record::ControlSocket::pair();
  if (!for_tracer) return Failure(for_tracer.error());
  auto for_console = record::ControlSocket::pair();
  if (!for_console) return Failure(for_console.error());
  // A program waits for its tracer; one that attaches has to know who its console is.
  if (runs()) fork_tracer(*for_tracer, *for_console);
  if (tracer_ >= 0) fork_console(*for_tracer, *for_console);
  if (!runs() && console_ > 0) fork_tracer(*for_tracer, *for_console);
  if (console_ < 0 || tracer_ < 0) return fail_errno(errno, "cannot start a process");
  tracer_socket_ = std::move(for_tracer->first);
  console_socket_ = std::move(for_console->first);
  lifeline_.watched.reset();
  outputs_->abandon();
  if (launch_) launch_->abandon();
  return {};
}

void Keeper::fork_console(SocketPair& for_tracer, SocketPair& for_console) {
  console_ = ::fork();
  if (console_ != 0) return;
  for_tracer.first.close();
  for_tracer.second.close();
  for_console.first.close();
  lifeline_.held.reset();
  signals_.reset();
  if (launch_) launch_->abandon();
  ::_exit(run_console_process(settings_, *ring_, std::move(for_console.second), std::move(lifeline_.watched),
                              std::move(*outputs_)));
}

void Keeper::fork_tracer(SocketPair& for_tracer, SocketPair& for_console) {
  const pid_t keeper = ::getpid();
  tracer_ = ::fork();
  if (tracer_ != 0) return;
  // A group is what shells kill. Who kills ours leaves somebody who lets the tracees go.
  ::setpgid(0, 0);
  for_tracer.first.close();
  for_console.first.close();
  for_console.second.close();
  lifeline_.watched.reset();
  signals_.reset();
  outputs_->abandon();
  ::_exit(run_tracer_process(settings_, *ring_, std::move(for_tracer.second), launch_ ? &*launch_ : nullptr,
                             {keeper, console_, ::getpid()}, patches_ ? &*patches_ : nullptr));
}

int Keeper::run() {
  if (auto ready = prepare(); !ready) return give_up(ready.error(), own_failure);
  if (auto started = start_program(); !started) return give_up(started.error(), status_for(started.error()));
  if (auto forked = fork_processes(); !forked) return give_up(forked.error(), own_failure);
  if (runs()) job_ = JobControl(program_);
  if (settings_.timeout_ns) deadline_ = now() + *settings_.timeout_ns;
  const LeakSettings& leaks = settings_.leaks;
  if (leaks.after || leaks.every) next_look_ = now() + (leaks.after ? *leaks.after : *leaks.every);
  while (!done()) watch();
  return result();
}

int Keeper::give_up(const Error& error, int status) {
  complain(error);
  for (const pid_t child : {console_, tracer_, program_}) {
    if (child > 0) ::kill(child, SIGKILL);
  }
  return status;
}

void Keeper::watch() {
  pollfd polls[] = {
      {signals_.value(), POLLIN, 0}, {tracer_socket_.fd(), POLLIN, 0}, {console_socket_.fd(), POLLIN, 0}};
  const int n = ::poll(polls, 3, poll_timeout());
  if (n < 0 && errno != EINTR) return;
  if (deadline_ && now() >= *deadline_) {
    deadline_.reset();
    ask_to_detach();
  }
  look_when_due();
  read_messages(tracer_socket_);
  read_messages(console_socket_);
  read_signals();
  look_at_children();
}

void Keeper::look_when_due() {
  if (!next_look_ || now() < *next_look_) return;
  if (tracer_ > 0 && !detach_asked_) tracer_socket_.send(record::ControlKind::look);
  next_look_.reset();
  if (settings_.leaks.every) next_look_ = now() + *settings_.leaks.every;
}

int Keeper::poll_timeout() {
  if (!deadline_ && !next_look_) return -1;
  constexpr Nanoseconds never = ~Nanoseconds{0};
  const Nanoseconds next = std::min(deadline_.value_or(never), next_look_.value_or(never));
  const Nanoseconds time = now();
  return time >= next ? 0 : static_cast<int>(std::min<Nanoseconds>((next - time) / 1'000'000 + 1, 1 << 30));
}

void Keeper::read_messages(record::ControlSocket& socket) {
  if (socket.fd() < 0) return;
  record::ControlMessage message;
  for (;;) {
    switch (socket.receive(message)) {
      case record::ControlSocket::State::empty:
        return;
      case record::ControlSocket::State::closed:
        return socket.close();
      case record::ControlSocket::State::message:
        break;
    }
    switch (message.kind) {
      case record::ControlKind::refused:
        own_status_ = own_failure;
        complain(message.view());
        break;
      case record::ControlKind::output_ended:
        if (!message.view().empty()) {
          own_status_ = own_failure;
          complain(message.view());
        }
        ask_to_detach();
        break;
      case record::ControlKind::detach:
      case record::ControlKind::look:
      case record::ControlKind::round:
      case record::ControlKind::report:
        break;
    }
  }
}

void Keeper::read_signals() {
  signalfd_siginfo info;
  while (::read(signals_.value(), &info, sizeof info) == sizeof info) on_signal(info);
}

void Keeper::on_signal(const signalfd_siginfo& info) {
  const int signal = static_cast<int>(info.ssi_signo);
  if (signal == SIGCHLD) return;
  if (signal == SIGCONT) {
    if (program_ != 0) job_.on_continued(static_cast<pid_t>(info.ssi_pid) == tracer_);
    return;
  }
  if (signal == SIGUSR1) return console_socket_.send(record::ControlKind::report);
  if (signal == SIGUSR2) return console_socket_.send(record::ControlKind::round);
  // Ctrl-C and Ctrl-\ reach the program by themselves, since it is in the terminal's foreground group too.
  const bool from_terminal = info.ssi_code == SI_KERNEL && (signal == SIGINT || signal == SIGQUIT);
  if (runs() && from_terminal && !detach_asked_) return;
  if (detach_asked_) kill_processes();
  if (runs() || signal == SIGTERM || signal == SIGHUP || signal == SIGQUIT) ended_by_ = signal;
  ask_to_detach();
}

void Keeper::ask_to_detach() {
  if (std::exchange(detach_asked_, true)) return;
  tracer_socket_.send(record::ControlKind::detach);
}

// Asked a second time: the output may hang. The kernel detaches what a killed tracer held; under a seccomp
// filter, and with breakpoints in it, that could end the program, so there the tracer is left alone.
void Keeper::kill_processes() {
  killed_ = true;
  const bool may_die = settings_.tracing.can_detach() && !settings_.tracing.heap;
  if (tracer_ > 0 && may_die) ::kill(tracer_, SIGKILL);
  if (console_ > 0) ::kill(console_, SIGKILL);
}

void Keeper::look_at_children() {
  if (tracer_ > 0) {
    if (const auto status = ptrace::child_status(tracer_, false)) {
      tracer_ = 0;
      on_tracer_gone(*status);
    }
  }
  if (console_ > 0) {
    if (const auto status = ptrace::child_status(console_, false)) {
      console_ = 0;
      found_leaks_ = WIFEXITED(*status) && WEXITSTATUS(*status) == console_found_leaks;
      if (!found_leaks_ && (!WIFEXITED(*status) || WEXITSTATUS(*status) != 0)) own_status_ = own_failure;
      if (WIFSIGNALED(*status) && !killed_) {
        complain(
            fmt::format("the console process was ended by signal {}; no more events are shown, and what was "
                        "traced goes on",
                        WTERMSIG(*status)));
      }
      ask_to_detach();
    }
  }
  look_at_program();
}

void Keeper::on_tracer_gone(int status) {
  if (patches_ && WIFSIGNALED(status)) {
    for (const auto& ended : probes::recover(*patches_))
      if (ended.tid == program_) on_program_ended(ended.status);
  }
  ring_->close();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  own_status_ = own_failure;
  if (WIFSIGNALED(status) && !detach_asked_) {
    complain(fmt::format("the tracer process was ended by signal {}; what was traced {}", WTERMSIG(status),
                         settings_.tracing.can_detach() && !settings_.tracing.kill_on_exit
                             ? "goes on untraced"
                             : "ended with it"));
  }
}

void Keeper::look_at_program() {
  while (program_ != 0) {
    const auto status = ptrace::child_status(program_, true);
    if (!status) return;
    if (WIFSTOPPED(*status)) {
      job_.stop_with_program(WSTOPSIG(*status), tracer_ != 0);
      continue;
    }
    on_program_ended(*status);
  }
}

void Keeper::on_program_ended(int status) {
  program_ = 0;
  program_status_ = status;
  if (auto executed = launch_->executed(); !executed) program_failure_ = executed.error();
}

bool Keeper::done() const {
  const bool own_gone = tracer_ == 0 && console_ == 0;
  if (ended_by_ != 0 && (own_gone || !settings_.tracing.can_detach())) return true;
  return own_gone && (program_ == 0 || ended_by_ != 0);
}

int Keeper::result() {
  if (const pid_t command = outputs_->command(); command > 0) ptrace::await_end(command);
  if (program_failure_) {
    complain(fmt::format("cannot run '{}': {}", settings_.command.front(), program_failure_->message()));
    return status_for(*program_failure_);
  }
  if (ended_by_ != 0) end_by(ended_by_);
  if (own_status_ == 0 && found_leaks_ && settings_.leaks.error_exitcode)
    return *settings_.leaks.error_exitcode;
  if (own_status_ != 0 || !program_status_) return own_status_;
  if (WIFSIGNALED(*program_status_)) end_by(WTERMSIG(*program_status_));
  return WEXITSTATUS(*program_status_);
}

}  // namespace

int keep(const Settings& settings) { return Keeper(settings).run(); }

}  // namespace sonde::cli
