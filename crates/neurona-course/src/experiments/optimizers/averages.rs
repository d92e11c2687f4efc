//! The moving averages that momentum rests on: what they take from noise, and how late they are.

use std::f64::consts::TAU;

use crate::{
    Context, CourseError, Figure, Mark, Table, lab,
    page::number,
    plot::{Axis, BLUE, Chart, GREEN, GREY, INK, PALE, Size, VERMILION},
};

/// The coefficients that are tried.
///
/// For each a simple average over (1 + β) / (1 - β) terms, here a whole number, takes as much from the noise.
pub const BETAS: [f64; 4] = [0.5, 0.8, 0.9, 0.95];

/// The coefficient that is drawn.
const SHOWN: f64 = 0.9;

/// Samples in a period of the clean signal.
const PERIOD: usize = 400;

/// Samples whose averages have not forgotten where they began: 0.95^400 is 1e-9.
const BEGINNING: usize = PERIOD;

/// The standard deviation of the noise.
pub const NOISE: f64 = 0.5;

/// What was found.
#[derive(Clone, Debug)]
pub struct Averages {
    /// For each of [`BETAS`].
    pub measured: Vec<Measured>,
    /// Samples that were measured.
    pub samples: usize,
    clean: Vec<f64>,
    noisy: Vec<f64>,
}

/// An exponential and a simple average that take as much from the noise.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// β of the exponential one.
    pub beta: f64,
    /// M + 1 of the simple one.
    pub terms: usize,
    /// The exponential one.
    pub exponential: Quality,
    /// The simple one.
    pub simple: Quality,
}

/// How good an average is, held to the clean signal.
#[derive(Clone, Copy, Debug)]
pub struct Quality {
    /// The variance of the noise that is left, by that of the noise.
    pub noise: f64,
    /// The shift of the clean signal that is nearest to the average, in samples.
    pub lag: f64,
    /// The root mean square of the difference from the clean signal.
    pub error: f64,
}

/// `v = beta v + (1 - beta) x`, from `v = 0`.
pub fn exponential(signal: &[f64], beta: f64) -> Vec<f64> {
    let next = |v: &mut f64, x: &f64| {
        *v = beta * *v + (1.0 - beta) * x;
        Some(*v)
    };
    signal.iter().scan(0.0, next).collect()
}

/// The mean of a sample and the `terms - 1` before it; of fewer where there are not so many.
pub fn simple(signal: &[f64], terms: usize) -> Vec<f64> {
    let mean = |at: usize| {
        let window = &signal[(at + 1).saturating_sub(terms)..=at];
        window.iter().sum::<f64>() / window.len() as f64
    };
    (0..signal.len()).map(mean).collect()
}

/// Measures the averages of a cosine with noise.
pub(super) fn run(context: &Context<'_>) -> Result<Averages, CourseError> {
    let samples = context.choose(400_000, 100_000);
    let mut random = context.random(1);
    let clean: Vec<f64> = (0..samples + BEGINNING).map(|at| (TAU * at as f64 / PERIOD as f64).cos()).collect();
    let noise: Vec<f64> = clean.iter().map(|_| NOISE * f64::from(random.normal())).collect();
    let noisy: Vec<f64> = clean.iter().zip(&noise).map(|(clean, noise)| clean + noise).collect();
    let measured = context.each(&BETAS, |beta| {
        let terms = ((1.0 + beta) / (1.0 - beta)).round() as usize;
        Ok(Measured {
            beta: *beta,
            terms,
            exponential: quality(&clean, &noise, |signal| exponential(signal, *beta)),
            simple: quality(&clean, &noise, |signal| simple(signal, terms)),
        })
    })?;
    Ok(Averages { measured, samples, clean, noisy })
}

fn quality(clean: &[f64], noise: &[f64], average: impl Fn(&[f64]) -> Vec<f64>) -> Quality {
    // An average is linear: that of the noisy signal is the sum of these.
    let (smooth, left) = (average(clean), average(noise));
    let noisy: Vec<f64> = smooth.iter().zip(&left).map(|(smooth, left)| smooth + left).collect();
    let square = |one: &[f64], other: &[f64]| {
        one.iter().zip(other).map(|(one, other)| (one - other).powi(2)).sum::<f64>() / one.len() as f64
    };
    let from_shifted = |shift: usize| square(&noisy[BEGINNING..], &clean[BEGINNING - shift..]);
    let zeros = vec![0.0; noise.len()];
    let nearest =
        (0..PERIOD / 8).map(|shift| (from_shifted(shift), shift)).min_by(|one, other| one.0.total_cmp(&other.0));
    Quality {
        noise: square(&left[BEGINNING..], &zeros) / square(&noise[BEGINNING..], &zeros),
        lag: nearest.map_or(f64::NAN, |(_, shift)| shift as f64),
        error: from_shifted(0).sqrt(),
    }
}

impl Averages {
    pub(super) fn figures(&self) -> Result<Vec<Figure>, CourseError> {
        Ok(vec![self.signal()?, self.weights()?, self.trade()?])
    }

    fn signal(&self) -> Result<Figure, CourseError> {
        const LENGTH: usize = 300;
        let points = |values: Vec<f64>| values.into_iter().take(LENGTH).enumerate().map(|(at, y)| (at as f64, y));
        let average = exponential(&self.noisy, SHOWN);
        // As Adam does it: the weights of t samples add up to 1 - β^t.
        let corrected = average.iter().zip(1..).map(|(v, t)| v / (1.0 - SHOWN.powi(t))).take(60).collect();
        let axes = (Axis::linear("sample t", 0.0..LENGTH as f64), Axis::linear("signal", -2.5..2.5));
        Chart::new(Size::Wide, axes.0, axes.1)
            .layer(Mark::Dot, PALE, "noisy signal x", points(self.noisy.clone()))
            .layer(Mark::Dashed, INK, "clean signal", points(self.clean.clone()))
            .layer(Mark::Line, BLUE, "simple average of 19 samples", points(simple(&self.noisy, 19)))
            .layer(Mark::Line, VERMILION, "exponential average, β = 0.9, from v = 0", points(average))
            .layer(Mark::Dashed, GREEN, "the same divided by 1 − βᵗ (first 60 samples)", points(corrected))
            .figure(
                "Moving averages of a noisy cosine. Both follow the clean signal some 9 samples late. The exponential one \
                 begins at 0; divided by the sum of its weights, 1 − <var>β</var><sup><var>t</var></sup>, it begins where \
                 the signal does: the bias correction of Adam.",
            )
    }

    fn weights(&self) -> Result<Figure, CourseError> {
        const AGES: usize = 50;
        let ages = || (0..AGES).map(|age| age as f64);
        let axes = (Axis::linear("age of the sample", 0.0..AGES as f64), Axis::linear("weight", 0.0..0.11));
        Chart::new(Size::Medium, axes.0, axes.1)
            .layer(Mark::Line, BLUE, "simple, M + 1 = 19", [(0.0, 1.0 / 19.0), (18.5, 1.0 / 19.0), (18.5, 0.0)])
            .layer(Mark::Line, VERMILION, "exponential, β = 0.9", ages().map(|age| (age, 0.1 * SHOWN.powf(age))))
            .figure(
                "How much a sample counts by its age: equally and then not at all, or ever less. The mean age, 9 samples, \
                 is the same.",
            )
    }

    fn trade(&self) -> Result<Figure, CourseError> {
        let of = |quality: fn(&Measured) -> Quality| {
            self.measured.iter().map(quality).map(|quality| (quality.lag, quality.noise))
        };
        let theory = lab::spaced(0.0, 25.0, 200).map(|lag| (lag, 1.0 / (1.0 + 2.0 * lag)));
        let axes =
            (Axis::linear("lag (samples)", 0.0..25.0), Axis::log("variance of the noise that is left", 0.02..1.2));
        Chart::new(Size::Medium, axes.0, axes.1)
            .layer(Mark::Line, GREY, "theory, 1 / (1 + 2 lag)", theory)
            .layer(Mark::Ring, VERMILION, "exponential, β = 0.5 to 0.95", of(|measured| measured.exponential))
            .layer(Mark::Triangle, BLUE, "simple, 3 to 39 samples", of(|measured| measured.simple))
            .figure(
                "What is taken from the noise is paid for by being late, at the same price in both. With <var>β</var> = \
                 0.95 the average of this signal is so late that it is farther from it than with 0.9: see the table.",
            )
    }

    pub(super) fn table(&self) -> Table {
        let caption =
            format!("Moving averages of a noisy cosine of period {PERIOD}, {} samples", number(self.samples as f64));
        let columns = [
            ("variance of the noise that is left", ""),
            ("by theory", ""),
            ("lag", "samples"),
            ("by theory", "samples"),
            ("RMS error against the clean signal", ""),
        ];
        let mut table = Table::new(caption, "average", columns);
        table.push("none", [1.0, 1.0, 0.0, 0.0, NOISE]);
        for Measured { beta, terms, exponential, simple } in &self.measured {
            let (noise, lag) = ((1.0 - beta) / (1.0 + beta), beta / (1.0 - beta));
            for (name, found) in
                [(format!("exponential, β = {beta}"), exponential), (format!("simple, {terms} terms"), simple)]
            {
                table.push(name, [found.noise, noise, found.lag, lag, found.error]);
            }
        }
        table
    }
}
