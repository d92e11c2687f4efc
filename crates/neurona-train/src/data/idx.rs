//! IDX files, the format of MNIST, plain or compressed with gzip.
//!
//! Two zero bytes, a byte for the type of the elements, a byte for the number of dimensions, each dimension in four
//! bytes, then the elements; all big endian (Y. LeCun, C. Cortes and C. Burges, "The MNIST database of handwritten
//! digits"). No crate that reads the format is kept up.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use flate2::read::MultiGzDecoder;
use ndarray::Array2;

use super::{
    DataError, Dataset,
    array::{self, Numbers},
};

/// Reads a data set from two IDX files: inputs (rows, ...) and targets, as [`read_npy`](super::read_npy) does.
///
/// # Errors
///
/// As [`read_npy`](super::read_npy).
pub fn read_idx(inputs: &Path, targets: &Path, labels: Option<&[String]>) -> Result<Dataset, DataError> {
    array::dataset((read(inputs)?, inputs), (read(targets)?, targets), labels)
}

/// Reads the inputs of [`read_idx`] alone.
///
/// # Errors
///
/// As [`read_npy`](super::read_npy).
pub fn read_idx_inputs(path: &Path) -> Result<Array2<f32>, DataError> {
    read(path)?.into_inputs(path)
}

fn read(path: &Path) -> Result<Numbers, DataError> {
    let mut file = File::open(path).map_err(DataError::io(path))?;
    let mut start = [0; 2];
    let begun = read_up_to(&mut file, &mut start).map_err(DataError::io(path))?;
    let whole = io::Cursor::new(start).take(begun as u64).chain(io::BufReader::new(file));
    const GZIP: [u8; 2] = [0x1f, 0x8b];
    if start == GZIP { parse(path, MultiGzDecoder::new(whole)) } else { parse(path, whole) }
}

/// The types of elements: code, size in bytes, whether they are whole numbers, and what a number is of its bytes.
type Element = (u8, usize, bool, fn(&[u8]) -> f32);

const ELEMENTS: [Element; 6] = [
    (0x08, 1, true, |bytes| f32::from(bytes[0])),
    (0x09, 1, true, |bytes| f32::from(bytes[0] as i8)),
    (0x0b, 2, true, |bytes| f32::from(i16::from_be_bytes(fixed(bytes)))),
    (0x0c, 4, true, |bytes| i32::from_be_bytes(fixed(bytes)) as f32),
    (0x0d, 4, false, |bytes| f32::from_be_bytes(fixed(bytes))),
    (0x0e, 8, false, |bytes| f64::from_be_bytes(fixed(bytes)) as f32),
];

fn parse(path: &Path, mut from: impl Read) -> Result<Numbers, DataError> {
    let wrong = |what: &str, expected: String, found: String| Err(DataError::format(path, what, expected, found));
    let mut magic = [0; 4];
    if read_up_to(&mut from, &mut magic).map_err(DataError::io(path))? < 4 || magic[..2] != [0, 0] {
        return wrong("header", "two zero bytes, a type and a number of dimensions".into(), format!("{magic:02x?}"));
    }
    let Some((_, size, integers, number)) = ELEMENTS.into_iter().find(|(code, ..)| *code == magic[2]) else {
        return wrong("type of elements", "08, 09, 0b, 0c, 0d or 0e".into(), format!("{:02x}", magic[2]));
    };
    let mut shape = Vec::new();
    for _ in 0..magic[3] {
        let mut dimension = [0; 4];
        if read_up_to(&mut from, &mut dimension).map_err(DataError::io(path))? < 4 {
            return wrong("header", format!("{} dimensions", magic[3]), format!("{}", shape.len()));
        }
        shape.push(u32::from_be_bytes(dimension) as usize);
    }
    let length = shape.iter().try_fold(size, |length, dimension| length.checked_mul(*dimension));
    let Some(length) = length.filter(|_| !shape.is_empty()) else {
        return wrong("shape", "dimensions whose product fits in memory".into(), format!("{shape:?}"));
    };
    // One byte more than there should be tells whether something follows, and a false header costs no memory.
    let mut bytes = Vec::new();
    from.take(length as u64 + 1).read_to_end(&mut bytes).map_err(DataError::io(path))?;
    if bytes.len() != length {
        let found = if bytes.len() > length { "more".into() } else { bytes.len().to_string() };
        return wrong("elements", format!("{length} bytes"), found);
    }
    Ok(Numbers { shape, values: bytes.chunks_exact(size).map(number).collect(), integers })
}

/// Reads until the buffer is full or the file ends; says how many bytes were read.
fn read_up_to(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while read < buffer.len() {
        match from.read(&mut buffer[read..]) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

/// The bytes of an element, which has as many as its type says.
fn fixed<const N: usize>(bytes: &[u8]) -> [u8; N] {
    std::array::from_fn(|at| bytes[at])
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn parse_bytes(bytes: &[u8]) -> Result<Numbers, String> {
        parse(Path::new("x.idx"), bytes).map_err(|error| error.to_string())
    }

    fn message(bytes: &[u8]) -> String {
        parse_bytes(bytes).err().expect("the file is wrong")
    }

    const IMAGES: [u8; 20] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 255];
    const LABELS: [u8; 10] = [0, 0, 8, 1, 0, 0, 0, 2, 1, 0];

    #[test]
    fn plain_and_compressed_files() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let [images, labels] = ["images.gz", "labels"].map(|name| folder.path().join(name));
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&IMAGES).expect("memory can be written");
        std::fs::write(&images, gzip.finish().expect("memory can be written")).expect("the folder can be written");
        std::fs::write(&labels, LABELS).expect("the folder can be written");
        let data = read_idx(&images, &labels, None).expect("the files are right");
        assert_eq!(data.inputs(), ndarray::array![[1.0, 2.0], [3.0, 255.0]]);
        assert_eq!(data.target_rows(), crate::TargetRows::Classes(&[1, 0]));
        assert_eq!(read_idx_inputs(&images).expect("the file is right"), data.inputs());
        let names = ["no".to_owned()];
        let error = read_idx(&images, &labels, Some(&names)).expect_err("class 1 has no label");
        assert!(
            error.to_string().ends_with("labels, row 0, column 0: expected a class from 0 to 0, found 1"),
            "{error}"
        );
    }

    #[test]
    fn every_type_of_element() {
        let one = |code: u8, element: &[u8]| {
            let numbers = parse_bytes(&[&[0, 0, code, 1, 0, 0, 0, 1], element].concat()).expect("the file is right");
            (numbers.values[0], numbers.integers)
        };
        assert_eq!(one(0x08, &[200]), (200.0, true));
        assert_eq!(one(0x09, &[0xfe]), (-2.0, true));
        assert_eq!(one(0x0b, &(-300_i16).to_be_bytes()), (-300.0, true));
        assert_eq!(one(0x0c, &70_000_i32.to_be_bytes()), (70_000.0, true));
        assert_eq!(one(0x0d, &0.1_f32.to_be_bytes()), (0.1, false));
        assert_eq!(one(0x0e, &0.1_f64.to_be_bytes()), (0.1, false));
    }

    #[test]
    fn each_fault_says_what() {
        for end in 0..IMAGES.len() {
            let message = message(&IMAGES[..end]);
            assert!(message.starts_with("x.idx: header") || message.starts_with("x.idx: elements"), "{message}");
        }
        assert_eq!(message(&IMAGES[..19]), "x.idx: elements: expected 4 bytes, found 3");
        assert_eq!(message(&[&IMAGES[..], &[0]].concat()), "x.idx: elements: expected 4 bytes, found more");
        assert_eq!(
            message(&[0, 0, 7, 1, 0, 0, 0, 0]),
            "x.idx: type of elements: expected 08, 09, 0b, 0c, 0d or 0e, found 07"
        );
        let huge = [&[0, 0, 8, 3][..], &[0xff; 12]].concat();
        assert!(message(&huge).starts_with("x.idx: shape: expected dimensions whose product fits"));
        let large = [&[0, 0, 8, 2, 0, 0xff, 0xff, 0xff][..], &[0, 0xff, 0xff, 0xff]].concat();
        assert!(message(&large).ends_with("found 0"), "a false header costs no memory");
        assert!(message(&[0, 0, 8, 0]).starts_with("x.idx: shape"));
    }
}
