//! Which layers and options there are, and which of them a list of networks leaves out.
//!
//! What there is, is asked of the types themselves: a variant that a [`LayerSpec`] or one of its parts gains is missing until a
//! network has it, and the fields of a layer's sizes are taken apart by name, so that a new one does not compile here.

use std::collections::BTreeSet;
use std::fmt::Debug;

use neurona::LayerSpec;
use neurona::arch::{
    ActivationSpec, CellSpec, ConvSpec, DepthwiseConvSpec, EchoStateSpec, GlobalPoolSpec, PaddingSpec, PoolKind,
    PoolSpec, RecurrentSpec, ScaleSpec, Shape, States, WindowSpec,
};
use neurona_train::{Spec, TableConv};
use serde::de::DeserializeOwned;

/// The layers and options that no network of the list has.
pub fn missing(networks: &[LayerSpec]) -> Vec<String> {
    let has = found(networks);
    there_are().difference(&has).cloned().collect()
}

/// The same of networks that are fed sample by sample: the layers that can be, and how their windows can lie.
pub fn missing_in_streams(networks: &[LayerSpec]) -> Vec<String> {
    // An image is no signal, what needs all samples at once cannot be fed, and padding behind a signal is ahead of it. Activations are
    // those of the layers themselves.
    let never = ["Image", "Reshape", ": Same", "activation"];
    let missing = missing(networks).into_iter();
    missing.filter(|name| !never.iter().any(|never| name.contains(never))).collect()
}

fn found(networks: &[LayerSpec]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    networks.iter().for_each(|network| add(&Spec::from(network), &mut found));
    found
}

/// Every variant of a type, with zeros for what it holds.
fn variants<T: DeserializeOwned>() -> impl Iterator<Item = T> {
    (0..u8::MAX).map_while(|variant| postcard::from_bytes(&[[variant].as_slice(), &[0; 64]].concat()).ok())
}

/// The name of a variant.
fn name(variant: &impl Debug) -> String {
    format!("{variant:?}").split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned()
}

/// The layers with a window.
const WINDOWS: [&str; 5] = ["Conv", "DepthwiseConv", "TableConv", "Max pool", "Average pool"];

fn there_are() -> BTreeSet<String> {
    let layers = variants::<Spec>().filter(|layer| !matches!(layer, Spec::Custom { .. }));
    let mut all: BTreeSet<String> = layers.map(|layer| name(&layer)).collect();
    all.extend(["Residual with a shortcut", "Softmax that is fast"].map(String::from));
    all.extend(ActivationSpec::ALL.iter().map(|activation| format!("activation {}", activation.name())));
    for shape in ["Signal", "Image"] {
        for layer in WINDOWS {
            all.extend(["stride", "dilation"].map(|option| format!("{layer} over {shape}: {option}")));
            all.extend(variants().map(|padding: PaddingSpec| format!("{layer} over {shape}: {}", name(&padding))));
        }
        all.extend(["Conv: groups", "DepthwiseConv: multiplier"].map(|option| format!("{option} over {shape}")));
        all.extend(variants().map(|kind: PoolKind| format!("global {} over {shape}", name(&kind))));
    }
    for states in variants::<States>() {
        all.extend(variants().map(|cell: CellSpec| format!("{} that gives {}", name(&cell), name(&states))));
        all.insert(format!("EchoState that gives {}", name(&states)));
    }
    all.insert("EchoState that leaks".to_owned());
    all
}

/// Adds what a layer is, and what those are that it is made of.
fn add(spec: &Spec, found: &mut BTreeSet<String>) {
    found.insert(name(spec));
    let activation = match spec {
        Spec::Conv(conv) => {
            let ConvSpec { window, seen, activation } = conv;
            if (*seen as usize) < window.input.channels() {
                found.insert(format!("Conv: groups over {}", name(&window.input)));
            }
            add_window("Conv", window, found);
            Some(*activation)
        }
        Spec::DepthwiseConv(DepthwiseConvSpec { window, activation }) => {
            if window.output.channels() > window.input.channels() {
                found.insert(format!("DepthwiseConv: multiplier over {}", name(&window.input)));
            }
            add_window("DepthwiseConv", window, found);
            Some(*activation)
        }
        Spec::TableConv(TableConv { window, table: _, activation }) => {
            add_window("TableConv", window, found);
            Some(*activation)
        }
        Spec::Pool(PoolSpec { window, kind }) => {
            add_window(&format!("{} pool", name(kind)), window, found);
            None
        }
        Spec::GlobalPool(GlobalPoolSpec { input, kind }) => {
            found.insert(format!("global {} over {}", name(kind), name(input)));
            None
        }
        Spec::Recurrent(RecurrentSpec { cell, states, steps: _, inputs: _, units: _ }) => {
            found.insert(format!("{} that gives {}", name(cell), name(states)));
            if let CellSpec::Rnn { activation } = cell { Some(*activation) } else { None }
        }
        Spec::EchoState(EchoStateSpec { states, leak, steps: _, inputs: _, units: _, connections: _, seed: _ }) => {
            found.insert(format!("EchoState that gives {}", name(states)));
            if f32::from_bits(*leak) < 1.0 {
                found.insert("EchoState that leaks".to_owned());
            }
            None
        }
        Spec::Residual { body: _, shortcut, activation } => {
            if shortcut.is_some() {
                found.insert("Residual with a shortcut".to_owned());
            }
            Some(*activation)
        }
        Spec::Softmax { len: _, fast } => {
            if *fast {
                found.insert("Softmax that is fast".to_owned());
            }
            None
        }
        Spec::Dense { inputs: _, outputs: _, activation } | Spec::Scale(ScaleSpec { shape: _, activation }) => {
            Some(*activation)
        }
        _ => None,
    };
    found.extend(activation.map(|activation| format!("activation {}", activation.name())));
    spec.parts().for_each(|part| add(part, found));
}

fn add_window(layer: &str, window: &WindowSpec, found: &mut BTreeSet<String>) {
    let WindowSpec { input, output: _, kernel: _, stride, dilation, padding } = window;
    let shape = if let Shape::Signal { .. } = input { "Signal" } else { "Image" };
    let mut option = |option: &str| found.insert(format!("{layer} over {shape}: {option}"));
    if *stride != [1, 1] {
        option("stride");
    }
    if *dilation != [1, 1] {
        option("dilation");
    }
    option(&name(padding));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::architectures::{Visitor, visit_all};
    use neurona::plain::Plain;
    use neurona::{Loss as DeviceLoss, Network};
    use neurona_train::Loss;

    #[test]
    fn every_layer_and_option_is_among_the_architectures() {
        struct All(Vec<LayerSpec>);
        impl Visitor for All {
            fn visit<N: Network + Plain, L: DeviceLoss<N::Output, N::Output>>(&mut self, _: &str, _: L, _: Loss) {
                self.0.push(N::ARCH);
            }
        }
        let mut all = All(Vec::new());
        visit_all(&mut all);
        assert_eq!(missing(&all.0), [""; 0]);
        // What is left out is named.
        all.0.retain(|network| !matches!(network, LayerSpec::Chain([.., LayerSpec::OutputCodes(_)])));
        assert_eq!(missing(&all.0), ["OutputCodes"]);
    }

    #[test]
    fn what_there_is_comes_from_the_types() {
        let all = there_are();
        for one in
            ["Chain", "TableConv", "Concat", "Conv over Image: Causal", "Lstm that gives All", "global Max over Signal"]
        {
            assert!(all.contains(one), "{one} is not in {all:?}");
        }
    }
}
