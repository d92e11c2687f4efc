//! A file of the host, by semihosting, with the rules of a NOR flash: bits of a word only fall, and a page is erased as a
//! whole.
//!
//! Each word goes to the file as it is written, so that whoever ends the emulator at any moment leaves in the file what a
//! loss of power leaves in a flash. Nothing of it is in RAM.
#![allow(unsafe_code)]

use core::ops::Range;

use cortex_m_semihosting::{nr, syscall};
use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};

/// The file, in the folder that the emulator was started in.
const PATH: &str = "flash.bin\0";
const PAGE: usize = 1024;
const PAGES: usize = 64;
const WORD: usize = 4;

/// Opens the flash, which is blank when there was no file; `None` when the host says no.
pub fn open() -> Option<(Flash, Range<u32>)> {
    let mut flash = match Flash::file(nr::open::RW_BINARY) {
        Some(flash) => flash,
        None => Flash::file(nr::open::RW_TRUNC_BINARY)?,
    };
    let bytes = (PAGES * PAGE) as u32;
    // SAFETY: the call reads the handle.
    if unsafe { syscall!(FLEN, flash.handle) } != bytes as usize {
        flash.erase(0, bytes).ok()?;
    }
    Some((flash, 0..bytes))
}

/// A NOR flash of 64 pages of 1 KiB, with words of 4 bytes.
#[derive(Debug)]
pub struct Flash {
    handle: usize,
}

impl Flash {
    fn file(mode: usize) -> Option<Self> {
        // SAFETY: the call reads as many bytes as the path has.
        let handle = unsafe { syscall!(OPEN, PATH.as_ptr(), mode, PATH.len() - 1) };
        (handle != usize::MAX).then_some(Self { handle })
    }

    fn seek(&mut self, at: usize) -> Result<(), NorFlashErrorKind> {
        // SAFETY: the call reads its two numbers.
        ok(unsafe { syscall!(SEEK, self.handle, at) })
    }

    fn read_at(&mut self, at: usize, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        self.seek(at)?;
        // SAFETY: the call writes at most as many bytes as the slice has.
        ok(unsafe { syscall!(READ, self.handle, bytes.as_mut_ptr(), bytes.len()) })
    }

    fn write_at(&mut self, at: usize, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        self.seek(at)?;
        // SAFETY: the call reads as many bytes as the slice has.
        ok(unsafe { syscall!(WRITE, self.handle, bytes.as_ptr(), bytes.len()) })
    }
}

/// These calls give zero when all was done.
fn ok(result: usize) -> Result<(), NorFlashErrorKind> {
    if result == 0 { Ok(()) } else { Err(NorFlashErrorKind::Other) }
}

impl ErrorType for Flash {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        check_read(self, offset, bytes.len())?;
        self.read_at(offset as usize, bytes)
    }

    fn capacity(&self) -> usize {
        PAGES * PAGE
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = PAGE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        check_erase(self, from, to)?;
        for at in (from as usize..to as usize).step_by(64) {
            self.write_at(at, &[0xff; 64])?;
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        check_write(self, offset, bytes.len())?;
        for (at, new) in (offset as usize..).step_by(WORD).zip(bytes.as_chunks::<WORD>().0) {
            let mut old = [0; WORD];
            self.read_at(at, &mut old)?;
            self.write_at(at, &(u32::from_le_bytes(*new) & u32::from_le_bytes(old)).to_le_bytes())?;
        }
        Ok(())
    }
}
