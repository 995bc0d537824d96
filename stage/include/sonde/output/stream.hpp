// A buffered stream of bytes to a file descriptor: what every output writes to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sonde/base/result.hpp"
#include "sonde/base/unique_fd.hpp"

namespace sonde::output {

// Writers append lines to buffer() and call commit(). Nothing is written on destruction: whoever ends an
// output calls flush() and looks at state(). SIGPIPE must be ignored by the process.
class Stream {
 public:
  // `limit`: at most as many bytes are written (--max-output), and they end with the end of a line.
  explicit Stream(UniqueFd fd, std::optional<std::uint64_t> limit = std::nullopt);

  // The bytes that were not written yet; they need not end with a whole line.
  std::string& buffer() { return buffer_; }
  // The bytes appended since the start, written or not. Differences are columns.
  std::uint64_t position() const { return base_ + buffer_.size(); }

  // Says that the buffer may be written. Writes it when 64 KiB are kept or the limit is passed.
  void commit() {
    if (buffer_.size() >= flush_bytes || past_limit()) flush();
  }
  // Writes what is kept, whole lines only when there is a limit. May block as write(2) does.
  void flush();

  enum class State {
    open,
    limit_reached,  // The limit is passed; what follows is thrown away.
    failed,         // error() says why; what follows is thrown away.
  };
  State state() const { return state_; }
  // Why writing failed: EPIPE and ENOSPC above all. Kept from the first failure on.
  const std::optional<Error>& error() const { return error_; }
  // Bytes that the descriptor has taken.
  std::uint64_t written() const { return written_; }

 private:
  static constexpr std::size_t flush_bytes = 64 << 10;

  bool past_limit() const { return limit_ && written_ + buffer_.size() > *limit_; }
  std::size_t writable_bytes();
  std::size_t write_some(std::string_view bytes);

  UniqueFd fd_;
  std::optional<std::uint64_t> limit_;
  std::string buffer_;
  std::uint64_t base_ = 0;  // The position of the buffer's first byte.
  std::uint64_t written_ = 0;
  State state_ = State::open;
  std::optional<Error> error_;
};

}  // namespace sonde::output
