#include "sonde/suppress/match.hpp"

#include <algorithm>

#include "sonde/base/limits.hpp"
#include "sonde/suppress/frame_names.hpp"
#include "sonde/suppress/pattern.hpp"

namespace sonde::suppress {

Frame bounded(const Frame& frame) {
  Frame cut = frame;
  for (std::string_view* name : {&cut.linkage_name, &cut.function, &cut.file, &cut.module})
    *name = name->substr(0, limits::name_bytes);
  return cut;
}

bool matches(const Place& place, const Frame& frame) {
  const Frame cut = bounded(frame);
  switch (place.kind) {
    case Place::Kind::function:
      return glob_matches(place.pattern, valgrind_function(cut));
    case Place::Kind::object:
      return glob_matches(place.pattern, valgrind_object(cut));
    case Place::Kind::source:
      return !cut.file.empty() && (place.line == 0 || place.line == cut.line) &&
             glob_matches(place.pattern, valgrind_source(cut));
    case Place::Kind::any_frames:
      return true;
  }
  return false;
}

bool matches(const Suppression& suppression, const Leak& leak) {
  if (!suppression.about_leaks) return false;
  if (suppression.format == Format::lsan) {
    return std::any_of(leak.frames.begin(), leak.frames.end(), [&](const Frame& frame) {
      const Frame cut = bounded(frame);
      return lsan_matches(suppression.name, cut.module) ||
             lsan_matches(suppression.name, lsan_function(cut)) || lsan_matches(suppression.name, cut.file);
    });
  }
  const auto& places = suppression.places;
  return suppression.kinds.has(leak.kind) &&
         matches_prefix(
             places.size(), leak.frames.size(),
             [&](std::size_t line) { return places[line].kind == Place::Kind::any_frames; },
             [&](std::size_t line, std::size_t frame) { return matches(places[line], leak.frames[frame]); });
}

}  // namespace sonde::suppress
