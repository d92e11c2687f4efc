//! The arithmetic: free functions on slices, each in one portable form with one documented order of its sums.
//!
//! Every product and every sum is rounded on its own, in the order that the function states, so that a debug build, a
//! release build, a desktop and a board give the same bits (for every result that is not NaN: a NaN is a NaN
//! everywhere, but its bits are not the same everywhere). Matrices are row-major: a row holds the weights of one
//! output. Where the lengths of the arguments do not fit together, the shortest decides and nothing panics; the layers
//! always pass what fits.

mod dense;
mod elementwise;

pub use dense::{dense_backward_inputs, dense_backward_weights, dense_forward};
pub(crate) use elementwise::maximum;
pub use elementwise::{axpy, rescale, softmax, softmax_backward, standardize};
