//! The loop over epochs and batches.

use std::{
    borrow::Cow,
    ops::{ControlFlow, Range},
};

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{CheckpointError, End, Epoch, Progress, Score, TrainError, Trained, Training, checkpoint::Keeper};
use crate::{
    data::{Dataset, Targets},
    loss::{Loss, TargetRows},
    network::{Gradient, Network, ShapeError, Sums, Tape},
    objective::Objective,
    optim::OptimizerState,
    penalty::{Penalty, clip_norm, clip_values},
    random::{Purpose, Random},
    schedule::Rate,
    simd::{prefetch, widest},
    workers::awake,
};

/// Whom to tell about the progress, and who may ask to stop.
pub(super) type Observer<'a> = dyn FnMut(Progress) -> ControlFlow<()> + Send + 'a;

/// Examples as the first layer that learns sees them: what comes before it gives the same in every epoch.
struct Examples<'a> {
    inputs: Cow<'a, Array2<f32>>,
    targets: TargetRows<'a>,
    has_classes: bool,
}

impl<'a> Examples<'a> {
    fn new(network: &Network, data: &'a Dataset) -> Self {
        Self { inputs: Cow::Owned(network.scale(data.inputs())), ..Self::unscaled(data) }
    }

    /// Examples as they are in the data, for [`fill`](Self::fill) to augment and scale.
    fn unscaled(data: &'a Dataset) -> Self {
        let has_classes = matches!(data.targets(), Targets::Classes { .. });
        Self { inputs: Cow::Borrowed(data.inputs()), targets: data.target_rows(), has_classes }
    }

    /// Puts these rows on the tape. With augmentation they are [`unscaled`](Self::unscaled): each is changed, then scaled.
    fn fill(&self, tape: &mut Tape, rows: &[usize], network: &Network, settings: &Training, epoch: u32) {
        let inputs = rows.iter().filter_map(|row| Some((*row, self.inputs.row(*row).to_slice()?)));
        match settings.augment {
            None => tape.fill_rows(inputs.map(|(_, input)| input)),
            Some(augment) => tape.fill_with(inputs, |(row, input), x| {
                let mut random = Random::new(settings.seed, Purpose::Augment, u64::from(epoch), row as u64);
                augment.transform(input, x, &mut random);
                network.scale_rows(x);
            }),
        }
    }

    /// Asks for the inputs of these rows, which lie here and there in memory.
    fn prefetch(&self, rows: Option<&[usize]>) {
        let rows = rows.unwrap_or_default().iter();
        rows.filter_map(|row| self.inputs.row(*row).to_slice()).for_each(prefetch);
    }

    fn score(&self, sums: Sums, rows: usize) -> Score {
        let accuracy = self.has_classes.then(|| (sums.right as f64 / rows as f64) as f32);
        Score { loss: (sums.loss / sums.weight) as f32, accuracy }
    }
}

/// The score of a network on a data set.
pub(super) fn evaluate(network: &Network, data: &Dataset, loss: Loss) -> Score {
    evaluate_examples(network, &Examples::new(network, data), &loss.into())
}

fn evaluate_examples(network: &Network, examples: &Examples<'_>, objective: &Objective) -> Score {
    // The figures are those of the network that is exported.
    let network = &*network.folded();
    let (first, outputs, capacity) = (network.scaling_layers(), network.outputs(), network.shard_rows());
    let rows = examples.inputs.nrows();
    let shard = |tape: &mut Tape, shard: usize| {
        let start = shard * capacity;
        let inputs: ArrayView2<'_, f32> = examples.inputs.slice(ndarray::s![start..rows.min(start + capacity), ..]);
        tape.fill(inputs);
        tape.infer(network);
        tape.score(objective, |row| examples.targets.row(start + row, outputs))
    };
    let shards = (0..rows.div_ceil(capacity)).into_par_iter();
    let sums: Vec<Sums> = shards.map_init(|| Tape::new(network, first, capacity, &[]), shard).collect();
    examples.score(sums.into_iter().sum(), rows)
}

/// Values of the copies of all shards with which threads exchange: beyond, the caches of a core hold too little of them for it to
/// pay.
pub(super) const MOST_EXCHANGED: usize = 1 << 19;

/// Memory for one shard of a batch.
struct Shard {
    tape: Tape,
    gradient: Gradient,
    sums: Sums,
    /// A copy of the network where threads [exchange](OptimizerState::exchange) gradients and parameters.
    copy: Option<Network>,
}

impl AsRef<[f32]> for Shard {
    /// Its gradient.
    fn as_ref(&self) -> &[f32] {
        self.gradient.values()
    }
}

impl AsMut<[f32]> for Shard {
    fn as_mut(&mut self) -> &mut [f32] {
        self.gradient.values_mut()
    }
}

/// A training run.
pub(super) struct Run<'a> {
    /// The network that learns: with targets in units, what it gives is in those.
    network: Network,
    settings: &'a Training,
    objective: Objective,
    penalty: Penalty,
    training: Examples<'a>,
    validation: Option<Examples<'a>>,
    shards: Vec<Shard>,
    shard_rows: usize,
    drops: bool,
    learned: Vec<Range<usize>>,
    weights: Vec<Range<usize>>,
    state: State,
}

/// What a run knows beside its network: with that and the epochs that are over it can go on.
#[derive(Clone, Serialize, Deserialize)]
struct State {
    optimizer: OptimizerState,
    rate: Rate,
    steps: u64,
    epochs: Vec<Epoch>,
    kept: Kept,
    gain: Gain,
}

/// The last epoch that was better than the one before it in this place, by as much as early stopping asks.
#[derive(Clone, Serialize, Deserialize)]
struct Gain {
    epoch: u32,
    loss: f32,
}

/// Weights to go back to.
#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    values: Vec<f32>,
    epoch: u32,
    /// The loss on the validation part.
    loss: f32,
}

impl<'a> Run<'a> {
    /// A run before its first step; `dropout` has a rate for each layer or is empty.
    pub(super) fn new(
        mut network: Network,
        training: &'a Dataset,
        validation: Option<&'a Dataset>,
        settings: &'a Training,
        dropout: &[f32],
    ) -> Self {
        let units = settings.target_units(&network, training);
        if let Some(units) = units.as_ref().filter(|_| !network.is_drawn()) {
            units.enter(&mut network);
        }
        let batch = settings.batch.min(training.rows());
        // A normalised layer needs the statistics of the whole mini-batch.
        let shard_rows = if network.is_normalized() { batch } else { network.shard_rows().min(batch) };
        let first = network.scaling_layers();
        let shard = || Shard {
            tape: Tape::new(&network, first, shard_rows, dropout),
            gradient: Gradient::new(&network, first, shard_rows),
            sums: Sums::default(),
            copy: None,
        };
        let Training { loss, label_smoothing: smoothing, l1, l2, .. } = *settings;
        Self {
            settings,
            objective: Objective {
                loss,
                smoothing,
                weights: settings.class_weights.of(training),
                units: units.clone(),
            },
            penalty: Penalty { l1, l2 },
            training: match settings.augment {
                None => Examples::new(&network, training),
                Some(_) => Examples::unscaled(training),
            },
            validation: validation.map(|data| Examples::new(&network, data)),
            shards: (0..batch.div_ceil(shard_rows)).map(|_| shard()).collect(),
            shard_rows,
            drops: dropout.iter().any(|rate| *rate > 0.0),
            learned: network.learned(),
            weights: network.weights(),
            state: State {
                optimizer: OptimizerState::new(settings.optimizer, network.values().len()),
                rate: Rate::START,
                steps: 0,
                epochs: Vec::new(),
                kept: Kept { values: network.values().to_vec(), epoch: 0, loss: f32::INFINITY },
                gain: Gain { epoch: 0, loss: f32::INFINITY },
            },
            network,
        }
    }

    /// Takes the state of a checkpoint, which is of this run.
    pub(super) fn go_on_from(&mut self, (values, state): Saved) -> Result<(), ShapeError> {
        self.network.set_values(&values)?;
        self.state = state.0;
        Ok(())
    }

    /// Trains until the end.
    pub(super) fn run(
        self,
        keeper: Option<&mut Keeper<'_>>,
        observer: &mut Observer<'_>,
    ) -> Result<Trained, TrainError> {
        // Where all is done on one thread, no other has to be awake.
        if self.shards.len() > 1 || self.state.optimizer.is_shared() {
            return awake(|| self.epochs(keeper, observer));
        }
        self.epochs(keeper, observer)
    }

    fn epochs(
        mut self,
        mut keeper: Option<&mut Keeper<'_>>,
        observer: &mut Observer<'_>,
    ) -> Result<Trained, TrainError> {
        if self.exchanges() {
            // Where a step leaves them.
            for shard in &mut self.shards {
                shard.copy = Some(self.network.clone());
                shard.gradient.values_mut().copy_from_slice(self.network.values());
            }
        }
        let batches = self.batches();
        for number in self.state.epochs.len() as u32 + 1..=self.settings.epochs {
            if self.is_stuck(number - 1) {
                return Ok(self.finish(End::Patience));
            }
            let mut order: Vec<usize> = (0..self.training.inputs.nrows()).collect();
            Random::new(self.settings.seed, Purpose::Shuffle, u64::from(number), 0).shuffle(&mut order);
            let training = match self.epoch(number, &order, observer) {
                Ok(ControlFlow::Continue(score)) => score,
                Ok(ControlFlow::Break(())) => {
                    flush(keeper)?;
                    return Ok(self.interrupted(number));
                }
                Err(batch) => return Err(self.diverged(number, batch, "the loss")),
            };
            let validation = self.validate();
            if !self.network.is_finite() {
                return Err(self.diverged(number, batches, "a weight"));
            }
            if validation.is_some_and(|score| !score.loss.is_finite()) {
                return Err(self.diverged(number, batches, "the loss on the validation part"));
            }
            self.keep(number, validation);
            let rate = self.rate(number, self.state.steps.saturating_sub(1));
            self.state.rate.note(self.settings.schedule, validation.unwrap_or(training).loss);
            let epoch = Epoch { number, rate, training, validation };
            self.state.epochs.push(epoch);
            if let Some(keeper) = keeper.as_deref_mut() {
                keeper.epoch(&(self.network.values(), &self.state))?;
            }
            if observer(Progress::Epoch(epoch)).is_break() {
                flush(keeper)?;
                return Ok(self.finish(End::Asked));
            }
        }
        flush(keeper)?;
        let end = if self.is_stuck(self.settings.epochs) { End::Patience } else { End::Finished };
        Ok(self.finish(end))
    }

    /// The score on the validation part of the network that comes out.
    fn validate(&self) -> Option<Score> {
        let (part, objective) = (self.validation.as_ref()?, &self.objective);
        let Some(units) = &objective.units else { return Some(evaluate_examples(&self.network, part, objective)) };
        let mut network = self.network.clone();
        units.leave(&mut network);
        Some(evaluate_examples(&network, part, objective))
    }

    /// One pass over the examples; the error is the step whose loss is not finite.
    fn epoch(
        &mut self,
        epoch: u32,
        order: &[usize],
        observer: &mut Observer<'_>,
    ) -> Result<ControlFlow<(), Score>, usize> {
        let (batches, mut sums, mut rows) = (self.batches(), Sums::default(), 0);
        let mut steps = (1..).zip(order[..self.epoch_rows()].chunks(self.settings.batch)).peekable();
        while let Some((batch, examples)) = steps.next() {
            sums = sums + self.step(epoch, examples, steps.peek().map_or(&[], |(_, next)| next));
            rows += examples.len();
            if !sums.loss.is_finite() {
                return Err(batch);
            }
            let training = self.training.score(sums, rows);
            if observer(Progress::Batch { epoch, batch, batches, training }).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(self.training.score(sums, rows)))
    }

    fn batches(&self) -> usize {
        self.epoch_rows().div_ceil(self.settings.batch)
    }

    /// How many examples an epoch takes: all, but for one that a normalised network would have to step by alone. In the
    /// next epoch it is another.
    fn epoch_rows(&self) -> usize {
        let rows = self.training.inputs.nrows();
        let last = rows % self.settings.batch;
        if last < self.network.least_rows() { rows - last } else { rows }
    }

    /// Whether a step needs the sum of the gradients before it changes the first parameter.
    fn needs_sum(&self) -> bool {
        let Training { clip_value, clip_norm, .. } = self.settings;
        let changed = self.penalty.l2 != 0.0 || clip_value.is_some() || clip_norm.is_some();
        changed || self.state.optimizer.needs_length()
    }

    /// Whether threads exchange gradients and parameters, so that each shard has a copy of the network; no bit depends on it.
    fn exchanges(&self) -> bool {
        let shared = self.shards.len() > 1 && rayon::current_num_threads() > 1;
        let values = self.network.values().len().saturating_mul(self.shards.len());
        shared && values <= MOST_EXCHANGED && !self.needs_sum() && self.penalty.l1 == 0.0
    }

    /// One step by the mean gradient of these examples, while those of the next step are fetched.
    fn step(&mut self, epoch: u32, examples: &[usize], next: &[usize]) -> Sums {
        let (rate, needs_sum) = (self.rate(epoch, self.state.steps), self.needs_sum());
        let exchanges = self.shards.iter().any(|shard| shard.copy.is_some());
        let Self { network, training, settings, objective, shards, shard_rows, drops, state, .. } = self;
        let outputs = network.outputs();
        let weight = |row: &usize| f64::from(objective.weight(training.targets.row(*row, outputs)));
        let scale = (1.0 / examples.iter().map(weight).sum::<f64>()) as f32;
        let count = examples.len().div_ceil(*shard_rows);
        let learn = |(number, (shard, examples)): (usize, (&mut Shard, &[usize]))| {
            let Shard { tape, gradient, sums, copy } = shard;
            let network = match copy {
                None => &*network,
                Some(copy) => {
                    // The last step left the parameters there.
                    gradient.swap_values(copy);
                    &*copy
                }
            };
            // In parts: while the CPU waits for many, it waits for what it needs now, too.
            let next = next.chunks(*shard_rows).nth(number).unwrap_or_default();
            let mut parts = next.chunks(next.len().div_ceil(4).max(1));
            let mut random = drops.then(|| Random::new(settings.seed, Purpose::Dropout, state.steps, number as u64));
            training.fill(tape, examples, network, settings, epoch);
            training.prefetch(parts.next());
            tape.train(network, random.as_mut());
            training.prefetch(parts.next());
            *sums = gradient.begin(tape, objective, scale, |row| training.targets.row(examples[row], outputs));
            training.prefetch(parts.next());
            gradient.backward(network, tape);
            training.prefetch(parts.next());
        };
        shards[..count].par_iter_mut().zip(examples.par_chunks(*shard_rows)).enumerate().for_each(learn);
        let sums = shards[..count].iter().map(|shard| shard.sums).sum();
        if let [whole] = &shards[..count] {
            network.track(&whole.tape);
        }
        let values = network.values_mut();
        // What asks for the whole gradient before the step asks for the sum; else the step adds, in the same order.
        if needs_sum {
            let gradient = sum_gradients(&mut shards[..count]);
            self.penalty.add_gradient(&self.weights, values, gradient);
            if let Some(limit) = settings.clip_value {
                clip_values(gradient, limit);
            }
            if let Some(limit) = settings.clip_norm {
                clip_norm(gradient, &self.learned, limit);
            }
            state.optimizer.step_in(rate, values, &[gradient], &self.learned);
        } else if exchanges {
            state.optimizer.exchange(rate, values, shards, count, &self.learned);
        } else {
            state.optimizer.step_in(rate, values, &shards[..count], &self.learned);
        }
        self.penalty.shrink(&self.weights, values, rate, &state.optimizer);
        state.steps += 1;
        sums
    }

    /// The learning rate of the step after so many.
    fn rate(&self, epoch: u32, steps: u64) -> f32 {
        let Training { schedule, rate, epochs, warm_up, .. } = *self.settings;
        let warm_up = u64::from(warm_up) * self.batches() as u64;
        self.state.rate.of(schedule, rate, (epoch - 1, epochs), (steps, warm_up))
    }

    /// Keeps the weights when they are the best on the validation part, or when there is none.
    fn keep(&mut self, epoch: u32, validation: Option<Score>) {
        let loss = validation.map_or(f32::NEG_INFINITY, |score| score.loss);
        if loss < self.state.kept.loss || validation.is_none() {
            self.state.kept.values.copy_from_slice(self.network.values());
            (self.state.kept.epoch, self.state.kept.loss) = (epoch, loss);
        }
        if validation.is_none() || loss < self.state.gain.loss - self.settings.minimum_change {
            self.state.gain = Gain { epoch, loss };
        }
    }

    /// Whether patience is over: no epoch for so long was better by as much as it has to be.
    fn is_stuck(&self, epoch: u32) -> bool {
        self.settings.patience.is_some_and(|patience| epoch - self.state.gain.epoch >= patience.max(1))
    }

    /// Ends within an epoch: its weights count when there is no better measure, or nothing else.
    fn interrupted(mut self, epoch: u32) -> Trained {
        if (self.validation.is_none() || self.state.kept.epoch == 0) && self.network.is_finite() {
            self.state.kept.values.copy_from_slice(self.network.values());
            self.state.kept.epoch = epoch;
        }
        self.finish(End::Asked)
    }

    fn finish(mut self, end: End) -> Trained {
        self.network.values_mut().copy_from_slice(&self.state.kept.values);
        if let Some(units) = &self.objective.units {
            units.leave(&mut self.network);
        }
        Trained {
            network: self.network,
            loss: self.settings.loss,
            seed: self.settings.seed,
            epochs: self.state.epochs,
            kept: self.state.kept.epoch,
            end,
        }
    }

    fn diverged(self, epoch: u32, batch: usize, what: &'static str) -> TrainError {
        TrainError::NotFinite { epoch, batch, what, trained: Box::new(self.finish(End::Diverged)) }
    }
}

/// The values of a network and the state of its run, as a checkpoint has them.
pub(super) type Saved = (Vec<f32>, Opaque);

/// The state of a run, which nobody looks into.
#[derive(Deserialize)]
pub(super) struct Opaque(State);

fn flush(keeper: Option<&mut Keeper<'_>>) -> Result<(), CheckpointError> {
    keeper.map_or(Ok(()), Keeper::flush)
}

/// The sum of the gradients, in the first of them; each value is added in the order of the shards.
fn sum_gradients(shards: &mut [Shard]) -> &mut [f32] {
    /// Values that are worth a thread's while.
    const CHUNK: usize = 1 << 14;
    let Some((first, others)) = shards.split_first_mut() else { return &mut [] };
    if !others.is_empty() {
        first.gradient.values_mut().par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, sums)| {
            for other in &*others {
                let values = &other.gradient.values()[chunk * CHUNK..];
                widest!(sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value));
            }
        });
    }
    first.gradient.values_mut()
}
