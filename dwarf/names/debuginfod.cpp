#include "sonde/names/debuginfod.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "sonde/base/clock.hpp"
#include "sonde/base/limits.hpp"

// As <elfutils/debuginfod.h> has them, which is not needed to build sonde.
struct debuginfod_client;

namespace sonde::names {

namespace {

constexpr const char* library_name = "libdebuginfod.so.1";
constexpr const char* urls_variable = "DEBUGINFOD_URLS";
constexpr Nanoseconds second = 1'000'000'000;

// How far one file has come: told while it is waited for, about once a second and with each piece.
struct Progress {
  Nanoseconds begun = now();
  Nanoseconds last_byte = begun;
  long bytes = 0;
  const char* stopped = nullptr;  // Why it was given up.
};

// `done` of `total` bytes. Where the total is not known yet it is 0, and `done` counts turns of waiting until
// there are bytes. What is returned ends it, unless it is 0.
int on_progress(Progress& progress, long done, long total) {
  constexpr long surely_bytes = 4096;
  const Nanoseconds time = now();
  if (total > 0 ? done != progress.bytes : done >= progress.bytes + surely_bytes) progress.last_byte = time;
  progress.bytes = done;
  if (time - progress.last_byte > limits::debuginfod_idle_seconds * second)
    progress.stopped = "the server is silent";
  if (time - progress.begun > limits::debuginfod_seconds * second) progress.stopped = "it takes too long";
  if (static_cast<std::uint64_t>(std::max(done, total)) > limits::debuginfod_bytes)
    progress.stopped = "the file is too large";
  return progress.stopped == nullptr ? 0 : 1;
}

}  // namespace

struct Debuginfod::Library {
  debuginfod_client* (*begin)() = nullptr;
  void (*end)(debuginfod_client*) = nullptr;
  int (*find_debuginfo)(debuginfod_client*, const unsigned char*, int, char**) = nullptr;
  void (*set_progressfn)(debuginfod_client*, int (*)(debuginfod_client*, long, long)) = nullptr;
  debuginfod_client* client = nullptr;

  Library() = default;
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library() {
    if (client != nullptr) end(client);
  }

  bool load() {
    void* const handle = ::dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) return false;
    const auto find = [&](auto& function, const char* name) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(::dlsym(handle, name));
    };
    find(begin, "debuginfod_begin");
    find(end, "debuginfod_end");
    find(find_debuginfo, "debuginfod_find_debuginfo");
    find(set_progressfn, "debuginfod_set_progressfn");
    if (!begin || !end || !find_debuginfo || !set_progressfn) return false;
    client = begin();
    return client != nullptr;
  }
};

Debuginfod::Debuginfod(std::unique_ptr<Library> library) : library_(std::move(library)) {}
Debuginfod::~Debuginfod() = default;

Result<std::shared_ptr<Debuginfod>> Debuginfod::load() {
  const char* const urls = std::getenv(urls_variable);
  if (urls == nullptr || *urls == '\0')
    return fail(
        ErrorCode::not_found,
        fmt::format("--debuginfod: which server? Set {}, to https://debuginfod.debian.net for example",
                    urls_variable));
  auto library = std::make_unique<Library>();
  if (!library->load())
    return fail(ErrorCode::unsupported,
                fmt::format("--debuginfod: {} cannot be loaded; is libdebuginfod1 installed?", library_name));
  return std::shared_ptr<Debuginfod>(new Debuginfod(std::move(library)));
}

std::optional<UniqueFd> Debuginfod::debug_file(Bytes build_id) {
  if (given_up_ || build_id.empty()) return std::nullopt;
  static Progress progress;  // The callback has no other way to it.
  progress = {};
  library_->set_progressfn(library_->client, [](debuginfod_client*, long done, long total) {
    return on_progress(progress, done, total);
  });
  const int found =
      library_->find_debuginfo(library_->client, reinterpret_cast<const unsigned char*>(build_id.data()),
                               static_cast<int>(build_id.size()), nullptr);
  if (found >= 0) return UniqueFd(found);
  // Also where it was told to stop it says that there is no such file.
  if (found == -ENOENT && progress.stopped == nullptr) return std::nullopt;
  given_up_ = true;
  problem_ = fmt::format("--debuginfod: {}; no more debug files are asked for",
                         progress.stopped != nullptr ? progress.stopped : std::strerror(-found));
  return std::nullopt;
}

std::optional<std::string> Debuginfod::take_problem() { return std::exchange(problem_, std::nullopt); }

}  // namespace sonde::names
