//! The tasks, whose networks are those of `docs/performance.md`, and their batches.

/// A row of the table of tasks.
pub(crate) struct Task {
    pub(crate) name: &'static str,
    pub(crate) network: Network,
    /// Examples of a batch.
    pub(crate) rows: usize,
}

#[derive(Clone, Copy)]
pub(crate) enum Network {
    /// Inputs, hidden sizes and outputs.
    Dense { sizes: &'static [usize], activation: Activation, dropout: f32 },
    /// 28x28, conv 8@3x3, max-pool 2, conv 16@3x3, max-pool 2, dense 10.
    Images,
    /// GRU 16 to 32 over 50 steps, dense 6.
    Signals,
}

#[derive(Clone, Copy)]
pub(crate) enum Activation {
    Relu,
    Tanh,
}

/// What the loss follows from.
pub(crate) enum Targets {
    /// Softmax cross-entropy.
    Classes(Vec<u32>),
    /// Squared error; one value an example.
    Values(Vec<f32>),
}

const fn dense(sizes: &'static [usize], activation: Activation, dropout: f32) -> Network {
    Network::Dense { sizes, activation, dropout }
}

pub(crate) const TASKS: [Task; 6] = [
    Task { name: "T1", network: dense(&[64, 32, 10], Activation::Relu, 0.0), rows: 32 },
    Task { name: "T2", network: dense(&[784, 128, 64, 10], Activation::Relu, 0.2), rows: 64 },
    Task { name: "T3", network: dense(&[784, 512, 512, 10], Activation::Relu, 0.2), rows: 128 },
    Task { name: "T4", network: Network::Images, rows: 64 },
    Task { name: "T5", network: dense(&[1, 100, 100, 100, 1], Activation::Tanh, 0.0), rows: 32 },
    Task { name: "T6", network: Network::Signals, rows: 32 },
];

impl Task {
    /// Inputs, all in `[-1, 1)`: `(rows, inputs)`, `(rows, 1, 28, 28)` or `(rows, 50, 16)`; and targets.
    pub(crate) fn batch(&self) -> (Vec<f32>, Targets) {
        let mut random = Random(1);
        let (inputs, outputs) = match self.network {
            Network::Dense { sizes, .. } => (sizes[0], sizes[sizes.len() - 1]),
            Network::Images => (28 * 28, 10),
            Network::Signals => (50 * 16, 6),
        };
        let x = (0..self.rows * inputs).map(|_| random.uniform()).collect();
        let targets = if outputs == 1 {
            Targets::Values((0..self.rows).map(|_| random.uniform()).collect())
        } else {
            Targets::Classes((0..self.rows).map(|_| random.next() % outputs as u32).collect())
        };
        (x, targets)
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014), the upper half of each number.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 32) as u32
    }

    /// In `[-1, 1)`: the 24 bits that an `f32` holds.
    fn uniform(&mut self) -> f32 {
        (self.next() >> 8) as f32 / (1 << 23) as f32 - 1.0
    }
}
