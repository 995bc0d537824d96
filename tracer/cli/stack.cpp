#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>

#include "cli/file_symbols.hpp"
#include "sonde/cli/message.hpp"
#include "sonde/cli/verbs.hpp"
#include "sonde/output/stack_report.hpp"
#include "sonde/record/process_sampler.hpp"

namespace sonde::cli {

namespace {

constexpr int failure = 125;

bool print(const std::string& text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
}

}  // namespace

int stack(const Settings& settings) {
  FileSymbols symbols(settings);
  int status = 0;
  const char* separator = "";
  for (const pid_t pid : settings.pids) {
    const auto sample = record::sample_process(pid, settings.tracing, [&] { symbols.prepare(pid); });
    if (!sample) {
      complain(sample.error());
      status = failure;
      continue;
    }
    stacks::Namer namer(sample->book, &symbols);
    std::string text = separator;
    if (settings.output.format == Format::json) {
      output::append_stacks_json(text, *sample, namer, settings.output.style);
    } else {
      output::append_stacks_text(text, *sample, namer, settings.output.style);
      separator = "\n";
    }
    if (!print(text)) {
      if (errno != EPIPE) complain(fmt::format("cannot write to standard output: {}", std::strerror(errno)));
      return failure;
    }
  }
  return status;
}

}  // namespace sonde::cli
