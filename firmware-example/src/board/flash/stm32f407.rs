//! The flash of the STM32F407: the last two of its sectors of 128 KiB, written byte by byte.

use core::ops::Range;

use static_cell::StaticCell;
use stm32f4xx_hal::flash::{FlashExt, LockedFlash, UnlockedFlash};
use stm32f4xx_hal::pac::Peripherals;

/// Where the flash is in memory.
const START: usize = 0x0800_0000;

/// The flash and the region of it for what is learned; `None` when something else has the controller.
pub fn open() -> Option<(UnlockedFlash<'static>, Range<u32>)> {
    static FLASH: StaticCell<LockedFlash> = StaticCell::new();
    let flash = FLASH.try_init(LockedFlash::new(Peripherals::take()?.FLASH))?;
    let store = super::store();
    Some((flash.unlocked(), (store.start - START) as u32..(store.end - START) as u32))
}
