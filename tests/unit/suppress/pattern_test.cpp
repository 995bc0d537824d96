#include "sonde/suppress/pattern.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace sonde::suppress;

TEST_CASE("a pattern of LeakSanitizer's may lie anywhere, unless it is anchored") {
  CHECK(lsan_matches("foo", "foo"));
  CHECK(lsan_matches("foo", "a foo b"));
  CHECK(lsan_matches("f*o", "a fxxo b"));
  CHECK(lsan_matches("^foo", "foobar"));
  CHECK_FALSE(lsan_matches("^foo", "a foo"));
  CHECK(lsan_matches("foo$", "a foo"));
  CHECK_FALSE(lsan_matches("foo$", "foobar"));
  CHECK(lsan_matches("^foo$", "foo"));
  CHECK_FALSE(lsan_matches("^foo$", "foofoo"));
  CHECK(lsan_matches("^*foo", "a foo"));
  CHECK(lsan_matches("foo*$", "foobar"));
  CHECK(lsan_matches("a*b*c", "xaybzc"));
  CHECK_FALSE(lsan_matches("a*b*c", "xaycb"));
  CHECK_FALSE(lsan_matches("foo?", "fooo"));
  CHECK(lsan_matches("a^b", "xa^b"));
  CHECK(lsan_matches("a$b", "xa"));  // What is behind a "$" does not count.
}

TEST_CASE("LeakSanitizer looks for each part once, leftmost") {
  CHECK_FALSE(lsan_matches("foo$", "foofoo"));
  CHECK_FALSE(lsan_matches("*foo$", "foofoo"));
  CHECK_FALSE(lsan_matches("a*ab$", "aabab"));
}

TEST_CASE("empty texts match nothing, empty patterns all others") {
  for (const char* pattern : {"", "*", "^", "$", "^$", "^*", "a"}) CHECK_FALSE(lsan_matches(pattern, ""));
  for (const char* pattern : {"", "*", "^", "^*", "*$", "**"}) CHECK(lsan_matches(pattern, "a"));
  for (const char* pattern : {"$", "^$", "$a"}) CHECK_FALSE(lsan_matches(pattern, "a"));
}

TEST_CASE("a glob of valgrind's is the whole text") {
  CHECK(glob_matches("foo", "foo"));
  CHECK_FALSE(glob_matches("foo", "foobar"));
  CHECK_FALSE(glob_matches("oo", "foo"));
  CHECK(glob_matches("f?o", "fxo"));
  CHECK_FALSE(glob_matches("f?o", "fo"));
  CHECK(glob_matches("*o", "foofoo"));
  CHECK(glob_matches("f*o*o", "foofoo"));
  CHECK(glob_matches("*?", "a"));
  CHECK_FALSE(glob_matches("*?", ""));
  CHECK(glob_matches("", ""));
  CHECK(glob_matches("**", ""));
  CHECK_FALSE(glob_matches("", "a"));
  CHECK_FALSE(glob_matches("[a]", "a"));
  CHECK_FALSE(glob_matches("\\*", "*"));
}

TEST_CASE("what would take others exponential time takes none") {
  std::string stars;
  for (int i = 0; i < 1000; ++i) stars += "*a";
  CHECK_FALSE(glob_matches(stars + "b", std::string(4000, 'a')));
  CHECK_FALSE(lsan_matches(stars + "b", std::string(4000, 'a')));
  CHECK(glob_matches(stars, std::string(4000, 'a')));
}

TEST_CASE("the parts that must be there") {
  CHECK(lsan_parts("^foo*bar$baz") == std::vector<std::string_view>{"foo", "bar"});
  CHECK(lsan_parts("a?b") == std::vector<std::string_view>{"a?b"});
  CHECK(lsan_parts("**").empty());
  CHECK(glob_parts("*lib?x*") == std::vector<std::string_view>{"lib", "x"});
  CHECK(glob_parts("a$^b") == std::vector<std::string_view>{"a$^b"});
}
