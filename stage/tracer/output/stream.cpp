#include "sonde/output/stream.hpp"

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <string_view>
#include <unistd.h>

namespace sonde::output {

Stream::Stream(UniqueFd fd, std::optional<std::uint64_t> limit) : fd_(std::move(fd)), limit_(limit) {
  buffer_.reserve(flush_bytes + 8192);
}

void Stream::flush() {
  std::size_t taken = 0;
  if (state_ == State::open) {
    taken = write_some(std::string_view(buffer_).substr(0, writable_bytes()));
    written_ += taken;
    if (state_ == State::open && limit_ && written_ + (buffer_.size() - taken) > *limit_)
      state_ = State::limit_reached;
  }
  if (state_ != State::open) taken = buffer_.size();
  buffer_.erase(0, taken);
  base_ += taken;
}

// How much of the buffer may be written now. With a limit, lines are written whole: one begun could not be
// taken back.
std::size_t Stream::writable_bytes() {
  if (!limit_) return buffer_.size();
  const std::uint64_t room = *limit_ - std::min(written_, *limit_);
  if (room == 0 || buffer_.empty()) return 0;
  const std::size_t line_end =
      buffer_.rfind('\n', static_cast<std::size_t>(std::min<std::uint64_t>(room, buffer_.size())) - 1);
  return line_end == std::string::npos ? 0 : line_end + 1;
}

std::size_t Stream::write_some(std::string_view bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::write(fd_.value(), bytes.data() + done, bytes.size() - done);
    if (n >= 0) {
      done += static_cast<std::size_t>(n);
    } else if (errno == EAGAIN) {
      // A terminal or a pipe that somebody who shares it has made non-blocking.
      pollfd writable{fd_.value(), POLLOUT, 0};
      ::poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      error_ = fail_errno(errno, "cannot write the output").value();
      state_ = State::failed;
      break;
    }
  }
  return done;
}

}  // namespace sonde::output
