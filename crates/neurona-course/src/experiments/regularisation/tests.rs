use super::*;

/// Standard errors that chance does not make up for: two means that differ by so many are different.
const SIGMAS: f64 = 3.0;

/// The standard error of a network's mean cost on the test examples.
fn standard_error(context: &Context<'_>, network: &Network) -> f64 {
    let test = moons(context, u64::MAX, TEST_ROWS).expect("they can be drawn");
    let sums = lab::outputs(network, test.inputs().view()).expect("the network takes them");
    let toward = sums.into_iter().zip(lab::classes(&test)).map(|(sum, class)| if *class == 1 { sum } else { -sum });
    let costs: Vec<f64> = toward.map(|sum| (-sum).exp().ln_1p()).collect();
    let mean = costs.iter().sum::<f64>() / TEST_ROWS as f64;
    let variance = costs.iter().map(|cost| (cost - mean).powi(2)).sum::<f64>() / TEST_ROWS as f64;
    (variance / TEST_ROWS as f64).sqrt()
}

#[test]
fn it_overfits_and_each_technique_helps() {
    let context = Context::new(1, true);
    let found = run(&context).expect("it can be run");
    let of = |technique: usize| &found.techniques[technique];
    let cost = |tried: &Tried| tried.median(|run| run.test.cost);
    let plain = of(0);
    // That of the surest network is the largest.
    let margin = SIGMAS * plain.runs.iter().map(|run| standard_error(&context, &run.network)).fold(0.0, f64::max);

    for run in &plain.runs {
        // A share of 4 % among 100 has a standard error of 0.02, and one of 17 % among 2,000 of 0.008.
        assert!(run.test.error - run.training.error > SIGMAS * 0.022, "{run:?}");
        assert!(run.rise() > margin, "{} is not above {margin}", run.rise());
    }
    // Tikhonov, Lasso, elastic net, dropout, early stopping, augmentation.
    for tried in (1..=6).map(of) {
        let (cost, plain) = (cost(tried), cost(plain));
        assert!(plain - cost > margin, "{}: {cost} is not below {plain} by {margin}", tried.technique.name());
    }
    // Most weights of a network that is larger than it has to be.
    assert!([2, 3].map(of).iter().flat_map(|tried| &tried.runs).all(|run| run.zeros > 0.5));
    assert!([0, 1, 4, 5, 6].map(of).iter().flat_map(|tried| &tried.runs).all(|run| run.zeros == 0.0));
    assert!(of(1).median(|run| run.length) < 0.5 * plain.median(|run| run.length));
    assert!(of(5).runs.iter().all(|run| run.kept < 300), "patience was not over");

    for sweep in [&found.tikhonov, &found.lasso] {
        let [little, right, much] = &sweep[..] else { panic!("three coefficients") };
        assert!(cost(little).min(cost(much)) - cost(right) > margin, "{sweep:?}");
        // With nothing but a bias left, half of the examples are wrong.
        assert_eq!(much.median(|run| run.test.error), 0.5);
    }
    // Nothing is better than the best possible, on the same examples.
    assert!(found.techniques.iter().flat_map(|tried| &tried.runs).all(|run| run.test.cost > found.least_cost));
}
