// The trace file: an event stream kept for later. `sonde record` writes one, `sonde report` renders it as the
// live output would have been.
//
// Layout (little endian):
//   file   = FileHeader block*
//   block  = BlockHeader payload          payload: one zstd frame with a content checksum (XXH64, its low 32
//   bits)
// The first block is the metadata: "key=value" entries, each ended by a NUL. Blocks of event frames follow,
// each whole frames back to back, and at last the end block, which holds the number of frames written: a file
// without it was cut short. Each block decompresses alone, so a file that a crash, a full disk or a copy cut
// short anywhere is readable up to its last whole block.
//
// A regular file is written as PATH.part and renamed to PATH by finish(): PATH appears whole or not at all,
// and what a crash leaves behind is PATH.part, which a reader accepts. A PATH that exists and is not a
// regular file (a pipe, a device) is written in place.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sonde/base/result.hpp"
#include "sonde/base/types.hpp"
#include "sonde/base/unique_fd.hpp"

namespace sonde::event {

// What a trace says of itself: what was traced, where, with which options. Keys have no '=' and no NUL,
// values no NUL. A key may occur more than once (each argument of the command line).
using TraceMetadata = std::vector<std::pair<std::string, std::string>>;

// Writes a trace file. Move-only. After a failure, and when destroyed before finish(), the file is left as it
// is: readable up to the last whole block that reached it.
class TraceFileWriter {
 public:
  // Errors: the file cannot be created; `metadata` encodes to more than limits::trace_metadata_bytes.
  static Result<TraceFileWriter> create(std::string path, const TraceMetadata& metadata);

  // Keeps whole frames, back to back (as Ring::readable() gives them); a block is written whenever
  // limits::block_bytes are kept. Frames that are not well formed are a broken invariant. Once it has failed,
  // every later call fails alike.
  Result<void> append(Bytes frames);
  // Writes what is kept as a block, so that it survives a crash of this process.
  Result<void> flush();
  // Ends the file and gives it its name. Nothing may be appended afterwards.
  Result<void> finish();

  // Where the bytes are now: PATH.part before finish(), PATH after it or when written in place.
  const std::string& current_path() const { return finished_ || in_place_ ? path_ : part_path_; }

 private:
  TraceFileWriter() = default;
  Result<void> write_block(std::uint32_t kind, Bytes raw);
  Result<void> write(Bytes bytes);
  Result<void> failed(int errno_value, std::string context);

  struct Compressor;
  struct FreeCompressor {
    void operator()(Compressor*) const;
  };

  std::string path_;
  std::string part_path_;
  bool in_place_ = false;
  bool finished_ = false;
  UniqueFd fd_;
  std::unique_ptr<Compressor, FreeCompressor> compressor_;
  std::vector<std::byte> kept_;
  std::vector<std::byte> compressed_;
  std::uint64_t frames_ = 0;
  std::optional<Error> error_;
};

// Why a reader came to the end.
enum class TraceEnding {
  not_yet,    // It has not.
  whole,      // The end block was met, and the count of frames agrees.
  cut_short,  // The file ends inside a block, or between blocks without the end block.
  damaged,    // A block's header, checksum or frames are wrong. What came before is good.
};

// Reads a trace file, which may be hostile: sizes are bounded by limits::block_bytes_max before memory is
// taken, and nothing of a block is shown before its checksum held. Move-only.
class TraceFileReader {
 public:
  // Errors: no such file, not a trace file, written by a newer sonde, metadata that cannot be read.
  static Result<TraceFileReader> open(const std::string& path);
  // As open(); `name` stands for the path in errors. Reads from the descriptor's position; it need not be
  // seekable.
  static Result<TraceFileReader> open(UniqueFd fd, std::string name);

  const TraceMetadata& metadata() const { return metadata_; }

  // The next frame, aligned for parse_frame() and valid until the next call; empty at the end, whose kind
  // ending() tells. A failing read(2) counts as cut_short.
  std::optional<Bytes> next();
  TraceEnding ending() const { return ending_; }
  std::uint64_t frames() const { return frames_; }

 private:
  TraceFileReader() = default;
  // Reads one block into block_; false at the end, with ending_ set.
  bool read_block(std::uint32_t& kind);
  std::size_t read_fully(std::span<std::byte> into);
  bool finish(TraceEnding ending);

  struct Decompressor;
  struct FreeDecompressor {
    void operator()(Decompressor*) const;
  };

  UniqueFd fd_;
  std::unique_ptr<Decompressor, FreeDecompressor> decompressor_;
  TraceMetadata metadata_;
  std::vector<std::uint64_t> block_;  // Words, for the alignment of frames.
  std::vector<std::byte> compressed_;
  Bytes rest_;
  std::uint64_t frames_ = 0;
  TraceEnding ending_ = TraceEnding::not_yet;
};

}  // namespace sonde::event
