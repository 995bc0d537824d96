#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sys/mman.h>

#include <fmt/format.h>

#include "cli/copied_contents.hpp"
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
  if (settings.leaks.wanted || settings.output.heap.contents != 0) {
    const int file = ::memfd_create("sonde-memory", MFD_CLOEXEC);
    if (file < 0) {
      complain(fmt::format("cannot make a file in memory: {}", std::strerror(errno)));
      return failure;
    }
    settings.tracing.memory_file = file;
    settings.tracing.copy_when_left = settings.leaks.wanted;  // Else its blocks can be looked at as they are.
    settings.output.heap.copied = [file](const event::MemoryCopied& copied) {
      return read_copy(file, copied);
    };
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
