//! The optimizers against PyTorch: `tests/scripts/optimizers.py` printed `pytorch.csv`.

use super::*;

const RATE: f32 = 0.05;
const START: [f32; 5] = [1.0, -2.0, 3.0, -4.0, 5.0];

fn gradient(t: usize) -> [f32; 5] {
    std::array::from_fn(|i| ((1.0 + (t * (i + 1)) as f64).sin() * 10_f64.powi(i as i32 - 2)) as f32)
}

fn optimizer(name: &str) -> Optimizer {
    match name {
        "heavy_ball" => Optimizer::Sgd { momentum: 0.9 },
        "rmsprop_in_root" => Optimizer::RmsProp { decay: 0.99, epsilon: 1e-3, epsilon_in_root: true },
        "adam_uncorrected" => Optimizer::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, bias_correction: false },
        usual => Optimizer::from_name(usual).expect("the script names an optimizer"),
    }
}

#[test]
fn steps_are_those_of_pytorch() {
    let mut lines = 0;
    for line in include_str!("pytorch.csv").lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let expected: Vec<f64> = cells[2..].iter().map(|cell| cell.parse().expect("a number")).collect();
        let steps: usize = cells[1].parse().expect("a number");

        let mut parameters = START;
        let mut state = OptimizerState::new(optimizer(cells[0]), parameters.len());
        let mut path = [0.0_f64; 5];
        for t in 0..steps {
            let before = parameters;
            state.step(RATE, &mut parameters, &gradient(t));
            for at in 0..5 {
                path[at] += f64::from((parameters[at] - before[at]).abs() + parameters[at].abs());
            }
        }
        // Each step rounds the parameter once (half an ulp) and its change through at most 12 operations, of which those
        // that remember are damped sums of positive terms or of terms no larger than the change's own scale. The change
        // of RMSProp and Adam is at most the rate times 10 (at the first step), that of the others is on the path.
        let unit = f64::from(f32::EPSILON) / 2.0;
        for at in 0..5 {
            let bound = unit * (16.0 * path[at] + 10.0 * f64::from(RATE) * steps as f64);
            let error = (f64::from(parameters[at]) - expected[at]).abs();
            assert!(error <= bound, "{line}: parameter {at} is off by {error:e}, more than {bound:e}");
        }
        lines += 1;
    }
    assert_eq!(lines, 3 * 11);
    for optimizer in Optimizer::ALL {
        let table = include_str!("pytorch.csv");
        assert!(table.contains(&format!("\n{},", optimizer.name())), "{} is not held to anything", optimizer.name());
    }
}

#[test]
fn only_what_is_learned_changes() {
    for optimizer in Optimizer::ALL {
        let (name, mut parameters) = (optimizer.name(), START);
        let mut state = OptimizerState::new(optimizer, parameters.len());
        state.step_in(RATE, &mut parameters, &[&gradient(3)], &[0..1, 3..5]);
        for at in 0..5 {
            assert_eq!(parameters[at] == START[at], at == 1 || at == 2, "{name}: parameter {at}");
        }
    }
}

#[test]
fn a_gradient_of_zero_is_no_step() {
    for optimizer in Optimizer::ALL.into_iter().filter(|optimizer| *optimizer != Optimizer::ADAMW) {
        let mut parameters = START;
        OptimizerState::new(optimizer, 5).step(RATE, &mut parameters, &[0.0; 5]);
        assert_eq!(parameters, START, "{}", optimizer.name());
    }
}

#[test]
fn a_step_has_the_length_of_the_rate_however_short_the_gradient_is() {
    // The least has a length whose inverse is beyond `f32`, the largest a square that is.
    for scale in [f32::from_bits(8), 1e-38, 1e-20, 1.0, 1e30] {
        let mut state = OptimizerState::new(Optimizer::Normalized, 2);
        let mut parameters = [0.0, 0.0];
        state.step(0.5, &mut parameters, &[3.0 * scale, -4.0 * scale]);
        // Each quotient is rounded twice at most; 3 and 4 times 8 of the least steps are exact.
        let error = (parameters[0] + 0.3).abs().max((parameters[1] - 0.4).abs());
        assert!(error <= 2.0 * f32::EPSILON, "{scale:e}: {parameters:?}");
    }
}

#[test]
fn constants_out_of_range_are_found() {
    for usual in Optimizer::ALL {
        assert_eq!(usual.fault(), None);
    }
    let wrong = [
        (Optimizer::Sgd { momentum: 1.0 }, "momentum"),
        (Optimizer::Sgd { momentum: f32::NAN }, "momentum"),
        (Optimizer::RmsProp { decay: -0.1, epsilon: 1e-8, epsilon_in_root: true }, "decay"),
        (Optimizer::RmsProp { decay: 0.9, epsilon: 0.0, epsilon_in_root: false }, "epsilon"),
        (Optimizer::Adam { beta1: 0.9, beta2: 1.0, epsilon: 1e-8, bias_correction: true }, "beta2"),
        (Optimizer::AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: f32::INFINITY }, "weight_decay"),
    ];
    for (optimizer, name) in wrong {
        assert_eq!(optimizer.fault().map(|(name, ..)| name), Some(name));
    }
}

#[test]
fn an_exchange_is_a_step() {
    let (len, learned) = (20_000, [3..9001, 9100..20_000]);
    let values = |seed: usize| -> Vec<f32> { (0..len).map(|at| ((at * seed) % 1009) as f32 * 1e-3 - 0.5).collect() };
    let gradients = [values(7), values(11), values(13)];
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be started");
        let mut states = [0; 2].map(|_| OptimizerState::new(Optimizer::ADAM, len));
        let (mut expected, mut parameters) = (values(3), values(3));
        for _ in 0..2 {
            let mut given = gradients.clone();
            states[0].step_in(RATE, &mut expected, &gradients[..2], &learned);
            pool.install(|| states[1].exchange(RATE, &mut parameters, &mut given, 2, &learned));
            assert_eq!(parameters, expected);
            for (given, gradient) in given.iter().zip(&gradients) {
                for at in 0..len {
                    let is_learned = learned.iter().any(|range| range.contains(&at));
                    assert_eq!(given[at], if is_learned { parameters[at] } else { gradient[at] }, "{at}");
                }
            }
        }
    }
}
