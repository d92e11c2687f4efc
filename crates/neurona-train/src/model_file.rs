//! Model files, written and read on the desktop.
//!
//! The format is specified in `docs/model-file.md`; [`neurona::model_file`] reads it on the device.

use std::{fs, path::Path};

use neurona::{
    Network as Type,
    model_file::{self, ALIGNMENT, BODY_AT, CRC_AT, LENGTH_AT, LoadError, MAGIC, VERSION},
    plain::Plain,
};
use serde::{Deserialize, Serialize};

use crate::{Network, ShapeError, Spec, SpecError, device, file::write_whole};

/// A trained network as a file holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelFile {
    spec: Spec,
    metadata: Metadata,
    golden: Golden,
    values: Vec<f32>,
}

/// What a person wants to know of a trained network.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    /// Name of the network.
    pub name: String,
    /// A name for each layer of the outermost chain.
    pub layers: Vec<String>,
    /// Names of the classes in the order of the outputs; empty for a regression.
    pub labels: Vec<String>,
    /// What it was trained on.
    pub dataset: String,
    /// Seed of the training.
    pub seed: u64,
    /// Program, version and matrix kernel that trained it.
    pub tool: String,
    /// Name of the loss it was trained with, which says what the outputs mean.
    pub loss: String,
    /// Figures such as `accuracy`.
    pub metrics: Vec<(String, f32)>,
    /// Names of the columns that held what is right: that of the labels, or those of the numbers; of a file of version 1 none.
    #[serde(skip)] // written behind the others: see `ModelFile::to_bytes`
    pub targets: Vec<String>,
}

/// An input, and the output that every device gives for it, to the last bit.
#[derive(Clone, Debug, PartialEq)]
pub struct Golden {
    /// The input, (I).
    pub input: Vec<f32>,
    /// The output, (O).
    pub output: Vec<f32>,
}

/// Why a model file cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelFileError {
    /// The system says no.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// The bytes are no whole model file, or not of the expected architecture.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The architecture of the file makes no network.
    #[error("the architecture in the model file: {0}")]
    Architecture(SpecError),
    /// Values or an input do not fit the architecture.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The file would have more bytes than its length can say.
    #[error("a model file holds at most 4 GiB; this one would have {found} bytes")]
    TooLarge {
        /// Number of bytes.
        found: usize,
    },
}

// Not the source, which a report of the whole chain would say a second time.
impl From<SpecError> for ModelFileError {
    fn from(error: SpecError) -> Self {
        Self::Architecture(error)
    }
}

/// What stands behind the CRC, in the order of the format; from version 2 on the targets follow.
#[derive(Serialize, Deserialize)]
struct Head {
    spec: Spec,
    fingerprint: [u8; 8],
    metadata: Metadata,
}

/// The rest of the file.
#[derive(Serialize, Deserialize)]
struct Body<'a> {
    golden_input: &'a [u8],
    golden_output: &'a [u8],
    padding: &'a [u8],
    tensors: &'a [u8],
}

impl ModelFile {
    /// A file of these values; the output of the golden example is computed in the device's arithmetic.
    ///
    /// # Errors
    ///
    /// The architecture makes no network, or values or input do not fit it.
    pub fn new(spec: Spec, values: Vec<f32>, metadata: Metadata, golden: Vec<f32>) -> Result<Self, ModelFileError> {
        Network::new(spec.clone())?;
        let output = device::forward(&spec, &values, &golden)?;
        Ok(Self { spec, metadata, golden: Golden { input: golden, output }, values })
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// It cannot be read, or what [`from_bytes`](Self::from_bytes) says.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ModelFileError> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(|error| ModelFileError::Io { path: path.display().to_string(), error })?;
        Self::from_bytes(&bytes)
    }

    /// Writes a file. It is whole or not there: see the error.
    ///
    /// # Errors
    ///
    /// It cannot be written; what was there before is then as it was.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), ModelFileError> {
        let (path, bytes) = (path.as_ref(), self.to_bytes()?);
        write_whole(path, |file| file.write_all(&bytes))
            .map_err(|error| ModelFileError::Io { path: path.display().to_string(), error })
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, in this order: magic number, version, length, CRC, then the rest.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelFileError> {
        model_file::check(bytes)?;
        let (head, rest) = take::<Head>(bytes.get(BODY_AT..).unwrap_or_default())?;
        let (targets, rest) = if bytes[MAGIC.len()] < 2 { (Vec::new(), rest) } else { take(rest)? };
        let (body, rest) = take::<Body<'_>>(rest)?;
        let (spec, metadata) = (head.spec, Metadata { targets, ..head.metadata });
        Network::new(spec.clone())?;
        let fits = rest.is_empty()
            && head.fingerprint == spec.fingerprint().to_le_bytes()
            && (bytes.len() - body.tensors.len()).is_multiple_of(ALIGNMENT)
            && body.padding.len() < ALIGNMENT
            && body.padding.iter().all(|byte| *byte == 0)
            && labels_fit(metadata.labels.len(), spec.outputs())
            && body.golden_input.len() == 4 * spec.inputs()
            && body.golden_output.len() == 4 * spec.outputs()
            && body.tensors.len() == 4 * spec.values();
        if !fits {
            return Err(LoadError::Malformed.into());
        }
        let golden = Golden { input: floats(body.golden_input), output: floats(body.golden_output) };
        Ok(Self { spec, metadata, golden, values: floats(body.tensors) })
    }

    /// The bytes of the file.
    ///
    /// # Errors
    ///
    /// [`ModelFileError::TooLarge`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelFileError> {
        let tensors = bytes(&self.values);
        let (golden_input, golden_output) = (bytes(&self.golden.input), bytes(&self.golden.output));
        let head = Head {
            spec: self.spec.clone(),
            fingerprint: self.spec.fingerprint().to_le_bytes(),
            metadata: self.metadata.clone(),
        };
        let encode = |padding: &[u8]| {
            let (golden_input, golden_output, tensors) = (&golden_input[..], &golden_output[..], &tensors[..]);
            let body = Body { golden_input, golden_output, padding, tensors };
            let start = (MAGIC, VERSION, [0_u8; 4], [0_u8; 4]);
            // Writing numbers, text and lists of known length to memory has no way to fail.
            postcard::to_stdvec(&(start, &head, &self.metadata.targets, body)).unwrap_or_default()
        };
        // Up to 15 zeros have a length of one byte, so that each adds one to the place of the tensors.
        let start = encode(&[]).len() - tensors.len();
        let mut file = encode(&[0; ALIGNMENT][..start.next_multiple_of(ALIGNMENT) - start]);
        let length = u32::try_from(file.len()).map_err(|_| ModelFileError::TooLarge { found: file.len() })?;
        file[LENGTH_AT..CRC_AT].copy_from_slice(&length.to_le_bytes());
        let crc = model_file::crc(&file);
        file[CRC_AT..BODY_AT].copy_from_slice(&crc.to_le_bytes());
        Ok(file)
    }

    /// The network as the Rust type of the device.
    ///
    /// # Errors
    ///
    /// The type has another architecture: the error names the layer.
    pub fn export<N: Type + Plain>(&self) -> Result<Box<N>, ModelFileError> {
        let mut network = Box::new(N::ZERO);
        model_file::load(&mut *network, &self.to_bytes()?)?;
        Ok(network)
    }

    /// The network as the trainer computes with it.
    ///
    /// # Errors
    ///
    /// None for a file that was read or made by [`new`](Self::new).
    pub fn network(&self) -> Result<Network, ModelFileError> {
        let mut network = Network::new(self.spec.clone())?;
        network.set_values(&self.values)?;
        Ok(network)
    }

    /// Computes the output of one input to the bits of the device.
    ///
    /// # Errors
    ///
    /// The input has another length than the network takes.
    pub fn infer(&self, x: &[f32]) -> Result<Vec<f32>, ShapeError> {
        device::forward(&self.spec, &self.values, x)
    }

    /// The architecture.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// What a person wants to know.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The golden example.
    pub fn golden(&self) -> &Golden {
        &self.golden
    }

    /// The weights and constants, in the order of the layers.
    pub fn values(&self) -> &[f32] {
        &self.values
    }
}

/// The next part of a file, and what follows it.
fn take<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<(T, &'a [u8]), LoadError> {
    postcard::take_from_bytes(bytes).map_err(|_| LoadError::Malformed)
}

/// Whether a network of so many outputs can have so many labels: none for a regression, one for each output, or for a
/// single output the two that it tells apart.
fn labels_fit(labels: usize, outputs: usize) -> bool {
    labels == 0 || labels == outputs || (labels == 2 && outputs == 1)
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|value| f32::from_le_bytes(*value)).collect()
}

#[cfg(test)]
mod tests {
    use neurona::{Dense, Inference, Network as _, Sigmoid, Tanh, plain::Zero};

    use super::*;

    neurona::network! {
        #[allow(missing_docs)]
        struct Small: [f32; 2] => [f32; 2] {
            hidden: Dense<2, 3, Tanh>,
            output: Dense<3, 2>,
        }
    }

    fn small() -> ModelFile {
        let metadata = Metadata {
            name: "small".to_owned(),
            layers: vec!["hidden".to_owned(), "output".to_owned()],
            labels: vec!["no".to_owned(), "yes".to_owned()],
            metrics: vec![("accuracy".to_owned(), 0.75)],
            targets: vec!["answer".to_owned()],
            ..Metadata::default()
        };
        let values = (0..17).map(|i| i as f32 / 8.0 - 1.0).collect();
        ModelFile::new(Spec::from(&Small::ARCH), values, metadata, vec![0.5, -1.0]).expect("the shapes fit")
    }

    #[test]
    fn what_is_written_is_read() {
        for name in ["", "a", "a name", "a name of a length that moves the padding"] {
            let mut file = small();
            file.metadata.name = name.to_owned();
            let bytes = file.to_bytes().expect("small enough");
            assert_eq!((bytes.len() - 4 * 17) % ALIGNMENT, 0);
            assert_eq!(ModelFile::from_bytes(&bytes).expect("a whole file"), file);
        }
    }

    #[test]
    fn the_device_reads_it() {
        let file = small();
        let network = file.export::<Small>().expect("the same architecture");
        assert_eq!(network.hidden.weights[0], [-1.0, -0.875]);
        let mut memory = Inference::<Small>::ZERO;
        assert_eq!(network.infer(&[0.5, -1.0], &mut memory)[..], file.golden().output);
        let bytes = file.to_bytes().expect("small enough");
        let parsed = model_file::ModelFile::parse(&bytes, &Small::ARCH).expect("a whole file");
        assert_eq!(parsed.name(), "small");
        assert!(parsed.layers().eq(["hidden", "output"]));
        assert_eq!(parsed.labels_vec::<2>().expect("two labels")[..], ["no", "yes"]);
        assert_eq!(parsed.labels_vec::<1>(), Err(LoadError::Labels { expected: 1, found: 2 }));
    }

    #[test]
    fn an_export_to_another_type_names_the_layer() {
        neurona::network! {
            #[allow(missing_docs)]
            struct Other: [f32; 2] => [f32; 2] {
                hidden: Dense<2, 3, Tanh>,
                output: Dense<3, 2, Sigmoid>,
            }
        }
        let error = small().export::<Other>().map(|_| ()).expect_err("another activation");
        assert_eq!(
            error.to_string(),
            "model file of another architecture: layer 1 (counted from 0): expected dense 3 -> 2 sigmoid, found dense 3 -> 2 identity"
        );
    }

    #[test]
    fn padding_and_labels_are_held_to_the_page_on_both_sides() {
        let file = small();
        let both = |bytes: &[u8]| {
            let device = model_file::ModelFile::parse(bytes, &Small::ARCH).is_ok();
            assert_eq!(device, ModelFile::from_bytes(bytes).is_ok());
            device
        };
        for (labels, right) in [(0, true), (1, false), (2, true), (3, false)] {
            let mut file = file.clone();
            file.metadata.labels = (0..labels).map(|label| label.to_string()).collect();
            assert_eq!(both(&file.to_bytes().expect("small enough")), right, "{labels} labels for two outputs");
        }
        let mut file = file;
        file.metadata.name = "longer".to_owned();
        let mut bytes = file.to_bytes().expect("small enough");
        // Before the 17 values stands their length in bytes, 68, which takes one byte, and before that the padding.
        let padding = bytes.len() - 4 * 17 - 2;
        assert_eq!((bytes[padding], bytes[padding + 1]), (0, 68), "the name leaves padding, and one byte of length");
        bytes[padding] = 1;
        let crc = model_file::crc(&bytes);
        bytes[CRC_AT..BODY_AT].copy_from_slice(&crc.to_le_bytes());
        assert!(!both(&bytes));
    }

    #[test]
    fn every_truncation_every_flipped_bit_and_every_trailing_byte_is_an_error() {
        let bytes = small().to_bytes().expect("small enough");
        for length in 0..bytes.len() {
            let error = ModelFile::from_bytes(&bytes[..length]).expect_err("cut short");
            assert!(matches!(error, ModelFileError::Load(LoadError::Truncated { .. })), "{length}: {error}");
        }
        let mut network = Small::ZERO;
        for place in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[place] ^= 1 << bit;
                assert!(ModelFile::from_bytes(&flipped).is_err(), "byte {place}, bit {bit}");
                assert!(model_file::load(&mut network, &flipped).is_err(), "byte {place}, bit {bit}");
            }
        }
        let longer = [&bytes[..], &[0]].concat();
        let error = ModelFile::from_bytes(&longer).expect_err("a byte too many");
        assert!(matches!(error, ModelFileError::Load(LoadError::Trailing { .. })), "{error}");
        assert_eq!(model_file::at_start_of(&longer), Ok(&bytes[..]));
    }

    #[test]
    fn a_failed_load_changes_nothing() {
        let mut bytes = small().to_bytes().expect("small enough");
        let mut network = Small::ZERO;
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        assert!(model_file::load(&mut network, &bytes).is_err());
        assert_eq!(network.output.bias, [0.0; 2]);
    }
}
