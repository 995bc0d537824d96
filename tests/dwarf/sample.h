/* An inline function that units in C and C++ share. */
#ifndef SAMPLE_H
#define SAMPLE_H

#ifdef __cplusplus
extern "C" {
#endif

int other_unit(int x);

static inline int shared_helper(int x) {
  int sum = 0;
  for (int i = 0; i < x; ++i) {
    sum += other_unit(i);
    if (sum > 1000) break;
  }
  return sum;
}

#ifdef __cplusplus
}
#endif

#endif
