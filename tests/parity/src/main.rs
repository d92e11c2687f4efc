//! The parity workload of the firmware, on the desktop: prints the hashes that every board must print too.
//!
//! A package of its own, so that it is quickly built in more than one profile and with more than one model.

use firmware_example::parity::{self, Memory};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut memory = Memory::ZERO;
    let golden = parity::golden_is_equal(&mut memory);
    println!("golden = {}", if golden { "equal" } else { "different" });
    parity::run(&mut memory, &mut |name, hash| println!("{name} = {hash:016x}"));
    if golden { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
