//! What each rule of learning brings: digits that are turned by 90 degrees, learned by networks that know upright ones.

use std::ops::Range;

use neurona::{
    learner::Rule,
    plain::{Plain, bytes_of, fill},
    prelude::*,
};

use super::board::digits::{Digits, Style};
use super::board::*;

neurona::network! {
    /// The network of the digits, of which the head alone learns.
    pub(crate) struct Head: [f32; 64] => [f32; 10] {
        scale: Rescale<64, { (1.0_f32 / 16.0).to_bits() }>,
        hidden: Frozen<Dense<64, 32, Relu>>,
        output: Dense<32, 10>,
    }
}

neurona::network! {
    /// What learns by every rule in 16 KiB.
    pub(crate) struct Small: [f32; 64] => [f32; 10] {
        scale: Rescale<64, { (1.0_f32 / 16.0).to_bits() }>,
        hidden: Dense<64, 8, Relu>,
        output: Dense<8, 10>,
    }
}

/// Examples of a mini-batch.
const BATCH: u32 = 8;
/// How often each of the 360 digits is learned.
const TURNS: usize = 5;

/// Right answers in percent, of turned digits: before the board learns, and after.
pub(crate) type Gain = [f64; 2];

/// The rules by the names that `cargo xtask bench learning` has for them, with their rates: of [`GRID`] the one that brings most
/// on three other seeds, as `cargo run --release -p neurona-train --example rules -- --rates` prints it.
pub(crate) const RULES: [(&str, f32); 6] = [
    ("in-place", 0.05),
    ("head", 0.02),
    ("small-in-place", 0.02),
    ("small-sgd", 0.1),
    ("small-momentum", 0.02),
    ("small-adam", 0.02),
];

/// Rates that were tried.
pub(crate) const GRID: [f32; 9] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5];

/// A network of each kind that knows upright digits, and turned ones to learn and to test it with.
pub(crate) struct Task {
    large: Box<Digits>,
    small: Box<Small>,
    new: Vec<Example<[f32; 64]>>,
    test: Vec<Example<[f32; 64]>>,
}

impl Task {
    pub(crate) fn new(digits: &[Example<[f32; 64]>], seed: u64) -> Result<Self> {
        let fifths = |wanted: Range<usize>| -> Vec<_> {
            let places = (0..digits.len()).filter(|place| wanted.contains(&((place + seed as usize) % 5)));
            places.map(|place| digits[place]).collect()
        };
        let turned = |(x, class): &Example<[f32; 64]>| (Style::Turned.apply(x), *class);
        let training = fifths(0..3);
        let [new, test] = [3..4, 4..5].map(|part| fifths(part).iter().map(turned).collect::<Vec<_>>());
        let names = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
        let large = train_classes::<Digits>(&names, &training, 60, seed)?;
        Ok(Self { large, small: train_classes::<Small>(&names, &training, 60, seed)?, new, test })
    }

    /// What a rule of [`RULES`] brings at this rate.
    pub(crate) fn gain(&self, name: &str, rate: f32) -> Result<Gain> {
        Ok(match name {
            "in-place" => self.learned::<_, Digits, _>(&*self.large, InPlace::new(rate)),
            "head" => self.learned::<_, Head, _>(&*self.large, InPlace::new(rate)),
            "small-in-place" => self.learned::<_, Small, _>(&*self.small, InPlace::new(rate)),
            "small-sgd" => self.learned::<_, Small, _>(&*self.small, Sgd { batch: BATCH, ..Sgd::new(rate) }),
            "small-momentum" => {
                let rule = Momentum { batch: BATCH, ..Momentum::new(rate, 0.9) };
                self.learned::<_, Small, _>(&*self.small, rule)
            }
            "small-adam" => self.learned::<_, Small, _>(&*self.small, Adam { batch: BATCH, ..Adam::new(rate) }),
            other => return Err(format!("there is no rule `{other}`").into()),
        })
    }

    /// Learns by a rule, as a variant `V` of the network that was trained.
    fn learned<N: Plain, V, R>(&self, trained: &N, rule: R) -> Gain
    where
        V: neurona::Network<Input = [f32; 64], Output = [f32; 10]> + Plain,
        R: Rule,
    {
        let (mut net, mut learning) = (Box::new(V::ZERO), Box::new(Learning::<V, R>::ZERO));
        assert!(fill(&mut *net, bytes_of(trained)), "a variant has the bytes of the whole");
        let before = accuracy(&*net, &self.test);
        let mut learner = Learner::new(&mut *net, &mut learning, SoftmaxCrossEntropy, rule);
        for _ in 0..TURNS {
            for (x, class) in &self.new {
                learner.learn(x, class);
            }
            learner.step();
        }
        [before, accuracy(&*net, &self.test)]
    }
}
