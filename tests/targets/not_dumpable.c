// Its memory and its tracing are closed to others of its user.
#include <sys/prctl.h>

#include "target.h"

int main(void) {
  must(prctl(PR_SET_DUMPABLE, 0) == 0, "prctl");
  say("ready %d", getpid());
  hear();
  return 0;
}
