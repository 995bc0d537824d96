// The trace file's reader: the input as a file, and the input as the frames of a good file that is then cut
// short.
#include "sonde/event/trace_file.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

#include "sonde/event/event.hpp"

namespace {

using namespace sonde;

UniqueFd file_of(const void* data, std::size_t size) {
  UniqueFd fd(::memfd_create("trace", MFD_CLOEXEC));
  if (!fd || ::write(fd.value(), data, size) != static_cast<ssize_t>(size)) std::abort();
  ::lseek(fd.value(), 0, SEEK_SET);
  return fd;
}

// How many frames could be read.
std::size_t read_all(UniqueFd fd) {
  auto reader = event::TraceFileReader::open(std::move(fd), "input");
  if (!reader) return 0;
  while (const auto frame = reader->next()) (void)event::parse_frame(*frame);
  if (reader->ending() == event::TraceEnding::not_yet) std::abort();
  return reader->frames();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  read_all(file_of(data, size));

  std::vector<std::uint64_t> aligned((size + 7) / 8);
  if (size != 0) std::memcpy(aligned.data(), data, size);
  Bytes frames(reinterpret_cast<const std::byte*>(aligned.data()), size);
  UniqueFd whole(::memfd_create("trace", MFD_CLOEXEC));
  auto writer = event::TraceFileWriter::create("/dev/fd/" + std::to_string(whole.value()), {{"k", "v"}});
  if (!writer) return 0;
  std::size_t written = 0;
  while (const auto frame = event::frame_size(frames)) {
    if (!writer->append(frames.first(*frame))) std::abort();
    frames = frames.subspan(*frame);
    ++written;
  }
  if (!writer->finish()) std::abort();
  writer = tl::unexpected(Error{});
  const auto length = static_cast<std::size_t>(::lseek(whole.value(), 0, SEEK_END));
  std::vector<std::byte> bytes(length);
  if (::pread(whole.value(), bytes.data(), length, 0) != static_cast<ssize_t>(length)) std::abort();
  if (read_all(file_of(bytes.data(), length)) != written) std::abort();
  const std::size_t cut = size == 0 ? 0 : data[size - 1] * length / 256;
  if (read_all(file_of(bytes.data(), cut)) > written) std::abort();
  return 0;
}
