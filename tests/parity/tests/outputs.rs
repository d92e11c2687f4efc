//! What the binaries `gesture` and `keyword` record of their numbers is what the desktop computes, to the bits.

use firmware_example::{Hash, gesture, keyword};
use neurona::model_file::Golden;
use neurona::prelude::*;
use neurona::signal::{Extractor, Features};

/// The value of a line `name = value` of a recorded output.
fn recorded(bin: &str, name: &str) -> String {
    let path = format!("{}/../../firmware-example/src/bin/{bin}.out", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap();
    let mut lines = text.lines().filter_map(|line| line.split_once(" = "));
    lines.find(|(found, _)| *found == name).unwrap_or_else(|| panic!("{path} has no {name}")).1.to_owned()
}

#[test]
fn motion() {
    let (mut window, mut memory) = (Sliding::<119, 6, { gesture::HOP }>::ZERO, Inference::ZERO);
    let mut outputs = Hash::EMPTY;
    for (_, sample) in gesture::STREAM.iter() {
        if let Some(window) = window.push(&sample) {
            outputs.add(gesture::TRAINED.infer(window, &mut memory));
        }
    }
    assert_eq!(format!("{:016x}", outputs.value()), recorded("gesture", "outputs"));
    let Golden { input, output } = &gesture::GOLDEN;
    assert_eq!(gesture::TRAINED.infer(input, &mut memory), output);
}

/// Each recording as a whole, where the board is given sample by sample.
#[test]
fn sound() {
    let (mut extractor, mut memory) = (Extractor::<keyword::Sound>::ZERO, Inference::ZERO);
    let (mut features, mut outputs) = (Hash::EMPTY, Hash::EMPTY);
    for (_, bytes) in keyword::RECORDINGS {
        let samples: Vec<i16> = bytes.as_chunks().0.iter().map(|bytes| i16::from_le_bytes(*bytes)).collect();
        let mut columns = Signal::<{ keyword::COLUMNS }, 10>::ZERO;
        assert_eq!(extractor.columns(&samples, &mut columns), keyword::COLUMNS);
        features.add(columns.as_flattened());
        outputs.add(keyword::TRAINED.infer(keyword::image(&columns).unwrap(), &mut memory));
    }
    assert_eq!(format!("{:016x}", features.value()), recorded("keyword", "features"));
    assert_eq!(format!("{:016x}", outputs.value()), recorded("keyword", "outputs"));
    let Golden { input, output } = &keyword::GOLDEN;
    assert_eq!(keyword::TRAINED.infer(input, &mut memory), output);
    assert_eq!(keyword::Sound::SPEC.columns(4000), keyword::COLUMNS);
}
