//! Networks that were trained on the desktop and go on learning on a board, on real data: what it brings, and what it costs.
//!
//! The board's part is that of the device crate to the last bit: its network type, its learning in place, its replay buffers
//! and statistics.

pub(crate) mod digits;
pub(crate) mod guarded;
pub(crate) mod motion;
pub(crate) mod temperature;

use std::{error::Error, fmt, ops::ControlFlow, path::PathBuf};

use ndarray::Array2;
use neurona::{plain::Plain, prelude::*};
use neurona_train::{Dataset, Init, Loss, Targets, Training, train, train::Spread};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A figure of each seed.
pub(crate) struct Figures(pub(crate) Vec<f64>);

impl Figures {
    pub(crate) fn mean(&self) -> f64 {
        self.0.iter().sum::<f64>() / self.0.len() as f64
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let deviation = Spread::of(&self.0).map_or(f64::NAN, |spread| spread.deviation);
        f.pad(&format!("{:.1} ± {deviation:.1}", self.mean()))
    }
}

/// What became of a network on a board, in percent of right answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    /// On the new data, before it learns and after.
    pub(crate) new: [f64; 2],
    /// On data like those that it was trained on.
    pub(crate) old: [f64; 2],
}

/// An outcome for each seed.
pub(crate) struct Outcomes(pub(crate) Vec<Outcome>);

impl Outcomes {
    pub(crate) fn of(seeds: u64, mut run: impl FnMut(u64) -> Result<Outcome>) -> Result<Self> {
        (1..=seeds).map(&mut run).collect::<Result<_>>().map(Self)
    }

    /// New data before and after, old data before and after.
    pub(crate) fn figures(&self) -> [Figures; 4] {
        let figures = |of: fn(&Outcome) -> f64| Figures(self.0.iter().map(of).collect());
        [figures(|o| o.new[0]), figures(|o| o.new[1]), figures(|o| o.old[0]), figures(|o| o.old[1])]
    }
}

impl fmt::Display for Outcomes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [new_before, new_after, old_before, old_after] = self.figures();
        write!(f, "{new_before:<12} | {new_after:<12} | {old_before:<12} | {old_after:<12}")
    }
}

/// An input with its class.
pub(crate) type Example<X> = (X, usize);

/// Trains on the desktop with a seed, and gives the network as the device has it.
pub(crate) fn train_classes<N>(
    labels: &[&str],
    examples: &[Example<N::Input>],
    epochs: u32,
    seed: u64,
) -> Result<Box<N>>
where
    N: neurona::Network + Plain,
    N::Input: neurona::shape::Shaped,
{
    use neurona::shape::Tensor as _;
    let width = N::ARCH.inputs();
    let inputs = examples.iter().flat_map(|(x, _)| x.values().iter().copied()).collect();
    let inputs = Array2::from_shape_vec((examples.len(), width), inputs)?;
    let classes = examples.iter().map(|(_, class)| *class as u32).collect();
    let data = Dataset::new(inputs, Targets::classes(labels, classes))?;
    fit(data, Training { epochs, seed, ..Training::new(Loss::SoftmaxCrossEntropy) })
}

/// Trains a network of a type; its standardisation is that of the data.
pub(crate) fn fit<N: neurona::Network + Plain>(data: Dataset, settings: Training) -> Result<Box<N>> {
    let mut network = neurona_train::Network::from_arch(&N::ARCH)?;
    network.init(Init::Pytorch, settings.seed);
    network.fit_scaling(data.inputs());
    let trained = train(network, &data, None, &settings, &mut |_| ControlFlow::Continue(()))?;
    Ok(trained.export::<N>()?)
}

/// Accuracy in percent, in the device's arithmetic.
pub(crate) fn accuracy<N, const C: usize>(net: &N, examples: &[Example<N::Input>]) -> f64
where
    N: neurona::Network<Output = [f32; C]>,
{
    let mut memory = Box::new(Inference::<N>::ZERO);
    let mut confusion = neurona::statistics::Confusion::<C>::new();
    for (x, class) in examples {
        confusion.add(*class, answer(net.infer(x, &mut memory)));
    }
    confusion.accuracy().map_or(f64::NAN, |accuracy| 100.0 * f64::from(accuracy))
}

/// The class of the largest output.
pub(crate) fn answer(y: &[f32]) -> usize {
    (0..y.len()).max_by(|a, b| y[*a].total_cmp(&y[*b])).unwrap_or(0)
}

/// A file of the data that are not part of the repository, in a folder beside the clone.
pub(crate) fn shared(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "../../../shared/data", name].iter().collect()
}
