//! A NOR flash with the rules of a real one, whose power can be cut at any word that it writes and any page that it erases.

use std::ops::Range;

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};
use rand_core::Rng;
use rand_pcg::Pcg32;

/// What a cut leaves of the word or page that was being changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Torn {
    /// What was there, though a word counts as written: a flash that allows one write may refuse another.
    Old,
    /// Any of the bits that were to change have changed.
    Mixed,
    /// The first bytes have changed.
    Front,
    /// All of it has changed, and the program was not told.
    New,
    /// It reads as what was there or as changed, at each start anew.
    Unsteady,
    /// It reads as anything in between, at each start anew.
    Wavering,
}

impl Torn {
    /// Those that read the same at every start.
    pub(crate) const ALL: [Self; 4] = [Self::Old, Self::Mixed, Self::Front, Self::New];
}

/// `READ`, `WORD` and `PAGE` are what it reads, writes and erases, in bytes.
#[derive(Clone, Debug)]
pub(crate) struct Nor<const READ: usize, const WORD: usize, const PAGE: usize> {
    pub(crate) bytes: Vec<u8>,
    /// Words written since their page was erased.
    written: Vec<bool>,
    /// Words whose write was cut: those may look as if they had not been written.
    torn: Vec<bool>,
    /// Where a change was cut that reads as before or as changed, the bytes of both, and whether as anything in between.
    unsteady: Vec<(usize, Vec<u8>, Vec<u8>, bool)>,
    /// Whether a word can be written only once between two erases.
    once: bool,
    /// Words and pages that are still changed before the power is cut, and what the cut leaves.
    cut: Option<(u64, Torn)>,
    /// Reads that still succeed, and how many fail after them.
    pub(crate) failing: Option<(u32, u32)>,
    /// Places that cannot be read, and for how many reads, of all, that lasts.
    pub(crate) unreadable: Option<(Range<usize>, u32)>,
    /// Whether the power is off.
    pub(crate) off: bool,
    /// Pages that no longer take anything.
    pub(crate) worn: Vec<bool>,
    /// Erases of each page.
    pub(crate) erases: Vec<u32>,
    /// Words written and pages erased.
    pub(crate) changes: u64,
    rng: Pcg32,
}

impl<const READ: usize, const WORD: usize, const PAGE: usize> Nor<READ, WORD, PAGE> {
    pub(crate) fn new(pages: usize, once: bool, seed: u64) -> Self {
        Self {
            bytes: vec![0xff; pages * PAGE],
            written: vec![false; pages * PAGE / WORD],
            torn: vec![false; pages * PAGE / WORD],
            unsteady: Vec::new(),
            once,
            cut: None,
            failing: None,
            unreadable: None,
            off: false,
            worn: vec![false; pages],
            erases: vec![0; pages],
            changes: 0,
            rng: Pcg32::new(seed, 0),
        }
    }

    /// Cuts the power at the change after this many.
    pub(crate) fn cut_after(&mut self, changes: u64, torn: Torn, seed: u64) {
        self.cut = Some((changes, torn));
        self.rng = Pcg32::new(seed, 0);
    }

    /// Switches the power on again.
    pub(crate) fn reboot(&mut self) {
        (self.off, self.cut) = (false, None);
        for (at, old, new, wavers) in &self.unsteady {
            let choice = self.rng.next_u32() % if *wavers { 3 } else { 2 };
            for (i, byte) in self.bytes[*at..at + old.len()].iter_mut().enumerate() {
                let mask = [0, 0xff, self.rng.next_u32() as u8][choice as usize];
                *byte = old[i] & !mask | new[i] & mask;
            }
        }
    }

    /// Counts a change; what the cut leaves of it, if this is where the power is cut.
    fn change(&mut self) -> Option<Torn> {
        self.changes += 1;
        match &mut self.cut {
            Some((0, torn)) => {
                self.off = true;
                Some(*torn)
            }
            Some((left, _)) => {
                *left -= 1;
                None
            }
            None => None,
        }
    }

    fn change_bytes(&mut self, at: usize, new: &[u8], torn: Torn) {
        let changed = at..at + new.len();
        // What was half written and is written again: bits of the first write alone still waver.
        let again = torn == Torn::New && new.iter().any(|new| *new != 0xff);
        if let Some((_, old, once, _)) =
            self.unsteady.iter_mut().find(|(word, old, ..)| again && *word == at && old.len() == new.len())
        {
            for ((old, once), new) in old.iter_mut().zip(once).zip(new) {
                (*old, *once) = (*old & new, *once & new);
            }
            return self.bytes[changed].copy_from_slice(new);
        }
        self.unsteady.retain(|(at, old, ..)| at + old.len() <= changed.start || changed.end <= *at);
        if matches!(torn, Torn::Unsteady | Torn::Wavering) {
            self.unsteady.push((at, self.bytes[changed].to_vec(), new.to_vec(), torn == Torn::Wavering));
            return;
        }
        if torn == Torn::New {
            return self.bytes[at..at + new.len()].copy_from_slice(new);
        }
        let front = self.rng.next_u32() as usize % (new.len() + 1);
        for (i, new) in new.iter().enumerate() {
            let old = self.bytes[at + i];
            let mask = match torn {
                Torn::Mixed => self.rng.next_u32() as u8,
                Torn::Front if i < front => 0xff,
                Torn::Old | Torn::Front => 0,
                Torn::New | Torn::Unsteady | Torn::Wavering => 0xff,
            };
            self.bytes[at + i] = old & !mask | new & mask;
        }
    }

    fn powered(&self) -> Result<(), NorFlashErrorKind> {
        if self.off { Err(NorFlashErrorKind::Other) } else { Ok(()) }
    }
}

impl<const READ: usize, const WORD: usize, const PAGE: usize> ErrorType for Nor<READ, WORD, PAGE> {
    type Error = NorFlashErrorKind;
}

impl<const READ: usize, const WORD: usize, const PAGE: usize> ReadNorFlash for Nor<READ, WORD, PAGE> {
    const READ_SIZE: usize = READ;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        self.powered()?;
        match &mut self.failing {
            Some((0, 0)) | None => {}
            Some((0, left)) => {
                *left -= 1;
                return Err(NorFlashErrorKind::Other);
            }
            Some((good, _)) => *good -= 1,
        }
        if let Some((places, lasts)) = &mut self.unreadable {
            let fails = *lasts > 0 && places.start < offset as usize + bytes.len() && (offset as usize) < places.end;
            *lasts = lasts.saturating_sub(1);
            if fails {
                return Err(NorFlashErrorKind::Other);
            }
        }
        check_read(self, offset, bytes.len()).expect("reads are aligned and within the flash");
        bytes.copy_from_slice(&self.bytes[offset as usize..][..bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl<const READ: usize, const WORD: usize, const PAGE: usize> NorFlash for Nor<READ, WORD, PAGE> {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = PAGE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        self.powered()?;
        check_erase(self, from, to).expect("erases are aligned and within the flash");
        for page in from as usize / PAGE..to as usize / PAGE {
            if self.worn[page] {
                return Err(NorFlashErrorKind::Other);
            }
            let torn = self.change();
            self.erases[page] += 1;
            self.change_bytes(page * PAGE, &vec![0xff; PAGE], torn.unwrap_or(Torn::New));
            let words = page * PAGE / WORD..(page + 1) * PAGE / WORD;
            if torn.is_some() {
                // Undefined until it is erased again: no word of it may be written.
                self.written[words.clone()].fill(true);
                self.torn[words].fill(true);
                return Err(NorFlashErrorKind::Other);
            }
            self.written[words.clone()].fill(false);
            self.torn[words].fill(false);
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        self.powered()?;
        check_write(self, offset, bytes.len()).expect("writes are aligned and within the flash");
        for (i, word) in bytes.chunks_exact(WORD).enumerate() {
            let (at, index) = (offset as usize + i * WORD, offset as usize / WORD + i);
            let blank = self.bytes[at..at + WORD].iter().all(|byte| *byte == 0xff);
            assert!(blank, "the word at {at} is written a second time");
            assert!(self.torn[index] || !self.written[index], "the word at {at} is written a second time");
            if self.written[index] && self.once || self.worn[at / PAGE] {
                return Err(NorFlashErrorKind::Other);
            }
            let torn = self.change();
            // Bits only fall.
            let new: Vec<u8> = word.iter().zip(&self.bytes[at..]).map(|(new, old)| new & old).collect();
            self.change_bytes(at, &new, torn.unwrap_or(Torn::New));
            self.written[index] = true;
            if torn.is_some() {
                self.torn[index] = true;
                return Err(NorFlashErrorKind::Other);
            }
        }
        Ok(())
    }
}
