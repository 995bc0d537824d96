// Objects that the program has by a base other than their first, also a virtual one.
#include <new>

#include "shape.h"

namespace {

struct First {
  virtual ~First() = default;
  virtual void one() {}
  long first = 1;
};
struct Second {
  virtual ~Second() = default;
  virtual void two() {}
  long second = 2;
};
struct Plain {
  long plain[3] = {};
};

template <size_t size>
struct Both : First, Second {
  char rest[size] = {};
};
template <size_t size>
struct Virtually : virtual Second {
  void two() override {}
  char rest[size] = {};
};
template <size_t size>
struct WithPlain : First, Plain {
  char rest[size] = {};
};

void* volatile kept[8];

template <typename Object, typename Base>
Base* made(const char* kind) {
  auto* object = new Object;
  tell(object, sizeof(Object), kind);
  return object;
}

void make() {
  kept[0] = made<Both<1000>, First>("reachable");
  kept[1] = made<Both<1100>, Second>("reachable");
  kept[2] = made<Virtually<1200>, Second>("reachable");
  kept[3] = made<WithPlain<1300>, Plain>("possible");  // Nothing there says that an object begins.
  made<Both<1400>, Second>("definite");
  made<Virtually<1500>, Second>("definite");
}

}  // namespace

int main(int argc, char** argv) {
  deep_below(make);
  all_told(argc, argv);
}
