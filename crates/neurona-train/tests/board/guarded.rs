//! A guard over a board that learns digits in a new style: what its reference set is made of decides what it lets in.

use neurona::learner::{Guard, Verdict};
use neurona::replay::below;
use neurona::{plain::copy, prelude::*};
use rand_pcg::Pcg32;

use super::digits::{Buffer, Digits, RATE, Style, TURNS, parts};
use super::*;

type Images = [Example<[f32; 64]>];

/// Images that the guard asks about together.
const BLOCK: usize = 20;
/// Of so many of a block one is not learned, and is for the reference set if the block is kept.
const KEPT_OUT: usize = 4;
/// Blocks in which every label is that of the next digit.
const FALSE: std::ops::Range<usize> = 5..7;

/// What is asked of a network that has learned a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asks {
    /// Nothing: there is no guard.
    Nothing,
    /// That its loss on 100 old images be no more than the one that was kept.
    Old,
    /// That its loss on them be no more than twice that of the trained network.
    OldWithin,
    /// That its loss on them and on new ones be no more than before the block. The new ones are the first block, and of each
    /// block that was kept every fourth image: a block has no say about itself.
    Mixed,
    /// The same, but that it be no more than a tenth above that of before the block.
    MixedWithin,
}

impl Asks {
    pub(crate) const ALL: [Self; 5] = [Self::Nothing, Self::Old, Self::OldWithin, Self::Mixed, Self::MixedWithin];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Old => "old",
            Self::OldWithin => "old, within",
            Self::Mixed => "mixed",
            Self::MixedWithin => "mixed, within",
        }
    }
}

/// What became of the network, and how many of its 12 blocks were kept.
pub(crate) struct Run {
    pub(crate) outcome: Outcome,
    pub(crate) kept: usize,
}

/// Digits in a new style, a block at a time; the first is not learned. Of each of the others every fourth image is kept out, and the
/// rest learned with some that are drawn from it and from earlier blocks that were kept, and with as many old ones. With
/// `false_labels` two blocks teach nonsense.
pub(crate) fn run(digits: &Images, style: Style, asks: Asks, false_labels: bool, seed: u64) -> Result<Run> {
    let [training, stream, test] = parts(digits, seed);
    let test_new: Vec<_> = test.iter().map(|(x, class)| (style.apply(x), *class)).collect();
    let mut net = digits::trained(&training, seed)?;
    let before = [accuracy(&*net, &test_new), accuracy(&*net, &test)];

    let mut rng = Pcg32::new(seed, 0);
    let (mut old, mut new) = (Box::new(Buffer::new(1.0)), Box::new(Buffer::new(1.0)));
    for (x, class) in &training {
        old.offer(x, *class, &mut rng);
    }
    // Old images that are not trained on: those that the board saw before the change.
    let (mut reference, stream) = (stream[..100].to_vec(), &stream[100..]);
    let (mut learning, mut guard) = (Box::new(Learning::<Digits, InPlace>::ZERO), Box::new(Guard::<Digits>::ZERO));
    let mut learner = Learner::new(&mut *net, &mut learning, SoftmaxCrossEntropy, InPlace::new(RATE));
    let trained = score(&mut learner, &reference);
    guard.renew(&mut learner, trained);
    let mut kept = 0;
    for (number, block) in stream.chunks(BLOCK).enumerate() {
        let wrong = usize::from(false_labels && FALSE.contains(&number));
        let block: Vec<_> = block.iter().map(|(x, class)| (style.apply(x), (class + wrong) % 10)).collect();
        let (kept_out, learned): (Vec<_>, Vec<_>) =
            (0..block.len()).partition(|place| number == 0 || place % KEPT_OUT == 0);
        let [kept_out, learned] = [kept_out, learned].map(|places| places.into_iter().map(|place| block[place]));
        let learned: Vec<_> = learned.collect();
        learn(&mut learner, &learned, [&new, &old], &mut rng);
        let now = score(&mut learner, &reference);
        let verdict = match asks {
            Asks::Nothing => guard.renew(&mut learner, now),
            Asks::OldWithin if now <= 2.0 * trained => guard.renew(&mut learner, now),
            Asks::MixedWithin => guard.review_within(&mut learner, now, 0.1),
            Asks::OldWithin | Asks::Old | Asks::Mixed => guard.review(&mut learner, now),
        };
        if !matches!(verdict, Verdict::Kept { .. }) {
            continue;
        }
        kept += usize::from(number > 0);
        for (x, class) in &learned {
            new.offer(x, *class, &mut rng);
        }
        if matches!(asks, Asks::Mixed | Asks::MixedWithin) {
            reference.extend(kept_out);
            let of_more = score(&mut learner, &reference);
            guard.renew(&mut learner, of_more);
        }
    }
    let new = [before[0], accuracy(&*net, &test_new)];
    Ok(Run { outcome: Outcome { new, old: [before[1], accuracy(&*net, &test)] }, kept })
}

type Board<'a> = Learner<'a, Digits, SoftmaxCrossEntropy, InPlace>;

fn score(learner: &mut Board<'_>, images: &Images) -> f32 {
    learner.score(images.iter().map(|(x, class)| (x, class)))
}

/// Each image of a block, and after it images from the new ones, those of the block among them, and from the old ones in turn.
fn learn(learner: &mut Board<'_>, block: &Images, [new, old]: [&Buffer; 2], rng: &mut Pcg32) {
    let mut again = [0.0; 64];
    for (x, class) in block {
        learner.learn(x, class);
        for _ in 0..TURNS {
            let place = below(rng, (block.len() + new.len()) as u32) as usize;
            let class = match block.get(place) {
                Some((x, class)) => {
                    copy(x, &mut again);
                    Some(*class)
                }
                None => new.get(place - block.len(), &mut again),
            };
            if let Some(class) = class {
                learner.learn(&again, &class);
            }
            if let Some(class) = old.draw(rng, &mut again) {
                learner.learn(&again, &class);
            }
        }
    }
}
