//! What the compiler says of a network that does not fit: one error, on the line of the layer.
//!
//! The texts are those of one version of rustc. Another one may say the same in other words, so that this test then
//! says that it was left out; `TRYBUILD=overwrite` writes the texts anew.

const RUSTC: &str = "1.95";

#[test]
fn a_network_that_does_not_fit_is_one_error_on_its_line() {
    let version = std::process::Command::new("rustc").arg("--version").output().expect("rustc runs");
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    if !version.starts_with(&format!("rustc {RUSTC}.")) {
        println!("left out: the texts are those of rustc {RUSTC}, this is {version}");
        return;
    }
    trybuild::TestCases::new().compile_fail("compile_fail/*.rs");
}
