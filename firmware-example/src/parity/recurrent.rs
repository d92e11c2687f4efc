//! Recurrent layers.

use neurona::EchoMemory;
use neurona::prelude::*;

use super::Report;
use super::networks::{networks, squared_error};
use crate::Hash;

networks! {
    layer rnn: signal Reshape<[f32; 7], Signal<7, 1>>, memory Rnn<7, 1, 3> => squared_error();
    layer gru: hidden Dense<7, 6>, signal Reshape<[f32; 6], Signal<3, 2>>, memory Gru<3, 2, 3, Last, 2>
        => squared_error();
    layer lstm: signal Reshape<[f32; 7], Signal<7, 1>>, memory Lstm<7, 1, 3> => squared_error();
    layer rnn_relu: signal Reshape<[f32; 7], Signal<7, 1>>, memory Rnn<7, 1, 3, Last, Relu> => squared_error();
    layer rnn_all: hidden Dense<7, 6>, signal Reshape<[f32; 6], Signal<3, 2>>, memory Rnn<3, 2, 4, All, Silu>,
        mean GlobalAvgPool<Signal<3, 4>>, output Dense<4, 3> => squared_error();
    layer gru_all: signal Reshape<[f32; 7], Signal<7, 1>>, first Gru<7, 1, 2, All>, second Gru<7, 2, 3> => squared_error();
    layer lstm_all: signal Reshape<[f32; 7], Signal<7, 1>>, memory Lstm<7, 1, 2, All, 3>, flat Flatten<Signal<7, 2>, 14>,
        output Dense<14, 3> => squared_error();
    layer echo_state: signal Reshape<[f32; 7], Signal<7, 1>>, memory EchoState<7, 1, 5, 2, 9>, output Dense<5, 3>
        [memory.inputs.as_flattened_mut(), memory.recurrent.as_flattened_mut(), memory.bias.as_mut_slice()]
        => squared_error();
    layer echo_state_all: signal Reshape<[f32; 7], Signal<7, 1>>,
        memory EchoState<7, 1, 4, 2, 9, All, { 0.25_f32.to_bits() }>, mean GlobalAvgPool<Signal<7, 4>>, output Dense<4, 3>
        [memory.inputs.as_flattened_mut(), memory.recurrent.as_flattened_mut(), memory.bias.as_mut_slice()]
        => squared_error();
}

/// Runs every recurrent network, draws a reservoir, feeds every stream, and gives each hash, with its name, to `report`.
pub(super) fn all(report: Report<'_>) {
    networks(&mut *report);
    report("layer.echo_state_fill", drawn());
    super::stream::networks(report);
}

/// The weights of a reservoir that is drawn from its seed.
#[inline(never)] // so that its memory is not on the stack of the others
fn drawn() -> u64 {
    let (mut layer, mut memory) = (EchoState::<7, 2, 8, 3, 5>::ZERO, EchoMemory::ZERO);
    layer.fill(Reservoir { radius: 0.9, inputs: 0.5, bias: 0.1 }, &mut memory);
    let mut hash = Hash::EMPTY;
    hash.add(layer.inputs.as_flattened());
    hash.add(layer.recurrent.as_flattened());
    hash.add(&layer.bias);
    hash.value()
}
