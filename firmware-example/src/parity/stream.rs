//! Networks that are fed sample by sample.

use neurona::fast;
use neurona::prelude::*;
use neurona::shape::Tensor;
use neurona::stream::Sample;

use super::convolution::Table;
use super::dense::ThreeCodes;
use super::nasty::{Constants, Nasty, Source};
use super::window::Three;
use crate::Hash;

/// Makes a stream of each line, the list `SPECS` of what they are, and the function `networks` that feeds them all.
///
/// A line names it, its input, its output and its layers, and what it has besides parameters.
macro_rules! streams {
    ($($name:ident: $input:ty => $output:ty { $($layer:ident $type:ty),+ } [$($owner:ident$(.$field:ident)+()),*];)+) => {
        $(
            mod $name {
                #[allow(unused_imports, reason = "of what the layers are made differs")]
                use super::*;

                neurona::network! {
                    pub(super) stream struct Net: $input => $output { $($layer: $type),+ }
                }
            }

            #[inline(never)]
            fn $name() -> u64 {
                fed::<$name::Net>(|_net, _fill| { $(_fill(_net.$owner$(.$field)+());)* }).value()
            }
        )+

        /// What each stream is.
        pub(super) const SPECS: &[neurona::LayerSpec] = &[$(<$name::Net as Layer>::SPEC),+];

        /// Feeds every stream and gives each hash, with its name, to `report`.
        pub(super) fn networks(report: super::Report<'_>) {
            $(report(concat!("stream.", stringify!($name)), $name());)+
        }
    };
}

streams! {
    conv: Signal<12, 2> => Signal<5, 2> {
        first Conv1d<Signal<12, 2>, Signal<12, 3>, Kernel1d<3, 1, 2>, Tanh, Causal>,
        second Conv1d<Signal<12, 3>, Signal<5, 4>, Kernel1d<4, 2>, Relu>,
        third Conv1d<Signal<5, 4>, Signal<5, 2>, Kernel1d<2>, Identity, Padding1d<1, 0>>
    } [];
    depthwise: Signal<12, 2> => Signal<5, 2> {
        first DepthwiseConv1d<Signal<12, 2>, Signal<6, 4>, Kernel1d<3, 2>, Silu, Padding1d<2, 0>>,
        second DepthwiseConv1d<Signal<6, 4>, Signal<6, 4>, Kernel1d<2, 1, 2>, Tanh, Causal>,
        third DepthwiseConv1d<Signal<6, 4>, Signal<5, 4>, Kernel1d<2>>,
        groups Conv1d<Signal<5, 4>, Signal<5, 2>, Grouped<2, Kernel1d<1>>, HardSwish>
    } [];
    table: Signal<12, 2> => Signal<6, 3> {
        first TableConv1d<Signal<12, 2>, Signal<11, 3>, Kernel1d<2>, Table, 4, ScaledTanh>,
        second TableConv1d<Signal<11, 3>, Signal<6, 3>, Kernel1d<2, 2, 2>, Three, 5, Tanh, Causal>,
        third TableConv1d<Signal<6, 3>, Signal<6, 3>, Kernel1d<2>, Three, 5, Identity, Padding1d<1, 0>>
    } [];
    pools: Signal<12, 2> => [f32; 2] {
        first MaxPool<Signal<12, 2>, Signal<6, 2>, Kernel1d<3, 2>, Causal>,
        second AvgPool<Signal<6, 2>, Signal<6, 2>, Kernel1d<2, 1, 2>, Causal>,
        third MaxPool<Signal<6, 2>, Signal<4, 2>, Kernel1d<2, 1, 2>>,
        fourth AvgPool<Signal<4, 2>, Signal<2, 2>, Kernel1d<2, 2>>,
        fifth MaxPool<Signal<2, 2>, Signal<2, 2>, Kernel1d<2>, Padding1d<1, 0>>,
        sixth AvgPool<Signal<2, 2>, Signal<2, 2>, Kernel1d<2>, Padding1d<1, 0>>,
        largest GlobalMaxPool<Signal<2, 2>>
    } [];
    mean: Signal<12, 2> => [f32; 3] {
        input Standardize<2, Signal<12, 2>>, scale Scale<Signal<12, 2>, Sigmoid>, mean GlobalAvgPool<Signal<12, 2>>,
        unit Rescale<2, { (1.0_f32 / 3.0).to_bits() }>, again Standardize<2>, output Dense<2, 3>, share Softmax<3>
    } [input.mean.as_mut_slice(), input.scale.as_mut_slice(), again.mean.as_mut_slice(), again.scale.as_mut_slice()];
    rnn: Signal<12, 2> => [f32; 3] { first Lstm<12, 2, 3, All>, second Rnn<12, 3, 4, All>, last Rnn<12, 4, 3> } [];
    gru: Signal<12, 2> => [f32; 3] { first Gru<12, 2, 3, All>, last Gru<12, 3, 3> } [];
    lstm: Signal<12, 2> => [f32; 3] { last Lstm<12, 2, 5>, output OutputCodes<5, 3, ThreeCodes> } [];
    reservoir: Signal<12, 2> => [f32; 3] {
        first EchoState<12, 2, 4, 2, 9, All, { 0.25_f32.to_bits() }>, second EchoState<12, 4, 5, 2, 9>,
        output Dense<5, 3>, share fast::Softmax<3>
    } [
        first.inputs.as_flattened_mut(), first.recurrent.as_flattened_mut(), first.bias.as_mut_slice(),
        second.inputs.as_flattened_mut(), second.recurrent.as_flattened_mut(), second.bias.as_mut_slice()
    ];
    branches: Signal<12, 2> => Signal<12, 5> {
        same Residual<Conv1d<Signal<12, 2>, Signal<12, 2>, Kernel1d<3>, Tanh, Causal>, Relu>,
        other Projected<Gru<12, 2, 3, All>, Conv1d<Signal<12, 2>, Signal<12, 3>, Kernel1d<1>>, Silu>,
        both Concat<AvgPool<Signal<12, 3>, Signal<12, 3>, Kernel1d<4>, Causal>,
            Conv1d<Signal<12, 3>, Signal<12, 2>, Kernel1d<2, 1, 3>, Tanh, Causal>, Signal<12, 5>>
    } [];
}

/// The hash of every output of a stream that is fed nasty numbers of every kind, longer than its window, from a reset each time.
fn fed<N>(constants: Constants<N>) -> Hash
where
    N: Network + Stream + Zero,
    Sample<N::Input>: Tensor + Zero,
    Sample<N::Output>: Tensor,
{
    let (mut net, mut source, mut hash) = (N::ZERO, Source::new(), Hash::EMPTY);
    let (mut streaming, mut sample) = (Streaming::<N>::ZERO, Sample::<N::Input>::ZERO);
    for nasty in Nasty::ALL {
        // What is not finite comes as input: a NaN among the weights would leave nothing to compare.
        let weights = if nasty == Nasty::NotFinite { Nasty::Rounding } else { nasty };
        net.visit([], &mut |_, array, []| source.fill(weights, array));
        constants(&mut net, &mut |array| source.fill(weights, array));
        streaming.reset();
        for _ in 0..40 {
            source.fill(nasty, sample.values_mut());
            match net.feed(&sample, &mut streaming) {
                Some(output) => hash.add(output.values()),
                None => hash.add(&[]),
            }
        }
    }
    hash
}
