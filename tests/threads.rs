//! Training on several threads to the bits of one, for every layer, activation and loss.

use std::ops::ControlFlow;

use ndarray::Array2;
use neurona::plain::Plain;
use neurona::{Loss as DeviceLoss, Network};
use neurona_tests::architectures::{Visitor, visit_all};
use neurona_tests::case::Examples;
use neurona_train::{Dataset, Loss, Network as Trained, Optimizer, Spec, Targets, Training, train};

/// More than the rows of a shard of any network, so that every batch is shared; the last one has fewer shards than the others.
const BATCH: usize = 600;
const ROWS: usize = 2 * BATCH + 70;

#[test]
fn threads_change_no_bit() {
    struct Trains(usize);
    impl Visitor for Trains {
        fn visit<N, L>(&mut self, name: &'static str, _: L, loss: Loss)
        where
            N: Network + Plain,
            L: DeviceLoss<N::Output, N::Output>,
        {
            let spec = Spec::from(&N::ARCH);
            if spec.params() == 0 {
                return;
            }
            let mut examples = Examples::new(&spec, loss, 7);
            let mut network = Trained::new(spec.clone()).expect("the layers fit");
            network.set_values(&examples.values()).expect("as many values");
            let mut rows = |len, row: fn(&mut Examples) -> Vec<f32>| {
                let values = (0..ROWS).flat_map(|_| row(&mut examples)).collect();
                Array2::from_shape_vec((ROWS, len), values).expect("as many values as the shape has")
            };
            let inputs = rows(spec.inputs(), Examples::input);
            let targets = Targets::values(rows(spec.outputs(), Examples::target));
            let data = Dataset::new(inputs, targets).expect("the parts fit");
            for optimizer in [Optimizer::ADAM, Optimizer::Sgd { momentum: 0.5 }] {
                let run = |threads| {
                    let settings =
                        Training { epochs: 2, batch: BATCH, rate: 1e-3, optimizer, threads, ..Training::new(loss) };
                    train(network.clone(), &data, None, &settings, &mut |_| ControlFlow::Continue(()))
                        .unwrap_or_else(|error| panic!("{name}: {error}"))
                };
                let one = run(1);
                assert_ne!(one.network, network, "{name} learns");
                for threads in [2, 3] {
                    assert!(run(threads) == one, "{name} on {threads} threads");
                }
            }
            self.0 += 1;
        }
    }
    let mut trains = Trains(0);
    visit_all(&mut trains);
    assert!(trains.0 > 50, "only {} networks", trains.0);
}
