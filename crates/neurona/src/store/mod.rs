//! What a network has learned, saved in flash, so that it survives a loss of power at any moment.
//!
//! A [`Store`] keeps records of one network in a region of a NOR flash that has the [`embedded_storage`] traits, which
//! most HALs give. A record is a [postcard] message with a version, a sequence number, the fingerprint of the
//! architecture, a count of steps, the weights, and a CRC-32 of all of it; `docs/store.md` in the repository is its
//! written specification.
//!
//! ```
//! # mod flash {
//! #     use embedded_storage::nor_flash::*;
//! #     pub struct Flash(pub Vec<u8>);
//! #     impl ErrorType for Flash { type Error = NorFlashErrorKind; }
//! #     impl ReadNorFlash for Flash {
//! #         const READ_SIZE: usize = 1;
//! #         fn read(&mut self, at: u32, to: &mut [u8]) -> Result<(), NorFlashErrorKind> {
//! #             Ok(to.copy_from_slice(&self.0[at as usize..][..to.len()]))
//! #         }
//! #         fn capacity(&self) -> usize { self.0.len() }
//! #     }
//! #     impl NorFlash for Flash {
//! #         const WRITE_SIZE: usize = 4;
//! #         const ERASE_SIZE: usize = 4096;
//! #         fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
//! #             Ok(self.0[from as usize..to as usize].fill(0xff))
//! #         }
//! #         fn write(&mut self, at: u32, from: &[u8]) -> Result<(), NorFlashErrorKind> {
//! #             Ok(self.0[at as usize..][..from.len()].copy_from_slice(from))
//! #         }
//! #     }
//! # }
//! use neurona::prelude::*;
//! use neurona::store::{RestoreError, Store};
//!
//! neurona::network! {
//!     struct Line: [f32; 1] => [f32; 1] { line: Dense<1, 1> }
//! }
//!
//! # let mut flash = flash::Flash(vec![0xff; 16384]);
//! // `flash` is the HAL's; the last four pages of 4 KiB are for what is learned.
//! let mut store = Store::<_, Line>::new(&mut flash, 0..4 * 4096)?;
//! let mut net = Line::ZERO; // on a board: in a static, a copy of the trained network
//! let mut learning = Learning::ZERO;
//!
//! let mut steps = match store.load(&mut net) {
//!     Ok(saved) => saved.steps,
//!     Err(RestoreError::Empty) => 0, // the first start
//!     Err(error) => return Err(error.into()),
//! };
//! let mut learner = Learner::new(&mut net, &mut learning, SquaredError, InPlace::new(0.1));
//! for _ in 0..100 {
//!     learner.learn(&[1.0], &[3.0]);
//!     steps += 1;
//! }
//! store.save(&mut net, steps)?;
//! # assert_eq!(store.load(&mut Line::ZERO)?.steps, 100);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is promised
//!
//! - Whenever power is lost, the next [`load`](Store::load) finds the last record whose [`save`](Store::save) returned,
//!   or the one that was being saved, whole. A save never erases the pages of the newest record, never writes a word
//!   twice without an erase between, as far as reading tells, and reads back what it wrote.
//!   A word whose write was cut may read as written at one start and as it was at the next; then this holds as long as the
//!   save after a cut is not cut as well.
//! - Where reads fail, the flash is read once more before anything is believed or erased, and what still cannot be read is
//!   kept until a newer record stands elsewhere. For this a region has three groups of pages or more: with two, a page that cannot be
//!   read for as long as a save lasts is damaged, and written over.
//! - A network is not saved over what it was before where a value of the record, parameter or constant, is not finite.
//! - What is saved of a part, by [`Learnt`], belongs to the other weights that the firmware has. After an update that trains these
//!   anew under the same architecture it is still read: [erase](Store::erase) the store then.
//! - A record that is cut short, damaged, or of another network is an error and changes nothing. A damaged newest
//!   record is passed over for the one before it, as long as that has not been erased.
//! - Wear is spread: records go through the region from its first page to its last and begin again. As many records as a
//!   page has room for are written to it for one erase, and [`Store::slots`] saves wear each page by as many erases as a
//!   record takes of pages, at least one. A page that no longer takes what is written is passed over. With words of more than 8
//!   bytes the first save after a start begins a group, as no one can tell there whether a write was cut.
//!
//! CRC-32 lets one of 2^32 pieces of garbage with the right magic number and fingerprint pass. What a flash with error
//! correction does at a word whose write was cut, such as a fault of the bus on some STM32, is for its driver to turn
//! into an error; such a record is passed over.
//!
//! # Cost
//!
//! A store is its flash and 28 bytes. Weights are written and read in place, slice by slice, through a block of 256 bytes
//! on the stack, whatever their number. A flash whose driver is asynchronous needs an executor's `block_on` around each
//! of its calls.
//!
//! [postcard]: https://postcard.jamesmunns.com/wire-format

mod error;
mod io;
mod record;
mod ring;
mod slots;

use core::marker::PhantomData;
use core::ops::Range;

use embedded_storage::nor_flash::{NorFlash, NorFlashError, NorFlashErrorKind};

use crate::network::Network;
pub use error::{RegionError, RestoreError, SaveError};
use io::{Reader, Writer, unit};
use record::{BODY_AT, CRC_AT, Header, Start, crc};
pub use record::{Contents, HEADER, Learnt, MAGIC, VERSION, Whole};
use ring::Ring;
use slots::{Found, Slots, Survey};

/// Records of what the network `N` has learned, in a region of the flash `F`.
///
/// `C` says which values they hold: [`Whole`], all of them, or [`Learnt`], those that learning changes.
///
/// A region belongs to one network and one choice of values. Records of another one, as they are left by a change of the firmware,
/// are written over: a firmware that goes from `Whole` to `Learnt`, or back, finds no record
/// ([`RestoreError::Contents`]), and its first save begins the region anew.
#[derive(Debug)]
pub struct Store<F, N, C = Whole> {
    slots: Slots<F>,
    /// Whether the last write was one of this store, and was not cut.
    is_settled: bool,
    network: PhantomData<(fn(N), C)>,
}

/// A record that is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Saved {
    /// Number of the record; each has a higher one than those before it.
    pub sequence: u64,
    /// The count of steps that it was saved with.
    pub steps: u64,
}

impl<F: NorFlash, N: Network, C: Contents<N>> Store<F, N, C> {
    /// The store in a region of a flash, from one offset to another.
    ///
    /// # Errors
    ///
    /// The region does not consist of whole pages of the flash, or has not room for two records that share no page.
    pub fn new(flash: F, region: Range<u32>) -> Result<Self, RegionError> {
        let ring = Ring::new(&region, flash.capacity(), F::ERASE_SIZE, unit::<F>(), HEADER + C::CAPACITY)?;
        Ok(Self { slots: Slots { flash, ring }, is_settled: false, network: PhantomData })
    }

    /// Number of records that the region has room for.
    pub fn slots(&self) -> u32 {
        self.slots.ring.slots()
    }

    /// Saves the network; `steps` is kept with it, such as the number of examples that it has learned.
    ///
    /// The network is only read. It is taken as exclusive because that is how [`visit`](crate::Learn::visit) goes
    /// through the parts of a network.
    ///
    /// # Errors
    ///
    /// Nothing was saved, and what was saved before is there: see [`SaveError`].
    pub fn save(&mut self, net: &mut N, steps: u64) -> Result<Saved, SaveError> {
        let mut header = Header { steps, ..Self::header(net) };
        if header.weights as usize > C::CAPACITY {
            return Err(SaveError::Length { expected: C::CAPACITY, found: header.weights as usize });
        }
        if !C::is_finite(net) {
            return Err(SaveError::NotFinite);
        }
        let survey = self.slots.survey(&header).map_err(SaveError::Flash)?;
        header.sequence = self.slots.next_sequence(&header, survey).ok_or(SaveError::Sequence)?;
        // What may be newer and cannot be read is erased when there is a record that is newer still, if there is room for that.
        let mut written = Err(SaveError::Worn);
        if survey.in_doubt {
            written = self.write(net, &mut header, survey, true);
        }
        if written.is_err() {
            written = self.write(net, &mut header, survey, false);
        }
        self.is_settled = written.is_ok();
        if survey.in_doubt {
            self.erase_doubtful(&header, survey.newest, written?);
        }
        written.map(|_| Saved { sequence: header.sequence, steps })
    }

    /// Writes a record behind the newest, and gives its slot; with `spares` no group is erased that may have one which is newer
    /// and cannot be read.
    fn write(&mut self, net: &mut N, header: &mut Header, survey: Survey, spares: bool) -> Result<u32, SaveError> {
        let (Slots { ring, .. }, Survey { newest, .. }) = (&self.slots, survey);
        let ring = *ring;
        let mut slot = newest
            .map_or(0, |newest| if self.may_go_on() { ring.next(newest.slot) } else { ring.next_group(newest.slot) });
        let mut why = SaveError::Worn;
        for _ in 0..ring.slots() {
            if ring.begins_group(slot) {
                if newest.is_some_and(|newest| ring.share_group(slot, newest.slot)) {
                    break;
                }
                if spares && self.slots.is_doubtful(slot, header, newest) {
                    slot = ring.next_group(slot);
                    continue;
                }
                if let Err(kind) = self.slots.erase_group(slot) {
                    why = SaveError::Flash(kind);
                    slot = ring.next_group(slot);
                    continue;
                }
            }
            header.crc = checksum::<N, C>(header, net);
            match self.slots.write(slot, header, &mut |sink| C::read(net, sink)) {
                Ok(true) => return Ok(slot),
                Ok(false) => {}
                Err(kind) => why = SaveError::Flash(kind),
            }
            // What was written there, now or by a save that was cut, may be a whole record at another start.
            header.sequence = header.sequence.checked_add(1).ok_or(SaveError::Sequence)?;
            slot = ring.next(slot);
        }
        Err(why)
    }

    /// Whether a slot that reads as erased is, or has at most the beginning of a record, which is always the same.
    const fn may_go_on(&self) -> bool {
        self.is_settled || F::WRITE_SIZE <= MAGIC.len()
    }

    /// Erases the groups of what cannot be read, now that what was written is newer; not the group of that, nor that of the record
    /// before it.
    fn erase_doubtful(&mut self, header: &Header, newest: Option<Found>, written: u32) {
        let Slots { ring, .. } = self.slots;
        let mut slot = 0;
        for _ in 0..ring.groups() {
            let mut kept = newest.map(|newest| newest.slot).into_iter().chain([written]);
            if !kept.any(|kept| ring.share_group(slot, kept)) && self.slots.is_doubtful(slot, header, newest) {
                // Where it fails the next save sees to it.
                let _ = self.slots.erase_group(slot);
            }
            slot = ring.next_group(slot);
        }
    }

    /// Fills the network with the newest record that is whole.
    ///
    /// # Errors
    ///
    /// There is none that fits: see [`RestoreError`]. The network is then as it was, but for
    /// [`RestoreError::Unstable`].
    pub fn load(&mut self, net: &mut N) -> Result<Saved, RestoreError> {
        let like = Self::header(net);
        let Some(Found { slot, header, len }) = self.slots.survey(&like).map_err(RestoreError::Flash)?.newest else {
            return Err(self.slots.why_none(&like));
        };
        if like.weights != header.weights {
            return Err(RestoreError::Contents);
        }
        if self.fill(net, slot, len, header.weights).is_err() || checksum::<N, C>(&header, net) != header.crc {
            return Err(RestoreError::Unstable);
        }
        Ok(Saved { sequence: header.sequence, steps: header.steps })
    }

    /// Fills the network with the weights in a slot, behind a header of `len` bytes.
    #[inline(never)]
    fn fill(&mut self, net: &mut N, slot: u32, len: usize, weights: u32) -> Result<(), NorFlashErrorKind> {
        let whole = (len as u32).wrapping_add(weights);
        let mut reader = Reader::new(&mut self.slots.flash, self.slots.ring.address(slot), whole);
        let mut result = reader.exact([0; HEADER].get_mut(..len).unwrap_or_default());
        C::fill(net, &mut |slice| result = result.and_then(|()| reader.exact(slice)));
        result
    }

    /// Erases every record, and all else in the region: the network is then again what the firmware has.
    ///
    /// # Errors
    ///
    /// The flash fails; where it cannot be read nothing is erased. The newest record is erased last, so that no older one
    /// comes back.
    pub fn erase(&mut self, net: &mut N) -> Result<(), SaveError> {
        let Slots { ring, .. } = self.slots;
        let survey = self.slots.survey(&Self::header(net)).map_err(SaveError::Flash)?;
        let mut slot = survey.newest.map_or(0, |newest| ring.next_group(newest.slot));
        for _ in 0..ring.groups() {
            self.slots.erase_group(slot).map_err(SaveError::Flash)?;
            slot = ring.next_group(slot);
        }
        Ok(())
    }

    /// Gives the flash back.
    pub fn into_flash(self) -> F {
        self.slots.flash
    }

    /// What the header of a record of this network says, but for its number and its CRC.
    fn header(net: &mut N) -> Header {
        let layout = C::layout(net);
        let mut bytes = 0_usize;
        C::read(net, &mut |slice| bytes = bytes.saturating_add(slice.len()));
        let weights = u32::try_from(bytes).unwrap_or(u32::MAX);
        Header { crc: 0, sequence: 0, fingerprint: N::FINGERPRINT, contents: C::CODE, layout, steps: 0, weights }
    }
}

/// The CRC of the record of this header and this network.
fn checksum<N: Network, C: Contents<N>>(header: &Header, net: &mut N) -> u32 {
    let mut digest = crc();
    let (bytes, len) = header.encode();
    digest.update(bytes.get(..CRC_AT).unwrap_or_default());
    digest.update(bytes.get(BODY_AT..len).unwrap_or_default());
    C::read(net, &mut |slice| digest.update(slice));
    digest.finalize()
}
