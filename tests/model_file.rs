//! The model file: its golden bytes, its three ways into a network, what is refused, and a reader in another language.

use std::path::Path;
use std::process::Command;

use neurona::model_file::{self, Golden, LoadError, ModelFile};
use neurona::plain::bytes_of;
use neurona::prelude::*;
use neurona::shape::Tensor as _;
use neurona_tests::case::plain;
use neurona_train::model_file::{Metadata, ModelFile as Written};
use neurona_train::{Init, Network as Trained, Spec};

neurona::network! {
    /// One of most kinds of layer.
    pub struct Sample: [f32; 3] => [f32; 2] {
        rescale: Rescale<3, { 0.5_f32.to_bits() }>,
        standardize: Standardize<3>,
        hidden: Dense<3, 4, LeakyRelu>,
        output: Dense<4, 2, Sigmoid>,
        share: Softmax<2>,
    }
}

/// Files of versions 1 and 2, which every later version of this crate reads.
const V1: &[u8] = include_bytes!("../crates/neurona/tests/data/v1.neurona");
const V2: &[u8] = include_bytes!("../crates/neurona/tests/data/v2.neurona");
const V1_PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/neurona/tests/data/v1.neurona");
const V2_PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/neurona/tests/data/v2.neurona");

static SAMPLE: Sample = neurona::include_model!("../crates/neurona/tests/data/v1.neurona");
static GOLDEN: Golden<Sample> = neurona::include_golden!("../crates/neurona/tests/data/v1.neurona");
static LABELS: [&str; 2] = neurona::include_labels!(Sample, "../crates/neurona/tests/data/v1.neurona");

/// What the file of version 2 was written from, and but for the targets that of version 1.
fn sample() -> Written {
    let metadata = Metadata {
        name: "sample".to_owned(),
        layers: ["rescale", "standardize", "hidden", "output", "share"].map(str::to_owned).to_vec(),
        labels: vec!["no".to_owned(), "yes, naïve".to_owned()],
        dataset: "made by hand".to_owned(),
        seed: 300,
        tool: "tests/model_file.rs".to_owned(),
        loss: "squared_error".to_owned(),
        metrics: vec![("accuracy".to_owned(), 0.75)],
        targets: vec!["answer, yes or no".to_owned()],
    };
    let values = (0..Sample::ARCH.values()).map(|i| (i * 7 % 11) as f32 / 4.0 - 1.25).collect();
    Written::new(Spec::from(&Sample::ARCH), values, metadata, vec![0.5, -1.0, 3.25]).expect("the shapes fit")
}

#[test]
fn the_bytes_of_version_2_are_golden() {
    let bytes = sample().to_bytes().expect("small enough");
    // NEURONA_BLESS=1 writes the file anew: for a new version only, beside the old one.
    if std::env::var_os("NEURONA_BLESS").is_some() {
        std::fs::write(V2_PATH, &bytes).expect("the file can be written");
    }
    assert!(bytes == V2, "the writer no longer gives the bytes of version 2");
    assert_eq!(Written::from_bytes(V2).expect("a whole file"), sample());
}

#[test]
fn version_1_is_read_and_has_no_targets() {
    let read = Written::from_bytes(V1).expect("a whole file");
    assert_eq!((read.spec(), read.values(), read.golden()), (sample().spec(), sample().values(), sample().golden()));
    assert_eq!(*read.metadata(), Metadata { targets: Vec::new(), ..sample().metadata().clone() });
    let [first, second] =
        [V1, V2].map(|bytes| ModelFile::parse(bytes, &Sample::ARCH).expect("a file of this architecture"));
    assert_eq!((first.tensors(), first.name()), (second.tensors(), second.name()));
    for version in [0, 3] {
        let other = [&V2[..8], &[version], &V2[9..]].concat();
        let error = ModelFile::parse(&other, &Sample::ARCH).expect_err("of no version that is read");
        assert_eq!(error, LoadError::Version { expected: 2, found: version.into() });
    }
}

#[test]
fn a_file_comes_in_three_ways() {
    let mut loaded = Sample::ZERO;
    model_file::load(&mut loaded, V1).expect("a whole file");
    // Only an aligned file can be read in place: copy it to where it is, with something behind it, as in a partition.
    let mut partition = vec![[0xff_u8; 16]; V1.len().div_ceil(16) + 2];
    partition.as_flattened_mut()[..V1.len()].copy_from_slice(V1);
    let start = partition.as_flattened().as_ptr().align_offset(4);
    assert_eq!(start, 0, "an allocation of 16-byte arrays that is not even aligned to 4 needs another test");
    let file = model_file::at_start_of(partition.as_flattened()).expect("a file at the start");
    let viewed: &Sample = model_file::view(file).expect("an aligned file");
    assert!(bytes_of(viewed).as_ptr_range().start >= file.as_ptr_range().start, "it is read in place");
    assert!(bytes_of(viewed).as_ptr_range().end <= file.as_ptr_range().end, "it is read in place");
    assert_eq!(bytes_of(viewed), bytes_of(&SAMPLE));
    assert_eq!(bytes_of(&loaded), bytes_of(&SAMPLE));
}

#[test]
fn the_golden_example_comes_out_to_the_last_bit() {
    let mut memory = Inference::<Sample>::ZERO;
    let output = SAMPLE.infer(&GOLDEN.input, &mut memory);
    assert_eq!(output.map(f32::to_bits), GOLDEN.output.map(f32::to_bits));
    assert_eq!(GOLDEN.input, [0.5, -1.0, 3.25]);
    assert_eq!(LABELS, ["no", "yes, naïve"]);
}

#[test]
fn a_misaligned_file_cannot_be_read_in_place() {
    let mut bytes = vec![[0_u8; 16]; V1.len().div_ceil(16) + 1];
    let bytes = bytes.as_flattened_mut();
    bytes[1..=V1.len()].copy_from_slice(V1);
    let error = model_file::view::<Sample>(&bytes[1..=V1.len()]).map(|_| ()).expect_err("misaligned");
    assert_eq!(error, LoadError::Misaligned { expected: 4 });
    model_file::load(&mut *Box::new(Sample::ZERO), &bytes[1..=V1.len()]).expect("a copy needs no alignment");
}

#[test]
fn every_truncation_and_every_flipped_bit_is_refused() {
    for file in [V1, V2] {
        refused_unless_whole(file);
    }
}

fn refused_unless_whole(file: &[u8]) {
    for length in 0..file.len() {
        let error = ModelFile::parse(&file[..length], &Sample::ARCH).expect_err("cut short");
        assert!(matches!(error, LoadError::Truncated { found, expected } if found == length && expected > length));
    }
    let mut network = Sample::ZERO;
    for place in 0..file.len() {
        for bit in 0..8 {
            let mut flipped = file.to_vec();
            flipped[place] ^= 1 << bit;
            let error = model_file::load(&mut network, &flipped).expect_err("a flipped bit");
            let expected = match place {
                0..8 => matches!(error, LoadError::Magic),
                8 => matches!(error, LoadError::Version { expected: 2, .. }),
                9..13 => matches!(error, LoadError::Truncated { .. } | LoadError::Trailing { .. }),
                _ => matches!(error, LoadError::Checksum { .. }),
            };
            assert!(expected, "byte {place}, bit {bit}: {error}");
        }
    }
    assert_eq!(bytes_of(&network), bytes_of(&Sample::ZERO), "a refused file changes nothing");
    let longer = [file, &[0]].concat();
    let error = ModelFile::parse(&longer, &Sample::ARCH).expect_err("a byte too many");
    assert_eq!(error, LoadError::Trailing { expected: file.len(), found: file.len() + 1 });
}

#[test]
fn another_architecture_is_refused_with_the_layer() {
    neurona::network! {
        struct Narrow: [f32; 3] => [f32; 2] {
            rescale: Rescale<3, { 0.5_f32.to_bits() }>,
            standardize: Standardize<3>,
            hidden: Dense<3, 5, LeakyRelu>,
            output: Dense<5, 2, Sigmoid>,
            share: Softmax<2>,
        }
    }
    neurona::network! {
        struct Short: [f32; 3] => [f32; 3] {
            rescale: Rescale<3, { 0.5_f32.to_bits() }>,
            standardize: Standardize<3>,
        }
    }
    neurona::network! {
        struct Factor: [f32; 3] => [f32; 3] {
            rescale: Rescale<3, { 0.25_f32.to_bits() }>,
        }
    }
    let message = |arch| ModelFile::parse(V1, arch).expect_err("another architecture").to_string();
    assert_eq!(
        message(&Narrow::ARCH),
        "model file of another architecture: layer 2 (counted from 0): expected dense 3 -> 5 leaky_relu, found dense 3 -> 4 leaky_relu"
    );
    assert_eq!(message(&Short::ARCH), "model file of another architecture: expected 2 layers, found 5");
    assert_eq!(
        message(&Factor::ARCH),
        "model file of another architecture: layer 0 (counted from 0): expected rescale 3 -> 3, found rescale 3 -> 3 with another window, activation or constant"
    );
}

/// What the reader in Python says of a file; `None` where there is no Python.
fn read_in_python(path: &Path) -> Option<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/model_file.py");
    match Command::new("python3").arg(script).arg(path).output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{said}");
            Some(said)
        }
        Err(error) => {
            println!("left out: python3 does not run ({error})");
            None
        }
    }
}

#[test]
fn a_reader_in_python_needs_the_page_alone() {
    for (path, targets) in [(V1_PATH, "[]"), (V2_PATH, "['answer, yes or no']")] {
        if let Some(said) = read_in_python(Path::new(path)) {
            let expected =
                format!("sample: 5 layers, 2 labels, squared_error, metrics [('accuracy', 0.75)], targets {targets}");
            assert!(said.starts_with(&expected), "{said}");
        }
    }
}

neurona::network! {
    #[allow(missing_docs)]
    struct Branch: Image<4, 5, 4> => Image<2, 3, 3> {
        wide: DepthwiseConv2d<Image<4, 5, 4>, Image<2, 3, 8>, Kernel2d<3, 3, 2>, Silu, Same>,
        groups: Conv2d<Image<2, 3, 8>, Image<2, 3, 6>, Grouped<4, Kernel2d<2>>, Relu6, Padding2d<1, 0, 0, 1>>,
        point: Conv2d<Image<2, 3, 6>, Image<2, 3, 3>, Kernel2d<1>>,
    }
}

neurona::network! {
    /// Every kind of layer that is no vector's.
    struct Everything: Image<7, 5, 2> => [f32; 5] {
        standard: Standardize<2, Image<7, 5, 2>>,
        conv: Frozen<Conv2d<Image<7, 5, 2>, Image<7, 5, 4>, Kernel2d<3, 1, 1, 1, 2, 1>, Tanh, Causal>>,
        scale: Frozen<Scale<Image<7, 5, 4>, LeakyRelu>>,
        pool: MaxPool<Image<7, 5, 4>, Image<4, 5, 4>, Kernel2d<2, 3, 2, 1>, Same>,
        again: Frozen<Residual<Conv2d<Image<4, 5, 4>, Image<4, 5, 4>, Kernel2d<3>, Identity, Same>, Relu>>,
        half: Frozen<Projected<Branch, Conv2d<Image<4, 5, 4>, Image<2, 3, 3>, Kernel2d<1, 1, 2>, Identity, Same>, HardSwish>>,
        both: Frozen<Concat<Narrow, AvgPool<Image<2, 3, 3>, Image<1, 2, 3>, Kernel2d<2>>, Image<1, 2, 5>>>,
        flat: Flatten<Image<1, 2, 5>, 10>,
        signal: Reshape<[f32; 10], Signal<5, 2>>,
        last: Frozen<Conv1d<Signal<5, 2>, Signal<3, 5>, Kernel1d<3, 2>, Elu, Padding1d<2, 0>>>,
        reservoir: EchoState<3, 5, 7, 2, 300, All, { 0.4_f32.to_bits() }>,
        simple: Rnn<3, 7, 4, All, Silu>,
        gated: Gru<3, 4, 3, All>,
        long: Lstm<3, 3, 5, All>,
        table: TableConv1d<Signal<3, 5>, Signal<2, 4>, Kernel1d<2>, SomeChannels, 9, ScaledTanh>,
        mean: GlobalAvgPool<Signal<2, 4>>,
        codes: OutputCodes<4, 5, FiveCodes>,
    }
}

struct SomeChannels;

impl ConnectionTable for SomeChannels {
    const SEES: &'static [u64] = &[0b1_0001, 0b0_0110, 0b1_1110, 0b0_1000];
}

struct FiveCodes;

impl Codes for FiveCodes {
    const CODES: &'static [u64] = &[0b0000, 0b0011, 0b0101, 0b1001, 0b1111];
}

type Narrow = Conv2d<Image<2, 3, 3>, Image<1, 2, 2>, Kernel2d<2>, Softplus>;

/// A file of a network with every kind of layer, and the network that it is of.
fn everything() -> (Vec<u8>, Trained) {
    let mut network = Trained::from_arch(&Everything::ARCH).expect("the layers fit");
    network.init(Init::Pytorch, 5);
    for (at, value) in network.values_mut().iter_mut().enumerate() {
        *value += (at % 7) as f32 * 0.03 - 0.09;
    }
    let (name, layers) = ("Everything".to_owned(), network.spec().layer_names());
    let metadata = Metadata { name, layers, ..Metadata::default() };
    let input = (0..70).map(|i| (i * 31 % 23) as f32 / 7.0 - 1.6).collect();
    let file = Written::new(network.spec().clone(), network.values().to_vec(), metadata, input);
    (file.and_then(|file| file.to_bytes()).expect("everything fits"), network)
}

#[test]
fn every_kind_of_layer_comes_back() {
    let (bytes, network) = everything();
    let mut loaded = Box::new(Everything::ZERO);
    model_file::load(&mut *loaded, &bytes).expect("the file is of this type");
    assert_eq!(neurona_tests::case::floats(&*loaded), network.values());
    let file = Written::from_bytes(&bytes).expect("the file is whole");
    let golden = loaded.infer(&plain(&file.golden().input), &mut Box::new(Inference::ZERO)).values().to_vec();
    assert_eq!(file.golden().output, golden);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("everything.neurona");
    std::fs::write(&path, &bytes).expect("the folder can be written");
    if let Some(said) = read_in_python(&path) {
        assert!(said.starts_with("Everything: 17 layers, 0 labels"), "{said}");
    }
    // Every byte counts.
    for at in 0..bytes.len() {
        let mut wrong = bytes.clone();
        wrong[at] ^= 1 << (at % 8);
        assert!(model_file::load(&mut *loaded, &wrong).is_err(), "byte {at}");
        assert!(Written::from_bytes(&wrong).is_err(), "byte {at}");
    }
}
