#include <algorithm>
#include <cmath>

#include "output/leak_lines.hpp"
#include "output/quantities.hpp"
#include "output/text.hpp"
#include "sonde/base/limits.hpp"
#include "sonde/output/growth_report.hpp"

namespace sonde::output {

namespace {

using analysis::Development;
using analysis::GrowthRound;
using analysis::LivePoint;
using analysis::SiteGrowth;
using analysis::Trend;

std::string live_text(const LivePoint& live) {
  return fmt::format("{} in {}", bytes_text(live.bytes), counted(live.blocks, "block"));
}

// Rates are rounded to whole bytes.
std::string rate_text(double bytes) {
  return (bytes < 0 ? "-" : "") + bytes_text(static_cast<std::uint64_t>(std::llround(std::fabs(bytes))));
}

class Report {
 public:
  Report(std::string& out, const GrowthReportSource& source, const GrowthReportOptions& options)
      : out_(out), source_(source), options_(options), sites_(analysis::growing_sites(source.growth)) {}

  void append_all() {
    heading();
    const std::size_t rounds = source_.growth.rounds().size() - 1;
    if (rounds == 0) {
      nothing_yet();
    } else {
      answers();
      list(Trend::steady, "Grows steadily");
      list(Trend::levelled, "Grew, and levelled off");
      varying();
    }
    old_blocks();
    if (source_.heap.partial())
      out_ += "\nwhat was allocated before sonde came is not known, and its growth neither\n";
  }

 private:
  // How much a rate is multiplied by: rounds by time that were merged are one, longer, round.
  double scale() const { return options_.one_by_one ? 1 : static_cast<double>(source_.growth.merged()); }

  std::string steps_text(const Development& development) const {
    const std::uint64_t merged = options_.one_by_one ? source_.growth.merged() : 1;
    const std::string text = fmt::format("in {} of {}", development.grew, development.steps);
    return merged == 1 ? text + " rounds" : fmt::format("{} steps of {} rounds", text, merged);
  }

  void heading() {
    append(out_, "Growth of process {}", source_.heap.pid());
    const std::string& name = source_.heap.exe().empty() ? source_.heap.comm() : source_.heap.exe();
    if (!name.empty()) {
      out_ += " (";
      append_printable(out_, std::string_view(name).substr(0, limits::name_bytes));
      out_ += ')';
    }
    const auto& rounds = source_.growth.rounds();
    append(out_, ": {} ", counted(options_.one_by_one ? source_.growth.count() : rounds.size() - 1, "round"));
    if (options_.round_by.empty()) {
      const std::uint64_t merged = options_.one_by_one ? 1 : source_.growth.merged();
      append(out_, "of {}", duration_text(options_.interval * merged));
    } else {
      out_ += "of ";
      append_printable(out_, options_.round_by);
    }
    const Nanoseconds in_all = rounds.back().ended - rounds.front().ended;
    if (in_all != 0) append(out_, ", in {}", duration_text(in_all));
    out_ += '\n';
  }

  void nothing_yet() {
    out_ += "  no round was complete";
    if (!options_.round_by.empty()) {
      out_ += ": was there ever a ";
      append_printable(out_, options_.round_by);
      out_ += '?';
    }
    out_ += '\n';
  }

  // Does it grow with the rounds? In one line each.
  void answers() {
    const auto& rounds = source_.growth.rounds();
    std::vector<std::uint64_t> live;
    std::vector<std::uint64_t> resident;
    for (const GrowthRound& round : rounds) {
      live.push_back(round.live.bytes);
      resident.push_back(round.resident_max);
    }
    // What was resident before the first round says nothing about rounds.
    const std::vector<GrowthRound> after(rounds.begin() + 1, rounds.end());
    resident.erase(resident.begin());
    if (resident.front() != 0) answer("resident", develop(after, resident), resident);
    answer("heap", develop(rounds, live), live);
  }

  void answer(std::string_view what, const Development& development,
              const std::vector<std::uint64_t>& values) {
    const std::uint64_t first = values.front();
    const std::uint64_t last = values.back();
    append(out_, "  {:<9} ", what);
    if (development.trend == Trend::steady) {
      append(out_, "grows by {} a round ({} a second), {}", rate_text(development.per_round * scale()),
             rate_text(development.per_second), steps_text(development));
    } else if (development.trend == Trend::levelled) {
      append(out_, "grew by {}, and then no more", bytes_text(last - first));
    } else if (development.steps < 4) {
      out_ += "too few rounds to tell";
    } else {
      out_ += "does not grow steadily";
    }
    append(out_, ": {} at first, {} at last, {} at most\n", bytes_text(first), bytes_text(last),
           bytes_text(*std::max_element(values.begin(), values.end())));
  }

  std::vector<const SiteGrowth*> of(Trend trend) const {
    std::vector<const SiteGrowth*> found;
    for (const SiteGrowth& site : sites_)
      if (site.bytes.trend == trend) found.push_back(&site);
    return found;
  }

  std::size_t heading_of_list(std::string_view title, std::size_t all) {
    const std::size_t shown = options_.top == 0 ? all : std::min(options_.top, all);
    append(out_, "\n{}, from {}{}\n", title, counted(all, "stack"),
           shown < all ? fmt::format(", of which the {} largest", shown) : "");
    return shown;
  }

  void list(Trend trend, std::string_view title) {
    const auto found = of(trend);
    if (found.empty()) return;
    const std::size_t shown = heading_of_list(title, found.size());
    for (std::size_t i = 0; i < shown; ++i) {
      const SiteGrowth& site = *found[i];
      if (trend == Trend::steady) {
        append(out_, "  {} and {:.1f} blocks a round ({} a second), {}; at last {}\n",
               rate_text(site.bytes.per_round * scale()), site.blocks_per_round * scale(),
               rate_text(site.bytes.per_second), steps_text(site.bytes), live_text(site.last));
      } else {
        append(out_, "  {} more, at last {}\n", bytes_text(site.last.bytes - site.first.bytes),
               live_text(site.last));
      }
      stack(site.site);
    }
  }

  void varying() {
    const auto found = of(Trend::varying);
    if (found.empty()) return;
    append(out_, "\n{} more: what {} comes and goes, or is too young to tell\n",
           counted(found.size(), "stack"), found.size() == 1 ? "it has" : "they have");
  }

  void old_blocks() {
    if (options_.older_than > source_.time) return;
    const auto old = blocks_before(source_.heap, source_.time - options_.older_than);
    if (old.empty()) return;
    const std::size_t shown =
        heading_of_list("Not freed for " + duration_text(options_.older_than), old.size());
    for (std::size_t i = 0; i < shown; ++i) {
      append(out_, "  {}, the oldest for {}\n", live_text(old[i].live),
             duration_text(source_.time - old[i].oldest));
      stack(old[i].site);
    }
  }

  void stack(std::uint32_t site) {
    append_stack(out_, source_.frames(source_.heap.sites()[site]), options_.frames);
  }

  std::string& out_;
  const GrowthReportSource& source_;
  const GrowthReportOptions& options_;
  const std::vector<SiteGrowth> sites_;
};

}  // namespace

std::string growth_report_text(const GrowthReportSource& source, const GrowthReportOptions& options) {
  std::string out;
  Report(out, source, options).append_all();
  return out;
}

bool grows(const analysis::HeapGrowth& growth) {
  const auto sites = analysis::growing_sites(growth);
  return std::any_of(sites.begin(), sites.end(),
                     [](const SiteGrowth& site) { return site.bytes.trend == Trend::steady; });
}

}  // namespace sonde::output
