// What is told to people of a damaged heap: the first of it, and how much more there was.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "sonde/base/limits.hpp"

namespace sonde::glibc_heap {

class Notes {
 public:
  template <typename... Parts>
  void add(fmt::format_string<Parts...> format, Parts&&... parts) {
    if (notes_.size() + 1 < limits::heap_walk_notes) {
      notes_.push_back(fmt::format(format, std::forward<Parts>(parts)...));
    } else {
      ++left_out_;
    }
  }
  std::vector<std::string> take() && {
    if (left_out_ > 0) notes_.push_back(fmt::format("and {} more of these", left_out_));
    return std::move(notes_);
  }

 private:
  std::vector<std::string> notes_;
  std::uint64_t left_out_ = 0;
};

}  // namespace sonde::glibc_heap
