#include "sonde/process/proc_fs.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "sonde/base/limits.hpp"
#include "sonde/base/unique_fd.hpp"

namespace sonde::process {

namespace {

template <typename T>
std::optional<T> number(std::string_view text, int base = 10) {
  const std::size_t start = text.find_first_not_of(" \t");
  if (start == std::string_view::npos) return std::nullopt;
  T value{};
  const auto [end, error] = std::from_chars(text.data() + start, text.data() + text.size(), value, base);
  if (error != std::errc{}) return std::nullopt;
  return value;
}

// What follows "key:" at the start of a line of a status file.
std::string_view field(std::string_view text, std::string_view key) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    if (line.starts_with(key) && line.substr(key.size()).starts_with(':')) return line.substr(key.size() + 1);
    at = end + 1;
  }
  return {};
}

// The n-th word of a line, from 0.
std::string_view word_of(std::string_view line, int n) {
  constexpr std::string_view blanks = " \t";
  for (;; --n) {
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
    const std::size_t end = std::min(line.find_first_of(blanks), line.size());
    if (n == 0) return line.substr(0, end);
    if (line.empty()) return {};
    line.remove_prefix(end);
  }
}

constexpr std::size_t comm_bytes = 15;

// A comm as a status file has it, behind a tab. The kernel writes a newline in it as a backslash and an n,
// and a backslash as two.
std::string comm_of(std::string_view name) {
  std::string comm;
  for (std::size_t at = name.starts_with('\t') ? 1 : 0; at < name.size(); ++at) {
    const bool escape = name[at] == '\\' && at + 1 < name.size();
    if (escape) ++at;
    comm += escape && name[at] == 'n' ? '\n' : name[at];
  }
  return comm.substr(0, comm_bytes);
}

}  // namespace

std::string ProcFs::read(std::string_view path) const {
  const UniqueFd fd(::open(fmt::format("{}/{}", root_, path).c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  if (!fd) return text;
  std::array<char, 4096> chunk;
  while (text.size() < limits::proc_file_bytes) {
    const ssize_t n = ::read(fd.value(), chunk.data(), chunk.size());
    if (n <= 0) break;
    text.append(chunk.data(), static_cast<std::size_t>(n));
  }
  return text;
}

std::string ProcFs::maps(pid_t pid) const { return read(fmt::format("{}/maps", pid)); }

std::optional<ResidentMemory> ProcFs::resident(pid_t pid) const {
  // In pages: the size of all mappings, what is resident, what of that is shared.
  const std::string text = read(fmt::format("{}/statm", pid));
  const auto all = number<std::uint64_t>(word_of(text, 1));
  const auto shared = number<std::uint64_t>(word_of(text, 2));
  if (!all || *all == 0 || !shared) return std::nullopt;
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return ResidentMemory{*all * page, std::min(*all, *shared) * page};
}

std::optional<TaskStatus> ProcFs::status(pid_t tid) const {
  const std::string text = read(fmt::format("{}/status", tid));
  const auto pid = number<pid_t>(field(text, "Tgid"));
  if (!pid) return std::nullopt;
  TaskStatus status;
  status.pid = *pid;
  status.comm = comm_of(field(text, "Name"));
  status.parent_pid = number<pid_t>(field(text, "PPid")).value_or(0);
  status.tracer_pid = number<pid_t>(field(text, "TracerPid")).value_or(0);
  const std::string_view ids = field(text, "NSpid");
  status.own_pid = number<pid_t>(ids.substr(ids.find_last_of(" \t") + 1)).value_or(tid);
  status.uid = number<uid_t>(word_of(field(text, "Uid"), 0)).value_or(0);
  status.effective_uid = number<uid_t>(word_of(field(text, "Uid"), 1)).value_or(0);
  status.ignored_signals = number<std::uint64_t>(field(text, "SigIgn"), 16).value_or(0);
  status.caught_signals = number<std::uint64_t>(field(text, "SigCgt"), 16).value_or(0);
  status.seccomp = number<int>(field(text, "Seccomp")).value_or(0);
  const std::string_view state = word_of(field(text, "State"), 0);
  status.state = state.empty() ? '?' : state.front();
  return status;
}

std::vector<pid_t> ProcFs::tasks(pid_t pid) const {
  std::vector<pid_t> found;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(fmt::format("{}/{}/task", root_, pid).c_str()),
                                                   ::closedir);
  if (!folder) return found;
  while (const dirent* entry = ::readdir(folder.get())) {
    if (const auto tid = number<pid_t>(entry->d_name)) found.push_back(*tid);
  }
  std::sort(found.begin(), found.end());
  return found;
}

bool ProcFs::has_task(pid_t pid, pid_t tid) const {
  return ::access(fmt::format("{}/{}/task/{}", root_, pid, tid).c_str(), F_OK) == 0;
}

bool ProcFs::is_kernel_thread(pid_t pid) const {
  constexpr std::uint32_t kernel_thread = 0x00200000;  // PF_KTHREAD of linux/sched.h
  const std::string text = read(fmt::format("{}/stat", pid));
  // The comm in parentheses may hold anything, so the fields are counted from its last ')': flags is the 7th.
  const std::size_t after_comm = text.rfind(')');
  if (after_comm == std::string::npos) return false;
  const auto flags = number<std::uint32_t>(word_of(std::string_view(text).substr(after_comm + 1), 6));
  return flags && (*flags & kernel_thread) != 0;
}

std::string ProcFs::comm(pid_t tid) const {
  std::string text = read(fmt::format("{}/comm", tid));
  if (text.ends_with('\n')) text.pop_back();
  return text.substr(0, comm_bytes);
}

std::string ProcFs::exe(pid_t pid) const {
  std::array<char, limits::path_bytes> target;
  const ssize_t n = ::readlink(fmt::format("{}/{}/exe", root_, pid).c_str(), target.data(), target.size());
  return n <= 0 ? std::string() : std::string(target.data(), static_cast<std::size_t>(n));
}

Address ProcFs::sleeps_at(pid_t tid) const {
  // The call's number, its arguments, the stack pointer and the program counter; "running" of one that runs.
  const std::string text = read(fmt::format("{}/syscall", tid));
  const std::size_t last = text.rfind(" 0x");
  if (last == std::string::npos) return {};
  return {number<std::uint64_t>(std::string_view(text).substr(last + 3), 16).value_or(0)};
}

std::optional<uid_t> ProcFs::owner(pid_t pid) const {
  struct stat st;
  if (::stat(fmt::format("{}/{}/status", root_, pid).c_str(), &st) != 0) return std::nullopt;
  return st.st_uid;
}

std::optional<int> ProcFs::yama_scope() const { return number<int>(read("sys/kernel/yama/ptrace_scope")); }

std::uint64_t ProcFs::own_capabilities() const {
  return number<std::uint64_t>(field(read("self/status"), "CapEff"), 16).value_or(0);
}

}  // namespace sonde::process
