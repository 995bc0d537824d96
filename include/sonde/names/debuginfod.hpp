// Debug files from servers (debuginfod(8)), for whoever asked for it: nothing else in sonde talks to a
// network.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "sonde/base/result.hpp"
#include "sonde/base/types.hpp"
#include "sonde/base/unique_fd.hpp"

namespace sonde::names {

class Debuginfod {
 public:
  // Loads libdebuginfod, which reads DEBUGINFOD_URLS and keeps what it gets in its cache, a folder of the
  // user's. Fails where the library is not installed or no server is named.
  static Result<std::shared_ptr<Debuginfod>> load();
  ~Debuginfod();
  Debuginfod(const Debuginfod&) = delete;
  Debuginfod& operator=(const Debuginfod&) = delete;

  // The debug file with a build id, if a server has one. Waits for it, within debuginfod_idle_seconds without
  // a byte, debuginfod_seconds and debuginfod_bytes. What comes is as untrusted as any file, and need not
  // have that build id. After a failure that is none of the file's (no answer, no connection, too much)
  // nobody is asked again.
  std::optional<UniqueFd> debug_file(Bytes build_id);

  // Why nobody is asked any more, once.
  std::optional<std::string> take_problem();

 private:
  struct Library;
  explicit Debuginfod(std::unique_ptr<Library> library);

  std::unique_ptr<Library> library_;
  bool given_up_ = false;
  std::optional<std::string> problem_;
};

}  // namespace sonde::names
