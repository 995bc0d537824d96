// A set of chunks, a bit for each 16 bytes of address: ten million of a heap take a few megabytes.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "glibc_heap/layout.hpp"
#include "sonde/base/types.hpp"

namespace sonde::glibc_heap {

class Marks {
 public:
  // False when it was there already.
  bool add(Address address) {
    auto& page = pages_[address.value / page_covers];
    if (page == nullptr) page = std::make_unique<Page>();
    std::uint64_t& word = word_of(*page, address);
    if ((word & bit_of(address)) != 0) return false;
    word |= bit_of(address);
    ++size_;
    return true;
  }
  bool contains(Address address) {
    const std::uint64_t number = address.value / page_covers;
    if (number != last_number_) {
      const auto found = pages_.find(number);
      last_number_ = number;
      last_ = found == pages_.end() ? nullptr : found->second.get();
    }
    return last_ != nullptr && (word_of(*last_, address) & bit_of(address)) != 0;
  }
  std::uint64_t size() const { return size_; }

 private:
  static constexpr std::uint64_t page_covers = std::uint64_t{256} << 10;
  using Page = std::array<std::uint64_t, page_covers / chunk::alignment / 64>;
  static std::uint64_t& word_of(Page& page, Address address) {
    return page[address.value % page_covers / chunk::alignment / 64];
  }
  static std::uint64_t bit_of(Address address) {
    return std::uint64_t{1} << (address.value / chunk::alignment % 64);
  }

  std::unordered_map<std::uint64_t, std::unique_ptr<Page>> pages_;
  std::uint64_t size_ = 0;
  // Who asks goes from address to address, after all has been added.
  std::uint64_t last_number_ = ~std::uint64_t{0};
  Page* last_ = nullptr;
};

}  // namespace sonde::glibc_heap
