//! Any bytes, as they are and with a right header, are a network or an error, on both sides the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use neurona::model_file::{self, ModelFile};
use neurona::prelude::*;

neurona::network! {
    struct Small: [f32; 3] => [f32; 2] {
        scale: Standardize<3>,
        hidden: Dense<3, 4, LeakyRelu>,
        output: Dense<4, 2, Sigmoid>,
    }
}

fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    // Behind a right magic number, version, length and CRC the rest is reached.
    for version in 1..=model_file::VERSION as u8 {
        let mut file = [&model_file::MAGIC[..], &[version, 0, 0, 0, 0, 0, 0, 0, 0], bytes].concat();
        let length = file.len() as u32;
        file[9..13].copy_from_slice(&length.to_le_bytes());
        let crc = model_file::crc(&file);
        file[13..17].copy_from_slice(&crc.to_le_bytes());
        read(&file);
    }
});

fn read(bytes: &[u8]) {
    let mut network = Small::ZERO;
    let loaded = model_file::load(&mut network, bytes);
    let parsed = ModelFile::parse(bytes, &Small::ARCH);
    assert_eq!(loaded.is_ok(), parsed.is_ok());
    if let Ok(file) = parsed {
        assert_eq!(neurona::plain::bytes_of(&network), file.tensors());
        // What a board accepts, the desktop accepts.
        assert!(neurona_train::model_file::ModelFile::from_bytes(bytes).is_ok());
        _ = (file.name(), file.layers().count(), file.labels().count());
    }
    if let Err(error) = loaded {
        _ = error.to_string();
        assert_eq!(neurona::plain::bytes_of(&network), [0; size_of::<Small>()]);
    }
}
