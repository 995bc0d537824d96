#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sys/mman.h>

#include <fmt/format.h>

#include "sonde/cli/filters.hpp"
#include "sonde/cli/keeper.hpp"
#include "sonde/cli/message.hpp"
#include "sonde/cli/verbs.hpp"
#include "sonde/filter/explain.hpp"
#include "sonde/filter/strace_forms.hpp"

namespace sonde::cli {

namespace {

constexpr int failure = 125;

}  // namespace

int trace(Settings& settings) {
  if (auto compiled = compile_filters(settings); !compiled) {
    complain_of_filter(compiled.error());
    return failure;
  }
  if (auto required = require_captures(settings); !required) {
    complain(required.error());
    return failure;
  }
  // All of sonde's processes have it; the program has not.
  if (settings.leaks.wanted) {
    settings.tracing.memory_file = ::memfd_create("sonde-memory", MFD_CLOEXEC);
    if (settings.tracing.memory_file < 0) {
      complain(fmt::format("cannot make a file in memory: {}", std::strerror(errno)));
      return failure;
    }
  }
  push_filters_down(settings);
  push_heap_filters_down(settings);
  return keep(settings);
}

int explain_filter(const Settings& settings) {
  filter::Selection selection;
  if (auto added = selection.add(settings.expression); !added) {
    complain_of_filter(added.error());
    return failure;
  }
  const auto expression = selection.expression();
  const std::string text = expression ? filter::explain(*expression) : std::string("everything is shown\n");
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace sonde::cli
