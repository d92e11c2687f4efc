//! `cargo xtask bench layers`.

use super::super::step;
use super::device::{Variant, variants};
use anyhow::{Context as _, Result, bail};
use lexopt::prelude::*;
use std::fs;
use std::path::PathBuf;
use xtask::firmware::{self, Build};
use xtask::{budget, install, process, root, target_dir};

const HELP: &str = "\
Measure layers on the emulated boards, and fit to them what `neurona inspect --target` predicts.

Usage: cargo xtask bench layers [--bless]

Options:
  --bless  Write the model that neurona has: crates/neurona-train/src/cost/model.toml

For each core and for opt-level 3 and s: networks that were not fitted to, what they take and what is predicted.";

pub(super) fn main(arguments: &mut lexopt::Parser) -> Result<()> {
    let mut bless = false;
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('h') | Long("help") => {
                println!("{HELP}");
                return Ok(());
            }
            Long("bless") => bless = true,
            other => return Err(other.unexpected().into()),
        }
    }
    install::qemu()?;
    install::targets(&xtask::boards::targets())?;
    let folder = target_dir().join("layers");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let mut measured = Vec::new();
    for variant in variants() {
        for opt in ["3", "s"] {
            let target = format!("{}/{opt}", variant.name);
            let path = folder.join(target.replace('/', "-"));
            let printed = step(&format!("layers on {} at opt-level {opt}", variant.name), || measure(variant, opt))?;
            fs::write(&path, printed).with_context(|| format!("cannot write {}", path.display()))?;
            measured.push(format!("{target}={}", path.display()));
        }
    }
    let model: PathBuf = match bless {
        true => root().join("crates/neurona-train/src/cost/model.toml"),
        false => folder.join("model.toml"),
    };
    let mut fit = process::cargo();
    fit.current_dir(root()).args(["run", "--release", "--quiet", "-p", "neurona-train", "--example", "fit_cost", "--"]);
    fit.arg(&model).arg(budget::rustc_version()?).args(&measured);
    let status = fit.status().with_context(|| format!("cannot start `{}`", process::display(&fit)))?;
    if !status.success() {
        bail!("`{}` failed: {status}", process::display(&fit));
    }
    println!("{}", model.display());
    Ok(())
}

fn measure(Variant { board, feature, .. }: Variant, opt: &'static str) -> Result<String> {
    let mut build = Build::new(&board).opt_level(opt).feature("cost").bin("cost-layers");
    if let Some(feature) = feature {
        build = build.feature(feature);
    }
    firmware::run_ok(&board, build.run()?.get("cost-layers")?)
}
