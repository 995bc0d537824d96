// Has blocks before anybody watches, and makes others that only those lead to: each is held. One is lost with
// the block that held it, which was given back.
#include "target.h"

enum { count = 100 };
struct holder {
  void* volatile words[8];
};
static struct holder* volatile holders[count];

int main(void) {
  for (int i = 0; i < count; ++i) holders[i] = calloc(1, sizeof(struct holder));
  say("ready %d", getpid());
  hear();
  for (int i = 0; i < count; ++i) holders[i]->words[5] = malloc(333);
  struct holder* freed = calloc(1, sizeof(struct holder));
  freed->words[5] = malloc(444);
  free(freed);
  freed = NULL;
  say("made");
  hear();
  return 0;
}
