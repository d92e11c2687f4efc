//! `neurona rust`: the source of a trained network's type.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use clap::Args;
use neurona_train::{SourceError, Spec, model_file::ModelFile};

use crate::{model, print};

/// Print the Rust source of a trained network, for firmware to contain.
///
/// It is the `network!` block of the type, and a static with the weights, which stand in flash and are read in place;
/// beside it the golden example, by which a board can prove itself, and the labels. It compiles as it is where the
/// crate `neurona` is a dependency and the model file is found.
#[derive(Args)]
#[command(after_help = "\
Examples:
  neurona rust digits.neurona > src/digits.rs
  neurona rust digits.neurona --path ../models/digits.neurona > src/digits.rs
  neurona rust gesture.neurona --stream > src/gesture.rs       to be fed sample by sample")]
pub(crate) struct Rust {
    /// The model file
    model: PathBuf,
    /// Name of the type [default: the name in the model file]
    #[arg(long)]
    name: Option<String>,
    /// Path of the model file as seen from the source file [default: both in one folder]
    #[arg(long)]
    path: Option<String>,
    /// Make a type that can also be fed one time step a call: see `neurona::stream`
    #[arg(long)]
    stream: bool,
}

impl Rust {
    pub(crate) fn run(self, out: &mut dyn Write) -> Result<()> {
        let model = model::read(&self.model)?;
        let metadata = model.metadata();
        let type_name =
            self.name.unwrap_or_else(|| free_name(model.spec(), &metadata.layers, type_name(&metadata.name)));
        let file_name = self.model.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let source = source(&model, &type_name, &self.path.unwrap_or(file_name), self.stream);
        Ok(out.write_all(source.with_context(|| self.model.display().to_string())?.as_bytes())?)
    }
}

/// A module with the type and the statics.
fn source(model: &ModelFile, type_name: &str, path: &str, stream: bool) -> Result<String> {
    let metadata = model.metadata();
    let network = match stream {
        true => model.spec().stream_source(type_name, &metadata.layers),
        false => model.spec().rust_source(type_name, &metadata.layers),
    };
    let network = match network {
        Err(error @ (SourceError::Name(..) | SourceError::Used(_) | SourceError::Duplicate(_))) => {
            Err(error).context("give the type a name with --name, or the layers names when the network is trained")
        }
        network => Ok(network?),
    }?;
    let constant = constant_name(type_name);
    // Debug output of a string is a string literal of Rust.
    let path = format!("{path:?}");
    let fast = if network.contains("fast::") { "use neurona::fast;\n" } else { "" };
    let mut source = format!(
        "//! The network `{}`, written by `neurona rust`.\n\n\
         {fast}use neurona::prelude::*;\n\n\
         {network}\n\
         /// The weights, in flash.\n\
         pub static {constant}: {type_name} = neurona::include_model!({path});\n\n\
         /// An input and the output that every device gives for it, to the last bit.\n\
         pub static {constant}_GOLDEN: neurona::model_file::Golden<{type_name}> =\n    neurona::include_golden!({path});\n",
        print::shown(&metadata.name)
    );
    if !metadata.labels.is_empty() {
        source += &format!(
            "\n/// The names of the classes, in the order of the outputs.\n\
             pub static {constant}_LABELS: [&str; {}] = neurona::include_labels!({type_name}, {path});\n",
            metadata.labels.len()
        );
    }
    Ok(source)
}

/// A name as Rust writes that of a type: `my digits-2` as `MyDigits2`; `Net` when nothing is left.
pub(crate) fn type_name(name: &str) -> String {
    let words = name.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let name: String = words.map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect();
    let name = name.trim_start_matches(|first: char| first.is_ascii_digit());
    match name.chars().next() {
        // `Self` is a keyword.
        None => "Net".to_owned(),
        Some(_) if name == "Self" => "Net".to_owned(),
        Some(first) => first.to_ascii_uppercase().to_string() + &name[1..],
    }
}

/// A name for the type of these layers: `TanhNet` in place of `Tanh`, where one of them has an activation of that name.
pub(crate) fn free_name(spec: &Spec, layers: &[String], name: String) -> String {
    match spec.rust_source(&name, layers) {
        Err(SourceError::Used(_)) => name + "Net",
        _ => name,
    }
}

/// `MyDigits2` as `MY_DIGITS2`.
fn constant_name(type_name: &str) -> String {
    let mut name = String::new();
    let mut before = None;
    for character in type_name.chars() {
        if character.is_ascii_uppercase() && before.is_some_and(|before: char| before.is_ascii_lowercase()) {
            name.push('_');
        }
        name.push(character.to_ascii_uppercase());
        before = Some(character);
    }
    name
}

/// What to do with a model file next, for the end of `train`.
pub(crate) fn write_next_steps(out: &mut dyn Write, path: &Path) -> Result<()> {
    let source = path.with_extension("rs");
    let steps = [
        ("what it needs of a board", format!("neurona inspect {}", path.display())),
        ("how good it is elsewhere", format!("neurona eval {} TEST.csv", path.display())),
        ("its type, for firmware", format!("neurona rust {} > {}", path.display(), source.display())),
    ];
    print::facts(out, steps)?;
    Ok(writeln!(out, "{0}The source takes the weights into flash by `neurona::include_model!`.{0:#}", print::QUIET)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_gives_a_type() {
        for (name, expected) in [
            ("digits", "Digits"),
            ("my digits-2", "MyDigits2"),
            ("2 fast", "Fast"),
            ("3d", "D"),
            ("", "Net"),
            ("数字", "Net"),
            ("self", "Net"),
            ("tanh", "Tanh"),
        ] {
            assert_eq!(type_name(name), expected);
        }
    }

    #[test]
    fn a_constant_is_named_after_its_type() {
        assert_eq!(constant_name("MyDigits2"), "MY_DIGITS2");
        assert_eq!(constant_name("XOR"), "XOR");
    }
}
