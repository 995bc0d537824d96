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

}  // namespace

Address resumes_at(const Patch& patch) {
  return {patch.slot_size != 0 ? patch.slot + 1 : patch.address + patch.size};
}

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

bool has_slot_alone(const Text& text, const Patch& patch) {
  return patch.slot_size != 0 && text.byte_at({patch.address}) == std::byte(patch.original) &&
         text.byte_at({patch.slot}) == slot_mark;
}

void clear_slot(const Text& text, const Patch& patch) {
  if (patch.slot_size != 0) text.write({patch.slot}, Bytes(patch.slot_original).first(patch.slot_size));
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
    std::ranges::copy(probe.patch->slot_original, row->slot_original);
    row->pid.store(child, std::memory_order_release);
    Probe mine = probe;
    mine.patch = row;
    copy->probes_.emplace(address, mine);
  }
  return copy;
}

void ProbeSet::clean(pid_t child) const {
  const Text text(child);
  for (const auto& [address, probe] : probes_) {
    if (restore_text(text, *probe.patch)) clear_slot(text, *probe.patch);
  }
}

std::size_t ProbeSet::count_in(pid_t pid) const {
  const Text text(pid);
  return static_cast<std::size_t>(std::ranges::count_if(
      probes_, [&](const auto& entry) { return text.byte_at(entry.second.address) == int3; }));
}

const Probe* ProbeSet::at(Address address) const {
  const auto found = probes_.find(address.value);
  return found == probes_.end() ? nullptr : &found->second;
}

std::optional<ProbeSet::Slot> ProbeSet::find_slot(const arch::Code& decoder, Address at, Bytes code,
                                                  std::vector<SlotArea>& areas,
                                                  const std::function<bool()>& more) {
  std::size_t next = 0;
  do {
    for (; next < areas.size(); ++next) {
      SlotArea& area = areas[next];
      auto moved = decoder.move(code, at.value, area.begin.value + 1);
      if (!moved || 1 + moved->code.size() > area.end.value - area.begin.value) continue;
      std::vector<std::byte> bytes{slot_mark};
      bytes.insert(bytes.end(), moved->code.begin(), moved->code.end());
      return Slot{std::move(bytes), moved->executed_at == 0 ? 0 : 1 + moved->executed_at, &area};
    }
  } while (more());
  return std::nullopt;
}

bool ProbeSet::insert(const arch::Code& decoder, Address at, Bytes code, Tag tag,
                      std::vector<SlotArea>& areas, const std::function<bool()>& more) {
  if (probes_.contains(at.value)) return false;
  const auto instruction = decoder.decode(code, at.value);
  if (!instruction || code.front() == int3) return false;
  const Text text(pid_);
  std::array<std::byte, 16> there;
  const std::span there_now(there.data(), instruction->size);
  if (!text.read(at, there_now) || !begins_with(code, there_now)) return false;
  const bool needs_slot = !begins_with(code, endbr64);
  const auto slot = needs_slot ? find_slot(decoder, at, code, areas, more) : std::nullopt;
  if (needs_slot && !slot) return false;

  Patch* patch = table_.claim(at, std::to_integer<std::uint8_t>(code.front()));
  if (patch == nullptr) return false;
  patch->size = static_cast<std::uint8_t>(instruction->size);
  bool good = true;
  if (slot) {
    patch->slot = slot->area->begin.value;
    patch->slot_size = static_cast<std::uint8_t>(slot->bytes.size());
    patch->executed_at = static_cast<std::uint8_t>(slot->executed_at);
    good = text.read(slot->area->begin, std::span(patch->slot_original).first(patch->slot_size));
  }
  patch->pid.store(pid_, std::memory_order_release);
  good = good && (!slot || text.write(slot->area->begin, slot->bytes)) && text.write(at, {&int3, 1});
  if (!good) {
    clear_slot(text, *patch);
    table_.release(patch);
    return false;
  }
  if (slot) slot->area->begin = slot->area->begin + patch->slot_size;
  probes_.emplace(at.value, Probe{at, resumes_at(*patch), tag, patch->size, patch});
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

void ProbeSet::hand_over(pid_t pid) {
  pid_ = pid;
  for (auto& [address, probe] : probes_) probe.patch->pid.store(pid, std::memory_order_release);
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
