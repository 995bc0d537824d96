#include "sonde/base/read_file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "sonde/base/unique_fd.hpp"

namespace sonde {

Result<std::string> read_file(const std::string& path, std::size_t most) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file) return fail_errno(errno, fmt::format("cannot open {}", path));
  constexpr std::size_t piece = 64 << 10;
  std::string text;
  std::size_t size = 0;
  while (true) {
    text.resize(size + piece);
    const ssize_t got = ::read(file.value(), text.data() + size, piece);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(errno, fmt::format("cannot read {}", path));
    size += static_cast<std::size_t>(got);
    if (size > most) return fail(ErrorCode::limit, fmt::format("{} is larger than {} bytes", path, most));
    if (got == 0) break;
  }
  text.resize(size);
  return text;
}

}  // namespace sonde
