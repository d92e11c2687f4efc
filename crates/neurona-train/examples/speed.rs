//! Samples a second that [`train`] takes, on the tasks of `docs/performance.md`: a JSON object for each task and number of
//! threads. `cargo xtask bench trainer` runs it next to other trainers.
//!
//! ```text
//! cargo run --release -p neurona-train --example speed [-- T1 T2 …]
//! ```
//!
//! What is timed is a training run as a user starts one: examples in another order each epoch, forward, backward, Adam, and
//! the mean loss. An epoch is a tenth of a second at most, but 16 batches at least and 1024 at most, and of T1 as many examples
//! as `digits` has, whose network it is; the median of the epochs after the first is printed.

use std::{
    error::Error,
    ops::ControlFlow,
    time::{Duration, Instant},
};

use ndarray::Array2;
use neurona::arch::ActivationSpec;
use neurona_train::{Dataset, Init, Loss, Network, Progress, Spec, Targets, Training, random::*, train};

/// How long all epochs whose median counts take together, about; they are 15 at least.
const EPOCHS: Duration = Duration::from_millis(1500);
/// How long one of them takes at most, about.
const EPOCH: Duration = Duration::from_millis(100);
/// Examples of `digits`, 460 KB: so many stay in the second cache. A data set of 8 MB, which comes from the third cache or from
/// memory, makes T1 a sixth slower.
const DIGITS: usize = 1797;

struct Task {
    name: &'static str,
    spec: Spec,
    batch: usize,
    dropout: Vec<f32>,
    loss: Loss,
    /// The most examples of an epoch.
    examples: usize,
}

fn dense(sizes: &[u32], activation: ActivationSpec) -> Spec {
    let last = sizes.len() - 2;
    let layer = |(at, pair): (usize, &[u32])| Spec::Dense {
        inputs: pair[0],
        outputs: pair[1],
        activation: if at == last { ActivationSpec::Identity } else { activation },
    };
    Spec::Chain(sizes.windows(2).enumerate().map(layer).collect())
}

/// The tasks; the layers of T4 and T6 are those of types of the device.
fn tasks() -> Vec<Task> {
    use neurona::prelude::{Conv2d, Dense, Flatten, Gru, Image, Kernel2d, MaxPool, Network as _, Relu, Signal};
    neurona::network! {
        #[allow(missing_docs)]
        struct Images: Image<28, 28, 1> => [f32; 10] {
            conv1: Conv2d<Image<28, 28, 1>, Image<26, 26, 8>, Kernel2d<3>, Relu>,
            pool1: MaxPool<Image<26, 26, 8>, Image<13, 13, 8>, Kernel2d<2, 2, 2>>,
            conv2: Conv2d<Image<13, 13, 8>, Image<11, 11, 16>, Kernel2d<3>, Relu>,
            pool2: MaxPool<Image<11, 11, 16>, Image<5, 5, 16>, Kernel2d<2, 2, 2>>,
            flat: Flatten<Image<5, 5, 16>, 400>,
            output: Dense<400, 10>,
        }
    }
    neurona::network! {
        #[allow(missing_docs)]
        struct Signals: Signal<50, 16> => [f32; 6] {
            gru: Gru<50, 16, 32>,
            output: Dense<32, 6>,
        }
    }
    let task = |name, spec, batch, dropout: &[f32], loss| {
        let examples = if name == "T1" { DIGITS } else { batch << 10 };
        Task { name, spec, batch, dropout: dropout.to_vec(), loss, examples }
    };
    let entropy = Loss::SoftmaxCrossEntropy;
    vec![
        task("T1", dense(&[64, 32, 10], ActivationSpec::Relu), 32, &[], entropy),
        task("T2", dense(&[784, 128, 64, 10], ActivationSpec::Relu), 64, &[0.2, 0.2], entropy),
        task("T3", dense(&[784, 512, 512, 10], ActivationSpec::Relu), 128, &[0.2, 0.2], entropy),
        task("T4", Spec::from(&Images::ARCH), 64, &[], entropy),
        task("T5", dense(&[1, 100, 100, 100, 1], ActivationSpec::Tanh), 32, &[], Loss::SquaredError),
        task("T6", Spec::from(&Signals::ARCH), 32, &[], entropy),
    ]
}

impl Task {
    fn data(&self, rows: usize) -> Result<Dataset, Box<dyn Error>> {
        let (inputs, outputs) = (self.spec.inputs(), self.spec.outputs());
        let mut random = Random::new(1, Purpose::Shuffle, 0, 0);
        let x = Array2::from_shape_simple_fn((rows, inputs), || random.uniform(1.0));
        let targets = if self.loss == Loss::SquaredError {
            Targets::values(Array2::from_shape_simple_fn((rows, outputs), || random.uniform(1.0)))
        } else {
            let labels: Vec<String> = (0..outputs).map(|class| class.to_string()).collect();
            let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
            Targets::classes(&labels, (0..rows).map(|_| random.below(outputs as u32)).collect())
        };
        Ok(Dataset::new(x, targets)?)
    }

    /// Samples a second: the median of the epochs of a run over so many examples.
    fn speed(&self, threads: usize, rows: usize, epochs: u32) -> Result<f64, Box<dyn Error>> {
        let data = self.data(rows)?;
        let mut network = Network::new(self.spec.clone())?;
        network.init(Init::Pytorch, 1);
        let mut settings = Training { epochs: epochs + 1, batch: self.batch, threads, ..Training::new(self.loss) };
        settings.dropout = self.dropout.clone();
        let (mut start, mut times) = (Instant::now(), Vec::new());
        train(network, &data, None, &settings, &mut |progress| {
            if let Progress::Epoch(_) = progress {
                times.push(start.elapsed().as_secs_f64());
                start = Instant::now();
            }
            ControlFlow::Continue(())
        })?;
        // The first epoch warms up, and its time has that of the start in it.
        let mut times = times.split_off(1);
        times.sort_by(f64::total_cmp);
        Ok(rows as f64 / times[times.len() / 2])
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    for task in tasks().into_iter().filter(|task| asked.is_empty() || asked.iter().any(|name| name == task.name)) {
        for threads in [1, 2] {
            let about = task.speed(threads, 16 * task.batch, 1)?;
            let rows = (about * EPOCH.as_secs_f64()) as usize / task.batch * task.batch;
            let rows = rows.max(16 * task.batch).min(task.examples);
            let epochs = (about * EPOCHS.as_secs_f64() / rows as f64).max(15.0) as u32;
            let speed = task.speed(threads, rows, epochs)?;
            println!(
                r#"{{"task":"{}","threads":{threads},"peer":"neurona","mode":"train","samples_per_second":{speed:.0}}}"#,
                task.name
            );
        }
    }
    Ok(())
}
