//! Runs the firmware on every core that QEMU emulates.
//!
//! Each core is built once, whatever tests run. Where QEMU or a Rust target is missing, a test fails with the line to
//! type; `NEURONA_SKIP_QEMU=1` leaves all of them out, and says so.

use anyhow::{Context as _, Result, bail, ensure};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::Stdio;
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;
use xtask::boards::{EMULATED, Emulated};
use xtask::firmware::{self, Build, Images};
use xtask::host::{self, Profile};
use xtask::{install, process, size};

/// A test on each core, from a function that takes its board.
macro_rules! on_every_core {
    ($($check:ident),*) => { $(
        mod $check {
            #[test]
            fn cortex_m0() { super::run("cortex-m0", super::$check); }
            #[test]
            fn cortex_m3() { super::run("cortex-m3", super::$check); }
            #[test]
            fn cortex_m4f() { super::run("cortex-m4f", super::$check); }
            #[test]
            fn cortex_m7() { super::run("cortex-m7", super::$check); }
            #[test]
            fn cortex_m33() { super::run("cortex-m33", super::$check); }
        }
    )* };
}

on_every_core!(
    outputs_are_the_recorded_ones,
    hashes_are_those_of_the_desktop,
    weights_stand_once_in_flash,
    what_was_saved_survives_being_killed,
    board_layer,
    kernels_keep_their_bits,
    memory_is_what_the_type_says,
    failures_end_with_failure,
    no_panic_is_left,
    too_large_is_refused
);

fn run(core: &str, check: fn(&'static Emulated) -> Result<()>) {
    if skipped() {
        return;
    }
    let board = EMULATED.iter().find(|board| board.core == core).expect("a core of the table");
    if let Err(error) = install::require_qemu().and_then(|()| check(board)) {
        panic!("{core}: {error:#}");
    }
}

/// Whether the emulated boards are left out; says so past the test harness, which shows nothing of a test that passes.
fn skipped() -> bool {
    let skipped = std::env::var("NEURONA_SKIP_QEMU").is_ok_and(|value| value == "1");
    if skipped {
        static SAID: OnceLock<()> = OnceLock::new();
        SAID.get_or_init(|| {
            let _ = writeln!(std::io::stderr(), "emulated boards: left out, because NEURONA_SKIP_QEMU is 1");
        });
    }
    skipped
}

/// The images of the examples.
fn examples(board: &'static Emulated) -> Result<&'static Images> {
    static BUILT: [OnceLock<Result<Images, String>>; EMULATED.len()] = [const { OnceLock::new() }; EMULATED.len()];
    once(&BUILT, board, &Build::new(board))
}

/// The images of the binaries that test the board layer.
fn selftests(board: &'static Emulated) -> Result<&'static Images> {
    static BUILT: [OnceLock<Result<Images, String>>; EMULATED.len()] = [const { OnceLock::new() }; EMULATED.len()];
    let bins = ["board", "failure", "fault", "overflow", "panic"];
    let build =
        bins.iter().fold(Build::new(board).feature("selftest"), |build, bin| build.bin(&format!("selftest-{bin}")));
    once(&BUILT, board, &build)
}

/// The first test of a core builds; the others wait for it and take the same images, or the same error.
fn once(
    built: &'static [OnceLock<Result<Images, String>>; EMULATED.len()],
    board: &Emulated,
    build: &Build,
) -> Result<&'static Images> {
    let (_, built) = EMULATED.iter().zip(built).find(|(other, _)| *other == board).expect("a board of the table");
    match built.get_or_init(|| build.run().map_err(|error| format!("{error:#}"))) {
        Ok(images) => Ok(images),
        Err(error) => bail!("{error}"),
    }
}

/// The whole output of each example is the file beside it, but for the lines that speak of the board.
fn outputs_are_the_recorded_ones(board: &'static Emulated) -> Result<()> {
    let folder = tempfile::tempdir()?;
    for (bin, image) in examples(board)?.iter() {
        let path = firmware::workspace().join("src/bin").join(bin).with_extension("out");
        let recorded = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let printed = without_board(&firmware::run_in(board, image, folder.path())?);
        ensure!(printed == recorded, "{bin} prints\n{printed}\nand {} is\n{recorded}", path.display());
    }
    Ok(())
}

fn without_board(stdout: &str) -> String {
    stdout.lines().filter(|line| !line.starts_with("board.")).map(|line| format!("{line}\n")).collect()
}

/// The board computes the bits of the desktop, with nothing optimised there and with everything.
fn hashes_are_those_of_the_desktop(board: &'static Emulated) -> Result<()> {
    let images = examples(board)?;
    ensure!(images.parity().count() > 1, "the firmware has not the binaries of all families");
    for (bin, image) in images.parity() {
        let printed = without_board(&firmware::run_ok(board, image)?);
        ensure!(firmware::values(&printed).count() > 1, "no hashes in\n{printed}");
        for profile in [Profile::Unoptimized, Profile::Release] {
            let desktop = host::parity(bin, profile, None)?;
            ensure!(printed == desktop, "{bin}: the board prints\n{printed}\nand the desktop, {profile:?},\n{desktop}");
        }
    }
    Ok(())
}

/// The tensors of the model file are in the image, and nowhere a second time.
fn weights_stand_once_in_flash(board: &'static Emulated) -> Result<()> {
    let model = firmware::workspace().join("data/digits.neurona");
    let file = fs::read(&model).with_context(|| format!("cannot read {}", model.display()))?;
    // The tensors are the end of the file (docs/model-file.md): 32 x 64 + 32 and 10 x 32 + 10 values of four bytes.
    let tensors = file.last_chunk::<9640>().context("the model file is too short")?;
    for bin in ["infer", "learn"] {
        let image = examples(board)?.get(bin)?;
        let whole = size::occurrences(image, tensors)?;
        ensure!(whole.len() == 1, "{bin} holds the weights {} times", whole.len());
        // A part of them would be a copy too: the first row.
        let row = size::occurrences(image, &tensors[..64 * 4])?;
        ensure!(row == whole, "{bin} holds the first row of weights {} times", row.len());
    }
    Ok(())
}

/// Ended at any moment, the firmware finds at its next start what it saved last, and ends with the bits of a run that was
/// never ended.
///
/// The emulator is killed some time after a line `saved`: while the network learns, or while a record is written. Each
/// word is in the file of the flash as soon as it is written.
fn what_was_saved_survives_being_killed(board: &'static Emulated) -> Result<()> {
    let image = examples(board)?.get("save")?;
    let (unbroken, broken) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let reference = firmware::run_in(board, image, unbroken.path())?;
    // The hash of the weights after each count of steps: a value is the two of them.
    let all: Vec<&str> = firmware::values(&reference).filter(|(name, _)| *name == "saved").map(|(_, v)| v).collect();
    ensure!(all.len() == 12, "a run saves twelve times, not\n{reference}");
    let (mut newest, mut saved) = (None, 0);
    for generation in 0..9_u64 {
        // Times that no two generations share, most of them less than a save and the steps before it take.
        let after = Duration::from_micros(generation * generation * 977);
        let lines = kill_after_a_save(board, image, broken.path(), after)?;
        let first = lines.first().context("the firmware printed nothing")?;
        let started = match newest {
            None => first.starts_with("trained = 0 "),
            Some(newest) => first.strip_prefix("loaded = ").is_some_and(|value| {
                // What was saved last and said so, or the next one, which was whole when it was killed.
                value == all[newest] || Some(value) == all.get(newest + 1).copied()
            }),
        };
        ensure!(started, "generation {generation} begins with `{first}`, and saved before was {newest:?} of {all:?}");
        for line in &lines[1..] {
            if let Some(value) = line.strip_prefix("saved = ") {
                newest = Some(all.iter().position(|saved| *saved == value).context("other bits than the reference")?);
                saved += 1;
            }
        }
    }
    ensure!(saved >= 3, "the firmware got no further than {newest:?}");
    let end = firmware::run_in(board, image, broken.path())?;
    for name in ["turned", "upright"] {
        let [broken, unbroken] = [&end, &reference].map(|run| firmware::value::<usize>(run, name));
        ensure!(broken? == unbroken?, "killed, it ends with\n{end}\nand else with\n{reference}");
    }
    let last = firmware::run_in(board, image, broken.path())?;
    ensure!(last.starts_with(&format!("loaded = {}\n", all[11])), "killed, it ends with\n{last}");
    Ok(())
}

/// Runs an image until it has printed a line `saved`, then a while longer, and kills it; the lines that it printed.
fn kill_after_a_save(board: &Emulated, image: &Path, folder: &Path, after: Duration) -> Result<Vec<String>> {
    let mut child = firmware::qemu(board, image).current_dir(folder).stdout(Stdio::piped()).spawn()?;
    let mut lines = BufReader::new(child.stdout.take().context("it has an output")?).lines();
    let mut printed = Vec::new();
    for line in lines.by_ref() {
        printed.push(line?);
        if printed.last().is_some_and(|line| line.starts_with("saved = ")) {
            break;
        }
    }
    thread::sleep(after);
    child.kill()?;
    child.wait()?;
    for line in lines {
        printed.push(line?);
    }
    Ok(printed)
}

/// The timer counts instructions and the painted stack is read right: the binary says so itself.
fn board_layer(board: &'static Emulated) -> Result<()> {
    firmware::run_ok(board, selftests(board)?.get("selftest-board")?)?;
    Ok(())
}

/// The kernels compute what plain loops do, in each of their forms: on a core with a floating-point unit, and in integers on one
/// without.
fn kernels_keep_their_bits(board: &'static Emulated) -> Result<()> {
    let build = Build::new(board).feature("selftest").bin("selftest-kernels");
    let mut builds = vec![build.clone()];
    if board.target.ends_with("hf") {
        builds.push(build.feature("cortex-m4"));
    }
    for build in builds {
        let stdout = firmware::run_ok(board, build.run()?.get("selftest-kernels")?)?;
        ensure!(firmware::value::<u64>(&stdout, "differences")? == 0, "{stdout}");
    }
    Ok(())
}

/// The images that hold a network and nothing else: an inference, learning by each rule, and a layer in flash.
const COSTS: [&str; 8] = [
    "cost-n1-infer",
    "cost-learn-in-place",
    "cost-learn-head",
    "cost-learn-small-in-place",
    "cost-learn-small-sgd",
    "cost-learn-small-momentum",
    "cost-learn-small-adam",
    "cost-learn-machine",
];

/// Statics are what the constant of the type says, and the painted stack is within the bound; all of them fit into the 16 KiB
/// of the micro:bit.
fn memory_is_what_the_type_says(board: &'static Emulated) -> Result<()> {
    // A core without a floating-point unit, one that divides, and one with it: others have the same code as one of them.
    if !["cortex-m0", "cortex-m3", "cortex-m4f"].contains(&board.core) {
        return Ok(());
    }
    let images = COSTS.iter().fold(Build::new(board).feature("cost"), |build, bin| build.bin(bin)).run()?;
    for bin in COSTS {
        let image = images.get(bin)?;
        // By semihosting, which QEMU gives out on standard error.
        let run = firmware::run(board, image)?;
        ensure!(run.code == Some(0), "{bin} ends with {:?}", run.code);
        let [input, ram, stack] = ["input", "ram", "stack"].map(|name| firmware::value::<u64>(&run.stderr, name));
        let (expected, stack, statics) = (input? + ram?, stack?, size::of(image)?.ram());
        // Each of at most three statics has a flag, whether it is taken, and is padded to a word.
        ensure!(
            (expected..=expected + 12).contains(&statics),
            "{bin}: {statics} B of statics, {expected} B by the type"
        );
        ensure!(stack > 0 && stack <= neurona::STACK as u64, "{bin}: {stack} B of stack");
        ensure!(statics + stack <= 16 * 1024, "{bin}: {statics} B of statics and {stack} B of stack");
    }
    Ok(())
}

/// Every bad end is a failing exit code and one line that says why.
fn failures_end_with_failure(board: &'static Emulated) -> Result<()> {
    let images = selftests(board)?;
    for (bin, line) in [
        ("selftest-failure", ""),
        ("selftest-fault", "hard fault at 0x"),
        ("selftest-overflow", "hard fault: the stack is larger than"),
        ("selftest-panic", "panicked at "),
    ] {
        let run = firmware::run(board, images.get(bin)?)?;
        ensure!(run.code == Some(1) && run.stdout.starts_with(line), "{bin}: {run:?}");
    }
    Ok(())
}

/// The binaries without a panic: what a user copies, and what runs layers of every kind.
const PROVED: [&str; 8] = ["adapt", "deep", "gesture", "infer", "keyword", "learn", "save", "stack"];

/// The linker finds no way to a panic in what a user copies, and finds one where there is one.
fn no_panic_is_left(board: &'static Emulated) -> Result<()> {
    let proof = Build::new(board).feature("no-panic-proof");
    PROVED.iter().fold(proof.clone(), |proof, bin| proof.bin(bin)).run()?;
    refused(&proof.feature("selftest").bin("selftest-panic"), "a_panic_is_left_in_this_binary")
}

/// Statics that the RAM has no room for are an error of the compiler, in one sentence.
fn too_large_is_refused(board: &'static Emulated) -> Result<()> {
    let build = Build::new(board).feature("selftest").bin("selftest-too-large");
    refused(&build, "this network does not fit into the RAM of the board")
}

/// The firmware's library has tests of its own, in another workspace.
#[test]
fn the_library_of_the_firmware() {
    let mut cargo = process::cargo();
    cargo.current_dir(firmware::workspace()).args(["test", "--lib", "--target-dir"]).arg(firmware::build_dir());
    if let Err(error) = process::read(&mut cargo) {
        panic!("{error:#}");
    }
}

/// A build that must fail, and why.
fn refused(build: &Build, why: &str) -> Result<()> {
    match build.run() {
        Ok(_) => bail!("`{}` was built", process::display(&build.command())),
        Err(error) => ensure!(error.to_string().contains(why), "refused, but not because \"{why}\"\n{error}"),
    }
    Ok(())
}
