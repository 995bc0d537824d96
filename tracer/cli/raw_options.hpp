// What was typed where its text is not yet a setting.
#pragma once

#include <string>
#include <vector>

namespace sonde::cli {

struct LeakOptions {
  bool verb = false;  // `sonde leaks`
  std::string form = "text";
  std::string show;  // Empty: as is usual.
  std::string fail_on;
  bool growth = false;
  std::string rounds;
  std::string older_than;
  std::string after;
  std::string every;
  std::vector<std::string> suppressions;
  bool no_default_suppressions = false;
};

struct HeapOptions {
  bool verb = false;  // `sonde heap`
  bool no_stacks = false;
  std::vector<std::string> allocators;
  std::string by = "site";
  std::size_t contents = 0;
};

// Options whose text is turned into a setting after parsing, so that the message of a wrong one is ours.
struct RawOptions {
  std::string output_path;
  std::string format = "text";
  std::string xlat = "abbrev";
  std::string max_output;
  std::string timeout;
  std::string sample;
  std::string max_rate;
  std::string site_skip;
  std::string overflow = "block";
  std::vector<std::string> detach_on;
  std::vector<std::string> redact;
  std::vector<std::string> pids;
  int timestamps = 0;
  int fd_paths = 0;
  int hex_strings = 0;
  int quiet = 0;
  int follow = 0;
  bool no_follow = false;
  bool summary_only = false;
  bool summary_also = false;
  bool no_pushdown = false;
  bool no_low_latency = false;
  bool no_crash_report = false;
  HeapOptions heap;
  LeakOptions leaks;
};

}  // namespace sonde::cli
