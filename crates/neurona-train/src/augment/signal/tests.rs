//! The warp against SciPy (`tests/scripts/augment.py signal` printed `scipy.csv`), and what makes it a warp.

use super::*;
use crate::random::Purpose;

#[test]
fn warps_are_those_of_scipy() {
    let signal = Signal::new(13, 2);
    let from: Vec<f32> = (0..13).flat_map(|t| [t, (7 * t + 3 * t * t) % 11]).map(|value| value as f32).collect();
    let mut lines = 0;
    for line in include_str!("scipy.csv").lines().skip(1) {
        let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().expect("a number")).collect();
        let deviations: [f64; KNOTS] = cells[1..7].try_into().expect("a deviation for each knot");
        let mut to = [f32::NAN; 26];
        signal.resample(&Warp::new(13, deviations), cells[0], &from, &mut to);
        assert_eq!(to.len(), cells[7..].len());
        for (at, (found, expected)) in to.iter().zip(&cells[7..]).enumerate() {
            // The result is rounded to an f32. Places are off by a few roundings of numbers below 16 in f64, and for a
            // speed of 1/32 their sum's share of the whole, 1e-13 at most; two neighbours differ by at most 10, and the
            // file has twelve digits of numbers below 100.
            let bound = f64::from(f32::EPSILON) / 2.0 * expected.abs() + 1e-10;
            let error = (f64::from(*found) - expected).abs();
            assert!(error <= bound, "{line}: value {at} is {found}, not {expected}");
        }
        lines += 1;
    }
    assert_eq!(lines, 7);
}

#[test]
fn a_warp_of_no_strength_moves_nothing() {
    for steps in [2, 3, 119] {
        let warp = Warp::new(steps, [0.0; KNOTS]);
        // T t / T: the product is a whole number, which f64 has exactly, and so is the quotient.
        assert!((0..steps).all(|t| warp.at(t as f64) == t as f64), "{steps} steps");
    }
}

#[test]
fn time_goes_forward_smoothly_from_end_to_end() {
    for (row, steps) in (0..200).zip([2, 3, 7, 50, 119].into_iter().cycle()) {
        let mut random = Random::new(5, Purpose::Augment, 0, row);
        let warp = Warp::new(steps, std::array::from_fn(|_| f64::from(random.uniform(0.9))));
        let end = steps as f64 - 1.0;
        // Places are computed in about 20 operations on numbers that are at most twice the end.
        let unit = 40.0 * f64::EPSILON * end;
        assert!(warp.at(0.0) == 0.0 && (warp.at(end) - end).abs() <= unit);

        // The speed is from 0.1 to 1.9, and so is its mean, by which it is divided.
        let fine = end / 1000.0;
        let places: Vec<f64> = (0..=1000).map(|at| warp.at(f64::from(at) * fine)).collect();
        for pair in places.windows(2) {
            let speed = (pair[1] - pair[0]) / fine;
            assert!((0.1 / 1.9 - 1e-9..=1.9 / 0.1 + 1e-9).contains(&speed), "{warp:?}: {speed}");
        }
        // The speed changes by at most 1.8 between two knots, and is divided by at least 0.1: where it has no jump,
        // neighbouring slopes differ by no more than that change on the way of one fine step.
        let most = 1.8 / 0.1 / (end / 5.0) * fine * fine + 4.0 * unit;
        for places in places.windows(3) {
            let bend = places[2] - 2.0 * places[1] + places[0];
            assert!(bend.abs() <= most, "{warp:?}: {bend}");
        }
    }
}

#[test]
fn a_shift_by_whole_steps_moves_them_and_holds_the_ends() {
    let signal = Signal::new(5, 2);
    let from = [1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 4.0, -4.0, 5.0, -5.0];
    let shifted = |delay: f64| {
        let mut to = [f32::NAN; 10];
        signal.resample(&Warp::new(5, [0.0; KNOTS]), delay, &from, &mut to);
        to
    };
    assert_eq!(shifted(0.0), from);
    assert_eq!(shifted(2.0), [1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0]);
    assert_eq!(shifted(-1.0), [2.0, -2.0, 3.0, -3.0, 4.0, -4.0, 5.0, -5.0, 5.0, -5.0]);
    assert_eq!(shifted(9.0), [1.0, -1.0].repeat(5)[..]);
}
