//! Files that are whole or not there.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

/// How the name of a file begins that is written and not yet in its place. A kill can leave one.
const DRAFT: &str = ".neurona-";

/// Removes what was being written in a folder when a program was killed; nothing may be writing there now.
pub fn sweep(folder: &Path) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(DRAFT)) {
        // What cannot be removed does no harm.
        let _ = std::fs::remove_file(entry.path());
    }
}

/// A file that is written and not yet in its place; what is dropped without [`keep`](Self::keep) is gone.
///
/// Nobody ever sees half of it: it is a new file in the same folder, which then takes its place. Several drafts that
/// are all written before the first is kept are files of which there are all or none.
#[derive(Debug)]
pub struct Draft {
    file: NamedTempFile,
    path: PathBuf,
}

impl Draft {
    /// Writes a draft of the file `path`.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn write(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<Self> {
        let folder = folder(path);
        let mut builder = tempfile::Builder::new();
        // What the system gives to any new file; a temporary file would be its owner's alone.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut file = builder.prefix(DRAFT).tempfile_in(folder).map_err(without_name)?;
        {
            let mut buffered = io::BufWriter::new(file.as_file_mut());
            write(&mut buffered)?;
            buffered.flush()?;
        }
        file.as_file().sync_all()?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// Puts the file in its place, where it replaces what was there. When this is done it stays, also where the power
    /// fails.
    ///
    /// # Errors
    ///
    /// What the system says; a file that was there before is then as it was, or this one is in its place.
    pub fn keep(self) -> io::Result<()> {
        let folder = folder(&self.path).to_owned();
        self.file.persist(self.path)?;
        sync_folder(&folder)
    }
}

/// An error of the system about a draft, without the name of the draft, which nobody chose.
fn without_name(error: io::Error) -> io::Error {
    let text = error.to_string();
    match text.split_once(" at path ") {
        Some((what, name)) if name.contains(DRAFT) => io::Error::new(error.kind(), what),
        _ => error,
    }
}

/// The folder that a file is in.
fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Has the disk remember which files a folder has.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    match std::fs::File::open(folder).and_then(|folder| folder.sync_all()) {
        // A folder that may be written but not read, or a file system that cannot: the file itself is on the disk.
        Err(error) if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput) => Ok(()),
        result => result,
    }
}

/// Elsewhere a folder cannot be opened, and the system writes it in its own time.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Writes a file so that it is whole or not there.
///
/// # Errors
///
/// What the system says; a file that was there before is then as it was.
pub fn write_whole(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    Draft::write(path, write)?.keep()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn an_error_does_not_name_the_draft() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let missing = folder.path().join("missing").join("file");
        let error = write_whole(&missing, |_| Ok(())).expect_err("there is no such folder");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(!error.to_string().contains(DRAFT), "{error}");
    }

    #[test]
    fn what_a_kill_left_is_swept_away() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let left = folder.path().join(format!("{DRAFT}123"));
        fs::write(&left, "half").expect("the folder can be written");
        fs::write(folder.path().join("file"), "whole").expect("the folder can be written");
        sweep(folder.path());
        assert!(!left.exists() && folder.path().join("file").exists());
    }

    #[test]
    fn a_failed_write_leaves_what_was_there() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("file");
        write_whole(&path, |file| file.write_all(b"first")).expect("the folder can be written");
        let failed = write_whole(&path, |file| {
            file.write_all(b"half of the sec")?;
            Err(io::Error::other("the disk is full"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read(&path).expect("the file is there"), b"first");
        assert_eq!(fs::read_dir(folder.path()).expect("the folder is there").count(), 1, "nothing else is left behind");
    }
}
