// The names of functions, sought once for each entry.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "catalog.hpp"

namespace sonde::dwarf {

struct Name {
  std::string_view text;
  bool is_linkage_name = false;
};

class Names {
 public:
  // `catalog` must outlive it.
  explicit Names(Catalog& catalog) : catalog_(catalog) {}

  // A number for the name of the function whose entry a Reference's key stands for.
  std::uint32_t find(std::uint64_t key);
  // The name of that number; empty for a function without one.
  Name name(std::uint32_t number) const { return names_[number]; }

  void drop();
  std::size_t memory() const;

 private:
  // What one entry says of a function's name.
  struct Entry {
    std::string_view linkage_name;
    std::string_view name;
    Value origin;  // DW_AT_abstract_origin or DW_AT_specification: the entry that says more.
  };
  // What the entries that lead to one another say, and where the last of them is.
  struct Found {
    std::string_view linkage_name;
    std::string_view name;
    Place place;
    std::uint64_t offset = 0;
    bool is_namespace = false;
  };

  Entry read_entry(const Place& place, std::uint64_t offset, Found& found);
  Found follow(std::uint64_t key);
  std::string_view qualified(const Found& found);

  Catalog& catalog_;
  std::unordered_map<std::uint64_t, std::uint32_t> numbers_;
  std::vector<Name> names_;
  std::deque<std::string> made_;  // The texts that no section has.
  std::size_t made_bytes_ = 0;
};

}  // namespace sonde::dwarf
