//! Keeping what was learned only where it is better.

use super::{Learner, Rule};
use crate::kernel;
use crate::layer::Learn;
use crate::network::Gradient;

/// Decides whether what was learned is kept: a copy of the parameters that learn, and the score that they had.
///
/// The score is a loss, such as the mean over a reference set in flash that is not learned from
/// ([`Learner::score`]): the smaller, the better. Where a [`review`](Self::review) finds a worse one, or a score or a parameter
/// that is not finite, the network goes back to the copy, to the bit, and the rule forgets its velocity, its means and its
/// mini-batch, which belong to the way that was wrong.
///
/// # The reference set
///
/// A score is compared with the one that was kept, so both must be of the same question: the same examples, and the same of all
/// that does not learn. Where that changes, [`renew`](Self::renew) the guard with the new score: after
/// [`RunningScale::fill`](crate::statistics::RunningScale::fill) or another change of a constant such as those of
/// [`Standardize`](crate::Standardize), after the network was loaded, and whenever the reference set is another.
///
/// A reference set of nothing but old examples asks whether the old are known better than before, which what adapts to new data
/// hardly ever makes them: it is refused. So mix it: old examples in flash, and new ones in a [buffer](crate::replay) that is not
/// learned from. Examples join the set once what was learned with them is kept, and the guard is then renewed; those of which
/// the labels may be false then have no say about themselves. `docs/learning.md` in the repository shows what this brings.
///
/// Even then a single block may make the loss a little larger by chance: [`review_within`](Self::review_within) lets it.
///
/// # Cost
///
/// Its RAM is that of a [`Gradient`] and eight bytes: frozen parts are not copied. Without that RAM, a network that came from
/// flash or from a store is read anew from there, and [`Learner::forget`] forgets the rest.
///
/// # Examples
///
/// ```
/// use neurona::learner::{Guard, Verdict};
/// use neurona::prelude::*;
///
/// neurona::network! {
///     struct Line: [f32; 1] => [f32; 1] { line: Dense<1, 1> }
/// }
///
/// // On a board all three are statics, and the reference set is in flash.
/// let (mut net, mut memory, mut guard) = (Line::ZERO, Learning::ZERO, Guard::ZERO);
/// static REFERENCE: [([f32; 1], [f32; 1]); 2] = [([0.0], [-1.0]), ([2.0], [3.0])];
/// let reference = || REFERENCE.iter().map(|(x, y)| (x, y));
/// let mut learner = Learner::new(&mut net, &mut memory, SquaredError, InPlace::new(0.1));
///
/// let first = learner.score(reference());
/// assert_eq!(guard.review(&mut learner, first), Verdict::Kept { score: 5.0 });
/// learner.learn(&[2.0], &[3.0]);
/// let better = learner.score(reference());
/// assert_eq!(guard.review(&mut learner, better), Verdict::Kept { score: better });
/// learner.learn(&[2.0], &[-900.0]); // a wrong label
/// let worse = learner.score(reference());
/// assert_eq!(guard.review(&mut learner, worse), Verdict::RolledBack { score: worse, kept: better });
/// assert_eq!(learner.score(reference()), better);
/// ```
#[repr(C)]
pub struct Guard<N: Learn> {
    copy: Gradient<N>,
    score: f32,
    /// 0 before the first review.
    holds: u32,
}

crate::__zero!([allow(unsafe_code)] [N: Learn] Guard<N>, Gradient<N>, f32, u32);

/// What a [`Guard`] has decided.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Verdict {
    /// The network is kept, with this score.
    Kept {
        /// The score that it was reviewed with.
        score: f32,
    },
    /// The network is again the one that was kept before.
    RolledBack {
        /// The score that it was reviewed with.
        score: f32,
        /// The score that it has now.
        kept: f32,
    },
    /// The score or a parameter is not finite, in a first review, before which there is nothing to go back to, or where the guard
    /// was to be renewed. Network and guard are as they were.
    Undecided,
}

impl<N: Learn> Guard<N> {
    /// Keeps the network where its score is at most the one that was kept, and takes it back where it is not.
    ///
    /// The first review keeps what it finds, if score and parameters are finite.
    pub fn review<L, R: Rule>(&mut self, learner: &mut Learner<'_, N, L, R>, score: f32) -> Verdict {
        self.review_within(learner, score, 0.0)
    }

    /// The same, but a score that is worse is kept too, as long as it is by no more than a share of the one that was kept, such as
    /// 0.1 for a tenth.
    ///
    /// The next review compares with what was kept last: over many of them the score can rise further.
    pub fn review_within<L, R: Rule>(
        &mut self,
        learner: &mut Learner<'_, N, L, R>,
        score: f32,
        tolerance: f32,
    ) -> Verdict {
        let may_be_kept = self.holds == 0 || score <= self.score + tolerance * libm::fabsf(self.score);
        let verdict = if may_be_kept { self.renew(learner, score) } else { Verdict::Undecided };
        let Self { copy, score: kept, holds } = self;
        if verdict != Verdict::Undecided || *holds == 0 {
            return verdict;
        }
        learner.net_mut().visit([copy], &mut |_, parameters, [copy]| assign(parameters, copy));
        learner.forget();
        Verdict::RolledBack { score, kept: *kept }
    }

    /// Keeps the network as it is now with this score, whatever was kept before: for when the score that was kept does not hold any
    /// more, because what does not learn has changed, or the reference set.
    ///
    /// A score or a parameter that is not finite is not kept, and decides nothing.
    pub fn renew<L, R: Rule>(&mut self, learner: &mut Learner<'_, N, L, R>, score: f32) -> Verdict {
        // A parameter may be infinite and the score not tell: behind a saturated activation, or a ReLU that is off.
        let mut finite = score.is_finite();
        learner.net_mut().visit([], &mut |_, parameters, []| finite &= kernel::is_finite(parameters));
        if !finite {
            return Verdict::Undecided;
        }
        let Self { copy, score: kept, holds } = self;
        learner.net_mut().visit([copy], &mut |_, parameters, [copy]| assign(copy, parameters));
        (*kept, *holds) = (score, 1);
        Verdict::Kept { score }
    }

    /// The score of the network that is kept.
    pub const fn score(&self) -> Option<f32> {
        if self.holds == 0 { None } else { Some(self.score) }
    }
}

fn assign(to: &mut [f32], from: &[f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plain::Zero;
    use crate::prelude::*;

    type Neuron = Dense<1, 1>;

    #[test]
    fn what_is_worse_or_no_number_is_taken_back_to_the_bit() {
        let (mut net, mut memory, mut guard) = (Neuron::new([[-0.0]], [0.1]), Learning::ZERO, Guard::ZERO);
        let rule = Momentum { batch: 2, ..Momentum::new(0.5, 0.9) };
        let mut learner = Learner::new(&mut net, &mut memory, SquaredError, rule);
        assert_eq!(guard.review(&mut learner, f32::NAN), Verdict::Undecided);
        assert_eq!(guard.score(), None);
        assert_eq!(guard.review(&mut learner, 1.0), Verdict::Kept { score: 1.0 });
        for score in [1.5, f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for _ in 0..3 {
                learner.learn(&[1.0], &[5.0]);
            }
            assert_ne!(learner.net().bias, [0.1]);
            let verdict = guard.review(&mut learner, score);
            assert!(matches!(verdict, Verdict::RolledBack { kept: 1.0, .. }));
            assert_eq!(learner.net().weights[0][0].to_bits(), (-0.0_f32).to_bits());
            assert_eq!(learner.net().bias, [0.1]);
            assert_eq!(learner.progress().examples, 0, "the half mini-batch is forgotten");
        }
        // Velocity is forgotten too: a step is what it was from the start.
        learner.learn(&[1.0], &[5.0]);
        learner.learn(&[1.0], &[5.0]);
        let (mut fresh, mut memory) = (Neuron::new([[-0.0]], [0.1]), Learning::ZERO);
        let mut other = Learner::new(&mut fresh, &mut memory, SquaredError, rule);
        other.learn(&[1.0], &[5.0]);
        other.learn(&[1.0], &[5.0]);
        assert_eq!(learner.net(), other.net());
    }

    #[test]
    fn what_is_infinite_is_not_kept_whatever_its_score() {
        type Saturated = Dense<1, 1, Sigmoid>;
        let (mut net, mut memory, mut guard) = (Saturated::new([[1.0]], [0.0]), Learning::ZERO, Guard::ZERO);
        let mut learner = Learner::new(&mut net, &mut memory, SquaredError, InPlace::new(0.5));
        let examples = || [(&[1.0], &[1.0])];
        learner.net_mut().bias = [f32::INFINITY];
        let score = learner.score(examples());
        assert_eq!((score, guard.review(&mut learner, score)), (0.0, Verdict::Undecided));
        learner.net_mut().bias = [0.0];
        let kept = learner.score(examples());
        assert_eq!(guard.review(&mut learner, kept), Verdict::Kept { score: kept });
        learner.net_mut().bias = [f32::INFINITY];
        assert_eq!(guard.review(&mut learner, 0.0), Verdict::RolledBack { score: 0.0, kept });
        assert_eq!(learner.net().bias, [0.0]);
    }

    #[test]
    fn a_tolerance_keeps_what_is_a_little_worse() {
        let (mut net, mut memory, mut guard) = (Neuron::ZERO, Learning::ZERO, Guard::ZERO);
        let mut learner = Learner::new(&mut net, &mut memory, SquaredError, InPlace::new(0.5));
        for (score, tolerance, kept) in [
            (8.0, 0.25, true),
            (10.0, 0.25, true),
            (12.75, 0.25, false),
            (12.5, 0.25, true),
            (12.5, 0.0, true),
            (12.5, f32::NAN, false),
            (-4.0, 0.0, true),
            (-3.0, 0.25, true),
            (-2.0, 0.25, false),
        ] {
            let verdict = guard.review_within(&mut learner, score, tolerance);
            assert_eq!(matches!(verdict, Verdict::Kept { .. }), kept, "{score} within {tolerance}: {verdict:?}");
        }
    }

    #[test]
    fn no_examples_have_no_score() {
        let (mut net, mut memory, mut guard) = (Neuron::ZERO, Learning::ZERO, Guard::ZERO);
        let mut learner = Learner::new(&mut net, &mut memory, SquaredError, InPlace::new(0.5));
        assert_eq!(learner.score([(&[1.0], &[3.0]), (&[1.0], &[1.0])]), 5.0);
        let score = learner.score::<[f32; 1]>([]);
        assert!(score.is_nan());
        assert_eq!(guard.review(&mut learner, score), Verdict::Undecided);
    }

    #[test]
    fn only_what_learns_is_copied() {
        assert_eq!(size_of::<Guard<Frozen<Dense<100, 100>>>>(), 8);
        assert_eq!(size_of::<Guard<Dense<2, 3>>>(), 4 * 3 * (2 + 1) + 8);
    }
}
