#include "cli/applied_options.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "cli/heap_options.hpp"
#include "cli/leak_options.hpp"
#include "sonde/cli/quantity.hpp"
#include "sonde/filter/text_pattern.hpp"
#include "sonde/output/summary.hpp"
#include "sonde/syscall/table.hpp"

namespace sonde::cli {

namespace {

Result<void> apply_times(Settings& settings, const RawOptions& raw) {
  constexpr ClockStyle clocks[] = {ClockStyle::none, ClockStyle::seconds, ClockStyle::microseconds,
                                   ClockStyle::unix_time};
  settings.output.clock = clocks[std::min(raw.timestamps, 3)];
  if (!raw.timeout.empty()) {
    auto timeout = parse_duration(raw.timeout);
    if (!timeout) return Failure(timeout.error());
    settings.timeout_ns = *timeout;
  }
  return {};
}

Result<void> apply_limits(Settings& settings, const RawOptions& raw) {
  if (!raw.max_output.empty()) {
    auto bytes = parse_bytes(raw.max_output);
    if (!bytes) return Failure(bytes.error());
    settings.output.max_bytes = *bytes;
  }
  if (const auto& sort = settings.output.summary_sort; !sort.empty() && !output::summary_order_named(sort)) {
    return fail(ErrorCode::invalid,
                fmt::format("-S: '{}' is no order; use time, calls, errors, name, min, max or avg", sort));
  }
  const bool summed = raw.summary_only || raw.summary_also;
  if (!summed && (settings.output.summary_per_process || !settings.output.summary_sort.empty())) {
    return fail(ErrorCode::invalid,
                fmt::format("{} is about a summary, which -c or -C asks for",
                            settings.output.summary_per_process ? "--per-process" : "-S"));
  }
  if (!raw.sample.empty()) {
    auto sample = parse_sampling(raw.sample);
    if (!sample) return Failure(sample.error());
    settings.tracing.sample = *sample;
  }
  if (!raw.max_rate.empty()) {
    auto rate = parse_rate(raw.max_rate);
    if (!rate) return Failure(rate.error());
    settings.tracing.max_rate = *rate;
  }
  return {};
}

void apply_printing(Settings& settings, const RawOptions& raw) {
  OutputSettings& output = settings.output;
  output.format = raw.format == "json" ? Format::json : raw.format == "csv" ? Format::csv : Format::text;
  output.style.xlat = raw.xlat == "raw"       ? decode::Xlat::raw
                      : raw.xlat == "verbose" ? decode::Xlat::verbose
                                              : decode::Xlat::abbrev;
  output.style.hex_strings = raw.hex_strings == 0   ? decode::HexStrings::never
                             : raw.hex_strings == 1 ? decode::HexStrings::non_ascii
                                                    : decode::HexStrings::all;
  output.quiet = static_cast<unsigned>(raw.quiet);
  output.summary = raw.summary_only ? Summary::only : raw.summary_also ? Summary::also : Summary::none;
}

Result<void> apply_tracing(Settings& settings, const RawOptions& raw) {
  record::Options& tracing = settings.tracing;
  tracing.follow_children = !raw.no_follow;
  tracing.string_limit = settings.output.style.string_limit;
  tracing.verbose = settings.output.style.verbose;
  tracing.stacks = settings.print_stacks;
  tracing.crash_reports = !raw.no_crash_report;
  tracing.fd_paths = raw.fd_paths > 0;
  tracing.fd_details = raw.fd_paths > 1;
  tracing.drop_on_overflow = raw.overflow == "drop";
  tracing.low_latency = !raw.no_low_latency;
  settings.heap_pushdown = !raw.no_pushdown;
  settings.pushdown = !raw.no_pushdown && !raw.no_follow && raw.detach_on.empty();
  for (const auto& what : raw.redact) {
    tracing.redact_strings |= what == "strings";
    tracing.redact_paths |= what == "paths";
    tracing.redact_environment |= what == "env";
  }
  for (const auto& name : raw.detach_on) {
    const syscall::Row* row = syscall::find(Abi::x86_64, name);
    if (row == nullptr)
      return fail(ErrorCode::invalid, fmt::format("-b: no system call is named '{}'", name));
    tracing.detach_on.push_back(row->name);
  }
  return {};
}

Result<void> apply_heap(Settings& settings, const RawOptions& raw) { return apply_heap(settings, raw.heap); }

Result<void> apply_site_skip(Settings& settings, const RawOptions& raw) {
  if (raw.site_skip.empty()) return {};
  auto pattern = filter::text_pattern(raw.site_skip);
  if (!pattern) return fail(ErrorCode::invalid, fmt::format("--site-skip: {}", pattern.error().message()));
  settings.skip_site = *std::move(pattern);
  return {};
}

Result<void> check_environment(Settings& settings, const RawOptions&) {
  for (const auto& change : settings.environment) {
    if (!change.empty() && change.front() != '=') continue;
    return fail(ErrorCode::invalid,
                fmt::format("-E: '{}' names no variable; it takes VAR=VAL or VAR", change));
  }
  return {};
}

Result<void> apply_pids(Settings& settings, const RawOptions& raw) {
  for (const auto& text : raw.pids) {
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
    if (error != std::errc{} || end != text.data() + text.size() || pid <= 0) {
      return fail(ErrorCode::invalid,
                  fmt::format("'{}' is no process id; 'pidof NAME' tells those of a program", text));
    }
    settings.pids.push_back(pid);
  }
  return {};
}

}  // namespace

Result<void> apply(Settings& settings, const RawOptions& raw) {
  apply_printing(settings, raw);
  using Step = Result<void> (*)(Settings&, const RawOptions&);
  for (const Step step :
       {Step(apply_times), Step(apply_limits), Step(apply_tracing), Step(apply_heap), Step(apply_leaks),
        Step(apply_site_skip), Step(check_environment), Step(apply_pids)}) {
    if (auto done = step(settings, raw); !done) return done;
  }
  return {};
}

}  // namespace sonde::cli
