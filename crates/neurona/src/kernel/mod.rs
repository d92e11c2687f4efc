//! The arithmetic: free functions on slices, each with one documented order of its sums.
//!
//! Every product and every sum is rounded on its own, in the order that the function states, so that a debug build, a
//! release build, a desktop and a board give the same bits (for every result that is not NaN: a NaN is a NaN
//! everywhere, but its bits are not the same everywhere). Matrices are row-major: a row holds the weights of one
//! output. Where the lengths of the arguments do not fit together, the shortest decides and nothing panics; the layers
//! always pass what fits.
//!
//! Sums of products, ReLU and pooling are made of a few blocks (the module `blocks`) that have three forms, to the
//! same bits: a plain one, one in assembly for a Cortex-M with a floating-point unit, and sums in integers for an Arm core without.

mod blocks;
mod channel;
mod conv;
mod dense;
mod echo;
mod elementwise;
mod pool;
mod recurrent;
mod rls;
mod spectrum;
mod stream;
mod table;
mod window;

pub use channel::{
    backward_bias, backward_biases, scale_backward_channel, scale_backward_inputs, scale_backward_parameters,
    scale_forward,
};
pub use conv::{
    conv_backward_filter, conv_backward_inputs, conv_backward_weights, conv_forward, depthwise_backward_cell,
    depthwise_backward_inputs, depthwise_backward_weights, depthwise_forward,
};
pub use dense::{dense_backward_inputs, dense_backward_weights, dense_forward};
pub use echo::{Connections, leaky_tanh, reservoir_fill, reservoir_forward};
pub use elementwise::{
    add, axpy, clear, copy, divide, is_finite, largest, maximum, relu, relu_backward, rescale, scale, softmax,
    softmax_backward, sqrt, standardize,
};
pub(crate) use elementwise::{fast_softmax, is_within, quotient, softmax_of, square_bound, zero};
pub use pool::{
    average_pool_backward, average_pool_forward, global_average_backward, global_average_forward, global_max_backward,
    global_max_forward, max_pool_backward, max_pool_forward,
};
pub use recurrent::{
    Steps, gru_backward, gru_forward, lstm_backward, lstm_forward, recurrent_backward_bias, recurrent_backward_weights,
    recurrent_forward,
};
pub use rls::{Gain, InverseSquares, rls_gain, rls_update};
pub use spectrum::{filter_bank, matrix_product, power_spectrum, real_fft, square_roots};
pub use stream::{History, average_pool_step, conv_step, depthwise_step, max_pool_step, table_conv_step};
pub use table::{
    codes_backward, codes_forward, table_conv_backward_inputs, table_conv_backward_weights, table_conv_forward,
};
pub use window::{Axis, Window};
