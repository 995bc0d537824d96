#include <algorithm>
#include <poll.h>
#include <sys/prctl.h>
#include <utility>

#include "sonde/base/limits.hpp"
#include "sonde/cli/event_pump.hpp"
#include "sonde/cli/processes.hpp"
#include "sonde/record/stop_waiter.hpp"

namespace sonde::cli {

namespace {

constexpr int idle_ms = 200;
constexpr unsigned rounds_between_looks = 16;
constexpr std::size_t helping = limits::frame_bytes;

bool hung_up(const UniqueFd& fd) {
  pollfd poll{fd.value(), POLLIN, 0};
  return ::poll(&poll, 1, 0) > 0;
}

// Passes whole frames on and returns how many bytes they were.
std::size_t pump_frames(EventPump& pump, Bytes bytes) {
  std::size_t done = 0;
  while (const auto size = event::frame_size(bytes.subspan(done))) {
    pump.frame(bytes.subspan(done, *size));
    done += *size;
  }
  // What is no frame cannot come from our own tracer.
  SONDE_CHECK(done != 0);
  return done;
}

// How long the console waits for the next frames: naps while they are likely to come soon, and sleep after
// that.
class Patience {
 public:
  explicit Patience(bool low_latency) : low_latency_(low_latency) {}

  void found_frames() {
    idle_looks_ = 0;
    if (low_latency_) latency_.hold();
  }
  void wait(event::Ring& ring) {
    if (idle_looks_ < looks_before_sleep) {
      ++idle_looks_;
      return ring.nap();
    }
    latency_.release();
    ring.wait_for_frames(idle_ms);
  }

 private:
  static constexpr int looks_before_sleep = 20;
  const bool low_latency_;
  int idle_looks_ = 0;
  record::CpuLatencyHold latency_;
};

// Whether the keeper wants a report since it was last asked.
bool asked_for_report(const record::ControlSocket& control) {
  bool asked = false;
  record::ControlMessage message;
  while (control.receive(message) == record::ControlSocket::State::message) {
    asked |= message.kind == record::ControlKind::report;
  }
  return asked;
}

}  // namespace

int run_console_process(const Settings& settings, event::Ring& ring, record::ControlSocket control,
                        UniqueFd lifeline, Outputs outputs) {
  ::prctl(PR_SET_NAME, "sonde-console");
  ignore_terminal_signals();
  Selection selection(settings, outputs.stacks(), outputs.heap());
  EventPump pump(selection, outputs.sinks(), outputs.stacks(), outputs.heap());
  Patience patience(settings.tracing.low_latency);
  bool ended = false;  // The output is; frames are thrown away until the tracer has closed the ring.
  unsigned rounds = 0;
  // A report is owed once so many bytes have been read: what had happened when it was asked for is in it.
  bool report_owed = false;
  std::size_t before_report = 0;
  for (bool closed = false;;) {
    const Bytes bytes = ring.readable();
    // While frames come without a pause, now and then.
    const bool looks = bytes.empty() || ++rounds % rounds_between_looks == 0;
    if (looks && !ended) outputs.show_progress();
    if (looks && asked_for_report(control)) {
      report_owed = true;
      before_report = ring.readable().size();
    }
    if (before_report == 0 && std::exchange(report_owed, false) && !ended) outputs.report_heap();
    if (bytes.empty()) {
      if (closed) break;
      // Both who could close the ring may have been killed: their end of the lifeline tells.
      closed = ring.closed() || hung_up(lifeline);
      if (closed) continue;
      outputs.flush();
      patience.wait(ring);
    } else {
      patience.found_frames();
      // A bounded helping, so that a producer that waits for room is let on early.
      const std::size_t done =
          ended ? bytes.size() : pump_frames(pump, bytes.first(std::min(bytes.size(), helping)));
      if (!ended) outputs.append(bytes.first(done));
      ring.release(done);
      before_report -= std::min(before_report, done);
    }
    if (!ended && outputs.ended()) {
      ended = true;
      control.send(record::ControlKind::output_ended, 0, outputs.why_ended());
    }
  }
  outputs.end_progress();
  if (!ended) pump.finish();
  const bool good = outputs.finish() || ended;
  if (!good) return 125;
  return outputs.found_leaks() ? console_found_leaks : 0;
}

}  // namespace sonde::cli
