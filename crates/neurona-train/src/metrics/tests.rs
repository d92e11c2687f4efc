//! Figures by hand, and against scikit-learn: `tests/scripts/metrics.py` printed `sklearn.csv`.

use ndarray::{Array2, array};

use super::*;
use crate::Loss;

#[test]
fn shares_of_a_confusion_matrix() {
    let pairs = [(0, 0), (0, 0), (0, 1), (1, 1), (1, 0), (1, 1), (1, 1), (2, 0)];
    let matrix = ConfusionMatrix::of(4, pairs);
    assert_eq!(matrix.row(0), [2, 1, 0, 0]);
    assert_eq!((matrix.right(), matrix.total()), (5, 8));
    assert_eq!(matrix.accuracy(), Some(0.625));
    assert_eq!(matrix.recall(1), Some(0.75));
    assert_eq!(matrix.precision(0), Some(0.5));
    assert_eq!((matrix.recall(3), matrix.precision(2), matrix.recall(9)), (None, None, None));
    assert_eq!(matrix.to_string(), "2 1 0 0\n1 3 0 0\n1 0 0 0\n0 0 0 0\n");
    assert_eq!(ConfusionMatrix::new(0).accuracy(), None);
}

#[test]
fn a_class_that_is_not_there_is_left_out() {
    assert_eq!(ConfusionMatrix::of(2, [(2, 0), (0, 2), (1, 1)]).total(), 1);
}

#[test]
fn differences() {
    assert_eq!(rmse(&[1.0, 2.0, 3.0, 4.0], &[1.0, 4.0, 3.0, 2.0]), Some(2.0_f32.sqrt()));
    assert_eq!(mae(&[1.0, 2.0], &[2.0, -1.0]), Some(2.0));
    assert_eq!((rmse(&[], &[1.0]), mae(&[], &[])), (None, None));
    assert_eq!(r2(&[1.0, 3.0, 2.0, 9.0], &[1.0, 2.0, 3.0]), Some(0.0), "2 left of 2");
    assert_eq!((r2(&[1.0], &[2.0]), r2(&[1.0, 2.0], &[0.1, 0.1]), r2(&[], &[])), (None, None, None));
}

#[test]
fn areas_under_the_curve() {
    let of_class = [false, true, false, true];
    // Pairs of a member and another: (0.2, 0.1), (0.2, 0.2), (0.9, 0.1), (0.9, 0.2); one is tied.
    assert_eq!(roc_auc(&[0.1, 0.2, 0.2, 0.9], &of_class), Some(0.875));
    assert_eq!(roc_auc(&[-1.0, f64::INFINITY, -1.0, 0.0], &of_class), Some(1.0));
    assert_eq!(roc_auc(&[0.0, -0.0, -0.0, 0.0], &of_class), Some(0.5), "zeros of both signs are tied");
    assert_eq!(roc_auc(&[0.1, f64::NAN, 0.2, 0.3], &of_class), None);
    assert_eq!((roc_auc(&[0.1, 0.2], &[true; 2]), roc_auc(&[], &[])), (None, None));
}

#[test]
fn scores_of_classes_follow_the_loss() {
    let outputs = array![[1.0, 3.0, 2.0], [60.0, -60.0, 0.0]];
    assert_eq!(class_scores(Loss::Hinge, outputs.view()), outputs.mapv(f64::from));
    assert_eq!(class_scores(Loss::BinaryCrossEntropy, array![[0.5], [-2.0]].view()), array![[-0.5, 0.5], [2.0, -2.0]]);
    let scores = class_scores(Loss::SoftmaxCrossEntropy, outputs.view());
    // ln(p / (1 - p)) of the first row; p is e^0 / (e^0 + e^-2 + e^-1) for the largest.
    let others = (-2.0_f64).exp() + (-1.0_f64).exp();
    assert!((scores[[0, 1]] + others.ln()).abs() < 1e-14, "a few roundings of numbers near 1");
    assert_eq!(scores[[1, 0]], 60.0, "no end at probability 1: ln(1 + e^-60) is less than half a unit of 60");
    assert_eq!(class_scores(Loss::SoftmaxCrossEntropy, array![[2.0, 5.0]].view()), array![[-3.0, 3.0]]);
}

/// The linear congruential generator of Numerical Recipes; its upper bits.
struct Draw(u32);

impl Draw {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 16) % bound
    }
}

/// The truths and scores of the script.
fn case(seed: u32, rows: usize, classes: usize) -> (Vec<u32>, Array2<f64>) {
    let mut draw = Draw(seed);
    let (mut truths, mut scores) = (Vec::new(), Array2::zeros((rows, classes)));
    for mut row in scores.rows_mut() {
        (0..16).for_each(|_| row[draw.below(classes as u32) as usize] += 1.0 / 16.0);
        let highest = highest(&row.to_vec());
        truths.push(if draw.below(2) == 0 { highest } else { draw.below(classes as u32) });
    }
    (truths, scores)
}

/// The place of the highest score, of equals the first.
fn highest(scores: &[f64]) -> u32 {
    let highest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    scores.iter().position(|score| *score == highest).expect("a score") as u32
}

/// A figure by its name.
type Figures = Box<dyn Fn(&str) -> Option<f32>>;

/// What we say of a case, by scikit-learn's name of a figure.
fn figures(name: &str) -> Figures {
    if name == "values" {
        let mut draw = Draw(4);
        let expected: Vec<f32> = (0..50).map(|_| draw.below(1000) as f32 / 16.0).collect();
        let predicted: Vec<f32> = expected.iter().map(|t| t + (draw.below(400) as f32 - 200.0) / 16.0).collect();
        return Box::new(move |figure| match figure {
            "rmse" => rmse(&predicted, &expected),
            "mae" => mae(&predicted, &expected),
            "r2" => r2(&predicted, &expected),
            other => panic!("{other} is not in the table"),
        });
    }
    let (seed, rows, count) = match name {
        "two" => (6, 80, 2),
        "four" => (2, 90, 4),
        _ => (3, 70, 4),
    };
    let (mut truths, scores) = case(seed, rows, count);
    let mut predicted: Vec<u32> = scores.rows().into_iter().map(|row| highest(&row.to_vec())).collect();
    if name == "absent" {
        truths.iter_mut().filter(|truth| **truth == 3).for_each(|truth| *truth = 0);
        predicted.iter_mut().filter(|answer| **answer == 2).for_each(|answer| *answer = 1);
    }
    // A class more than there is: it must not count.
    let matrix = ConfusionMatrix::of(count + 1, truths.iter().copied().zip(predicted));
    let areas = roc_auc_by_class(scores.view(), &truths);
    Box::new(move |figure| {
        let class = figure.rsplit_once('_').and_then(|(figure, class)| Some((figure, class.parse().ok()?)));
        match (figure, class) {
            (_, Some(("precision", class))) => Some(matrix.precision(class).unwrap_or(0.0)),
            (_, Some(("recall", class))) => Some(matrix.recall(class).unwrap_or(0.0)),
            (_, Some(("f1", class))) => matrix.f1(class),
            (_, Some(("roc_auc", class))) => areas[class],
            ("accuracy", _) => matrix.accuracy(),
            ("balanced_accuracy", _) => matrix.balanced_accuracy(),
            ("macro_precision", _) => matrix.macro_precision(),
            ("macro_recall", _) => matrix.macro_recall(),
            ("macro_f1", _) => matrix.macro_f1(),
            ("roc_auc", _) => macro_roc_auc(&areas),
            _ => panic!("{figure} is not in the table"),
        }
    })
}

#[test]
fn figures_are_those_of_scikit_learn() {
    let (mut lines, mut last) = (0, (String::new(), figures("two")));
    for line in include_str!("sklearn.csv").lines().skip(1) {
        let [name, figure, expected] = line.split(',').collect::<Vec<_>>()[..] else { panic!("three cells: {line}") };
        if last.0 != name {
            last = (name.to_owned(), figures(name));
        }
        let found = f64::from(last.1(figure).expect("a figure"));
        let expected: f64 = expected.parse().expect("a number");
        // Counts are exact. A share is rounded to `f32` once, and a mean of shares once more; the rest is `f64`.
        let bound = f64::from(f32::EPSILON) * expected;
        assert!((found - expected).abs() <= bound, "{line}: found {found}");
        lines += 1;
    }
    assert_eq!(lines, 54);
}

#[test]
fn a_class_without_examples_has_no_area() {
    let scores = array![[0.5, 0.3, 0.2], [0.1, 0.9, 0.0]];
    let areas = roc_auc_by_class(scores.view(), &[0, 1]);
    assert_eq!(areas, [Some(1.0), Some(1.0), None]);
    assert_eq!((macro_roc_auc(&areas), macro_roc_auc(&areas[..2]), macro_roc_auc(&[])), (None, Some(1.0), None));
}
