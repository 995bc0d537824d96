// A long list of which each thousandth block is dropped. Argument: how many blocks. Says "dropped N BYTES"
// and "kept N BYTES", and no block by itself.
#include "shape.h"

struct node {
  struct node* next;
  char rest[];
};

static struct node* volatile list;
static size_t volatile wanted;

static void make(void) {
  size_t dropped = 0, dropped_bytes = 0, kept_bytes = 0;
  for (size_t i = 0; i < wanted; ++i) {
    const size_t size = 24 + i % 4 * 16;  // As malloc rounds up.
    struct node* node = malloc(size);
    node->next = list;
    if (i % 1000 == 999) {
      ++dropped;
      dropped_bytes += size;
    } else {
      list = node;
      kept_bytes += size;
    }
  }
  say("dropped %zu %zu", dropped, dropped_bytes);
  say("kept %zu %zu", wanted - dropped, kept_bytes);
}

int main(int argc, char** argv) {
  must(argc >= 2, "argument");
  wanted = strtoul(argv[1], NULL, 10);
  deep_below(make);
  all_told(argc, argv);
}
