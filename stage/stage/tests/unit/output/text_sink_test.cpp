// The lines that Debian 12's strace prints for the same calls, byte for byte.
#include "sonde/output/text_sink.hpp"

#include <csignal>
#include <ctime>
#include <stdlib.h>

#include <doctest/doctest.h>

#include "unit/output/player.hpp"

using namespace sonde;
using namespace sonde::output;
using namespace sonde::test;
using event::TaskOrigin;

namespace {

struct Trace {
  explicit Trace(TextOptions options = {}) : sink(out, out, options), play(sink) {}
  const std::string& text() { return out.buffer(); }

  Stream out{UniqueFd{}};
  TextSink sink;
  Player play;
};

TextOptions followed_into_a_file() {
  TextOptions options;
  options.pid_prefix = PidPrefix::always;
  return options;
}

struct LocalTime {
  explicit LocalTime(const char* zone) {
    ::setenv("TZ", zone, 1);
    ::tzset();
  }
  ~LocalTime() {
    ::unsetenv("TZ");
    ::tzset();
  }
};

}  // namespace

TEST_CASE("one task: results stand in column 40 where they can") {
  Trace trace;
  trace.play.started(7);
  trace.play.call(7, brk_row, {0}, 0x55ce8af25000);
  trace.play.call(7, close_row, {3}, 0);
  trace.play.call(7, close_row, {99}, -9);
  trace.play.call(7, getpid_row, {}, 9256);
  trace.play.call(7, read_row, {3, 0x1000, 131072}, 3, Memory().add(0x1000, "hi\n"));
  trace.play.call(7, read_row, {3, 0x1000, 131072}, 31,
                  Memory().add(0x1000, "# Locale name alias data base.\n"));
  trace.play.call(7, unknown_row, {1, 0}, -38);
  trace.play.enter(7, exit_group_row, {3});
  trace.play.ended(7, exited(3));
  CHECK(trace.text() ==
        "brk(NULL)                               = 0x55ce8af25000\n"
        "close(3)                                = 0\n"
        "close(99)                               = -1 EBADF (Bad file descriptor)\n"
        "getpid()                                = 9256\n"
        "read(3, \"hi\\n\", 131072)                 = 3\n"
        "read(3, \"# Locale name alias data base.\\n\", 131072) = 31\n"
        "syscall_0x1f4(0x1, 0)                   = -1 ENOSYS (Function not implemented)\n"
        "exit_group(3)                           = ?\n"
        "+++ exited with 3 +++\n");
}

TEST_CASE("the column counts from the line's start, whatever stands there") {
  TextOptions options;
  options.column = 20;
  Trace narrow(options);
  narrow.play.call(7, close_row, {0}, 0);
  CHECK(narrow.text() == "close(0)            = 0\n");
  options.column = 80;
  options.syscall_number = options.instruction_pointer = true;
  Trace wide(options);
  wide.play.started(7);
  wide.play.started(8862, TaskOrigin::attached);
  wide.play.call(8862, close_row, {0}, 0);
  CHECK(wide.text() ==
        "sonde: Process 8862 attached\n"
        "[pid  8862] [   3] [00007f736659cbd3] close(0)                                  = 0\n");
}

TEST_CASE("tasks that interleave into a file") {
  Trace trace(followed_into_a_file());
  auto& play = trace.play;
  play.started(9257);
  play.started(9258, TaskOrigin::clone, 9257);
  play.enter(9257, read_row, {3, 0x1000, 4096});
  play.enter(9258, close_row, {5});
  play.exit(9257, 2, Memory().add(0x1000, "ab"));
  play.exit(9258, 0);
  play.enter(9257, pause_row, {});
  play.enter(9258, getpid_row, {});
  play.exit(9258, 9257);
  play.enter(9258, exit_group_row, {5});
  play.ended(9257, exited(5));
  play.ended(9258, exited(5));
  CHECK(trace.text() ==
        "sonde: Process 9258 attached\n"
        "9257  read(3,  <unfinished ...>\n"
        "9258  close(5 <unfinished ...>\n"
        "9257  <... read resumed>\"ab\", 4096)     = 2\n"
        "9258  <... close resumed>)              = 0\n"
        "9257  pause( <unfinished ...>\n"
        "9258  getpid()                          = 9257\n"
        "9258  exit_group(5)                     = ?\n"
        "9257  <... pause resumed>)              = ?\n"
        "9257  +++ exited with 5 +++\n"
        "9258  +++ exited with 5 +++\n");
}

TEST_CASE("tasks that are killed inside calls") {
  Trace trace(followed_into_a_file());
  auto& play = trace.play;
  play.started(9263);
  play.enter(9264, read_row, {3, 0x1000, 1});
  play.enter(9265, read_row, {3, 0x1000, 1});
  play.enter(9266, close_row, {3});
  play.ended(9264, killed(SIGKILL));
  play.ended(9266, killed(SIGABRT, true));
  play.ended(9265, killed(SIGKILL));
  play.enter(9263, read_row, {3, 0x1000, 1});
  play.ended(9263, killed(SIGTERM));
  CHECK(trace.text() ==
        "9264  read(3,  <unfinished ...>\n"
        "9265  read(3,  <unfinished ...>\n"
        "9266  close(3 <unfinished ...>\n"
        "9264  <... read resumed> <unfinished ...>) = ?\n"
        "9264  +++ killed by SIGKILL +++\n"
        "9266  <... close resumed>)              = ?\n"
        "9266  +++ killed by SIGABRT (core dumped) +++\n"
        "9265  <... read resumed> <unfinished ...>) = ?\n"
        "9265  +++ killed by SIGKILL +++\n"
        "9263  read(3,  <unfinished ...>)        = ?\n"
        "9263  +++ killed by SIGTERM +++\n");
}

TEST_CASE("on a terminal the pid shows while there are several tasks") {
  Trace trace;
  auto& play = trace.play;
  play.started(9340);
  play.enter(9340, close_row, {3});
  play.started(9341, TaskOrigin::fork);
  play.exit(9340, 0);
  play.enter(9340, pause_row, {});
  play.call(9341, getpid_row, {}, 9341);
  play.ended(9341, killed(SIGKILL));
  play.exit(9340, -4);
  play.ended(9340, exited(0));
  CHECK(trace.text() ==
        "close(3)                                = 0\n"
        "sonde: Process 9341 attached\n"
        "[pid  9340] pause( <unfinished ...>\n"
        "[pid  9341] getpid()                    = 9341\n"
        "[pid  9341] +++ killed by SIGKILL +++\n"
        "<... pause resumed>)                    = -1 EINTR (Interrupted system call)\n"
        "+++ exited with 0 +++\n");
}

TEST_CASE("an exec in a thread takes the leader's place") {
  Trace trace(followed_into_a_file());
  auto& play = trace.play;
  play.started(9256);
  play.enter(9256, pause_row, {});
  play.enter(9258, chdir_row, {0x10},
             Memory().add(0x10, std::string_view("/bin/true", 10), event::SegmentKind::path));
  play.exec(9256, 9258);
  play.exit(9256, 0);
  play.call(9256, brk_row, {0}, 0x5620b52dd000);
  CHECK(trace.text() ==
        "9256  pause( <unfinished ...>\n"
        "9258  chdir(\"/bin/true\" <unfinished ...>\n"
        "9256  <... pause resumed>)              = ?\n"
        "9256  +++ superseded by execve in pid 9258 +++\n"
        "9256  <... chdir resumed>)              = 0\n"
        "9256  brk(NULL)                         = 0x5620b52dd000\n");
}

TEST_CASE("detaching leaves the line that is open") {
  Trace trace;
  auto& play = trace.play;
  play.started(9348, TaskOrigin::attached);
  play.started(9349, TaskOrigin::attached);
  play.enter(9348, restart_row, {});
  play.enter(9349, restart_row, {});
  play.detached(9348);
  play.detached(9349);
  CHECK(trace.text() ==
        "sonde: Process 9348 attached\n"
        "sonde: Process 9349 attached\n"
        "[pid  9348] restart_syscall(<... resuming interrupted system call ...> <unfinished ...>\n"
        "[pid  9349] restart_syscall(<... resuming interrupted system call ...> <detached ...>\n"
        "sonde: Process 9348 detached\n"
        "sonde: Process 9349 detached\n");
}

TEST_CASE("a call that a signal interrupted is named when it is taken up again") {
  Trace trace(followed_into_a_file());
  auto& play = trace.play;
  play.call(9300, pause_row, {}, -516);
  play.event({9300, 9300}, event::GroupStop{SIGSTOP});
  play.call(9300, restart_row, {}, 0);
  play.enter(9300, restart_row, {});
  play.ended(9300, killed(SIGTERM));
  CHECK(trace.text() ==
        "9300  pause()                           = ? ERESTART_RESTARTBLOCK (Interrupted by signal)\n"
        "9300  --- stopped by SIGSTOP ---\n"
        "9300  restart_syscall(<... resuming interrupted pause ...>) = 0\n"
        "9300  restart_syscall(<... resuming interrupted system call ...>) = ?\n"
        "9300  +++ killed by SIGTERM +++\n");
}

TEST_CASE("times: -t, -tt, -ttt, -r and -T") {
  const LocalTime zone("XYZ-5:30");
  const auto line = [](auto change) {
    TextOptions options;
    change(options);
    Trace trace(options);
    trace.play.call(7, getpid_row, {}, 1);
    trace.play.at(1'062);
    trace.play.enter(7, close_row, {3});
    trace.play.at(61'022'112);
    trace.play.exit(7, 0);
    return trace.text().substr(trace.text().find('\n') + 1);
  };
  CHECK(line([](TextOptions& o) { o.clock = Clock::seconds; }) ==
        "09:28:40 close(3)                       = 0\n");
  CHECK(line([](TextOptions& o) { o.clock = Clock::microseconds; }) ==
        "09:28:40.001062 close(3)                = 0\n");
  CHECK(line([](TextOptions& o) { o.clock = Clock::unix_time; }) ==
        "1795233520.001062 close(3)              = 0\n");
  CHECK(line([](TextOptions& o) { o.relative = true; }) == "     0.001062 close(3)                  = 0\n");
  CHECK(line([](TextOptions& o) {
          o.relative = true;
          o.clock = Clock::microseconds;
        }) == "09:28:40.001062 (+     0.001062) close(3) = 0\n");
  CHECK(line([](TextOptions& o) { o.durations = true; }) ==
        "close(3)                                = 0 <61.021050>\n");
}

TEST_CASE("-i and -n on every kind of line") {
  TextOptions options;
  options.syscall_number = options.instruction_pointer = true;
  Trace trace(options);
  auto& play = trace.play;
  play.started(7);
  play.event({7, 7}, event::GroupStop{SIGTSTP});
  play.call(7, pause_row, {}, -514);
  play.event({7, 7}, event::GroupStop{SIGTSTP});
  play.enter(7, exit_group_row, {1});
  play.ended(7, exited(1));
  CHECK(trace.text() ==
        "[????] [????????????????] --- stopped by SIGTSTP ---\n"
        "[  34] [00007f736659cbd3] pause()       = ? ERESTARTNOHAND (To be restarted if no handler)\n"
        "[  34] [00007f736659cbd3] --- stopped by SIGTSTP ---\n"
        "[ 231] [00007f736659cbd3] exit_group(1) = ?\n"
        "[ 231] [????????????????] +++ exited with 1 +++\n");
}

TEST_CASE("-q, -qq and -qqq") {
  const auto play = [](unsigned quiet) {
    TextOptions options;
    options.quiet = quiet;
    Trace trace(options);
    trace.play.started(7, TaskOrigin::attached);
    trace.play.enter(8, pause_row, {});
    trace.play.exec(7, 8);
    trace.play.exit(7, 0);
    trace.play.ended(7, exited(0));
    trace.play.ended(9, killed(SIGHUP));
    return trace.text();
  };
  const std::string superseded =
      "pause( <unfinished ...>\n+++ superseded by execve in pid 8 +++\n<... pause resumed>)                  "
      "  = 0\n";
  CHECK(play(0) ==
        "sonde: Process 7 attached\n" + superseded + "+++ exited with 0 +++\n+++ killed by SIGHUP +++\n");
  CHECK(play(1) == superseded + "+++ exited with 0 +++\n+++ killed by SIGHUP +++\n");
  CHECK(play(2) == superseded + "+++ killed by SIGHUP +++\n");
  CHECK(play(3) == "pause()                                 = 0\n+++ killed by SIGHUP +++\n");
}

TEST_CASE("a call whose filter needs the exit is printed whole, with the time of its entry") {
  TextOptions options = followed_into_a_file();
  options.clock = Clock::unix_time;
  options.durations = true;
  Trace trace(options);
  auto& play = trace.play;
  play.enter(7, read_row, {3, 0x1000, 10}, {}, true);
  play.at(100);
  play.enter(8, pause_row, {});
  play.at(250);
  play.exit(7, 0);
  play.exit(8, -4);
  CHECK(trace.text() ==
        "8     1795233520.000100 pause( <unfinished ...>\n"
        "7     1795233520.000000 read(3, \"\", 10) = 0 <0.000250>\n"
        "8     1795233520.000250 <... pause resumed>) = -1 EINTR (Interrupted system call) <0.000150>\n");
}

TEST_CASE("what is not shown is still known") {
  Trace trace;
  trace.play.started(7);
  trace.play.event({8, 8}, event::TaskStarted{7, TaskOrigin::fork}, false);
  trace.play.call(7, getpid_row, {}, 7);
  trace.play.event({8, 8}, event::TaskEnded{exited(0)}, false);
  trace.play.call(7, getpid_row, {}, 7);
  CHECK(trace.text() ==
        "sonde: Process 8 attached\n"
        "[pid     7] getpid()                    = 7\n"
        "getpid()                                = 7\n");
}

TEST_CASE("a change of mode is told") {
  const auto play = [](unsigned quiet) {
    TextOptions options = followed_into_a_file();
    options.quiet = quiet;
    Trace trace(options);
    for (const Abi abi : {Abi::x86_64, Abi::i386, Abi::i386, Abi::x86_64}) {
      trace.play.use(abi);
      trace.play.call(7, getpid_row, {}, 7);
    }
    return trace.text();
  };
  const std::string line = "7     getpid()                          = 7\n";
  CHECK(play(0) == line + "7     [ Process PID=7 runs in 32 bit mode. ]\n" + line + line +
                       "7     [ Process PID=7 runs in 64 bit mode. ]\n" + line);
  CHECK(play(1) == line + line + line + line);
}

TEST_CASE("losses and notes are never left out, and no byte of a tracee's reaches the terminal raw") {
  TextOptions options;
  options.quiet = 3;
  Trace trace(options);
  auto& play = trace.play;
  play.enter(7, read_row, {3, 0x1000, 10});
  play.event({7, 7}, event::Lost{12, event::LossReason::overflow});
  play.event({7, 7}, event::Note{"cannot follow \x1b[31mred\n"});
  play.exit(7, 4, Memory().add(0x1000, "\x1b[0m"));
  play.call(7, chdir_row, {0x2000}, -2);
  play.enter(7, chdir_row, {0x2000},
             Memory().add(0x2000, std::string_view("a\x7f\xff\"\0", 5), event::SegmentKind::path));
  play.exit(7, 0);
  CHECK(trace.text() ==
        "read(3,  <unfinished ...>\n"
        "+++ 12 events left out: the buffer was full +++\n"
        "sonde: cannot follow \\033[31mred\\012\n"
        "<... read resumed>\"\\33[0m\", 10)         = 4\n"
        "chdir(0x2000)                           = -1 ENOENT (No such file or directory)\n"
        "chdir(\"a\\177\\377\\\"\")                    = 0\n");
}

TEST_CASE("notices go elsewhere when the trace goes to a file") {
  Stream out{UniqueFd{}};
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const UniqueFd read_end(ends[0]);
  Stream notices{UniqueFd(ends[1])};
  TextSink sink(out, notices, followed_into_a_file());
  Player play(sink);
  play.started(7);
  play.enter(7, pause_row, {});
  play.started(8, TaskOrigin::fork);
  play.exit(7, 0);
  CHECK(out.buffer() == "7     pause()                           = 0\n");
  char text[64] = {};
  CHECK(::read(read_end.value(), text, sizeof text) > 0);
  CHECK(std::string_view(text) == "sonde: Process 8 attached\n");
}

TEST_CASE("at the end an open line is ended") {
  Trace trace;
  trace.play.enter(7, read_row, {3, 0x1000, 10});
  trace.play.unfinished(7, Unfinished::cut);
  trace.play.enter(8, pause_row, {});
  trace.sink.finish(start);
  CHECK(trace.text() == "read(3,  <unfinished ...>\npause( <unfinished ...>\n");
}
