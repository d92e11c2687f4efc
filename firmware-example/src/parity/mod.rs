//! The workload by which a desktop and every board prove that they compute the same bits.
//!
//! Hashes are computed of outputs, losses and weights: of the network of the [`digits`](crate::digits), and of small networks
//! for every activation, layer, loss and optimizer on data chosen to be [nasty](Nasty). The small ones come in
//! [families](FAMILIES), each with a binary of its own, so that every binary fits into the 256 KiB of flash of a micro:bit. A
//! binary prints its hashes on a board; a test runs the same functions on the desktop.
//!
//! [`digits`] and [`small`] are generic, so that a test can show that a network whose kernel fuses a product with a sum
//! has other hashes.

mod convolution;
mod dense;
mod learning;
mod nasty;
mod networks;
mod recurrent;
mod stream;
mod window;

pub use nasty::{Constants, Example, Lesson, Nasty, Source, small};

use neurona::LayerSpec;
use neurona::model_file::Golden;
use neurona::plain;
use neurona::prelude::*;

use crate::Hash;
use crate::digits::{Digits, GOLDEN, Images, LEARN, Mounting, TRAINED};

/// Number of learning steps of the network of the digits.
pub const STEPS: usize = 1000;

/// The learning rate of every network.
pub const RATE: f32 = 0.02;

/// What the network of the digits needs, besides itself in flash. The small networks live on the stack, one at a time.
pub struct Memory {
    x: [f32; 64],
    net: Digits,
    inference: Inference<Digits>,
    learning: Learning<Digits, InPlace>,
}

impl Memory {
    /// Ready for use.
    pub const ZERO: Self =
        Self { x: [0.0; 64], net: Digits::ZERO, inference: Inference::ZERO, learning: Learning::ZERO };
}

/// What is given each hash, with its name.
pub type Report<'a> = &'a mut dyn FnMut(&str, u64);

/// Small networks that have something in common.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// The binary that prints their hashes.
    pub bin: &'static str,
    /// What each is.
    pub specs: &'static [LayerSpec],
    /// Those of them that are fed sample by sample.
    pub streams: &'static [LayerSpec],
    /// Runs each and gives its hash, with its name, to what it is given.
    pub run: fn(Report<'_>),
}

/// Activations, losses, and layers without windows and without memory. Its binary runs the network of the digits too.
pub const DENSE: Family = Family { bin: "parity", specs: dense::SPECS, streams: &[], run: dense::networks };
/// Convolutions, pools, and layers that join branches.
pub const CONVOLUTION: Family =
    Family { bin: "parity-conv", specs: convolution::SPECS, streams: &[], run: convolution::networks };
/// Convolutions and pools with every option of a window.
pub const WINDOW: Family = Family { bin: "parity-window", specs: window::SPECS, streams: &[], run: window::networks };
/// Recurrent layers, and networks that are fed sample by sample.
pub const RECURRENT: Family =
    Family { bin: "parity-recurrent", specs: recurrent::SPECS, streams: stream::SPECS, run: recurrent::all };
/// Ways to learn.
pub const LEARNING: Family =
    Family { bin: "parity-learning", specs: learning::SPECS, streams: &[], run: learning::all };

/// Every family.
pub const FAMILIES: [Family; 5] = [DENSE, CONVOLUTION, WINDOW, RECURRENT, LEARNING];

/// A whole run on a board: prints every hash of a family, and ends with success.
#[cfg(target_os = "none")]
pub fn prove(family: Family) -> ! {
    use crate::board::{self, stack};
    use crate::println;

    (family.run)(&mut |name, hash| println!("{} = {:016x}", name, hash));
    println!("board.name = {}", board::NAME);
    println!("board.stack = {}", stack::peak());
    board::exit(true)
}

/// Gives each hash of the network of the digits, with its name, to `report`.
pub fn run_digits(memory: &mut Memory, report: Report<'_>) {
    let Memory { x, net, inference, learning } = memory;
    plain::copy(&TRAINED, net);
    let [outputs, losses, weights] = digits(net, LEARN, x, inference, learning);
    report("digits.outputs", outputs.value());
    report("digits.losses", losses.value());
    report("digits.weights", weights.value());
}

/// Whether the golden example of the model file comes out to the last bit.
pub fn golden_is_equal(memory: &mut Memory) -> bool {
    let Golden { input, output } = &GOLDEN;
    let y = TRAINED.infer(input, &mut memory.inference);
    y.iter().zip(output).all(|(y, golden)| y.to_bits() == golden.to_bits())
}

/// Hashes of the outputs for all images, and of the losses of [`STEPS`] steps with turned images and the weights after
/// them.
pub fn digits<N>(
    net: &mut N,
    images: Images,
    x: &mut [f32; 64],
    inference: &mut Inference<N>,
    learning: &mut Learning<N, InPlace>,
) -> [Hash; 3]
where
    N: Network<Input = [f32; 64], Output = [f32; 10]>,
{
    let [mut outputs, mut losses, mut weights] = [Hash::EMPTY; 3];
    for image in images.iter() {
        image.read(Mounting::Upright, x);
        outputs.add(net.infer(x, inference));
    }
    let mut learner = Learner::new(net, learning, SoftmaxCrossEntropy, InPlace::new(RATE));
    for image in images.iter().cycle().take(STEPS) {
        image.read(Mounting::Turned, x);
        let loss = learner.learn(x, &image.digit).loss();
        losses.add(&[loss.unwrap_or(f32::NAN)]);
    }
    weights.add_parameters(learner.net_mut());
    [outputs, losses, weights]
}
