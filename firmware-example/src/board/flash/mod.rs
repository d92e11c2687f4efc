//! Flash to save in, behind the traits of [`embedded_storage`].
//!
//! [`open`] gives the flash of the board and the region of it that is set apart for what is learned. On a real board this is
//! its own flash, a region `STORE` of `boards/<name>/memory.x` that the linker leaves alone. The machines that QEMU emulates
//! have no flash that can be written: there it is a file of the host with the rules of a NOR flash.

#[cfg_attr(flash = "host", path = "host.rs")]
#[cfg_attr(flash = "nrf52840", path = "nrf52840.rs")]
#[cfg_attr(flash = "rp2040", path = "rp2040.rs")]
#[cfg_attr(flash = "stm32f407", path = "stm32f407.rs")]
mod chip;

pub use chip::open;

/// The region `STORE` of `memory.x`, as addresses.
#[cfg(not(flash = "host"))]
#[allow(unsafe_code)]
fn store() -> core::ops::Range<usize> {
    unsafe extern "C" {
        static _store_start: u8;
        static _store_end: u8;
    }
    (&raw const _store_start).addr()..(&raw const _store_end).addr()
}
