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

/// What is known of the records of a network.
#[derive(Clone, Copy, Debug)]
pub(super) struct Survey {
    pub(super) newest: Option<Found>,
    /// Whether a place could not be read, steadily: what is there may be a newer record.
    pub(super) in_doubt: bool,
}

/// Which places could not be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Unread {
    /// Number of headers.
    headers: u32,
    /// A hash of which places they are, in the order of reading.
    which: u32,
    error: Option<NorFlashErrorKind>,
}

impl Unread {
    fn add(&mut self, slot: u32, error: NorFlashErrorKind) {
        self.which = self.which.wrapping_mul(31).wrapping_add(slot.wrapping_add(1));
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
    /// Only the headers are read, and the newest candidate whole; where it is damaged, the one before it. Where anything cannot be
    /// read it is read once more: a second time without a fault is believed, and one with the same faults shows what is damaged,
    /// such as a cut write in a flash with error correction.
    ///
    /// # Errors
    ///
    /// No header can be read, or reading fails at some places and then at others: the newest record may be among them.
    pub(super) fn survey(&mut self, like: &Header) -> Result<Survey, NorFlashErrorKind> {
        let (newest, unread) = self.look(|header| header.is_like(like));
        let Some(error) = unread.error else { return Ok(Survey { newest, in_doubt: false }) };
        let (again, unread_again) = self.look(|header| header.is_like(like));
        match unread_again.error {
            None => Ok(Survey { newest: again, in_doubt: false }),
            Some(_) if unread.headers < self.ring.slots() && (again, unread_again) == (newest, unread) => {
                Ok(Survey { newest, in_doubt: true })
            }
            Some(_) => Err(error),
        }
    }

    /// Whether a group has a place that cannot be read and may be a record that is newer than this one, or has become one that can.
    pub(super) fn is_doubtful(&mut self, group_of: u32, like: &Header, newest: Option<Found>) -> bool {
        let ring = self.ring;
        (0..ring.slots()).filter(|slot| ring.share_group(*slot, group_of)).any(|slot| match self.start_of(slot) {
            Err(_) => true,
            Ok(Start::Record(header, len)) => {
                let found = Found { slot, header, len };
                let is_newer = newest.is_none_or(|newest| found.key() > newest.key());
                header.is_like(like) && is_newer && self.is_whole(&found) != Ok(false)
            }
            Ok(_) => false,
        })
    }

    /// The number of the next record: one more than that of the newest, and than those of the ones that were cut since.
    ///
    /// A word whose write was cut may read as it should at one start and not at the next. So a record that is damaged now can
    /// be whole later, and is then not to be taken for a newer one that has its number. Of what cannot be read, each slot may have
    /// as many numbers as a save passes over. `None` when there are no more numbers.
    #[inline(never)]
    pub(super) fn next_sequence(&mut self, like: &Header, Survey { newest, in_doubt }: Survey) -> Option<u64> {
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
        let slots = u64::from(self.ring.slots());
        if in_doubt { next.checked_add(slots.checked_mul(slots)?) } else { Some(next) }
    }

    /// Why there is no record like this one.
    pub(super) fn why_none(&mut self, like: &Header) -> RestoreError {
        if let Some(Found { header, .. }) = self.look(|_| true).0 {
            let (expected, found) = (like.fingerprint, header.fingerprint);
            return if header.is_like(like) {
                // It was not there a moment ago.
                RestoreError::Flash(NorFlashErrorKind::Other)
            } else if found == expected {
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
                        unread.add(slot, error);
                        unread.headers += u32::from(below.is_none());
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
