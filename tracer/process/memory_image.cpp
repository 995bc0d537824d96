#include "sonde/process/memory_image.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <span>
#include <type_traits>
#include <unistd.h>

namespace sonde::process {

namespace {

struct Header {
  std::uint64_t runs;
  std::uint64_t threads;
  std::uint64_t vectors;
  std::uint64_t maps_bytes;
  std::uint64_t bytes;
  std::uint64_t left_out;
};
static_assert(std::is_trivially_copyable_v<ThreadState> && std::is_trivially_copyable_v<CopiedRun>);

template <typename Sequence>
Bytes bytes_of(const Sequence& sequence) {
  return std::as_bytes(std::span(sequence.data(), sequence.size()));
}

class Reader {
 public:
  explicit Reader(Bytes bytes) : rest_(bytes) {}

  template <typename Sequence>
  bool take(Sequence& into, std::uint64_t count) {
    const std::size_t each = sizeof into[0];
    if (count > rest_.size() / each) return false;
    into.resize(count);
    if (count != 0) std::memcpy(into.data(), rest_.data(), count * each);
    rest_ = rest_.subspan(count * each);
    return true;
  }

 private:
  Bytes rest_;
};

}  // namespace

Result<std::uint64_t> write_image(const MemoryImage& image, int file, std::uint64_t offset) {
  const MemoryCopy& memory = image.memory;
  const Header header{memory.runs.size(), image.threads.size(), image.vectors.size(),
                      memory.maps.size(), memory.bytes,         memory.left_out};
  std::vector<std::byte> all(sizeof header);
  std::memcpy(all.data(), &header, sizeof header);
  for (const Bytes part :
       {bytes_of(memory.runs), bytes_of(image.threads), bytes_of(image.vectors), bytes_of(memory.maps)}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  for (std::size_t done = 0; done < all.size();) {
    const auto written =
        ::pwrite(file, all.data() + done, all.size() - done, static_cast<off_t>(offset + done));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return fail_errno(errno, "cannot write what belongs to a copy of a process's memory");
    done += static_cast<std::size_t>(written);
  }
  return all.size();
}

std::optional<MemoryImage> read_image(int file, std::uint64_t offset, std::uint64_t size) {
  std::vector<std::byte> all(size);
  for (std::size_t done = 0; done < all.size();) {
    const auto got = ::pread(file, all.data() + done, all.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::nullopt;
    done += static_cast<std::size_t>(got);
  }
  Header header;
  if (all.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, all.data(), sizeof header);
  MemoryImage image;
  Reader reader(Bytes(all).subspan(sizeof header));
  if (!reader.take(image.memory.runs, header.runs) || !reader.take(image.threads, header.threads) ||
      !reader.take(image.vectors, header.vectors) || !reader.take(image.memory.maps, header.maps_bytes))
    return std::nullopt;
  image.memory.bytes = header.bytes;
  image.memory.left_out = header.left_out;
  return image;
}

ImagePlace place_of(const MemoryImage& image, std::uint64_t offset, std::uint64_t size) {
  return {image.memory.runs.empty() ? offset : image.memory.runs.front().offset, offset + size};
}

// Whole pages are given back: the next image begins with a page of its own.
void forget_image(int file, ImagePlace place) {
  constexpr std::uint64_t page_bytes = 4096;
  const std::uint64_t size = (place.end - place.begin + page_bytes - 1) / page_bytes * page_bytes;
  ::fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(place.begin),
              static_cast<off_t>(size));
}

}  // namespace sonde::process
