// How much a pattern matches.
#pragma once

#include <string_view>

namespace sonde::suppress {

// Whether a pattern of LeakSanitizer's says so little that it matches nearly any name.
bool hides_all(std::string_view lsan_pattern);

}  // namespace sonde::suppress
