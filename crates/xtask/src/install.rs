//! Finds what the tasks need beside cargo and a C linker, and installs what is missing.
//!
//! Rust targets and components come from rustup, `qemu-system-arm` from the system's package manager. Where the right
//! to install is missing, the error is the exact command to type.

use crate::process;
use anyhow::{Result, bail};
use std::process::{Command, Stdio};

/// The emulator of the boards.
pub const QEMU: &str = "qemu-system-arm";

/// A package manager, with the commands that install [`QEMU`].
#[derive(Debug)]
struct Manager {
    program: &'static str,
    commands: &'static [&'static [&'static str]],
    needs_root: bool,
}

/// The first whose program is in `PATH` is used.
///
/// A list of packages that is out of date names files that are gone, so it is renewed first where the install command
/// does not do that by itself.
const MANAGERS: &[Manager] = &[
    Manager {
        program: "apt-get",
        commands: &[
            &["apt-get", "update"],
            &["apt-get", "install", "--yes", "--no-install-recommends", "qemu-system-arm"],
        ],
        needs_root: true,
    },
    Manager { program: "dnf", commands: &[&["dnf", "install", "--assumeyes", "qemu-system-arm"]], needs_root: true },
    Manager {
        program: "zypper",
        commands: &[&["zypper", "--non-interactive", "install", "qemu-arm"]],
        needs_root: true,
    },
    Manager {
        program: "pacman",
        commands: &[&["pacman", "-Sy", "--noconfirm", "--needed", "qemu-system-arm"]],
        needs_root: true,
    },
    Manager { program: "apk", commands: &[&["apk", "add", "--update-cache", "qemu-system-arm"]], needs_root: true },
    Manager { program: "brew", commands: &[&["brew", "install", "qemu"]], needs_root: false },
];

/// What a command of the package manager is prefixed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Right {
    /// Nothing: the user is root, or root is not needed.
    Granted,
    /// `sudo`, which asks for no password.
    Sudo,
    /// There is none: `true` where `sudo` exists and would ask for a password.
    Missing { sudo: bool },
}

/// Installs the targets that the active toolchain lacks.
///
/// # Errors
///
/// rustup is missing or fails; the error is the command to type.
pub fn targets(targets: &[&str]) -> Result<()> {
    let missing: Vec<_> = targets.iter().copied().filter(|target| !has_target(target)).collect();
    rustup("target", &missing)
}

/// Installs the components (`rustfmt`, `clippy`) that the active toolchain lacks.
///
/// # Errors
///
/// rustup is missing or fails; the error is the command to type.
pub fn components() -> Result<()> {
    let has = |tool: &str| {
        let probe = process::cargo().args([tool, "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        probe.is_ok_and(|status| status.success())
    };
    let missing: Vec<_> =
        [("fmt", "rustfmt"), ("clippy", "clippy")].into_iter().filter(|tool| !has(tool.0)).map(|tool| tool.1).collect();
    rustup("component", &missing)
}

/// Installs Miri, which runs a program and watches its unsafe code, in the nightly toolchain.
///
/// # Errors
///
/// rustup fails; the error is the command to type.
pub fn miri() -> Result<()> {
    let line = "rustup component add --toolchain nightly miri rust-src";
    let probe = process::read(Command::new("rustup").args(["run", "nightly", "cargo", "miri", "--version"]));
    if probe.is_err() && process::run(Command::new("rustup").args(line.split(' ').skip(1))).is_err() {
        bail!("cannot install Miri; type\n    {line}");
    }
    Ok(())
}

/// Installs `cargo-fuzz`, which the fuzzer needs beside a nightly toolchain.
///
/// # Errors
///
/// cargo fails; the error is the command to type.
pub fn cargo_fuzz() -> Result<()> {
    if process::find("cargo-fuzz").is_some() {
        return Ok(());
    }
    let line = "cargo install --locked cargo-fuzz";
    eprintln!("installing cargo-fuzz, which takes a minute: {line}");
    if let Err(error) = process::read(process::cargo().args(line.split(' ').skip(1))) {
        bail!("{error:#}\ncannot install cargo-fuzz; type\n    {line}");
    }
    Ok(())
}

fn rustup(kind: &str, missing: &[&str]) -> Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    let line = format!("rustup {kind} add {}", missing.join(" "));
    if process::find("rustup").is_none() {
        bail!("rustup is missing: install it from https://rustup.rs, then type\n    {line}");
    }
    eprintln!("installing: {line}");
    if process::run(Command::new("rustup").args([kind, "add"]).args(missing)).is_err() {
        bail!("cannot install what the toolchain lacks; type\n    {line}");
    }
    Ok(())
}

/// Installs `qemu-system-arm` unless it is in `PATH`.
///
/// # Errors
///
/// There is no package manager that we know, no right to install, or the package manager fails; the error is the
/// command to type.
pub fn qemu() -> Result<()> {
    if process::find(QEMU).is_some() {
        return Ok(());
    }
    let Some(manager) = manager() else { bail!(advice()) };
    let right = right(manager);
    if let Right::Missing { .. } = right {
        bail!(advice());
    }
    eprintln!("installing {QEMU}, which takes a minute: {}", line(manager, right));
    let mut result = Ok(());
    for words in manager.commands {
        // Only the last one decides: renewing the list fails as a whole when one of its sources is out of reach.
        result = process::read(&mut command(words, right)).map(drop);
    }
    if let Err(error) = result {
        eprintln!("{error:#}");
    }
    require_qemu()
}

/// Fails with the line to type where the active toolchain lacks a target.
///
/// # Errors
///
/// The target is not installed.
pub fn require_target(target: &str) -> Result<()> {
    if !has_target(target) {
        bail!("the Rust target {target} is not installed; type\n    rustup target add {target}");
    }
    Ok(())
}

/// Fails with the line to type where `qemu-system-arm` is not in `PATH`.
///
/// # Errors
///
/// The emulator is not installed.
pub fn require_qemu() -> Result<()> {
    if process::find(QEMU).is_none() {
        bail!(advice());
    }
    Ok(())
}

/// Whether the active toolchain has the core library of a target.
fn has_target(target: &str) -> bool {
    let path = process::read(Command::new("rustc").args(["--print", "target-libdir", "--target", target]));
    path.is_ok_and(|path| std::path::Path::new(path.trim()).is_dir())
}

fn manager() -> Option<&'static Manager> {
    MANAGERS.iter().find(|manager| process::find(manager.program).is_some())
}

fn right(manager: &Manager) -> Right {
    if !manager.needs_root || process::read(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0") {
        return Right::Granted;
    }
    if process::find("sudo").is_none() {
        return Right::Missing { sudo: false };
    }
    let no_password = process::read(Command::new("sudo").args(["-n", "true"])).is_ok();
    if no_password { Right::Sudo } else { Right::Missing { sudo: true } }
}

fn command(words: &[&str], right: Right) -> Command {
    let mut command = Command::new(if right == Right::Sudo { "sudo" } else { "env" });
    if right == Right::Sudo {
        command.args(["-n", "env"]);
    }
    // Debian's installer asks nothing then; the others ignore it.
    command.arg("DEBIAN_FRONTEND=noninteractive").args(words);
    command
}

/// What a person types to install [`QEMU`].
fn line(manager: &Manager, right: Right) -> String {
    let join = |prefix: &str| {
        let commands = manager.commands.iter().map(|words| format!("{prefix}{}", words.join(" ")));
        commands.collect::<Vec<_>>().join(" && ")
    };
    match right {
        Right::Granted => join(""),
        Right::Sudo | Right::Missing { sudo: true } => join("sudo "),
        Right::Missing { sudo: false } => format!("su -c '{}'", join("")),
    }
}

fn advice() -> String {
    match manager() {
        Some(manager) => format!("{QEMU} is not installed; type\n    {}", line(manager, right(manager))),
        None => format!("{QEMU} is not installed; see https://www.qemu.org/download/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_manager_has_a_line_to_type() {
        for manager in MANAGERS {
            for words in manager.commands {
                assert_eq!(words[0], manager.program);
            }
            let last = manager.commands.last().unwrap();
            assert!(last.last().unwrap().starts_with("qemu"), "{manager:?}");
        }
        let apt = &MANAGERS[0];
        assert_eq!(
            line(apt, Right::Missing { sudo: true }),
            "sudo apt-get update && sudo apt-get install --yes --no-install-recommends qemu-system-arm"
        );
        assert_eq!(
            line(apt, Right::Missing { sudo: false }),
            "su -c 'apt-get update && apt-get install --yes --no-install-recommends qemu-system-arm'"
        );
    }

    #[test]
    fn sudo_never_asks() {
        let shown = process::display(&command(&["apt-get", "update"], Right::Sudo));
        assert!(shown.starts_with("sudo -n env DEBIAN_FRONTEND=noninteractive apt-get"), "{shown}");
    }

    #[test]
    fn a_target_is_missing_or_there() {
        let host = process::read(Command::new("rustc").args(["--print", "host-tuple"])).unwrap();
        require_target(host.trim()).unwrap();
        let error = require_target("avr-none").unwrap_err().to_string();
        assert!(error.ends_with("rustup target add avr-none"), "{error}");
    }
}
