// A program without shared libraries: the main thread's storage is in front of its heap.
#include "shape.h"

static _Thread_local void* volatile in_thread;
static _Thread_local void* volatile others[1000];

static void make(void) {
  in_thread = told(1101, "reachable");
  others[999] = told(1201, "reachable");
  // Of a size that does not reach the word that malloc's own structures point to, those of free memory behind
  // it.
  told(1290, "definite");
}

int main(int argc, char** argv) {
  deep_below(make);
  all_told(argc, argv);
}
