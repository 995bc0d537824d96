#include "glibc_heap/mappings.hpp"
