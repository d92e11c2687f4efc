//! WAV files of every kind, folders, and the bits of the device's types.

use std::path::{Path, PathBuf};

use hound::{SampleFormat, WavSpec, WavWriter};
use neurona::plain::Zero as _;

use super::*;
use crate::DataError;

const PCM: WavSpec =
    WavSpec { channels: 1, sample_rate: 16_000, bits_per_sample: 16, sample_format: SampleFormat::Int };

fn write<S: hound::Sample + Copy>(path: &Path, spec: WavSpec, samples: &[S]) {
    std::fs::create_dir_all(path.parent().expect("in a folder")).expect("the folder can be made");
    let mut writer = WavWriter::create(path, spec).expect("the folder can be written");
    samples.iter().for_each(|sample| writer.write_sample(*sample).expect("a sample"));
    writer.finalize().expect("the file can be written");
}

fn sound(count: i32) -> Vec<i16> {
    (0..count).map(|at| ((at * at / 50) % 20_001 - 10_000) as i16).collect()
}

fn message<T: std::fmt::Debug>(folder: &Path, result: Result<T, DataError>) -> String {
    result.expect_err("something is wrong").to_string().replace(&format!("{}/", folder.display()), "")
}

#[test]
fn columns_have_the_bits_of_the_type() {
    neurona::features! { struct Keyword = FeatureSpec::MLPERF_TINY; }
    let samples = sound(16_000);
    let mut columns = [[0.0; 10]; 49];
    let mut device = neurona::signal::Extractor::<Keyword>::ZERO;
    assert_eq!(device.columns(&samples, &mut columns), 49);
    let found = Extractor::new(FeatureSpec::MLPERF_TINY).expect("no fault").columns(&samples);
    assert_eq!(found.as_slice().expect("rows"), columns.as_flattened());
    assert_eq!(
        Extractor::new(FeatureSpec { hop: 0, ..FeatureSpec::MLPERF_TINY }).map_err(|error| error.to_string()),
        Err("frames move by at least one sample".to_owned())
    );
}

#[test]
fn samples_of_any_format_are_the_same_sound() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("x.wav");
    let samples = sound(200);
    let expected: Vec<f32> = samples.iter().map(|sample| sample.value()).collect();
    let read = || read_wav(&path, 16_000).expect("the file is right");
    write(&path, PCM, &samples);
    assert_eq!(read(), expected);
    for bits in [24, 32] {
        let scaled: Vec<i32> = samples.iter().map(|sample| i32::from(*sample) << (bits - 16)).collect();
        write(&path, WavSpec { bits_per_sample: bits, ..PCM }, &scaled);
        assert_eq!(read(), expected, "{bits} bits");
    }
    write(&path, WavSpec { bits_per_sample: 32, sample_format: SampleFormat::Float, ..PCM }, &expected);
    assert_eq!(read(), expected);
    write(&path, WavSpec { bits_per_sample: 8, ..PCM }, &[-128_i8, 0, 64]);
    assert_eq!(read(), [-1.0, 0.0, 0.5]);
}

#[test]
fn folders_are_classes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    write(&at("yes/b.wav"), PCM, &sound(16_000));
    write(&at("yes/a.WAV"), PCM, &sound(100));
    write(&at("no/c.wav"), PCM, &sound(20_000));
    write(&at("_noise/long.wav"), PCM, &sound(10));
    std::fs::write(at("yes/readme.txt"), "no sound").expect("the folder can be written");
    std::fs::write(at("licence.txt"), "no sound").expect("the folder can be written");
    let recordings = Recordings::find(folder.path()).expect("the folder is right");
    assert_eq!(recordings.files(), ["no/c.wav", "yes/a.WAV", "yes/b.wav"].map(at));
    assert_eq!(
        (recordings.labels(), recordings.left_out()),
        (&["no", "yes"].map(String::from)[..], &[at("_noise")][..])
    );

    let extractor = Extractor::new(FeatureSpec::MLPERF_TINY).expect("no fault");
    let table = recordings.features(&extractor, 16_000).expect("the files are right");
    assert_eq!((table.inputs.dim(), table.shorter, table.longer), ((3, 490), 1, 1));
    assert_eq!((&*table.columns[0], &*table.columns[489]), ("t0_0", "t48_9"));
    assert_eq!(table.inputs.row(0).to_vec(), table_row(&extractor, &sound(20_000)[..16_000]));
    assert_eq!(table.inputs.row(1).to_vec(), table_row(&extractor, &[&sound(100)[..], &[0; 15_900]].concat()));

    // What is written is read to the bits.
    let path = at("features.csv");
    crate::file::write_whole(&path, |file| table.write_csv(file)).expect("the folder can be written");
    let target = crate::data::CsvTarget::Label(crate::data::Column::Name("label".to_owned()));
    let data = crate::data::read_csv(&path, &Default::default(), &target, None).expect("a table");
    assert_eq!(Some(data), table.dataset().expect("a data set"));
}

fn table_row(extractor: &Extractor, samples: &[i16]) -> Vec<f32> {
    extractor.columns(samples).into_raw_vec_and_offset().0
}

#[test]
fn recordings_without_classes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("a.wav");
    write(&file, PCM, &sound(16_000));
    let extractor = Extractor::new(FeatureSpec::LIBROSA).expect("no fault");
    for path in [folder.path(), &file] {
        let recordings = Recordings::find(path).expect("the folder is right");
        assert_eq!((recordings.files(), recordings.labels().len()), (&[file.clone()][..], 0));
        let table = recordings.features(&extractor, 16_000).expect("the file is right");
        assert_eq!(table.dataset().map(|data| data.is_some()), Ok(false));
        let mut text = Vec::new();
        table.write_csv(&mut text).expect("memory");
        assert!(text.starts_with(b"t0_0,t0_1,"));
    }
}

#[test]
fn each_fault_says_where_and_what() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    let find = |path: &Path| message(folder.path(), Recordings::find(path));
    let read = |path: PathBuf| message(folder.path(), read_wav(&path, 16_000));
    std::fs::create_dir_all(at("empty")).expect("the folder can be made");
    assert_eq!(
        find(&at("empty")),
        "empty: recordings: expected WAV files, or a folder of them for each class, found none"
    );
    assert!(find(&at("none")).starts_with("none: "));
    write(&at("one/yes/a.wav"), PCM, &sound(10));
    assert_eq!(find(&at("one")), "one: expected at least two classes, found only `yes`");
    std::fs::create_dir_all(at("one/no")).expect("the folder can be made");
    assert_eq!(find(&at("one")), "one/no: recordings: expected WAV files of this class, found none");
    write(&at("one/b.wav"), PCM, &sound(10));
    assert_eq!(find(&at("one")), "one: recordings: expected a folder for each class, or WAV files alone, found both");

    write(&at("x.wav"), WavSpec { sample_rate: 44_100, ..PCM }, &sound(10));
    assert_eq!(read(at("x.wav")), "x.wav: sound: expected 16000 samples a second, found 44100");
    write(&at("x.wav"), WavSpec { channels: 2, ..PCM }, &sound(10));
    assert_eq!(read(at("x.wav")), "x.wav: sound: expected one channel, as of one microphone, found 2");
    write(&at("x.wav"), PCM, &[0_i16; 0]);
    assert_eq!(read(at("x.wav")), "x.wav: sound: expected samples, found none");
    write(&at("x.wav"), WavSpec { bits_per_sample: 32, sample_format: SampleFormat::Float, ..PCM }, &[0.5, f32::NAN]);
    assert_eq!(read(at("x.wav")), "x.wav, row 1, column sample: expected a finite number, found NaN");
    let no_sound = "x.wav: sound: expected a WAV file of whole numbers or floats, found ";
    std::fs::write(at("x.wav"), "RIFF, but no sound").expect("the folder can be written");
    assert_eq!(read(at("x.wav")), format!("{no_sound}one that is not: no WAVE tag found"));
    write(&at("x.wav"), PCM, &sound(1000));
    let whole = std::fs::read(at("x.wav")).expect("the file is there");
    for cut in [0, 20, 501] {
        std::fs::write(at("x.wav"), &whole[..cut]).expect("the folder can be written");
        assert_eq!(read(at("x.wav")), format!("{no_sound}the end of the file within its header or samples"), "{cut}");
    }

    let recordings = Recordings::find(&at("x.wav")).expect("a file");
    let extractor = Extractor::new(FeatureSpec::MLPERF_TINY).expect("no fault");
    assert_eq!(
        message(folder.path(), recordings.features(&extractor, 479)),
        "x.wav: recordings: expected at least 480 samples of each recording, which are a frame, found 479"
    );
}

/// The source gives back what it was written from: the fields of the constants are those that the text names.
#[test]
fn the_source_has_every_field() {
    let source = rust_source("Keyword", &FeatureSpec::MLPERF_TINY);
    let fields: String = source.lines().filter(|line| line.starts_with("        ")).map(str::trim).collect();
    let debug = format!("{:?}", FeatureSpec::MLPERF_TINY);
    let plain = fields.replace(['\n', ' '], "");
    let plain = ["Window::", "Spectrum::", "Kind::", "MelScale::", "Triangles::", "Height::", "Log::", "Cosine::"]
        .into_iter()
        .fold(plain, |text, prefix| text.replace(prefix, ""));
    assert_eq!(format!("FeatureSpec{{{}}}", plain.trim_end_matches(',')), debug.replace(' ', ""));
}
