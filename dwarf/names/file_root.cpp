#include "sonde/names/file_root.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fmt/format.h>

#include "sonde/base/limits.hpp"

namespace sonde::names {

namespace {

constexpr int reading = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

}  // namespace

Result<FileRoot> FileRoot::at(const std::string& directory) {
  UniqueFd opened(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!opened) return fail_errno(errno, fmt::format("cannot look into {}", directory));
  return FileRoot(std::move(opened), directory);
}

Result<UniqueFd> FileRoot::open(std::string_view path) const {
  if (path.size() >= limits::path_bytes || path.find('\0') != std::string_view::npos)
    return fail(ErrorCode::invalid, "no path of a file");
  const std::string relative(path.substr(std::min(path.find_first_not_of('/'), path.size())));
  open_how how = {};
  how.flags = reading;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  UniqueFd file(
      static_cast<int>(::syscall(SYS_openat2, directory_.value(), relative.c_str(), &how, sizeof how)));
  if (!file && errno == ENOSYS) file.reset(::openat(directory_.value(), relative.c_str(), reading));
  if (!file) return fail_errno(errno, fmt::format("cannot open {} in {}", path, name_));
  return file;
}

}  // namespace sonde::names
