// What --redact hides.
#include "sonde/record/redaction.hpp"

#include <array>
#include <sys/socket.h>
#include <sys/un.h>

#include <doctest/doctest.h>

namespace sonde::record {

namespace {

Bytes address(const sockaddr_un& made) { return std::as_bytes(std::span(&made, 1)); }

}  // namespace

TEST_CASE("each option hides its own") {
  Options strings, paths, environment;
  strings.redact_strings = paths.redact_paths = environment.redact_environment = true;
  const auto hidden_by = [&](Secret secret) {
    return std::array{hides(strings, secret, {}), hides(paths, secret, {}), hides(environment, secret, {})};
  };
  CHECK(hidden_by(Secret::nothing) == std::array{false, false, false});
  CHECK(hidden_by(Secret::strings) == std::array{true, false, false});
  CHECK(hidden_by(Secret::paths) == std::array{false, true, false});
  CHECK(hidden_by(Secret::strings_or_paths) == std::array{true, true, false});
  CHECK(hidden_by(Secret::environment) == std::array{false, false, true});
}

TEST_CASE("of addresses only a Unix socket's is a path") {
  Options paths;
  paths.redact_paths = true;
  sockaddr_un made{AF_UNIX, "/run/x"};
  CHECK(hides(paths, Secret::socket_address, address(made)));
  CHECK_FALSE(hides({}, Secret::socket_address, address(made)));
  made.sun_family = AF_INET;
  CHECK_FALSE(hides(paths, Secret::socket_address, address(made)));
  CHECK_FALSE(hides(paths, Secret::socket_address, {}));
}

TEST_CASE("what an argument points to may be more secret than memory is") {
  using syscall::Kind;
  CHECK(secret_of(Kind::path_buffer_out) == Secret::paths);
  CHECK(secret_of(Kind::dirent64_out) == Secret::paths);
  CHECK(secret_of(Kind::optval_in) == Secret::strings);
  CHECK(secret_of(Kind::mount_data) == Secret::strings_or_paths);
  CHECK(secret_of(Kind::sockaddr_in) == Secret::socket_address);
  CHECK_FALSE(secret_of(Kind::stat_out));
  CHECK(secret_of(event::SegmentKind::path) == Secret::paths);
  CHECK(secret_of(event::SegmentKind::argument) == Secret::strings);
  CHECK(secret_of(event::SegmentKind::memory) == Secret::nothing);
}

}  // namespace sonde::record
