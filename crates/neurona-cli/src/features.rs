//! `neurona features`: recordings to a table of features.

use std::{fmt, io::Write, path::PathBuf};

use anyhow::{Context as _, Result, ensure};
use clap::{Args, ValueEnum};
use neurona::signal::{Cosine, FeatureSpec, Height, Kind, Log, MelScale, Spectrum, Triangles, Window};
use neurona_train::{
    features::{Extractor, Recordings, Table, rust_source},
    file::write_whole,
};
use serde::Serialize;

use crate::{data, print};

/// Make a table of features of recordings (WAV), to train a network with.
///
/// FOLDER has a folder of WAV files for each class, as FOLDER/yes/1.wav; a folder of WAV files alone, or one file, gives a
/// table without labels, for `neurona predict`. Each recording becomes a row: of its first --seconds, the columns of features
/// one after another, to the bits that a board computes. What is printed at the end goes into the firmware.
#[derive(Args)]
#[command(allow_negative_numbers = true, after_help = AFTER_HELP)]
pub(crate) struct Features {
    /// Folder of the recordings, or one WAV file
    #[arg(value_name = "FOLDER")]
    recordings: PathBuf,
    /// The table (CSV)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// How much of each recording is taken; a shorter one is followed by silence
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,
    /// Name of the type in the firmware
    #[arg(long, default_value = "Features")]
    name: String,
    /// Print one JSON object in place of the lines
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    choices: Choices,
}

const AFTER_HELP: &str = "\
Examples:
  neurona features speech --out keywords.csv
  neurona train keywords.csv --zoo ds_cnn --standardize --out keywords.neurona
  neurona features machine --like librosa --mels 32 --seconds 2 --out hum.csv
  neurona features new.wav --out new.csv && neurona predict keywords.neurona new.csv

JSON: {\"out\", \"recordings\", \"labels\", \"columns\", \"values\", \"shorter\", \"longer\", \"left_out\", \"rust\"}; `columns` of so many \
`values` each are a row.";

/// What features are made of: a set of conventions, and what differs from it.
#[derive(Args)]
#[command(next_help_heading = "Features")]
struct Choices {
    /// Whose conventions: mlperf_tiny (TensorFlow: 10 MFCC of 30 ms every 20 ms) or librosa (40 log-mel bands of 32 ms every
    /// 16 ms)
    #[arg(long, value_enum, default_value_t = Conventions::MlperfTiny)]
    like: Conventions,
    /// Samples a second
    #[arg(long, value_name = "HZ")]
    sample_rate: Option<u32>,
    /// Samples of a frame
    #[arg(long)]
    frame: Option<usize>,
    /// Samples from one frame to the next
    #[arg(long)]
    hop: Option<usize>,
    /// Points of the Fourier transform [default: the power of two that has room for a frame]
    #[arg(long)]
    fft: Option<usize>,
    /// Share of the sample before that is subtracted, such as 0.97
    #[arg(long)]
    pre_emphasis: Option<f32>,
    /// What each frame is multiplied by: rectangular, hann, hamming, symmetric_hann or symmetric_hamming
    #[arg(long, value_parser = choice(WINDOWS))]
    window: Option<Window>,
    /// What is taken of each bin: magnitude or power
    #[arg(long, value_parser = choice(SPECTRA))]
    spectrum: Option<Spectrum>,
    /// What a column holds: spectrum, mel or mfcc
    #[arg(long, value_parser = choice(KINDS))]
    kind: Option<Kind>,
    /// Number of mel bands
    #[arg(long)]
    mels: Option<usize>,
    /// Where the lowest band begins
    #[arg(long, value_name = "HZ")]
    low: Option<f32>,
    /// Where the highest band ends
    #[arg(long, value_name = "HZ")]
    high: Option<f32>,
    /// Scale of the bands: htk or slaney
    #[arg(long, value_parser = choice(SCALES))]
    scale: Option<MelScale>,
    /// Where bands rise and fall in straight lines: mel or hertz
    #[arg(long, value_parser = choice(TRIANGLES))]
    triangles: Option<Triangles>,
    /// Height of the bands: one, or area for equal areas
    #[arg(long, value_parser = choice(HEIGHTS))]
    height: Option<Height>,
    /// How small a value may be under the logarithm: none for no logarithm, plus:FLOOR or at_least:FLOOR
    #[arg(long, value_parser = log)]
    log: Option<Log>,
    /// Number of cepstral coefficients
    #[arg(long)]
    coefficients: Option<usize>,
    /// Factors of the cosine transform: htk or orthonormal
    #[arg(long, value_parser = choice(COSINES))]
    cosine: Option<Cosine>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Conventions {
    MlperfTiny,
    Librosa,
}

impl fmt::Display for Conventions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MlperfTiny => "mlperf_tiny",
            Self::Librosa => "librosa",
        })
    }
}

/// Values by their names on the command line.
type Names<T> = &'static [(&'static str, T)];

const WINDOWS: Names<Window> = &[
    ("rectangular", Window::Rectangular),
    ("hann", Window::Hann),
    ("hamming", Window::Hamming),
    ("symmetric_hann", Window::SymmetricHann),
    ("symmetric_hamming", Window::SymmetricHamming),
];
const SPECTRA: Names<Spectrum> = &[("magnitude", Spectrum::Magnitude), ("power", Spectrum::Power)];
const KINDS: Names<Kind> = &[("spectrum", Kind::Spectrum), ("mel", Kind::Mel), ("mfcc", Kind::Mfcc)];
const SCALES: Names<MelScale> = &[("htk", MelScale::Htk), ("slaney", MelScale::Slaney)];
const TRIANGLES: Names<Triangles> = &[("mel", Triangles::Mel), ("hertz", Triangles::Hertz)];
const HEIGHTS: Names<Height> = &[("one", Height::One), ("area", Height::Area)];
const COSINES: Names<Cosine> = &[("htk", Cosine::Htk), ("orthonormal", Cosine::Orthonormal)];

fn choice<T: Copy + Send + Sync + 'static>(names: Names<T>) -> impl Fn(&str) -> Result<T, String> + Clone {
    move |text| {
        let found = names.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
        found.ok_or_else(|| {
            let names: Vec<_> = names.iter().map(|(name, _)| *name).collect();
            format!("expected {}", names.join(" or "))
        })
    }
}

fn log(text: &str) -> Result<Log, String> {
    let floor = |text: &str| text.parse().map_err(|_| format!("expected a number as the floor; found `{text}`"));
    match text.split_once(':') {
        None if text == "none" => Ok(Log::None),
        Some(("plus", text)) => floor(text).map(Log::Plus),
        Some(("at_least", text)) => floor(text).map(Log::AtLeast),
        _ => Err("expected none, plus:FLOOR or at_least:FLOOR, such as plus:1e-6".to_owned()),
    }
}

impl Choices {
    fn spec(&self) -> FeatureSpec {
        let like = match self.like {
            Conventions::MlperfTiny => FeatureSpec::MLPERF_TINY,
            Conventions::Librosa => FeatureSpec::LIBROSA,
        };
        // What no power of two has room for is a fault that the specification tells.
        let room = self.frame.map_or(like.fft, |frame| frame.checked_next_power_of_two().unwrap_or(0).max(16));
        FeatureSpec {
            sample_rate: self.sample_rate.unwrap_or(like.sample_rate),
            frame: self.frame.unwrap_or(like.frame),
            hop: self.hop.unwrap_or(like.hop),
            fft: self.fft.unwrap_or(room),
            pre_emphasis: self.pre_emphasis.unwrap_or(like.pre_emphasis),
            window: self.window.unwrap_or(like.window),
            spectrum: self.spectrum.unwrap_or(like.spectrum),
            kind: self.kind.unwrap_or(like.kind),
            mels: self.mels.unwrap_or(like.mels),
            low: self.low.unwrap_or(like.low),
            high: self.high.unwrap_or(like.high),
            scale: self.scale.unwrap_or(like.scale),
            triangles: self.triangles.unwrap_or(like.triangles),
            height: self.height.unwrap_or(like.height),
            log: self.log.unwrap_or(like.log),
            coefficients: self.coefficients.unwrap_or(like.coefficients),
            cosine: self.cosine.unwrap_or(like.cosine),
        }
    }
}

/// What was done, as JSON says it.
#[derive(Serialize)]
struct Report {
    out: String,
    recordings: usize,
    labels: Vec<String>,
    columns: usize,
    values: usize,
    shorter: usize,
    longer: usize,
    left_out: Vec<String>,
    rust: String,
}

impl Features {
    pub(crate) fn run(self, out: &mut dyn Write) -> Result<()> {
        let spec = self.choices.spec();
        let extractor = Extractor::new(spec).context("these features cannot be")?;
        let samples = self.seconds * f64::from(spec.sample_rate);
        ensure!(
            (1.0..1e9).contains(&samples.round()),
            "--seconds: expected a length of at least a sample and at most {:.0} s, found {}",
            1e9 / f64::from(spec.sample_rate),
            self.seconds
        );
        let recordings = Recordings::find(&self.recordings)?;
        let table = recordings.features(&extractor, samples.round() as usize)?;
        let replaced = recordings.files().iter().find(|file| data::is_same_file(file, &self.out));
        ensure!(replaced.is_none(), "{}: the table would replace a recording", self.out.display());
        write_whole(&self.out, |file| table.write_csv(file)).with_context(|| self.out.display().to_string())?;
        let report = self.report(&spec, samples.round() as usize, &recordings, &table);
        if self.json { print::json(out, &report) } else { report.write(self.seconds, out) }
    }

    fn report(&self, spec: &FeatureSpec, samples: usize, recordings: &Recordings, table: &Table) -> Report {
        Report {
            out: self.out.display().to_string(),
            recordings: recordings.files().len(),
            labels: recordings.labels().to_vec(),
            columns: spec.columns(samples),
            values: spec.len(),
            shorter: table.shorter,
            longer: table.longer,
            left_out: recordings.left_out().iter().map(|folder| folder.display().to_string()).collect(),
            rust: rust_source(&crate::rust::type_name(&self.name), spec),
        }
    }
}

impl Report {
    fn write(&self, seconds: f64, out: &mut dyn Write) -> Result<()> {
        let Self { columns, values, shorter, longer, .. } = self;
        let labels: Vec<String> = self.labels.iter().map(|label| print::short(label)).collect();
        let mut facts = vec![
            ("recordings", print::grouped(self.recordings as u64)),
            ("classes", if labels.is_empty() { "none".to_owned() } else { labels.join(", ") }),
            (
                "features",
                format!("{columns} columns of {values}: {} inputs", print::grouped((columns * values) as u64)),
            ),
            ("network", format!("input = [{columns}, {values}] as a signal, or [{columns}, {values}, 1] as an image")),
            ("table", self.out.clone()),
        ];
        if *shorter > 0 {
            facts.push(("shorter", format!("{shorter} of less than {seconds} s: silence follows")));
        }
        if *longer > 0 {
            facts.push(("longer", format!("{longer} of more than {seconds} s: the end was left out")));
        }
        if !self.left_out.is_empty() {
            facts.push(("left out", self.left_out.join(", ")));
        }
        print::facts(out, facts)?;
        Ok(write!(
            out,
            "\n{}The same on a board, to keep beside the model file, which has no features:{:#}\n\n{}",
            print::QUIET,
            print::QUIET,
            self.rust
        )?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_help() {
        assert_eq!(choice(WINDOWS)("hann"), Ok(Window::Hann));
        assert_eq!(choice(SCALES)("mel"), Err("expected htk or slaney".to_owned()));
        assert_eq!(
            (log("none"), log("plus:1e-6"), log("at_least:2")),
            (Ok(Log::None), Ok(Log::Plus(1e-6)), Ok(Log::AtLeast(2.0)))
        );
        assert!(["", "plus", "plus:", "plus:x", "minus:1"].iter().all(|text| log(text).is_err()));
    }
}
