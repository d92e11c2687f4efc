//! Windows that do not fit their input, or have a size of 0: a sentence for each.
use neurona::prelude::*;
use neurona::shape::valid;

const NONE: usize = valid(4, 5, 1, 1);

neurona::network! {
    struct KernelLargerThanInput: Signal<4, 2> => Signal<NONE, 3> {
        conv: Conv1d<Signal<4, 2>, Signal<NONE, 3>, Kernel1d<5>>,
    }
}

neurona::network! {
    struct WrongSize: Signal<9, 2> => Signal<9, 3> {
        conv: Conv1d<Signal<9, 2>, Signal<9, 3>, Kernel1d<5>>,
    }
}

neurona::network! {
    struct StrideOf0: Image<4, 4, 2> => Image<4, 4, 3> {
        conv: Conv2d<Image<4, 4, 2>, Image<4, 4, 3>, Kernel2d<1, 1, 0>>,
    }
}

neurona::network! {
    struct DilationOf0: Signal<9, 2> => Signal<9, 2> {
        pool: MaxPool<Signal<9, 2>, Signal<9, 2>, Kernel1d<3, 1, 0>, Same>,
    }
}

neurona::network! {
    struct UnevenGroups: Signal<9, 4> => Signal<9, 4> {
        conv: Conv1d<Signal<9, 4>, Signal<9, 4>, Grouped<3, Kernel1d<3>>, Relu, Same>,
    }
}

neurona::network! {
    struct UnevenMultiplier: Signal<9, 4> => Signal<9, 6> {
        conv: DepthwiseConv1d<Signal<9, 4>, Signal<9, 6>, Kernel1d<3>, Relu, Same>,
    }
}

neurona::network! {
    struct NoUnits: Signal<9, 4> => [f32; 0] {
        memory: Gru<9, 4, 0>,
    }
}

neurona::network! {
    struct LongerThanTheWindow: Signal<9, 4> => [f32; 3] {
        memory: Lstm<9, 4, 3, Last, 10>,
    }
}

fn main() {}
