//! Chooses the board by its cargo feature, and packs the data for flash.
//!
//! The folder of the model and its data is `data/`, or the one that `NEURONA_MODEL_DIR` names, from here.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// The boards, each with its cargo feature and its folder in `boards/`.
#[rustfmt::skip]
const BOARDS: [Board; 8] = [
    Board { name: "microbit",          target: "thumbv6m-none-eabi",        timer: "nrf51",   flash: "host",      unit: "instructions", per_two_ticks: 125 },
    Board { name: "mps2-an385",        target: "thumbv7m-none-eabi",        timer: "cmsdk",   flash: "host",      unit: "instructions", per_two_ticks: 80 },
    Board { name: "mps2-an386",        target: "thumbv7em-none-eabihf",     timer: "cmsdk",   flash: "host",      unit: "instructions", per_two_ticks: 80 },
    Board { name: "mps2-an500",        target: "thumbv7em-none-eabihf",     timer: "cmsdk",   flash: "host",      unit: "instructions", per_two_ticks: 80 },
    Board { name: "mps2-an505",        target: "thumbv8m.main-none-eabihf", timer: "cmsdk",   flash: "host",      unit: "instructions", per_two_ticks: 100 },
    Board { name: "nrf52840-dk",       target: "thumbv7em-none-eabihf",     timer: "dwt",     flash: "nrf52840",  unit: "cycles",       per_two_ticks: 2 },
    Board { name: "stm32f4-discovery", target: "thumbv7em-none-eabihf",     timer: "dwt",     flash: "stm32f407", unit: "cycles",       per_two_ticks: 2 },
    Board { name: "raspberry-pi-pico", target: "thumbv6m-none-eabi",        timer: "systick", flash: "rp2040",    unit: "cycles",       per_two_ticks: 2 },
];

struct Board {
    name: &'static str,
    target: &'static str,
    /// The module of `src/board/timer/` that reads the timer.
    timer: &'static str,
    /// The module of `src/board/flash/` that saves.
    flash: &'static str,
    /// What the timer counts: under QEMU, where one instruction takes one nanosecond, instructions.
    unit: &'static str,
    /// How many of them two ticks are: two, because 16 MHz is 62.5 instructions a tick.
    per_two_ticks: u32,
}

fn main() {
    if let Err(error) = run() {
        println!("cargo::error={error}");
    }
}

fn run() -> Result<(), String> {
    println!("cargo::rustc-check-cfg=cfg(timer, values(\"nrf51\", \"cmsdk\", \"dwt\", \"systick\"))");
    println!("cargo::rustc-check-cfg=cfg(flash, values(\"host\", \"nrf52840\", \"stm32f407\", \"rp2040\"))");
    println!("cargo::rerun-if-changed=build.rs");
    pack_data()?;
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("none") { choose_board() } else { Ok(()) }
}

/// Hands the board's `memory.x` to the linker, and its figures to the code.
fn choose_board() -> Result<(), String> {
    let feature = |board: &&Board| {
        env::var_os(format!("CARGO_FEATURE_{}", board.name.to_uppercase().replace('-', "_"))).is_some()
    };
    let chosen: Vec<_> = BOARDS.iter().filter(feature).collect();
    let [board] = chosen[..] else {
        let names: Vec<_> = BOARDS.iter().map(|board| board.name).collect();
        return Err(format!(
            "choose one board, not {}: build with `--features` and one of {}",
            chosen.len(),
            names.join(", ")
        ));
    };
    let target = env::var("TARGET").unwrap_or_default();
    if target != board.target {
        return Err(format!("the board {} needs `--target {}`, not {target}", board.name, board.target));
    }
    let memory = Path::new("boards").join(board.name).join("memory.x");
    println!("cargo::rerun-if-changed={}", memory.display());
    let script = read(&memory)?;
    let (ram, stack) = (length(&script, "RAM")?, length(&script, "STACK")?);
    write("memory.x", script.as_bytes())?;
    write("board.rs", constants(board, ram, stack).as_bytes())?;
    println!("cargo::rustc-link-search={}", out_dir().display());
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    println!("cargo::rustc-cfg=timer=\"{}\"", board.timer);
    println!("cargo::rustc-cfg=flash=\"{}\"", board.flash);
    Ok(())
}

fn constants(board: &Board, ram: u32, stack: u32) -> String {
    format!(
        "/// The board's name, which is that of its cargo feature.\n\
         pub const NAME: &str = {:?};\n\
         /// Bytes of RAM for statics: all of it but the stack's.\n\
         pub const RAM: usize = {ram};\n\
         /// Bytes of RAM that the linker sets apart for the stack.\n\
         pub const STACK: usize = {stack};\n\
         pub(crate) const UNIT: &str = {:?};\n\
         pub(crate) const PER_TWO_TICKS: u64 = {};\n",
        board.name, board.unit, board.per_two_ticks
    )
}

/// The length of a region of a linker script in bytes, which is a number of KiB.
fn length(script: &str, region: &str) -> Result<u32, String> {
    script
        .lines()
        .find(|line| line.split_whitespace().next() == Some(region))
        .and_then(|line| line.rsplit_once("LENGTH = "))
        .and_then(|(_, length)| length.trim().strip_suffix('K')?.parse::<u32>().ok())
        .map(|kib| kib * 1024)
        .ok_or_else(|| format!("memory.x has no region {region} of a number of KiB, such as `LENGTH = 14K`"))
}

/// Copies the model, and packs each data file: a label and 64 grey levels an example, a byte each.
fn pack_data() -> Result<(), String> {
    println!("cargo::rerun-if-env-changed=NEURONA_MODEL_DIR");
    let dir = PathBuf::from(env::var_os("NEURONA_MODEL_DIR").unwrap_or_else(|| "data".into()));
    for name in ["learn", "test"] {
        let path = dir.join(name).with_extension("csv");
        println!("cargo::rerun-if-changed={}", path.display());
        write(&format!("{name}.bin"), &pack(&path)?)?;
    }
    let model = dir.join("digits.neurona");
    println!("cargo::rerun-if-changed={}", model.display());
    let bytes = fs::read(&model).map_err(|error| format!("cannot read {}: {error}", model.display()))?;
    write("digits.neurona", &bytes)
}

fn pack(path: &Path) -> Result<Vec<u8>, String> {
    let text = read(path)?;
    let mut bytes = Vec::new();
    for (line, row) in text.lines().enumerate().skip(1) {
        let values: Result<Vec<u8>, _> = row.split(',').map(str::parse).collect();
        match values.as_deref() {
            Ok([label @ 0..=9, pixels @ ..]) if pixels.len() == 64 && pixels.iter().all(|pixel| *pixel <= 16) => {
                bytes.push(*label);
                bytes.extend(pixels);
            }
            _ => {
                let place = format!("{}, line {}", path.display(), line + 1);
                return Err(format!("{place}: expected a label from 0 to 9 and 64 grey levels from 0 to 16"));
            }
        }
    }
    if bytes.is_empty() {
        return Err(format!("{}: expected a line of names and then examples, found none", path.display()));
    }
    Ok(bytes)
}

fn out_dir() -> PathBuf {
    env::var_os("OUT_DIR").expect("cargo sets OUT_DIR").into()
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

fn write(name: &str, bytes: &[u8]) -> Result<(), String> {
    let path = out_dir().join(name);
    fs::write(&path, bytes).map_err(|error| format!("cannot write {}: {error}", path.display()))
}
