// The clock of every event.
#pragma once

#include "sonde/base/types.hpp"

namespace sonde {

// Nanoseconds of CLOCK_MONOTONIC, through the vDSO.
Nanoseconds now();

}  // namespace sonde
