#include "sonde/process/launch.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using sonde::ErrorCode;
using sonde::process::find_program;
using sonde::process::find_user;
using sonde::process::Launch;
using sonde::process::Program;

namespace {

int status_of(pid_t pid) {
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

Program shell(std::string script) { return {"/bin/sh", {"sh", "-c", std::move(script)}, {}, {}, {}, false}; }

}  // namespace

TEST_CASE("a program is found in PATH") {
  const auto found = find_program("sh");
  REQUIRE(found);
  CHECK(found->ends_with("/sh"));
  CHECK(find_program("/bin/sh").value() == "/bin/sh");
}

TEST_CASE("what cannot be run is told apart") {
  CHECK(find_program("").error().code == ErrorCode::not_found);
  CHECK(find_program("no-such-program").error().code == ErrorCode::not_found);
  CHECK(find_program("/no/such/program").error().code == ErrorCode::not_found);
  CHECK(find_program("/etc/passwd/program").error().code == ErrorCode::not_found);
  CHECK(find_program("/etc").error().code == ErrorCode::not_runnable);
  CHECK(find_program("/etc/passwd").error().code == ErrorCode::not_runnable);
  CHECK(find_program("/dev/null").error().code == ErrorCode::not_runnable);
}

TEST_CASE("a file that cannot be run does not hide one that can, later in PATH") {
  std::string pattern = std::filesystem::temp_directory_path() / "sonde-path-XXXXXX";
  const std::string folder = ::mkdtemp(pattern.data());
  std::ofstream(folder + "/sh") << "not executable";
  const std::string before = std::getenv("PATH");
  ::setenv("PATH", (folder + ":/no/such/folder:" + before).c_str(), 1);
  const auto found = find_program("sh");
  ::setenv("PATH", folder.c_str(), 1);
  const auto refused = find_program("sh");
  ::setenv("PATH", before.c_str(), 1);
  std::filesystem::remove_all(folder);
  REQUIRE(found);
  CHECK(*found != folder + "/sh");
  CHECK(refused.error().code == ErrorCode::not_runnable);
}

TEST_CASE("users are found by name and by number") {
  CHECK(find_user("root").value().uid == 0);
  CHECK(find_user("0").value().name == "root");
  CHECK_FALSE(find_user("no-such-user"));
  CHECK_FALSE(find_user("0x0"));
}

TEST_CASE("the child runs once it is let go, with the environment asked for") {
  ::setenv("SONDE_REMOVED", "1", 1);
  Program program = shell("test \"$SONDE_ADDED\" = 'a=b' && test -z \"$SONDE_REMOVED\" && exit 7");
  program.environment_changes = {"SONDE_ADDED=a=b", "SONDE_REMOVED"};
  auto launch = Launch::fork(program);
  REQUIRE(launch);
  launch->go();
  CHECK(launch->executed());
  CHECK(status_of(launch->pid()) == 7);
  CHECK(std::getenv("SONDE_REMOVED") != nullptr);
}

TEST_CASE("a child that nobody can let go any more ends") {
  auto launch = Launch::fork(shell("exit 0"));
  REQUIRE(launch);
  launch->abandon();
  CHECK(status_of(launch->pid()) == 125);
}

TEST_CASE("an exec that fails is reported") {
  auto launch = Launch::fork({"/no/such/program", {"program"}, {}, {}, {}, false});
  REQUIRE(launch);
  launch->go();
  const auto executed = launch->executed();
  REQUIRE_FALSE(executed);
  CHECK(executed.error().code == ErrorCode::not_found);
  CHECK(status_of(launch->pid()) == 127);
}
