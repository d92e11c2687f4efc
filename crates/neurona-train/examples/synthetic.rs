//! Data for the firmware's binaries `keyword` and `gesture`, made by a seeded generator: sounds that are like words, and
//! motion.
//!
//! ```text
//! cargo run --release -p neurona-train --example synthetic -- keyword DIR
//! cargo run --release -p neurona-train --example synthetic -- gesture DIR
//! ```
//!
//! The first writes WAV files, `DIR/train/rise/0.wav` and so on; the second a table of windows, `DIR/train.csv`, and a stream
//! of samples, `DIR/stream.csv`. `firmware-example/data/README.md` has the commands that make its files of them.

use std::f64::consts::TAU;
use std::fmt::Write as _;
use std::{error::Error, fs, path::Path};

use hound::{SampleFormat, WavSpec, WavWriter};
use neurona_train::random::{Purpose, Random};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [what, folder] if what == "keyword" => keyword(folder.as_ref()),
        [what, folder] if what == "gesture" => gesture(folder.as_ref()),
        _ => Err("expected `keyword DIR` or `gesture DIR`".into()),
    }
}

/// Numbers of one recording.
struct Source(Random);

impl Source {
    fn new(part: u64, number: u64) -> Self {
        Self(Random::new(1, Purpose::Sample, part, number))
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * f64::from(self.0.unit())
    }

    fn noise(&mut self) -> f64 {
        self.0.normal().into()
    }
}

// ---- Sounds -----------------------------------------------------------------------------------------------------------------

const RATE: f64 = 8000.0;
/// Half a second.
const SAMPLES: usize = 4000;
/// Each by the movement of its resonance, from 500 to 2000 Hz, over a voice of 90 to 250 Hz; the last is noise alone.
const SOUNDS: [&str; 5] = ["rise", "fall", "level", "twice", "noise"];

fn keyword(folder: &Path) -> Result<(), Box<dyn Error>> {
    let wav = WavSpec { channels: 1, sample_rate: RATE as u32, bits_per_sample: 16, sample_format: SampleFormat::Int };
    for (part, (name, count)) in [("train", 200), ("test", 2)].into_iter().enumerate() {
        for (kind, sound) in SOUNDS.iter().enumerate() {
            let folder = folder.join(name).join(sound);
            fs::create_dir_all(&folder)?;
            for number in 0..count {
                let mut writer = WavWriter::create(folder.join(format!("{number}.wav")), wav)?;
                let source = Source::new(10 * part as u64 + kind as u64, number);
                samples(sound, source).into_iter().try_for_each(|sample| writer.write_sample(sample))?;
                writer.finalize()?;
            }
        }
    }
    Ok(())
}

fn samples(sound: &str, mut source: Source) -> Vec<i16> {
    let (pitch, glide) = (source.between(90.0, 250.0), source.between(-0.15, 0.15));
    let (low, high) = (source.between(450.0, 650.0), source.between(1600.0, 2200.0));
    let level = source.between(500.0, 2000.0);
    let (loud, hiss) = (source.between(0.1, 0.6), libm::pow(10.0, source.between(-3.5, -2.0)));
    let (begin, long) = (source.between(0.02, 0.12), source.between(0.25, 0.36));
    let mut phase = 0.0;
    let sample = |at: usize| {
        // How far the sound is, from 0 to 1.
        let far = (at as f64 / RATE - begin) / long;
        let resonance = match sound {
            "rise" => low + (high - low) * far,
            "fall" => high + (low - high) * far,
            _ => level,
        };
        let (within, gap) = ((0.0..1.0).contains(&far), sound == "twice" && (0.38..0.62).contains(&far));
        let swell = if within && !gap && sound != "noise" { libm::pow(libm::sin(TAU / 2.0 * far), 0.3) } else { 0.0 };
        let voice = pitch * (1.0 + glide * far);
        phase += TAU * voice / RATE;
        let harmonic = |number: u32| {
            let off = (f64::from(number) * voice - resonance) / 250.0;
            libm::exp(-off * off) * libm::sin(f64::from(number) * phase)
        };
        let sum: f64 = (1..=24).take_while(|number| f64::from(*number) * voice < RATE / 2.0).map(harmonic).sum();
        let value = 0.4 * loud * swell * sum + hiss * source.noise();
        (32_767.0 * value).round().clamp(-32_768.0, 32_767.0) as i16
    };
    (0..SAMPLES).map(sample).collect()
}

// ---- Motion -----------------------------------------------------------------------------------------------------------------

/// Samples a second, and of a window.
const STEPS: usize = 119;
/// The first is what lies between the others.
const GESTURES: [&str; 5] = ["rest", "circle", "shake", "lift", "twist"];

/// A sample: accelerations in thousandths of g, rates of turn in tenths of a degree a second.
type Motion = [i16; 6];

fn gesture(folder: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    let axes = ["ax", "ay", "az", "gx", "gy", "gz"];
    let mut text = String::from("label");
    for step in 0..STEPS {
        axes.iter().try_for_each(|axis| write!(text, ",{axis}{step}"))?;
    }
    text.push('\n');
    let stream = stream(Source::new(100, 0), 400);
    for window in stream.windows(STEPS).step_by(23) {
        // A window belongs to a gesture that is in it for the most part, and to rest when there is little of one.
        let moving = window.iter().filter(|(kind, _)| *kind > 0).count();
        let kind = window.iter().map(|(kind, _)| *kind).max().unwrap_or_default();
        let label = match moving {
            0..20 => GESTURES[0],
            70.. => GESTURES[kind],
            _ => continue,
        };
        text += label;
        window.iter().flat_map(|(_, motion)| motion).try_for_each(|value| write!(text, ",{value}"))?;
        text.push('\n');
    }
    fs::write(folder.join("train.csv"), text)?;

    let mut text = format!("gesture,{}\n", axes.join(","));
    for (kind, motion) in self::stream(Source::new(101, 0), 8) {
        text += GESTURES[kind];
        motion.iter().try_for_each(|value| write!(text, ",{value}"))?;
        text.push('\n');
    }
    Ok(fs::write(folder.join("stream.csv"), text)?)
}

/// Gestures in turn, each of its own speed and size, with rest between; each sample with the number of its gesture.
fn stream(mut source: Source, count: usize) -> Vec<(usize, Motion)> {
    let mut samples = Vec::new();
    for number in 0..=count {
        let tilt = [source.between(-0.1, 0.1), source.between(-0.1, 0.1)];
        let rest = source.between(100.0, 180.0) as usize;
        samples.extend((0..rest).map(|_| (0, measured(&mut source, [tilt[0], tilt[1], 1.0], [0.0; 3]))));
        if number == count {
            break;
        }
        let kind = 1 + number % 4;
        let (steps, size) = (source.between(95.0, 130.0) as usize, source.between(0.6, 1.3));
        let (start, often) = (source.between(0.0, 0.3), source.between(4.0, 6.0));
        for step in 0..steps {
            let far = step as f64 / steps as f64;
            // Begins and ends softly.
            let swell = size * libm::sin(TAU / 2.0 * far);
            let (sine, cosine) = (libm::sin(TAU * (far + start)), libm::cos(TAU * (far + start)));
            let (acceleration, turn) = match kind {
                1 => ([swell * cosine, swell * sine, 0.0], [0.0, 0.0, 40.0 * swell]),
                2 => ([1.5 * swell * libm::sin(TAU * often * far), 0.0, 0.0], [0.0, 15.0 * swell * cosine, 0.0]),
                3 => ([0.0, 0.1 * swell * sine, size * libm::sin(TAU * far)], [10.0 * swell, 0.0, 0.0]),
                _ => {
                    let angle = size * libm::sin(TAU * far);
                    ([0.0, libm::sin(angle), libm::cos(angle) - 1.0], [170.0 * size * libm::cos(TAU * far), 0.0, 0.0])
                }
            };
            let acceleration = [acceleration[0] + tilt[0], acceleration[1] + tilt[1], acceleration[2] + 1.0];
            samples.push((kind, measured(&mut source, acceleration, turn)));
        }
    }
    samples
}

/// What a sensor gives, with its noise.
fn measured(source: &mut Source, g: [f64; 3], degrees: [f64; 3]) -> Motion {
    let mut motion = [0; 6];
    for (to, (value, noise)) in
        motion.iter_mut().zip(g.map(|g| (1000.0 * g, 15.0)).into_iter().chain(degrees.map(|d| (10.0 * d, 20.0))))
    {
        *to = (value + noise * source.noise()).round() as i16;
    }
    motion
}
