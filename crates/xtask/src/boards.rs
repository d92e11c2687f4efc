//! The boards that the firmware is built for: one table for the tasks, the tests and CI.

/// A board that QEMU emulates.
///
/// Its [`machine`](Self::machine) is also the name of its cargo feature in `firmware-example`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emulated {
    /// The core, as it is called in tables and in the size budget.
    pub core: &'static str,
    /// The Rust target.
    pub target: &'static str,
    /// QEMU's name of the machine, and the cargo feature.
    pub machine: &'static str,
}

/// Every emulated core, the smallest first.
pub const EMULATED: [Emulated; 5] = [
    CORTEX_M0,
    Emulated { core: "cortex-m3", target: "thumbv7m-none-eabi", machine: "mps2-an385" },
    CORTEX_M4F,
    Emulated { core: "cortex-m7", target: "thumbv7em-none-eabihf", machine: "mps2-an500" },
    Emulated { core: "cortex-m33", target: "thumbv8m.main-none-eabihf", machine: "mps2-an505" },
];

/// The smallest core.
pub const CORTEX_M0: Emulated = Emulated { core: "cortex-m0", target: "thumbv6m-none-eabi", machine: "microbit" };

/// The core that the demo runs on.
pub const CORTEX_M4F: Emulated =
    Emulated { core: "cortex-m4f", target: "thumbv7em-none-eabihf", machine: "mps2-an386" };

/// A board to flash with `probe-rs`; CI builds its firmware.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Real {
    /// The cargo feature of `firmware-example`.
    pub name: &'static str,
    /// The Rust target.
    pub target: &'static str,
}

/// Every real board.
pub const REAL: [Real; 3] = [
    Real { name: "nrf52840-dk", target: "thumbv7em-none-eabihf" },
    Real { name: "stm32f4-discovery", target: "thumbv7em-none-eabihf" },
    Real { name: "raspberry-pi-pico", target: "thumbv6m-none-eabi" },
];

/// Every Rust target of the boards, each once.
pub fn targets() -> Vec<&'static str> {
    let mut targets: Vec<_> = EMULATED.iter().map(|board| board.target).collect();
    targets.extend(REAL.iter().map(|board| board.target));
    targets.sort_unstable();
    targets.dedup();
    targets
}
