//! Back-propagation through time cut short: the trainer against the device, for each cell and several lengths.

use neurona::Learn;
use neurona::plain::Plain;
use neurona::prelude::*;
use neurona_tests::case::{Device, Examples, is_parameter};
use neurona_train::{Loss, Network as Trained, Spec, TargetRows};

/// A stack whose gradient goes back through `STEPS`, and what it gives.
macro_rules! stack {
    ($name:ident: $first:ty, $second:ty) => {
        neurona::network! {
            #[allow(missing_docs)]
            struct $name: [f32; 18] => [f32; 3] {
                signal: Reshape<[f32; 18], Signal<6, 3>>,
                first: $first,
                second: $second,
                output: Dense<5, 3>,
            }
        }
    };
}

stack!(Rnn1: Rnn<6, 3, 4, All, Tanh, 1>, Rnn<6, 4, 5, Last, Tanh, 1>);
stack!(Rnn2: Rnn<6, 3, 4, All, Tanh, 2>, Rnn<6, 4, 5, Last, Tanh, 2>);
stack!(Rnn4: Rnn<6, 3, 4, All, Tanh, 4>, Rnn<6, 4, 5, Last, Tanh, 4>);
stack!(RnnWhole: Rnn<6, 3, 4, All>, Rnn<6, 4, 5>);
stack!(Gru1: Gru<6, 3, 4, All, 1>, Gru<6, 4, 5, Last, 1>);
stack!(Gru2: Gru<6, 3, 4, All, 2>, Gru<6, 4, 5, Last, 2>);
stack!(Gru4: Gru<6, 3, 4, All, 4>, Gru<6, 4, 5, Last, 4>);
stack!(GruWhole: Gru<6, 3, 4, All>, Gru<6, 4, 5>);
stack!(Lstm1: Lstm<6, 3, 4, All, 1>, Lstm<6, 4, 5, Last, 1>);
stack!(Lstm2: Lstm<6, 3, 4, All, 2>, Lstm<6, 4, 5, Last, 2>);
stack!(Lstm4: Lstm<6, 3, 4, All, 4>, Lstm<6, 4, 5, Last, 4>);
stack!(LstmWhole: Lstm<6, 3, 4, All>, Lstm<6, 4, 5>);

/// The gradients of both, which agree: numbers of the order of 1, each of them a sum of 30 products at most that are off by some 50
/// roundings each, on either side: 2 * 30 * 50 u < 2e-4.
fn agrees<N: Network<Output = [f32; 3]> + Learn + Plain>(steps: Option<usize>) -> Vec<f32> {
    let spec = Spec::from(&N::ARCH);
    let mut examples = Examples::new(&spec, Loss::SquaredError, 20_261_128);
    let (values, x, target) = (examples.values(), examples.input(), examples.target());
    let device = Device::run::<N, _>(&values, &x, &target, &SquaredError).gradient;
    let mut network = Trained::new(spec.clone()).expect("the layers fit");
    network.set_values(&values).expect("as many values");
    network.truncate(steps);
    let x = ndarray::ArrayView2::from_shape((1, x.len()), &x).expect("one row");
    let trained = network.gradients(x, TargetRows::Values(&target), Loss::SquaredError).expect("the shapes fit");
    let learned = is_parameter(&spec).into_iter().zip(trained.values).filter(|(is, _)| *is).map(|(_, value)| value);
    for (at, (device, trainer)) in device.iter().zip(learned).enumerate() {
        assert!((device - trainer).abs() < 2e-4, "{steps:?}, value {at}: {device}, {trainer}");
    }
    device
}

/// How far the gradient goes back makes a difference.
fn differ(found: &[Vec<f32>]) {
    for pair in found.windows(2) {
        let far = pair[0].iter().zip(&pair[1]).map(|(one, other)| (one - other).abs()).fold(0.0, f32::max);
        assert!(far > 2e-3, "{far}");
    }
}

#[test]
fn rnn() {
    differ(&[agrees::<Rnn1>(Some(1)), agrees::<Rnn2>(Some(2)), agrees::<Rnn4>(Some(4)), agrees::<RnnWhole>(None)]);
}

#[test]
fn gru() {
    differ(&[agrees::<Gru1>(Some(1)), agrees::<Gru2>(Some(2)), agrees::<Gru4>(Some(4)), agrees::<GruWhole>(None)]);
}

#[test]
fn lstm() {
    differ(&[agrees::<Lstm1>(Some(1)), agrees::<Lstm2>(Some(2)), agrees::<Lstm4>(Some(4)), agrees::<LstmWhole>(None)]);
}

/// More steps than the window has are all of them.
#[test]
fn longer_than_the_window_is_whole() {
    assert_eq!(agrees::<GruWhole>(Some(6)), agrees::<GruWhole>(Some(100)));
}
