//! Recurrent layers.

use neurona::prelude::*;

use super::networks::{networks, squared_error};

networks! {
    layer rnn: signal Reshape<[f32; 7], Signal<7, 1>>, memory Rnn<7, 1, 3> => squared_error();
    layer gru: hidden Dense<7, 6>, signal Reshape<[f32; 6], Signal<3, 2>>, memory Gru<3, 2, 3, Last, 2>
        => squared_error();
    layer lstm: signal Reshape<[f32; 7], Signal<7, 1>>, memory Lstm<7, 1, 3> => squared_error();
}
