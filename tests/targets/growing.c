// Allocates round by round: for each line it hears it calls serve(), which leaks a block, keeps one that
// nobody asks for again, fills a cache for the first ten rounds, and frees a scratch block. "end" ends it.
#include "target.h"

static void* volatile kept[4096];
static void* volatile cache[10];
static void* volatile scratch;

__attribute__((noinline)) static void leak(void) {
  scratch = malloc(1000);
  scratch = NULL;
}

__attribute__((noinline)) static void keep(int round) { kept[round] = malloc(300); }

__attribute__((noinline)) static void remember(int round) {
  if (round < 10) cache[round] = malloc(5000);
}

__attribute__((noinline)) void serve(int round) {
  leak();
  keep(round);
  remember(round);
  scratch = malloc(70);
  free(scratch);
}

int main(void) {
  say("ready %d", getpid());
  char c = 0;
  for (int round = 0; round < 4096; ++round) {
    int length = 0;
    while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n') ++length;
    if (c != '\n' || length != 0) break;
    c = 0;
    serve(round);
    say("%d", round);
  }
  return 0;
}
