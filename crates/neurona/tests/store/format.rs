//! The bytes of a record, and what is refused.

use super::*;
use neurona::store::{Contents, Learnt, RegionError, RestoreError, SaveError, Whole};
use rand_core::Rng;
use rand_pcg::Pcg32;
use serde::Serialize;

type Flash = Nor<1, 4, 256>;

fn small() -> Small {
    Small {
        standardize: Standardize::new([1.0, 2.0], [0.5, 0.25]),
        hidden: Dense::new([[-1.0, 0.0], [1.5, -0.0]], [3.0, -3.0]),
        output: Dense::new([[0.125, 8.0]], [-16.0]),
    }
}

/// `docs/store.md`, in words that postcard writes.
#[derive(Serialize)]
struct Record<'a> {
    magic: [u8; 8],
    version: u8,
    length: [u8; 4],
    crc: [u8; 4],
    sequence: [u8; 8],
    fingerprint: [u8; 8],
    contents: u8,
    layout: [u8; 8],
    steps: [u8; 8],
    weights: &'a [u8],
}

/// The record of `small()` as the first of its region, with 300 steps: the example of `docs/store.md`.
const GOLDEN: &str = concat!(
    "6e726e2d7361766501",
    "67000000",
    "11007317",
    "0000000000000000",
    "af231855d459e57c",
    "00",
    "0000000000000000",
    "2c01000000000000",
    "34",
    "0000803f000000400000003f0000803e",
    "000080bf000000000000c03f000000800000404000",
    "0040c00000003e00000041000080c1",
);

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_record_has_the_bytes_of_the_page() {
    let mut nor = Flash::new(2, true, 0);
    Store::<_, Small>::new(&mut nor, 0..512).expect("two pages").save(&mut small(), 300).expect("an empty flash");
    let net = small();
    let record = Record {
        magic: *b"nrn-save",
        version: 1,
        length: 103_u32.to_le_bytes(),
        crc: *nor.bytes[13..].first_chunk().expect("a record"),
        sequence: [0; 8],
        fingerprint: Small::FINGERPRINT.to_le_bytes(),
        contents: 0,
        layout: [0; 8],
        steps: 300_u64.to_le_bytes(),
        weights: neurona::plain::bytes_of(&net),
    };
    let bytes = postcard::to_stdvec(&record).expect("it is written to memory");
    assert_eq!(hex(&nor.bytes[..bytes.len()]), hex(&bytes));
    assert_eq!(hex(&bytes), GOLDEN);
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/store.md")).expect("the page");
    let printed: String = page.chars().filter(|c| !c.is_whitespace()).collect();
    assert!(printed.contains(GOLDEN), "the page has other bytes");
}

/// An old record is read for as long as the format exists.
#[test]
fn the_golden_record_is_read() {
    let mut nor = Flash::new(2, true, 0);
    for (to, digits) in nor.bytes.iter_mut().zip(GOLDEN.as_bytes().as_chunks::<2>().0) {
        *to = u8::from_str_radix(std::str::from_utf8(digits).expect("digits"), 16).expect("digits");
    }
    let mut net = Small::ZERO;
    let saved = Store::<_, Small>::new(&mut nor, 0..512).expect("two pages").load(&mut net);
    assert_eq!(saved, Ok(Saved { sequence: 0, steps: 300 }));
    assert_eq!(neurona::plain::bytes_of(&net), neurona::plain::bytes_of(&small()));
}

/// Any flipped bit of the newest record gives the one before it; of the only one, an error and the network as it was.
#[test]
fn every_flipped_bit_is_found() {
    let mut one = Flash::new(2, true, 0);
    save::<Small, _, _, _>(&mut one, 5).expect("no cut");
    let mut two = one.clone();
    save::<Small, _, _, _>(&mut two, 6).expect("no cut");
    // Slots have room for the longest header.
    let second = 108;
    for bit in 0..8 * 103 {
        let mut flipped = one.clone();
        flipped.bytes[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(load::<Small, _, _, _>(&mut flipped), None, "bit {bit}");
        let mut flipped = two.clone();
        flipped.bytes[second + bit / 8] ^= 1 << (bit % 8);
        assert_eq!(load::<Small, _, _, _>(&mut flipped).map(|saved| saved.steps), Some(5), "bit {bit}");
    }
}

#[test]
fn garbage_is_nothing() {
    for seed in 0..200 {
        let mut nor = Flash::new(4, true, 0);
        Pcg32::new(seed, 0).fill_bytes(&mut nor.bytes);
        // The magic number and the version, so that what follows is read.
        if seed.is_multiple_of(2) {
            nor.bytes[..9].copy_from_slice(b"nrn-save\x01");
        }
        assert_eq!(load::<Small, _, _, _>(&mut nor), None);
        save::<Small, _, _, _>(&mut nor, 3).expect("garbage is erased");
        assert_eq!(load::<Small, _, _, _>(&mut nor).map(|saved| saved.steps), Some(3));
    }
}

#[test]
fn each_reason_is_told() {
    let mut nor = Flash::new(16, true, 0);
    let mut net = Small::ZERO;
    let load_small = |nor: &mut Flash, net: &mut Small| Store::<_, Small>::new(nor, 0..4096).expect("pages").load(net);
    assert_eq!(load_small(&mut nor, &mut net), Err(RestoreError::Empty));
    assert_eq!(RestoreError::Empty.to_string(), "nothing was saved");

    save::<Large, _, _, _>(&mut nor, 1).expect("no cut");
    let found = RestoreError::Architecture { expected: Small::FINGERPRINT, found: Large::FINGERPRINT };
    assert_eq!(load_small(&mut nor, &mut net), Err(found));
    let mut learnt = Flash::new(16, true, 0);
    Store::<_, Small, Learnt>::new(&mut learnt, 0..4096).expect("pages").save(&mut net, 1).expect("no cut");
    assert_eq!(load_small(&mut learnt, &mut net), Err(RestoreError::Contents));

    let mut version = Flash::new(16, true, 0);
    save::<Small, _, _, _>(&mut version, 1).expect("no cut");
    version.bytes[8] = 2;
    assert_eq!(load_small(&mut version, &mut net), Err(RestoreError::Version { expected: 1, found: 2 }));
    version.bytes[8] = 1;
    version.bytes[80] ^= 4;
    assert_eq!(load_small(&mut version, &mut net), Err(RestoreError::Damaged));
    version.off = true;
    assert_eq!(
        load_small(&mut version, &mut net).map_err(|error| error.to_string()),
        Err("the flash failed: an error of its driver".to_owned())
    );
    let mut store = Store::<_, Small>::new(&mut version, 0..4096).expect("pages");
    assert!(matches!(store.save(&mut net, 1), Err(SaveError::Flash(_))));
    assert_eq!(net, Small::ZERO);
}

#[test]
fn what_is_not_finite_is_not_saved_over_what_is() {
    let (mut nor, mut net) = (Flash::new(16, true, 0), Small::ZERO);
    save::<Small, _, _, _>(&mut nor, 3).expect("no cut");
    for bad in [f32::NAN, f32::INFINITY] {
        net.hidden.weights[1][0] = bad;
        let saved = Store::<_, Small>::new(&mut nor, 0..4096).expect("pages").save(&mut net, 4);
        assert_eq!(saved, Err(SaveError::NotFinite));
        let saved = Store::<_, Small, Learnt>::new(&mut nor, 0..4096).expect("pages").save(&mut net, 4);
        assert_eq!(saved, Err(SaveError::NotFinite));
        // A constant is of the whole record, and not of what is learnt.
        net.hidden.weights[1][0] = 0.0;
        net.standardize.scale[1] = bad;
        let saved = Store::<_, Small>::new(&mut nor, 0..4096).expect("pages").save(&mut net, 4);
        assert_eq!(saved, Err(SaveError::NotFinite));
        let mut learnt = Flash::new(16, true, 0);
        let saved = Store::<_, Small, Learnt>::new(&mut learnt, 0..4096).expect("pages").save(&mut net, 4);
        assert_eq!(saved, Ok(Saved { sequence: 0, steps: 4 }));
        net.standardize.scale[1] = 0.0;
    }
    assert_eq!(load::<Small, _, _, _>(&mut nor).map(|saved| saved.steps), Some(3));
}

/// A region is of one choice of values: records of the other are no records, and are written over.
#[test]
fn another_choice_of_values_begins_the_region_anew() {
    let (mut nor, mut net) = (Flash::new(2, true, 0), small());
    save::<Small, _, _, _>(&mut nor, 3).expect("no cut");
    let mut store = Store::<_, Small, Learnt>::new(&mut nor, 0..512).expect("two pages");
    assert_eq!(store.load(&mut net), Err(RestoreError::Contents));
    assert_eq!(store.save(&mut net, 4).map(|saved| saved.steps), Ok(4));
    assert_eq!(store.load(&mut net).map(|saved| saved.steps), Ok(4));
    assert_eq!(load::<Small, _, _, _>(&mut nor), None);
}

type Square = Dense<2, 2, Tanh>;

static TRAINED: Square = Square::new([[1.0, 2.0], [3.0, 4.0]], [0.0; 2]);
neurona::in_flash! { Trained: Square = TRAINED; }
neurona::network! { struct FirstInFlash: [f32; 2] => [f32; 2] { a: InFlash<Trained>, b: Square } }
neurona::network! { struct LastInFlash: [f32; 2] => [f32; 2] { a: Square, b: InFlash<Trained> } }

/// In memory both are one layer of the same shape.
#[test]
fn variants_with_another_part_in_flash_do_not_read_each_other() {
    assert_eq!(FirstInFlash::FINGERPRINT, LastInFlash::FINGERPRINT);
    let mut nor = Flash::new(2, true, 0);
    let mut net = FirstInFlash { b: Square::new([[7.0; 2]; 2], [7.0; 2]), ..FirstInFlash::ZERO };
    fn loaded<C: Contents<FirstInFlash> + Contents<LastInFlash>>(nor: &mut Flash, net: &mut FirstInFlash) {
        let mut store = Store::<_, FirstInFlash, C>::new(&mut *nor, 0..512).expect("two pages");
        store.save(net, 5).expect("an empty flash");
        assert_eq!(store.load(net).expect("just saved").steps, 5);
        let mut other = LastInFlash::ZERO;
        let found = Store::<_, LastInFlash, C>::new(&mut *nor, 0..512).expect("two pages").load(&mut other);
        assert!(found.is_err(), "{found:?}");
        assert_eq!(other.a, Square::ZERO);
    }
    loaded::<Learnt>(&mut nor, &mut net);
    loaded::<Whole>(&mut nor, &mut net);
}

neurona::network! { struct FirstBelow: [f32; 2] => [f32; 2] { body: Backbone<FirstInFlash>, head: Square } }
neurona::network! { struct LastBelow: [f32; 2] => [f32; 2] { body: Backbone<LastInFlash>, head: Square } }

/// The same in what is below a head and does not learn.
#[test]
fn variants_of_a_backbone_do_not_read_each_other() {
    let mut nor = Flash::new(2, true, 0);
    let mut net = FirstBelow { head: Square::new([[7.0; 2]; 2], [7.0; 2]), ..FirstBelow::ZERO };
    Store::<_, FirstBelow>::new(&mut nor, 0..512).expect("two pages").save(&mut net, 5).expect("an empty flash");
    let mut other = LastBelow::ZERO;
    let found = Store::<_, LastBelow>::new(&mut nor, 0..512).expect("two pages").load(&mut other);
    assert_eq!(found, Err(RestoreError::Contents));
}

#[test]
fn regions_are_whole_pages_with_room_for_two_records() {
    let region = |from, to| Store::<_, Large>::new(Flash::new(16, true, 0), from..to).map(|_| ());
    assert_eq!(region(0, 4096), Ok(()));
    assert_eq!(region(1, 4096), Err(RegionError::Misaligned { page: 256 }));
    assert_eq!(region(0, 4095), Err(RegionError::Misaligned { page: 256 }));
    assert_eq!(region(0, 8192), Err(RegionError::OutOfBounds { capacity: 4096 }));
    assert_eq!(region(512, 256), Err(RegionError::OutOfBounds { capacity: 4096 }));
    assert_eq!(region(256, 256), Err(RegionError::TooSmall { expected: 2560, found: 0 }));
    assert_eq!(region(256, 2560), Err(RegionError::TooSmall { expected: 2560, found: 2304 }));
    assert_eq!(region(256, 2816), Ok(()));
}

/// Only what learning changes is saved and filled; constants stay those of the firmware.
#[test]
fn the_learnt_part_alone() {
    let mut nor = Flash::new(2, true, 0);
    let mut store = Store::<_, Small, Learnt>::new(&mut nor, 0..512).expect("two pages");
    store.save(&mut small(), 9).expect("no cut");
    let mut net = Small { standardize: Standardize::new([7.0; 2], [8.0; 2]), ..Small::ZERO };
    assert_eq!(store.load(&mut net), Ok(Saved { sequence: 0, steps: 9 }));
    assert_eq!(net, Small { standardize: Standardize::new([7.0; 2], [8.0; 2]), ..small() });
    // 13 values less four constants.
    assert_eq!(u32::from_le_bytes(*nor.bytes[9..].first_chunk().expect("a record")), 51 + 4 * 9);
}

#[test]
fn an_erased_store_is_empty() {
    let mut nor = Flash::new(4, true, 0);
    for steps in 0..9 {
        save::<Small, _, _, _>(&mut nor, steps).expect("no cut");
    }
    // Cut anywhere, no older record takes the place of the newest.
    for change in 0..4 {
        let mut cut = nor.clone();
        cut.cut_after(change, nor::Torn::Old, 0);
        assert!(Store::<_, Small>::new(&mut cut, 0..1024).expect("pages").erase(&mut small()).is_err());
        cut.reboot();
        assert_eq!(load::<Small, _, _, _>(&mut cut).map(|saved| saved.steps), Some(8));
    }
    Store::<_, Small>::new(&mut nor, 0..1024).expect("pages").erase(&mut small()).expect("no cut");
    assert!(nor.bytes.iter().all(|byte| *byte == 0xff));
}
