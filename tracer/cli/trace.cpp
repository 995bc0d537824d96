#include "sonde/cli/keeper.hpp"
#include "sonde/cli/verbs.hpp"

namespace sonde::cli {

int trace(Settings& settings) { return keep(settings); }

int report(const Settings&) { return 125; }

int explain_filter(const Settings&) { return 125; }

}  // namespace sonde::cli
