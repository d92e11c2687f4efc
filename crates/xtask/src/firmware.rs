//! Builds the firmware of a board, and runs an image under QEMU.

use crate::boards::Emulated;
use crate::{host, install, process, root, target_dir};
use anyhow::{Context as _, Result, bail};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::str::FromStr;
use std::thread;
use std::time::{Duration, Instant};

/// Where the firmware's own workspace is.
pub fn workspace() -> PathBuf {
    root().join("firmware-example")
}

/// The target directory of every firmware build, apart from the host's.
///
/// One for all boards: what is compiled for the host (build scripts, proc macros) is shared. The images of a build are
/// copied out of it, because the next board's have the same names.
pub fn build_dir() -> PathBuf {
    target_dir().join("firmware")
}

/// What `firmware-example` itself says.
const OPT_LEVEL: &str = "3";

/// A build of `firmware-example` for one board.
#[derive(Clone, Debug)]
pub struct Build {
    target: &'static str,
    features: Vec<String>,
    opt_level: &'static str,
    bins: Vec<String>,
    model_dir: Option<PathBuf>,
    progress: bool,
}

/// The images of a build: the path of each binary.
#[derive(Clone, Debug)]
pub struct Images {
    paths: BTreeMap<String, PathBuf>,
}

impl Build {
    /// All binaries, in the release profile, with the committed models.
    pub fn new(board: &Emulated) -> Self {
        Self::for_feature(board.target, board.machine)
    }

    /// The same for any board that has a cargo feature.
    pub fn for_feature(target: &'static str, feature: &str) -> Self {
        Self {
            target,
            features: vec![feature.into()],
            opt_level: OPT_LEVEL,
            bins: Vec::new(),
            model_dir: None,
            progress: false,
        }
    }

    /// One more cargo feature.
    #[must_use]
    pub fn feature(mut self, feature: &str) -> Self {
        self.features.push(feature.into());
        self
    }

    /// Another `opt-level` than 3.
    #[must_use]
    pub fn opt_level(mut self, opt_level: &'static str) -> Self {
        self.opt_level = opt_level;
        self
    }

    /// Only this binary, and any other that is named this way.
    #[must_use]
    pub fn bin(mut self, bin: &str) -> Self {
        self.bins.push(bin.into());
        self
    }

    /// Takes the model files from this folder.
    #[must_use]
    pub fn model_dir(mut self, dir: &Path) -> Self {
        self.model_dir = Some(dir.into());
        self
    }

    /// Shows cargo's progress on the terminal.
    #[must_use]
    pub fn show_progress(mut self) -> Self {
        self.progress = true;
        self
    }

    /// The cargo command of this build.
    pub fn command(&self) -> Command {
        let mut cargo = process::cargo();
        cargo.current_dir(workspace()).args(["build", "--release"]);
        if self.opt_level != OPT_LEVEL {
            cargo.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", self.opt_level);
        }
        cargo.args(["--target", self.target, "--features", &self.features.join(",")]);
        cargo.arg("--target-dir").arg(build_dir());
        for bin in &self.bins {
            cargo.args(["--bin", bin]);
        }
        host::choose_model(&mut cargo, self.model_dir.as_deref());
        cargo
    }

    /// Builds, and copies the images to a place of their own.
    ///
    /// # Errors
    ///
    /// The Rust target is not installed, or the build fails; the error holds what the compiler printed.
    pub fn run(&self) -> Result<Images> {
        install::require_target(self.target)?;
        let _lock = lock()?;
        let mut cargo = self.command();
        cargo.arg("--message-format=json-render-diagnostics").stdin(Stdio::null());
        if self.progress {
            cargo.stderr(Stdio::inherit());
        }
        let output = cargo.output().context("cannot start cargo")?;
        if !output.status.success() {
            let errors = String::from_utf8_lossy(&output.stderr);
            bail!("`{}` failed\n{errors}", process::display(&self.command()));
        }
        self.copy_images(&output)
    }

    fn copy_images(&self, output: &Output) -> Result<Images> {
        let dir = build_dir().join("images").join(self.features.join("+")).join(self.opt_level);
        fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
        let mut paths = BTreeMap::new();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let Ok(message) = serde_json::from_str::<serde_json::Value>(line) else { continue };
            let Some(executable) = message["executable"].as_str() else { continue };
            let name = message["target"]["name"].as_str().unwrap_or_default();
            let image = dir.join(name);
            fs::copy(executable, &image).with_context(|| format!("cannot copy {executable}"))?;
            paths.insert(name.into(), image);
        }
        Ok(Images { paths })
    }
}

impl Images {
    /// The image of one binary.
    ///
    /// # Errors
    ///
    /// The build has no such binary.
    pub fn get(&self, bin: &str) -> Result<&Path> {
        let path = self.paths.get(bin);
        path.map(PathBuf::as_path).with_context(|| format!("the firmware has no binary `{bin}`"))
    }

    /// Every binary's name and image, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.paths.iter().map(|(name, path)| (name.as_str(), path.as_path()))
    }

    /// The binaries that hash what they compute, each a family of networks: `parity` and `parity-…`.
    pub fn parity(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.iter().filter(|(name, _)| name.split('-').next() == Some("parity"))
    }
}

/// Held while cargo's output directory still has the images of this build.
fn lock() -> Result<File> {
    let path = build_dir().join("lock");
    fs::create_dir_all(build_dir()).with_context(|| format!("cannot create {}", build_dir().display()))?;
    let file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
    file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    Ok(file)
}

/// Far above what any binary takes (a few seconds): only what hangs is ended.
pub const LIMIT: Duration = Duration::from_secs(120);

/// What a run under QEMU printed, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Standard output of the firmware, through semihosting.
    pub stdout: String,
    /// Standard error of the firmware and of QEMU.
    pub stderr: String,
    /// Exit code: 0 where the firmware ended with success, no number where a signal ended QEMU.
    pub code: Option<i32>,
}

/// The QEMU command that runs an image.
///
/// `-icount shift=0` makes time an instruction count: one instruction is one nanosecond of virtual time.
pub fn qemu(board: &Emulated, image: &Path) -> Command {
    let mut qemu = Command::new(install::QEMU);
    qemu.args(["-machine", board.machine, "-display", "none", "-monitor", "none", "-serial", "none"]);
    qemu.args(["-icount", "shift=0", "-semihosting-config", "enable=on,target=native", "-kernel"]).arg(image);
    qemu
}

/// Runs an image until it exits, or fails after [`LIMIT`].
///
/// # Errors
///
/// QEMU is not installed or cannot be started, or the firmware does not end in time; the error holds what it printed.
pub fn run(board: &Emulated, image: &Path) -> Result<Run> {
    finish(qemu(board, image))
}

/// Runs an image as [`run_ok`] does, in a folder: the flash of the emulated boards is the file `flash.bin` there.
///
/// # Errors
///
/// Those of [`run_ok`].
pub fn run_in(board: &Emulated, image: &Path, folder: &Path) -> Result<String> {
    let mut command = qemu(board, image);
    command.current_dir(folder);
    succeed(&qemu(board, image), finish(command)?)
}

fn finish(mut command: Command) -> Result<Run> {
    install::require_qemu()?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{}`", process::display(&command)))?;
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let status = wait(&mut child).context("cannot wait for QEMU")?;
    let (stdout, stderr) = (stdout.join().unwrap_or_default(), stderr.join().unwrap_or_default());
    match status {
        Some(code) => Ok(Run { stdout, stderr, code }),
        None => bail!("`{}` did not end within {LIMIT:?}\n{stdout}{stderr}", process::display(&command)),
    }
}

/// Runs an image that must end with success, and returns what it printed on standard output.
///
/// # Errors
///
/// Those of [`run`], or another exit code than 0.
pub fn run_ok(board: &Emulated, image: &Path) -> Result<String> {
    succeed(&qemu(board, image), run(board, image)?)
}

fn succeed(command: &Command, run: Run) -> Result<String> {
    if run.code != Some(0) {
        let command = process::display(command);
        bail!("`{command}` ended with {:?} and not with 0\n{}{}", run.code, run.stdout, run.stderr);
    }
    Ok(run.stdout)
}

/// The value of a line `name = value` that a binary printed.
///
/// # Errors
///
/// There is no such line, or its value is of another type.
pub fn value<T: FromStr>(stdout: &str, name: &str) -> Result<T> {
    let found = values(stdout).find(|(found, _)| *found == name);
    let (_, value) = found.with_context(|| format!("the firmware printed no `{name} = …`\n{stdout}"))?;
    value.parse().ok().with_context(|| format!("the firmware printed `{name} = {value}`"))
}

/// Every line `name = value` that a binary printed.
pub fn values(stdout: &str) -> impl Iterator<Item = (&str, &str)> {
    stdout.lines().filter_map(|line| line.split_once(" = "))
}

/// Waits for the end; the exit code, or `None` where the child had to be killed.
fn wait(child: &mut Child) -> std::io::Result<Option<Option<i32>>> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status.code()));
        }
        if start.elapsed() > LIMIT {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// Reads a pipe to its end beside the wait, so that a full pipe never stops the child.
fn collect(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read before an error is what there is to show.
            let _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
