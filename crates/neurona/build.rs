//! Tells the crate what arithmetic the core has, of which the compiler tells it a part.

use std::env::var;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    for cfg in ["soft_float", "armv6m", "armv7m"] {
        println!("cargo::rustc-check-cfg=cfg({cfg})");
    }
    let is = |key: &str, value: &str| var(key).is_ok_and(|of_target| of_target == value);
    if is("CARGO_CFG_TARGET_ARCH", "arm") && is("CARGO_CFG_TARGET_OS", "none") && !is("CARGO_CFG_TARGET_ABI", "eabihf")
    {
        println!("cargo::rustc-cfg=soft_float");
    }
    // Armv8-M Mainline has the instructions of Armv7-M, Armv8-M Baseline those of Armv6-M, with neither long products nor a count
    // of leading zeros.
    let target = var("TARGET").unwrap_or_default();
    let has = |cores: &[&str]| cores.iter().any(|core| target.starts_with(core));
    if has(&["thumbv6m-", "thumbv8m.base-"]) {
        println!("cargo::rustc-cfg=armv6m");
    } else if has(&["thumbv7m-", "thumbv7em-", "thumbv8m.main-"]) {
        println!("cargo::rustc-cfg=armv7m");
    }
}
