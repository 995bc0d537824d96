#include "sonde/record/task.hpp"

#include <doctest/doctest.h>

using sonde::record::Task;
using sonde::record::TaskTable;

TEST_CASE("tasks are found by tid until they are removed") {
  TaskTable tasks;
  CHECK(tasks.empty());
  CHECK(tasks.find(1) == nullptr);
  Task& one = tasks.add({1, 1});
  Task& two = tasks.add({1, 2});
  CHECK(tasks.find(1) == &one);
  CHECK(tasks.find(2) == &two);
  CHECK(tasks.find(2) == &two);
  tasks.remove(2);
  CHECK(tasks.find(2) == nullptr);
  CHECK(tasks.find(1) == &one);
  tasks.remove(17);
  CHECK(tasks.size() == 1);
}

TEST_CASE("references outlive what comes and goes around them") {
  TaskTable tasks;
  Task& first = tasks.add({1, 1});
  first.in_call = true;
  for (int tid = 2; tid < 5000; ++tid) tasks.add({1, tid});
  for (int tid = 2; tid < 5000; tid += 2) tasks.remove(tid);
  CHECK(tasks.find(1) == &first);
  CHECK(first.in_call);
  int seen = 0;
  tasks.each([&](const Task&) { ++seen; });
  CHECK(seen == 2500);
}

TEST_CASE("a tid that is used again belongs to a new task") {
  TaskTable tasks;
  tasks.add({1, 5}).in_call = true;
  CHECK(tasks.find(5)->in_call);
  CHECK_FALSE(tasks.add({5, 5}).in_call);
  CHECK(tasks.find(5)->id.pid == 5);
}

TEST_CASE("an exec by another than the leader takes the leader's tid and keeps its own state") {
  TaskTable tasks;
  tasks.add({1, 1}).recorded = false;
  tasks.add({1, 9}).recorded = true;
  CHECK(tasks.find(9)->recorded);
  Task& task = tasks.rename(9, 1);
  CHECK(task.recorded);
  CHECK(task.id.tid == 1);
  CHECK(tasks.find(1) == &task);
  CHECK(tasks.find(9) == nullptr);
  CHECK(tasks.size() == 1);
}

TEST_CASE("the leader may be gone already") {
  TaskTable tasks;
  tasks.add({1, 9});
  CHECK(tasks.rename(9, 1).id.tid == 1);
  CHECK(tasks.size() == 1);
}
