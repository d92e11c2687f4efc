//! The support vector machine of `linfa-svm`, on the trainer's data.

use linfa::traits::Fit as _;
use ndarray::{ArrayView1, ArrayView2};
use neurona_train::Dataset;

use crate::{CourseError, lab};

/// A support vector machine with a Gaussian kernel that tells two classes apart.
pub(crate) struct Svm(linfa_svm::Svm<f64, bool>);

impl Svm {
    /// Trains it with the kernel `e^(-|x - x'|^2 / width)` and the coefficient C, which `cost` is.
    ///
    /// It takes the square of the number of examples in memory, and more than that in time.
    pub(crate) fn fit(data: &Dataset, width: f64, cost: f64) -> Result<Self, CourseError> {
        let inputs = data.inputs();
        let records = ndarray_linfa::Array2::from_shape_fn(inputs.dim(), |(row, axis)| f64::from(inputs[[row, axis]]));
        let targets = ndarray_linfa::Array1::from_iter(lab::classes(data).iter().map(|class| *class == 1));
        let parameters = linfa_svm::Svm::<f64, bool>::params().gaussian_kernel(width).pos_neg_weights(cost, cost);
        Ok(Self(parameters.eps(1e-3).fit(&linfa::Dataset::new(records, targets))?))
    }

    /// The coefficient of each example; of those that it does not keep it is 0.
    pub(crate) fn coefficients(&self) -> &[f64] {
        &self.0.alpha
    }

    /// What it decides by for each row: above 0 is class 1.
    pub(crate) fn decide(&self, points: ArrayView2<'_, f32>) -> Vec<f64> {
        let row = |row: ArrayView1<'_, f32>| {
            let row = ndarray_linfa::Array1::from_iter(row.iter().map(|value| f64::from(*value)));
            self.0.weighted_sum(&row) - self.0.rho
        };
        points.rows().into_iter().map(row).collect()
    }
}
