//! The area under the receiver operating characteristic: how well scores put classes in order, wherever a threshold is.

use ndarray::{Array2, ArrayView2, Axis};

use crate::Loss;

/// The area under the ROC curve: of all pairs of an example of the class and one that is not of it, the share in which
/// the former has the higher score; equal scores count half (Hanley and McNeil, 1982).
///
/// 1 is a perfect order, 1/2 that of chance. `None` where there are no such pairs, or a score is NaN. Where one list is
/// longer, the shorter decides.
pub fn roc_auc(scores: &[f64], is_of_class: &[bool]) -> Option<f32> {
    let mut scored: Vec<(f64, bool)> = scores.iter().copied().zip(is_of_class.iter().copied()).collect();
    if scored.iter().any(|(score, _)| score.is_nan()) {
        return None;
    }
    // Zeros of both signs are equal scores: adding 0 makes them one.
    scored.iter_mut().for_each(|(score, _)| *score += 0.0);
    scored.sort_unstable_by(|(one, _), (other, _)| one.total_cmp(other));
    // Pairs are counted as whole numbers, twice each, so that a half is whole too: a data set has fewer than 2^32 rows.
    let (mut twice, mut below) = (0_u64, 0_u64);
    for tied in scored.chunk_by(|(one, _), (other, _)| one == other) {
        let of_class = tied.iter().filter(|(_, is_of_class)| *is_of_class).count() as u64;
        let others = tied.len() as u64 - of_class;
        twice += of_class * (2 * below + others);
        below += others;
    }
    let pairs = (scored.len() as u64 - below) * below;
    super::share(twice, 2 * pairs)
}

/// [`roc_auc`] of each class against all others, from a score for each class of each example.
///
/// [`macro_roc_auc`] is their mean, scikit-learn's `roc_auc_score` with `multi_class="ovr"`; for two classes whose
/// scores are opposite, all three are the area of the second class. `None` for a class without examples, or where all
/// are of it.
///
/// # Shapes
///
/// `scores` is (rows, classes): see [`class_scores`].
pub fn roc_auc_by_class(scores: ArrayView2<'_, f64>, classes: &[u32]) -> Vec<Option<f32>> {
    let of_class = |class: u32| classes.iter().map(|other| *other == class).collect::<Vec<_>>();
    (0..).zip(scores.columns()).map(|(class, scores)| roc_auc(&scores.to_vec(), &of_class(class))).collect()
}

/// The mean of the areas of [`roc_auc_by_class`]; `None` where one is missing, for a mean of the others would be
/// another figure.
pub fn macro_roc_auc(areas: &[Option<f32>]) -> Option<f32> {
    let areas: Option<Vec<f32>> = areas.iter().copied().collect();
    super::mean(areas?.into_iter())
}

/// A score for each class from the outputs of a network that was trained by `loss`: the higher, the likelier.
///
/// For softmax cross-entropy it is the log-odds of the class against all others, which put examples in the order of
/// their probabilities and do not end at 1 as those do in floating point; for other losses the output itself. One
/// output speaks for the second of two classes, and its opposite for the first.
///
/// # Shapes
///
/// `outputs` is (rows, O), the result (rows, O), or (rows, 2) for one output.
pub fn class_scores(loss: Loss, outputs: ArrayView2<'_, f32>) -> Array2<f64> {
    let outputs = outputs.mapv(f64::from);
    if outputs.ncols() == 1 {
        return Array2::from_shape_fn((outputs.nrows(), 2), |(row, class)| match class {
            0 => -outputs[[row, 0]],
            _ => outputs[[row, 0]],
        });
    }
    if !loss.is_joint() {
        return outputs;
    }
    let mut scores = outputs;
    for mut row in scores.axis_iter_mut(Axis(0)) {
        let logits = row.to_vec();
        row.iter_mut().enumerate().for_each(|(class, score)| *score -= log_sum_of_others(&logits, class));
    }
    scores
}

/// `ln(sum over j, other than class, of e^logits[j])`, with the largest subtracted first.
fn log_sum_of_others(logits: &[f64], class: usize) -> f64 {
    let others = || logits.iter().enumerate().filter(|(other, _)| *other != class).map(|(_, logit)| *logit);
    let max = others().fold(f64::NEG_INFINITY, f64::max);
    max + others().map(|logit| (logit - max).exp()).sum::<f64>().ln()
}
