//! What is drawn: seen from outside, by inputs that show how they were changed.

use super::*;
use crate::random::Purpose;

/// 5 standard errors: a correct draw fails once in 1.7 million seeds, and the seed is fixed.
const SIGMAS: f64 = 5.0;

fn changed(augment: Augment, from: &[f32], row: u64) -> Vec<f32> {
    augment.check(from.len()).expect("the description is right");
    let mut to = vec![f32::NAN; from.len()];
    augment.transform(from, &mut to, &mut Random::new(1, Purpose::Augment, 1, row));
    to
}

/// Whether values are spread evenly from `-limit` to `limit`, computed with an error of at most `error`.
fn assert_uniform(what: &str, values: &[f64], limit: f64, error: f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| value * value).sum::<f64>() / count;
    // Variance of U(-a, a) is a^2/3, its fourth moment a^4/5.
    let (second, fourth) = (limit.powi(2) / 3.0, limit.powi(4) / 5.0);
    assert!(values.iter().all(|value| value.abs() <= limit + error), "{what} is out of range");
    assert!(mean.abs() <= SIGMAS * (second / count).sqrt() + error, "{what}: mean {mean}");
    let bound = SIGMAS * ((fourth - second.powi(2)) / count).sqrt() + 2.0 * limit * error;
    assert!((variance - second).abs() <= bound, "{what}: variance {variance}, expected {second}");
}

#[test]
fn motions_of_images_are_uniform() {
    let image = Image { shift: 1.0, rotation: 30.0, scale: 0.2, ..Image::new(9, 9, 2) };
    // Each pixel holds its own place, and interpolation keeps what is linear: the result says where it is from. At and
    // beside the centre that is never beyond the edge: (1 + 1) / 0.8 is less than 4.
    let from: Vec<f32> = (0..81).flat_map(|at| [(at % 9) as f32, (at / 9) as f32]).collect();
    let (mut rights, mut downs, mut degrees, mut scales) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for row in 0..10_000 {
        let to = changed(Augment::Image(image), &from, row);
        let source = |x: usize, y: usize| [0, 1].map(|axis| f64::from(to[(y * 9 + x) * 2 + axis]));
        let (centre, right, below) = (source(4, 4), source(5, 4), source(4, 5));
        let (xx, yx) = (right[0] - centre[0], right[1] - centre[1]);
        let (xy, yy) = (below[0] - centre[0], below[1] - centre[1]);
        let area = xx * yy - xy * yx;
        let (x, y) = (centre[0] - 4.0, centre[1] - 4.0);
        rights.push((xy * y - yy * x) / area);
        downs.push((yx * x - xx * y) / area);
        degrees.push(yx.atan2(xx).to_degrees());
        scales.push(1.0 / area.sqrt() - 1.0);
    }
    // Results are f32 below 8, off by 2.4e-7; differences by twice that. These are at least 1/1.2 long, and places are
    // a distance of at most 2 away.
    let error = 5e-6;
    assert_uniform("right", &rights, 1.0, error);
    assert_uniform("down", &downs, 1.0, error);
    assert_uniform("degrees", &degrees, 30.0, 57.3 * error);
    assert_uniform("scale", &scales, f64::from(0.2_f32), error);
}

#[test]
fn each_flip_has_a_chance_of_one_half() {
    let image = Image { flip_horizontal: true, flip_vertical: true, ..Image::new(2, 2, 1) };
    let mut counts = [0_u32; 4];
    for row in 0..10_000 {
        let corner = changed(Augment::Image(image), &[0.0, 1.0, 2.0, 3.0], row)[0];
        counts[corner as usize] += 1;
    }
    let deviation = (10_000.0 * 0.25 * 0.75_f64).sqrt();
    assert!(counts.iter().all(|count| (f64::from(*count) - 2500.0).abs() < SIGMAS * deviation), "{counts:?}");
    let across = Image { flip_vertical: false, ..image };
    assert!((0..100).all(|row| changed(Augment::Image(across), &[0.0, 0.0, 1.0, 1.0], row) == [0.0, 0.0, 1.0, 1.0]));
}

#[test]
fn shifts_and_factors_of_signals_are_uniform() {
    let signal = Signal { shift: 3.0, scale: 0.25, ..Signal::new(9, 3) };
    // In the first channel each step holds its number, less that of the middle; the others have only a factor.
    let from: Vec<f32> = (0..9).flat_map(|t| [t as f32 - 4.0, 1.0, 1.0]).collect();
    let (mut delays, mut factors) = (Vec::new(), [Vec::new(), Vec::new(), Vec::new()]);
    for row in 0..10_000 {
        let to = changed(Augment::Signal(signal), &from, row);
        let (middle, after) = (f64::from(to[12]), f64::from(to[15]));
        delays.push(-middle / (after - middle));
        factors[0].push(after - middle - 1.0);
        factors[1].push(f64::from(to[13]) - 1.0);
        factors[2].push(f64::from(to[14]) - 1.0);
    }
    // Results are f32 below 8, rounded twice: off by 4.8e-7, differences by twice that and quotients 8 times, for the
    // difference is at least 0.75 and the quotient at most 3.
    assert_uniform("delay", &delays, 3.0, 1e-5);
    for (channel, factors) in factors.iter().enumerate() {
        assert_uniform(&format!("factor {channel}"), factors, 0.25, 2e-6);
    }
    let product = |row: usize| factors[1][row] * factors[2][row];
    let covariance = (0..10_000).map(product).sum::<f64>() / 10_000.0;
    // The product of two independent values has the standard deviation of each squared: 0.25^2 / 3.
    assert!(covariance.abs() < SIGMAS * (0.25_f64.powi(2) / 3.0) / 100.0, "{covariance}");
}

#[test]
fn a_warp_changes_the_inside_of_a_signal_alone() {
    let signal = Signal { warp: 0.5, ..Signal::new(50, 1) };
    let from: Vec<f32> = (0..50).map(|t| t as f32).collect();
    for row in 0..100 {
        let to = changed(Augment::Signal(signal), &from, row);
        assert_eq!(to[0], 0.0);
        assert!((to[49] - 49.0).abs() <= 49.0 * f32::EPSILON);
        assert!(to.windows(2).all(|pair| pair[0] < pair[1]), "{to:?}");
        assert!(to.iter().zip(&from).any(|(to, from)| (to - from).abs() > 0.1), "{to:?}");
    }
}

#[test]
fn noise_is_normal() {
    let image = Augment::Image(Image { noise: 0.5, ..Image::new(20, 25, 1) });
    let signal = Augment::Signal(Signal { jitter: 0.5, ..Signal::new(250, 2) });
    for augment in [image, signal] {
        let values: Vec<f64> =
            (0..200).flat_map(|row| changed(augment, &[3.0; 500], row)).map(|value| f64::from(value) - 3.0).collect();
        let moment = |power| values.iter().map(|value: &f64| (value / 0.5).powi(power)).sum::<f64>() / 1e5;
        // The moments of N(0, 1) are 0, 1, 0, 3, 0, 15, 0, 105.
        assert!(moment(1).abs() < SIGMAS * (1.0 / 1e5_f64).sqrt(), "{augment:?}");
        assert!((moment(2) - 1.0).abs() < SIGMAS * ((3.0 - 1.0) / 1e5_f64).sqrt(), "{augment:?}");
        assert!((moment(4) - 3.0).abs() < SIGMAS * ((105.0 - 9.0) / 1e5_f64).sqrt(), "{augment:?}");
    }
}

#[test]
fn nothing_asked_for_is_nothing_done() {
    let from = [1.5, -0.0, f32::MAX, 1e-45, 0.1, -7.0];
    for augment in [Augment::Image(Image::new(2, 3, 1)), Augment::Signal(Signal::new(3, 2))] {
        let to = changed(augment, &from, 0);
        assert!(to.iter().zip(from).all(|(to, from)| to.to_bits() == from.to_bits()), "{augment:?}");
    }
}

#[test]
fn the_stream_decides() {
    let signal = Augment::Signal(Signal { jitter: 0.1, shift: 1.0, ..Signal::new(4, 1) });
    let from = [1.0, 2.0, 3.0, 4.0];
    assert_eq!(changed(signal, &from, 7), changed(signal, &from, 7));
    assert_ne!(changed(signal, &from, 7), changed(signal, &from, 8));
}

#[test]
fn what_is_wrong_is_said() {
    let image = |change: fn(&mut Image)| {
        let mut image = Image::new(8, 4, 2);
        change(&mut image);
        Augment::Image(image).check(64).map_err(|error| error.to_string())
    };
    let signal = |change: fn(&mut Signal)| {
        let mut signal = Signal::new(16, 4);
        change(&mut signal);
        Augment::Signal(signal).check(64).map_err(|error| error.to_string())
    };
    let error = |text: &str| Err(text.to_owned());
    assert_eq!(image(|_| ()), Ok(()));
    assert_eq!(image(|i| (i.shift, i.rotation, i.scale) = (8.0, 180.0, 0.99)), Ok(()));
    assert_eq!(image(|i| i.height = 0), error("image.height: expected at least 1, found 0"));
    assert_eq!(image(|i| i.width = 5), error("image: an input has 64 values, but height x width x channels are 80"));
    assert!(image(|i| (i.height, i.width) = (1 << 33, 1 << 33)).is_err(), "the product wraps to 0");
    assert_eq!(image(|i| i.noise = -1.0), error("image.noise: expected a finite number of at least 0, found -1"));
    assert_eq!(image(|i| i.shift = 9.0), error("image.shift: expected from 0 to 8 pixels, the longer side, found 9"));
    assert_eq!(image(|i| i.rotation = f32::NAN), error("image.rotation: expected from 0 to 180 degrees, found NaN"));
    assert_eq!(image(|i| i.scale = 1.0), error("image.scale: expected at least 0 and less than 1, found 1"));
    assert_eq!(image(|i| i.fill = f32::INFINITY), error("image.fill: expected a finite number, found inf"));

    assert_eq!(signal(|s| (s.shift, s.warp, s.scale) = (16.0, 0.99, 0.99)), Ok(()));
    assert_eq!(signal(|s| s.steps = 1), error("signal.steps: expected at least 2, found 1"));
    assert_eq!(signal(|s| s.channels = 3), error("signal: an input has 64 values, but steps x channels are 48"));
    assert_eq!(signal(|s| s.warp = 1.0), error("signal.warp: expected at least 0 and less than 1, found 1"));
    assert_eq!(signal(|s| s.scale = -0.1), error("signal.scale: expected at least 0 and less than 1, found -0.1"));
    assert_eq!(
        signal(|s| s.shift = 17.0),
        error("signal.shift: expected from 0 to 16 steps, the length of the signal, found 17")
    );
    assert!(signal(|s| s.jitter = f32::INFINITY).is_err());
}

#[test]
fn a_description_is_a_table() {
    let parse = |text: &str| toml::from_str::<Augment>(text).map_err(|error| error.message().to_owned());
    let image = Augment::Image(Image { shift: 1.0, flip_vertical: true, ..Image::new(8, 6, 1) });
    assert_eq!(parse("image = { height = 8, width = 6, shift = 1.0, flip_vertical = true }"), Ok(image));
    let signal = Augment::Signal(Signal { jitter: 0.5, ..Signal::new(119, 6) });
    assert_eq!(parse("[signal]\nsteps = 119\nchannels = 6\njitter = 0.5"), Ok(signal));
    for augment in [image, signal] {
        assert_eq!(parse(&toml::to_string(&augment).expect("it can be written")), Ok(augment));
    }
    let wrong = |text: &str| parse(text).expect_err("the description is wrong");
    assert!(wrong("image = { height = 8, width = 8, turn = 1 }").starts_with("unknown field `turn`, expected one of"));
    assert_eq!(wrong("image = { height = 8 }"), "missing field `width`");
    assert_eq!(wrong("picture = { height = 8 }"), "unknown variant `picture`, expected `image` or `signal`");
    assert!(wrong("").starts_with("wanted exactly 1 element"));
    assert!(wrong("image = { height = 8, width = 8 }\nsignal = { steps = 8 }").starts_with("wanted exactly 1 element"));
}

#[test]
fn options_and_files_say_the_same() {
    for (option, file) in [
        ("image:8x6", "image = { height = 8, width = 6 }"),
        (
            "image:8x6x3:noise=0.5:shift=1:rotation=10:scale=0.1:flip_horizontal:flip_vertical:fill=-1",
            "image = { height = 8, width = 6, channels = 3, noise = 0.5, shift = 1.0, rotation = 10.0, scale = 0.1, \
             flip_horizontal = true, flip_vertical = true, fill = -1.0 }",
        ),
        (
            "signal:119x6:jitter=0.1:scale=0.2:warp=0.3:shift=4",
            "signal = { steps = 119, channels = 6, jitter = 0.1, scale = 0.2, warp = 0.3, shift = 4.0 }",
        ),
    ] {
        let read: Augment = toml::from_str(file).expect("the file is right");
        assert_eq!(option.parse(), Ok(read), "{option}");
    }
    for (wrong, part) in [
        ("", "image:…"),
        ("video:8x8", "image:…"),
        ("image", "HEIGHTxWIDTH"),
        ("image:8", "HEIGHTxWIDTH"),
        ("image:8xy", "HEIGHTxWIDTH"),
        ("signal:1x2x3", "STEPS"),
        ("image:8x8:warp=1", "warp"),
        ("image:8x8:shift", "shift"),
        ("image:8x8:shift=far", "`far`"),
        ("image:8x8:flip_horizontal=1", "flip_horizontal"),
        ("image:8x8:width=9", "width is given twice"),
    ] {
        let error = wrong.parse::<Augment>().expect_err("it is wrong");
        assert!(error.contains(part), "{wrong}: {error}");
    }
}
