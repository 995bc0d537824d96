// A shell sees sonde as the job, and the program that sonde has started does the work: what stops or
// continues one must do so with the other.
#pragma once

#include <sys/types.h>

namespace sonde::cli {

// For the keeper alone, which is the program's parent and does not trace it. SIGCONT must be blocked, and is
// to be passed on to on_continued().
class JobControl {
 public:
  JobControl() = default;
  // Ignores the stops that a terminal sends: they are meant for the program, if it wants to be stopped.
  explicit JobControl(pid_t program);

  // wait(2) has reported that the program was stopped by that signal: stops this process as well, and returns
  // once it goes on. `wakes` says whether there is still a tracer, who sends SIGCONT when the program goes on
  // or ends; without one this process does not stop for SIGSTOP.
  void stop_with_program(int signal, bool wakes);

  // SIGCONT has come; `program_goes_on` when the tracer sent it. Otherwise the program is continued, if it is
  // still stopped.
  void on_continued(bool program_goes_on);

 private:
  bool has_gone_on() const;

  pid_t program_ = 0;
  bool stopped_ = false;  // The program, as far as we know.
};

}  // namespace sonde::cli
