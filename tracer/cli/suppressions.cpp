// sonde suppressions check: what is wrong with suppression files.
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <string>
#include <unistd.h>

#include <fmt/format.h>

#include "sonde/base/diagnostic.hpp"
#include "sonde/base/limits.hpp"
#include "sonde/base/read_file.hpp"
#include "sonde/cli/message.hpp"
#include "sonde/cli/verbs.hpp"
#include "sonde/elf/image.hpp"
#include "sonde/names/demangle.hpp"
#include "sonde/output/json_writer.hpp"
#include "sonde/output/stream.hpp"
#include "sonde/suppress/check.hpp"

namespace sonde::cli {

namespace {

using suppress::Finding;

constexpr int found_something = 1;
constexpr int failure = 125;

// In the order in which they are counted, with their names for people.
struct KindName {
  Finding::Kind kind;
  std::string_view one;
  std::string_view many;
};
constexpr std::array<KindName, 5> kinds = {{{Finding::Kind::syntax, "mistake", "mistakes"},
                                            {Finding::Kind::duplicate, "duplicate", "duplicates"},
                                            {Finding::Kind::too_broad, "too broad", "too broad"},
                                            {Finding::Kind::not_reviewed, "not reviewed", "not reviewed"},
                                            {Finding::Kind::unused, "unused", "unused"}}};

std::string_view words_for(Finding::Kind kind) {
  for (const KindName& name : kinds)
    if (name.kind == kind) return name.one;
  return {};
}

std::size_t count_of(const std::vector<Finding>& findings, Finding::Kind kind) {
  return static_cast<std::size_t>(std::count_if(
      findings.begin(), findings.end(), [&](const Finding& finding) { return finding.kind == kind; }));
}

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

Result<suppress::ProgramCode> code_of(const std::string& path) {
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file) return fail_errno(errno, fmt::format("cannot open {}", path));
  const auto image = elf::Image::open(std::move(file), path);
  if (!image) return Failure(image.error());
  suppress::ProgramCode code;
  code.objects.push_back(path);
  std::error_code error;
  if (const auto real = std::filesystem::canonical(path, error); !error) code.objects.push_back(real);
  for (const elf::Symbol& symbol : (*image)->symbols().symbols()) {
    auto demangled = names::demangle(symbol.name);
    code.functions.push_back({std::string(symbol.name), demangled ? *std::move(demangled) : std::string()});
  }
  return code;
}

Result<std::vector<suppress::ReportedUse>> report_at(const std::string& path) {
  auto text = read_file(path, limits::leak_report_bytes);
  if (!text) return Failure(text.error());
  auto report = suppress::parse_leak_report(*std::move(text));
  if (!report) return fail(report.error().code, fmt::format("{}: {}", path, report.error().context));
  return report;
}

// An entry as it stands in its file.
std::string label_of(const Finding& finding) {
  return (finding.format == suppress::Format::lsan ? "leak:" : "") + shown(finding.name);
}

void append_text(std::string& out, const suppress::Suppressions& suppressions,
                 const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    out += finding.kind == Finding::Kind::syntax
               ? finding.block
               : fmt::format("{}:{}: {}: {}: {}", printable(suppressions.files()[finding.file]), finding.line,
                             words_for(finding.kind), label_of(finding), finding.message);
    out += '\n';
  }
  if (suppressions.problems_left_out() != 0)
    out += fmt::format("{} more\n", counted(suppressions.problems_left_out(), "mistake", "mistakes"));
  out += fmt::format("{}, {}:", counted(suppressions.files().size(), "file", "files"),
                     counted(suppressions.all().size(), "suppression", "suppressions"));
  const char* separator = " ";
  for (const KindName& kind : kinds) {
    std::size_t count = count_of(findings, kind.kind);
    if (kind.kind == Finding::Kind::syntax) count += suppressions.problems_left_out();
    if (count == 0) continue;
    out += separator + counted(count, kind.one, kind.many);
    separator = ", ";
  }
  out += findings.empty() ? " nothing found\n" : "\n";
}

void append_json(std::string& out, const suppress::Suppressions& suppressions,
                 const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    out += fmt::format(R"({{"kind":"finding","finding":"{}","file":)", name_of(finding.kind));
    output::append_json_text(out, suppressions.files()[finding.file]);
    out += fmt::format(R"(,"line":{})", finding.line);
    if (!finding.name.empty()) {
      out += R"(,"name":)";
      output::append_json_text(out, finding.name);
    }
    out += R"(,"message":)";
    output::append_json_text(out, finding.message);
    out += "}\n";
  }
  out += fmt::format(R"({{"kind":"summary","files":{},"suppressions":{})", suppressions.files().size(),
                     suppressions.all().size());
  for (const KindName& kind : kinds)
    out += fmt::format(R"(,"{}":{})", name_of(kind.kind), count_of(findings, kind.kind));
  out += fmt::format(R"(,"left_out":{}}})", suppressions.problems_left_out());
  out += '\n';
}

// What was asked for beside the files; they say what is wrong with them.
class Questions {
 public:
  bool read(const SuppressionsSettings& asked) {
    if (!asked.program.empty()) {
      auto code = code_of(asked.program);
      if (!code) return told(code.error());
      program_ = *std::move(code);
      options_.program = &*program_;
    }
    if (!asked.against.empty()) {
      auto report = report_at(asked.against);
      if (!report) return told(report.error());
      report_ = *std::move(report);
      options_.report = &*report_;
    }
    options_.today = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
    options_.undated = asked.reviewed_within.has_value();
    options_.reviewed_within = asked.reviewed_within.value_or(options_.reviewed_within);
    return true;
  }

  const suppress::CheckOptions& options() const { return options_; }

 private:
  static bool told(const Error& error) {
    complain(error);
    return false;
  }

  std::optional<suppress::ProgramCode> program_;
  std::optional<std::vector<suppress::ReportedUse>> report_;
  suppress::CheckOptions options_;
};

}  // namespace

int check_suppressions(const Settings& settings) {
  ::signal(SIGPIPE, SIG_IGN);
  Questions questions;
  if (!questions.read(settings.suppressions)) return failure;
  suppress::Suppressions suppressions;
  bool good = true;
  for (const std::string& path : settings.suppressions.files) {
    if (const auto added = suppressions.add_file(path); !added) {
      complain(added.error());
      good = false;
    }
  }
  if (const auto* report = questions.options().report; report != nullptr) {
    for (const std::string& path : suppress::unknown_files(suppressions, *report)) {
      complain(
          fmt::format("{} says nothing of {}: it was made without it", settings.suppressions.against, path));
      good = false;
    }
  }
  const auto findings = suppress::check(suppressions, questions.options());
  output::Stream stream(UniqueFd(::dup(STDOUT_FILENO)));
  if (settings.output.format == Format::json) {
    append_json(stream.buffer(), suppressions, findings);
  } else {
    append_text(stream.buffer(), suppressions, findings);
  }
  stream.flush();
  if (stream.error() && stream.error()->errno_value != EPIPE) complain(*stream.error());
  if (!good || stream.error()) return failure;
  return findings.empty() ? 0 : found_something;
}

}  // namespace sonde::cli
