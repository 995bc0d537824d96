// Where the debug information of a program lies when it does not lie in the program: the places that gdb and
// elfutils agree on (GDB manual, "Separate Debug Files"; dwz(1)), and folders that the user names.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/base/limits.hpp"
#include "sonde/base/types.hpp"
#include "sonde/elf/image.hpp"
#include "sonde/names/debuginfod.hpp"
#include "sonde/names/file_root.hpp"

namespace sonde::names {

struct DebugFileOptions {
  // Folders of sonde's own root, asked first. Each may hold the files side by side, under their build ids
  // (.build-id/xx/yyyy.debug), or as a tree like that of /.
  std::vector<std::string> symbols_from;
  // Where a distribution puts them, below the root of the process and below sonde's own.
  std::string system_folder = "/usr/lib/debug";
  // Larger ones than this do not count where only their CRC-32 tells: all of the file is read for it.
  std::uint64_t crc_bytes = limits::elf_file_bytes;
  // Servers, asked last; null for none.
  std::shared_ptr<Debuginfod> servers = nullptr;
};

// A file that was found, and its path: below the process's root, or where it was found elsewhere.
struct DebugFile {
  std::shared_ptr<const elf::Image> image;
  std::string path;
};

class DebugFiles {
 public:
  // `process` is the root of the process whose files these are, `own` sonde's.
  DebugFiles(FileRoot process, FileRoot own, DebugFileOptions options);

  // The separate debug file of `image`, which lies at `path` (absolute, in the process's root); a null image
  // where there is none. Only a file with the same build id counts; without build ids, one with the CRC-32 of
  // .gnu_debuglink; with neither, one of the same name in a folder that the user named.
  DebugFile find(const elf::Image& image, std::string_view path) const;

  // The file that dwz moved common information to, which .gnu_debugaltlink of `debug_file` names. Only one
  // with the build id that the link has.
  DebugFile find_alternate(const DebugFile& debug_file) const;

  // A split unit (.dwo) by DW_AT_dwo_name and DW_AT_comp_dir, of a program at `path`: there, beside the
  // program, or in a folder that the user named. Nothing in the file is compared here; whoever reads it must
  // compare the unit's id.
  DebugFile find_split(std::string_view compilation_folder, std::string_view name,
                       std::string_view path) const;
  // The package of all split units (.dwp) of a program at `path`: beside it, or in a folder that the user
  // named.
  DebugFile find_package(std::string_view path) const;

  // Why servers are not asked any more, once.
  std::optional<std::string> server_problem() const {
    return options_.servers == nullptr ? std::nullopt : options_.servers->take_problem();
  }

  const FileRoot& process_root() const { return process_; }

 private:
  struct Candidate {
    const FileRoot* root;
    std::string path;
  };
  std::vector<Candidate> by_build_id(Bytes build_id) const;
  std::vector<Candidate> by_link(std::string_view link, std::string_view path) const;
  std::vector<Candidate> in_named_folders(std::string_view file_name) const;
  DebugFile from_servers(Bytes build_id) const;
  static DebugFile open(const Candidate& candidate);
  static DebugFile first_that_opens(const std::vector<Candidate>& candidates);

  FileRoot process_;
  FileRoot own_;
  DebugFileOptions options_;
};

}  // namespace sonde::names
