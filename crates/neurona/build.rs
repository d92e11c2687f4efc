//! Tells the crate what arithmetic the core has, of which the compiler tells it a part.

use std::env::var;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(soft_float)");
    println!("cargo::rustc-check-cfg=cfg(armv7m)");
    let is = |key: &str, value: &str| var(key).is_ok_and(|of_target| of_target == value);
    if is("CARGO_CFG_TARGET_ARCH", "arm") && is("CARGO_CFG_TARGET_OS", "none") && !is("CARGO_CFG_TARGET_ABI", "eabihf")
    {
        println!("cargo::rustc-cfg=soft_float");
    }
    // Armv8-M Mainline has the instructions of Armv7-M. Armv6-M and Armv8-M Baseline have neither long products nor a count of
    // leading zeros.
    let target = var("TARGET").unwrap_or_default();
    if ["thumbv7m-", "thumbv7em-", "thumbv8m.main-"].iter().any(|core| target.starts_with(core)) {
        println!("cargo::rustc-cfg=armv7m");
    }
}
