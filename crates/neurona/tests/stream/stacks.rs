//! Random stacks, written by `tests/scripts/stacks.py`.

use neurona::prelude::*;

use super::check;

neurona::network! {
    stream struct Stack0: Signal<28, 2> => Signal<28, 5> {
        layer0: Concat<Conv1d<Signal<28, 2>, Signal<28, 1>, Kernel1d<4, 1, 1>, Tanh, Causal>, Conv1d<Signal<28, 2>, Signal<28, 1>, Kernel1d<4, 1, 1>, Identity, Causal>, Signal<28, 2>>,
        layer1: Scale<Signal<28, 2>, Silu>,
        layer2: Conv1d<Signal<28, 2>, Signal<28, 5>, Kernel1d<2, 1, 4>, Relu, Causal>,
    }
}

neurona::network! {
    stream struct Stack1: Signal<38, 1> => [f32; 2] {
        layer0: Projected<Rnn<38, 1, 4, All>, Conv1d<Signal<38, 1>, Signal<38, 4>, Kernel1d<1>>, Tanh>,
        layer1: Scale<Signal<38, 4>, Relu>,
        layer2: Residual<Conv1d<Signal<38, 4>, Signal<38, 4>, Kernel1d<1, 1, 3>, Sigmoid, Causal>, Sigmoid>,
        layer3: Projected<Conv1d<Signal<38, 4>, Signal<38, 2>, Kernel1d<2, 1, 1>, Sigmoid, Causal>, Conv1d<Signal<38, 4>, Signal<38, 2>, Kernel1d<1>>, Sigmoid>,
        layer4: GlobalMaxPool<Signal<38, 2>>,
        layer5: Dense<2, 2, Silu>,
        layer6: Softmax<2>,
    }
}

neurona::network! {
    stream struct Stack2: Signal<28, 4> => Signal<28, 4> {
        layer0: Lstm<28, 4, 3, All>,
        layer1: DepthwiseConv1d<Signal<28, 3>, Signal<28, 6>, Kernel1d<2, 1, 1>, Tanh, Padding1d<1, 0>>,
        layer2: Rnn<28, 6, 3, All>,
        layer3: Conv1d<Signal<28, 3>, Signal<28, 4>, Kernel1d<5, 1, 2>, Identity, Causal>,
    }
}

neurona::network! {
    stream struct Stack3: Signal<39, 1> => [f32; 1] {
        layer0: Projected<Lstm<39, 1, 3, All>, Conv1d<Signal<39, 1>, Signal<39, 3>, Kernel1d<1>>, Sigmoid>,
        layer1: Rnn<39, 3, 1, All>,
        layer2: AvgPool<Signal<39, 1>, Signal<39, 1>, Kernel1d<5, 1, 1>, Causal>,
        layer3: AvgPool<Signal<39, 1>, Signal<18, 1>, Kernel1d<5, 2, 1>, Valid>,
        layer4: GlobalMaxPool<Signal<18, 1>>,
        layer5: Dense<1, 1, Silu>,
        layer6: Rescale<1, { 0.3_f32.to_bits() }>,
    }
}

neurona::network! {
    stream struct Stack4: Signal<24, 3> => Signal<8, 3> {
        layer0: DepthwiseConv1d<Signal<24, 3>, Signal<8, 3>, Kernel1d<5, 3, 4>, Silu, Causal>,
        layer1: Scale<Signal<8, 3>, Sigmoid>,
    }
}

neurona::network! {
    stream struct Stack5: Signal<26, 2> => [f32; 1] {
        layer0: Residual<DepthwiseConv1d<Signal<26, 2>, Signal<26, 2>, Kernel1d<2, 1, 3>, LeakyRelu, Causal>, Relu>,
        layer1: Conv1d<Signal<26, 2>, Signal<25, 1>, Kernel1d<2, 1, 1>, Sigmoid, Padding1d<0, 0>>,
        layer2: Conv1d<Signal<25, 1>, Signal<13, 4>, Kernel1d<3, 2, 1>, Sigmoid, Causal>,
        layer3: Gru<13, 4, 3, Last>,
        layer4: Dense<3, 1, Silu>,
        layer5: Softmax<1>,
    }
}

neurona::network! {
    stream struct Stack6: Signal<30, 4> => Signal<5, 5> {
        layer0: Conv1d<Signal<30, 4>, Signal<10, 1>, Kernel1d<5, 3, 1>, Silu, Causal>,
        layer1: Conv1d<Signal<10, 1>, Signal<5, 1>, Kernel1d<1, 2, 1>, Sigmoid, Causal>,
        layer2: Conv1d<Signal<5, 1>, Signal<5, 5>, Kernel1d<3, 1, 1>, Relu, Causal>,
    }
}

neurona::network! {
    stream struct Stack7: Signal<38, 3> => [f32; 3] {
        layer0: Projected<AvgPool<Signal<38, 3>, Signal<38, 3>, Kernel1d<2, 1, 1>, Causal>, Conv1d<Signal<38, 3>, Signal<38, 3>, Kernel1d<1>>, Silu>,
        layer1: AvgPool<Signal<38, 3>, Signal<38, 3>, Kernel1d<1, 1, 1>, Causal>,
        layer2: Gru<38, 3, 6, All>,
        layer3: Gru<38, 6, 1, Last>,
        layer4: Dense<1, 3, Relu>,
        layer5: Rescale<3, { 0.3_f32.to_bits() }>,
    }
}

neurona::network! {
    stream struct Stack8: Signal<34, 3> => Signal<5, 6> {
        layer0: Conv1d<Signal<34, 3>, Signal<16, 2>, Kernel1d<3, 2, 1>, LeakyRelu, Valid>,
        layer1: DepthwiseConv1d<Signal<16, 2>, Signal<13, 2>, Kernel1d<2, 1, 4>, Sigmoid, Padding1d<1, 0>>,
        layer2: Rnn<13, 2, 3, All>,
        layer3: Conv1d<Signal<13, 3>, Signal<5, 6>, Kernel1d<3, 3, 2>, Silu, Causal>,
    }
}

neurona::network! {
    stream struct Stack9: Signal<29, 3> => [f32; 3] {
        layer0: DepthwiseConv1d<Signal<29, 3>, Signal<29, 6>, Kernel1d<1, 1, 4>, Relu, Causal>,
        layer1: Rnn<29, 6, 5, All>,
        layer2: GlobalAvgPool<Signal<29, 5>>,
        layer3: Dense<5, 3, LeakyRelu>,
        layer4: Rescale<3, { 0.3_f32.to_bits() }>,
    }
}

neurona::network! {
    stream struct Stack10: Signal<39, 1> => Signal<33, 1> {
        layer0: DepthwiseConv1d<Signal<39, 1>, Signal<33, 1>, Kernel1d<5, 1, 4>, LeakyRelu, Padding1d<10, 0>>,
        layer1: Scale<Signal<33, 1>, Silu>,
        layer2: Scale<Signal<33, 1>, LeakyRelu>,
    }
}

neurona::network! {
    stream struct Stack11: Signal<20, 2> => [f32; 2] {
        layer0: Conv1d<Signal<20, 2>, Signal<20, 5>, Kernel1d<1, 1, 4>, LeakyRelu, Padding1d<0, 0>>,
        layer1: Standardize<5, Signal<20, 5>>,
        layer2: GlobalMaxPool<Signal<20, 5>>,
        layer3: Dense<5, 2, Identity>,
        layer4: Rescale<2, { 0.3_f32.to_bits() }>,
    }
}

neurona::network! {
    stream struct Stack12: Signal<38, 1> => Signal<38, 6> {
        layer0: Frozen<Conv1d<Signal<38, 1>, Signal<38, 3>, Kernel1d<5, 1, 1>, Tanh, Causal>>,
        layer1: Frozen<Residual<DepthwiseConv1d<Signal<38, 3>, Signal<38, 3>, Kernel1d<1, 1, 3>, Sigmoid, Causal>, Identity>>,
        layer2: Frozen<Standardize<3, Signal<38, 3>>>,
        layer3: EchoState<38, 3, 6, 5, 1, All>,
    }
}

neurona::network! {
    stream struct Stack13: Signal<22, 2> => [f32; 4] {
        layer0: Residual<DepthwiseConv1d<Signal<22, 2>, Signal<22, 2>, Kernel1d<1, 1, 3>, Sigmoid, Causal>, Relu>,
        layer1: Conv1d<Signal<22, 2>, Signal<18, 6>, Kernel1d<5, 1, 1>, Identity, Valid>,
        layer2: Residual<Conv1d<Signal<18, 6>, Signal<18, 6>, Kernel1d<1, 1, 1>, Relu, Causal>, Sigmoid>,
        layer3: Rnn<18, 6, 5, All>,
        layer4: GlobalMaxPool<Signal<18, 5>>,
        layer5: Dense<5, 4, Tanh>,
        layer6: Rescale<4, { 0.3_f32.to_bits() }>,
    }
}

neurona::network! {
    stream struct Stack14: Signal<40, 3> => Signal<40, 3> {
        layer0: Residual<Scale<Signal<40, 3>, LeakyRelu>, Tanh>,
        layer1: Residual<AvgPool<Signal<40, 3>, Signal<40, 3>, Kernel1d<1, 1, 3>, Causal>, Silu>,
        layer2: Standardize<3, Signal<40, 3>>,
    }
}

neurona::network! {
    stream struct Stack15: Signal<20, 2> => [f32; 4] {
        layer0: Conv1d<Signal<20, 2>, Signal<10, 6>, Kernel1d<2, 2, 1>, Relu, Causal>,
        layer1: AvgPool<Signal<10, 6>, Signal<4, 6>, Kernel1d<2, 3, 1>, Causal>,
        layer2: Gru<4, 6, 2, All>,
        layer3: GlobalMaxPool<Signal<4, 2>>,
        layer4: Dense<2, 4, Sigmoid>,
        layer5: Softmax<4>,
    }
}

neurona::network! {
    stream struct Stack16: Signal<28, 4> => Signal<28, 4> {
        layer0: Standardize<4, Signal<28, 4>>,
        layer1: Standardize<4, Signal<28, 4>>,
    }
}

neurona::network! {
    stream struct Stack17: Signal<20, 3> => [f32; 1] {
        layer0: Standardize<3, Signal<20, 3>>,
        layer1: Residual<MaxPool<Signal<20, 3>, Signal<20, 3>, Kernel1d<2, 1, 3>, Causal>, Sigmoid>,
        layer2: Rnn<20, 3, 3, Last>,
        layer3: Dense<3, 1, Relu>,
        layer4: Rescale<1, { 0.3_f32.to_bits() }>,
    }
}

neurona::network! {
    stream struct Stack18: Signal<20, 3> => Signal<3, 1> {
        layer0: Conv1d<Signal<20, 3>, Signal<10, 6>, Kernel1d<2, 2, 1>, Silu, Valid>,
        layer1: Conv1d<Signal<10, 6>, Signal<3, 1>, Kernel1d<5, 2, 1>, Silu, Valid>,
        layer2: Conv1d<Signal<3, 1>, Signal<3, 1>, Kernel1d<1, 1, 1>, Identity, Valid>,
    }
}

neurona::network! {
    stream struct Stack19: Signal<28, 4> => [f32; 3] {
        layer0: Projected<Rnn<28, 4, 2, All>, Conv1d<Signal<28, 4>, Signal<28, 2>, Kernel1d<1>>, Tanh>,
        layer1: Conv1d<Signal<28, 2>, Signal<27, 5>, Kernel1d<2, 1, 2>, Tanh, Padding1d<1, 0>>,
        layer2: Gru<27, 5, 5, All>,
        layer3: GlobalAvgPool<Signal<27, 5>>,
        layer4: Dense<5, 3, Identity>,
        layer5: Softmax<3>,
    }
}

#[test]
fn random_stacks() {
    check::<Stack0>();
    check::<Stack1>();
    check::<Stack2>();
    check::<Stack3>();
    check::<Stack4>();
    check::<Stack5>();
    check::<Stack6>();
    check::<Stack7>();
    check::<Stack8>();
    check::<Stack9>();
    check::<Stack10>();
    check::<Stack11>();
    check::<Stack12>();
    check::<Stack13>();
    check::<Stack14>();
    check::<Stack15>();
    check::<Stack16>();
    check::<Stack17>();
    check::<Stack18>();
    check::<Stack19>();
}
