#include <string>

#include <doctest/doctest.h>

#include "sonde/suppress/check.hpp"
#include "sonde/suppress/matcher.hpp"
#include "unit/suppress/stacks.hpp"

using namespace sonde::suppress;

namespace {

// A stack of functions alone; "lib:NAME" is a frame of which only the module is known.
std::vector<Frame> stack_of(std::initializer_list<std::string_view> names) {
  std::vector<Frame> frames;
  for (const std::string_view name : names) {
    Frame frame;
    (name.starts_with("lib:") ? frame.module : frame.linkage_name) =
        name.starts_with("lib:") ? name.substr(4) : name;
    frames.push_back(frame);
  }
  return frames;
}

}  // namespace

TEST_CASE("what sonde ships stands up to its own check") {
  const Suppressions shipped = parsed(default_suppressions());
  CHECK(shipped.problems().empty());
  CHECK(shipped.all().size() >= 5);
  for (const Suppression& entry : shipped.all()) {
    CAPTURE(entry.name);
    CHECK_FALSE(entry.record->why.empty());
    CHECK_FALSE(entry.record->category.empty());
    CHECK(entry.record->tested_on);
    CHECK(entry.record->reviewed_on);
    CHECK(entry.kinds != LeakKinds::all());
    CHECK_FALSE(entry.kinds.has(LeakKind::definite));
  }
  const auto findings =
      check(shipped, {.today = *shipped.all().front().record->last_look(), .undated = true});
  for (const Finding& finding : findings) FAIL_CHECK(finding.name << ": " << finding.message);
}

// As valgrind 3.19 has shown them on Debian 12.
TEST_CASE("what sonde ships hides what it was written for, and no more") {
  const Suppressions shipped = parsed(default_suppressions());
  Matcher matcher(shipped.all());
  const auto hidden = [&](LeakKind kind, std::initializer_list<std::string_view> names) {
    const auto frames = stack_of(names);
    return matcher.first_match({kind, frames}).has_value();
  };
  const std::string_view libstdcxx = "lib:/usr/lib/x86_64-linux-gnu/libstdc++.so.6.0.30";
  CHECK(hidden(LeakKind::possible, {"calloc", "calloc", "allocate_dtv", "_dl_allocate_tls", "allocate_stack",
                                    "pthread_create@@GLIBC_2.34", "main"}));
  CHECK(hidden(LeakKind::reachable, {"malloc", "malloc", "strdup", "_dl_load_cache_lookup", "_dl_map_object",
                                     "dl_open_worker_begin", "_dl_catch_exception"}));
  CHECK(
      hidden(LeakKind::reachable, {"malloc", "_dl_new_object", "_dl_map_object_from_fd", "_dl_map_object"}));
  CHECK(hidden(LeakKind::reachable, {"calloc", "calloc", "_dl_check_map_versions", "dl_open_worker_begin"}));
  CHECK(hidden(LeakKind::reachable, {"malloc", "_dlfo_mappings_segment_allocate", "_dl_find_object_update_1",
                                     "_dl_find_object_update"}));
  CHECK(
      hidden(LeakKind::reachable, {"malloc", "_dlerror_run", "dlopen_implementation", "dlopen@@GLIBC_2.34"}));
  CHECK(hidden(LeakKind::reachable, {"malloc", "_IO_file_doallocate", "_IO_doallocbuf"}));
  CHECK(hidden(LeakKind::reachable, {"malloc", libstdcxx, "call_init", "call_init", "_dl_init"}));
  CHECK(hidden(LeakKind::possible, {"malloc", "_PyObject_GC_NewVar", "PyList_AsTuple"}));
  CHECK(hidden(LeakKind::reachable,
               {"malloc", "PyType_GenericAlloc", "lib:/usr/bin/python3.11", "PyType_Ready"}));
  CHECK_FALSE(hidden(LeakKind::definite, {"malloc", "_IO_file_doallocate", "_IO_doallocbuf"}));
  CHECK_FALSE(hidden(LeakKind::reachable, {"malloc", "init", "call_init", "_dl_init", "dl_open_worker"}));
  CHECK_FALSE(hidden(LeakKind::reachable, {"malloc", libstdcxx, "main"}));
  CHECK_FALSE(hidden(LeakKind::possible, {"malloc", "worker", "start_thread"}));
}
