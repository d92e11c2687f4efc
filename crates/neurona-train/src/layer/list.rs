//! The list of the layers: a line for each kind, and one for each key of TOML that describes a layer.
//!
//! From them come [`Spec`], which a model file holds, its reading ([`wire`]), the kinds that compute ([`Kind`]) and
//! [`LayerConfig`].

use std::ops::Deref;

use neurona::arch::{
    ActivationSpec, ConvSpec, DepthwiseConvSpec, EchoStateSpec, GlobalPoolSpec, LayerSpec, PoolSpec, RecurrentSpec,
    ReshapeSpec, ScaleSpec, Shape,
};
use serde::{Deserialize, Serialize};

use super::{
    Add, Concat, Dense, LayerKind, OutputCodes, Rescale, Softmax, Standardize, TableConv, add, concat, conv, dense,
    depthwise_conv, echo_state, global_pool, output_codes, pool, recurrent, reshape, scale,
};
use crate::config::{
    GlobalPool, Padding, Size,
    described::{Described, Given},
};

// The order is that of the model file: a new kind goes to the end of the second part.
layers! {
    parts {
        /// The same values in another shape.
        Reshape(ReshapeSpec),
        /// Convolution.
        Conv(ConvSpec),
        /// Convolution of each channel by itself.
        DepthwiseConv(DepthwiseConvSpec),
        /// The largest or the mean of each window.
        Pool(PoolSpec),
        /// The largest or the mean of each channel.
        GlobalPool(GlobalPoolSpec),
        /// A scale and a shift for each channel.
        Scale(ScaleSpec),
    }
    {
        /// A cell applied step after step.
        Recurrent(RecurrentSpec),
        /// The fixed, sparse reservoir of an echo state network.
        EchoState(EchoStateSpec),
        /// Convolution whose filters see the channels that a table names.
        TableConv(TableConv),
        /// Minus the squared distance to a fixed code for each output.
        OutputCodes(OutputCodes),
    }
}

keys! {
    /// A dense layer: the number of its outputs.
    dense: Option<u32> => dense::DENSE,
    /// A convolution: the number of its filters.
    conv: Option<u32> => conv::CONV,
    /// A convolution of each channel by itself: the number of filters for each.
    depthwise: Option<u32> => depthwise_conv::DEPTHWISE,
    /// The largest value of each window of this size.
    max_pool: Option<Size> => pool::MAX_POOL,
    /// The mean of each window of this size.
    avg_pool: Option<Size> => pool::AVG_POOL,
    /// The mean or the largest value of each channel.
    global_pool: Option<GlobalPool> => global_pool::GLOBAL_POOL,
    /// The input as a vector.
    flatten: bool => reshape::FLATTEN,
    /// A scale and a shift for each channel.
    scale: bool => scale::SCALE,
    /// A simple recurrent layer over the steps of a signal: the number of its units.
    rnn: Option<u32> => recurrent::RNN,
    /// A gated recurrent unit: the number of its units.
    gru: Option<u32> => recurrent::GRU,
    /// A long short-term memory: the number of its units.
    lstm: Option<u32> => recurrent::LSTM,
    /// The reservoir of an echo state network: the number of its units.
    echo_state: Option<u32> => echo_state::ECHO_STATE,
    /// A code of `#` (1) and `.` (-1) for each output, with a mark for each input; other characters do not count.
    codes: Option<Vec<String>> => output_codes::CODES,
    /// A body with a shortcut around it.
    residual: Option<Vec<LayerConfig>> => add::RESIDUAL,
    /// Two branches, whose channels are put side by side.
    concat: Option<Vec<Vec<LayerConfig>>> => concat::CONCAT,
}
