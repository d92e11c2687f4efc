//! Ways to learn.

use neurona::prelude::*;

use super::RATE;
use super::nasty::Example;
use super::networks::{Hidden, Output, networks};

networks! {
    layer concat_on_batches: both Concat<Dense<7, 2, Relu>, Dense<7, 4, Sigmoid>, [f32; 6]>,
        scale Scale<[f32; 6]>, output Dense<6, 3> => mini_batches(|sgd, net, sum| sgd.step(net, sum, BATCH));

    optimizer sgd: hidden Hidden, output Output => mini_batches(|sgd, net, sum| sgd.step(net, sum, BATCH));
    optimizer momentum: hidden Hidden, output Output => {
        let mut velocity = Gradient::<Net>::ZERO;
        mini_batches(move |sgd, net, sum| sgd.step_with_momentum(net, sum, &mut velocity, BATCH))
    };
    optimizer rls: hidden Hidden, output Output => {
        let rls = Rls { forgetting: 0.99, variance: 10.0 };
        let (mut memory, mut states) = (RlsMemory::<5>::ZERO, [0.0; 5]);
        rls.begin(&mut memory);
        move |net: &mut Net, example: &Example, _: &mut Workspace<Net>| {
            net.hidden.forward(&example.x, &mut states, &mut ());
            rls.learn(&mut net.output, &states, &example.t, &mut memory).unwrap_or(-1.0)
        }
    };
}

/// Number of examples in a mini-batch.
const BATCH: usize = 4;

/// A step with each mini-batch, from the sum of its gradients.
fn mini_batches<N: Network<Input = [f32; 7], Output = [f32; 3]>>(
    mut step: impl FnMut(&Sgd, &mut N, &mut Gradient<N>),
) -> impl FnMut(&mut N, &Example, &mut Workspace<N>) -> f32 {
    let (mut sum, mut examples) = (Gradient::<N>::ZERO, 0);
    move |net, example, workspace| {
        let loss = net.accumulate(&example.x, &example.t, &SquaredError, &mut sum, workspace);
        examples += 1;
        if examples % BATCH == 0 {
            step(&Sgd { rate: RATE, momentum: 0.9 }, net, &mut sum);
        }
        loss
    }
}
