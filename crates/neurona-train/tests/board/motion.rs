//! Gestures: the board is held another way round, and a gesture is added that the network has never seen.

use std::fs;

use neurona::{prelude::*, replay::Balanced};
use rand_pcg::Pcg32;

use super::*;

type Window = Signal<119, 6>;

neurona::network! {
    /// Six channels to a common scale, two convolutions over time, the mean of what they find.
    pub(crate) struct Motion: Window => [f32; 5] {
        standardize: Standardize<6, Window>,
        conv1: Conv1d<Window, Signal<28, 16>, Kernel1d<9, 4>, Relu>,
        conv2: Conv1d<Signal<28, 16>, Signal<12, 32>, Kernel1d<5, 2>, Relu>,
        mean: GlobalAvgPool<Signal<12, 32>>,
        output: Dense<32, 5>,
    }
}

/// The buffer of the board: 20 gestures of 714 numbers, a byte each.
pub(crate) type Buffer = Balanced<714, i8, 20, 5>;

/// Accelerations of up to 4 g and rates of turn of up to 2,000 degrees a second are kept as bytes; brought to about one size
/// before, by what the sensor can measure, so that one scale serves all channels.
const RANGE: [f32; 6] = [4.0, 4.0, 4.0, 2000.0, 2000.0, 2000.0];
const SCALE: f32 = 1.0 / 127.0;
const RATE: f32 = 0.01;
/// How often each new example is learned, each time with examples from the buffer between.
const TURNS: usize = 10;

pub(crate) const GESTURES: [&str; 5] =
    ["AlohomoraCharm", "ArrestoMomentumCharm", "AvadaKedavra", "LocomotorCharm", "Revelio"];

/// Every gesture, those of `train/` and of `test/`; `None` where the data are not on this computer.
pub(crate) fn read() -> Result<Option<Vec<Example<Window>>>> {
    let folder = shared("magic-wand");
    if !folder.exists() {
        return Ok(None);
    }
    let mut examples = Vec::new();
    for part in ["train", "test"] {
        for (class, gesture) in GESTURES.iter().enumerate() {
            let text = fs::read_to_string(folder.join(part).join(gesture).with_extension("csv"))?;
            let rows: Vec<[f32; 6]> =
                text.lines().skip(1).filter(|line| !line.trim().is_empty()).map(row).collect::<Result<_>>()?;
            examples.extend(rows.as_chunks::<119>().0.iter().map(|window| (*window, class)));
        }
    }
    Ok(Some(examples))
}

fn row(line: &str) -> Result<[f32; 6]> {
    let mut row = [0.0; 6];
    for ((to, field), range) in row.iter_mut().zip(line.split(',')).zip(RANGE) {
        *to = field.trim().parse::<f32>()? / range;
    }
    Ok(row)
}

/// A board that is held turned by 90 degrees about its z axis: x becomes y, and y becomes -x.
pub(crate) fn turn(window: &Window) -> Window {
    window.map(|[ax, ay, az, gx, gy, gz]| [-ay, ax, az, -gy, gx, gz])
}

/// Half of the gestures of each class to train on the desktop, a quarter to learn on the board, a quarter to test on.
fn parts(examples: &[Example<Window>], seed: u64) -> [Vec<Example<Window>>; 3] {
    let mut parts = [Vec::new(), Vec::new(), Vec::new()];
    let mut counts = [seed as usize; 5];
    for example in examples {
        let place = &mut counts[example.1];
        parts[[0, 1, 0, 2][*place % 4]].push(*example);
        *place += 1;
    }
    parts
}

/// The board learns the gestures of `new`, with those of the buffer between.
fn learn(net: &mut Motion, training: &[Example<Window>], new: &[Example<Window>], replay: bool, seed: u64) {
    let mut rng = Pcg32::new(seed, 0);
    let mut buffer = Box::new(Buffer::new(SCALE));
    for (x, class) in training {
        buffer.offer(x, *class, &mut rng);
    }
    let mut learning = Box::new(Learning::<Motion, InPlace>::ZERO);
    let mut learner = Learner::new(net, &mut learning, SoftmaxCrossEntropy, InPlace::new(RATE));
    let mut old = Box::new([[0.0; 6]; 119]);
    for _ in 0..TURNS {
        for (x, class) in new {
            learner.learn(x, class);
            if replay && let Some(class) = buffer.draw(&mut rng, &mut *old) {
                learner.learn(&old, &class);
            }
        }
    }
}

/// The board is held another way round.
pub(crate) fn turned(examples: &[Example<Window>], replay: bool, seed: u64) -> Result<Outcome> {
    let [training, new, test] = parts(examples, seed);
    let turned = |examples: &[Example<Window>]| -> Vec<_> { examples.iter().map(|(x, c)| (turn(x), *c)).collect() };
    let (new, test_new) = (turned(&new), turned(&test));
    let mut net = train_classes::<Motion>(&GESTURES, &training, 100, seed)?;
    let before = [accuracy(&*net, &test_new), accuracy(&*net, &test)];
    learn(&mut net, &training, &new, replay, seed);
    Ok(Outcome { new: [before[0], accuracy(&*net, &test_new)], old: [before[1], accuracy(&*net, &test)] })
}

/// The last gesture was not there when the network was trained; the board learns it from its quarter, six examples.
pub(crate) fn added(examples: &[Example<Window>], replay: bool, seed: u64) -> Result<Outcome> {
    let [training, new, test] = parts(examples, seed);
    let is_new = |example: &&Example<Window>| example.1 == 4;
    let only = |examples: &[Example<Window>], wanted: bool| -> Vec<_> {
        examples.iter().filter(|example| is_new(example) == wanted).copied().collect()
    };
    let (training, new) = (only(&training, false), only(&new, true));
    let (test_new, test_old) = (only(&test, true), only(&test, false));
    let mut net = train_classes::<Motion>(&GESTURES, &training, 100, seed)?;
    let before = [accuracy(&*net, &test_new), accuracy(&*net, &test_old)];
    learn(&mut net, &training, &new, replay, seed);
    Ok(Outcome { new: [before[0], accuracy(&*net, &test_new)], old: [before[1], accuracy(&*net, &test_old)] })
}
