// Stops a program at random moments, and compares how sonde and libdw walk its stack there.
//
// usage: compare_unwind STOPS STEPS SEED (PID | -- PROGRAM ARG...)
//
// At each of STOPS stops a task of the process is asked, chosen at random; then again after each of STEPS
// instructions. A program that ends before is started again. Prints each difference, then `stops N agree N
// sonde_longer N libdw_longer N libdw_skips N differ N`; where one is longer, the other's frames are its
// first ones; libdw skips where it has all frames of sonde but one. Ends with 1 if a program could not be
// traced.
#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <sched.h>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <unistd.h>
#include <utility>
#include <variant>
#include <vector>

#include "sonde/base/clock.hpp"
#include "sonde/ptrace/requests.hpp"
#include "sonde/ptrace/wait.hpp"
#include "unwind/libdw_walk.hpp"
#include "unwind/process_image.hpp"

namespace {

using namespace sonde;
using Pcs = std::vector<std::uint64_t>;

constexpr std::size_t depth = 2000;
constexpr std::size_t window_bytes = 8192;
constexpr Nanoseconds step_limit = 20'000'000;  // An instruction that takes longer waits for something.
constexpr Nanoseconds longest_run = 3'000'000;  // Between two stops.
constexpr int differences_shown = 20;

struct Totals {
  std::size_t stops = 0;
  std::size_t agree = 0;
  std::size_t sonde_longer = 0;
  std::size_t libdw_longer = 0;
  std::size_t libdw_skips = 0;
  std::size_t differ = 0;
};

// One process that is traced, all its tasks.
class Traced {
 public:
  Traced(pid_t pid, bool ours) : pid_(pid), ours_(ours), image_(pid), libdw_(pid) {}
  ~Traced() {
    if (!ours_) return;
    ::kill(pid_, SIGKILL);
    first_.reset();
    while (!ended_ && !std::holds_alternative<ptrace::NoTracees>(next(ptrace::Block::yes))) continue;
  }

  static std::unique_ptr<Traced> start(char** command);
  static std::unique_ptr<Traced> attach(pid_t pid);

  bool ended() const { return ended_; }
  // Lets the process run for a while, then stops a task of it; at first, where a program that was started
  // begins, which is in the dynamic linker. Empty when it has ended.
  std::optional<ptrace::Stop> stop_somewhere(std::mt19937_64& random);
  // The stop after one instruction of the task. Empty when the task has ended.
  std::optional<ptrace::Stop> step(ptrace::Stop stop);
  void compare(pid_t tid, Totals& totals);

 private:
  ptrace::WaitOutcome next(ptrace::Block block);
  void run_on(ptrace::Stop stop);
  void run_for(Nanoseconds time);
  std::optional<ptrace::Stop> await(pid_t tid);
  bool is_code(std::uint64_t address) const {
    return std::any_of(image_.modules().begin(), image_.modules().end(),
                       [&](const auto& m) { return address >= m.begin.value && address < m.end.value; });
  }
  // Drops what comes from the first caller on that is not in executable memory.
  void cut_to_code(Pcs& pcs) const {
    if (pcs.empty()) return;
    pcs.erase(std::find_if(pcs.begin() + 1, pcs.end(), [&](auto pc) { return !is_code(pc - 1); }), pcs.end());
  }
  void show(const Pcs& ours, unwind::End end, const Pcs& libdw) const;

  pid_t pid_;
  bool ours_;
  bool ended_ = false;
  std::optional<ptrace::Stop> first_;
  unwind::test::ProcessImage image_;
  unwind::test::LibdwWalker libdw_;
  std::array<std::byte, window_bytes> window_;
  std::array<unwind::Frame, depth> frames_;
  int shown_ = 0;
};

std::unique_ptr<Traced> Traced::start(char** command) {
  int go[2];
  if (::pipe(go) != 0) return nullptr;
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::close(go[1]);
    char c;
    if (::read(go[0], &c, 1) != 1) ::_exit(127);
    ::execvp(command[0], command);
    ::_exit(127);
  }
  ::close(go[0]);
  ptrace::Options options;
  options.children = false;
  const bool seized = ptrace::seize(pid, options).has_value() && ::write(go[1], "x", 1) == 1;
  ::close(go[1]);
  auto traced = std::make_unique<Traced>(pid, true);
  if (!seized) return nullptr;
  // Up to the program itself.
  for (;;) {
    auto outcome = traced->next(ptrace::Block::yes);
    auto* const stop = std::get_if<ptrace::Stop>(&outcome);
    if (stop == nullptr) return nullptr;
    if (stop->kind() == ptrace::StopKind::exec) {
      traced->first_ = std::move(*stop);
      return traced;
    }
    traced->run_on(std::move(*stop));
  }
}

std::unique_ptr<Traced> Traced::attach(pid_t pid) {
  ptrace::Options options;
  options.children = false;
  for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    if (!ptrace::seize(std::stoi(task.path().filename()), options)) return nullptr;
  }
  return std::make_unique<Traced>(pid, false);
}

ptrace::WaitOutcome Traced::next(ptrace::Block block) {
  auto outcome = ptrace::wait_for_any(block);
  const auto* const ended = std::get_if<ptrace::Ended>(&outcome);
  if ((ended != nullptr && ended->tid == pid_) || std::holds_alternative<ptrace::NoTracees>(outcome))
    ended_ = true;
  return outcome;
}

void Traced::run_on(ptrace::Stop stop) {
  if (stop.kind() == ptrace::StopKind::group_stop) {
    std::move(stop).listen();
    return;
  }
  // A SIGTRAP is a step's.
  const int signal = stop.signal_in_hand() == SIGTRAP ? 0 : stop.signal_in_hand();
  std::move(stop).resume(ptrace::Run::freely, signal);
}

void Traced::run_for(Nanoseconds time) {
  const Nanoseconds until = now() + time;
  while (!ended_ && now() < until) {
    auto outcome = next(ptrace::Block::no);
    if (auto* const stop = std::get_if<ptrace::Stop>(&outcome)) {
      run_on(std::move(*stop));
    } else {
      ::sched_yield();
    }
  }
}

// The next stop of the task; other tasks go on meanwhile.
std::optional<ptrace::Stop> Traced::await(pid_t tid) {
  while (!ended_) {
    auto outcome = next(ptrace::Block::yes);
    if (const auto* ended = std::get_if<ptrace::Ended>(&outcome); ended != nullptr && ended->tid == tid)
      break;
    auto* const stop = std::get_if<ptrace::Stop>(&outcome);
    if (stop == nullptr) continue;
    if (stop->tid() == tid && stop->kind() != ptrace::StopKind::group_stop) return std::move(*stop);
    run_on(std::move(*stop));
  }
  return std::nullopt;
}

std::optional<ptrace::Stop> Traced::stop_somewhere(std::mt19937_64& random) {
  if (first_) return std::exchange(first_, std::nullopt);
  run_for(random() % longest_run);
  std::vector<pid_t> tasks;
  std::error_code error;
  for (const auto& task :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid_) + "/task", error)) {
    tasks.push_back(std::stoi(task.path().filename()));
  }
  while (!ended_ && !tasks.empty()) {
    const pid_t tid = tasks[random() % tasks.size()];
    if (ptrace::interrupt(tid)) return await(tid);
    std::erase(tasks, tid);
    run_for(0);
  }
  run_for(longest_run);
  return std::nullopt;
}

std::optional<ptrace::Stop> Traced::step(ptrace::Stop stop) {
  const pid_t tid = stop.tid();
  const int signal = stop.signal_in_hand() == SIGTRAP ? 0 : stop.signal_in_hand();
  if (!std::move(stop).resume(ptrace::Run::one_instruction, signal)) return std::nullopt;
  const Nanoseconds until = now() + step_limit;
  while (now() < until) {
    auto outcome = ptrace::wait_for(tid, ptrace::Block::no);
    if (auto* const reached = std::get_if<ptrace::Stop>(&outcome)) return std::move(*reached);
    if (std::holds_alternative<ptrace::Ended>(outcome)) {
      ended_ = ended_ || tid == pid_;
      return std::nullopt;
    }
    ::sched_yield();
  }
  if (!ptrace::interrupt(tid)) return std::nullopt;
  return await(tid);
}

void Traced::show(const Pcs& ours, unwind::End end, const Pcs& libdw) const {
  std::printf("sonde (%s):", unwind::name_of(end));
  for (std::size_t i = 0; i < ours.size() && i < 40; ++i) {
    std::printf(" %lx%s", ours[i], frames_[i].found == unwind::Found::cfi ? "" : "*");
  }
  std::printf("\nlibdw (%s):", libdw_.end().c_str());
  for (std::size_t i = 0; i < libdw.size() && i < 40; ++i) std::printf(" %lx", libdw[i]);
  for (std::size_t i = 0; i < std::max(ours.size(), libdw.size()); ++i) {
    if (i < ours.size() && i < libdw.size() && ours[i] == libdw[i]) continue;
    std::printf("\nfrom frame %zu on, after %lx\n", i, i > 0 ? ours[i - 1] : 0);
    break;
  }
  for (const auto& module : image_.modules()) {
    std::printf("  %lx-%lx bias %lx%s\n", module.begin.value, module.end.value, module.bias,
                module.table != nullptr ? "" : " without information");
  }
}

// Whether `shorter` is `longer` less one of its frames.
bool skips_one(const Pcs& shorter, const Pcs& longer) {
  if (shorter.size() + 1 != longer.size()) return false;
  const auto at = std::mismatch(shorter.begin(), shorter.end(), longer.begin());
  return std::equal(at.first, shorter.end(), at.second + 1);
}

void Traced::compare(pid_t tid, Totals& totals) {
  if (image_.refresh()) libdw_.refresh();
  const auto registers = ptrace::registers(tid);
  if (!registers || !registers->is_64_bit()) return;
  const memory::ProcessMemory memory(pid_);
  const auto walk = unwind::walk(*registers, image_.modules(), memory, window_, frames_);
  Pcs ours;
  for (std::size_t i = 0; i < walk.frames; ++i) ours.push_back(frames_[i].pc.value);
  Pcs libdw = libdw_.walk(tid, depth);
  // Where a caller is no code, the frames are beyond what anybody can know.
  cut_to_code(ours);
  cut_to_code(libdw);
  ++totals.stops;
  const std::size_t common = std::min(ours.size(), libdw.size());
  const bool same =
      std::equal(ours.begin(), ours.begin() + static_cast<std::ptrdiff_t>(common), libdw.begin());
  std::size_t& count = !same && skips_one(libdw, ours) ? totals.libdw_skips
                       : !same                         ? totals.differ
                       : ours.size() > libdw.size()    ? totals.sonde_longer
                       : ours.size() < libdw.size()    ? totals.libdw_longer
                                                       : totals.agree;
  ++count;
  if (&count != &totals.agree && shown_++ < differences_shown) show(ours, walk.end, libdw);
}

template <typename T>
T number(std::string_view text) {
  T value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr, "usage: compare_unwind STOPS STEPS SEED (PID | -- PROGRAM ARG...)\n");
    return 2;
  }
  const auto stops = number<std::size_t>(argv[1]);
  const auto steps = number<std::size_t>(argv[2]);
  std::mt19937_64 random(number<std::uint64_t>(argv[3]));
  const bool starts = std::string_view(argv[4]) == "--";
  std::unique_ptr<Traced> traced;
  Totals totals;
  for (std::size_t done = 0; done < stops; ++done) {
    if (!traced || traced->ended()) {
      if (traced && !starts) break;
      traced.reset();
      traced = starts ? Traced::start(argv + 5) : Traced::attach(number<pid_t>(argv[4]));
      if (!traced) {
        std::fprintf(stderr, "compare_unwind: cannot trace %s\n", argv[starts ? 5 : 4]);
        return 1;
      }
    }
    auto stop = traced->stop_somewhere(random);
    for (std::size_t i = 0; stop && i <= steps; ++i) {
      traced->compare(stop->tid(), totals);
      if (i < steps) stop = traced->step(std::move(*stop));
    }
    if (stop) {
      const int signal = stop->signal_in_hand() == SIGTRAP ? 0 : stop->signal_in_hand();
      std::move(*stop).resume(ptrace::Run::freely, signal);
    }
  }
  std::printf("stops %zu agree %zu sonde_longer %zu libdw_longer %zu libdw_skips %zu differ %zu\n",
              totals.stops, totals.agree, totals.sonde_longer, totals.libdw_longer, totals.libdw_skips,
              totals.differ);
  return 0;
}
