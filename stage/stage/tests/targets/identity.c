// Says who it is: what a set-user-ID program gets.
#include "target.h"

int main(void) {
  mark(1);
  say("real %d effective %d secure %d", getuid(), geteuid(), secure_getenv("PATH") == NULL);
  return 0;
}
