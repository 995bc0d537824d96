// Owners of C++: shared_ptr, also in a circle; unique_ptr; a caught exception, which its holder has from
// inside.
#include <exception>
#include <memory>
#include <new>

#include "shape.h"

namespace {

// Tells of what it allocates.
template <typename T, size_t size>
struct Telling {
  using value_type = T;
  template <typename U>
  struct rebind {
    using other = Telling<U, size>;
  };
  explicit Telling(const char* of) : kind(of) {}
  template <typename U>
  explicit Telling(const Telling<U, size>& other) : kind(other.kind) {}
  T* allocate(size_t) {
    must(sizeof(T) <= size, "a block of that size");
    return static_cast<T*>(told(size, kind));
  }
  void deallocate(T* block, size_t) { free(block); }
  const char* kind;
};

struct Node {
  std::shared_ptr<Node> other;
};

struct Large {
  char bytes[2000] = {};
};

std::shared_ptr<Node>* volatile kept;
std::exception_ptr* volatile caught;

template <size_t size>
std::shared_ptr<Node> made(const char* kind) {
  return std::allocate_shared<Node>(Telling<Node, size>(kind));
}

void make() {
  kept = new (told(1100, "reachable")) std::shared_ptr<Node>(made<1101>("reachable"));
  (*kept)->other = made<1102>("reachable");
  // The one with the lowest address leads; malloc takes both from the end of its heap.
  auto first = made<1201>("definite");
  first->other = made<1202>("indirect");
  first->other->other = first;
  caught = new (told(1301, "reachable")) std::exception_ptr(std::make_exception_ptr(Large()));
  // The header of an exception, 128 bytes, is before what was thrown.
  auto* thrown = *reinterpret_cast<char**>(caught);
  tell(thrown - 128, sizeof(Large) + 128, "possible");
}

}  // namespace

int main(int argc, char** argv) {
  deep_below(make);
  all_told(argc, argv);
}
