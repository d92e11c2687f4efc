//! The slots of a region, whatever the network: what stands in them, and how a record gets there.
//!
//! What has a block on the stack is not inlined, so that two blocks are there at once only where one function calls another.

use super::*;

/// Gives the bytes of the weights, slice by slice, to a function.
type Weights<'a> = &'a mut dyn FnMut(&mut dyn FnMut(&[u8]));

/// A flash and where its slots are.
#[derive(Debug)]
pub(super) struct Slots<F> {
    pub(super) flash: F,
    pub(super) ring: Ring,
}

/// A record, and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) slot: u32,
    pub(super) header: Header,
    /// Bytes of its header.
    pub(super) len: usize,
}

/// Which slots could not be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Unread {
    slots: u32,
    /// A hash of which they are.
    which: u32,
    error: Option<NorFlashErrorKind>,
}

impl Unread {
    fn add(&mut self, slot: u32, error: NorFlashErrorKind) {
        self.slots += 1;
        self.which = self.which.wrapping_mul(31).wrapping_add(slot);
        self.error = Some(error);
    }
}

impl Found {
    /// What orders records: the number, of which records of one network have one each; among others the place decides.
    fn key(&self) -> (u64, u32) {
        (self.header.sequence, self.slot)
    }
}

impl<F: NorFlash> Slots<F> {
    /// The newest record that is whole, of the network and the parts that `like` names.
    ///
    /// Only the headers are read, and the newest candidate whole; where it is damaged, the one before it. A place that
    /// cannot be read, such as a cut write in a flash with error correction, is damaged.
    pub(super) fn newest(&mut self, like: &Header) -> Option<Found> {
        self.look(|header| header.is_like(like)).0
    }

    /// The same for what is about to erase: an error where the flash cannot be read, or not steadily.
    ///
    /// A place that cannot be read looks empty. One whose write was cut stays so, and is written over; but where reading fails at
    /// some places and then at others, or everywhere, the newest record may be among them.
    pub(super) fn newest_surely(&mut self, like: &Header) -> Result<Option<Found>, NorFlashErrorKind> {
        let (newest, unread) = self.look(|header| header.is_like(like));
        match unread.error {
            None => Ok(newest),
            Some(error) if unread.slots == self.ring.slots() => Err(error),
            Some(error) => {
                let again = self.look(|header| header.is_like(like));
                if again == (newest, unread) { Ok(newest) } else { Err(error) }
            }
        }
    }

    /// The number of the next record: one more than that of the newest, and than those of the ones that were cut since.
    ///
    /// A word whose write was cut may read as it should at one start and not at the next. So a record that is damaged now can
    /// be whole later, and is then not to be taken for a newer one that has its number. `None` when there are no more numbers.
    #[inline(never)]
    pub(super) fn next_sequence(&mut self, like: &Header, newest: Option<Found>) -> Option<u64> {
        let first = match newest {
            Some(newest) => newest.header.sequence.checked_add(1)?,
            None => 0,
        };
        let mut next = first;
        for slot in 0..self.ring.slots() {
            let Ok(Start::Record(header, _)) = self.start_of(slot) else { continue };
            // Those that were cut have numbers that are not much higher; another one is what is left of a header, and would
            // use up the numbers.
            let since = header.sequence.checked_sub(first).is_some_and(|since| since < 1 << 32);
            if since && header.is_like(like) && header.sequence >= next {
                next = header.sequence.checked_add(1)?;
            }
        }
        Some(next)
    }

    /// Why there is no record like this one.
    pub(super) fn why_none(&mut self, like: &Header) -> RestoreError {
        if let Some(Found { header, .. }) = self.look(|_| true).0 {
            let (expected, found) = (like.fingerprint, header.fingerprint);
            return if found == expected {
                RestoreError::Contents
            } else {
                RestoreError::Architecture { expected, found }
            };
        }
        let mut why = RestoreError::Empty;
        for slot in 0..self.ring.slots() {
            match self.start_of(slot) {
                Ok(Start::Nothing) => {}
                Ok(Start::Record(..)) => return RestoreError::Damaged,
                Ok(Start::Version(found)) => why = RestoreError::Version { expected: VERSION, found },
                Err(kind) if why == RestoreError::Empty => why = RestoreError::Flash(kind),
                Err(_) => {}
            }
        }
        why
    }

    /// The newest record that fits and is whole, and what could not be read on the way to it.
    fn look(&mut self, fits: impl Fn(&Header) -> bool) -> (Option<Found>, Unread) {
        let (mut below, mut unread) = (None, Unread::default());
        loop {
            let mut best: Option<Found> = None;
            for slot in 0..self.ring.slots() {
                let (header, len) = match self.start_of(slot) {
                    Ok(Start::Record(header, len)) => (header, len),
                    Ok(_) => continue,
                    Err(error) => {
                        if below.is_none() {
                            unread.add(slot, error);
                        }
                        continue;
                    }
                };
                let found = Found { slot, header, len };
                let is_next = below.is_none_or(|below| found.key() < below);
                if fits(&header) && is_next && best.is_none_or(|best| found.key() > best.key()) {
                    best = Some(found);
                }
            }
            let Some(found) = best else { return (None, unread) };
            match self.is_whole(&found) {
                Ok(true) => return (Some(found), unread),
                Ok(false) => {}
                Err(error) => unread.add(found.slot, error),
            }
            below = Some(found.key());
        }
    }

    /// Erases the pages of a slot's group.
    pub(super) fn erase_group(&mut self, slot: u32) -> Result<(), NorFlashErrorKind> {
        let group = self.ring.group_bytes(slot);
        self.flash.erase(group.start, group.end).map_err(|error| error.kind())
    }

    /// Writes a record; false when the slot is not free, or does not hold what was written to it.
    pub(super) fn write(
        &mut self,
        slot: u32,
        header: &Header,
        weights: Weights<'_>,
    ) -> Result<bool, NorFlashErrorKind> {
        if !self.is_blank(slot)? {
            return Ok(false);
        }
        self.program(slot, header, weights)?;
        let len = header.encode().1;
        let is_there = self.start_of(slot)? == Start::Record(*header, len);
        Ok(is_there && self.is_whole(&Found { slot, header: *header, len })?)
    }

    #[inline(never)]
    fn program(&mut self, slot: u32, header: &Header, weights: Weights<'_>) -> Result<(), NorFlashErrorKind> {
        let mut writer = Writer::new(&mut self.flash, self.ring.address(slot));
        let (bytes, len) = header.encode();
        writer.push(bytes.get(..len).unwrap_or_default());
        weights(&mut |slice| writer.push(slice));
        writer.finish()
    }

    /// What the beginning of a slot is.
    #[inline(never)]
    fn start_of(&mut self, slot: u32) -> Result<Start, NorFlashErrorKind> {
        let mut bytes = [0; HEADER];
        let at = self.ring.address(slot);
        Reader::new(&mut self.flash, at, HEADER as u32).exact(&mut bytes)?;
        Ok(Header::decode(&bytes))
    }

    /// Whether the CRC of a record is right.
    #[inline(never)]
    fn is_whole(&mut self, found: &Found) -> Result<bool, NorFlashErrorKind> {
        let bytes = (found.len as u32).saturating_add(found.header.weights);
        // One of another network may be larger than a slot of this one.
        if bytes > self.ring.bytes_from(found.slot) {
            return Ok(false);
        }
        let mut digest = crc();
        let mut reader = Reader::new(&mut self.flash, self.ring.address(found.slot), bytes);
        let mut before = [0; BODY_AT];
        reader.exact(&mut before)?;
        digest.update(before.get(..CRC_AT).unwrap_or_default());
        loop {
            let block = reader.some(io::BLOCK)?;
            if block.is_empty() {
                return Ok(digest.finalize() == found.header.crc);
            }
            digest.update(block);
        }
    }

    /// Whether a slot has nothing in it.
    #[inline(never)]
    fn is_blank(&mut self, slot: u32) -> Result<bool, NorFlashErrorKind> {
        let mut reader = Reader::new(&mut self.flash, self.ring.address(slot), self.ring.slot_bytes());
        loop {
            let block = reader.some(io::BLOCK)?;
            if block.is_empty() {
                return Ok(true);
            }
            if block.iter().any(|byte| *byte != 0xff) {
                return Ok(false);
            }
        }
    }
}
