//! `neurona split`: cuts a table into parts.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    ops::Range,
    path::PathBuf,
    str::FromStr,
};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use csv::{ByteRecord, ReaderBuilder};
use ndarray::Array2;
use neurona_train::{Dataset, Targets, file::Draft};
use serde::Serialize;

use neurona_train::data::{Lines, csv_columns};

use crate::{data, print};

/// Cut a table (CSV) into parts, to train and to test with.
///
/// Each row goes to exactly one part, by chance that the seed decides. The parts have the header and the rows of the
/// source, byte for byte; they are written to DIR/NAME.csv, all of them or none.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Split {
    /// The table
    data: PathBuf,
    /// Names and shares of the parts; the shares add up to 1
    #[arg(long, value_name = "NAME=SHARE,…", value_delimiter = ',', required = true)]
    parts: Vec<Part>,
    /// Give each part its share of every class
    #[arg(long)]
    stratified: bool,
    /// Decides which row goes where
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder for the parts, which is made when it is not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Print one JSON object in place of the table
    #[arg(long)]
    json: bool,
    /// Column of the labels, by name or by number from 0 [default: `label`, `class`, `target` or `y`]
    #[arg(long, value_name = "COLUMN", requires = "stratified", help_heading = "Table")]
    label: Option<String>,
    #[command(flatten)]
    format: data::FormatArgs,
}

const AFTER_HELP: &str = "\
Examples:
  neurona split digits.csv --parts train=0.8,test=0.2 --stratified --out parts
  neurona split iris.csv --parts a=0.5,b=0.5 --stratified --label class --seed 7 --out parts

JSON: {\"rows\", \"parts\": [{\"name\", \"path\", \"rows\", \"classes\": {LABEL: ROWS}}]}; `classes` is empty without --stratified.";

/// A part that is asked for, such as `train=0.8`.
#[derive(Clone, Debug, PartialEq)]
struct Part {
    name: String,
    share: f64,
}

impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, share) = text.split_once('=').ok_or("expected NAME=SHARE, such as train=0.8")?;
        let plain = |character: char| character.is_alphanumeric() || matches!(character, '-' | '_');
        if name.is_empty() || !name.chars().all(plain) {
            return Err(format!("expected letters, digits, - and _ in the name of a part; found `{name}`"));
        }
        let share = share.parse().map_err(|_| format!("expected a number as the share; found `{share}`"))?;
        Ok(Self { name: name.to_owned(), share })
    }
}

/// What was done, as JSON says it.
#[derive(Serialize)]
struct Report {
    rows: usize,
    parts: Vec<PartReport>,
}

#[derive(Serialize)]
struct PartReport {
    name: String,
    path: String,
    rows: usize,
    classes: BTreeMap<String, usize>,
}

impl Split {
    pub(crate) fn run(self, out: &mut dyn Write) -> Result<()> {
        let bytes = fs::read(&self.data).with_context(|| self.data.display().to_string())?;
        let rows = Rows::read(&bytes, &self)?;
        let shares: Vec<f64> = self.parts.iter().map(|part| part.share).collect();
        let dealt = rows.examples()?.split_rows(&shares, self.stratified, self.seed)?;

        let (mut reports, mut drafts) = (Vec::new(), Vec::new());
        fs::create_dir_all(&self.out).with_context(|| self.out.display().to_string())?;
        for (at, (part, members)) in self.parts.iter().zip(&dealt).enumerate() {
            let path = self.out.join(format!("{}.csv", part.name));
            ensure!(
                self.parts[..at].iter().all(|other| other.name != part.name),
                "two parts are called `{}`; each needs a name of its own",
                part.name
            );
            ensure!(
                !data::is_same_file(&path, &self.data),
                "{}: a part would replace the table itself; choose another folder or name",
                path.display()
            );
            let draft = Draft::write(&path, |file| rows.write(members, file));
            drafts.push(draft.with_context(|| path.display().to_string())?);
            reports.push(PartReport {
                name: part.name.clone(),
                path: path.display().to_string(),
                rows: members.len(),
                classes: rows.count(members),
            });
        }
        for (draft, report) in drafts.into_iter().zip(&reports) {
            draft.keep().with_context(|| report.path.clone())?;
        }
        let report = Report { rows: rows.rows.len(), parts: reports };
        if self.json { print::json(out, &report) } else { report.write(out) }
    }
}

impl Report {
    fn write(&self, out: &mut dyn Write) -> Result<()> {
        let labels: Vec<&String> = self.parts.iter().flat_map(|part| part.classes.keys()).collect();
        let has_classes = !labels.is_empty();
        let mut table =
            print::Table::new(["part", " rows", " share", "file", if has_classes { "rows of a class" } else { "" }]);
        for part in &self.parts {
            let share = part.rows as f32 / self.rows as f32;
            let (least, most) = (part.classes.values().min(), part.classes.values().max());
            let classes = match (least, most) {
                (Some(least), Some(most)) if least == most => least.to_string(),
                (Some(least), Some(most)) => format!("{least} to {most}"),
                _ => String::new(),
            };
            table.row([&part.name, &print::grouped(part.rows as u64), &print::percent(share), &part.path, &classes]);
        }
        Ok(table.write(out)?)
    }
}

/// The rows of a table as the bytes that they are.
struct Rows<'a> {
    header: Option<&'a [u8]>,
    rows: Vec<&'a [u8]>,
    /// The label of each row; none when the parts need not have their share of every class.
    labels: Vec<String>,
    /// What ends a row that ends with the file.
    terminator: &'a [u8],
}

impl<'a> Rows<'a> {
    fn read(bytes: &'a [u8], split: &Split) -> Result<Self> {
        let (path, format) = (split.data.display(), split.format.format(&[]));
        let columns = csv_columns(bytes, &split.data, &format)?;
        let label = split.stratified.then(|| data::label_column(&columns, &split.data, split.label.as_deref()));
        let label = label.transpose()?;
        let mut reader =
            ReaderBuilder::new().has_headers(false).flexible(true).delimiter(format.delimiter).from_reader(bytes);
        let mut lines = Lines::new(bytes);
        let (mut starts, mut labels, mut record) = (Vec::new(), Vec::new(), ByteRecord::new());
        while reader.read_byte_record(&mut record).with_context(|| path.to_string())? {
            let start = record.position().map_or(0, csv::Position::byte);
            let line = lines.of_record(start);
            let has_names = format.header && starts.is_empty();
            starts.push(usize::try_from(start)?);
            if record.len() != columns.len() {
                bail!("{path}, row {line}: expected {} columns, found {}", columns.len(), record.len());
            }
            if let Some(label) = label.filter(|_| !has_names) {
                let (column, text) = (&columns[label], String::from_utf8_lossy(&record[label]).trim().to_owned());
                if text.is_empty() {
                    bail!("{path}, row {line}, column `{column}`: expected a label, found nothing (a missing value)");
                }
                labels.push(text);
            }
        }
        let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
        let mut rows: Vec<&[u8]> = starts.iter().zip(ends).map(|(start, end)| line(bytes, *start..end)).collect();
        let header = format.header.then(|| rows.remove(0));
        ensure!(!rows.is_empty(), "{path}: expected rows of data, found none");
        let first = header.unwrap_or(rows[0]);
        let end = first.iter().rposition(is_text).map_or(&[][..], |last| &first[last + 1..]);
        Ok(Self { header, rows, labels, terminator: if end.is_empty() { b"\n" } else { end } })
    }

    /// Examples without inputs to speak of: where a row goes depends on its class alone.
    fn examples(&self) -> Result<Dataset> {
        let nothing = Array2::zeros((self.rows.len(), 1));
        if self.labels.is_empty() {
            return Ok(Dataset::new(nothing.clone(), Targets::values(nothing))?);
        }
        let mut labels: Vec<&str> = self.labels.iter().map(String::as_str).collect();
        labels.sort_unstable();
        labels.dedup();
        let classes = self.labels.iter().map(|label| labels.partition_point(|other| other < &label.as_str()) as u32);
        Ok(Dataset::new(nothing, Targets::classes(&labels, classes.collect()))?)
    }

    /// How many of these rows have each label.
    fn count(&self, members: &[usize]) -> BTreeMap<String, usize> {
        let mut classes = BTreeMap::new();
        for label in members.iter().filter_map(|row| self.labels.get(*row)) {
            *classes.entry(label.clone()).or_default() += 1;
        }
        classes
    }

    fn write(&self, members: &[usize], file: &mut dyn Write) -> io::Result<()> {
        for line in self.header.iter().chain(members.iter().map(|row| &self.rows[*row])) {
            file.write_all(line)?;
            if line.last().is_none_or(is_text) {
                file.write_all(self.terminator)?;
            }
        }
        Ok(())
    }
}

fn is_text(byte: &u8) -> bool {
    !matches!(byte, b'\r' | b'\n')
}

/// The record in this range with its end of line, if it has one, and without the empty lines around it. The end may
/// reach beyond the range, which the reader ends within `\r\n`.
fn line(bytes: &[u8], range: Range<usize>) -> &[u8] {
    let record = &bytes[range.clone()];
    let (Some(first), Some(last)) = (record.iter().position(is_text), record.iter().rposition(is_text)) else {
        return &[];
    };
    let (first, end) = (range.start + first, range.start + last + 1);
    let terminator = match &bytes[end..] {
        [b'\r', b'\n', ..] => 2,
        [] => 0,
        _ => 1,
    };
    &bytes[first..end + terminator]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_names_with_shares() {
        assert_eq!("train=0.8".parse(), Ok(Part { name: "train".to_owned(), share: 0.8 }));
        for wrong in ["train", "=0.5", "a/b=0.5", "..=1", "a=b", "a="] {
            assert!(wrong.parse::<Part>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_record_keeps_its_own_line_end() {
        let whole = |bytes: &'static [u8]| line(bytes, 0..bytes.len());
        assert_eq!(whole(b"\r\n\n1, \"a\nb\" \r\n\r\n"), b"1, \"a\nb\" \r\n");
        assert_eq!((whole(b"1\n\r\n"), whole(b"1\r\r\n"), whole(b"1")), (&b"1\n"[..], &b"1\r"[..], &b"1"[..]));
        assert_eq!((whole(b"\n"), line(b"1\r\n2", 0..2)), (&b""[..], &b"1\r\n"[..]));
    }
}
