//! Every gradient of the device against central differences of the mirror's loss.

use neurona::Loss as DeviceLoss;
use neurona::Network;
use neurona::plain::Plain;
use neurona_tests::architectures::{Visitor, visit_all};
use neurona_tests::case::{Device, Examples, is_parameter};
use neurona_tests::mirror::Mirror;
use neurona_train::{Loss, Spec};

/// The step of the differences.
const H: f64 = 1e-5;

/// How far inputs may be moved without a decision changing: more than the parameters' steps move anything.
const CLEAR: f64 = 1e-3;

#[test]
fn gradients_are_central_differences() {
    #[derive(Default)]
    struct Stage {
        seen: usize,
        near_a_kink: usize,
    }
    impl Visitor for Stage {
        fn visit<N, L>(&mut self, name: &'static str, device: L, loss: Loss)
        where
            N: Network + Plain,
            L: DeviceLoss<N::Output, N::Output>,
        {
            if name == "step" {
                // Its derivative is zero by definition: there is none to compare with.
                return;
            }
            let spec = Spec::from(&N::ARCH);
            let (mut share, mut checked) = (0.0_f64, 0);
            for seed in 1..=12 {
                let mut examples = Examples::new(&spec, loss, seed);
                let (values, x, target) = (examples.values(), examples.input(), examples.target());
                let wide = |values: &[f32]| values.iter().map(|value| f64::from(*value)).collect::<Vec<_>>();
                let (mut mirror, wide_x) = (Mirror::new(&spec, &wide(&values)), wide(&x));
                let around = mirror.forward_around(&wide_x, CLEAR);
                self.seen += 1;
                if around.undecided || mirror.loss(loss, around.output(), &target).2 {
                    self.near_a_kink += 1;
                    continue;
                }
                checked += 1;
                let pass = mirror.forward(&wide_x);
                let (value, dy, _) = mirror.loss(loss, pass.output(), &target);
                let bounds = mirror.backward(&pass, dy);
                let gradient = Device::run::<N, L>(&values, &x, &target, &device).gradient;
                let parameters = is_parameter(&spec).into_iter().enumerate().filter(|(_, is)| *is);
                for ((at, _), found) in parameters.zip(&gradient) {
                    let mut difference = |h: f64| {
                        let before = mirror.values()[at];
                        let mut at_distance = |h: f64| {
                            *mirror.value_mut(at) = before + h;
                            mirror.loss_value(&wide_x, loss, &target)
                        };
                        let slope = (at_distance(h) - at_distance(-h)) / (2.0 * h);
                        *mirror.value_mut(at) = before;
                        slope
                    };
                    let (near, far) = (difference(H), difference(2.0 * H));
                    // The error of a central difference goes with h^2, so that twice the step has four times the
                    // error: |far - near| is three times that of `near`. The two losses have some hundred roundings
                    // of f64, which the division by h enlarges.
                    let differences = (far - near).abs() + 100.0 * f64::EPSILON * (value.value.abs() + 1.0) / H;
                    let bound = differences + bounds[at].error;
                    let error = (f64::from(*found) - near).abs();
                    assert!(
                        error <= bound,
                        "{name}, seed {seed}, value {at}: {found}, differences {near}, bound {bound:e}"
                    );
                    share = share.max(error / bound);
                }
            }
            println!("{name:22} {checked:2} examples, largest share of the bound {share:.3}");
            assert!(checked > 0, "{name}: every example was near a kink");
        }
    }
    let mut stage = Stage::default();
    visit_all(&mut stage);
    println!("{} of {} examples were left out: a kink was near", stage.near_a_kink, stage.seen);
    assert!(stage.near_a_kink * 3 <= stage.seen);
}
