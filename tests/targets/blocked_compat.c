// Built as a 32-bit program.
#include "blocked.c"
