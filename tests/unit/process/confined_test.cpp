#include "sonde/process/confined.hpp"

#include <atomic>
#include <cstdlib>
#include <fcntl.h>
#include <string_view>
#include <unistd.h>

#include <doctest/doctest.h>

namespace {

using namespace sonde;

constexpr process::Confinement bounds{std::size_t{1} << 30, 1, 1 << 20};

void say(int output, std::string_view text) {
  [[maybe_unused]] const ssize_t n = ::write(output, text.data(), text.size());
}

ErrorCode failure_of(const std::function<void(int)>& work) {
  const auto answer = process::run_confined(work, bounds);
  REQUIRE_FALSE(answer);
  return answer.error().code;
}

}  // namespace

TEST_CASE("what the work writes comes back") {
  int changed = 0;
  const auto answer = process::run_confined(
      [&](int output) {
        changed = 1;
        say(output, std::string(100'000, 'x') + "end");
      },
      bounds);
  REQUIRE(answer);
  CHECK(answer->size() == 100'003);
  CHECK(answer->ends_with("end"));
  CHECK(changed == 0);
}

TEST_CASE("a crash, a hang and a flood are failures") {
  CHECK(failure_of([](int) { std::abort(); }) == ErrorCode::gone);
  CHECK(failure_of([](int) {
          for (std::atomic<int> turns = 0;; ++turns) {
          }
        }) == ErrorCode::limit);
  CHECK(failure_of([](int output) {
          for (;;) say(output, std::string(4096, 'x'));
        }) == ErrorCode::limit);
}

TEST_CASE("memory is bounded") {
  const auto answer = process::run_confined(
      [](int output) {
        void* const memory = ::malloc(std::size_t{2} << 30);
        say(output, memory == nullptr ? "none" : "some");
      },
      bounds);
  // AddressSanitizer ends a process that gets no memory.
  CHECK((!answer || *answer == "none"));
}

TEST_CASE("it opens no file and starts no process") {
  CHECK(failure_of([](int) { ::open("/etc/passwd", O_RDONLY); }) == ErrorCode::gone);
  CHECK(failure_of([](int) { ::fork(); }) == ErrorCode::gone);
}
