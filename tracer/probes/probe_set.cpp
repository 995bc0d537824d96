#include "sonde/probes/probe_set.hpp"

#include <algorithm>
#include <array>

namespace sonde::probes {

namespace {

// Does nothing but to say that indirect calls may lead here (Intel SDM, volume 2, ENDBR64).
constexpr std::array endbr64{std::byte{0xf3}, std::byte{0x0f}, std::byte{0x1e}, std::byte{0xfa}};

bool begins_with(Bytes code, Bytes beginning) {
  return code.size() >= beginning.size() && std::equal(beginning.begin(), beginning.end(), code.begin());
}

bool all_zero(Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte byte) { return byte == std::byte{0}; });
}

}  // namespace

std::optional<Address> outside_slot(const Patch& patch, Address pc) {
  const std::uint64_t into = pc.value - patch.slot;
  if (into >= patch.slot_size) return std::nullopt;
  if (patch.executed_at == 0 || into < patch.executed_at) return Address{patch.address};
  return Address{patch.address + patch.size};
}

bool restore_text(const Text& text, const Patch& patch) {
  const auto original = std::byte(patch.original);
  return text.byte_at({patch.address}) == int3 && text.write({patch.address}, {&original, 1});
}

void clear_slot(const Text& text, const Patch& patch) {
  constexpr std::array<std::byte, arch::moved_instruction_bytes> nothing{};
  if (patch.slot_size != 0) text.write({patch.slot}, Bytes(nothing).first(patch.slot_size));
}

ProbeSet::~ProbeSet() {
  for (auto& [address, probe] : probes_) table_.release(probe.patch);
}

std::unique_ptr<ProbeSet> ProbeSet::copy_for(pid_t child) const {
  auto copy = std::make_unique<ProbeSet>(child, table_);
  for (const auto& [address, probe] : probes_) {
    Patch* row = table_.claim(probe.address, probe.patch->original);
    if (row == nullptr) return nullptr;
    row->size = probe.patch->size;
    row->executed_at = probe.patch->executed_at;
    row->slot_size = probe.patch->slot_size;
    row->slot = probe.patch->slot;
    row->pid.store(child, std::memory_order_release);
    Probe mine = probe;
    mine.patch = row;
    copy->probes_.emplace(address, mine);
  }
  return copy;
}

const Probe* ProbeSet::at(Address address) const {
  const auto found = probes_.find(address.value);
  return found == probes_.end() ? nullptr : &found->second;
}

bool ProbeSet::insert(const arch::Code& decoder, Address at, Bytes code, Tag tag, SlotArea& area) {
  if (probes_.contains(at.value)) return false;
  const auto instruction = decoder.decode(code, at.value);
  if (!instruction || code.front() == int3) return false;
  const Text text(pid_);
  std::array<std::byte, 16> there;
  const std::span there_now(there.data(), instruction->size);
  if (!text.read(at, there_now) || !begins_with(code, there_now)) return false;

  Probe probe{at, at + instruction->size, tag, static_cast<std::uint8_t>(instruction->size),
              table_.claim(at, std::to_integer<std::uint8_t>(code.front()))};
  if (probe.patch == nullptr) return false;
  probe.patch->size = probe.size;
  SlotArea rest = area;
  const bool needs_slot = !begins_with(code, endbr64);
  std::vector<std::byte> slot;
  if (needs_slot) {
    const auto moved = decoder.move(code, at.value, rest.begin.value);
    std::array<std::byte, arch::moved_instruction_bytes> free;
    const bool fits = moved && moved->code.size() <= rest.end.value - rest.begin.value &&
                      text.read(rest.begin, std::span(free).first(moved->code.size())) &&
                      all_zero(std::span(free).first(moved->code.size()));
    if (!fits) {
      table_.release(probe.patch);
      return false;
    }
    slot = moved->code;
    probe.patch->slot = rest.begin.value;
    probe.patch->slot_size = static_cast<std::uint8_t>(slot.size());
    probe.patch->executed_at = static_cast<std::uint8_t>(moved->executed_at);
    probe.resume = rest.begin;
    rest.begin = rest.begin + slot.size();
  }
  probe.patch->pid.store(pid_, std::memory_order_release);
  if ((needs_slot && !text.write(probe.resume, slot)) || !text.write(at, {&int3, 1})) {
    clear_slot(text, *probe.patch);
    table_.release(probe.patch);
    return false;
  }
  area = rest;
  probes_.emplace(at.value, probe);
  return true;
}

void ProbeSet::remove(Address begin, Address end) {
  const Text text(pid_);
  std::erase_if(probes_, [&](const auto& entry) {
    const Probe& probe = entry.second;
    if (probe.address < begin || probe.address >= end) return false;
    // A task may be in the slot, which stays as it is: the module is about to go.
    restore_text(text, *probe.patch);
    table_.release(probe.patch);
    return true;
  });
}

void ProbeSet::restore() {
  const Text text(pid_);
  for (const auto& [address, probe] : probes_) {
    if (restore_text(text, *probe.patch)) clear_slot(text, *probe.patch);
    table_.release(probe.patch);
  }
  probes_.clear();
}

std::vector<const Patch*> ProbeSet::patches() const {
  std::vector<const Patch*> found;
  found.reserve(probes_.size());
  for (const auto& [address, probe] : probes_) found.push_back(probe.patch);
  return found;
}

std::optional<Address> ProbeSet::outside_slots(Address pc) const {
  for (const auto& [address, probe] : probes_) {
    if (const auto outside = outside_slot(*probe.patch, pc)) return outside;
  }
  return std::nullopt;
}

}  // namespace sonde::probes
