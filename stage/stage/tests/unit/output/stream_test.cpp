#include "sonde/output/stream.hpp"

#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sys/mman.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <doctest/doctest.h>

#include "sonde/output/target.hpp"

using namespace sonde;
using namespace sonde::output;

namespace {

// A file without a name, which the stream writes and the test reads back.
class Paper {
 public:
  Paper() : fd_(::memfd_create("paper", MFD_CLOEXEC)) { REQUIRE(fd_); }
  UniqueFd writer() const { return UniqueFd(::fcntl(fd_.value(), F_DUPFD_CLOEXEC, 0)); }
  std::string text() const {
    std::string text(static_cast<std::size_t>(::lseek(fd_.value(), 0, SEEK_END)), '\0');
    REQUIRE(::pread(fd_.value(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
    return text;
  }

 private:
  UniqueFd fd_;
};

}  // namespace

TEST_CASE("bytes are kept until they are flushed or make 64 KiB") {
  const Paper paper;
  Stream stream(paper.writer());
  stream.buffer() += "one\ntw";
  stream.commit();
  CHECK(paper.text().empty());
  CHECK(stream.position() == 6);
  stream.flush();
  CHECK(paper.text() == "one\ntw");
  CHECK(stream.written() == 6);
  stream.buffer() += std::string(70'000, 'x');
  CHECK(stream.position() == 70'006);
  stream.commit();
  CHECK(paper.text().size() == 70'006);
  CHECK(stream.position() == 70'006);
  CHECK(stream.state() == Stream::State::open);
}

TEST_CASE("a limit ends the output with the last line that fits") {
  const std::string lines = "first\nsecond\nthird\n";
  for (std::uint64_t limit = 0; limit <= lines.size() + 2; ++limit) {
    CAPTURE(limit);
    const Paper paper;
    Stream stream(paper.writer(), limit);
    for (const char c : lines) {
      stream.buffer() += c;
      stream.commit();
    }
    stream.flush();
    const std::size_t fits = limit < 6 ? 0 : limit < 13 ? 6 : limit < 19 ? 13 : 19;
    CHECK(paper.text() == lines.substr(0, fits));
    CHECK((stream.state() == Stream::State::limit_reached) == (limit < lines.size()));
    CHECK_FALSE(stream.error().has_value());
  }
}

TEST_CASE("with a limit a line that is open waits for its end") {
  const Paper paper;
  Stream stream(paper.writer(), 100);
  stream.buffer() += "whole\nread(3, ";
  stream.flush();
  CHECK(paper.text() == "whole\n");
  stream.buffer() += " <unfinished ...>\n";
  stream.flush();
  CHECK(paper.text() == "whole\nread(3,  <unfinished ...>\n");
}

TEST_CASE("a full disk and a closed pipe are kept as the error") {
  Stream full(UniqueFd(::open("/dev/full", O_WRONLY | O_CLOEXEC)));
  full.buffer() += "line\n";
  full.flush();
  REQUIRE(full.error().has_value());
  CHECK(full.state() == Stream::State::failed);
  CHECK(full.error()->message() == "cannot write the output: No space left on device");
  full.buffer() += std::string(100'000, 'x');
  full.commit();
  CHECK(full.buffer().empty());
  CHECK(full.written() == 0);

  ::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  ::close(ends[0]);
  Stream broken{UniqueFd(ends[1])};
  broken.buffer() += "line\n";
  broken.flush();
  CHECK(broken.error()->errno_value == EPIPE);
}

TEST_CASE("a pipe that does not block is waited for") {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
  const UniqueFd read_end(ends[0]);
  Stream stream{UniqueFd(ends[1])};
  std::size_t seen = 0;
  std::thread reader([&] {
    char bytes[4096];
    while (seen < 1'000'000) {
      const ssize_t n = ::read(read_end.value(), bytes, sizeof bytes);
      if (n > 0) seen += static_cast<std::size_t>(n);
    }
  });
  stream.buffer().assign(1'000'000, 'x');
  stream.flush();
  reader.join();
  CHECK(seen == 1'000'000);
  CHECK(stream.state() == Stream::State::open);
}

TEST_CASE("targets: standard error, a file, a command") {
  auto standard = open_target("", false);
  REQUIRE(standard.has_value());
  CHECK(standard->fd.value() > 2);
  CHECK(standard->command == 0);

  char name[] = "/tmp/sonde-target-XXXXXX";
  ::close(::mkstemp(name));
  const auto contents = [&] {
    std::ifstream file(name);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const auto write_to = [](Result<Target> target, std::string_view text) {
    REQUIRE(target.has_value());
    Stream stream(std::move(target->fd));
    stream.buffer() = text;
    stream.flush();
    REQUIRE(stream.state() == Stream::State::open);
    return target->command;
  };
  write_to(open_target(name, false), "first\n");
  write_to(open_target(name, true), "second\n");
  CHECK(contents() == "first\nsecond\n");
  write_to(open_target(name, false), "third\n");
  CHECK(contents() == "third\n");

  const pid_t command =
      write_to(open_target(std::string("|tr a-z A-Z > ") + name, false), "through a shell\n");
  REQUIRE(command > 0);
  int status = 0;
  CHECK(::waitpid(command, &status, 0) == command);
  CHECK(status == 0);
  CHECK(contents() == "THROUGH A SHELL\n");
  ::unlink(name);
}

TEST_CASE("a target that cannot be opened says why") {
  CHECK(open_target("/nonexistent/out", false).error().message() ==
        "cannot write the output file /nonexistent/out: No such file or directory");
  CHECK(open_target("/tmp", false).error().message() == "cannot write the output file /tmp: Is a directory");
}
