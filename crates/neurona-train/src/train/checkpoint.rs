//! Checkpoints: the whole state of a run between two epochs, in a file.
//!
//! A run that goes on from a checkpoint ends with the same bits as one that was never interrupted: weights, what the
//! optimizer remembers, the schedule, the best weights so far and every score are in it, and everything random follows
//! from the seed and the numbers of epoch and step.
//!
//! The file is postcard: magic and version, which run it belongs to, the state, and a CRC-32 of all that. It is written
//! whole or not at all, so that a kill at any moment leaves the one before it.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crc::{CRC_32_ISO_HDLC, CRC_64_XZ, Crc};
use serde::{Serialize, de::DeserializeOwned};

use super::{TrainError, Training};
use crate::{data::Dataset, file::write_whole, network::Network};

const MAGIC: [u8; 8] = *b"neuronaC";
const VERSION: u8 = 1;
const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);
const RUN: Crc<u64> = Crc::<u64>::new(&CRC_64_XZ);

/// Where a run keeps its state, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoints {
    /// The file; when it is there, the run goes on from it.
    pub path: PathBuf,
    /// The least time between two of them: what a kill can cost, beside the epoch that it interrupts. The first one is
    /// that of the first epoch. Where a file takes long to write the time is longer, [so
    /// that](Self::SHARE_OF_WRITING) training does not wait for the disk.
    pub interval: Duration,
}

impl Checkpoints {
    /// The time between two files is at least so many times what the last one took to write.
    pub const SHARE_OF_WRITING: u32 = 20;
}

/// Why a checkpoint cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file cannot be read or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// The bytes are no checkpoint, or not whole.
    #[error("{}: {problem}; delete it to begin again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The file is that of a run with other data, another network or other settings.
    #[error(
        "{}: this checkpoint is of another run: the data, the first weights or the settings differ; use another file, \
         or delete it to begin again", path.display()
    )]
    Other {
        /// The file.
        path: PathBuf,
    },
}

/// Writes the state of a run to its file.
pub(super) struct Keeper<'a> {
    checkpoints: &'a Checkpoints,
    run: u64,
    /// The state after the last epoch, when it is newer than the file.
    waiting: Option<Vec<u8>>,
    /// When the next file is due; `None` before the first one.
    due: Option<Instant>,
}

impl<'a> Keeper<'a> {
    /// The keeper of a run, and the state to go on from.
    pub(super) fn open<S: DeserializeOwned>(
        checkpoints: &'a Checkpoints,
        run: u64,
    ) -> Result<(Self, Option<S>), CheckpointError> {
        let path = &checkpoints.path;
        let state = match std::fs::read(path) {
            Ok(bytes) => Some(decode(&bytes, run, path)?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(CheckpointError::Io { path: path.clone(), error }),
        };
        Ok((Self { checkpoints, run, waiting: None, due: None }, state))
    }

    /// Takes the state after an epoch; writes it when it is time.
    pub(super) fn epoch(&mut self, state: &impl Serialize) -> Result<(), CheckpointError> {
        self.waiting = Some(encode(self.run, state));
        if self.due.is_none_or(|due| Instant::now() >= due) { self.flush() } else { Ok(()) }
    }

    /// Writes what waits.
    pub(super) fn flush(&mut self) -> Result<(), CheckpointError> {
        let Some(bytes) = self.waiting.take() else { return Ok(()) };
        let Checkpoints { path, interval } = self.checkpoints;
        let begin = Instant::now();
        write_whole(path, |file| file.write_all(&bytes))
            .map_err(|error| CheckpointError::Io { path: path.clone(), error })?;
        let pause = begin.elapsed().saturating_mul(Checkpoints::SHARE_OF_WRITING).max(*interval);
        self.due = Instant::now().checked_add(pause);
        Ok(())
    }
}

fn encode(run: u64, state: &impl Serialize) -> Vec<u8> {
    // Numbers and lists of known length written to memory have no way to fail.
    let mut bytes = postcard::to_stdvec(&(MAGIC, VERSION, run, state)).unwrap_or_default();
    bytes.extend(CRC.checksum(&bytes).to_le_bytes());
    bytes
}

fn decode<S: DeserializeOwned>(bytes: &[u8], run: u64, path: &Path) -> Result<S, CheckpointError> {
    let damaged = |problem| CheckpointError::Damaged { path: path.to_owned(), problem };
    if !bytes.starts_with(&MAGIC) {
        return Err(damaged("expected a checkpoint, found another file"));
    }
    let (body, checksum) = bytes.split_last_chunk::<4>().ok_or_else(|| damaged("it is cut short"))?;
    if CRC.checksum(body) != u32::from_le_bytes(*checksum) {
        return Err(damaged("the checksum is wrong: the file is damaged or cut short"));
    }
    let head = postcard::take_from_bytes::<([u8; 8], u8, u64)>(body);
    let ((_, version, found), rest) = head.map_err(|_| damaged("it is cut short"))?;
    if version != VERSION {
        return Err(damaged("it was written by another version of the program"));
    }
    if found != run {
        return Err(CheckpointError::Other { path: path.to_owned() });
    }
    postcard::from_bytes(rest).map_err(|_| damaged("it is not what this version writes"))
}

/// What tells a run from others: CRC-64 of the architecture, the first weights, the settings and the data.
///
/// The number of threads is left out, as nothing depends on it.
pub(super) fn fingerprint(
    network: &Network,
    training: &Dataset,
    validation: Option<&Dataset>,
    settings: &Training,
) -> u64 {
    let mut digest = RUN.digest();
    digest.update(&network.spec().encode());
    network.values().iter().for_each(|value| digest.update(&value.to_le_bytes()));
    digest.update(&[u8::from(network.is_drawn())]);
    digest.update(format!("{:?}", Training { threads: 0, ..settings.clone() }).as_bytes());
    for data in [Some(training), validation].into_iter().flatten() {
        digest.update(&data.digest().to_le_bytes());
    }
    digest.finalize()
}

/// What is wrong with a checkpoint ends the training before it begins.
impl From<CheckpointError> for TrainError {
    fn from(error: CheckpointError) -> Self {
        Self::Checkpoint(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cut_and_every_flipped_byte_is_an_error() {
        let state = (vec![1.0_f32, f32::NAN, -0.0], 7_u32);
        let bytes = encode(5, &state);
        let read = |bytes: &[u8], run| decode::<(Vec<f32>, u32)>(bytes, run, Path::new("run/checkpoint"));
        let (values, number) = read(&bytes, 5).expect("it is whole");
        assert_eq!(
            (values.iter().map(|v| v.to_bits()).collect::<Vec<_>>(), number),
            (state.0.iter().map(|v| v.to_bits()).collect(), 7)
        );
        for cut in 0..bytes.len() {
            assert!(matches!(read(&bytes[..cut], 5), Err(CheckpointError::Damaged { .. })), "{cut}");
        }
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x10;
            assert!(matches!(read(&flipped, 5), Err(CheckpointError::Damaged { .. })), "{at}");
        }
        let error = read(&bytes, 6).expect_err("another run");
        assert!(error.to_string().starts_with("run/checkpoint: this checkpoint is of another run"), "{error}");
    }

    #[test]
    fn the_first_epoch_is_written_at_once() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let checkpoints = Checkpoints { path: folder.path().join("checkpoint"), interval: Duration::from_secs(3600) };
        let read = || std::fs::read(&checkpoints.path).ok();
        let (mut keeper, state) = Keeper::open::<u32>(&checkpoints, 5).expect("there is no file");
        assert_eq!((state, read()), (None, None));
        keeper.epoch(&1_u32).expect("it can be written");
        assert_eq!(read(), Some(encode(5, &1_u32)));
        // The second waits for an hour, or for the end.
        keeper.epoch(&2_u32).expect("it is kept");
        assert_eq!(read(), Some(encode(5, &1_u32)));
        keeper.flush().expect("it can be written");
        assert_eq!(read(), Some(encode(5, &2_u32)));
        assert_eq!(Keeper::open::<u32>(&checkpoints, 5).expect("it is whole").1, Some(2));
    }
}
