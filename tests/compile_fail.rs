//! What the compiler says of a network that does not fit: one error, on the line of the layer.
//!
//! The texts are those of one version of rustc without its component `rust-src`, whose lines it would show too. Another
//! one may say the same in other words, so that this test then says that it was left out; `TRYBUILD=overwrite` writes the
//! texts anew.

use std::path::Path;
use std::process::Command;

const RUSTC: &str = "1.95";

#[test]
fn a_network_that_does_not_fit_is_one_error_on_its_line() {
    let rustc = |argument: &[&str]| {
        let output = Command::new("rustc").args(argument).output().expect("rustc runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let version = rustc(&["--version"]);
    if !version.starts_with(&format!("rustc {RUSTC}.")) {
        println!("left out: the texts are those of rustc {RUSTC}, this is {version}");
        return;
    }
    if Path::new(rustc(&["--print", "sysroot"]).trim()).join("lib/rustlib/src/rust/library").exists() {
        println!("left out: the texts are those of a rustc without the component `rust-src`");
        return;
    }
    trybuild::TestCases::new().compile_fail("compile_fail/*.rs");
}
