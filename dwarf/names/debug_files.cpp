#include "sonde/names/debug_files.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace sonde::names {

namespace {

std::string_view folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string_view name_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string hex(Bytes bytes) {
  std::string text;
  for (const std::byte byte : bytes) text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  return text;
}

// ".build-id/xx/yyyy.debug", or nothing for an id that is too short for it.
std::string build_id_path(Bytes build_id) {
  if (build_id.size() < 2) return {};
  return fmt::format("/.build-id/{}/{}.debug", hex(build_id.first(1)), hex(build_id.subspan(1)));
}

// It says more than the program itself.
bool is_useful(const elf::Image& image) {
  return image.has_debug_info() || !image.contents(".symtab").value_or(Bytes()).empty();
}

}  // namespace

DebugFiles::DebugFiles(FileRoot process, FileRoot own, DebugFileOptions options)
    : process_(std::move(process)), own_(std::move(own)), options_(std::move(options)) {}

DebugFile DebugFiles::open(const Candidate& candidate) {
  auto file = candidate.root->open(candidate.path);
  if (!file) return {};
  auto image = elf::Image::open(std::move(*file), candidate.path);
  if (!image) return {};
  return {std::move(*image), candidate.path};
}

DebugFile DebugFiles::first_that_opens(const std::vector<Candidate>& candidates) {
  for (const Candidate& candidate : candidates)
    if (DebugFile found = open(candidate); found.image) return found;
  return {};
}

std::vector<DebugFiles::Candidate> DebugFiles::by_build_id(Bytes build_id) const {
  const std::string path = build_id_path(build_id);
  std::vector<Candidate> candidates;
  if (path.empty()) return candidates;
  for (const std::string& folder : options_.symbols_from) {
    candidates.push_back({&own_, folder + path});
    candidates.push_back({&own_, fmt::format("{}{}{}", folder, options_.system_folder, path)});
    candidates.push_back({&own_, fmt::format("{}/{}.debug", folder, hex(build_id))});
  }
  candidates.push_back({&process_, options_.system_folder + path});
  candidates.push_back({&own_, options_.system_folder + path});
  return candidates;
}

std::vector<DebugFiles::Candidate> DebugFiles::by_link(std::string_view link, std::string_view path) const {
  const std::string_view folder = folder_of(path);
  std::vector<Candidate> candidates;
  candidates.push_back({&process_, fmt::format("{}/{}", folder, link)});
  candidates.push_back({&process_, fmt::format("{}/.debug/{}", folder, link)});
  for (const FileRoot* const root : {&process_, &own_})
    candidates.push_back({root, fmt::format("{}{}/{}", options_.system_folder, folder, link)});
  for (const std::string& named : options_.symbols_from) {
    candidates.push_back({&own_, fmt::format("{}/{}", named, link)});
    candidates.push_back({&own_, fmt::format("{}{}/{}", named, folder, link)});
    candidates.push_back({&own_, fmt::format("{}{}{}/{}", named, options_.system_folder, folder, link)});
  }
  return candidates;
}

std::vector<DebugFiles::Candidate> DebugFiles::in_named_folders(std::string_view file_name) const {
  std::vector<Candidate> candidates;
  for (const std::string& folder : options_.symbols_from)
    candidates.push_back({&own_, fmt::format("{}/{}", folder, file_name)});
  return candidates;
}

// Its path is a name for messages.
DebugFile DebugFiles::from_servers(Bytes build_id) const {
  if (options_.servers == nullptr) return {};
  auto file = options_.servers->debug_file(build_id);
  if (!file) return {};
  std::string path = fmt::format("debuginfod:{}", hex(build_id));
  auto image = elf::Image::open(*std::move(file), path);
  if (!image || !std::ranges::equal((*image)->build_id(), build_id)) return {};
  return {*std::move(image), std::move(path)};
}

DebugFile DebugFiles::find(const elf::Image& image, std::string_view path) const {
  const Bytes build_id = image.build_id();
  const auto has_build_id = [&](const DebugFile& file) {
    return file.image && !build_id.empty() && std::ranges::equal(file.image->build_id(), build_id);
  };
  for (const Candidate& candidate : by_build_id(build_id))
    if (DebugFile found = open(candidate); has_build_id(found) && is_useful(*found.image)) return found;

  if (const auto link = image.debug_link(); link && link->file_name.find('/') == std::string_view::npos) {
    for (const Candidate& candidate : by_link(link->file_name, path)) {
      DebugFile found = open(candidate);
      if (!found.image || !is_useful(*found.image)) continue;
      // The build id is the better proof: reading a large file for its CRC takes its time.
      if (has_build_id(found)) return found;
      const bool by_crc =
          found.image->build_id().empty() && found.image->bytes().size() <= options_.crc_bytes;
      if (by_crc && found.image->crc() == link->crc) return found;
    }
  }

  for (const std::string& name : {std::string(name_of(path)), fmt::format("{}.debug", name_of(path))}) {
    for (const std::string& folder : options_.symbols_from) {
      for (const std::string& place :
           {fmt::format("{}/{}", folder, name), fmt::format("{}{}/{}", folder, folder_of(path), name)}) {
        DebugFile found = open({&own_, place});
        if (!found.image || !is_useful(*found.image)) continue;
        if (has_build_id(found) || (build_id.empty() && found.image->build_id().empty())) return found;
      }
    }
  }
  if (DebugFile found = from_servers(build_id); found.image && is_useful(*found.image)) return found;
  return {};
}

DebugFile DebugFiles::find_alternate(const DebugFile& debug_file) const {
  const auto link = debug_file.image->alternate_link();
  if (!link) return {};
  std::vector<Candidate> candidates = by_build_id(link->build_id);
  const std::string path = link->path.starts_with('/')
                               ? std::string(link->path)
                               : fmt::format("{}/{}", folder_of(debug_file.path), link->path);
  candidates.push_back({&process_, path});
  candidates.push_back({&own_, path});
  for (const std::string& folder : options_.symbols_from) {
    candidates.push_back({&own_, folder + path});
    candidates.push_back({&own_, fmt::format("{}/{}", folder, name_of(path))});
  }
  for (const Candidate& candidate : candidates) {
    DebugFile found = open(candidate);
    if (found.image && std::ranges::equal(found.image->build_id(), link->build_id)) return found;
  }
  return from_servers(link->build_id);
}

DebugFile DebugFiles::find_split(std::string_view compilation_folder, std::string_view name,
                                 std::string_view path) const {
  std::vector<Candidate> candidates = in_named_folders(name_of(name));
  const std::string whole =
      name.starts_with('/') ? std::string(name) : fmt::format("{}/{}", compilation_folder, name);
  candidates.push_back({&process_, whole});
  candidates.push_back({&process_, fmt::format("{}/{}", folder_of(path), name)});
  candidates.push_back({&process_, fmt::format("{}/{}", folder_of(path), name_of(name))});
  return first_that_opens(candidates);
}

DebugFile DebugFiles::find_package(std::string_view path) const {
  std::vector<Candidate> candidates = in_named_folders(fmt::format("{}.dwp", name_of(path)));
  candidates.push_back({&process_, fmt::format("{}.dwp", path)});
  return first_that_opens(candidates);
}

}  // namespace sonde::names
