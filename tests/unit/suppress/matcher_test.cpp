#include "sonde/suppress/matcher.hpp"

#include <algorithm>
#include <random>
#include <string>

#include <doctest/doctest.h>

#include "sonde/suppress/match.hpp"
#include "sonde/suppress/suppression_set.hpp"
#include "unit/suppress/stacks.hpp"

using namespace sonde::suppress;

namespace {

std::optional<std::size_t> slowly(const std::vector<Suppression>& all, const Leak& leak) {
  for (std::size_t i = 0; i < all.size(); ++i)
    if (matches(all[i], leak)) return i;
  return std::nullopt;
}

// Names that often share beginnings and ends, and patterns of them.
class Names {
 public:
  explicit Names(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t n) { return random_() % n; }
  std::string name() {
    static constexpr const char* words[] = {"std::", "foo", "bar", "lib", "x", "alloc", "::", "_init", "a"};
    std::string made;
    for (std::size_t i = 1 + below(4); i > 0; --i) made += words[below(std::size(words))];
    return made;
  }
  std::string pattern() {
    std::string made = name();
    for (std::size_t i = below(3); i > 0 && !made.empty(); --i) made[below(made.size())] = "*?*"[below(3)];
    if (below(4) == 0) made.insert(0, 1, "*^"[below(2)]);
    if (below(4) == 0) made += "*$"[below(2)];
    return made;
  }
  std::string file(std::size_t entries) {
    std::string text;
    for (std::size_t i = 0; i < entries; ++i) {
      if (below(3) == 0) {
        text += "leak:" + pattern() + "\n";
        continue;
      }
      text += "{\n n\n Memcheck:Leak\n";
      if (below(3) == 0) text += "match-leak-kinds: definite,possible\n";
      for (std::size_t lines = 1 + below(5); lines > 0; --lines) {
        const std::size_t kind = below(5);
        std::string where = pattern();
        if (kind == 2) where = where.substr(0, where.find(':'));
        text += kind == 0 ? "...\n" : (kind == 1 ? "obj:" : kind == 2 ? "src:" : "fun:") + where + "\n";
      }
      text += "fun:" + pattern() + "\n}\n";
    }
    return text;
  }

 private:
  std::minstd_rand random_;
};

}  // namespace

TEST_CASE("the matcher finds what asking one after the other finds") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    Names names(seed);
    const Suppressions suppressions = parsed(names.file(60));
    REQUIRE(suppressions.problems().empty());
    Matcher matcher(suppressions.all());
    for (int i = 0; i < 100; ++i) {
      std::vector<std::string> texts(40);
      for (std::string& text : texts) text = names.name();
      std::vector<Frame> frames(names.below(10));
      for (std::size_t j = 0; j < frames.size(); ++j) {
        frames[j] = {texts[4 * j],     texts[4 * j + 1],
                     texts[4 * j + 2], static_cast<std::uint32_t>(names.below(3)),
                     texts[4 * j + 3], names.below(4) == 0};
      }
      const Leak leak{static_cast<LeakKind>(names.below(4)), frames};
      const auto expected = slowly(suppressions.all(), leak);
      CHECK(matcher.first_match(leak) == expected);
      CHECK(matcher.first_match(leak) == expected);  // From what is known now.
    }
  }
}

TEST_CASE("the first that matches is counted, and the others are unused") {
  Suppressions suppressions = parsed(
      "leak:nothing\nleak:plain_c\nleak:plain\n{\n n\n Memcheck:Leak\n fun:malloc\n fun:wrapped\n}\n"
      "{\n n\n Helgrind:Race\n fun:main\n}\n");
  SuppressionSet set(std::move(suppressions));
  for (const NamedStack& stack : stacks()) set.apply({LeakKind::definite, stack.frames}, 2, stack.bytes);
  CHECK(set.uses()[1].matches == 2);
  CHECK(set.uses()[1].blocks == 4);
  CHECK(set.uses()[1].bytes == 128);
  CHECK(set.uses()[3].bytes == 117);
  CHECK(set.unused() == std::vector<std::size_t>{0, 2});
  SuppressionSet moved(std::move(set));
  CHECK(moved.apply({LeakKind::definite, stacks().front().frames}, 1, 1) == 3);
  CHECK_FALSE(moved.apply({LeakKind::definite, {}}, 1, 1));
}

TEST_CASE("what is known is forgotten, not kept without bound") {
  const Suppressions suppressions = parsed("leak:needle\n");
  Matcher matcher(suppressions.all());
  for (int i = 0; i < 30'000; ++i) {
    const std::string name = std::string(4000, 'x') + std::to_string(i);
    const std::string last = i % 2 == 0 ? "needle" : "hay";
    const std::vector<Frame> frames = {{name, "", "", 0, "", false}, {last, "", "", 0, "", false}};
    REQUIRE(matcher.first_match({LeakKind::definite, frames}).has_value() == (i % 2 == 0));
  }
}
