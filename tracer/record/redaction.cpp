#include "sonde/record/redaction.hpp"

#include <cstring>
#include <sys/socket.h>

namespace sonde::record {

using event::SegmentKind;
using syscall::Kind;

std::optional<Secret> secret_of(Kind kind) {
  switch (kind) {
    case Kind::path_buffer_out:
    case Kind::dirent_out:
    case Kind::dirent64_out:
    case Kind::old_dirent_out:
      return Secret::paths;
    case Kind::mount_data:
    case Kind::task_name_in:  // Which may be a file's, as it is from an exec on.
    case Kind::string_out:
      return Secret::strings_or_paths;
    case Kind::sockaddr_in:
    case Kind::sockaddr_out:
    case Kind::optsockaddr_out:
      return Secret::socket_address;
    // Options that are not known better may hold keys, and names.
    case Kind::optval_in:
    case Kind::optval_out:
    case Kind::optstring_in:
    case Kind::optstring_out:
    case Kind::char_in:
      return Secret::strings;
    default:
      return std::nullopt;
  }
}

Secret secret_of(SegmentKind kind) {
  switch (kind) {
    case SegmentKind::data:
    case SegmentKind::argument:
      return Secret::strings;
    case SegmentKind::path:
      return Secret::paths;
    case SegmentKind::environment:
      return Secret::environment;
    default:
      return Secret::nothing;
  }
}

namespace {

bool is_unix_address(Bytes bytes) {
  sa_family_t family;
  if (bytes.size() < sizeof family) return false;
  std::memcpy(&family, bytes.data(), sizeof family);
  return family == AF_UNIX;
}

}  // namespace

bool hides(const Options& options, Secret secret, Bytes bytes) {
  switch (secret) {
    case Secret::nothing:
      return false;
    case Secret::strings:
      return options.redact_strings;
    case Secret::paths:
      return options.redact_paths;
    case Secret::strings_or_paths:
      return options.redact_strings || options.redact_paths;
    case Secret::environment:
      return options.redact_environment;
    case Secret::socket_address:
      return options.redact_paths && is_unix_address(bytes);
  }
  return false;
}

}  // namespace sonde::record
