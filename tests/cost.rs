//! What `neurona inspect --target` predicts, against networks whose instructions are committed and that the model has not seen:
//! those of `cargo xtask bench device`.

use neurona::Network;
use neurona::prelude::*;
use neurona_train::Spec;
use neurona_train::cost::{self, Target};
use xtask::budget::Budget;
use xtask::firmware;

neurona::network! {
    struct N1: [f32; 64] => [f32; 10] {
        hidden: Dense<64, 32, Relu>,
        output: Dense<32, 10>,
        probabilities: fast::Softmax<10>,
    }
}

neurona::network! {
    struct N2: [f32; 784] => [f32; 10] {
        first: Dense<784, 128, Relu>,
        second: Dense<128, 64, Relu>,
        output: Dense<64, 10>,
        probabilities: fast::Softmax<10>,
    }
}

neurona::network! {
    struct N3: Image<28, 28, 1> => [f32; 10] {
        first: Conv2d<Image<28, 28, 1>, Image<26, 26, 8>, Kernel2d<3>, Relu>,
        smaller: MaxPool<Image<26, 26, 8>, Image<13, 13, 8>, Kernel2d<2, 2, 2>>,
        second: Conv2d<Image<13, 13, 8>, Image<11, 11, 16>, Kernel2d<3>, Relu>,
        smallest: MaxPool<Image<11, 11, 16>, Image<5, 5, 16>, Kernel2d<2, 2, 2>>,
        flat: Flatten<Image<5, 5, 16>, 400>,
        output: Dense<400, 10>,
        probabilities: fast::Softmax<10>,
    }
}

/// A prediction errs by no more than is said of it.
#[test]
fn predictions_are_as_good_as_they_say() {
    let budget = Budget::load(&firmware::workspace().join("bench.toml")).expect("it is committed");
    let mut compared = 0;
    for (name, arch) in [("n1", N1::ARCH), ("n2", N2::ARCH), ("n3", N3::ARCH)] {
        let spec = Spec::from(&arch);
        for core in ["cortex-m0", "cortex-m4f"] {
            for opt_level in ["3", "s"] {
                let Some(figures) = budget.images.get(&format!("{core}/{name}-infer-{opt_level}")) else { continue };
                let target = Target { core: core.to_owned(), opt_level: opt_level.to_owned() };
                let prediction = cost::predict(&spec, &target).expect("a core that was measured");
                let measured = figures["instructions"] as f64;
                let error = 100.0 * (prediction.total() / measured - 1.0);
                println!("{name} on {core} at {opt_level}: {measured} measured, {error:.1} % off");
                assert!(error.abs() <= prediction.largest_error, "{name} on {core} at {opt_level}: {error:.1} %");
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 8, "N1 on both cores, the others on the M4F");
}
