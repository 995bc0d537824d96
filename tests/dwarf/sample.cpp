// Code of many kinds for a reader of debug information: templates, lambdas, local and unnamed types, virtual
// functions, functions inside namespaces and classes, deep inlining, and cold parts split off.
#ifdef SAMPLE_LARGE
#include <regex>
#endif

#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "sample.h"

namespace outer {
namespace {

struct Hidden {
  int value;
  explicit Hidden(int v);
  int twice() const { return value * 2 + std::printf("%d\n", value); }
};

Hidden::Hidden(int v) : value(v) {
  if (v < 0) throw std::invalid_argument("negative");
}

}  // namespace

inline namespace v1 {

class Shape {
 public:
  virtual ~Shape() = default;
  virtual double area() const = 0;
  struct Corner {
    static double distance(double x, double y) { return x * x + y * y + std::printf("%f", x); }
  };
};

class Square : public Shape {
 public:
  explicit Square(double side) : side_(side) {}
  double area() const override { return side_ * Corner::distance(side_, 1); }

 private:
  double side_;
};

}  // namespace v1

template <int Depth>
struct Nest {
  static inline int down(int x) { return Nest<Depth - 1>::down(x + Depth) ^ std::printf("%d", x); }
};
template <>
struct Nest<0> {
  static inline int down(int x) { return x; }
};

}  // namespace outer

extern "C" int plain_c(int x) { return std::puts("plain") + x; }

template <typename F>
__attribute__((noinline)) int apply(F f) {
  return f(3);
}

static int words(const std::string& text) {
  std::map<std::string, int> count;
#ifdef SAMPLE_LARGE
  const std::regex word("[a-z]+");
  for (std::sregex_iterator it(text.begin(), text.end(), word), end; it != end; ++it) ++count[it->str()];
#else
  for (std::size_t i = 0; i + 2 < text.size(); i += 3) ++count[text.substr(i, 3)];
#endif
  int most = 0;
  for (const auto& [name, n] : count) most = std::max(most, n + static_cast<int>(name.size()));
  return most;
}

int main(int argc, char** argv) {
  std::vector<int> numbers{3, 1, 2, argc};
  std::sort(numbers.begin(), numbers.end(), [](int a, int b) { return a > b; });
  struct Local {
    int member(int x) { return std::printf("%d", x) + x; }
  } local;
  struct {
    int unnamed(int x) { return std::puts("unnamed") + x; }
  } nameless;
  std::unique_ptr<outer::Shape> shape = std::make_unique<outer::Square>(argc);
  std::function<int(int)> boxed = [&](int x) {
    return x + numbers[0] + local.member(x) + nameless.unnamed(x);
  };
  int sum = apply([&](int x) { return boxed(x) + outer::Nest<24>::down(x) + outer::Hidden(x).twice(); });
  sum += plain_c(sum) + words(argv[0]) + static_cast<int>(shape->area()) + shared_helper(sum);
  return sum == 42;
}
