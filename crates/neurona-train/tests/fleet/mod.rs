//! Boards with a user each, who writes in a way of their own and few of the digits, and what they make of one model together.

use neurona::{
    federated::{Delta as Record, Precision},
    plain::Zero,
    prelude::*,
};
use neurona_train::{
    Spec,
    federated::{Delta, merge},
    model_file::{Metadata, ModelFile},
};
use rand_pcg::{Pcg32, rand_core::Rng};

use super::board::{self as desktop, Example, Result, digits::Digits};

/// Images that a board learns, and how often.
const IMAGES: usize = 40;
const TURNS: usize = 5;
const RATE: f32 = 0.02;
/// Three of ten digits are most of what a user writes.
const FAVOURITES: usize = 3;

/// What rounds of learning and merging brought.
pub(crate) struct Rounds {
    /// Accuracy in percent on digits of users that no board has, before.
    pub(crate) before: f64,
    /// And after each round.
    pub(crate) after: Vec<f64>,
    /// The mean accuracy of single boards, on the same digits, after the first round.
    #[allow(dead_code)]
    pub(crate) alone: f64,
    /// Records that were refused in the first round.
    pub(crate) refused: usize,
    /// Bytes of a record.
    #[allow(dead_code)]
    pub(crate) bytes: usize,
}

/// A way to write: shifted by up to two pixels to the right and one up or down, slanted, thicker or thinner.
#[derive(Clone, Copy)]
struct Hand {
    right: i32,
    down: i32,
    slant: f32,
    ink: f32,
}

impl Hand {
    /// Every hand of this place slants to the right and writes off the middle: what the desktop has not seen.
    fn of(rng: &mut Pcg32) -> Self {
        let share = |rng: &mut Pcg32| (rng.next_u32() >> 8) as f32 / (1 << 24) as f32;
        Self {
            right: (rng.next_u32() % 3) as i32,
            down: (rng.next_u32() % 3) as i32 - 1,
            slant: 0.6 * share(rng),
            ink: 0.6 + 0.8 * share(rng),
        }
    }

    fn write(self, x: &[f32; 64]) -> [f32; 64] {
        std::array::from_fn(|place| {
            let (row, column) = ((place / 8) as i32 - self.down, (place % 8) as i32 - self.right);
            // Rows above the middle go to the right, by linear interpolation.
            let from = column as f32 - self.slant * (3.5 - row as f32);
            let left = from.floor();
            let at = |column: i32| {
                let is_in = (0..8).contains(&row) && (0..8).contains(&column);
                if is_in { x[(8 * row + column) as usize] } else { 0.0 }
            };
            let level = at(left as i32) + (from - left) * (at(left as i32 + 1) - at(left as i32));
            (self.ink * level).min(16.0)
        })
    }
}

/// Half of the digits to train on the desktop, three tenths for the boards, a fifth to test, each in the hand of a new user.
pub(crate) fn run(
    digits: &[Example<[f32; 64]>],
    boards: usize,
    rounds: usize,
    precision: Precision,
    seed: u64,
) -> Result<Rounds> {
    let tenths = |wanted: std::ops::Range<usize>| -> Vec<Example<[f32; 64]>> {
        let is_there = |place: &usize| wanted.contains(&((place + seed as usize) % 10));
        (0..digits.len()).filter(is_there).map(|place| digits[place]).collect()
    };
    let (training, pool, test) = (tenths(0..5), tenths(5..8), tenths(8..10));
    let mut rng = Pcg32::new(seed, 7);
    let test: Vec<_> = test.iter().map(|(x, class)| (Hand::of(&mut rng).write(x), *class)).collect();

    let names = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    let trained = desktop::train_classes::<Digits>(&names, &training, 60, seed)?;
    let mut file = model_file(&trained)?;
    let before = desktop::accuracy(&*trained, &test);
    let (mut after, mut alone, mut refused, mut bytes) = (Vec::new(), 0.0, 0, 0);
    for round in 0..rounds {
        let base = file.export::<Digits>()?;
        let mut deltas = Vec::new();
        for board in 0..boards {
            let mut rng = Pcg32::new(seed * 1000 + board as u64, 3);
            let (learned, examples) = learn(&base, &pool, &mut rng);
            if round == 0 {
                alone += desktop::accuracy(&*learned, &test) / boards as f64;
            }
            let mut record = Vec::new();
            Record::new(&*base, &*learned, examples).write(precision, &mut |piece| record.extend_from_slice(piece));
            bytes = record.len();
            deltas.push(Delta::from_bytes(&record)?);
        }
        // Two boards with a broken sensor: everything is a hundred times what it should be, with the other sign.
        for delta in deltas.iter().take(2).cloned().collect::<Vec<_>>() {
            deltas.push(Delta { values: delta.values.iter().map(|value| -100.0 * value).collect(), ..delta });
        }
        let merged = merge(&file, &deltas, 3.0)?;
        if round == 0 {
            refused = merged.records.iter().filter(|record| record.1.is_some()).count();
        }
        file = merged.file;
        after.push(desktop::accuracy(&*file.export::<Digits>()?, &test));
    }
    Ok(Rounds { before, after, alone, refused, bytes })
}

/// What a board learns of its user, in the device's arithmetic.
fn learn(base: &Digits, pool: &[Example<[f32; 64]>], rng: &mut Pcg32) -> (Box<Digits>, u32) {
    let hand = Hand::of(rng);
    let favourites: [usize; FAVOURITES] = std::array::from_fn(|_| rng.next_u32() as usize % 10);
    let mut images = Vec::new();
    while images.len() < IMAGES {
        let (x, class) = &pool[rng.next_u32() as usize % pool.len()];
        // Others are taken one time in four: six of ten images or so are of the favourites.
        if favourites.contains(class) || rng.next_u32().is_multiple_of(4) {
            images.push((hand.write(x), *class));
        }
    }
    let mut net = Box::new(Digits::ZERO);
    neurona::plain::copy(base, &mut net);
    let mut learning = Box::new(Learning::<Digits, InPlace>::ZERO);
    let mut learner = Learner::new(&mut *net, &mut learning, SoftmaxCrossEntropy, InPlace::new(RATE));
    for _ in 0..TURNS {
        images.iter().for_each(|(x, class)| _ = learner.learn(x, class));
    }
    (net, (TURNS * IMAGES) as u32)
}

fn model_file(net: &Digits) -> Result<ModelFile> {
    use neurona::Network as _;
    let values = neurona::plain::bytes_of(net).as_chunks::<4>().0;
    let values = values.iter().map(|value| f32::from_le_bytes(*value)).collect();
    Ok(ModelFile::new(Spec::from(&Digits::ARCH), values, Metadata::default(), vec![0.0; 64])?)
}
