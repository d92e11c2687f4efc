//! Networks of the literature by name, to train: [`neurona::zoo`] has their types, with sources, formulas and costs.
//!
//! # Example
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use neurona_train::{Init, Network, zoo};
//!
//! let resnet8 = zoo::find("resnet8").ok_or("no such network")?;
//! let mut network = Network::new(resnet8.spec())?;
//! network.normalize(&resnet8.normalized())?;
//! network.init(Init::Pytorch, 1);
//! assert_eq!(network.values().len(), 78_666); // as it is trained
//! assert_eq!(network.folded().values().len(), 77_706); // as a device runs it
//! # Ok(())
//! # }
//! ```
//!
//! In a TOML file it is `[network]` with `zoo = "resnet8"`, on the command line `--zoo resnet8`.

use neurona::{
    Layer, LayerSpec,
    zoo::{
        AnomalyAutoencoder, DsCnn, LeNet5, LeNet5Of1998, MobileNetV1, MotionCnn, MotionGru, ResNet8,
        ToyAdmosAutoencoder,
    },
};

use crate::arch::{Spec, Step};

/// A network of the literature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    name: &'static str,
    arch: LayerSpec,
    batch_norm: bool,
}

/// All of them.
pub const ALL: [Known; 9] = [
    Known { name: "lenet5", arch: LeNet5::SPEC, batch_norm: false },
    Known { name: "lenet5_1998", arch: LeNet5Of1998::SPEC, batch_norm: false },
    Known { name: "ds_cnn", arch: DsCnn::SPEC, batch_norm: true },
    Known { name: "resnet8", arch: ResNet8::SPEC, batch_norm: true },
    Known { name: "mobilenet_v1", arch: MobileNetV1::SPEC, batch_norm: true },
    Known { name: "toy_admos_autoencoder", arch: ToyAdmosAutoencoder::SPEC, batch_norm: true },
    Known { name: "motion_cnn", arch: MotionCnn::SPEC, batch_norm: false },
    Known { name: "motion_gru", arch: MotionGru::SPEC, batch_norm: false },
    Known { name: "anomaly_autoencoder", arch: AnomalyAutoencoder::SPEC, batch_norm: false },
];

/// The network of that name.
pub fn find(name: &str) -> Option<Known> {
    ALL.into_iter().find(|known| known.name == name)
}

impl Known {
    /// What files and flags call it: its type in lower case with underscores.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The architecture: that of its type.
    pub fn spec(&self) -> Spec {
        Spec::from(&self.arch)
    }

    /// The layers that are batch-normalised in training, as [`Network::normalize`](crate::Network::normalize) takes them.
    ///
    /// Where the source has batch normalisation, these are all layers with weights but the last, and but those of a
    /// shortcut, which the sources leave as they are.
    pub fn normalized(&self) -> Vec<usize> {
        if !self.batch_norm {
            return Vec::new();
        }
        let spec = self.spec();
        let steps = spec.steps();
        let shortcut = |step: &Step<'_>| match step.spec {
            Spec::Residual { shortcut: Some(_), .. } => step.with?.checked_sub(1),
            _ => None,
        };
        let shortcuts: Vec<usize> = steps.iter().filter_map(shortcut).collect();
        let mut layers: Vec<usize> = (0..steps.len()).filter(|at| steps[*at].params() > 0).collect();
        layers.pop();
        layers.retain(|layer| !shortcuts.contains(layer));
        layers
    }

    /// Number of values of the trained form: those that a device stores, and gamma, beta, running mean and running
    /// variance of each normalised output, as Keras counts them.
    pub fn trained_values(&self) -> usize {
        let spec = self.spec();
        let steps = spec.steps();
        let outputs = self.normalized().into_iter().map(|layer| steps[layer].spec.output_shape().channels());
        spec.values() + 4 * outputs.sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use neurona::{
        InPlace, Inference, Learner, Learning, Network as _, SoftmaxCrossEntropy, SquaredError,
        plain::{Zero, fill},
    };

    use super::*;
    use crate::{
        Init, Network, device,
        model_file::{Metadata, ModelFile},
        random::{Purpose, Random},
    };

    /// The memory of the type, and its fingerprint, are those of the architecture.
    fn check<N: neurona::Network>(name: &str) {
        let spec = find(name).expect(name).spec();
        assert_eq!(spec.ram(), Some(N::RAM), "{name}");
        assert_eq!((spec.flash(), spec.fingerprint()), (size_of::<N>(), N::FINGERPRINT), "{name}");
        assert_eq!((spec.params(), spec.macs()), (N::PARAMS, N::MACS), "{name}");
    }

    #[test]
    fn memory_is_that_of_the_types() {
        check::<LeNet5>("lenet5");
        check::<LeNet5Of1998>("lenet5_1998");
        check::<DsCnn>("ds_cnn");
        check::<ResNet8>("resnet8");
        check::<MobileNetV1>("mobilenet_v1");
        check::<ToyAdmosAutoencoder>("toy_admos_autoencoder");
        check::<MotionCnn>("motion_cnn");
        check::<MotionGru>("motion_gru");
        check::<AnomalyAutoencoder>("anomaly_autoencoder");
    }

    #[test]
    fn trained_forms() {
        // The first four are the reference models of MLPerf Tiny, as Keras counts.
        let expected = [
            ("ds_cnn", 24_908, 9),
            ("resnet8", 78_666, 7),
            ("mobilenet_v1", 221_794, 27),
            ("toy_admos_autoencoder", 269_992, 9),
            ("lenet5", LeNet5::PARAMS, 0),
            ("lenet5_1998", 60_000, 0),
            ("motion_cnn", MotionCnn::PARAMS, 0),
            ("motion_gru", MotionGru::PARAMS, 0),
            ("anomaly_autoencoder", AnomalyAutoencoder::PARAMS, 0),
        ];
        for (name, values, normalized) in expected {
            let known = find(name).expect(name);
            assert_eq!((known.trained_values(), known.normalized().len()), (values, normalized), "{name}");
            let mut network = Network::new(known.spec()).expect(name);
            network.normalize(&known.normalized()).expect(name);
            assert_eq!(network.values().len(), values, "{name}");
            assert_eq!(network.folded().values().len(), known.spec().params(), "{name}");
        }
        assert_eq!(find("lenet"), None);
    }

    /// The type infers to the bits of the device's arithmetic, two inputs give two outputs, and a step of learning makes
    /// the loss less. Its memory is a static: the largest would not fit a thread's stack.
    macro_rules! run {
        ($type:ty, $name:literal, $loss:expr, $target:expr) => {{
            static INFERENCE: Mutex<Inference<$type>> = Mutex::new(Inference::ZERO);
            static LEARNING: Mutex<Learning<$type, InPlace>> = Mutex::new(Learning::ZERO);
            let mut network = Network::new(find($name).expect($name).spec()).expect($name);
            network.init(Init::Pytorch, 1);
            let golden = vec![0.0; network.inputs()];
            let file = ModelFile::new(network.spec().clone(), network.values().to_vec(), Metadata::default(), golden);
            let mut net = file.expect("the input fits").export::<$type>().expect("the same architecture");
            let mut random = Random::new(1, Purpose::Shuffle, 0, 0);
            let mut x = Box::new(<$type as Layer>::Input::ZERO);
            let mut before = Vec::new();
            for _ in 0..2 {
                let values: Vec<f32> = (0..network.inputs()).map(|_| random.unit()).collect();
                let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
                assert!(fill(&mut *x, &bytes), "as many bytes");
                let mut memory = INFERENCE.lock().expect("no one else has it");
                let found = net.infer(&x, &mut memory);
                let expected = device::forward(network.spec(), network.values(), &values).expect("the shapes fit");
                assert_eq!(found.map(f32::to_bits).to_vec(), expected.iter().map(|y| y.to_bits()).collect::<Vec<_>>());
                assert!(found.iter().all(|y| y.is_finite()) && before != expected, $name);
                before = expected;
            }
            let mut learning = LEARNING.lock().expect("no one else has it");
            let mut learner = Learner::new(&mut *net, &mut learning, $loss, InPlace::new(1e-3));
            let [first, second] = [(); 2].map(|()| learner.learn(&x, $target).loss());
            assert!(second < first && first.is_some(), "{}: {second:?} after {first:?}", $name);
        }};
    }

    #[test]
    fn classes_on_the_device() {
        run!(LeNet5, "lenet5", SoftmaxCrossEntropy, &3);
        run!(LeNet5Of1998, "lenet5_1998", SoftmaxCrossEntropy, &3);
        run!(DsCnn, "ds_cnn", SoftmaxCrossEntropy, &3);
        run!(ResNet8, "resnet8", SoftmaxCrossEntropy, &3);
        run!(MobileNetV1, "mobilenet_v1", SoftmaxCrossEntropy, &1);
        run!(MotionCnn, "motion_cnn", SoftmaxCrossEntropy, &3);
        run!(MotionGru, "motion_gru", SoftmaxCrossEntropy, &3);
    }

    #[test]
    fn autoencoders_on_the_device() {
        run!(ToyAdmosAutoencoder, "toy_admos_autoencoder", SquaredError, &[0.5; 640]);
        run!(AnomalyAutoencoder, "anomaly_autoencoder", SquaredError, &[0.5; 64]);
    }
}
