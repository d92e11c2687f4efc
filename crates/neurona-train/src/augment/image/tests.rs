//! One map for an image, against SciPy (`tests/scripts/augment.py image` printed `scipy.csv`) and maps that only move
//! whole pixels.

use super::*;
use crate::random::Purpose;

fn moved(image: Image, motion: Motion, from: &[f32]) -> Vec<f32> {
    let mut to = vec![f32::NAN; from.len()];
    image.resample(&motion.source(&image), from, &mut to);
    to
}

/// Whole numbers from -6 to 6, all different next to each other.
fn pixels(image: Image) -> Vec<f32> {
    (0..image.height * image.width * image.channels).map(|at| ((at * 5) % 13) as f32 - 6.0).collect()
}

#[test]
fn maps_are_those_of_scipy() {
    let image = Image { fill: -2.0, ..Image::new(4, 5, 2) };
    let from: Vec<f32> = (0..40)
        .map(|at| (at / 10, at / 2 % 5, at % 2))
        .map(|(y, x, channel)| ((7 * x + 11 * y * y + 5 * x * y + 3 * channel) % 13) as f32 - 4.0)
        .collect();
    let mut lines = 0;
    for line in include_str!("scipy.csv").lines().skip(1) {
        let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().expect("a number")).collect();
        let [right, down, degrees, scale, horizontal, vertical] = cells[..6] else { panic!("{line}: too short") };
        let (flip_horizontal, flip_vertical) = (horizontal == 1.0, vertical == 1.0);
        let motion = Motion { right, down, degrees, scale, flip_horizontal, flip_vertical };
        let to = moved(image, motion, &from);
        assert_eq!(to.len(), cells[6..].len());
        for (at, (found, expected)) in to.iter().zip(&cells[6..]).enumerate() {
            // The result is rounded to an f32. Places are off by a few roundings of numbers below 16 in f64, 1e-13 at
            // most, and two neighbours differ by at most 12; the file has twelve digits of numbers below 10.
            let bound = f64::from(f32::EPSILON) / 2.0 * expected.abs() + 1e-11;
            let error = (f64::from(*found) - expected).abs();
            assert!(error <= bound, "{motion:?}: value {at} is {found}, not {expected}");
        }
        lines += 1;
    }
    assert_eq!(lines, 11);
}

#[test]
fn a_shift_by_whole_pixels_moves_them() {
    let image = Image { fill: 9.0, ..Image::new(4, 6, 3) };
    let from = pixels(image);
    for (right, down) in [(0, 0), (1, 0), (0, 1), (-2, 1), (3, -2), (6, 0), (0, -4)] {
        let to = moved(image, Motion { right: f64::from(right), down: f64::from(down), ..Motion::NONE }, &from);
        for (at, found) in to.iter().enumerate() {
            let (y, x, channel) = ((at / 18) as i32 - down, (at / 3 % 6) as i32 - right, at % 3);
            let within = (0..4).contains(&y) && (0..6).contains(&x);
            let expected = if within { from[(y as usize * 6 + x as usize) * 3 + channel] } else { 9.0 };
            // Places are whole numbers, which f64 has exactly, and so the pixels count once and their neighbours not.
            assert_eq!(*found, expected, "shifted by {right}, {down}: value {at}");
        }
    }
}

#[test]
fn right_angles_exchange_pixels() {
    for side in [4, 5] {
        let image = Image { fill: 100.0, ..Image::new(side, side, 1) };
        let from = pixels(image);
        let turned = |degrees: f64| moved(image, Motion { degrees, ..Motion::NONE }, &from);
        let expected = |place: fn(usize, usize, usize) -> (usize, usize)| -> Vec<f32> {
            let places = (0..side * side).map(|at| place(at / side, at % side, side - 1));
            places.map(|(y, x)| from[y * side + x]).collect()
        };
        // The sine of 180 degrees is 1e-16 in f64, so that places are off by less than 1e-15 and sums by less than
        // 1e-13. The nearest f32 to a whole number other than 0 that is off by so little is that number.
        let near = |found: Vec<f32>, expected: Vec<f32>, degrees| {
            for (found, expected) in found.iter().zip(expected) {
                assert!(*found == expected || (expected == 0.0 && found.abs() < 1e-13), "{degrees} degrees");
            }
        };
        near(turned(90.0), expected(|y, x, last| (x, last - y)), 90);
        near(turned(180.0), expected(|y, x, last| (last - y, last - x)), 180);
        near(turned(-180.0), expected(|y, x, last| (last - y, last - x)), -180);
        near(turned(-90.0), expected(|y, x, last| (last - x, y)), -90);
    }
}

#[test]
fn a_flip_reverses_and_twice_is_none() {
    let image = Image::new(3, 4, 2);
    let from = pixels(image);
    let across = Motion { flip_horizontal: true, ..Motion::NONE };
    let along = Motion { flip_vertical: true, ..Motion::NONE };
    let reversed: Vec<f32> = from.chunks(8).flat_map(|row| row.chunks(2).rev().flatten().copied()).collect();
    assert_eq!(moved(image, across, &from), reversed);
    let reversed: Vec<f32> = from.chunks(8).rev().flatten().copied().collect();
    assert_eq!(moved(image, along, &from), reversed);
    for motion in [across, along] {
        assert_eq!(moved(image, motion, &moved(image, motion, &from)), from);
    }
}

#[test]
fn one_setting_does_not_change_what_another_gives() {
    let draw = |image: Image| image.draw(&mut Random::new(1, Purpose::Augment, 2, 3));
    let all = Image {
        shift: 2.0,
        rotation: 30.0,
        scale: 0.5,
        flip_horizontal: true,
        flip_vertical: true,
        ..Image::new(8, 8, 1)
    };
    let motion = draw(all);
    let none = Image::new(8, 8, 1);
    assert_eq!(draw(none), Motion::NONE);
    assert_eq!(draw(Image { shift: 2.0, ..none }), Motion { right: motion.right, down: motion.down, ..Motion::NONE });
    assert_eq!(draw(Image { rotation: 30.0, ..none }), Motion { degrees: motion.degrees, ..Motion::NONE });
    assert_eq!(draw(Image { scale: 0.5, ..none }), Motion { scale: motion.scale, ..Motion::NONE });
    let flipped = draw(Image { flip_horizontal: true, flip_vertical: true, ..none });
    assert_eq!(flipped.flip_horizontal, motion.flip_horizontal);
    assert_eq!(flipped.flip_vertical, motion.flip_vertical);
}
