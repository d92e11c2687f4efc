//! WAV files.

use std::path::Path;

use hound::{SampleFormat, WavReader, WavSpec};

use crate::data::DataError;

/// Reads the samples of a WAV file of one channel, whole numbers of 8 to 32 bits or floats: from -1 to 1, those of 16 bits as
/// [`Pcm`](neurona::signal::Pcm) has them on a board.
///
/// # Errors
///
/// The file cannot be read or is no WAV file, has another sample rate, more than one channel, no samples, or one that is not
/// finite.
pub fn read_wav(path: &Path, sample_rate: u32) -> Result<Vec<f32>, DataError> {
    let wrong = |what: &str, expected: String, found: String| DataError::format(path, what, expected, found);
    let unreadable = |error: hound::Error| {
        let found = match error {
            // What the system says has a number; the library itself says where the bytes end too early.
            hound::Error::IoError(error) if error.raw_os_error().is_some() => return DataError::io(path)(error),
            hound::Error::IoError(_) => "the end of the file within its header or samples".to_owned(),
            hound::Error::FormatError(problem) => format!("one that is not: {problem}"),
            hound::Error::Unsupported => "one of another encoding".to_owned(),
            error => error.to_string(),
        };
        wrong("sound", "a WAV file of whole numbers or floats".to_owned(), found)
    };
    let reader = WavReader::open(path).map_err(unreadable)?;
    let WavSpec { channels, sample_rate: found, bits_per_sample, sample_format } = reader.spec();
    if channels != 1 {
        return Err(wrong("sound", "one channel, as of one microphone".to_owned(), channels.to_string()));
    }
    if found != sample_rate {
        return Err(wrong("sound", format!("{sample_rate} samples a second"), found.to_string()));
    }
    let samples: Result<Vec<f32>, hound::Error> = match sample_format {
        SampleFormat::Float => reader.into_samples::<f32>().collect(),
        SampleFormat::Int => {
            let one = f64::from(2_u32.pow(u32::from(bits_per_sample).saturating_sub(1)));
            reader.into_samples::<i32>().map(|sample| Ok((f64::from(sample?) / one) as f32)).collect()
        }
    };
    let samples = samples.map_err(unreadable)?;
    if samples.is_empty() {
        return Err(wrong("sound", "samples".to_owned(), "none".to_owned()));
    }
    match samples.iter().position(|sample| !sample.is_finite()) {
        Some(at) => Err(DataError::cell(path, at as u64, "sample", "a finite number", samples[at].to_string())),
        None => Ok(samples),
    }
}
