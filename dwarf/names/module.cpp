#include "sonde/names/module.hpp"

#include <utility>
#include <vector>

#include "debug_sections.hpp"
#include "location_cache.hpp"
#include "sonde/dwarf/reader.hpp"

namespace sonde::names {

class Module::State {
 public:
  State(std::shared_ptr<const elf::Image> image, std::string path, const DebugFiles& files)
      : image_(std::move(image)), path_(std::move(path)), files_(files) {}

  Location locate(std::uint64_t address) {
    if (const auto known = cache_.find(address)) return *known;
    if (!looked_) look_for_debug_information();
    return cache_.store(address, resolve(address));
  }

  dwarf::Frames debug_frames(std::uint64_t address) {
    if (!looked_) look_for_debug_information();
    return reader_ ? reader_->lookup(address) : dwarf::Frames();
  }

  const dwarf::Sections* debug_sections() {
    if (!looked_) look_for_debug_information();
    return sections_ ? &*sections_ : nullptr;
  }

  const elf::Image& image() const { return *image_; }
  std::string_view debug_path() const { return debug_.path; }
  const std::optional<Error>& problem() const { return problem_; }

 private:
  void look_for_debug_information() {
    looked_ = true;
    DebugFile with_lines{image_, path_};
    if (!image_->has_debug_info()) {
      debug_ = files_.find(*image_, path_);
      with_lines = debug_;
    }
    if (!with_lines.image || !with_lines.image->has_debug_info()) return;
    alternate_ = files_.find_alternate(with_lines);
    sections_ = names::debug_sections(*with_lines.image, "");
    auto reader = dwarf::Reader::open(
        {.main = *sections_,
         .alternate = alternate_.image ? names::debug_sections(*alternate_.image, "") : dwarf::Sections(),
         .open_split = split_finder(files_, path_)});
    if (reader)
      reader_.emplace(std::move(*reader));
    else
      problem_ = reader.error();
  }

  // The separate file has all symbols; the stripped one, if any, those that dynamic linking needs.
  std::optional<elf::Symbol> symbol_at(std::uint64_t address) const {
    if (debug_.image)
      if (const auto symbol = debug_.image->symbols().find(address)) return symbol;
    return image_->symbols().find(address);
  }

  Location resolve(std::uint64_t address) {
    frames_.clear();
    const auto symbol = symbol_at(address);
    if (reader_) {
      for (const dwarf::Frame& frame : reader_->lookup(address)) {
        frames_.push_back({.function = {},
                           .linkage_name = frame.function,
                           .file = frame.file,
                           .line = frame.line,
                           .column = frame.column,
                           .inlined = frame.inlined});
      }
    }
    if (!symbol) return {frames_, std::nullopt};
    if (frames_.empty()) frames_.emplace_back();
    // A function's symbol says more than its debug information: which clone it is, its parameters where that
    // has but a name, the name that callers use ("malloc") rather than the library's own
    // ("__GI___libc_malloc").
    if (symbol->size > 0 || frames_.back().linkage_name.empty()) frames_.back().linkage_name = symbol->name;
    return {frames_, address - symbol->address};
  }

  std::shared_ptr<const elf::Image> image_;
  std::string path_;
  const DebugFiles& files_;
  bool looked_ = false;
  DebugFile debug_;
  DebugFile alternate_;
  std::optional<Error> problem_;
  std::optional<dwarf::Sections> sections_;
  std::optional<dwarf::Reader> reader_;  // Reads sections of the images above.
  std::vector<Frame> frames_;
  LocationCache cache_;
};

Module::Module(std::shared_ptr<const elf::Image> image, std::string path, const DebugFiles& files)
    : state_(std::make_unique<State>(std::move(image), std::move(path), files)) {}
Module::Module(Module&&) noexcept = default;
Module& Module::operator=(Module&&) noexcept = default;
Module::~Module() = default;

Location Module::locate(std::uint64_t address) { return state_->locate(address); }
dwarf::Frames Module::debug_frames(std::uint64_t address) { return state_->debug_frames(address); }
const dwarf::Sections* Module::debug_sections() { return state_->debug_sections(); }
const elf::Image& Module::image() const { return state_->image(); }
std::string_view Module::debug_path() const { return state_->debug_path(); }
const std::optional<Error>& Module::problem() const { return state_->problem(); }

}  // namespace sonde::names
