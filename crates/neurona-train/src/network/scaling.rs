//! Layers that scale the input, and how they are fitted to data.

use ndarray::Array2;

use super::Network;

impl Network {
    /// Fits the standardisation at the front of the network, if there is one, to inputs: to the training part alone,
    /// for what is measured on the others must not reach the network.
    ///
    /// Each column, or each channel over all of its cells, gets its mean and one over its standard deviation (of the
    /// population: the squares are divided by the number of values), computed in `f64`. A column whose values are all the same, or so nearly that the inverse is not
    /// finite, gets the scale 1. Other layers, and inputs of another width than the network's, change nothing.
    pub fn fit_scaling(&mut self, inputs: &Array2<f32>) {
        if inputs.ncols() != self.inputs() || inputs.is_empty() {
            return;
        }
        let mut scaled = inputs.as_standard_layout().into_owned();
        for at in 0..self.scaling_layers() {
            let layer = self.layers[at].clone();
            let own = &mut self.values[layer.values];
            layer.kind.fit(own, scaled.view());
            if let Some(rows) = scaled.as_slice_mut() {
                layer.kind.scale_rows(own, rows);
            }
        }
    }

    /// What the layers at the front that only scale make of the inputs.
    pub(crate) fn scale(&self, inputs: &Array2<f32>) -> Array2<f32> {
        let mut scaled = inputs.as_standard_layout().into_owned();
        if let Some(rows) = scaled.as_slice_mut() {
            self.scale_rows(rows);
        }
        scaled
    }

    /// As [`scale`](Self::scale), for rows one after another, in place.
    pub(crate) fn scale_rows(&self, rows: &mut [f32]) {
        for layer in &self.layers[..self.scaling_layers()] {
            layer.kind.scale_rows(&self.values[layer.values.clone()], rows);
        }
    }
}

#[cfg(test)]
mod tests {
    use neurona::arch::ActivationSpec;

    use super::*;
    use crate::Spec;

    #[test]
    fn columns_get_mean_0_and_deviation_1() {
        let spec = Spec::Chain(vec![
            Spec::rescale(4, 0.5),
            Spec::Standardize { len: 4 },
            Spec::Dense { inputs: 4, outputs: 1, activation: ActivationSpec::Identity },
        ]);
        let mut network = Network::new(spec).expect("the layers fit");
        let inputs = Array2::from_shape_fn((1000, 4), |(row, column)| match column {
            0 => 2000.0 + row as f32,
            1 => (row % 7) as f32 * 1e-3,
            2 => 0.1,
            _ => {
                if row == 0 {
                    1e-45
                } else {
                    0.0
                }
            }
        });
        network.fit_scaling(&inputs);
        let scaled = network.scale(&inputs);
        for column in [0, 1] {
            let column: Vec<f64> = scaled.column(column).iter().map(|value| f64::from(*value)).collect();
            let mean = column.iter().sum::<f64>() / 1000.0;
            let deviation = (column.iter().map(|value| value * value).sum::<f64>() / 1000.0).sqrt();
            // The mean is rounded once, to 1 part in 2^24 of about 4.3 deviations; the scale and each value too.
            assert!(mean.abs() < 1e-6 && (deviation - 1.0).abs() < 1e-6, "{mean}, {deviation}");
        }
        assert!(scaled.column(2).iter().all(|value| *value == 0.0), "a constant column becomes 0");
        assert!(scaled.column(3).iter().all(|value| value.is_finite()));
        assert_eq!(network.values()[6], 1.0, "the scale of the constant column");
        assert!(network.values()[8..].iter().all(|value| *value == 0.0), "the dense layer is left as it is");
    }
}
