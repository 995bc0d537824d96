// The copied memory of a process, as those who look for leaks in it want it: where a program finds pointers
// without following one, and where none count.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sonde/base/memory_reader.hpp"
#include "sonde/glibc_heap/process.hpp"
#include "sonde/glibc_heap/walk.hpp"
#include "sonde/leaks/scan.hpp"
#include "sonde/memory/mapping.hpp"
#include "sonde/process/memory_image.hpp"

namespace sonde::cli {

// All of a file's copies, mapped for reading.
class CopiedMemory final : public MemoryReader {
 public:
  // The image's runs must be in the file, which must outlive neither. Nothing can be read where it cannot be
  // mapped.
  CopiedMemory(int file, std::span<const process::CopiedRun> runs);
  // In memory of our own.
  CopiedMemory(process::CopySpace space, std::span<const process::CopiedRun> runs);
  ~CopiedMemory() override;
  CopiedMemory(const CopiedMemory&) = delete;
  CopiedMemory& operator=(const CopiedMemory&) = delete;

  std::size_t read(Address address, std::span<std::byte> into) const override;
  // The bytes of a run.
  Bytes bytes_of(const process::CopiedRun& run) const;

 private:
  std::span<const process::CopiedRun> runs_;  // By address.
  process::CopySpace space_;
  std::uint64_t offset_ = 0;  // Of what is mapped, in the file.
  std::size_t size_ = 0;
  const std::byte* memory_ = nullptr;
};

class LeakImage {
 public:
  // `task`: one of the process's, whose files name libc's structures, where they can still be read.
  LeakImage(int file, process::MemoryImage image, TaskId task);
  LeakImage(process::CopySpace space, process::MemoryImage image, TaskId task);

  // The heap of glibc, or why there is none to be walked.
  const Result<glibc_heap::HeapWalk>& walk() const { return walk_; }
  // Its blocks are no longer wanted: they take twice what leaks::Blocks do.
  void forget_blocks() {
    if (walk_) std::vector<glibc_heap::Block>().swap(walk_->blocks);
  }
  const process::MemoryCopy& copied() const { return image_.memory; }
  const MemoryReader& memory() const { return memory_; }

  struct Scene {
    std::vector<leaks::Region> regions;
    std::vector<std::uint64_t> words;
    std::vector<leaks::AddressRange> code;
  };
  // What the scan is told. `blocks`: a mapping that belongs to no file and has some of them in it, other than
  // glibc's, is an allocator's own, and no root. One that can only be read was written before: a root too.
  // `others`: there are blocks in use that are not among them, and what is in those may be all that leads to
  // one that is: where it is not known which memory that is, all of an allocator's is a root.
  Scene scene(const leaks::Blocks& blocks, bool others) const;

 private:
  void walk_heap(pid_t tid);
  void name_structures(pid_t pid, glibc_heap::Process& process);
  // Where a root begins in this mapping, as its stack goes; its end where nothing in it is one.
  std::uint64_t root_begin(const memory::Mapping& mapping) const;
  bool is_known_stack(const memory::Mapping& mapping, const process::ThreadState& thread) const;
  std::uint64_t dtv_block_of(std::uint64_t thread_pointer) const;
  void append_words(std::uint64_t begin, std::uint64_t end, Scene& scene) const;
  void append_storage(std::uint64_t thread_pointer, const leaks::Blocks& blocks, Scene& scene) const;
  // Of the address in the mapping, which glibc's malloc does not own.
  bool is_root(const memory::Mapping& mapping, std::uint64_t at, const leaks::Blocks& blocks) const;
  void append_run(const process::CopiedRun& run, const leaks::Blocks& blocks,
                  const std::vector<glibc_heap::Range>* others, Scene& scene) const;
  // Of what the walk has found: memory of blocks that lie one behind the other.
  std::vector<glibc_heap::Range> blocks_in_use() const;

  pid_t pid_;
  process::MemoryImage image_;
  CopiedMemory memory_;
  std::vector<memory::Mapping> mappings_;
  std::optional<glibc_heap::ThreadLayout> thread_layout_;
  Result<glibc_heap::HeapWalk> walk_;
};

}  // namespace sonde::cli
