#include "sonde/suppress/check.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "suppress/findings.hpp"

namespace sonde::suppress {

namespace {

using std::chrono::sys_days;

std::string written(sys_days day) {
  const std::chrono::year_month_day date(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::string_view base_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

void find_syntax(const Suppressions& suppressions, std::vector<Finding>& findings) {
  for (const Problem& problem : suppressions.problems())
    findings.push_back(
        {Finding::Kind::syntax, problem.file, problem.line, {}, "", problem.message, problem.block});
}

void find_not_reviewed(const Suppressions& suppressions, const CheckOptions& options,
                       std::vector<Finding>& findings) {
  for (const Suppression& entry : suppressions.all()) {
    const auto seen = entry.record->last_look();
    std::string message;
    if (!seen) {
      if (options.undated) message = "it has no date: Reviewed: or Tested:";
    } else if (const auto days = (options.today - *seen).count();
               days > static_cast<long>(options.reviewed_within)) {
      message = fmt::format("last looked at on {}, {} days ago", written(*seen), days);
    }
    if (!message.empty()) findings.push_back(finding_of(Finding::Kind::not_reviewed, entry, message));
  }
}

// How often each entry of a report has matched. The report may have been made in another folder, and lines
// may have moved since: a name that is there once is found wherever it is.
class Report {
 public:
  explicit Report(const std::vector<ReportedUse>& uses) {
    for (const ReportedUse& use : uses) {
      const std::string_view file = base_name(use.file);
      by_line_[{file, use.name, use.line}] += use.count;
      auto& named = by_name_[{file, use.name}];
      ++named.entries;
      named.count += use.count;
    }
  }

  bool knows(std::string_view path) const {
    const auto first = by_name_.lower_bound({base_name(path), ""});
    return first != by_name_.end() && first->first.first == base_name(path);
  }

  std::uint64_t count(std::string_view path, const Suppression& entry) const {
    const std::string_view file = base_name(path);
    const auto at_line = by_line_.find({file, entry.name, entry.line});
    if (at_line != by_line_.end()) return at_line->second;
    const auto named = by_name_.find({file, entry.name});
    return named == by_name_.end() || named->second.entries != 1 ? 0 : named->second.count;
  }

 private:
  struct Named {
    std::size_t entries = 0;
    std::uint64_t count = 0;
  };
  std::map<std::tuple<std::string_view, std::string_view, std::uint64_t>, std::uint64_t> by_line_;
  std::map<std::pair<std::string_view, std::string_view>, Named> by_name_;
};

void find_unused(const Suppressions& suppressions, const std::vector<ReportedUse>& uses,
                 std::vector<Finding>& findings) {
  const Report report(uses);
  for (const Suppression& entry : suppressions.all()) {
    const std::string& path = suppressions.files()[entry.file];
    if (!entry.about_leaks || !report.knows(path) || report.count(path, entry) != 0) continue;
    findings.push_back(finding_of(Finding::Kind::unused, entry, "it matched nothing"));
  }
}

}  // namespace

std::string_view name_of(Finding::Kind kind) {
  switch (kind) {
    case Finding::Kind::syntax:
      return "syntax";
    case Finding::Kind::duplicate:
      return "duplicate";
    case Finding::Kind::too_broad:
      return "too_broad";
    case Finding::Kind::not_reviewed:
      return "not_reviewed";
    case Finding::Kind::unused:
      return "unused";
  }
  return {};
}

std::vector<std::string> unknown_files(const Suppressions& suppressions,
                                       const std::vector<ReportedUse>& uses) {
  const Report report(uses);
  std::vector<bool> about_leaks(suppressions.files().size());
  for (const Suppression& entry : suppressions.all())
    if (entry.about_leaks) about_leaks[entry.file] = true;
  std::vector<std::string> unknown;
  for (std::size_t i = 0; i < about_leaks.size(); ++i)
    if (about_leaks[i] && !report.knows(suppressions.files()[i])) unknown.push_back(suppressions.files()[i]);
  return unknown;
}

std::vector<Finding> check(const Suppressions& suppressions, const CheckOptions& options) {
  std::vector<Finding> findings;
  find_syntax(suppressions, findings);
  for (auto& finding : find_duplicates(suppressions)) findings.push_back(std::move(finding));
  for (auto& finding : find_too_broad(suppressions, options.program)) findings.push_back(std::move(finding));
  find_not_reviewed(suppressions, options, findings);
  if (options.report != nullptr) find_unused(suppressions, *options.report, findings);
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    return std::tie(a.file, a.line) < std::tie(b.file, b.line);
  });
  return findings;
}

}  // namespace sonde::suppress
