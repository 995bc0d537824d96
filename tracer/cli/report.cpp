#include <csignal>
#include <variant>

#include <fmt/format.h>

#include "sonde/cli/command_line.hpp"
#include "sonde/cli/event_pump.hpp"
#include "sonde/cli/filters.hpp"
#include "sonde/cli/message.hpp"
#include "sonde/cli/outputs.hpp"
#include "sonde/cli/verbs.hpp"
#include "sonde/event/trace_file.hpp"
#include "sonde/ptrace/wait.hpp"

namespace sonde::cli {

namespace {

constexpr int failure = 125;

std::vector<std::string> recorded_arguments(const event::TraceMetadata& metadata) {
  std::vector<std::string> arguments;
  for (const auto& [key, value] : metadata) {
    if (key == "argument") arguments.push_back(value);
  }
  return arguments;
}

// What the reader of the report must know of the file's end.
void mention_ending(const event::TraceFileReader& reader, const std::string& name) {
  switch (reader.ending()) {
    case event::TraceEnding::not_yet:
    case event::TraceEnding::whole:
      return;
    case event::TraceEnding::cut_short:
      return complain(fmt::format("{} is cut short; its {} whole frames are shown", name, reader.frames()));
    case event::TraceEnding::damaged:
      return complain(
          fmt::format("{} is damaged; the {} frames before the damage are shown", name, reader.frames()));
  }
}

int render(const Settings& settings, event::TraceFileReader reader) {
  auto outputs = Outputs::open(settings);
  if (!outputs) {
    complain(outputs.error());
    return failure;
  }
  Selection selection(settings, outputs->stacks(), outputs->heap());
  EventPump pump(selection, outputs->sinks(), outputs->stacks(), outputs->heap());
  while (!outputs->ended()) {
    const auto frame = reader.next();
    if (!frame) break;
    pump.frame(*frame);
  }
  pump.finish();
  const std::string why = outputs->why_ended();
  const bool good = outputs->finish();
  if (const pid_t command = outputs->command(); command > 0) ptrace::await_end(command);
  if (!why.empty()) complain(why);
  mention_ending(reader, settings.trace_file);
  return good ? 0 : failure;
}

}  // namespace

int report(const Settings& settings) {
  ::signal(SIGPIPE, SIG_IGN);
  auto reader = event::TraceFileReader::open(settings.trace_file);
  if (!reader) {
    complain(reader.error());
    return failure;
  }
  auto merged = parse_command_line(settings.arguments, recorded_arguments(reader->metadata()));
  if (const auto* exit = std::get_if<ExitNow>(&merged)) return exit->status;
  auto& final_settings = std::get<Settings>(merged);
  if (auto compiled = compile_filters(final_settings); !compiled) {
    complain_of_filter(compiled.error());
    return failure;
  }
  if (auto required = require_captures(final_settings); !required) {
    complain(required.error());
    return failure;
  }
  return render(final_settings, *std::move(reader));
}

}  // namespace sonde::cli
