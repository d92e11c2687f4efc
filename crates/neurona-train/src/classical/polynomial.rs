//! Polynomial features.

use ndarray::{Array2, ArrayView2};

use crate::{Dataset, DatasetError, ShapeError};

/// All products of the inputs up to a total degree: for two inputs and degree 2 `x0`, `x1`, `x0^2`, `x0 x1`, `x1^2`.
///
/// They stand by degree, within one in the order of their inputs, as in scikit-learn's `PolynomialFeatures` without its
/// column of ones, which is the bias of a neuron. Of I inputs there are `(I + degree)! / (I! degree!) - 1`; with the
/// bias that is how many parameters a neuron on them has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Polynomial {
    inputs: usize,
    /// The inputs that each term multiplies, in their order: `[0, 0, 1]` for `x0^2 x1`.
    terms: Vec<Vec<usize>>,
}

/// Why there are no such features.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PolynomialError {
    /// The degree is 0, or higher than [`Polynomial::HIGHEST`].
    #[error("degree: expected from 1 to {}, found {found}", Polynomial::HIGHEST)]
    Degree {
        /// The degree.
        found: u32,
    },
    /// There would be too many.
    #[error(
        "degree {degree} of {inputs} inputs gives more than {} features; expected at most so many",
        Polynomial::MOST
    )]
    TooMany {
        /// The degree.
        degree: u32,
        /// How many inputs there are.
        inputs: usize,
    },
    /// The inputs are not as many as the features are of.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// A product is not finite.
    #[error("the polynomial features: {0}; smaller inputs have smaller powers")]
    Dataset(#[from] DatasetError),
}

impl Polynomial {
    /// The most features.
    pub const MOST: usize = 1 << 16;
    /// The highest degree.
    pub const HIGHEST: u32 = 16;

    /// The features of so many inputs up to that degree.
    ///
    /// # Errors
    ///
    /// The degree is 0 or above [`HIGHEST`](Self::HIGHEST), or there would be more than [`MOST`](Self::MOST).
    pub fn new(inputs: usize, degree: u32) -> Result<Self, PolynomialError> {
        if !(1..=Self::HIGHEST).contains(&degree) {
            return Err(PolynomialError::Degree { found: degree });
        }
        let mut terms: Vec<Vec<usize>> = Vec::new();
        let mut lower = vec![Vec::new()];
        for _ in 1..=degree {
            let mut next = Vec::new();
            for term in &lower {
                // Each term of the next degree once: another factor that is not before the last.
                for input in term.last().copied().unwrap_or(0)..inputs {
                    if terms.len() + next.len() == Self::MOST {
                        return Err(PolynomialError::TooMany { degree, inputs });
                    }
                    next.push([&term[..], &[input]].concat());
                }
            }
            terms.extend_from_slice(&next);
            lower = next;
        }
        Ok(Self { inputs, terms })
    }

    /// How many features there are.
    pub fn len(&self) -> usize {
        self.terms.len()
    }

    /// Whether there are none, as there are no inputs.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// How many parameters a neuron on these features has: a weight for each, and the bias.
    pub fn parameters(&self) -> usize {
        self.terms.len() + 1
    }

    /// The names of the features, such as `x0^2 x1`, from the names of the inputs.
    ///
    /// # Errors
    ///
    /// There is not a name for each input.
    pub fn names(&self, columns: &[String]) -> Result<Vec<String>, ShapeError> {
        ShapeError::check("column names", self.inputs, columns.len())?;
        let power = |factors: &[usize]| match (&columns[factors[0]], factors.len()) {
            (column, 1) => column.clone(),
            (column, power) => format!("{column}^{power}"),
        };
        let name =
            |term: &Vec<usize>| term.chunk_by(|one, other| one == other).map(power).collect::<Vec<_>>().join(" ");
        Ok(self.terms.iter().map(name).collect())
    }

    /// The features of a batch; each product is computed in `f64` and rounded to `f32` once.
    ///
    /// # Shapes
    ///
    /// `inputs` is (B, I), the result is (B, [`len`](Self::len)).
    ///
    /// # Errors
    ///
    /// The rows of `inputs` do not have as many values as the features are of.
    pub fn features(&self, inputs: ArrayView2<'_, f32>) -> Result<Array2<f32>, ShapeError> {
        ShapeError::check("inputs", self.inputs, inputs.ncols())?;
        Ok(Array2::from_shape_fn((inputs.nrows(), self.len()), |(row, term)| {
            self.terms[term].iter().map(|input| f64::from(inputs[[row, *input]])).product::<f64>() as f32
        }))
    }

    /// The data set with these features in place of its inputs, and their names.
    ///
    /// # Errors
    ///
    /// The data have other inputs, or a product is too large.
    pub fn apply(&self, data: &Dataset) -> Result<Dataset, PolynomialError> {
        let (features, names) = (self.features(data.inputs().view())?, self.names(data.columns())?);
        Ok(Dataset::with_columns(features, names, data.targets().clone())?)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::Targets;

    fn names(inputs: usize, degree: u32) -> Vec<String> {
        let columns: Vec<String> = (0..inputs).map(|input| format!("x{input}")).collect();
        Polynomial::new(inputs, degree).and_then(|terms| Ok(terms.names(&columns)?)).expect("few features")
    }

    #[test]
    fn order_and_names_are_those_of_scikit_learn() {
        // PolynomialFeatures(degree, include_bias=False).fit(x).get_feature_names_out() of scikit-learn 1.9.1.
        assert_eq!(names(2, 1), ["x0", "x1"]);
        assert_eq!(names(2, 2), ["x0", "x1", "x0^2", "x0 x1", "x1^2"]);
        let expected = "x0,x1,x2,x0^2,x0 x1,x0 x2,x1^2,x1 x2,x2^2,x0^3,x0^2 x1,x0^2 x2,x0 x1^2,x0 x1 x2,x0 x2^2,x1^3,\
                        x1^2 x2,x1 x2^2,x2^3";
        assert_eq!(names(3, 3).join(","), expected);
    }

    #[test]
    fn parameters_are_those_of_the_course() {
        for (degree, expected) in [(1, 3), (2, 6), (4, 15)] {
            assert_eq!(Polynomial::new(2, degree).map(|terms| terms.parameters()), Ok(expected));
        }
        // (64 + 3)! / (64! 3!), and for degree 4 817,190.
        assert_eq!(Polynomial::new(64, 3).map(|terms| terms.parameters()), Ok(47_905));
        assert_eq!(Polynomial::new(64, 4), Err(PolynomialError::TooMany { degree: 4, inputs: 64 }));
        for found in [0, 17, u32::MAX] {
            assert_eq!(Polynomial::new(1, found), Err(PolynomialError::Degree { found }));
        }
    }

    #[test]
    fn products_take_the_place_of_the_inputs() {
        let data = Dataset::new(array![[2.0, 3.0], [-1.0, 0.5]], Targets::classes(&["a", "b"], vec![0, 1]));
        let data = data.expect("the parts fit");
        let curved = Polynomial::new(2, 2).and_then(|terms| terms.apply(&data)).expect("they fit");
        assert_eq!(curved.inputs(), array![[2.0, 3.0, 4.0, 6.0, 9.0], [-1.0, 0.5, 1.0, -0.5, 0.25]]);
        assert_eq!(curved.targets(), data.targets());
        assert!(Polynomial::new(3, 2).and_then(|terms| terms.apply(&data)).is_err());
        let large = Dataset::new(array![[1e30], [0.0]], Targets::classes(&["a", "b"], vec![0, 1])).expect("finite");
        let error = Polynomial::new(1, 2).and_then(|terms| terms.apply(&large)).expect_err("1e60").to_string();
        assert_eq!(
            error,
            "the polynomial features: row 0, column 1 of the inputs: expected a finite number, found inf; smaller \
             inputs have smaller powers"
        );
    }
}
