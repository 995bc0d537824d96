#include "debug_sections.hpp"

#include <utility>

namespace sonde::names {

namespace {

dwarf::SharedSections shared_sections(std::shared_ptr<const elf::Image> image) {
  return {debug_sections(*image, ".dwo"), std::move(image)};
}

}  // namespace

dwarf::Sections debug_sections(const elf::Image& image, std::string_view suffix) {
  const auto bytes = [&](std::string_view name) {
    return image.contents(".debug_" + std::string(name) + std::string(suffix)).value_or(Bytes());
  };
  return {.info = bytes("info"),
          .abbrev = bytes("abbrev"),
          .line = bytes("line"),
          .str = bytes("str"),
          .line_str = bytes("line_str"),
          .str_offsets = bytes("str_offsets"),
          .addr = bytes("addr"),
          .ranges = bytes("ranges"),
          .rnglists = bytes("rnglists"),
          // A package's index has no suffix.
          .cu_index = image.contents(".debug_cu_index").value_or(Bytes())};
}

dwarf::OpenSplit split_finder(const DebugFiles& files, std::string path) {
  // The package, where there is one, has all units; it is looked for once.
  auto package = std::make_shared<std::optional<DebugFile>>();
  return [&files, path = std::move(path), package](std::string_view name, std::string_view directory,
                                                   std::uint64_t) -> std::optional<dwarf::SharedSections> {
    if (!*package) *package = files.find_package(path);
    if ((*package)->image) return shared_sections((*package)->image);
    const DebugFile file = files.find_split(directory, name, path);
    if (!file.image) return std::nullopt;
    return shared_sections(file.image);
  };
}

}  // namespace sonde::names
