//! The channels of two branches side by side.

use neurona::arch::Shape;

use super::{Backward, Forward, LayerKind};
use crate::{
    Spec,
    arch::Named,
    config::described::{Described, Takes, alone, branch, wrong},
    cost::Work,
};

/// Puts the channels of the second input behind those of the first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Concat {
    pub(crate) first: Shape,
    pub(crate) second: Shape,
}

impl Concat {
    /// How many channels come from the first input, and how many from the second.
    fn channels(self) -> (usize, usize) {
        (self.first.channels(), self.second.channels())
    }

    fn join(self, x: &[f32], with: &[f32], y: &mut [f32]) {
        let (ahead, behind) = self.channels();
        let cells = x.chunks_exact(ahead).zip(with.chunks_exact(behind));
        for (y, (x, with)) in y.chunks_exact_mut(ahead + behind).zip(cells) {
            let (first, second) = y.split_at_mut(ahead);
            first.copy_from_slice(x);
            second.copy_from_slice(with);
        }
    }
}

impl LayerKind for Concat {
    fn name(&self) -> &'static str {
        "concat"
    }

    fn input(&self) -> Shape {
        self.first
    }

    fn output(&self) -> Shape {
        self.first.beside(self.second)
    }

    /// Its type holds those of its branches: see [`Spec::rust_source`].
    fn rust_type(&self) -> String {
        String::new()
    }

    fn device_forward(&self, _: &[f32], x: &[f32], with: &[f32], y: &mut [f32]) {
        self.join(x, with, y);
    }

    fn device_work(&self, work: &mut Work) {
        let output = self.output();
        work.cells("concat", output.cells(), output.channels());
    }

    fn forward(&self, Forward { x, with, y, .. }: Forward<'_>) {
        self.join(x, with, y);
    }

    fn backward(&self, Backward { dy, dx, .. }: Backward<'_>) {
        let (ahead, behind) = self.channels();
        if let Some(dx) = dx {
            part(dy, ahead, ahead + behind, 0, dx);
        }
    }

    fn backward_second(&self, dy: &[f32], dx: &mut [f32]) {
        let (ahead, behind) = self.channels();
        part(dy, behind, ahead + behind, ahead, dx);
    }
}

/// Of each cell of `all` channels `count`, from the one called `first`.
fn part(dy: &[f32], count: usize, all: usize, first: usize, dx: &mut [f32]) {
    for (dx, dy) in dx.chunks_exact_mut(count).zip(dy.chunks_exact(all)) {
        dx.copy_from_slice(&dy[first..][..count]);
    }
}

/// `concat = [[ … ], [ … ]]`
pub(super) const CONCAT: Described = Described {
    takes: Takes::Any,
    keys: &[],
    spec: |layer, input| {
        let [first, second] = layer.concat.as_deref().unwrap_or_default() else {
            let found = layer.concat.as_ref().map_or(0, Vec::len);
            let problem = format!("expected two branches, found {found}: for more, put a `concat` into a branch");
            return Err(wrong("concat", problem));
        };
        let first = alone(branch(first, "concat[0]", input)?);
        let second = alone(branch(second, "concat[1]", input)?);
        let (ahead, behind) = (first.output_shape(), second.output_shape());
        if ahead.beside(behind) != behind.beside(ahead) {
            let (ahead, behind) = (Named(ahead), Named(behind));
            let problem = format!("its branches give {ahead} and {behind}: only the channels may differ");
            return Err(wrong("concat", problem));
        }
        Ok(Spec::Concat(Box::new(first), Box::new(second)))
    },
};
