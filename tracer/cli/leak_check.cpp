#include "cli/leak_check.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "sonde/base/clock.hpp"
#include "sonde/base/limits.hpp"
#include "sonde/base/read_file.hpp"
#include "sonde/suppress/parser.hpp"

namespace sonde::cli {

namespace {

constexpr std::size_t usual_contents = 16;  // Where there are no stacks to tell blocks by: a line.

Result<suppress::Suppressions> read_suppressions(const LeakSettings& settings) {
  suppress::Suppressions all;
  for (const std::string& file : settings.suppressions) {
    if (auto added = all.add_file(file); !added) return Failure(added.error());
  }
  for (const suppress::Problem& problem : all.problems()) {
    if (problem.in_record) continue;
    return fail(ErrorCode::invalid,
                fmt::format("{}:{}:{}: {}; 'sonde suppressions check' tells all mistakes",
                            all.files()[problem.file], problem.line, problem.column, problem.message));
  }
  if (settings.default_suppressions) all.add("(default)", suppress::default_suppressions());
  return all;
}

Result<leaks::Baseline> read_baseline(const std::string& path) {
  if (path.empty()) return leaks::Baseline({});
  auto text = read_file(path, limits::leak_report_bytes);
  if (!text) return Failure(text.error());
  auto baseline = leaks::parse_baseline(*std::move(text));
  if (!baseline) return fail(baseline.error().code, fmt::format("{}: {}", path, baseline.error().message()));
  return baseline;
}

// The first bytes of the examples of each record, as far as there is room for them.
std::unordered_map<std::uint64_t, std::vector<std::byte>> contents_of(const leaks::Findings& findings,
                                                                      const LeakImage& image,
                                                                      std::size_t wanted) {
  std::unordered_map<std::uint64_t, std::vector<std::byte>> contents;
  std::size_t taken = 0;
  for (const leaks::Record& record : findings.records) {
    for (std::size_t i = 0; i < leaks::Record::examples && i < record.blocks; ++i) {
      std::vector<std::byte> bytes(std::min<std::uint64_t>(wanted, record.first[i].size));
      taken += bytes.size();
      if (taken > limits::leak_contents_bytes) return contents;
      bytes.resize(image.memory().read({record.first[i].address}, bytes));
      if (!bytes.empty()) contents.emplace(record.first[i].address, std::move(bytes));
    }
  }
  return contents;
}

}  // namespace

Result<LeakCheck> LeakCheck::make(const LeakSettings& settings) {
  auto suppressions = read_suppressions(settings);
  if (!suppressions) return Failure(suppressions.error());
  auto baseline = read_baseline(settings.baseline);
  if (!baseline) return Failure(baseline.error());
  return LeakCheck(settings, *std::move(suppressions), *std::move(baseline));
}

LeakCheck::LeakCheck(const LeakSettings& settings, suppress::Suppressions suppressions,
                     leaks::Baseline baseline)
    : settings_(settings),
      suppressions_(std::make_unique<suppress::SuppressionSet>(std::move(suppressions))),
      baseline_(std::move(baseline)) {
  settings_.report.baseline = !settings.baseline.empty();
}

void LeakCheck::check(LeakSubject subject, const LeakImage& image, bool tentative) {
  const Nanoseconds began = now();
  const LeakImage::Scene scene = image.scene(subject.blocks, subject.others);
  const leaks::Outcome outcome = leaks::scan(
      {subject.blocks, scene.regions, scene.words, scene.code, {.rounded_sizes = subject.rounded_sizes}});
  leaks::Findings findings =
      leaks::find({outcome, subject.blocks, subject.stacks, subject.frames}, suppressions_.get());
  baseline_.mark(findings);
  const Nanoseconds scanned_for = now() - began;
  const std::size_t wanted = settings_.contents.value_or(subject.stacks.empty() ? usual_contents : 0);
  auto contents = contents_of(findings, image, wanted);
  // What is left is what the report needs.
  subject.blocks = {};
  const bool by_size = subject.stacks.empty();
  subject.stacks = {};
  const pid_t pid = subject.pid;
  auto checked = std::make_unique<Checked>(Checked{std::move(subject), std::move(findings), scanned_for,
                                                   outcome.words_scanned, outcome.unreadable_bytes,
                                                   std::move(contents), by_size});
  tentative_.erase(pid);
  if (tentative) {
    tentative_.emplace(pid, std::move(checked));
  } else {
    add(std::move(checked));
  }
}

void LeakCheck::add(std::unique_ptr<Checked> checked) {
  found_ |= checked->findings.count(settings_.fail_on, settings_.report.baseline) != 0;
  checked_.push_back(std::move(checked));
}

void LeakCheck::confirm(pid_t pid) {
  if (auto node = tentative_.extract(pid)) add(std::move(node.mapped()));
}

output::LeakReportSource LeakCheck::source_of(const Checked& checked) const {
  const LeakSubject& subject = checked.subject;
  return {.findings = checked.findings,
          .frames = subject.frames,
          .suppressions = suppressions_.get(),
          .pid = subject.pid,
          .exe = subject.exe,
          .when = subject.when,
          .stopped_for = subject.stopped_for,
          .scanned_for = checked.scanned_for,
          .words_scanned = checked.words_scanned,
          .unreadable_bytes = checked.unreadable_bytes,
          .notes = subject.notes,
          .by_size = checked.by_size,
          .contents = &checked.contents};
}

std::string LeakCheck::take_report() {
  std::string text;
  if (settings_.form != LeakSettings::Form::text && settings_.form != LeakSettings::Form::json) return text;
  for (; written_ < checked_.size(); ++written_) {
    const auto checked = std::move(checked_[written_]);
    const auto source = source_of(*checked);
    if (settings_.form == LeakSettings::Form::json) {
      text += output::leak_report_json(source);
      continue;
    }
    if (written_ != 0) text += '\n';
    text += output::leak_report_text(source, settings_.report);
    if (settings_.print_suppressions) text += output::leak_report_suppressions(source, settings_.report);
  }
  return text;
}

std::string LeakCheck::finish() {
  std::string text = take_report();
  std::vector<output::LeakReportSource> sources;
  for (const auto& checked : checked_)
    if (checked != nullptr) sources.push_back(source_of(*checked));
  if (settings_.form == LeakSettings::Form::sarif)
    text += output::leak_report_sarif(sources, settings_.report);
  if (settings_.form == LeakSettings::Form::junit)
    text += output::leak_report_junit(sources, settings_.report);
  return text;
}

}  // namespace sonde::cli
