// Which pages of a process there are, as /proc/PID/pagemap knows.
#pragma once

#include <cstdint>
#include <sys/types.h>
#include <vector>

#include "sonde/base/result.hpp"
#include "sonde/base/unique_fd.hpp"
#include "sonde/memory/mapping.hpp"

namespace sonde::process {

struct Pages {
  std::uint64_t begin;
  std::uint64_t end;

  constexpr std::uint64_t size() const { return end - begin; }
};

class TouchedPages {
 public:
  // `scan`: whether to ask the kernel to look for them (PAGEMAP_SCAN, Linux 6.7) where it can do that. It
  // passes over what a large mapping has never touched; else there are 8 bytes to be read for each page.
  static Result<TouchedPages> of(pid_t tid, bool scan = true);

  // Adds the pages of a mapping that it has touched, and of one that cannot be written those that are the
  // process's own. No more are looked for once there are more than `room` bytes of them. False, and none are
  // added, where a mapping beyond limits::copied_mapping_bytes would have to be looked at page by page.
  bool append(const memory::Mapping& mapping, std::uint64_t room, std::vector<Pages>& touched);

  std::uint64_t bytes() const { return bytes_; }  // Of all that was added.

 private:
  explicit TouchedPages(UniqueFd pagemap, bool scan) : pagemap_(std::move(pagemap)), scan_(scan) {}
  bool append_scanned(const memory::Mapping& mapping, std::uint64_t room, std::vector<Pages>& touched);
  void append_read(const memory::Mapping& mapping, std::uint64_t room, std::vector<Pages>& touched);
  void add(Pages pages, std::vector<Pages>& touched);

  UniqueFd pagemap_;
  bool scan_;
  std::uint64_t bytes_ = 0;
};

}  // namespace sonde::process
