//! Files that are whole or not there.

use std::{
    io::{self, Write},
    path::Path,
};

/// Writes a file so that nobody ever sees half of it: to a new file in the same folder, which then takes its place.
///
/// # Errors
///
/// What the system says; a file that was there before is then as it was.
pub(crate) fn write_whole(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    // What the system gives to any new file; a temporary file would be its owner's alone.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.prefix(".neurona-").tempfile_in(folder)?;
    {
        let mut buffered = io::BufWriter::new(file.as_file_mut());
        write(&mut buffered)?;
        buffered.flush()?;
    }
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

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
