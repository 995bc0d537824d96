#include "file_mapping.hpp"

#include <cerrno>
#include <sys/mman.h>
#include <sys/stat.h>
#include <utility>

#include <fmt/format.h>

#include "sonde/base/limits.hpp"

namespace sonde::elf {

Result<std::unique_ptr<FileMapping>> FileMapping::map(UniqueFd file, std::string_view name) {
  struct stat status;
  if (::fstat(file.value(), &status) != 0) return fail_errno(errno, fmt::format("cannot look at {}", name));
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::invalid, fmt::format("{} is no regular file", name));
  if (status.st_size <= 0) return fail(ErrorCode::invalid, fmt::format("{} is empty", name));
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > limits::elf_file_bytes)
    return fail(ErrorCode::limit, fmt::format("{} has {} bytes, more than the {} that are read", name, size,
                                              limits::elf_file_bytes));

  void* const begin = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.value(), 0);
  if (begin == MAP_FAILED) return fail_errno(errno, fmt::format("cannot map {}", name));
  std::unique_ptr<FileMapping> mapping(new FileMapping);
  mapping->bytes_ = Bytes(static_cast<const std::byte*>(begin), size);
  mapping->guard_.emplace(begin, size);
  return mapping;
}

std::unique_ptr<FileMapping> FileMapping::hold(std::vector<std::byte> bytes) {
  std::unique_ptr<FileMapping> mapping(new FileMapping);
  mapping->held_ = std::move(bytes);
  mapping->bytes_ = mapping->held_;
  return mapping;
}

FileMapping::~FileMapping() {
  if (!guard_) return;
  guard_.reset();
  ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

}  // namespace sonde::elf
