#include "sonde/record/task.hpp"

#include <utility>

#include "sonde/base/result.hpp"

namespace sonde::record {

Task* TaskTable::find(pid_t tid) {
  if (last_ != nullptr && last_->id.tid == tid) return last_;
  const auto found = tasks_.find(tid);
  if (found == tasks_.end()) return nullptr;
  return last_ = found->second.get();
}

Task& TaskTable::add(TaskId id) {
  auto& slot = tasks_[id.tid];
  slot = std::make_unique<Task>();
  slot->id = id;
  last_ = nullptr;
  return *slot;
}

void TaskTable::remove(pid_t tid) {
  last_ = nullptr;
  tasks_.erase(tid);
}

Task& TaskTable::rename(pid_t from, pid_t to) {
  last_ = nullptr;
  auto node = tasks_.extract(from);
  SONDE_CHECK(!node.empty());
  tasks_.erase(to);
  node.key() = to;
  node.mapped()->id.tid = to;
  Task& task = *node.mapped();
  tasks_.insert(std::move(node));
  return task;
}

}  // namespace sonde::record
