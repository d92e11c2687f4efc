//! What each kind of layer does to a batch, forward and backward.

use ndarray::linalg::general_mat_mul;

use super::{
    conv,
    layer::{Kind, Layer},
    pass::{matrix, matrix_mut},
    pool, recurrent, scaling,
};
use crate::activation;

impl Layer {
    /// Number of values that a pass needs as scratch.
    pub(super) fn scratch(&self) -> usize {
        match &self.kind {
            Kind::Conv(conv) => conv::columns(conv),
            Kind::Recurrent(spec) => recurrent::memory(spec),
            Kind::EchoState(echo) => recurrent::memory_of_echo(echo),
            _ => 0,
        }
    }

    /// Number of values that forward keeps for backward besides the outputs, for each row.
    pub(super) fn trace(&self) -> usize {
        if let Kind::Recurrent(spec) = &self.kind { recurrent::trace(spec) } else { 0 }
    }

    /// Number of values that backward needs as scratch besides, for each row.
    pub(super) fn scratch_of_row(&self) -> usize {
        if let Kind::Recurrent(spec) = &self.kind { recurrent::gradients(spec) } else { 0 }
    }

    /// The outputs, before the bias, a normalisation and the activation where the layer has them.
    pub(super) fn sums(&self, pass: Forward<'_>) {
        let Forward { values, x, with, y, trace, scratch } = pass;
        let rows = y.len() / self.outputs;
        let weights = &values[..self.weights()];
        match &self.kind {
            // z = x W^T
            Kind::Dense(_) => {
                let (x, weights) = (matrix(x, rows, self.inputs), matrix(weights, self.outputs, self.inputs));
                general_mat_mul(1.0, &x, &weights.t(), 0.0, &mut matrix_mut(y, rows, self.outputs));
            }
            Kind::Conv(conv) => conv::forward(conv, weights, x, y, scratch),
            Kind::DepthwiseConv(conv) => conv::depthwise_forward(conv, weights, x, y),
            Kind::Scale(_) => {
                for (y, x) in y.chunks_exact_mut(weights.len()).zip(x.chunks_exact(weights.len())) {
                    y.iter_mut().zip(x).zip(weights).for_each(|((y, x), scale)| *y = scale * x);
                }
            }
            Kind::Softmax => {
                y.copy_from_slice(x);
                activation::softmax(y, self.outputs);
            }
            Kind::Standardize | Kind::Rescale(_) => {
                y.copy_from_slice(x);
                scaling::apply(self.kind, values, y);
            }
            Kind::Reshape => y.copy_from_slice(x),
            Kind::Pool(pool) => pool::forward(pool, x, y),
            Kind::GlobalPool(pool) => pool::global_forward(pool, x, y),
            Kind::Recurrent(spec) => recurrent::forward(spec, values, x, y, trace, scratch),
            Kind::EchoState(echo) => recurrent::echo_forward(echo, values, x, y, scratch),
            Kind::Add(_) => y.iter_mut().zip(x.iter().zip(with)).for_each(|(y, (x, with))| *y = x + with),
            Kind::Concat(ahead, behind) => {
                let cells = x.chunks_exact(*ahead).zip(with.chunks_exact(*behind));
                for (y, (x, with)) in y.chunks_exact_mut(ahead + behind).zip(cells) {
                    let (first, second) = y.split_at_mut(*ahead);
                    first.copy_from_slice(x);
                    second.copy_from_slice(with);
                }
            }
        }
    }

    /// The gradient of the layer's values from that of its sums: `dw` is as its weights, `db` as its biases.
    ///
    /// The inputs' gradient is written to `dx`, which is (rows, I), where it is asked for.
    pub(super) fn backward(&self, pass: Backward<'_>) {
        let Backward { values, x, y, trace, dy, into, dx, scratch } = pass;
        let rows = dy.len() / self.outputs;
        let weights = &values[..self.weights()];
        if let Kind::Recurrent(spec) = &self.kind {
            let (scratch, _) = scratch.split_at_mut(rows * self.scratch_of_row());
            return recurrent::backward(spec, values, recurrent::Recorded { x, trace, dy }, into, dx, scratch);
        }
        let (dw, db) = into.split_at_mut(self.weights());
        if self.gives_sums() {
            db.fill(0.0);
            // The gradient of a normalised layer's bias is 0, which a sum would only come near.
            if self.norm.is_none() {
                for dz in dy.chunks_exact(db.len()) {
                    db.iter_mut().zip(dz).for_each(|(db, dz)| *db += dz);
                }
            }
        }
        match &self.kind {
            Kind::Dense(_) => {
                let dz = matrix(dy, rows, self.outputs);
                let dw = &mut matrix_mut(dw, self.outputs, self.inputs);
                general_mat_mul(1.0, &dz.t(), &matrix(x, rows, self.inputs), 0.0, dw);
                if let Some(dx) = dx {
                    let weights = matrix(weights, self.outputs, self.inputs);
                    general_mat_mul(1.0, &dz, &weights, 0.0, &mut matrix_mut(dx, rows, self.inputs));
                }
            }
            Kind::Conv(conv) => conv::backward(conv, weights, x, dy, dw, dx, scratch),
            Kind::DepthwiseConv(conv) => conv::depthwise_backward(conv, weights, x, dy, dw, dx),
            Kind::Scale(_) => {
                dw.fill(0.0);
                for (x, dz) in x.chunks_exact(weights.len()).zip(dy.chunks_exact(weights.len())) {
                    dw.iter_mut().zip(x.iter().zip(dz)).for_each(|(dw, (x, dz))| *dw += x * dz);
                }
                if let Some(dx) = dx {
                    for (dx, dz) in dx.chunks_exact_mut(weights.len()).zip(dy.chunks_exact(weights.len())) {
                        dx.iter_mut().zip(dz).zip(weights).for_each(|((dx, dz), scale)| *dx = scale * dz);
                    }
                }
            }
            _ => {
                let Some(dx) = dx else { return };
                match &self.kind {
                    Kind::Standardize => {
                        let scale = &values[values.len() / 2..];
                        for (dx, dy) in dx.chunks_exact_mut(scale.len()).zip(dy.chunks_exact(scale.len())) {
                            dx.iter_mut().zip(dy).zip(scale).for_each(|((dx, dy), scale)| *dx = dy * scale);
                        }
                    }
                    Kind::Rescale(factor) => dx.iter_mut().zip(dy).for_each(|(dx, dy)| *dx = dy * factor),
                    Kind::Pool(pool) => pool::backward(pool, x, y, dy, dx),
                    Kind::GlobalPool(pool) => pool::global_backward(pool, x, y, dy, dx),
                    // A reservoir gives no gradient to what is before it.
                    Kind::EchoState(_) => dx.fill(0.0),
                    Kind::Concat(ahead, behind) => part(dy, *ahead, ahead + behind, 0, dx),
                    // Softmax has had its turn with the activations.
                    _ => dx.copy_from_slice(dy),
                }
            }
        }
    }

    /// The gradient of the second input of a layer that joins, from that of its sums.
    pub(super) fn backward_second(&self, dy: &[f32], dx: &mut [f32]) {
        match self.kind {
            Kind::Concat(ahead, behind) => part(dy, behind, ahead + behind, ahead, dx),
            _ => dx.copy_from_slice(dy),
        }
    }
}

/// What forward is given of a batch.
pub(super) struct Forward<'a> {
    /// The values of the layer.
    pub(super) values: &'a [f32],
    /// (rows, I).
    pub(super) x: &'a [f32],
    /// The second input of a layer that joins.
    pub(super) with: &'a [f32],
    /// Where the outputs go, (rows, O).
    pub(super) y: &'a mut [f32],
    /// What is kept for backward besides, (rows, [`Layer::trace`]).
    pub(super) trace: &'a mut [f32],
    pub(super) scratch: &'a mut [f32],
}

/// What backward is given of a batch.
pub(super) struct Backward<'a> {
    /// The values of the layer.
    pub(super) values: &'a [f32],
    /// (rows, I).
    pub(super) x: &'a [f32],
    /// (rows, O).
    pub(super) y: &'a [f32],
    /// What forward kept besides, (rows, [`Layer::trace`]).
    pub(super) trace: &'a [f32],
    /// The gradient of the sums, (rows, O).
    pub(super) dy: &'a [f32],
    /// Where the gradient of the layer's values goes.
    pub(super) into: &'a mut [f32],
    /// Where the gradient of the inputs goes, (rows, I).
    pub(super) dx: Option<&'a mut [f32]>,
    pub(super) scratch: &'a mut [f32],
}

/// Of each cell of `all` channels `count`, from the one called `first`.
fn part(dy: &[f32], count: usize, all: usize, first: usize, dx: &mut [f32]) {
    for (dx, dy) in dx.chunks_exact_mut(count).zip(dy.chunks_exact(all)) {
        dx.copy_from_slice(&dy[first..][..count]);
    }
}
