#include "cli/copied_contents.hpp"

#include <algorithm>
#include <vector>

#include "cli/leak_image.hpp"
#include "sonde/memory/mapping.hpp"
#include "sonde/process/memory_image.hpp"

namespace sonde::cli {

namespace {

constexpr std::uint64_t page_bytes = 4096;

class CopyReader final : public MemoryReader {
 public:
  CopyReader(int file, process::MemoryImage image, process::ImagePlace place)
      : file_(file), place_(place), image_(std::move(image)), memory_(file, image_.memory.runs) {
    if (auto mappings = memory::parse_maps(image_.memory.maps)) mappings_ = *std::move(mappings);
  }
  ~CopyReader() override { process::forget_image(file_, place_); }
  CopyReader(const CopyReader&) = delete;
  CopyReader& operator=(const CopyReader&) = delete;

  std::size_t read(Address address, std::span<std::byte> into) const override {
    std::size_t done = 0;
    while (done < into.size()) {
      const std::uint64_t at = address.value + done;
      const std::size_t got = memory_.read({at}, into.subspan(done));
      done += got;
      if (got != 0) continue;
      if (!was_never_touched(at)) break;
      const std::size_t size = std::min(into.size() - done, page_bytes - at % page_bytes);
      std::fill_n(into.begin() + static_cast<std::ptrdiff_t>(done), size, std::byte{0});
      done += size;
    }
    return done;
  }

 private:
  bool was_never_touched(std::uint64_t address) const {
    const auto mapping =
        std::ranges::upper_bound(mappings_, address, {}, [](const auto& one) { return one.end.value; });
    return mapping != mappings_.end() && mapping->begin.value <= address && mapping->readable &&
           mapping->inode == 0 && !mapping->shared;
  }

  int file_;
  process::ImagePlace place_;
  process::MemoryImage image_;
  CopiedMemory memory_;
  std::vector<memory::Mapping> mappings_;
};

}  // namespace

std::unique_ptr<MemoryReader> read_copy(int file, const event::MemoryCopied& copied) {
  auto image = process::read_image(file, copied.offset, copied.size);
  if (!image) return nullptr;
  const auto place = process::place_of(*image, copied.offset, copied.size);
  return std::make_unique<CopyReader>(file, *std::move(image), place);
}

}  // namespace sonde::cli
