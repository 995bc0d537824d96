#include "sonde/record/control.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace sonde::record {

namespace {

volatile std::sig_atomic_t control_pending = 0;

constexpr suseconds_t repeat_us = 5'000;

void repeat_alarm(suseconds_t interval_us) {
  const itimerval timer{{0, interval_us}, {0, interval_us}};
  ::setitimer(ITIMER_REAL, &timer, nullptr);
}

void on_signal(int) {
  const int saved = errno;
  if (control_pending == 0) {
    control_pending = 1;
    repeat_alarm(repeat_us);
  }
  errno = saved;
}

}  // namespace

Result<std::pair<ControlSocket, ControlSocket>> ControlSocket::pair() {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) != 0) {
    return fail_errno(errno, "cannot make a control socket");
  }
  std::pair<ControlSocket, ControlSocket> ends;
  ends.first.fd_.reset(fds[0]);
  ends.second.fd_.reset(fds[1]);
  return ends;
}

void ControlSocket::send(ControlKind kind, std::int32_t value, std::string_view text) const {
  ControlMessage message{};
  message.kind = kind;
  message.value = value;
  message.text_size = static_cast<std::uint32_t>(std::min(text.size(), message.text.size()));
  std::copy_n(text.begin(), message.text_size, message.text.begin());
  const std::size_t size = offsetof(ControlMessage, text) + message.text_size;
  [[maybe_unused]] const ssize_t sent = ::send(fd_.value(), &message, size, MSG_NOSIGNAL);
}

ControlSocket::State ControlSocket::receive(ControlMessage& message) const {
  const ssize_t n = ::recv(fd_.value(), &message, sizeof message, 0);
  if (n >= static_cast<ssize_t>(offsetof(ControlMessage, text))) return State::message;
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return State::empty;
  return State::closed;
}

ControlSignal::ControlSignal(const ControlSocket& socket) {
  struct sigaction action {};
  action.sa_handler = on_signal;  // No SA_RESTART: the sleep must end.
  ::sigaction(SIGIO, &action, nullptr);
  ::sigaction(SIGALRM, &action, nullptr);
  ::fcntl(socket.fd(), F_SETOWN, ::getpid());
  ::fcntl(socket.fd(), F_SETFL, ::fcntl(socket.fd(), F_GETFL) | O_ASYNC);
  // What arrived before the signal was armed would be announced to nobody.
  on_signal(SIGIO);
}

bool ControlSignal::pending() { return control_pending != 0; }

void ControlSignal::acknowledge() {
  repeat_alarm(0);
  control_pending = 0;
}

void ControlSignal::raise_soon() { repeat_alarm(repeat_us); }

}  // namespace sonde::record
