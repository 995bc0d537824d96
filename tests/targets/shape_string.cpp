// std::string as it is now: it has the beginning of its block.
#include <string>
#include <vector>

#include "shape.h"

namespace {

std::string* volatile kept;
std::vector<std::string>* volatile several;

std::string made(size_t size, const char* kind) {
  std::string text(size - 1, 'x');
  tell(text.data(), size, kind);
  return text;
}

void make() {
  kept = new (told(1100, "reachable")) std::string(made(1101, "reachable"));
  new (told(1200, "definite")) std::string(made(1201, "indirect"));
  several = new (told(1300, "reachable")) std::vector<std::string>();
  several->reserve(50);
  tell(several->data(), 50 * sizeof(std::string), "reachable");
  for (size_t i = 1; i <= 3; ++i) several->push_back(made(1300 + i, "reachable"));
}

}  // namespace

int main(int argc, char** argv) {
  deep_below(make);
  all_told(argc, argv);
}
