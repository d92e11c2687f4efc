//! From a trained network to a model file and to the type of the device.

use neurona::{Network as Type, plain::Plain};

use crate::{
    data::Dataset,
    model_file::{Metadata, ModelFile, ModelFileError},
    train::{Score, Trained, kernel_name},
};

impl Trained {
    /// What a model file says of this network, which was trained on `data`: its layers, labels, seed, loss, tool, the
    /// columns of the targets and the scores of the epoch that was kept. The name of the data set and further figures are for the caller to add.
    pub fn metadata(&self, name: &str, data: &Dataset) -> Metadata {
        let mut metrics = Vec::new();
        let mut add = |part: &str, score: Score| {
            metrics.push((format!("{part}_loss"), score.loss));
            metrics.extend(score.accuracy.map(|accuracy| (format!("{part}_accuracy"), accuracy)));
        };
        if let Some(epoch) = self.epochs.iter().find(|epoch| epoch.number == self.kept) {
            add("training", epoch.training);
            if let Some(score) = epoch.validation {
                add("validation", score);
            }
        }
        Metadata {
            name: name.to_owned(),
            layers: self.network.spec().layer_names(),
            labels: data.labels().to_vec(),
            dataset: String::new(),
            seed: self.seed,
            tool: format!("neurona-train {} ({})", env!("CARGO_PKG_VERSION"), kernel_name()),
            loss: self.loss.name().to_owned(),
            metrics,
            targets: data.targets().columns().to_vec(),
        }
    }

    /// The model file of this network, normalisation folded into its weights; `golden` is an input whose output, in the device's arithmetic, goes with it.
    ///
    /// # Errors
    ///
    /// The input has another length than the network takes.
    pub fn model_file(&self, metadata: Metadata, golden: &[f32]) -> Result<ModelFile, ModelFileError> {
        let network = self.network.folded();
        ModelFile::new(network.spec().clone(), network.values().to_vec(), metadata, golden.to_vec())
    }

    /// The network as the Rust type of the device, normalisation folded into its weights.
    ///
    /// # Errors
    ///
    /// The type has another architecture: the error names the layer, what was expected and what was found.
    pub fn export<N: Type + Plain>(&self) -> Result<Box<N>, ModelFileError> {
        self.model_file(Metadata::default(), &vec![0.0; self.network.inputs()])?.export()
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use ndarray::Array2;
    use neurona::prelude::*;

    use super::*;
    use crate::{Init, Loss, Network as Dynamic, Targets, Training, train};

    neurona::network! {
        #[allow(missing_docs)]
        struct Sign: [f32; 2] => [f32; 2] {
            standardize: Standardize<2>,
            hidden: Dense<2, 4, Tanh>,
            output: Dense<4, 2>,
        }
    }

    fn trained() -> (Trained, Dataset) {
        let inputs = Array2::from_shape_fn((40, 2), |(row, column)| ((row * 7 + column * 3) % 11) as f32 - 5.0);
        let classes = inputs.rows().into_iter().map(|row| u32::from(row[0] > 0.0)).collect();
        let data = Dataset::new(inputs, Targets::classes(&["minus", "plus"], classes)).expect("the parts fit");
        let mut network = Dynamic::from_arch(&Sign::ARCH).expect("the architecture is right");
        network.init(Init::Pytorch, 3);
        network.fit_scaling(data.inputs());
        let settings = Training { epochs: 3, seed: 3, ..Training::new(Loss::SoftmaxCrossEntropy) };
        let trained = train(network, &data, Some(&data), &settings, &mut |_| ControlFlow::Continue(()));
        (trained.expect("the data fit"), data)
    }

    #[test]
    fn the_type_computes_what_the_file_does() {
        let (trained, data) = trained();
        let golden = data.input(5).expect("there are 40 rows");
        let file = trained.model_file(trained.metadata("Sign", &data), golden).expect("the input fits");
        let sign = trained.export::<Sign>().expect("the same architecture");
        let mut memory = Inference::<Sign>::ZERO;
        assert_eq!(sign.infer(golden.try_into().expect("two inputs"), &mut memory)[..], file.golden().output);
        assert_eq!(sign.output.bias[..], trained.network.values()[trained.network.values().len() - 2..]);
    }

    #[test]
    fn the_file_says_how_it_came_about() {
        let (trained, data) = trained();
        let metadata = trained.metadata("Sign", &data);
        assert_eq!(metadata.layers, ["standardize", "hidden", "output"]);
        assert_eq!(metadata.labels, ["minus", "plus"]);
        assert_eq!((metadata.seed, &metadata.loss[..]), (3, "softmax_cross_entropy"));
        assert!(metadata.tool.starts_with("neurona-train ") && metadata.tool.contains(std::env::consts::ARCH));
        let kept = trained.epochs[trained.kept as usize - 1];
        let names: Vec<&str> = metadata.metrics.iter().map(|(name, _)| &name[..]).collect();
        assert_eq!(names, ["training_loss", "training_accuracy", "validation_loss", "validation_accuracy"]);
        assert_eq!(metadata.metrics[0].1, kept.training.loss);
    }

    #[test]
    fn another_type_is_an_error_that_names_the_layer() {
        neurona::network! {
            #[allow(missing_docs)]
            struct Other: [f32; 2] => [f32; 2] {
                standardize: Standardize<2>,
                hidden: Dense<2, 5, Tanh>,
                output: Dense<5, 2>,
            }
        }
        let (trained, _) = trained();
        let error = trained.export::<Other>().map(|_| ()).expect_err("another size");
        assert_eq!(
            error.to_string(),
            "model file of another architecture: layer 1 (counted from 0): expected dense 2 -> 5 tanh, found dense 2 -> 4 tanh"
        );
    }
}
