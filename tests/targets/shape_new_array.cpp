// new T[n] of a class with a destructor: the program has the address behind the number of elements.
#include <new>

#include "shape.h"

namespace {

template <size_t size>
struct Element {
  ~Element() { bytes[0] = 1; }
  char bytes[size] = {};
};

void* volatile kept[32];
size_t count;

// The compiler puts the number before what it returns.
template <size_t size>
Element<size>* made(size_t elements, const char* kind) {
  auto* first = new Element<size>[elements];
  tell(reinterpret_cast<char*>(first) - sizeof(size_t), elements * size + sizeof(size_t), kind);
  return first;
}

void make() {
  kept[count++] = made<8>(201, "reachable");
  kept[count++] = made<24>(71, "reachable");
  kept[count++] = made<5>(301, "reachable");
  kept[count++] = made<7>(302, "possible") + 1;
  made<40>(31, "definite");
  // One more word before it, which is no number of elements.
  kept[count++] = static_cast<char*>(told(2003, "possible")) + sizeof(size_t);
}

}  // namespace

int main(int argc, char** argv) {
  deep_below(make);
  all_told(argc, argv);
}
