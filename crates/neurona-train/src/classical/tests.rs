//! All of them together: against scikit-learn (`tests/scripts/classical.py` printed `sklearn.csv`), as networks, and
//! with data that they cannot learn.

use std::path::Path;

use ndarray::{Axis, array};

use super::*;
use crate::data::{Column, CsvFormat, CsvTarget, read_csv};

/// The data of the script.
fn irises(name: &str) -> Dataset {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/iris.csv");
    let target = CsvTarget::Label(Column::Name("class".to_owned()));
    let all = read_csv(&path, &CsvFormat::default(), &target, None).expect("the data are there");
    let Targets::Classes { classes, .. } = all.targets() else { panic!("irises are classes") };
    let two =
        |inputs, classes| Dataset::new(inputs, Targets::classes(&["one", "other"], classes)).expect("the parts fit");
    let rows: Vec<usize> = (0..all.rows()).filter(|row| classes[*row] > 0).collect();
    let inputs = all.inputs().select(Axis(0), &rows);
    let last = rows.iter().map(|row| classes[*row] - 1).collect();
    match name {
        "first" => two(all.inputs().clone(), classes.iter().map(|class| u32::from(*class > 0)).collect()),
        "last" => two(inputs, last),
        "curved" => {
            let petals = two(inputs.select(Axis(1), &[2, 3]), last);
            Polynomial::new(2, 2).and_then(|terms| terms.apply(&petals)).expect("small numbers")
        }
        _ => all,
    }
}

/// Mean losses are to be this near to the least; scikit-learn's are to ten times that.
const TOLERANCE: f64 = 1e-16;

/// What we learn with the setting of a line of the table.
fn fit(neuron: &str, data: &Dataset, setting: f64) -> Fit {
    let (penalty, steps, tolerance) = (setting, 100, TOLERANCE);
    match neuron {
        "perceptron" => Perceptron { epochs: setting as u32 }.fit(data),
        "adaline" => Adaline { rate: Some(setting), epochs: 50, tolerance: 0.0 }.fit(data),
        "logistic" => LogisticRegression { penalty, steps, tolerance }.fit(data),
        _ => SoftmaxRegression { penalty, steps, tolerance }.fit(data),
    }
    .expect("the data fit")
}

#[test]
fn weights_are_those_of_scikit_learn() {
    let mut lines = 0;
    for line in include_str!("sklearn.csv").lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let numbers: Vec<f64> = cells[2..].iter().map(|cell| cell.parse().expect("a number")).collect();
        let (setting, curvature, expected) = (numbers[0], numbers[1], &numbers[2..]);
        let data = irises(cells[1]);
        let fit = fit(cells[0], &data, setting);
        let found: Vec<f64> = fit.weights.iter().chain(&fit.bias).copied().collect();
        assert_eq!(found.len(), expected.len(), "{line}");
        let bound = if curvature > 0.0 {
            assert_eq!(fit.outcome, Outcome::Converged, "{line}");
            // Within d of the least loss, weights are within sqrt(2 d / m) of the best, where m is the least curvature.
            (2.0 * TOLERANCE / curvature).sqrt() * (1.0 + 10_f64.sqrt())
        } else {
            // Both compute the same in `f64`, in an order of their own. A correction rounds no more than 16 times, and
            // weights and sums of products stay below 1,000 here; what was off before it does not make larger.
            (50 * data.rows()) as f64 * 16.0 * 1000.0 * f64::EPSILON / 2.0
        };
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() <= bound, "{line}: {found} is not {expected} to {bound:e}");
        }
        lines += 1;
    }
    assert_eq!(lines, 13);
}

#[test]
fn irises_that_a_plane_separates_are_told_apart_without_a_mistake() {
    let data = irises("first");
    let Targets::Classes { classes, .. } = data.targets() else { panic!("irises are classes") };
    let perceptron = Perceptron::default().fit(&data).expect("two classes");
    assert_eq!(perceptron.outcome, Outcome::Converged);
    let regressions = [fit("logistic", &data, 0.0), fit("softmax", &data, 0.0)];
    for fit in &regressions {
        assert_eq!(fit.outcome, Outcome::Separable);
        assert!(fit.verdict().starts_with("has no best weights"), "{}", fit.verdict());
    }
    for fit in regressions.iter().chain([&perceptron]) {
        assert_eq!(fit.classes(data.inputs().view()).as_ref(), Ok(classes));
    }
}

#[test]
fn irises_that_no_plane_separates_are_never_told_apart() {
    let fit = Perceptron { epochs: 200 }.fit(&irises("last")).expect("two classes");
    assert!(matches!(fit.outcome, Outcome::Spent | Outcome::Repeats { .. }));
    assert!(fit.history.iter().all(|mistakes| *mistakes > 0.0));
}

#[test]
fn two_classes_are_the_same_to_both_regressions() {
    // Softmax has the sums z / 2 and -z / 2 where logistic has z: half the squares, so that twice the penalty is the
    // same.
    let data = irises("last");
    let (logistic, softmax) = (fit("logistic", &data, 1.0), fit("softmax", &data, 2.0));
    // The curvature of logistic regression here is 5.69e-4, by the table. That of softmax is twice that for weights
    // that sum to 0, and the difference of two is off by at most sqrt(2) times the length that the two are off by.
    let bound = (2.0 * TOLERANCE / 5.69e-4).sqrt() * (1.0 + 1.0);
    let difference = |row: [f64; 2]| row[1] - row[0];
    for (at, w) in logistic.weights.iter().enumerate() {
        let difference = difference([softmax.weights[[0, at]], softmax.weights[[1, at]]]);
        assert!((w - difference).abs() <= bound, "{w} is not {difference} to {bound:e}");
    }
    assert!((logistic.bias[0] - difference([softmax.bias[0], softmax.bias[1]])).abs() <= bound);
}

#[test]
fn the_loss_falls_with_every_step() {
    let data = irises("curved");
    let fit = LogisticRegression::default().fit(&data).expect("two classes");
    assert!(fit.rounds() > 2 && fit.history[0] < 2_f64.ln());
    // The rounding that the search allows for.
    let rounding = data.rows() as f64 * f64::EPSILON;
    assert!(fit.history.windows(2).all(|pair| pair[1] <= pair[0] * (1.0 + rounding)), "{:?}", fit.history);
    let cut = LogisticRegression { steps: 2, ..LogisticRegression::default() }.fit(&data).expect("two classes");
    assert_eq!((cut.outcome, &cut.history[..]), (Outcome::Spent, &fit.history[..2]));
}

#[test]
fn the_network_computes_what_the_neuron_does() {
    for (neuron, setting, name) in
        [("perceptron", 50.0, "last"), ("adaline", 0.001, "last"), ("logistic", 1.0, "last"), ("softmax", 1.0, "all")]
    {
        let data = irises(name);
        let fit = fit(neuron, &data, setting);
        let trained = fit.trained().expect("small numbers");
        let outputs = trained.network.forward(data.inputs().view()).expect("the inputs fit");
        let sums = fit.sums(data.inputs().view()).expect("the inputs fit");
        for ((row, output), sum) in sums.indexed_iter() {
            let (x, y) = (data.input(row).expect("a row"), f64::from(outputs[[row, output]]));
            // Each of 4 products and the bias is rounded, its weight before it, and their sums: no term more than 8
            // times.
            let products = fit.weights.row(output).into_iter().zip(x).map(|(w, x)| (w * f64::from(*x)).abs());
            let bound = 8.0 * f64::from(f32::EPSILON) / 2.0 * (products.sum::<f64>() + fit.bias[output].abs() + 1.0);
            match fit.neuron {
                Neuron::Perceptron => {
                    assert!(sum.abs() > bound, "no iris lies within rounding of the boundary");
                    assert_eq!(y, if *sum >= 0.0 { 1.0 } else { 0.0 });
                }
                Neuron::Adaline => assert!((y - (sum + 1.0) / 2.0).abs() <= bound),
                Neuron::Logistic | Neuron::Softmax => assert!((y - sum).abs() <= bound),
            }
        }
        let classes = fit.classes(data.inputs().view()).expect("the inputs fit");
        let decided = outputs.rows().into_iter().map(|row| trained.loss.decide(&row.to_vec()));
        assert!(decided.eq(classes.iter().copied()), "{neuron}: no iris lies within rounding of the boundary");
        let file = trained.model_file(trained.metadata("Iris", &data), data.input(0).expect("a row"));
        assert_eq!(file.expect("a small network").metadata().loss, trained.loss.name());
    }
}

/// What each neuron says of data.
fn messages(data: &Dataset) -> [Result<(), String>; 4] {
    let fits = [
        Perceptron::default().fit(data),
        Adaline::default().fit(data),
        LogisticRegression::default().fit(data),
        SoftmaxRegression::default().fit(data),
    ];
    fits.map(|fit| fit.map(|_| ()).map_err(|error| error.to_string()))
}

#[test]
fn data_that_do_not_fit_are_errors() {
    let [perceptron, adaline, logistic, softmax] = messages(&irises("all"));
    assert_eq!(perceptron, Err("perceptron tells two classes apart, but the data have 3".to_owned()));
    assert_eq!(adaline, Err("adaline tells two classes apart, but the data have 3".to_owned()));
    assert_eq!(logistic, Err("logistic tells two classes apart, but the data have 3".to_owned()));
    assert_eq!(softmax, Ok(()));
    let inputs = || array![[1.0], [2.0]];
    let numbers = Dataset::new(inputs(), Targets::values(inputs())).expect("the parts fit");
    for message in messages(&numbers) {
        assert!(matches!(message, Err(message) if message.ends_with("but the targets are numbers")));
    }
    let lonely = Dataset::new(inputs(), Targets::classes(&["a", "b"], vec![0, 0])).expect("the parts fit");
    for message in messages(&lonely) {
        assert_eq!(message, Err("expected an example of each class, found none of `b`".to_owned()));
    }
}

#[test]
fn settings_and_weights_out_of_range_are_errors() {
    let data = irises("last");
    let message = |fit: Result<Fit, FitError>| fit.expect_err("a setting is wrong").to_string();
    let regression = LogisticRegression::default();
    assert_eq!(message(Perceptron { epochs: 0 }.fit(&data)), "epochs: expected at least 1, found 0");
    assert_eq!(
        message(Adaline { rate: Some(0.0), ..Adaline::default() }.fit(&data)),
        "rate: expected a finite number greater than 0, found 0"
    );
    assert_eq!(
        message(LogisticRegression { penalty: -1.0, ..regression }.fit(&data)),
        "penalty: expected a finite number of at least 0, found -1"
    );
    assert_eq!(
        message(LogisticRegression { tolerance: f64::NAN, ..regression }.fit(&data)),
        "tolerance: expected a finite number greater than 0, found NaN"
    );
    let mut fit = regression.fit(&data).expect("two classes");
    assert!(fit.sums(array![[1.0]].view()).is_err());
    fit.weights[[0, 0]] = 1e39;
    assert_eq!(fit.network(), Err(FitError::Weight { found: 1e39 }));
}
