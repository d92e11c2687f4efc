//! Commands whose failure says what was run, and so how to repeat it.

use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The cargo that runs this task, or the one in `PATH`, in the root of the repository.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(crate::root());
    command
}

/// Runs a command with the terminal as its output.
///
/// # Errors
///
/// The command cannot be started, or ends with another status than 0.
pub fn run(command: &mut Command) -> Result<()> {
    let status =
        command.stdin(Stdio::null()).status().with_context(|| format!("cannot start `{}`", display(command)))?;
    if !status.success() {
        bail!("`{}` failed: {status}", display(command));
    }
    Ok(())
}

/// Runs a command and returns what it printed on standard output.
///
/// # Errors
///
/// The command cannot be started, or ends with another status than 0; the error holds all that it printed.
pub fn read(command: &mut Command) -> Result<String> {
    let output = output(command)?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` failed: {}\n{text}{errors}", display(command), output.status);
    }
    Ok(text.into_owned())
}

/// Runs a command and returns its status and all that it printed.
///
/// # Errors
///
/// The command cannot be started.
pub fn output(command: &mut Command) -> Result<Output> {
    command.stdin(Stdio::null()).output().with_context(|| format!("cannot start `{}`", display(command)))
}

/// The command as a person would type it at the root of the repository.
pub fn display(command: &Command) -> String {
    let mut words = Vec::new();
    if let Some(dir) = command.get_current_dir().filter(|dir| *dir != crate::root()) {
        words.push(format!("cd {} &&", quote(&relative(dir).to_string_lossy())));
    }
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            words.push(format!("{}={}", name.to_string_lossy(), quote(&value.to_string_lossy())));
        }
    }
    let program = Path::new(command.get_program());
    let is_cargo = program.file_stem().is_some_and(|stem| stem == "cargo");
    words.push(if is_cargo { "cargo".into() } else { quote(&relative(program).to_string_lossy()) });
    words.extend(command.get_args().map(|word| quote(&relative(Path::new(word)).to_string_lossy())));
    words.join(" ")
}

/// Where a program is in `PATH`.
pub fn find(program: &str) -> Option<PathBuf> {
    let name = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&std::env::var_os("PATH")?).map(|dir| dir.join(&name)).find(|path| is_executable(path))
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

/// A path as it is seen from the root of the repository.
pub fn relative(path: &Path) -> &Path {
    path.strip_prefix(crate::root()).unwrap_or(path)
}

fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.into() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_it_is_typed() {
        let mut command = cargo();
        command.env("RUSTDOCFLAGS", "-D warnings").arg("doc").arg(crate::root().join("target").join("a b"));
        assert_eq!(display(&command), "RUSTDOCFLAGS='-D warnings' cargo doc 'target/a b'");
        command.current_dir(crate::root().join("firmware-example"));
        assert!(display(&command).starts_with("cd firmware-example && RUSTDOCFLAGS="));
    }

    #[test]
    fn a_failure_carries_what_was_printed() {
        let error = read(Command::new("rustc").arg("--no-such-option")).unwrap_err().to_string();
        assert!(error.starts_with("`rustc --no-such-option` failed"), "{error}");
        assert!(error.contains("Unrecognized option"), "{error}");
        let error = run(&mut Command::new("no-such-program")).unwrap_err().to_string();
        assert_eq!(error, "cannot start `no-such-program`");
    }
}
