//! The flash of the nRF52840: pages of 4 KiB, words of 4 bytes.
#![allow(unsafe_code)]

use core::ops::Range;

use nrf52840_hal::nvmc::Nvmc;
use nrf52840_hal::pac::{NVMC, Peripherals};

/// The region for what is learned; `None` when something else has the controller.
pub fn open() -> Option<(Nvmc<NVMC>, Range<u32>)> {
    let peripherals = Peripherals::take()?;
    let store = super::store();
    // SAFETY: the linker puts nothing into this region, and `take` gives the controller, and so this slice, only once.
    let bytes =
        unsafe { core::slice::from_raw_parts_mut(core::ptr::with_exposed_provenance_mut(store.start), store.len()) };
    Some((Nvmc::new(peripherals.NVMC, bytes), 0..store.len() as u32))
}
