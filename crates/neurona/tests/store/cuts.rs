//! Cuts at every change, cuts of the save after a cut, and cuts at random over long lives.

use super::*;
use nor::Torn;
use rand_core::Rng;
use rand_pcg::Pcg32;

/// Cuts every save of some generations at every change that it makes, in every way; the save after the cut, which mends
/// what the cut left, is cut at every `again`-th of its changes too.
///
/// The record before the cut or the one that was being saved is there, whole, each time; then saving goes on.
fn cut_everywhere<N: Counts, const R: usize, const W: usize, const P: usize>(
    pages: usize,
    generations: u64,
    again: Option<usize>,
) where
    Whole: Contents<N>,
{
    for once in [false, true] {
        let mut nor = Nor::<R, W, P>::new(pages, once, 0);
        for generation in 1..=generations {
            let mut whole = nor.clone();
            whole.changes = 0;
            save::<N, _, _, _>(&mut whole, generation).expect("no cut");
            for change in 0..whole.changes {
                for torn in Torn::ALL {
                    let mut cut = nor.clone();
                    cut.cut_after(change, torn, change * 31 + generation);
                    assert_eq!(save::<N, _, _, _>(&mut cut, generation), None, "the power was cut");
                    cut.reboot();
                    let found = found::<N, _, _, _>(&mut cut, generation - 1, generation);
                    recover::<N, _, _, _>(cut, found, generation + 1, again);
                }
            }
            nor = whole;
        }
    }
}

/// The steps of the record that is found, which must be one of two.
fn found<N: Counts, const R: usize, const W: usize, const P: usize>(
    nor: &mut Nor<R, W, P>,
    before: u64,
    saved: u64,
) -> u64
where
    Whole: Contents<N>,
{
    let steps = load::<N, _, _, _>(nor).map_or(0, |found| found.steps);
    assert!(steps == before || steps == saved, "found {steps}, not {before} or {saved}");
    steps
}

/// Saves after a cut: once with another cut, at each of the changes, then whole, and a few times more.
fn recover<N: Counts, const R: usize, const W: usize, const P: usize>(
    mut nor: Nor<R, W, P>,
    before: u64,
    steps: u64,
    again: Option<usize>,
) where
    Whole: Contents<N>,
{
    if let Some(stride) = again {
        let mut whole = nor.clone();
        whole.changes = 0;
        save::<N, _, _, _>(&mut whole, steps).expect("no cut");
        for change in (0..whole.changes).step_by(stride) {
            let mut cut = nor.clone();
            cut.cut_after(change, Torn::ALL[change as usize % 4], change);
            assert_eq!(save::<N, _, _, _>(&mut cut, steps), None, "the power was cut");
            cut.reboot();
            let found = found::<N, _, _, _>(&mut cut, before, steps);
            recover::<N, _, _, _>(cut, found, steps + 1, None);
        }
    }
    for steps in steps..steps + 3 {
        let saved = save::<N, _, _, _>(&mut nor, steps).expect("no cut");
        assert_eq!(load::<N, _, _, _>(&mut nor), Some(saved));
    }
}

#[test]
fn a_cut_at_every_change_loses_nothing() {
    // One record a page; and several, with words of 1, 4, 8 and 32 bytes.
    cut_everywhere::<Small, 1, 4, 256>(2, 9, Some(1));
    cut_everywhere::<Small, 4, 8, 256>(3, 10, Some(1));
    cut_everywhere::<Small, 4, 4, 512>(2, 14, Some(3));
    cut_everywhere::<Small, 1, 1, 256>(2, 5, Some(7));
    cut_everywhere::<Small, 4, 32, 1024>(2, 20, Some(1));
    // A record of several pages.
    cut_everywhere::<Large, 1, 4, 256>(12, 4, Some(211));
    cut_everywhere::<Large, 4, 8, 2048>(2, 4, Some(101));
}

#[test]
fn a_cut_at_every_change_loses_nothing_in_large_sectors() {
    // The sectors of an STM32F4, with its words and, of other makers, words of 8 bytes.
    cut_everywhere::<Small, 1, 4, 0x20000>(2, 2, None);
    cut_everywhere::<Small, 1, 8, 0x4000>(2, 3, None);
}

/// Long lives in which the power fails again and again, at any place, also while a page is worn out.
#[test]
fn cuts_at_random_lose_nothing() {
    for seed in 0..100 {
        life::<Small, 1, 4, 256>(2 + seed as usize % 4, seed);
        life::<Small, 4, 8, 1024>(2 + seed as usize % 3, seed);
        life::<Large, 1, 4, 256>(10 + seed as usize % 7, seed);
        life::<Large, 4, 16, 4096>(2 + seed as usize % 3, seed);
    }
}

fn life<N: Counts, const R: usize, const W: usize, const P: usize>(pages: usize, seed: u64)
where
    Whole: Contents<N>,
{
    let mut rng = Pcg32::new(seed, 1);
    let mut nor = Nor::<R, W, P>::new(pages, seed.is_multiple_of(2), seed);
    // Whatever was in the region before.
    if seed.is_multiple_of(3) {
        rng.fill_bytes(&mut nor.bytes);
    }
    let mut held = 0;
    for steps in 1..60 {
        let cuts = !rng.next_u32().is_multiple_of(3);
        if cuts {
            let torn = Torn::ALL[rng.next_u32() as usize % 4];
            nor.cut_after(u64::from(rng.next_u32() % 300), torn, rng.next_u64());
        }
        let saved = save::<N, _, _, _>(&mut nor, steps);
        assert!(saved.is_some() || nor.off, "seed {seed}: a save failed with the power on");
        nor.reboot();
        let found = load::<N, _, _, _>(&mut nor).map_or(0, |found| found.steps);
        assert!(found == steps || saved.is_none() && found == held, "seed {seed}: {found} after {held} and {steps}");
        held = found;
    }
}

/// A record that was cut in its last word, which reads as it should at one start and not at the next, never comes back instead
/// of one whose save returned.
#[test]
fn words_that_read_differently_from_start_to_start_lose_nothing() {
    for seed in 0..60 {
        unsteady::<Small, 1, 4, 512>(2, seed);
        unsteady::<Small, 4, 8, 256>(2 + seed as usize % 2, seed);
        unsteady::<Small, 4, 4, 1024>(3, seed);
        unsteady::<Large, 1, 4, 256>(10 + seed as usize % 7, seed);
        // The end of the header, or all of it, stands in the last word.
        unsteady::<Tiny, 1, 16, 256>(2, seed);
        unsteady::<Tiny, 4, 32, 256>(3, seed);
        unsteady::<Tiny, 1, 64, 128>(2 + seed as usize % 3, seed);
        unsteady::<Tiny, 1, 256, 1024>(2, seed);
    }
}

/// A flash that cannot be read looks empty; no save takes it for that.
#[test]
fn a_save_erases_nothing_of_a_flash_that_cannot_be_read() {
    for good in 0..24 {
        for bad in [1, 2, 3, 4, 5, 8, 13, u32::MAX] {
            for saves in 1..12 {
                let mut nor = Nor::<1, 4, 256>::new(2 + saves as usize % 2, true, 0);
                for steps in 1..=saves {
                    save::<Tiny, _, _, _>(&mut nor, steps).expect("a flash that is well");
                }
                nor.failing = Some((good, bad));
                let saved = save::<Tiny, _, _, _>(&mut nor, 99);
                nor.failing = None;
                let found = load::<Tiny, _, _, _>(&mut nor).expect("one was saved").steps;
                let expected = if saved.is_some() { 99 } else { saves };
                assert!(
                    found == expected || found == 99,
                    "{found} after {saves}, with {good} good reads and {bad} bad ones"
                );
                save::<Tiny, _, _, _>(&mut nor, 100).expect("a flash that is well again");
                assert_eq!(load::<Tiny, _, _, _>(&mut nor).expect("it was saved").steps, 100);
            }
        }
    }
}

/// What cannot be read, for a while or as long as a save lasts, is not lost for it: as long as there is a third group, and with
/// the remains of a cut save there as well.
#[test]
fn places_that_cannot_be_read_lose_nothing() {
    let mut counts = [0; 2];
    for seed in 0..20_000 {
        unreadable::<128>(seed, &mut counts);
        unreadable::<64>(seed, &mut counts);
    }
    assert!(counts.iter().all(|count| *count > 4_000), "saves that were refused, and saves that were not: {counts:?}");
}

fn unreadable<const P: usize>(seed: u64, counts: &mut [u32; 2]) {
    let mut rng = Pcg32::new(seed, 3);
    let mut below = |limit: usize| rng.next_u32() as usize % limit;
    let pages = 3 + below(3);
    let mut nor = Nor::<1, 4, P>::new(pages, true, seed);
    let saves = 1 + below(14) as u64;
    for steps in 1..=saves {
        save::<Tiny, _, _, _>(&mut nor, steps).expect("a flash that is well");
    }
    let has_cut = below(2) == 0;
    if has_cut {
        nor.cut_after(below(16) as u64, Torn::ALL[below(4)], seed);
        save::<Tiny, _, _, _>(&mut nor, 98);
        nor.reboot();
    }
    let before = load::<Tiny, _, _, _>(&mut nor).expect("one was saved").steps;
    assert!(before == saves || has_cut && before == 98);
    let page = below(pages) * P;
    let first = below(P);
    let places = if below(2) == 0 { page..page + P } else { page + first..page + first + 1 + below(P - first) };
    let lasts = if below(2) == 0 { u32::MAX } else { below(40) as u32 };
    if below(4) == 0 {
        nor.failing = Some((below(40) as u32, 1));
    } else {
        nor.unreadable = Some((places, lasts));
    }
    if below(3) == 0 {
        nor.cut_after(below(20) as u64, Torn::ALL[below(4)], seed);
    }
    let saved = save::<Tiny, _, _, _>(&mut nor, 99);
    counts[usize::from(saved.is_some())] += 1;
    (nor.failing, nor.unreadable) = (None, None);
    nor.reboot();
    let found = load::<Tiny, _, _, _>(&mut nor).map_or(0, |found| found.steps);
    assert!(found == 99 || saved.is_none() && found == before, "seed {seed}: {found} after {before}, saved {saved:?}");
    save::<Tiny, _, _, _>(&mut nor, 100).expect("a flash that is well again");
    assert_eq!(load::<Tiny, _, _, _>(&mut nor).expect("it was saved").steps, 100);
}

/// A read that fails once hides no record from a load.
#[test]
fn a_load_reads_twice() {
    for saves in 1..9 {
        let mut nor = Nor::<1, 4, 128>::new(3, true, 0);
        for steps in 1..=saves {
            save::<Tiny, _, _, _>(&mut nor, steps).expect("a flash that is well");
        }
        for good in 0..16 {
            nor.failing = Some((good, 1));
            let mut net = Tiny::ZERO;
            let loaded = Store::<_, Tiny>::new(&mut nor, 0..3 * 128).expect("whole pages").load(&mut net);
            // Of the last read, into the network, no third time.
            let is_told = loaded == Err(neurona::store::RestoreError::Unstable);
            assert!(
                is_told || loaded.is_ok_and(|found| found.steps == saves),
                "{loaded:?} of {saves}, {good} good reads"
            );
        }
    }
}

fn unsteady<N: Counts, const R: usize, const W: usize, const P: usize>(pages: usize, seed: u64)
where
    Whole: Contents<N>,
{
    let mut rng = Pcg32::new(seed, 2);
    let mut nor = Nor::<R, W, P>::new(pages, seed.is_multiple_of(2), seed);
    let (mut completed, mut was_cut) = (0, false);
    for steps in 1..100 {
        was_cut = !was_cut && rng.next_u32().is_multiple_of(2);
        if was_cut {
            let mut whole = nor.clone();
            whole.changes = 0;
            save::<N, _, _, _>(&mut whole, steps).expect("no cut");
            // Of two cuts one is in the last word: of the others a later word is missing, which tells at every start.
            let last = whole.changes - 1;
            let change =
                if rng.next_u32().is_multiple_of(2) { last } else { u64::from(rng.next_u32()) % whole.changes };
            let torn = if rng.next_u32().is_multiple_of(2) { Torn::Unsteady } else { Torn::Wavering };
            nor.cut_after(change, torn, rng.next_u64());
        }
        if save::<N, _, _, _>(&mut nor, steps).is_some() {
            completed = steps;
        }
        for _ in 0..3 {
            nor.reboot();
            let found = load::<N, _, _, _>(&mut nor).map_or(0, |found| found.steps);
            assert!((completed..=steps).contains(&found), "seed {seed}: {found} after {completed} and {steps}");
        }
    }
}

/// A page that takes nothing more is passed over, and the newest record is never given up for it.
#[test]
fn worn_pages_are_passed_over() {
    let mut nor = Nor::<1, 4, 256>::new(4, true, 0);
    for steps in 1..40 {
        nor.worn[1] = steps > 10;
        nor.worn[3] = steps > 20;
        assert_eq!(save::<Small, _, _, _>(&mut nor, steps), load::<Small, _, _, _>(&mut nor));
    }
    nor.worn.fill(true);
    assert_eq!(save::<Small, _, _, _>(&mut nor, 99), None);
    assert_eq!(load::<Small, _, _, _>(&mut nor).map(|saved| saved.steps), Some(39));

    // Only the page of the newest record is left: it takes what it has room for, and is not erased for more.
    let mut nor = Nor::<1, 4, 256>::new(4, true, 0);
    save::<Small, _, _, _>(&mut nor, 1).expect("no cut");
    nor.worn[1..].fill(true);
    assert!(save::<Small, _, _, _>(&mut nor, 2).is_some());
    for steps in 3..9 {
        assert_eq!(save::<Small, _, _, _>(&mut nor, steps), None);
        assert_eq!(load::<Small, _, _, _>(&mut nor).map(|saved| saved.steps), Some(2));
    }
}

/// Every page is erased as often as the others, and once for all records that it has room for.
#[test]
fn wear_is_spread() {
    let mut nor = Nor::<1, 4, 1024>::new(5, true, 0);
    let slots = Store::<_, Small>::new(&mut nor, 0..5 * 1024).expect("a region of whole pages").slots();
    // 55 bytes of header and 13 values: 107 bytes, in words 108.
    assert_eq!(slots, 5 * (1024 / 108));
    for steps in 0..u64::from(10 * slots) {
        save::<Small, _, _, _>(&mut nor, steps).expect("no cut");
    }
    assert_eq!(nor.erases, [10; 5]);
}
