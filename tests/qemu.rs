//! Runs the firmware on every core that QEMU emulates.
//!
//! Each core is built once, whatever tests run. Where QEMU or a Rust target is missing, a test fails with the line to
//! type; `NEURONA_SKIP_QEMU=1` leaves all of them out, and says so.

use anyhow::{Result, bail, ensure};
use std::io::Write as _;
use std::sync::OnceLock;
use xtask::boards::{EMULATED, Emulated};
use xtask::firmware::{self, Build, Images};

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

on_every_core!(board_layer, failures_end_with_failure, no_panic_is_left, too_large_is_refused);

fn run(core: &str, check: fn(&'static Emulated) -> Result<()>) {
    if skipped() {
        return;
    }
    let board = EMULATED.iter().find(|board| board.core == core).expect("a core of the table");
    if let Err(error) = check(board) {
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

/// The timer counts instructions and the painted stack is read right: the binary says so itself.
fn board_layer(board: &'static Emulated) -> Result<()> {
    firmware::run_ok(board, selftests(board)?.get("selftest-board")?)?;
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

/// The linker finds no way to a panic in what a user copies, and finds one where there is one.
fn no_panic_is_left(board: &'static Emulated) -> Result<()> {
    let proof = Build::new(board).feature("no-panic-proof");
    proof.clone().bin("infer").bin("learn").run()?;
    refused(&proof.feature("selftest").bin("selftest-panic"), "a_panic_is_left_in_this_binary")
}

/// Statics that the RAM has no room for are an error of the compiler, in one sentence.
fn too_large_is_refused(board: &'static Emulated) -> Result<()> {
    let build = Build::new(board).feature("selftest").bin("selftest-too-large");
    refused(&build, "this network does not fit into the RAM of the board")
}

/// A build that must fail, and why.
fn refused(build: &Build, why: &str) -> Result<()> {
    match build.run() {
        Ok(_) => bail!("`{}` was built", xtask::process::display(&build.command())),
        Err(error) => ensure!(error.to_string().contains(why), "refused, but not because \"{why}\"\n{error}"),
    }
    Ok(())
}
