//! That no parameter becomes infinite or NaN by learning, whatever finite numbers a network and its examples are of.

use neurona::learner::{MAX_GRADIENT, MAX_RATE, Rule};
use neurona::plain::{Plain, Zero as _, bytes_of};
use neurona::{Adam, InPlace, Learned, Learner, Learning, Loss as DeviceLoss, Momentum, Network, Refused, Sgd};
use neurona_tests::architectures::{Visitor, visit_all};
use neurona_tests::case::{floats, plain};
use neurona_train::Loss;
use neurona_train::random::{Purpose, Random};

/// How often each thing happened, over all networks.
#[derive(Debug, Default)]
struct Outcomes {
    taken: usize,
    refused_before: usize,
    refused_at_a_layer: usize,
}

impl Outcomes {
    /// Six examples for a network, all of numbers of either sign whose exponents are drawn from `-spread..=spread`.
    fn learn<N, L, R>(&mut self, name: &str, loss: L, rule: R, spread: i32, seed: u64)
    where
        N: Network + Plain,
        L: DeviceLoss<N::Output, N::Output>,
        R: Rule + std::fmt::Debug + Copy,
    {
        let mut random = Random::new(seed, Purpose::Init, 0, 0);
        let mut numbers = |bytes: usize| -> Vec<f32> {
            let mut number = || {
                let exponent = random.below(2 * spread as u32 + 1) as i32 - spread;
                let size = (random.unit() + 1.0) * 2_f32.powi(exponent);
                if random.below(2) == 0 { size } else { -size }
            };
            (0..bytes / 4).map(|_| number()).collect()
        };
        let mut net = plain::<N>(&numbers(size_of::<N>()));
        let mut learning = Box::new(Learning::<N, R>::ZERO);
        for _ in 0..6 {
            let x = plain::<N::Input>(&numbers(size_of::<N::Input>()));
            let target = plain::<N::Output>(&numbers(size_of::<N::Output>()));
            let before = bytes_of(&*net).to_vec();
            let learned = Learner::new(&mut *net, &mut learning, &loss, rule).learn(&*x, &*target);
            match learned {
                Learned::Refused(Refused::Layer) => self.refused_at_a_layer += 1,
                Learned::Refused(_) => {
                    self.refused_before += 1;
                    assert!(before == bytes_of(&*net), "{name}, {rule:?}, seed {seed}: changed by what was refused");
                }
                Learned::Stepped(_) => self.taken += 1,
                Learned::Added(_) => {}
            }
            let finite = floats(&*net).iter().all(|value| value.is_finite());
            assert!(finite, "{name}, {rule:?}, seed {seed}: not finite, and {learned:?}");
        }
    }
}

impl Visitor for Outcomes {
    fn visit<N, L>(&mut self, name: &'static str, device: L, _: Loss)
    where
        N: Network + Plain,
        L: DeviceLoss<N::Output, N::Output>,
    {
        for (seed, spread) in (0..).zip([4, 16, 32, 48, 64, 96, 126]) {
            let in_place = InPlace::new(0.1);
            self.learn::<N, _, _>(name, &device, in_place, spread, seed);
            self.learn::<N, _, _>(
                name,
                &device,
                InPlace { limit: 100.0, l1: 1e-3, l2: 1e-3, ..in_place },
                spread,
                seed,
            );
            self.learn::<N, _, _>(name, &device, InPlace::new(MAX_RATE), spread, seed);
            self.learn::<N, _, _>(
                name,
                &device,
                Sgd { batch: 2, l1: 1e-3, l2: 1e-3, ..Sgd::new(MAX_RATE) },
                spread,
                seed,
            );
            self.learn::<N, _, _>(name, &device, Momentum::new(MAX_RATE / 16.0, 0.9), spread, seed);
            self.learn::<N, _, _>(name, &device, Momentum::nesterov(0.1, 0.9), spread, seed);
            self.learn::<N, _, _>(name, &device, Adam::with_decay(0.1, 0.1), spread, seed);
        }
    }
}

#[test]
fn parameters_that_are_finite_stay_finite() {
    let mut outcomes = Outcomes::default();
    visit_all(&mut outcomes);
    println!("{outcomes:?}");
    assert!(outcomes.taken > 1000 && outcomes.refused_before > 1000 && outcomes.refused_at_a_layer > 1000);
}

#[test]
fn the_largest_step_is_lost_in_the_largest_number() {
    assert!((f32::MAX + MAX_RATE * MAX_GRADIENT).is_finite());
}
