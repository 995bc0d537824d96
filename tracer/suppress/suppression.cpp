#include "sonde/suppress/suppression.hpp"

#include <algorithm>

namespace sonde::suppress {

std::string_view name_of(LeakKind kind) {
  switch (kind) {
    case LeakKind::definite:
      return "definite";
    case LeakKind::indirect:
      return "indirect";
    case LeakKind::possible:
      return "possible";
    case LeakKind::reachable:
      return "reachable";
  }
  return {};
}

std::optional<std::chrono::sys_days> Record::last_look() const {
  if (!tested_on || !reviewed_on) return tested_on ? tested_on : reviewed_on;
  return std::max(tested_on, reviewed_on);
}

}  // namespace sonde::suppress
