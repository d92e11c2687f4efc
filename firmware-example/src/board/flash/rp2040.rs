//! The flash chip of a Raspberry Pi Pico: pages of 4 KiB, programmed 256 bytes at a time by functions of the boot ROM.
#![allow(unsafe_code)]

use core::ops::Range;

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};
use rp2040_flash::flash::{flash_range_erase, flash_range_program};

/// Where the chip is in memory.
const START: usize = 0x1000_0000;

/// The region of the chip for what is learned.
///
/// While it is written nothing may read the chip: interrupts are off then, and the second core, which this firmware does not
/// start, is not running.
pub fn open() -> Option<(Flash, Range<u32>)> {
    let store = super::store();
    Some((Flash { start: store.start, len: store.len() }, 0..store.len() as u32))
}

/// The part of the chip that is set apart.
#[derive(Debug)]
pub struct Flash {
    start: usize,
    len: usize,
}

impl Flash {
    /// The chip's own address of an offset.
    fn address(&self, offset: u32) -> u32 {
        (self.start - START) as u32 + offset
    }
}

impl ErrorType for Flash {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        check_read(self, offset, bytes.len())?;
        let from = core::ptr::with_exposed_provenance::<u8>(self.start + offset as usize);
        for (i, byte) in bytes.iter_mut().enumerate() {
            // SAFETY: within the region, where nothing of the program is; volatile, because its bytes change.
            *byte = unsafe { from.add(i).read_volatile() };
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.len
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = 256;
    const ERASE_SIZE: usize = 4096;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        check_erase(self, from, to)?;
        // SAFETY: whole pages of the region; the function runs in RAM, no interrupt comes, the second core sleeps.
        critical_section::with(|_| unsafe { flash_range_erase(self.address(from), to - from, true) });
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        check_write(self, offset, bytes.len())?;
        // SAFETY: as above, and whole units of 256 bytes, which stand in RAM: `Store` writes from a block on the stack.
        critical_section::with(|_| unsafe { flash_range_program(self.address(offset), bytes, true) });
        Ok(())
    }
}
