//! Where records stand: slots, as many as the region has room for, taken one after another and then from the first again.

use core::num::NonZeroU32;
use core::ops::Range;

use super::RegionError;

/// The slots of a region.
///
/// Slots stand in groups, and a group is a whole number of pages: one page with as many slots as it has room for, or as
/// many pages as one slot takes. So a group is erased without touching another, and there are at least two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ring {
    start: u32,
    end: u32,
    /// Bytes of a group.
    group: u32,
    /// Bytes of a slot.
    slot: u32,
    /// Slots of a group.
    per_group: NonZeroU32,
    groups: NonZeroU32,
}

impl Ring {
    /// The ring of a region; `unit` is what the flash reads and writes at least, and divides `page`.
    pub(super) fn new(
        region: &Range<u32>,
        capacity: usize,
        page: usize,
        unit: usize,
        record: usize,
    ) -> Result<Self, RegionError> {
        if region.start > region.end || region.end as usize > capacity {
            return Err(RegionError::OutOfBounds { capacity });
        }
        let bytes = region.end - region.start;
        let (page, slot) = (page as u64, (record as u64).next_multiple_of(unit.max(1) as u64));
        let group = slot.next_multiple_of(page.max(1));
        let too_small = RegionError::TooSmall { expected: 2 * group, found: bytes };
        if !u64::from(region.start).is_multiple_of(page) || !u64::from(region.end).is_multiple_of(page) {
            return Err(RegionError::Misaligned { page: page as u32 });
        }
        if 2 * group > u64::from(bytes) {
            return Err(too_small);
        }
        let (group, slot) = (group as u32, slot as u32);
        let per_group = group.checked_div(slot).and_then(NonZeroU32::new).ok_or(too_small)?;
        let groups = bytes.checked_div(group).and_then(NonZeroU32::new).ok_or(too_small)?;
        Ok(Self { start: region.start, end: region.end, group, slot, per_group, groups })
    }

    /// Number of slots.
    pub(super) fn slots(&self) -> u32 {
        self.groups.get().saturating_mul(self.per_group.get())
    }

    /// Bytes of a slot.
    pub(super) fn slot_bytes(&self) -> u32 {
        self.slot
    }

    /// Number of groups.
    pub(super) fn groups(&self) -> u32 {
        self.groups.get()
    }

    /// Where a slot begins.
    pub(super) fn address(&self, slot: u32) -> u32 {
        self.group_bytes(slot).start.wrapping_add((slot % self.per_group).wrapping_mul(self.slot))
    }

    /// Bytes from the beginning of a slot to the end of the region.
    pub(super) fn bytes_from(&self, slot: u32) -> u32 {
        self.end.saturating_sub(self.address(slot))
    }

    /// The pages of a slot's group.
    pub(super) fn group_bytes(&self, slot: u32) -> Range<u32> {
        let start = self.start.wrapping_add((slot / self.per_group).wrapping_mul(self.group));
        start..start.wrapping_add(self.group)
    }

    /// Whether a slot is the first of its group.
    pub(super) fn begins_group(&self, slot: u32) -> bool {
        slot % self.per_group == 0
    }

    /// Whether two slots are in one group.
    pub(super) fn share_group(&self, one: u32, other: u32) -> bool {
        one / self.per_group == other / self.per_group
    }

    /// The slot behind this one.
    pub(super) fn next(&self, slot: u32) -> u32 {
        let next = slot.wrapping_add(1);
        if next < self.slots() { next } else { 0 }
    }

    /// The first slot of the group behind this slot's.
    pub(super) fn next_group(&self, slot: u32) -> u32 {
        let next = (slot / self.per_group).wrapping_add(1).wrapping_mul(self.per_group.get());
        if next < self.slots() { next } else { 0 }
    }
}
