#include "sonde/analysis/call_statistics.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "sonde/base/limits.hpp"
#include "sonde/syscall/table.hpp"

namespace sonde::analysis {

namespace {

constexpr std::uint32_t x32_bit = 0x40000000;

std::string name_of(const CallSample& sample) {
  if (const syscall::Row* row = syscall::find(sample.abi, sample.nr)) return std::string(row->name);
  return fmt::format("syscall_{:#x}", sample.nr);
}

}  // namespace

Nanoseconds CallTotals::quantile(double fraction) const {
  return std::clamp(durations.quantile(fraction), shortest, longest);
}

void CallTotals::add(const CallSample& sample) {
  shortest = calls == 0 ? sample.duration : std::min(shortest, sample.duration);
  longest = std::max(longest, sample.duration);
  total += sample.duration;
  ++calls;
  errors += sample.failed ? 1 : 0;
  in_flight += sample.in_flight ? 1 : 0;
  durations.add(sample.duration);
}

void CallTotals::add(const CallTotals& other) {
  if (other.calls == 0) return;
  shortest = calls == 0 ? other.shortest : std::min(shortest, other.shortest);
  longest = std::max(longest, other.longest);
  total += other.total;
  calls += other.calls;
  errors += other.errors;
  in_flight += other.in_flight;
  durations.add(other.durations);
}

void CallTable::add(const CallSample& sample) {
  const std::uint32_t nr = sample.abi == Abi::x32 ? sample.nr & ~x32_bit : sample.nr;
  const std::size_t index = std::min<std::size_t>(nr, limits::statistics_numbers);
  auto& rows = by_number_[static_cast<std::size_t>(sample.abi)];
  if (index >= rows.size()) rows.resize(index + 1);
  auto& row = rows[index];
  if (!row) {
    row = std::make_unique<CallTotals>();
    row->name = index < limits::statistics_numbers ? name_of(sample) : "(unknown numbers)";
  }
  row->add(sample);
}

std::vector<const CallTotals*> CallTable::rows(Abi abi) const {
  std::vector<const CallTotals*> made;
  for (const auto& row : by_number_[static_cast<std::size_t>(abi)]) {
    if (row) made.push_back(row.get());
  }
  return made;
}

CallTotals CallTable::total(Abi abi) const {
  CallTotals total;
  total.name = "total";
  for (const CallTotals* row : rows(abi)) total.add(*row);
  return total;
}

void CallStatistics::apply(const CallSample& sample) {
  all_.add(sample);
  if (per_process_) process(sample.task.pid).table.add(sample);
}

void CallStatistics::name_process(pid_t pid, std::string_view comm) {
  if (!per_process_) return;
  Process& named = process(pid);
  if (processes_.contains(pid)) named.comm = comm;
}

CallStatistics::Process& CallStatistics::process(pid_t pid) {
  if (last_ != nullptr && last_pid_ == pid) return *last_;
  auto found = processes_.find(pid);
  if (found == processes_.end()) {
    const pid_t key = processes_.size() < limits::statistics_processes ? pid : 0;
    found = processes_.try_emplace(key).first;
  }
  last_ = &found->second;
  last_pid_ = pid;
  return *last_;
}

}  // namespace sonde::analysis
