//! Bytes to and from a slot, through one block on the stack.

use embedded_storage::nor_flash::{NorFlash, NorFlashError, NorFlashErrorKind};

/// Bytes that are read or written at once, at most.
pub(super) const BLOCK: usize = 256;

/// What the flash reads and writes at least; both are powers of two, so that the larger is a multiple of the other.
pub(super) const fn unit<F: NorFlash>() -> usize {
    const {
        assert!(F::READ_SIZE.is_power_of_two() && F::READ_SIZE <= BLOCK, "the flash reads 1 to 256 bytes at least");
        assert!(F::WRITE_SIZE.is_power_of_two() && F::WRITE_SIZE <= BLOCK, "the flash writes 1 to 256 bytes at least");
        assert!(F::ERASE_SIZE > 0 && F::ERASE_SIZE.is_multiple_of(F::READ_SIZE));
        assert!(F::ERASE_SIZE.is_multiple_of(F::WRITE_SIZE) && F::ERASE_SIZE <= u32::MAX as usize);
        if F::READ_SIZE > F::WRITE_SIZE { F::READ_SIZE } else { F::WRITE_SIZE }
    }
}

/// Reads bytes one after another, from a multiple of the unit on.
pub(super) struct Reader<'f, F> {
    flash: &'f mut F,
    /// Where the block that comes next is.
    at: u32,
    /// Bytes that may still be read from the flash.
    left: u32,
    block: [u8; BLOCK],
    /// What of the block has not been taken.
    ready: (usize, usize),
}

impl<'f, F: NorFlash> Reader<'f, F> {
    pub(super) fn new(flash: &'f mut F, at: u32, len: u32) -> Self {
        Self { flash, at, left: len, block: [0; BLOCK], ready: (0, 0) }
    }

    /// Up to a block of bytes, at most `most`; none behind the end.
    pub(super) fn some(&mut self, most: usize) -> Result<&[u8], NorFlashErrorKind> {
        if self.ready.0 >= self.ready.1 {
            let len = (self.left as usize).next_multiple_of(const { unit::<F>() }).min(BLOCK);
            let block = self.block.get_mut(..len).unwrap_or_default();
            self.flash.read(self.at, block).map_err(|error| error.kind())?;
            self.ready = (0, len.min(self.left as usize));
            self.at = self.at.wrapping_add(len as u32);
            self.left = self.left.saturating_sub(len as u32);
        }
        let start = self.ready.0;
        let end = start.saturating_add(most).min(self.ready.1);
        self.ready.0 = end;
        Ok(self.block.get(start..end).unwrap_or_default())
    }

    /// Fills `to`; behind the end it is an error.
    pub(super) fn exact(&mut self, mut to: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        while !to.is_empty() {
            let some = self.some(to.len())?;
            let Some((now, later)) = to.split_at_mut_checked(some.len()) else { break };
            if now.is_empty() {
                return Err(NorFlashErrorKind::OutOfBounds);
            }
            now.iter_mut().zip(some).for_each(|(to, from)| *to = *from);
            to = later;
        }
        Ok(())
    }
}

/// Writes bytes one after another, from a multiple of the unit on.
pub(super) struct Writer<'f, F> {
    flash: &'f mut F,
    at: u32,
    block: [u8; BLOCK],
    filled: usize,
    result: Result<(), NorFlashErrorKind>,
}

impl<'f, F: NorFlash> Writer<'f, F> {
    pub(super) fn new(flash: &'f mut F, at: u32) -> Self {
        Self { flash, at, block: [0xff; BLOCK], filled: 0, result: Ok(()) }
    }

    /// Writes what fills a block. After an error nothing more is written; [`finish`](Self::finish) gives the error.
    pub(super) fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.result.is_ok() {
            let room = self.block.get_mut(self.filled..).unwrap_or_default();
            let (now, later) = bytes.split_at_checked(room.len()).unwrap_or((bytes, &[]));
            room.iter_mut().zip(now).for_each(|(to, from)| *to = *from);
            self.filled += now.len();
            bytes = later;
            if self.filled == BLOCK {
                self.flush();
            }
        }
    }

    /// Writes what is left, and as many bytes of an erased flash as make it whole words.
    pub(super) fn finish(mut self) -> Result<(), NorFlashErrorKind> {
        self.flush();
        self.result
    }

    fn flush(&mut self) {
        let len = self.filled.next_multiple_of(const { unit::<F>() });
        let block = self.block.get(..len).unwrap_or_default();
        if self.result.is_ok() && !block.is_empty() {
            self.result = self.flash.write(self.at, block).map_err(|error| error.kind());
        }
        self.at = self.at.wrapping_add(len as u32);
        self.filled = 0;
        self.block = [0xff; BLOCK];
    }
}
