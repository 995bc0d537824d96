// new T[0] of a class with a destructor: the program has the end of a block that is but the number of
// elements.
#include "shape.h"

namespace {

struct Element {
  ~Element() { byte = 1; }
  char byte = 0;
};

Element* volatile kept;
size_t volatile none;

void make() {
  kept = new Element[none];
  tell(reinterpret_cast<char*>(kept) - sizeof(size_t), sizeof(size_t), "reachable");
}

}  // namespace

int main(int argc, char** argv) {
  deep_below(make);
  all_told(argc, argv);
}
