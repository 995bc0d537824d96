#include "sonde/event/trace_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "sonde/base/limits.hpp"
#include "sonde/event/event.hpp"

namespace sonde::event {

namespace {

constexpr std::array<char, 8> file_magic = {'S', 'O', 'N', 'D', 'E', 't', 'r', 'c'};
constexpr std::uint32_t file_version = 1;
constexpr std::uint32_t block_magic = 0x6b6c4253;  // "SBlk"
constexpr std::uint32_t metadata_block = 1;
constexpr std::uint32_t frames_block = 2;
constexpr std::uint32_t end_block = 3;
constexpr int compression_level = 1;  // Keeps up with the tracer; higher levels gain little on frames.

struct FileHeader {
  std::array<char, 8> magic;
  std::uint32_t version;
  std::uint32_t reserved;
};
static_assert(sizeof(FileHeader) == 16);

struct BlockHeader {
  std::uint32_t magic;
  std::uint32_t kind;
  std::uint32_t raw_size;
  std::uint32_t compressed_size;
};
static_assert(sizeof(BlockHeader) == 16);

template <typename T>
Bytes bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

bool encodable(const TraceMetadata& metadata) {
  return std::all_of(metadata.begin(), metadata.end(), [](const auto& entry) {
    const auto& [key, value] = entry;
    return !key.empty() && key.find_first_of(std::string_view("=\0", 2)) == key.npos &&
           value.find('\0') == value.npos;
  });
}

std::string encode(const TraceMetadata& metadata) {
  std::string encoded;
  for (const auto& [key, value] : metadata) {
    encoded.append(key).append("=").append(value).push_back('\0');
  }
  return encoded;
}

std::optional<TraceMetadata> decode(std::string_view encoded) {
  TraceMetadata metadata;
  while (!encoded.empty()) {
    const std::size_t end = encoded.find('\0');
    const std::size_t equals = encoded.find('=');
    if (end == encoded.npos || equals == 0 || equals > end) return std::nullopt;
    metadata.emplace_back(encoded.substr(0, equals), encoded.substr(equals + 1, end - equals - 1));
    encoded.remove_prefix(end + 1);
  }
  return metadata;
}

// A path that exists and can be neither renamed over nor cut short: a pipe, a terminal, /dev/stdout.
bool is_special(const std::string& path) {
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

}  // namespace

struct TraceFileWriter::Compressor {
  ZSTD_CCtx* context;
};
void TraceFileWriter::FreeCompressor::operator()(Compressor* compressor) const {
  ZSTD_freeCCtx(compressor->context);
  delete compressor;
}

struct TraceFileReader::Decompressor {
  ZSTD_DCtx* context;
};
void TraceFileReader::FreeDecompressor::operator()(Decompressor* decompressor) const {
  ZSTD_freeDCtx(decompressor->context);
  delete decompressor;
}

Result<TraceFileWriter> TraceFileWriter::create(std::string path, const TraceMetadata& metadata) {
  if (!encodable(metadata))
    return fail(ErrorCode::invalid, "trace metadata with an empty key, '=' or NUL in it");
  const std::string encoded = encode(metadata);
  if (encoded.size() > limits::trace_metadata_bytes)
    return fail(ErrorCode::limit, "trace metadata over 1 MiB");

  TraceFileWriter writer;
  writer.path_ = std::move(path);
  writer.part_path_ = writer.path_ + ".part";
  struct stat status;
  if (::stat(writer.path_.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
    return fail_errno(EISDIR, "cannot write the trace file " + writer.path_);
  }
  writer.in_place_ = is_special(writer.path_);
  const std::string& target = writer.current_path();
  writer.fd_.reset(::open(target.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666));
  if (!writer.fd_) return fail_errno(errno, "cannot write the trace file " + target);

  ZSTD_CCtx* context = ZSTD_createCCtx();
  SONDE_CHECK(context != nullptr);
  writer.compressor_.reset(new Compressor{context});
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, compression_level);
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  writer.kept_.reserve(limits::block_bytes);

  if (auto written = writer.write(bytes_of(FileHeader{file_magic, file_version, 0})); !written) {
    return tl::unexpected(written.error());
  }
  if (auto written = writer.write_block(metadata_block, std::as_bytes(std::span(encoded))); !written) {
    return tl::unexpected(written.error());
  }
  return writer;
}

Result<void> TraceFileWriter::append(Bytes frames) {
  SONDE_CHECK(!finished_);
  while (!frames.empty() && !error_) {
    const auto size = frame_size(frames);
    SONDE_CHECK(size.has_value());
    kept_.insert(kept_.end(), frames.begin(), frames.begin() + static_cast<std::ptrdiff_t>(*size));
    ++frames_;
    frames = frames.subspan(*size);
    if (kept_.size() >= limits::block_bytes) (void)flush();
  }
  if (error_) return tl::unexpected(*error_);
  return {};
}

Result<void> TraceFileWriter::flush() {
  if (error_) return tl::unexpected(*error_);
  if (kept_.empty()) return {};
  auto written = write_block(frames_block, kept_);
  kept_.clear();
  return written;
}

Result<void> TraceFileWriter::finish() {
  SONDE_CHECK(!finished_);
  if (auto flushed = flush(); !flushed) return flushed;
  if (auto ended = write_block(end_block, bytes_of(frames_)); !ended) return ended;
  // close(2) is where some file systems (NFS) report that the bytes did not arrive.
  if (::close(fd_.release()) != 0 && errno != EINTR) {
    return failed(errno, "cannot write the trace file " + current_path());
  }
  if (!in_place_ && ::rename(part_path_.c_str(), path_.c_str()) != 0) {
    return failed(errno, "cannot rename " + part_path_ + " to " + path_);
  }
  finished_ = true;
  return {};
}

Result<void> TraceFileWriter::write_block(std::uint32_t kind, Bytes raw) {
  compressed_.resize(sizeof(BlockHeader) + ZSTD_compressBound(raw.size()));
  const std::size_t size = ZSTD_compress2(compressor_->context, compressed_.data() + sizeof(BlockHeader),
                                          compressed_.size() - sizeof(BlockHeader), raw.data(), raw.size());
  SONDE_CHECK(ZSTD_isError(size) == 0);
  const BlockHeader header{block_magic, kind, static_cast<std::uint32_t>(raw.size()),
                           static_cast<std::uint32_t>(size)};
  std::memcpy(compressed_.data(), &header, sizeof header);
  return write(Bytes(compressed_).first(sizeof header + size));
}

Result<void> TraceFileWriter::write(Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd_.value(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed(errno, "cannot write the trace file " + current_path());
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> TraceFileWriter::failed(int errno_value, std::string context) {
  error_ = fail_errno(errno_value, std::move(context)).value();
  return tl::unexpected(*error_);
}

Result<TraceFileReader> TraceFileReader::open(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd) return fail_errno(errno, "cannot open the trace file " + path);
  return open(std::move(fd), path);
}

Result<TraceFileReader> TraceFileReader::open(UniqueFd fd, std::string name) {
  TraceFileReader reader;
  reader.fd_ = std::move(fd);
  ZSTD_DCtx* context = ZSTD_createDCtx();
  SONDE_CHECK(context != nullptr);
  reader.decompressor_.reset(new Decompressor{context});

  FileHeader header;
  errno = 0;
  const std::size_t n = reader.read_fully(std::as_writable_bytes(std::span(&header, 1)));
  if (n == 0 && errno != 0) return fail_errno(errno, "cannot read " + name);
  if (n < sizeof header || header.magic != file_magic) {
    return fail(ErrorCode::invalid, name + " is not a trace file (sonde record -o FILE writes one)");
  }
  if (header.version != file_version) {
    return fail(ErrorCode::unsupported, name + " was written by another version of sonde: its format is " +
                                            std::to_string(header.version) + ", this one reads " +
                                            std::to_string(file_version));
  }
  std::uint32_t kind = 0;
  if (!reader.read_block(kind) || kind != metadata_block) {
    return fail(ErrorCode::invalid, name + " is cut short or damaged before its first event");
  }
  auto metadata = decode({reinterpret_cast<const char*>(reader.rest_.data()), reader.rest_.size()});
  if (!metadata) return fail(ErrorCode::invalid, name + " is damaged: its metadata does not parse");
  reader.metadata_ = *std::move(metadata);
  reader.rest_ = {};
  return reader;
}

std::optional<Bytes> TraceFileReader::next() {
  while (rest_.empty()) {
    std::uint32_t kind = 0;
    if (ending_ != TraceEnding::not_yet || !read_block(kind)) return std::nullopt;
    if (kind == frames_block) continue;
    std::uint64_t written = 0;
    const bool ends = kind == end_block && rest_.size() == sizeof written;
    if (ends) std::memcpy(&written, rest_.data(), sizeof written);
    finish(ends && written == frames_ ? TraceEnding::whole : TraceEnding::damaged);
  }
  const auto size = frame_size(rest_);
  if (!size) {
    finish(TraceEnding::damaged);
    return std::nullopt;
  }
  const Bytes frame = rest_.first(*size);
  rest_ = rest_.subspan(*size);
  ++frames_;
  return frame;
}

bool TraceFileReader::read_block(std::uint32_t& kind) {
  BlockHeader header;
  if (read_fully(std::as_writable_bytes(std::span(&header, 1))) < sizeof header) {
    return finish(TraceEnding::cut_short);
  }
  if (header.magic != block_magic || header.raw_size > limits::block_bytes_max ||
      header.compressed_size > ZSTD_compressBound(header.raw_size)) {
    return finish(TraceEnding::damaged);
  }
  compressed_.resize(header.compressed_size);
  if (read_fully(compressed_) < compressed_.size()) return finish(TraceEnding::cut_short);
  block_.resize((header.raw_size + 7) / 8);
  // The zstd frame's own checksum is what vouches for the block; a frame that carries none is not of our
  // making.
  const std::size_t size = ZSTD_decompressDCtx(decompressor_->context, block_.data(), header.raw_size,
                                               compressed_.data(), compressed_.size());
  if (ZSTD_isError(size) != 0 || size != header.raw_size) return finish(TraceEnding::damaged);
  rest_ = std::as_bytes(std::span(block_)).first(size);
  kind = header.kind;
  return true;
}

// Returns how many bytes could be read: fewer than asked for at the end of the file or on an error.
std::size_t TraceFileReader::read_fully(std::span<std::byte> into) {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t n = ::read(fd_.value(), into.data() + done, into.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

bool TraceFileReader::finish(TraceEnding ending) {
  rest_ = {};
  ending_ = ending;
  return false;
}

}  // namespace sonde::event
