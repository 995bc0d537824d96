// What checks of entries have in common.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "sonde/suppress/check.hpp"

namespace sonde::suppress {

inline Finding finding_of(Finding::Kind kind, const Suppression& entry, std::string message) {
  return {kind, entry.file, entry.line, entry.format, entry.name, std::move(message), {}};
}

// Whether a pattern of LeakSanitizer's says so little that it matches nearly any name.
bool hides_all(std::string_view lsan_pattern);

}  // namespace sonde::suppress
