//! The second stage of the RP2040's boot loader, which makes the Pico's flash chip readable as memory.
#![allow(unsafe_code)]

/// The boot ROM copies it from the first 256 bytes of the flash into RAM and runs it.
// SAFETY: `memory.x` gives this section those 256 bytes, and nothing else.
#[unsafe(link_section = ".boot2")]
#[used]
static BOOT2: [u8; 256] = rp2040_boot2::BOOT_LOADER_W25Q080;
