// std::string as it was before C++11: it has the address of the characters, behind three words of its block.
#define _GLIBCXX_USE_CXX11_ABI 0
#include <string>

#include "shape.h"

namespace {

std::string* volatile kept;
const char* volatile characters;

// Its block has the three words, the characters and a zero.
std::string made(size_t size, const char* kind) {
  constexpr size_t head = 24;
  std::string text(size - head - 1, 'x');
  tell(text.data() - head, size, kind);
  return text;
}

void make() {
  // Two to a rest, so that malloc rounds up by as many bytes as it may.
  for (size_t i = 0; i < 16; ++i) {
    auto* one = new (told(1100 + 2 * i, "reachable")) std::string(made(1101 + 2 * i, "reachable"));
    *static_cast<void* volatile*>(static_cast<void*>(one + 1)) = kept;
    kept = one;
  }
  new (told(1200, "definite")) std::string(made(1201, "indirect"));
  characters = (new (told(1300, "definite")) std::string(made(1301, "possible")))->data() + 1;
}

}  // namespace

int main(int argc, char** argv) {
  deep_below(make);
  all_told(argc, argv);
}
