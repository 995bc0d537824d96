#include <algorithm>
#include <deque>
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

// What the keeper wants is done once as many bytes have been read as there were when it was asked for: what
// had happened by then is in it.
class Requests {
 public:
  void take(const record::ControlSocket& control, event::Ring& ring) {
    record::ControlMessage message;
    while (control.receive(message) == record::ControlSocket::State::message) {
      if (owed_.size() < most) owed_.push_back({message.kind, ring.readable().size()});
    }
  }
  void read(std::size_t bytes) {
    for (Request& request : owed_) request.bytes_before -= std::min(request.bytes_before, bytes);
  }
  void serve(Outputs& outputs) {
    while (!owed_.empty() && owed_.front().bytes_before == 0) {
      if (owed_.front().kind == record::ControlKind::round) outputs.end_round();
      if (owed_.front().kind == record::ControlKind::report) outputs.report_heap();
      owed_.pop_front();
    }
  }

 private:
  struct Request {
    record::ControlKind kind;
    std::size_t bytes_before;
  };
  static constexpr std::size_t most = 256;
  std::deque<Request> owed_;
};

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
  Requests requests;
  for (bool closed = false;;) {
    const Bytes bytes = ring.readable();
    // While frames come without a pause, now and then.
    const bool looks = bytes.empty() || ++rounds % rounds_between_looks == 0;
    if (looks && !ended) outputs.show_progress();
    if (looks) requests.take(control, ring);
    if (!ended) requests.serve(outputs);
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
      requests.read(done);
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
