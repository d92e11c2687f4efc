//! Minus the squared distance to a fixed code for each output.

use neurona::{
    arch::{CodesSpec, Shape},
    kernel,
};
use serde::{Deserialize, Serialize};

use super::{Backward, Forward, LayerKind};
use crate::{
    Spec,
    config::described::{Described, Takes, wrong},
    cost::Work,
};

/// The sizes of output codes: the owned form of [`CodesSpec`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputCodes {
    /// Number of inputs, which is the length of a code.
    pub inputs: u32,
    /// Number of outputs, which is the number of codes.
    pub outputs: u32,
    /// The codes as bits, set for 1: for each as many words as 64 bits go into its length.
    pub codes: Vec<u64>,
}

impl From<CodesSpec<'_>> for OutputCodes {
    fn from(CodesSpec { inputs, outputs, codes }: CodesSpec<'_>) -> Self {
        Self { inputs, outputs, codes: codes.to_vec() }
    }
}

impl OutputCodes {
    fn sizes(&self) -> CodesSpec<'_> {
        CodesSpec { inputs: self.inputs, outputs: self.outputs, codes: &self.codes }
    }

    /// The code of an output: -1 and 1.
    fn code(&self, output: usize) -> impl Iterator<Item = f32> {
        let words = &self.codes[output * (self.inputs as usize).div_ceil(64)..];
        (0..self.inputs as usize).map(|input| if words[input / 64] >> (input % 64) & 1 == 1 { 1.0 } else { -1.0 })
    }
}

impl LayerKind for OutputCodes {
    fn name(&self) -> &'static str {
        "output_codes"
    }

    fn input(&self) -> Shape {
        Shape::Vector { len: self.inputs }
    }

    fn output(&self) -> Shape {
        Shape::Vector { len: self.outputs }
    }

    fn fault(&self) -> Option<&'static str> {
        self.sizes().fault()
    }

    fn macs(&self) -> u64 {
        self.sizes().macs()
    }

    fn rust_type(&self) -> String {
        self.rust_type_with("Codes").0
    }

    /// The codes are a type of their own.
    fn rust_type_with(&self, name: &str) -> (String, String) {
        let codes: Vec<String> = self.codes.iter().map(|word| format!("{word:#x}")).collect();
        (
            format!("OutputCodes<{}, {}, {name}>", self.inputs, self.outputs),
            format!(
                "/// The code of each output.\npub struct {name};\n\nimpl Codes for {name} {{\n    const CODES: &'static \
                 [u64] = &[{}];\n}}\n",
                codes.join(", ")
            ),
        )
    }

    fn device_forward(&self, _: &[f32], x: &[f32], _: &[f32], y: &mut [f32]) {
        kernel::codes_forward(&self.codes, x, y);
    }

    fn device_work(&self, work: &mut Work) {
        work.values("output_codes", self.outputs as usize);
        work.add("output_codes", "product", self.outputs as usize * self.inputs as usize);
    }

    fn device_tape(&self) -> usize {
        0
    }

    fn forward(&self, Forward { x, y, .. }: Forward<'_>) {
        let (inputs, outputs) = (self.inputs as usize, self.outputs as usize);
        for (x, y) in x.chunks_exact(inputs).zip(y.chunks_exact_mut(outputs)) {
            for (output, y) in y.iter_mut().enumerate() {
                *y = -x.iter().zip(self.code(output)).map(|(x, code)| (x - code) * (x - code)).sum::<f32>();
            }
        }
    }

    fn backward(&self, Backward { x, dy, dx, .. }: Backward<'_>) {
        let (inputs, outputs) = (self.inputs as usize, self.outputs as usize);
        let Some(dx) = dx else { return };
        dx.fill(0.0);
        for ((x, dy), dx) in x.chunks_exact(inputs).zip(dy.chunks_exact(outputs)).zip(dx.chunks_exact_mut(inputs)) {
            for (output, dy) in dy.iter().enumerate() {
                for ((dx, x), code) in dx.iter_mut().zip(x).zip(self.code(output)) {
                    *dx += 2.0 * dy * (code - x);
                }
            }
        }
    }
}

/// `codes = ["#.#", "##."]`
pub(super) const CODES: Described = Described {
    takes: Takes::Any,
    keys: &[],
    spec: |layer, input| {
        let pictures = layer.codes.as_deref().unwrap_or_default();
        let inputs = input.len();
        let mut codes = Vec::new();
        for picture in pictures {
            let bits: Vec<bool> =
                picture.chars().filter(|mark| matches!(mark, '#' | '.')).map(|mark| mark == '#').collect();
            if bits.len() != inputs {
                let problem = format!("expected {inputs} of `#` and `.`, one for each input, found {}", bits.len());
                return Err(wrong("codes", problem));
            }
            codes.extend(
                bits.chunks(64)
                    .map(|bits| bits.iter().enumerate().fold(0, |word, (at, bit)| word | u64::from(*bit) << at)),
            );
        }
        let codes = OutputCodes { inputs: inputs as u32, outputs: pictures.len() as u32, codes };
        match LayerKind::fault(&codes) {
            Some(fault) => Err(wrong("codes", fault)),
            None => Ok(Spec::OutputCodes(codes)),
        }
    },
};
