#include <csignal>
#include <sys/prctl.h>

#include "sonde/cli/processes.hpp"
#include "sonde/record/tracer.hpp"

namespace sonde::cli {

void ignore_terminal_signals() {
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  for (const int signal :
       {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP, SIGTTIN, SIGTTOU, SIGPIPE, SIGUSR1, SIGUSR2, SIGXFSZ}) {
    ::sigaction(signal, &ignore, nullptr);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

int run_tracer_process(const Settings& settings, event::Ring& ring, record::ControlSocket control,
                       process::Launch* program, std::vector<pid_t> own, probes::PatchTable* patches) {
  ::prctl(PR_SET_NAME, "sonde-tracer");
  ignore_terminal_signals();
  record::Tracer tracer(settings.tracing, ring, std::move(control), patches);
  if (auto ready = tracer.prepare_heap(); !ready) {
    tracer.refuse(0, ready.error().message());
    if (program != nullptr) program->abandon();
    ring.close();
    return 125;
  }
  if (program != nullptr) {
    if (auto started = tracer.start(*program); !started) {
      tracer.refuse(program->pid(), started.error().message());
      program->abandon();
      ring.close();
      return 125;
    }
  } else if (tracer.attach(settings.pids, own) == 0) {
    ring.close();
    return 125;
  }
  tracer.run();
  ring.close();  // Rather than by the keeper, so that the console comes to its end while this process does.
  return 0;
}

}  // namespace sonde::cli
