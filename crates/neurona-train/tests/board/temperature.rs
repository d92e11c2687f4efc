//! The temperature of a machine: an autoencoder that follows slow drift and still raises failures.

use std::{collections::VecDeque, fs, ops::Range};

use neurona::{prelude::*, replay::Reservoir, statistics::RunningScale};
use neurona_train::{Loss, TargetScaling, Targets, Training};
use rand_pcg::Pcg32;

use super::*;

/// A value is the mean of an hour, of twelve samples.
const SAMPLES: usize = 12;
/// Hours of a window.
const DAY: usize = 24;

neurona::network! {
    /// A day, told by two numbers and back. Inputs and outputs are in units of three standard deviations, so that a day outside of
    /// what is normal has no output that is like it.
    pub(crate) struct Day: [f32; 24] => [f32; 24] {
        encoder: Dense<24, 8, Tanh>,
        code: Dense<8, 2, Tanh>,
        decoder: Dense<2, 8, Tanh>,
        output: Dense<8, 24, Tanh>,
    }
}

/// A buffer of the board: 240 days, each value a byte of half degrees.
pub(crate) type Buffer = Reservoir<24, u8, (), 240>;

/// Hours of the beginning that the network is trained on, and those to the end of the week, whose scores are the first that the
/// threshold comes from.
const TRAINING: usize = 5 * DAY;
const WEEK: usize = 7 * DAY;
/// How many hours count for mean and variance of values and scores: two weeks.
const MEMORY: u32 = 14 * DAY as u32;
/// A score is high from so many standard deviations above the mean on, and an alarm is so many high scores in succession.
const DEVIATIONS: f32 = 4.0;
const SUCCESSION: usize = 3;
/// An hour is taken for normal when its score is not high and no alarm has stood in so many hours after it.
const QUARANTINE: usize = 2 * DAY;
/// How many days of the buffer are learned for each normal hour, and the rate.
const TURNS: usize = 4;
const RATE: f32 = 0.02;

/// The series, a value each hour, and where each labelled failure begins and ends.
pub(crate) struct Series {
    hours: Vec<f32>,
    failures: Vec<Range<usize>>,
}

impl Series {
    /// Number of hours.
    #[allow(dead_code)]
    pub(crate) fn len(&self) -> usize {
        self.hours.len()
    }
}

/// `None` where the data are not on this computer.
pub(crate) fn read() -> Result<Option<Series>> {
    let folder = shared("machine-temperature");
    if !folder.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(folder.join("machine_temperature.csv"))?;
    let sample = |line| -> Result<(&str, f32)> {
        let (time, value) = str::split_once(line, ',').ok_or("a line without a value")?;
        Ok((time, value.trim().parse()?))
    };
    let samples: Vec<(&str, f32)> = text.lines().skip(1).map(sample).collect::<Result<_>>()?;
    let windows = fs::read_to_string(folder.join("anomaly_windows.csv"))?;
    // Times are written so that they sort as text.
    let hour = |time: &str| samples.partition_point(|sample| sample.0 < time) / SAMPLES;
    let failures = windows.lines().skip(1).filter_map(|line| line.trim().split_once(','));
    let failures = failures.map(|(from, to)| hour(from)..hour(to) + 1).collect();
    let mean = |samples: &[(&str, f32); SAMPLES]| samples.iter().map(|(_, x)| x).sum::<f32>() / SAMPLES as f32;
    Ok(Some(Series { hours: samples.as_chunks().0.iter().map(mean).collect(), failures }))
}

/// What follows what is normal, each with all before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Follows {
    Nothing,
    Threshold,
    Scale,
    Network,
}

impl Follows {
    #[allow(dead_code)]
    pub(crate) const ALL: [Self; 4] = [Self::Nothing, Self::Threshold, Self::Scale, Self::Network];
}

/// What was raised.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Alarms {
    /// In how many of the labelled failures an alarm stood.
    pub(crate) raised: usize,
    /// On how many days an alarm stood outside of them.
    pub(crate) false_days: usize,
    /// How many percent of the first week have a high score at the end: what following has forgotten.
    #[allow(dead_code)]
    pub(crate) forgotten: f64,
    /// How many days of the buffer were learned.
    #[allow(dead_code)]
    pub(crate) learned: usize,
}

/// Trains on the first days, then goes through the rest hour by hour.
pub(crate) fn run(series: &Series, follows: Follows, seed: u64) -> Result<Alarms> {
    let Series { hours, failures } = series;
    let mut monitor = Monitor::new(hours, follows, seed)?;
    let (mut raised, mut false_days) = (vec![false; failures.len()], vec![false; hours.len() / DAY + 1]);
    for (end, window) in windows(hours).filter(|(end, _)| *end > WEEK) {
        if monitor.add(window) {
            match failures.iter().position(|failure| failure.contains(&(end - 1))) {
                Some(failure) => raised[failure] = true,
                None => false_days[(end - 1) / DAY] = true,
            }
        }
    }
    let is_high = |(_, window)| monitor.score(&window) > monitor.threshold();
    let first: Vec<bool> = windows(&hours[..WEEK]).map(is_high).collect();
    let count = |of: &[bool]| of.iter().filter(|is| **is).count();
    Ok(Alarms {
        raised: count(&raised),
        false_days: count(&false_days),
        forgotten: 100.0 * count(&first) as f64 / first.len() as f64,
        learned: monitor.learned,
    })
}

/// Each window, with the number of the hour after it.
fn windows(hours: &[f32]) -> impl Iterator<Item = (usize, [f32; DAY])> {
    hours.array_windows().enumerate().map(|(start, window)| (start + DAY, *window))
}

/// What the board keeps.
struct Monitor {
    net: Box<Day>,
    learning: Box<Learning<Day, InPlace>>,
    /// Of values in degrees.
    scale: RunningScale<1>,
    scores: RunningScale<1>,
    buffer: Box<Buffer>,
    /// The hours of the quarantine: the window, its score, and whether it was high. A board keeps the values and not each window.
    waiting: VecDeque<([f32; DAY], f32, bool)>,
    /// High scores in succession.
    high: usize,
    /// Hours since an alarm stood.
    quiet: usize,
    follows: Follows,
    /// Number of days that were learned.
    learned: usize,
    rng: Pcg32,
}

impl Monitor {
    fn new(hours: &[f32], follows: Follows, seed: u64) -> Result<Self> {
        let mut scale = RunningScale::new(MEMORY);
        hours[..TRAINING].iter().for_each(|hour| _ = scale.add(&[*hour]));
        let (mut rng, mut buffer) = (Pcg32::new(seed, 0), Box::new(Buffer::new(0.5)));
        windows(&hours[..WEEK]).for_each(|(_, window)| _ = buffer.offer(&window, (), &mut rng));
        let inputs: Vec<f32> = windows(&hours[..TRAINING]).flat_map(|(_, window)| scaled(&scale, &window)).collect();
        let inputs = Array2::from_shape_vec((inputs.len() / DAY, DAY), inputs)?;
        let data = Dataset::new(inputs.clone(), Targets::values(inputs))?;
        let settings = Training {
            rate: 0.003,
            epochs: 200,
            target_scaling: TargetScaling::None,
            seed,
            ..Training::new(Loss::SquaredError)
        };
        let mut monitor = Self {
            net: fit(data, settings)?,
            learning: Box::new(Learning::ZERO),
            scale,
            scores: RunningScale::new(MEMORY),
            buffer,
            waiting: VecDeque::new(),
            high: 0,
            quiet: QUARANTINE,
            follows,
            learned: 0,
            rng,
        };
        for (_, window) in windows(&hours[..WEEK]).filter(|(end, _)| *end > TRAINING) {
            let score = monitor.score(&window);
            monitor.scores.add(&[score]);
        }
        Ok(monitor)
    }

    /// The mean squared error of a day that went through the network.
    fn score(&mut self, window: &[f32; DAY]) -> f32 {
        let x = scaled(&self.scale, window);
        self.learner().evaluate(&x, &x)
    }

    fn learner(&mut self) -> Learner<'_, Day, SquaredError, InPlace> {
        Learner::new(&mut self.net, &mut self.learning, SquaredError, InPlace::new(RATE))
    }

    fn threshold(&self) -> f32 {
        self.scores.mean()[0] + DEVIATIONS * libm::sqrtf(self.scores.variance()[0])
    }

    /// Takes the last day, of which an hour is new, and says whether an alarm stands.
    fn add(&mut self, window: [f32; DAY]) -> bool {
        let score = self.score(&window);
        let is_high = score > self.threshold();
        self.high = if is_high { self.high + 1 } else { 0 };
        let alarm = self.high >= SUCCESSION;
        self.quiet = if alarm { 0 } else { self.quiet + 1 };
        self.waiting.push_back((window, score, is_high));
        if self.waiting.len() > QUARANTINE
            && let Some((window, score, was_high)) = self.waiting.pop_front()
            && !was_high
            && self.quiet > QUARANTINE
        {
            self.follow(window, score);
        }
        alarm
    }

    /// Takes a day that was normal.
    fn follow(&mut self, window: [f32; DAY], score: f32) {
        if self.follows >= Follows::Threshold {
            self.scores.add(&[score]);
        }
        if self.follows >= Follows::Scale {
            self.scale.add(&[window[DAY - 1]]);
        }
        if self.follows >= Follows::Network {
            self.buffer.offer(&window, (), &mut self.rng);
            for _ in 0..TURNS {
                let mut again = [0.0; DAY];
                if self.buffer.draw(&mut self.rng, &mut again).is_some() {
                    let x = scaled(&self.scale, &again);
                    self.learner().learn(&x, &x);
                    self.learned += 1;
                }
            }
        }
    }
}

/// Values in units of three standard deviations.
fn scaled(scale: &RunningScale<1>, window: &[f32; DAY]) -> [f32; DAY] {
    let unit = 3.0 * libm::sqrtf(scale.variance()[0]);
    window.map(|hour| (hour - scale.mean()[0]) / unit)
}
