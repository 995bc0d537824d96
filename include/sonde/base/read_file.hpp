// A file as a whole.
#pragma once

#include <cstddef>
#include <string>

#include "sonde/base/result.hpp"

namespace sonde {

// What `path` leads to, read to its end: a file, or a pipe (which may have to be waited for). Fails with
// `limit` where that is more than `most` bytes, else as open(2) and read(2) do.
Result<std::string> read_file(const std::string& path, std::size_t most);

}  // namespace sonde
