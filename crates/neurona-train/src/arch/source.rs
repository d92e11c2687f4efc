//! Rust source of a network's type: the `network!` block that firmware contains.

use std::{
    collections::HashSet,
    fmt::{self, Write as _},
};

use neurona::stream::Timing;

use super::{Spec, SpecError};
use crate::layer::{Kind, array, options};

/// Why there is no source for an architecture.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The architecture itself is wrong.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// A name cannot stand in Rust source.
    #[error("`{0}` cannot name {1} in Rust: expected {2}, and no keyword")]
    Name(String, &'static str, &'static str),
    /// A type of this name is used in the source.
    #[error("`{0}` cannot name the network: the source uses a type of this name from the crate `neurona`")]
    Used(String),
    /// Two layers have one name.
    #[error("two layers are called `{0}`; each needs a name of its own")]
    Duplicate(String),
    /// A layer cannot be fed sample by sample.
    #[error("layer `{layer}` cannot be fed sample by sample: {fault}")]
    Stream {
        /// What it is called: see [`Spec::step_names`].
        layer: String,
        /// Why.
        fault: &'static str,
    },
    /// The branches of a layer give outputs for different samples.
    #[error(
        "layer `{layer}` cannot be fed sample by sample: its branches do not give their outputs together, the one {}, the other {}",
        Named(*expected), Named(*found)
    )]
    Timing {
        /// What it is called: see [`Spec::step_names`].
        layer: String,
        /// When the first branch gives outputs, counted in samples of the network.
        expected: Timing,
        /// When the second one does, or the input that is added to the first.
        found: Timing,
    },
    /// There are not as many names as layers.
    #[error("the network has {expected} layers, but there are {found} layer names")]
    Count {
        /// How many layers there are.
        expected: usize,
        /// How many names there are.
        found: usize,
    },
}

/// A timing as messages name it.
struct Named(Timing);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Timing { delay: 0, every: 1 } => f.write_str("for each sample"),
            Timing { delay, every: 1 } => write!(f, "for each sample but the first {delay}"),
            Timing { delay: 0, every } => write!(f, "for one of {every} samples"),
            Timing { delay, every } => write!(f, "for one of {every} samples behind the first {delay}"),
        }
    }
}

impl Spec {
    /// The `network!` block of this architecture: a type called `name`, with a field for each layer.
    ///
    /// `layer_names` are the names of the fields, one for each layer; when there are none, the fields are called after
    /// what they do (`standardize`, `hidden1`, `hidden2`, `output`). A chain within the chain becomes a block of its own
    /// before the one that uses it, as it is a type of its own.
    ///
    /// # Errors
    ///
    /// The architecture does not fit together or holds a custom layer, a name is no Rust identifier or a keyword,
    /// two names are equal, the source uses another type of that name, or there are not as many names as layers.
    ///
    /// # Examples
    ///
    /// ```
    /// use neurona::arch::ActivationSpec;
    /// use neurona_train::Spec;
    ///
    /// let spec = Spec::Chain(vec![
    ///     Spec::Dense { inputs: 64, outputs: 32, activation: ActivationSpec::Relu },
    ///     Spec::Dense { inputs: 32, outputs: 10, activation: ActivationSpec::Identity },
    /// ]);
    /// let source = spec.rust_source("Digits", &[])?;
    /// assert_eq!(source, "\
    /// neurona::network! {
    ///     pub struct Digits: [f32; 64] => [f32; 10] {
    ///         hidden: Dense<64, 32, Relu>,
    ///         output: Dense<32, 10>,
    ///     }
    /// }
    /// ");
    /// # Ok::<(), neurona_train::SourceError>(())
    /// ```
    pub fn rust_source(&self, name: &str, layer_names: &[String]) -> Result<String, SourceError> {
        self.source("struct", name, layer_names)
    }

    /// The blocks of types that are declared by this keyword: `struct`, or `stream struct`.
    pub(super) fn source(
        &self,
        keyword: &'static str,
        name: &str,
        layer_names: &[String],
    ) -> Result<String, SourceError> {
        self.check()?;
        let mut source = Source { keyword, ..Source::default() };
        self.block(name, layer_names, &mut source)?;
        match source.declared.into_iter().find(|name| source.used.contains(name)) {
            Some(name) => Err(SourceError::Used(name)),
            None => Ok(source.text),
        }
    }

    /// Writes the `network!` block of a chain, behind those of the chains within it.
    fn block(&self, name: &str, layer_names: &[String], source: &mut Source) -> Result<(), SourceError> {
        if !is_identifier(name) || !name.starts_with(|first: char| first.is_ascii_uppercase()) {
            return Err(SourceError::Name(
                name.to_owned(),
                "a type",
                "ASCII letters and digits, beginning with a capital",
            ));
        }
        let single = [self.clone()];
        let layers = if let Self::Chain(layers) = self { layers } else { &single[..] };
        let names = if layer_names.is_empty() { self.layer_names() } else { layer_names.to_vec() };
        check_names(&names, layers.len())?;

        source.declared.push(name.to_owned());
        let mut fields = String::new();
        for (at, (layer, field)) in layers.iter().zip(&names).enumerate() {
            if let Self::Custom { name, .. } = layer {
                return Err(SpecError::Custom { layer: at, name: name.clone() }.into());
            }
            let layer_type = layer.rust_type(&format!("{name}{}", camel_case(field)), source)?;
            // Writing to a string cannot fail.
            let _ = writeln!(fields, "        {field}: {layer_type},");
        }
        let [input, output] = [self.input_shape(), self.output_shape()].map(|shape| source.using(array(shape)));
        let head = format!("neurona::network! {{\n    pub {} {name}: {input} => {output}", source.keyword);
        source.text += &format!("{head} {{\n{fields}    }}\n}}\n");
        Ok(())
    }

    /// Names for the layers of the outermost chain, after what they do; names that would be equal are numbered.
    ///
    /// The last dense layer is called `output` and those before it `hidden`.
    pub fn layer_names(&self) -> Vec<String> {
        match self {
            Self::Chain(layers) => default_names(layers),
            layer => default_names(std::slice::from_ref(layer)),
        }
    }

    /// The type of a layer. A chain becomes a block of its own in `source`, called `name`; so do the chains in branches.
    fn rust_type(&self, name: &str, source: &mut Source) -> Result<String, SourceError> {
        let branch =
            |branch: &Self, ending: &str, source: &mut Source| branch.rust_type(&format!("{name}{ending}"), source);
        Ok(match self {
            Self::Residual { body, shortcut: None, activation } => {
                let (layer, options) = (source.using("Residual".to_owned()), source.using(options(*activation, None)));
                format!("{layer}<{}{options}>", branch(body, "Body", source)?)
            }
            Self::Residual { body, shortcut: Some(shortcut), activation } => {
                let (layer, options) = (source.using("Projected".to_owned()), source.using(options(*activation, None)));
                let (body, shortcut) = (branch(body, "Body", source)?, branch(shortcut, "Shortcut", source)?);
                format!("{layer}<{body}, {shortcut}{options}>")
            }
            Self::Concat(first, second) => {
                let (layer, output) = (source.using("Concat".to_owned()), source.using(array(self.output_shape())));
                format!("{layer}<{}, {}, {output}>", branch(first, "First", source)?, branch(second, "Second", source)?)
            }
            Self::Chain(_) => {
                self.block(name, &[], source)?;
                source.text.push('\n');
                name.to_owned()
            }
            layer => match Kind::of(layer) {
                Some(kind) => {
                    let (layer, items) = kind.rust_type_with(name);
                    let items = source.using(items);
                    if !items.is_empty() {
                        source.text += &items;
                        source.text.push('\n');
                    }
                    source.using(layer)
                }
                None => return Err(SpecError::Custom { layer: 0, name: layer.kind().to_owned() }.into()),
            },
        })
    }
}

/// Source as it is written.
#[derive(Default)]
struct Source {
    keyword: &'static str,
    text: String,
    /// The networks that it declares.
    declared: Vec<String>,
    /// What it takes from elsewhere: a network of such a name would stand in its place.
    used: HashSet<String>,
}

impl Source {
    /// Notes the names in a part of the source, and gives it back.
    fn using(&mut self, part: String) -> String {
        let words = part.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
        self.used.extend(words.map(str::to_owned));
        part
    }
}

fn default_names(layers: &[Spec]) -> Vec<String> {
    let last_dense = layers.iter().rposition(|layer| matches!(layer, Spec::Dense { .. }));
    let base = |at: usize, layer: &Spec| match layer {
        Spec::Dense { .. } if Some(at) == last_dense => "output",
        Spec::Dense { .. } => "hidden",
        Spec::Chain(_) => "block",
        layer => layer.kind(),
    };
    let bases: Vec<&str> = layers.iter().enumerate().map(|(at, layer)| base(at, layer)).collect();
    let numbered = |at: usize| {
        let base = bases[at];
        if bases.iter().filter(|other| **other == base).count() == 1 {
            return base.to_owned();
        }
        format!("{base}{}", bases[..=at].iter().filter(|other| **other == base).count())
    };
    (0..bases.len()).map(numbered).collect()
}

fn check_names(names: &[String], expected: usize) -> Result<(), SourceError> {
    if names.len() != expected {
        return Err(SourceError::Count { expected, found: names.len() });
    }
    for (at, name) in names.iter().enumerate() {
        if !is_identifier(name) || name.starts_with(|first: char| first.is_ascii_uppercase()) {
            let expected = "ASCII letters, digits and underscores, beginning with a small letter";
            return Err(SourceError::Name(name.clone(), "a layer", expected));
        }
        if names[..at].contains(name) {
            return Err(SourceError::Duplicate(name.clone()));
        }
    }
    Ok(())
}

fn is_identifier(name: &str) -> bool {
    // Strict and reserved keywords of edition 2024, from the Rust reference.
    const KEYWORDS: &str = " as async await break const continue crate dyn else enum extern false fn for if impl in let \
        loop match mod move mut pub ref return self Self static struct super trait true type unsafe use where while \
        abstract become box do final gen macro override priv try typeof unsized virtual yield ";
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
        && !KEYWORDS.split_whitespace().any(|keyword| keyword == name)
}

/// `first_block` as `FirstBlock`.
fn camel_case(name: &str) -> String {
    let capital = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    name.split('_').filter(|word| !word.is_empty()).map(capital).collect()
}

#[cfg(test)]
mod tests {
    use neurona::arch::{ActivationSpec, CellSpec, EchoStateSpec, RecurrentSpec, States};

    use super::*;

    fn dense(inputs: u32, outputs: u32, activation: ActivationSpec) -> Spec {
        Spec::Dense { inputs, outputs, activation }
    }

    #[test]
    fn every_kind_of_layer() {
        let spec = Spec::Chain(vec![
            Spec::Standardize { len: 4 },
            Spec::rescale(4, 0.0625),
            dense(4, 5, ActivationSpec::LeakyRelu { slope: 0.3_f32.to_bits() }),
            dense(5, 6, ActivationSpec::Elu { alpha: 1.0_f32.to_bits() }),
            dense(6, 7, ActivationSpec::FastSigmoid),
            dense(7, 3, ActivationSpec::Identity),
            Spec::Softmax { len: 3, fast: true },
        ]);
        let expected = "\
neurona::network! {
    pub struct Net: [f32; 4] => [f32; 3] {
        standardize: Standardize<4>,
        rescale: Rescale<4, { 0.0625_f32.to_bits() }>,
        hidden1: Dense<4, 5, LeakyRelu<{ 0.3_f32.to_bits() }>>,
        hidden2: Dense<5, 6, Elu>,
        hidden3: Dense<6, 7, fast::Sigmoid>,
        output: Dense<7, 3>,
        softmax: fast::Softmax<3>,
    }
}
";
        assert_eq!(spec.rust_source("Net", &[]).as_deref(), Ok(expected));
    }

    #[test]
    fn tables_and_codes_are_types_before_the_network() {
        use neurona::arch::{PaddingSpec, Shape, WindowSpec};
        let window = WindowSpec {
            input: Shape::Signal { steps: 2, channels: 2 },
            output: Shape::Signal { steps: 1, channels: 2 },
            kernel: [1, 2],
            stride: [1, 1],
            dilation: [1, 1],
            padding: PaddingSpec::Valid,
        };
        let conv = crate::TableConv { window, table: vec![0b11, 0b10], activation: ActivationSpec::ScaledTanh };
        let flat = neurona::arch::ReshapeSpec { input: window.output, output: Shape::Vector { len: 2 } };
        let codes = crate::OutputCodes { inputs: 2, outputs: 2, codes: vec![0b10, 0b01] };
        let spec = Spec::Chain(vec![Spec::TableConv(conv), Spec::Reshape(flat), Spec::OutputCodes(codes)]);
        let expected = "\
/// Which channels each filter sees.
pub struct NetTableConv;

impl ConnectionTable for NetTableConv {
    const SEES: &'static [u64] = &[0b11, 0b10];
}

/// The code of each output.
pub struct NetOutputCodes;

impl Codes for NetOutputCodes {
    const CODES: &'static [u64] = &[0x2, 0x1];
}

neurona::network! {
    pub struct Net: Signal<2, 2> => [f32; 2] {
        table_conv: TableConv1d<Signal<2, 2>, Signal<1, 2>, Kernel1d<2>, NetTableConv, 3, ScaledTanh>,
        flatten: Flatten<Signal<1, 2>, 2>,
        output_codes: OutputCodes<2, 2, NetOutputCodes>,
    }
}
";
        assert_eq!(spec.rust_source("Net", &[]).as_deref(), Ok(expected));
    }

    #[test]
    fn recurrent_layers_leave_out_what_is_usual() {
        let states = |at: bool| if at { States::All } else { States::Last };
        let recurrent =
            |cell, all| Spec::Recurrent(RecurrentSpec { cell, steps: 9, inputs: 2, units: 2, states: states(all) });
        let echo = |leak: f32| {
            let (connections, leak, states) = (3, leak.to_bits(), States::Last);
            Spec::EchoState(EchoStateSpec { steps: 9, inputs: 2, units: 5, connections, seed: 7, leak, states })
        };
        let rnn = |activation| CellSpec::Rnn { activation };
        for (spec, expected) in [
            (recurrent(CellSpec::Gru, false), "Gru<9, 2, 2>"),
            (recurrent(CellSpec::Lstm, true), "Lstm<9, 2, 2, All>"),
            (recurrent(rnn(ActivationSpec::Tanh), false), "Rnn<9, 2, 2>"),
            (recurrent(rnn(ActivationSpec::Tanh), true), "Rnn<9, 2, 2, All>"),
            (recurrent(rnn(ActivationSpec::Relu), false), "Rnn<9, 2, 2, Last, Relu>"),
            (echo(1.0), "EchoState<9, 2, 5, 3, 7>"),
            (echo(0.25), "EchoState<9, 2, 5, 3, 7, Last, { 0.25_f32.to_bits() }>"),
        ] {
            assert_eq!(spec.rust_type("Net", &mut Source::default()).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn a_chain_within_a_chain_is_a_type_of_its_own() {
        let inner = Spec::Chain(vec![dense(2, 2, ActivationSpec::Tanh)]);
        let spec = Spec::Chain(vec![inner, dense(2, 1, ActivationSpec::Sigmoid)]);
        let expected = "\
neurona::network! {
    pub struct XorFirstBlock: [f32; 2] => [f32; 2] {
        output: Dense<2, 2, Tanh>,
    }
}

neurona::network! {
    pub struct Xor: [f32; 2] => [f32; 1] {
        first_block: Xor_,
        last: Dense<2, 1, Sigmoid>,
    }
}
"
        .replace("Xor_", "XorFirstBlock");
        let names = ["first_block", "last"].map(String::from);
        assert_eq!(spec.rust_source("Xor", &names), Ok(expected));
    }

    #[test]
    fn names_that_rust_does_not_take_are_errors() {
        let spec = Spec::Chain(vec![dense(1, 1, ActivationSpec::Relu), dense(1, 1, ActivationSpec::Relu)]);
        let source = |name: &str, layers: &[&str]| {
            let names: Vec<String> = layers.iter().map(|name| (*name).to_owned()).collect();
            spec.rust_source(name, &names)
        };
        assert!(source("Net", &["a", "b_2"]).is_ok());
        for name in ["", "net", "9Net", "Ne t", "Self", "Nét"] {
            assert!(matches!(source(name, &[]), Err(SourceError::Name(..))), "{name}");
        }
        for name in ["", "fn", "a-b", "Hidden", "1st"] {
            assert!(matches!(source("Net", &[name, "b"]), Err(SourceError::Name(..))), "{name}");
        }
        for name in ["Dense", "Relu"] {
            assert_eq!(source(name, &[]), Err(SourceError::Used(name.to_owned())));
        }
        assert!(source("Tanh", &[]).is_ok(), "the source has no tanh");
        assert_eq!(source("Net", &["a", "a"]), Err(SourceError::Duplicate("a".to_owned())));
        assert_eq!(source("Net", &["a"]), Err(SourceError::Count { expected: 2, found: 1 }));
    }

    #[test]
    fn a_block_within_is_not_called_as_a_layer_is() {
        let inner = Spec::Chain(vec![dense(2, 2, ActivationSpec::Tanh)]);
        let leaky = ActivationSpec::LeakyRelu { slope: 0.3_f32.to_bits() };
        let spec = Spec::Chain(vec![inner, dense(2, 1, leaky)]);
        let source = |name, field: &str| spec.rust_source(name, &[field.to_owned(), "last".to_owned()]);
        assert!(source("Leaky", "block").is_ok());
        assert_eq!(source("Leaky", "relu"), Err(SourceError::Used("LeakyRelu".to_owned())));
    }

    #[test]
    fn a_custom_layer_has_no_source() {
        let custom = Spec::Custom { name: "mix".to_owned(), inputs: 1, outputs: 1, params: 0, constants: 0, macs: 0 };
        let error = Spec::Chain(vec![custom]).rust_source("Net", &[]).expect_err("the type is the user's");
        assert_eq!(
            error.to_string(),
            "layers[0] (mix) is a custom layer, which only the program that defines it can run"
        );
    }
}
