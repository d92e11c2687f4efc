//! A network goes on learning on the board and is better for it, on real data. With fewer seeds than the tables of
//! `docs/learning.md`, which `--example adapt` prints.

mod board;

use board::{Outcomes, digits, guarded, motion, temperature};
use guarded::Asks;
use temperature::Follows;

const SEEDS: u64 = 3;

/// Each share of some 360 digits has a standard deviation of up to 2.6 points, and the mean of three seeds 1.5.
#[test]
fn digits_of_a_new_style_are_learned_and_old_ones_kept() {
    let images = digits::read().expect("they are part of the repository");
    for style in digits::Style::ALL {
        let of = |replay| {
            Outcomes::of(SEEDS, |seed| {
                let run = digits::run(&images, style, replay, seed)?;
                assert!(run.noticed.is_some_and(|after| after < 60), "{style:?}, seed {seed}: {:?}", run.noticed);
                Ok(run.outcome)
            })
        };
        let [new_before, new_after, _, old_after] = of(true).expect("it goes well").figures().map(|f| f.mean());
        assert!(new_after > new_before + 15.0, "{style:?}: {new_before} before, {new_after} after");
        let [.., without_replay] = of(false).expect("it goes well").figures().map(|f| f.mean());
        assert!(old_after > without_replay + 10.0, "{style:?}: {old_after} with a buffer, {without_replay} without");
    }
}

/// A guard that asks about old digits alone lets nothing in; one that asks about new ones too lets the new style in, and keeps out
/// most of what false labels do. Each mean of three seeds has a standard deviation of 1.5 points, and of some 2.5 over the seeds.
#[test]
fn what_a_guard_asks_about_decides_what_it_lets_in() {
    let images = digits::read().expect("they are part of the repository");
    let run = |asks, false_labels| {
        let mut kept = 0;
        let outcomes = Outcomes::of(SEEDS, |seed| {
            let run = guarded::run(&images, digits::Style::Turned, asks, false_labels, seed)?;
            kept += run.kept;
            Ok(run.outcome)
        });
        let [before, after, ..] = outcomes.expect("it goes well").figures().map(|figures| figures.mean());
        (before, after, kept as f64 / SEEDS as f64)
    };
    for asks in Asks::ALL {
        let (before, after, kept) = run(asks, false);
        let what = format!("{}: {before} before, {after} after, {kept} blocks kept", asks.name());
        match asks {
            Asks::Nothing => assert!(after > before + 60.0 && kept == 12.0, "{what}"),
            Asks::Old => assert!(after < before + 5.0 && kept < 1.0, "{what}"),
            Asks::OldWithin => assert!(kept < 12.0, "{what}"),
            Asks::Mixed => assert!(after > before + 50.0 && kept > 4.0, "{what}"),
            Asks::MixedWithin => assert!(after > before + 60.0 && kept > 8.0, "{what}"),
        }
    }
    let [(_, unguarded, _), (_, guarded, _)] = [Asks::Nothing, Asks::MixedWithin].map(|asks| run(asks, true));
    assert!(guarded > unguarded, "with false labels {guarded}, and without a guard {unguarded}");
}

/// Each share of some 30 gestures has a standard deviation of up to 9 points, and the mean of three seeds 5.
#[test]
fn gestures_of_a_turned_board_and_a_new_one_are_learned() {
    let Some(gestures) = motion::read().expect("the data are whole") else {
        return println!("magic-wand: left out, the data are not here");
    };
    for run in [motion::turned, motion::added] {
        let of = |replay| {
            let outcomes = Outcomes::of(SEEDS, |seed| run(&gestures, replay, seed)).expect("it goes well");
            outcomes.figures().map(|figures| figures.mean())
        };
        let [new_before, new_after, _, old_after] = of(true);
        assert!(new_after > new_before + 15.0, "{new_before} before, {new_after} after");
        let [.., without_replay] = of(false);
        assert!(old_after > without_replay, "of the old {old_after} with a buffer, {without_replay} without");
    }
}

/// What a network that follows is for: it raises no failure less, and fewer false alarms.
#[test]
fn a_machine_that_drifts_is_watched() {
    let Some(series) = temperature::read().expect("the data are whole") else {
        return println!("machine-temperature: left out, the data are not here");
    };
    let sum = |follows| {
        let runs = (1..=SEEDS).map(|seed| temperature::run(&series, follows, seed).expect("it goes well"));
        runs.fold((0, 0), |(raised, days), run| (raised + run.raised, days + run.false_days))
    };
    let ((fixed, fixed_days), (learning, days)) = (sum(Follows::Nothing), sum(Follows::Network));
    assert!(learning >= fixed && learning == 4 * SEEDS as usize, "raised: {learning}, and without learning {fixed}");
    assert!(days < fixed_days, "days with a false alarm: {days}, and without learning {fixed_days}");
}
