//! Chooses the board by its cargo feature, and packs the data for flash.
//!
//! Models and their data are those of `data/`. Of a model that the folder has which `NEURONA_MODEL_DIR` names, from here, model
//! and data come from there.

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

/// Packs what a model needs from the folder that it is in.
type Pack = fn(&Path) -> Result<(), String>;

/// The models, and beside each what is packed with it.
const MODELS: [(&str, Pack); 3] = [("digits", pack_digits), ("gesture", pack_motion), ("keyword", pack_recordings)];

/// The sample rate of the recordings: that of `src/keyword.rs`.
const SAMPLE_RATE: u32 = 8000;

/// Copies the models and packs their data.
fn pack_data() -> Result<(), String> {
    println!("cargo::rerun-if-env-changed=NEURONA_MODEL_DIR");
    let asked = env::var_os("NEURONA_MODEL_DIR").map(PathBuf::from);
    let file = |dir: &Path, name: &str| dir.join(name).with_extension("neurona");
    if let Some(asked) = &asked
        && !MODELS.iter().any(|(name, _)| file(asked, name).exists())
    {
        let names = MODELS.map(|(name, _)| format!("{name}.neurona")).join(", ");
        return Err(format!("NEURONA_MODEL_DIR: {} has none of {names}", asked.display()));
    }
    for (name, pack) in MODELS {
        let from = asked.as_deref().filter(|asked| file(asked, name).exists()).unwrap_or(Path::new("data"));
        let model = file(from, name);
        watch(&model);
        let bytes = fs::read(&model).map_err(|error| format!("cannot read {}: {error}", model.display()))?;
        write(&format!("{name}.neurona"), &bytes)?;
        pack(from)?;
    }
    // A model that comes later is seen too.
    asked.iter().for_each(|asked| watch(asked));
    Ok(())
}

fn watch(path: &Path) {
    println!("cargo::rerun-if-changed={}", path.display());
}

/// Packs images of digits: a label and 64 grey levels an example, a byte each.
fn pack_digits(dir: &Path) -> Result<(), String> {
    for name in ["learn", "test"] {
        let path = dir.join(name).with_extension("csv");
        watch(&path);
        write(&format!("{name}.bin"), &pack(&path)?)?;
    }
    Ok(())
}

/// Packs a stream of motion: for each sample a byte that says which name it has, and six values of two bytes.
fn pack_motion(dir: &Path) -> Result<(), String> {
    let path = dir.join("gesture.csv");
    watch(&path);
    let text = read(&path)?;
    let (mut names, mut bytes) = (Vec::new(), Vec::new());
    for (line, row) in text.lines().enumerate().skip(1) {
        let mut cells = row.split(',');
        let name = cells.next().unwrap_or_default();
        let values: Result<Vec<i16>, _> = cells.map(str::parse).collect();
        let Some(values) = values.ok().filter(|values| values.len() == 6 && !name.is_empty()) else {
            let place = format!("{}, line {}", path.display(), line + 1);
            return Err(format!("{place}: expected the name of a gesture and six whole numbers of 16 bits"));
        };
        let known = names.iter().position(|known| *known == name);
        bytes.push(known.unwrap_or(names.len()) as u8);
        if known.is_none() {
            names.push(name);
        }
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    }
    if names.is_empty() || names.len() > 256 {
        return Err(format!("{}: expected samples of up to 256 names, found {}", path.display(), names.len()));
    }
    write("gesture_names.rs", format!("{names:?}").as_bytes())?;
    write("gesture.bin", &bytes)
}

/// Packs recordings, and writes the source of their list: `keyword/yes-1.wav` is a `yes`.
fn pack_recordings(dir: &Path) -> Result<(), String> {
    let dir = dir.join("keyword");
    watch(&dir);
    let entries = fs::read_dir(&dir).map_err(|error| format!("cannot read {}: {error}", dir.display()))?;
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "wav"));
    paths.sort();
    let mut source = String::from("&[\n");
    for (number, path) in paths.iter().enumerate() {
        watch(path);
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let name = stem.rsplit_once('-').map_or(&*stem, |(name, _)| name);
        write(&format!("keyword_{number}.bin"), &pack_recording(path)?)?;
        source +=
            &format!("({name:?}, include_bytes!(concat!(env!(\"OUT_DIR\"), \"/keyword_{number}.bin\")) as &[u8]),\n");
    }
    if paths.is_empty() {
        return Err(format!("{}: expected recordings such as yes-1.wav, found none", dir.display()));
    }
    write("keyword_recordings.rs", (source + "]").as_bytes())
}

fn pack_recording(path: &Path) -> Result<Vec<u8>, String> {
    let wrong = |error: hound::Error| format!("{}: {error}", path.display());
    let reader = hound::WavReader::open(path).map_err(wrong)?;
    let found = reader.spec();
    if (found.channels, found.sample_rate, found.bits_per_sample) != (1, SAMPLE_RATE, 16) {
        let expected = format!("one channel, {SAMPLE_RATE} samples a second, 16 bits");
        return Err(format!("{}: expected {expected}, found {found:?}", path.display()));
    }
    let samples: Result<Vec<i16>, _> = reader.into_samples().collect();
    Ok(samples.map_err(wrong)?.into_iter().flat_map(i16::to_le_bytes).collect())
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
