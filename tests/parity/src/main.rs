//! The parity workload of the firmware, on the desktop: prints the hashes that every board must print too.
//!
//! Its argument is the name of a binary of the firmware. A package of its own, so that it is quickly built in more than one
//! profile and with more than one model.

use firmware_example::parity::{self, DENSE, FAMILIES, Memory};
use std::process::ExitCode;

fn main() -> ExitCode {
    let names = FAMILIES.map(|family| family.bin);
    let bin = std::env::args().nth(1).unwrap_or_default();
    let Some(family) = FAMILIES.iter().find(|family| family.bin == bin) else {
        eprintln!("no family is called `{bin}`: name one of {}", names.join(", "));
        return ExitCode::FAILURE;
    };
    if family.bin == DENSE.bin {
        let mut memory = Memory::ZERO;
        if !parity::golden_is_equal(&mut memory) {
            println!("golden = different");
            return ExitCode::FAILURE;
        }
        println!("golden = equal");
        parity::run_digits(&mut memory, &mut print);
    }
    (family.run)(&mut print);
    ExitCode::SUCCESS
}

fn print(name: &str, hash: u64) {
    println!("{name} = {hash:016x}");
}
