use neurona_train::End;

use super::*;

#[test]
fn descents_end_in_minima_with_hills_between() {
    for seed in 1..=3 {
        let pulse = pulse::run(&Context::new(seed, true)).expect("it can be run");
        let ended: Vec<&Descent> = pulse.descents.iter().filter(|descent| descent.minimum.is_some()).collect();
        // Where both steps are together in the middle between the pulses, the way out is longer than any.
        assert!(ended.len() + 4 >= pulse.descents.len(), "seed {seed}: {} of 40", ended.len());
        // Each attracts nearly half of the square: of 40, five are more than four standard deviations below 18.
        assert!(pulse.count(Minimum::First) >= 5 && pulse.count(Minimum::Second) >= 5, "seed {seed}");
        let [first, second] = [Minimum::First, Minimum::Second].map(|minimum| {
            let costs = ended.iter().filter(|descent| descent.minimum == Some(minimum)).map(|descent| descent.cost);
            let (least, most) = costs.fold((f64::INFINITY, 0.0), |(a, b), cost| (cost.min(a), cost.max(b)));
            // The gradients are f32, with terms up to 0.1 each: at a curvature of some 0.01 that leaves less than this.
            assert!(most - least < 1e-6, "seed {seed}: one minimum has one cost, {least} to {most}");
            least
        });
        // At the first pulse the network is that pulse, and what it misses is the second; at the second it misses the first,
        // which is 1 / 0.7^2 = 2 times as much.
        let missed =
            |x: f64| 0.7 * (1.0 / (1.0 + (-20.0 * (x - 0.25)).exp()) - 1.0 / (1.0 + (-20.0 * (x - 0.75)).exp()));
        let expected = lab::spaced(-1.0, 1.0, 101).map(|x| missed(x).powi(2)).sum::<f64>() / 101.0;
        // The tails of the pulses overlap by e^(-20 * 0.25) = 0.007.
        assert!((first - expected).abs() < 0.007 * expected, "seed {seed}: {first}, {expected}");
        assert!(second > 1.5 * first, "seed {seed}: {first}, {second}");
        // Half way the network has a pulse where the data have none, and misses both: at least the cost of either.
        let highest = pulse.between.iter().copied().fold(0.0, f64::max);
        assert!(highest > first + second, "seed {seed}: {highest}");
    }
}

#[test]
fn starts_end_in_different_minima_and_the_best_is_better() {
    for seed in 1..=3 {
        let context = Context::new(seed, true);
        let parts = Parts::new(&context).expect("they can be made");
        let rule = Rule::new(&context, RULES[0], &parts).expect("it can be trained");
        let shown = Shown::all(&context, &rule, &parts).expect("it can be trained");
        let [best, _, worst] = &shown[..] else { panic!("three are shown") };
        // Were descent to go on for as long again at the pace of its last tenth, it would win ten times as much.
        let unfinished = 10.0 * shown.iter().map(|shown| shown.unfinished).fold(0.0, f64::max);
        let apart = worst.training_cost - best.training_cost;
        assert!(apart > unfinished, "seed {seed}: {apart}, {unfinished}");
        let costs = rule.costs();
        let gain = median(costs.iter().copied()) - costs[0];
        assert!(gain > unfinished && rule.best_of(5) < rule.best_of(1) - unfinished, "seed {seed}: {gain}");
        assert_eq!((best.cost, worst.cost), (costs[0], costs[costs.len() - 1]));
        // The standard error of the difference of two shares below 0.2 among 4,000 is less than 0.009; three of them.
        assert!(worst.test_error - best.test_error > 0.027, "seed {seed}: {} {}", worst.test_error, best.test_error);
    }
}

#[test]
fn zeros_never_break_the_symmetry() {
    for seed in 1..=3 {
        let context = Context::new(seed, true);
        let parts = Parts::new(&context).expect("they can be made");
        let [sigmoid, tanh] = &Zeros::all(&context, &parts).expect("they can be trained")[..] else { panic!("two") };
        // Equal to the bit: every neuron of the layer computes the same operations on the same numbers in the same order.
        assert!(sigmoid.neurons.iter().all(|neuron| *neuron == sigmoid.neurons[0]), "{:?}", sigmoid.neurons);
        assert!(sigmoid.neurons[0].iter().any(|value| value.abs() > 0.1), "they have learned, all the same");
        // Each gradient but that of the last bias has a factor that is exactly 0.
        assert!(tanh.neurons.iter().flatten().all(|value| *value == 0.0), "{:?}", tanh.neurons);
        // A line cuts the board of 3 by 3 at best as 6 fields to 3 right: a third is wrong. A constant gets 4 of 9 wrong.
        assert!(sigmoid.test_error > 0.3 && tanh.test_error > 0.4, "{} {}", sigmoid.test_error, tanh.test_error);
    }
}

#[test]
fn the_expected_best_of_some() {
    let start = |loss| Start { seed: 0, loss: Some(loss), epochs: Vec::new(), kept: 0, end: End::Finished };
    let rule = Rule { name: "", starts: [4.0, 1.0, 2.0, 8.0].map(start).to_vec(), test_error: 0.0 };
    // The pairs' least: 1 in three, 2 in two, 4 in one of six.
    for (k, expected) in [(1, 15.0 / 4.0), (2, (3.0 + 4.0 + 4.0) / 6.0), (4, 1.0)] {
        assert!((rule.best_of(k) - expected).abs() < 1e-12, "{k}: {}", rule.best_of(k));
    }
}
