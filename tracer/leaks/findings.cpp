#include "sonde/leaks/findings.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_map>

namespace sonde::leaks {

namespace {

// Records by class and stack or size, as they are met.
class Grouping {
 public:
  explicit Grouping(const FindingsInput& input) : input_(input) {}

  std::uint32_t stack_of(std::uint32_t block) const {
    return block < input_.stacks.size() ? input_.stacks[block] : 0;
  }

  // By its stack, or by its size where no stacks are known.
  std::uint64_t group_of(std::uint32_t block) const {
    return input_.stacks.empty() ? input_.blocks[block].size : stack_of(block);
  }

  std::uint32_t record_of(LeakClass kind, std::uint32_t block) {
    const std::uint64_t key = group_of(block) * leak_classes + static_cast<std::uint64_t>(kind);
    // Blocks beside each other often are of one group.
    if (key == last_key_) return last_;
    last_key_ = key;
    const auto [it, is_new] = by_key_.try_emplace(key, static_cast<std::uint32_t>(records_.size()));
    if (is_new) records_.push_back({.kind = kind, .stack = stack_of(block)});
    return last_ = it->second;
  }

  Record& add(LeakClass kind, std::uint32_t index) {
    Record& record = records_[record_of(kind, index)];
    const Block block = input_.blocks[index];
    if (record.blocks < Record::examples) record.first[record.blocks] = block;
    ++record.blocks;
    record.bytes += block.size;
    return record;
  }

  std::vector<Record>& records() { return records_; }

 private:
  const FindingsInput& input_;
  std::vector<Record> records_;
  std::unordered_map<std::uint64_t, std::uint32_t> by_key_;
  std::uint64_t last_key_ = ~std::uint64_t{0};
  std::uint32_t last_ = 0;
};

class Finder {
 public:
  Finder(const FindingsInput& input, suppress::SuppressionSet* suppressions)
      : input_(input), suppressions_(suppressions), groups_(input) {}

  Findings run() {
    add_all_but_indirect();
    judge(0);
    const std::size_t judged = groups_.records().size();
    add_indirect();
    judge(judged);
    return sorted();
  }

 private:
  void add_all_but_indirect() {
    auto kept = input_.outcome.kept.begin();
    for (std::uint32_t i = 0; i < input_.outcome.classes.size(); ++i) {
      const LeakClass kind = input_.outcome.classes[i];
      if (kind == LeakClass::indirect) continue;
      Record& record = groups_.add(kind, i);
      if (kept == input_.outcome.kept.end() || kept->index != i) continue;
      record.kept_blocks += kept->kept_blocks;
      record.kept_bytes += kept->kept_bytes;
      ++kept;
    }
  }

  // Those of leaders that are not hidden.
  void add_indirect() {
    for (std::uint32_t i = 0; i < input_.outcome.classes.size(); ++i) {
      if (input_.outcome.classes[i] != LeakClass::indirect) continue;
      const std::uint32_t leader = groups_.record_of(LeakClass::definite, input_.outcome.leader_of(i));
      if (!groups_.records()[leader].suppression) groups_.add(LeakClass::indirect, i);
    }
  }

  void judge(std::size_t from) {
    for (std::size_t i = from; i < groups_.records().size(); ++i) {
      Record& record = groups_.records()[i];
      const std::span<const Frame> frames = input_.frames(record.stack);
      record.fingerprint = fingerprint(frames);
      if (suppressions_ == nullptr) continue;
      record.suppression =
          suppressions_->apply({record.kind, frames}, record.all_blocks(), record.all_bytes());
    }
  }

  Findings sorted() {
    Findings findings;
    for (Record& record : groups_.records()) {
      if (record.suppression) {
        findings.suppressed_total.blocks += record.all_blocks();
        findings.suppressed_total.bytes += record.all_bytes();
        findings.suppressed.push_back(record);
        continue;
      }
      ClassTotal& total = findings.totals[static_cast<std::size_t>(record.kind)];
      total.blocks += record.blocks;
      total.bytes += record.bytes;
      findings.records.push_back(record);
    }
    for (auto* records : {&findings.records, &findings.suppressed}) {
      std::sort(records->begin(), records->end(), [](const Record& a, const Record& b) {
        const auto key = [](const Record& record) {
          return std::tuple(record.kind, record.stack, record.first[0].address);
        };
        return a.all_bytes() != b.all_bytes() ? a.all_bytes() > b.all_bytes() : key(a) < key(b);
      });
    }
    return findings;
  }

  const FindingsInput& input_;
  suppress::SuppressionSet* suppressions_;
  Grouping groups_;
};

}  // namespace

std::size_t Findings::count(suppress::LeakKinds kinds, bool new_ones) const {
  return static_cast<std::size_t>(std::count_if(records.begin(), records.end(), [&](const Record& record) {
    return kinds.has(record.kind) && !(new_ones && record.known);
  }));
}

Findings find(const FindingsInput& input, suppress::SuppressionSet* suppressions) {
  return Finder(input, suppressions).run();
}

}  // namespace sonde::leaks
