// How the two tools compare a pattern with a name. Both in time proportional to the product of the lengths at
// most, and without recursion.
#pragma once

#include <string_view>
#include <vector>

namespace sonde::suppress {

// LeakSanitizer's TemplateMatch (sanitizer_common.cpp): the pattern may lie anywhere in the text, "*" stands
// for any bytes, "^" at its beginning for the text's beginning and "$" for its end, behind which nothing of
// the pattern counts. Each part is looked for once, leftmost: "a$" does not match "aba", since its first "a"
// is not the end. An empty text matches nothing.
bool lsan_matches(std::string_view pattern, std::string_view text);

// valgrind's VG_(string_match): the whole text, "*" for any bytes, "?" for one; nothing escapes them.
bool glob_matches(std::string_view pattern, std::string_view text);

// The parts of a pattern that must lie in each text that it matches, one behind the other.
std::vector<std::string_view> lsan_parts(std::string_view pattern);
std::vector<std::string_view> glob_parts(std::string_view pattern);

}  // namespace sonde::suppress
