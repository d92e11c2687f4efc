//! Recordings to a keyword network by the `neurona` command: the sounds of the firmware, and bad input.

use std::fs;
use std::path::PathBuf;

#[allow(dead_code, reason = "what other tests of the command need besides")]
mod command;

use command::Folder;

const OPTIONS: [&str; 12] =
    ["--seconds", "0.5", "--sample-rate", "8000", "--frame", "240", "--hop", "160", "--mels", "20", "--low", "100"];

/// The recordings of the firmware, in a folder for each.
fn sounds() -> Folder {
    let folder = Folder::new();
    let from = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../firmware-example/data/keyword");
    for entry in fs::read_dir(from).expect("the firmware has recordings") {
        let path = entry.expect("an entry").path();
        let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let to = folder.path("sounds").join(stem.trim_end_matches("-1"));
        fs::create_dir_all(&to).expect("the folder can be made");
        fs::copy(&path, to.join("1.wav")).expect("the file can be copied");
    }
    folder
}

#[test]
fn from_recordings_to_the_type_of_the_firmware() {
    let folder = sounds();
    let said = folder.ok(&[&["features", "sounds", "--name", "Sound", "--out", "sounds.csv"], &OPTIONS[..]].concat());
    assert!(
        said.contains("fall, level, noise, rise, twice") && said.contains("24 columns of 10: 240 inputs"),
        "{said}"
    );
    for line in
        ["pub struct Sound = FeatureSpec {", "frame: 240,", "fft: 256,", "kind: Kind::Mfcc,", "log: Log::Plus(1e-6),"]
    {
        assert!(said.contains(line), "{line} is not in: {said}");
    }
    // The network of the firmware hears what it is.
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/../firmware-example/data/keyword.neurona");
    let evaluated = folder.json(&["eval", model, "sounds.csv"]);
    assert_eq!(evaluated["accuracy"].as_f64(), Some(1.0));
    // A single recording has no label, and is there to predict.
    let one = [&["features", "sounds/rise/1.wav", "--out", "rise.csv"], &OPTIONS[..]].concat();
    assert_eq!(folder.json(&one)["labels"].as_array().map(Vec::len), Some(0));
    assert!(folder.ok(&["predict", model, "rise.csv"]).starts_with("rise\t"));
}

#[test]
fn what_cannot_be_says_why_and_leaves_no_file() {
    let folder = sounds();
    let out = ["--out", "sounds.csv"];
    let fails = |arguments: &[&str], parts: &[&str]| folder.fails(&[arguments, &out].concat(), parts);
    fails(&["features", "sounds"], &["1.wav: sound: expected 16000 samples a second, found 8000"]);
    fails(&["features", "none"], &["none: "]);
    let rate = ["features", "sounds", "--sample-rate", "8000"];
    let more = |options: &[&str], parts: &[&str]| fails(&[&rate[..], options].concat(), parts);
    more(&["--fft", "500"], &["the Fourier transform has a power of two of points"]);
    more(&["--mels", "200"], &["a mel band lies between two bins"]);
    more(&["--log", "none"], &["cepstral coefficients are made of logarithms"]);
    more(&["--seconds", "0.01"], &["expected at least 480 samples of each recording"]);
    more(&["--seconds", "nan"], &["--seconds: expected a length"]);
    folder.fails(&[&rate[..], &["--out", "sounds/rise/1.wav"]].concat(), &["would replace a recording"]);
}
