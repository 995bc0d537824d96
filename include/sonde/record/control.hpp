// The control socket between the keeper and the process it started (tracer or console): rare messages, both
// ways.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "sonde/base/result.hpp"
#include "sonde/base/unique_fd.hpp"

namespace sonde::record {

enum class ControlKind : std::uint32_t {
  // To the tracer.
  detach,  // Let every tracee go, then end. Under a seccomp filter: stop reporting, and stay.
  look,    // Copy the memory of all processes now, for who looks for leaks, and go on.
  // To the console.
  round,   // A round of the program's work ends now.
  report,  // Write the report on the heap so far, and go on.
  // To the keeper.
  refused,       // A tracee could not be attached to; the text says why.
  output_ended,  // From the console: no more events are wanted (closed pipe, full disk, --max-output).
};

struct ControlMessage {
  ControlKind kind;
  std::int32_t value;
  std::uint32_t text_size;
  std::array<char, 1012> text;

  std::string_view view() const { return {text.data(), text_size <= text.size() ? text_size : 0}; }
};

class ControlSocket {
 public:
  // Both ends; each process keeps one and closes the other, so that the end of one is seen by the other.
  static Result<std::pair<ControlSocket, ControlSocket>> pair();

  int fd() const { return fd_.value(); }
  // Never blocks; a message that does not fit into the socket's buffer, or whose receiver is gone, is
  // dropped: the receiver's end is noticed by receive(). The text is cut to what a message holds.
  void send(ControlKind kind, std::int32_t value = 0, std::string_view text = {}) const;

  enum class State { empty, message, closed };
  // The next message, without blocking. closed: the other side is gone.
  State receive(ControlMessage& message) const;
  void close() { fd_.reset(); }

 private:
  UniqueFd fd_;
};

// Makes a process that sleeps in wait4() or a futex notice its control socket: a signal interrupts the sleep,
// and goes on doing so every few milliseconds until the socket was looked at, so that one which arrives just
// before the sleep is not lost. One per process.
class ControlSignal {
 public:
  explicit ControlSignal(const ControlSocket& socket);
  // Cheap: to be asked before every sleep.
  static bool pending();
  // To be called before the socket is drained.
  static void acknowledge();
  // Makes pending() true a few milliseconds from now.
  static void raise_soon();
};

}  // namespace sonde::record
