//! Holds the kernels of this core to loops that are written as their documentation says, bit for bit: every size up to 70
//! by 70 (20 by 20 in the RAM of the micro:bit), windows of all kinds, and numbers of every kind, with values around each
//! output that must stay as they are.
#![no_std]
#![no_main]

mod pools;

use core::num::Wrapping;
use core::slice;

use cortex_m_rt::entry;
use firmware_example::board;
use firmware_example::println;
use neurona::kernel::{self, Axis, Steps, Window};
use neurona::learner::MAX_GRADIENT;
use neurona::{Exponential as _, Factors, Update, fast};
use static_cell::ConstStaticCell;

/// The largest number of rows and of columns.
const SIZE: usize = if cfg!(feature = "microbit") { 20 } else { 70 };
/// Values before and after each output.
const MARGIN: usize = 8;
const ROOM: usize = SIZE * SIZE + 2 * MARGIN;
/// Minus a rate.
const SCALE: f32 = -0.3;

type Buffers = [[f32; ROOM]; 6];

/// Takes the place of an output, of a weight and of an input that meet.
type Meets<'a> = &'a mut dyn FnMut(usize, usize, usize);

/// Adds the gradients of weights and biases, from inputs and gradients of outputs.
type Backward<'a> = &'a mut dyn FnMut(&mut [f32], &mut [f32], &[f32], &[f32]);

static BUFFERS: ConstStaticCell<Buffers> = ConstStaticCell::new([[0.0; ROOM]; 6]);

const _: () = board::require_ram(size_of::<Buffers>());

#[entry]
fn main() -> ! {
    board::init();
    let Some(buffers) = BUFFERS.try_take() else { board::exit(false) };
    let mut test = Test { source: Wrapping(1), kind: 0, differences: 0 };
    test.elementwise(buffers);
    test.steps();
    test.quotients();
    test.dense(buffers);
    test.windows(buffers);
    println!("differences = {}", test.differences);
    board::exit(test.differences == 0)
}

struct Test {
    source: Wrapping<u32>,
    kind: usize,
    differences: usize,
}

impl Test {
    fn bits(&mut self) -> u32 {
        self.source = self.source * Wrapping(1_664_525) + Wrapping(1_013_904_223);
        self.source.0 >> 8
    }

    /// Numbers of the next kind: roundings, subnormal ones, signed zeros, ones that overflow, and some that are not finite.
    fn fill(&mut self, values: &mut [f32]) {
        self.kind = (self.kind + 1) % 11;
        for value in values {
            let number = self.bits() as f32 / 8_388_608.0 - 1.0;
            let choice = self.bits() % 64;
            *value = match (self.kind, choice) {
                (1, 0..32) => number * f32::MIN_POSITIVE,
                (2, _) => [0.0, -0.0, 1.0, -1.0][choice as usize % 4],
                (3, _) => number * 1.8e19,
                (5, _) => number / (1_u64 << (choice % 48)) as f32,
                (6, _) => (self.bits() % 16) as f32 - 8.0,
                (4, 0) => [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, -f32::NAN][self.bits() as usize % 4],
                _ => number,
            };
        }
    }

    /// Equal to the last bit, and NaN to NaN.
    fn compare(&mut self, what: &str, sizes: [usize; 2], ours: &[f32], plain: &[f32]) {
        let same = |(a, b): (&f32, &f32)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
        let count = ours.iter().zip(plain).filter(|pair| !same(*pair)).count();
        if count > 0 && self.differences < 10_000 {
            println!("{} of {} by {}: {} differ", what, sizes[0], sizes[1], count);
        }
        self.differences += count;
    }

    /// Steps of zero, as which the plain form takes those of one, and fewer steps than there are values.
    fn steps(&mut self) {
        let values = &[1.0, 2.0][..];
        for (steps, weight, bias) in [
            (Steps { values, stride: 0, count: 2 }, 5.0, 3.0),
            (Steps { values, stride: 1, count: 2 }, 5.0, 3.0),
            (Steps { values, stride: 1, count: 1 }, 1.0, 1.0),
            (Steps { values, stride: 1, count: 0 }, 0.0, 0.0),
        ] {
            let mut ours = [0.0; 2];
            let [of_weight, of_bias] = &mut ours;
            kernel::recurrent_backward_weights(slice::from_mut(of_weight), 1, steps, steps, 1.0);
            kernel::recurrent_backward_bias(slice::from_mut(of_bias), steps, 1.0);
            self.compare("steps", [steps.stride, steps.count], &ours, &[weight, bias]);
        }
    }

    /// Of numbers at the ends of their range and around 1: subnormal ones, halves of a last place, and what overflows.
    fn quotients(&mut self) {
        let numbers = || {
            [0, 1, 2, 103, 126, 127, 128, 150, 253, 254].into_iter().flat_map(|exponent: u32| {
                [0, 1, 2, 0x0040_0000, 0x0055_5555, 0x007f_fffe, 0x007f_ffff]
                    .map(|significand| f32::from_bits((exponent << 23) | significand))
            })
        };
        for (at, a) in numbers().enumerate() {
            for (with, b) in numbers().chain(numbers().map(|b| -b)).enumerate() {
                let mut ours = [a];
                kernel::divide(&mut ours, b);
                self.compare("quotient", [at, with], &ours, &[a / b]);
            }
        }
    }

    fn elementwise(&mut self, [x, ours, plain, ..]: &mut Buffers) {
        for len in 0..=300 {
            for _ in 0..5 {
                let values = &mut x[..len];
                self.fill(values);
                let x = &*values;
                let a = x.first().copied().unwrap_or(0.5);
                let mut each = |what: &str, kernel: fn(f32, &[f32], &mut [f32]), of: fn(f32, f32, f32) -> f32| {
                    self.fill(&mut ours[..len + 2 * MARGIN]);
                    plain[..len + 2 * MARGIN].copy_from_slice(&ours[..len + 2 * MARGIN]);
                    kernel(a, x, &mut ours[MARGIN..][..len]);
                    for (y, x) in plain[MARGIN..].iter_mut().zip(x) {
                        *y = of(a, *x, *y);
                    }
                    self.compare(what, [len, 0], &ours[..len + 2 * MARGIN], &plain[..len + 2 * MARGIN]);
                };
                each("axpy", kernel::axpy, |a, x, y| y + a * x);
                each("add", |_, x, y| kernel::add(x, y), |_, x, y| y + x);
                each("scale", |a, _, y| kernel::scale(a, y), |a, _, y| y * a);
                each("rescale", kernel::rescale, |a, x, _| a * x);
                each("copy", |_, x, y| kernel::copy(x, y), |_, x, _| x);
                each("divide", |a, _, y| kernel::divide(y, a), |a, _, y| y / a);
                each("clear", |_, _, y| kernel::clear(y), |_, _, _| 0.0);
                each("relu", |_, _, y| kernel::relu(y), |_, _, y| if y <= 0.0 { 0.0 } else { y });
                each(
                    "square root",
                    |_, x, y| y.iter_mut().zip(x).for_each(|(y, x)| *y = kernel::sqrt(*x)),
                    |_, x, _| libm::sqrtf(x),
                );
                let largest = x.iter().fold(f32::NEG_INFINITY, |largest, x| if *x > largest { *x } else { largest });
                self.compare("maximum", [len, 0], &[kernel::maximum(x)], &[largest]);
                let finite = x.iter().all(|x| x.is_finite());
                self.compare("is_finite", [len, 0], &[kernel::is_finite(x).into()], &[finite.into()]);
                self.factors(x);
                self.channels(x, ours, plain);
                self.relu_backward(values, ours, plain);
                self.softmax(values, ours, plain);
            }
        }
    }

    /// Functions of a constant or two for each channel, of one cell.
    fn channels(&mut self, x: &[f32], ours: &mut [f32], plain: &mut [f32]) {
        let channels = x.len() / 3;
        let ((a, rest), end) = (x.split_at(channels), channels + 2 * MARGIN);
        let (b, x) = (&rest[..channels], &rest[channels..2 * channels]);
        let mut each = |what: &str, kernel: fn([&[f32]; 3], &mut [f32]), of: fn([f32; 3]) -> f32| {
            self.fill(&mut ours[..end]);
            plain[..end].copy_from_slice(&ours[..end]);
            kernel([a, b, x], &mut ours[MARGIN..][..channels]);
            for (((y, a), b), x) in plain[MARGIN..].iter_mut().zip(a).zip(b).zip(x) {
                *y = of([*a, *b, *x]);
            }
            self.compare(what, [channels, 0], &ours[..end], &plain[..end]);
        };
        each("standardize", |[a, b, x], y| kernel::standardize(a, b, x, y), |[a, b, x]| (x - a) * b);
        each("scale and shift", |[a, b, x], y| kernel::scale_forward(a, b, x, y), |[a, b, x]| a * x + b);
    }

    /// The way back through ReLU, of outputs that have no NaN with a sign.
    fn relu_backward(&mut self, y: &mut [f32], ours: &mut [f32], plain: &mut [f32]) {
        let end = y.len() + 2 * MARGIN;
        self.fill(&mut ours[..end]);
        plain[..end].copy_from_slice(&ours[..end]);
        for (y, dy) in y.iter_mut().zip(&mut plain[MARGIN..]) {
            if y.is_nan() {
                *y = f32::NAN;
            }
            if *y <= 0.0 {
                *dy = 0.0;
            }
        }
        kernel::relu_backward(y, &mut ours[MARGIN..][..y.len()]);
        self.compare("relu backward", [y.len(), 0], &ours[..end], &plain[..end]);
    }

    /// Softmax with the fast exponential, of values and of a hundred times those, where some exponentials are too small for a number.
    fn softmax(&mut self, z: &mut [f32], ours: &mut [f32], plain: &mut [f32]) {
        for factor in [1.0, 100.0] {
            let end = z.len() + 2 * MARGIN;
            self.fill(&mut ours[..end]);
            plain[..end].copy_from_slice(&ours[..end]);
            z.iter_mut().for_each(|z| *z *= factor);
            let (max, sum) = fast::Exp::softmax(z, &mut ours[MARGIN..][..z.len()]);
            let largest = z.iter().fold(f32::NEG_INFINITY, |largest, z| if *z > largest { *z } else { largest });
            let mut total = 0.0;
            for (y, z) in plain[MARGIN..].iter_mut().zip(&*z) {
                *y = fast::exp(z - largest);
                total += *y;
            }
            plain[MARGIN..][..z.len()].iter_mut().for_each(|y| *y /= total);
            self.compare("softmax", [z.len(), 0], &ours[..end], &plain[..end]);
            self.compare("sum of softmax", [z.len(), 0], &[max + 0.0, sum], &[largest + 0.0, total]);
        }
    }

    /// What a step in place admits, with limits all around the largest product.
    fn factors(&mut self, x: &[f32]) {
        let (inputs, sums) = x.split_at(x.len() / 2);
        let largest = |x: &[f32]| {
            x.iter().fold(0_f32, |largest, x| {
                let size = f32::from_bits(x.to_bits() & 0x7fff_ffff);
                if size.is_nan() || size > largest { size } else { largest }
            })
        };
        let (input, sum) = (largest(inputs), largest(sums));
        for power in [0.25, 0.5, 0.99, 1.0, 1.01, 2.0, 4.0] {
            let limit = input * sum * power;
            if (0.0..=MAX_GRADIENT).contains(&limit) {
                let admitted = Update::new(0.0, limit).admits(Factors::new(inputs, sums));
                let expected = input * sum <= limit && sum <= limit;
                self.compare("factors", [x.len(), 0], &[admitted.into()], &[expected.into()]);
            }
        }
    }

    fn dense(&mut self, [weights, x, bias, ours, plain, dz]: &mut Buffers) {
        for rows in 0..=SIZE {
            for columns in 0..=SIZE {
                let len = rows * columns;
                let sizes = [rows, columns];
                self.fill(&mut weights[..len]);
                self.fill(&mut x[..columns]);
                self.fill(&mut bias[..rows]);
                self.fill(&mut dz[..rows]);
                let (weights, x, bias, dz) = (&weights[..len], &x[..columns], &bias[..rows], &dz[..rows]);
                let row = |o: usize| &weights[o * columns..][..columns];

                let margin = |len: usize| len + 2 * MARGIN;
                let same = |ours: &mut [f32], plain: &mut [f32], len: usize| {
                    plain[..margin(len)].copy_from_slice(&ours[..margin(len)]);
                };
                self.fill(&mut ours[..margin(rows)]);
                same(ours, plain, rows);
                kernel::dense_forward(weights, bias, x, &mut ours[MARGIN..][..rows]);
                for (o, y) in plain[MARGIN..][..rows].iter_mut().enumerate() {
                    *y = row(o).iter().zip(x).fold(bias[o], |sum, (w, x)| sum + w * x);
                }
                self.compare("dense forward", sizes, &ours[..margin(rows)], &plain[..margin(rows)]);

                // The state's weights are the first of the input's, so that both have some.
                let units = columns / 2;
                same(ours, plain, rows);
                let (h, recurrent) = (&x[..units], &weights[..rows * units]);
                kernel::recurrent_forward(weights, recurrent, bias, x, h, &mut ours[MARGIN..][..rows]);
                for (o, y) in plain[MARGIN..][..rows].iter_mut().enumerate() {
                    let sum = row(o).iter().zip(x).fold(bias[o], |sum, (w, x)| sum + w * x);
                    *y = recurrent[o * units..].iter().zip(h).fold(sum, |sum, (w, h)| sum + w * h);
                }
                self.compare("recurrent forward", sizes, &ours[..margin(rows)], &plain[..margin(rows)]);

                self.fill(&mut ours[..margin(columns)]);
                same(ours, plain, columns);
                kernel::dense_backward_inputs(weights, dz, &mut ours[MARGIN..][..columns]);
                for (o, dz) in dz.iter().enumerate() {
                    for (dx, w) in plain[MARGIN..].iter_mut().zip(row(o)) {
                        *dx += w * dz;
                    }
                }
                self.compare("dense to inputs", sizes, &ours[..margin(columns)], &plain[..margin(columns)]);

                // Of a matrix that ends too soon the rows that are there as a whole.
                let cut = &weights[..len - len.min(len / 3 + 1)];
                same(ours, plain, columns);
                kernel::dense_backward_inputs(cut, dz, &mut ours[MARGIN..][..columns]);
                for (row, dz) in cut.chunks_exact(columns.max(1)).zip(dz) {
                    for (dx, w) in plain[MARGIN..].iter_mut().zip(row) {
                        *dx += w * dz;
                    }
                }
                self.compare("dense to inputs, cut", sizes, &ours[..margin(columns)], &plain[..margin(columns)]);

                self.fill(&mut ours[..margin(len)]);
                same(ours, plain, len);
                let (mut our_bias, mut plain_bias) = ([0.5; SIZE], [0.5; SIZE]);
                let our_weights = &mut ours[MARGIN..][..len];
                kernel::dense_backward_weights(our_weights, &mut our_bias[..rows], x, dz, SCALE);
                for (o, dz) in dz.iter().enumerate() {
                    let step = -0.3 * dz;
                    for (w, x) in plain[MARGIN + o * columns..].iter_mut().zip(x) {
                        *w += step * x;
                    }
                    plain_bias[o] += step;
                }
                self.compare("dense to weights", sizes, &ours[..margin(len)], &plain[..margin(len)]);
                self.compare("dense to biases", sizes, &our_bias, &plain_bias);
            }
        }
    }

    fn windows(&mut self, buffers: &mut Buffers) {
        for kernel in [[1, 1], [1, 3], [3, 3], [2, 2], [5, 5], [3, 1]] {
            for (stride, dilation, before) in [(1, 1, 0), (1, 1, 1), (2, 1, 1), (1, 2, 0), (2, 2, 3)] {
                for (channels, seen, filters) in
                    [(1, 1, 8), (1, 1, 19), (3, 3, 5), (4, 2, 6), (8, 8, 16), (12, 12, 8), (13, 13, 9), (6, 1, 12)]
                {
                    let axis = |input: usize, kernel: usize| {
                        let output = (input + 2 * before).saturating_sub((kernel - 1) * dilation + 1) / stride + 1;
                        Axis { input, output, kernel, stride, dilation, before }
                    };
                    let window = Window { rows: axis(6, kernel[0]), columns: axis(9, kernel[1]), channels, filters };
                    let fits = |axis: &Axis| axis.input + 2 * before > (axis.kernel - 1) * dilation;
                    if fits(&window.rows) && fits(&window.columns) {
                        self.convolution(&window, seen, buffers);
                        self.pools(&Window { filters: channels, ..window }, buffers);
                        for multiplier in [1, 3] {
                            let window = Window { filters: multiplier * channels, ..window };
                            self.depthwise(&window, buffers);
                            self.depthwise_weights(&window, buffers);
                        }
                        self.table_convolution(&window, buffers);
                    }
                }
            }
        }
    }

    fn convolution(&mut self, window: &Window, seen: usize, buffers: &mut Buffers) {
        let [weights, x, bias, ours, plain, sums] = buffers;
        let Window { rows, columns, channels, filters } = *window;
        let len = rows.kernel * columns.kernel * seen;
        let (inputs, outputs) = (rows.input * columns.input * channels, rows.output * columns.output * filters);
        let of_group = filters / (channels / seen);
        if inputs > ROOM || outputs + 2 * MARGIN > ROOM || len * filters > ROOM {
            return;
        }
        let (weights, x, bias) = (&mut weights[..len * filters], &mut x[..inputs], &mut bias[..filters]);
        for values in [&mut *weights, x, bias, &mut ours[..outputs + 2 * MARGIN]] {
            self.fill(values);
        }
        plain[..outputs + 2 * MARGIN].copy_from_slice(&ours[..outputs + 2 * MARGIN]);
        kernel::conv_forward(window, seen, weights, bias, x, &mut ours[MARGIN..][..outputs]);
        for (at, y) in plain[MARGIN..][..outputs].iter_mut().enumerate() {
            *y = bias[at % filters];
        }
        each_product(window, seen, of_group, &mut |y, weight, x_at| plain[MARGIN + y] += weights[weight] * x[x_at]);
        let sizes = [len, filters];
        self.compare("convolution", sizes, &ours[..outputs + 2 * MARGIN], &plain[..outputs + 2 * MARGIN]);

        // Back: the outputs are taken as gradients, the inputs are where they add up.
        let dz = &mut plain[MARGIN..][..outputs];
        self.fill(dz);
        let dx = &mut ours[..inputs];
        self.fill(dx);
        x.copy_from_slice(dx);
        kernel::conv_backward_inputs(window, seen, weights, dz, dx);
        // In a place an input meets each filter once: the order of the outputs is that of the inputs' sums too.
        each_product(window, seen, of_group, &mut |y, weight, x_at| x[x_at] += weights[weight] * dz[y]);
        self.compare("convolution to inputs", sizes, dx, x);

        // Of gradients that end too soon those that are there.
        let cut = &dz[..outputs - outputs.min(filters / 2 + 1)];
        let (our_weights, rest) = ours.split_at_mut(len * filters);
        if rest.len() < filters {
            return;
        }
        let (our_bias, plain_bias) = (&mut rest[..filters], &mut sums[..filters]);
        self.fill(our_bias);
        plain_bias.copy_from_slice(our_bias);
        kernel::conv_backward_weights(window, seen, our_weights, our_bias, x, cut, SCALE);
        for (filter, bias) in plain_bias.iter_mut().enumerate() {
            let sum = cut.iter().skip(filter).step_by(filters).fold(0.0, |sum, dz| sum + dz);
            *bias += SCALE * sum;
        }
        self.compare("gradients of biases, cut", sizes, our_bias, plain_bias);

        self.gradients(
            "convolution to weights",
            window,
            len,
            [weights, x, bias, ours, dz, sums],
            |index| index,
            &mut |f| {
                each_product(window, seen, of_group, f);
            },
            &mut |weights, bias, x, dz| kernel::conv_backward_weights(window, seen, weights, bias, x, dz, SCALE),
        );
    }

    /// The gradients of weights and biases, `len` weights for each filter: `products` gives the outputs, weights and inputs that meet,
    /// and `place` where in memory a weight is.
    fn gradients(
        &mut self,
        what: &str,
        window: &Window,
        len: usize,
        [weights, x, bias, ours, dz, sums]: [&mut [f32]; 6],
        place: impl Fn(usize) -> usize,
        products: &mut dyn FnMut(Meets<'_>),
        backward: Backward<'_>,
    ) {
        let count = len * window.filters;
        if 2 * (count + window.filters + 3 * MARGIN) > ROOM {
            return;
        }
        // What stands around weights and biases must stay as it is.
        let ours = &mut ours[..count + window.filters + 3 * MARGIN];
        self.fill(ours);
        ours[MARGIN..][..count].copy_from_slice(weights);
        ours[count + 2 * MARGIN..][..window.filters].copy_from_slice(bias);
        let (plain, sums) = sums.split_at_mut(ours.len());
        plain.copy_from_slice(ours);
        let (our_weights, our_bias) = ours[MARGIN..].split_at_mut(count);
        backward(our_weights, &mut our_bias[MARGIN..][..window.filters], x, dz);
        let sums = &mut sums[..count + window.filters];
        sums.fill(0.0);
        products(&mut |y, weight, x_at| sums[place(weight)] += dz[y] * x[x_at]);
        for (at, dz) in dz.iter().enumerate() {
            sums[count + at % window.filters] += dz;
        }
        for (at, sum) in sums.iter().enumerate() {
            plain[at + if at < count { MARGIN } else { 2 * MARGIN }] += SCALE * sum;
        }
        self.compare(what, [len, window.filters], ours, plain);
    }

    /// With as many filters for each channel as there are.
    fn depthwise_weights(&mut self, window: &Window, [weights, x, bias, ours, plain, sums]: &mut Buffers) {
        let Window { rows, columns, channels, filters } = *window;
        let cells = rows.kernel * columns.kernel;
        let (inputs, outputs) = (rows.input * columns.input * channels, rows.output * columns.output * filters);
        if inputs > ROOM || outputs > ROOM || cells * filters > ROOM {
            return;
        }
        let (weights, x, bias, dz) =
            (&mut weights[..cells * filters], &mut x[..inputs], &mut bias[..filters], &mut plain[..outputs]);
        for values in [&mut *weights, x, bias, dz] {
            self.fill(values);
        }
        let place = |index: usize| index % cells * filters + index / cells;
        // To the inputs: what stands there is added to.
        let (ours_dx, plain_dx) = (&mut ours[..inputs], &mut sums[..inputs]);
        self.fill(ours_dx);
        plain_dx.copy_from_slice(ours_dx);
        kernel::depthwise_backward_inputs(window, weights, dz, ours_dx);
        each_product(window, 1, filters / channels, &mut |y, weight, x_at| {
            plain_dx[x_at] += weights[place(weight)] * dz[y];
        });
        self.compare("depthwise to inputs", [cells, filters], ours_dx, plain_dx);
        self.gradients(
            "depthwise to weights",
            window,
            cells,
            [weights, x, bias, ours, dz, sums],
            place,
            &mut |f| {
                each_product(window, 1, filters / channels, f);
            },
            &mut |weights, bias, x, dz| kernel::depthwise_backward_weights(window, weights, bias, x, dz, SCALE),
        );
    }

    fn depthwise(&mut self, window: &Window, [weights, x, bias, ours, plain, _]: &mut Buffers) {
        let Window { rows, columns, channels, filters } = *window;
        let cells = rows.kernel * columns.kernel;
        let (inputs, outputs) = (rows.input * columns.input * channels, rows.output * columns.output * filters);
        if inputs > ROOM || outputs + 2 * MARGIN > ROOM || cells * filters > ROOM {
            return;
        }
        let (weights, x, bias) = (&mut weights[..cells * filters], &mut x[..inputs], &mut bias[..filters]);
        for values in [&mut *weights, x, bias, &mut ours[..outputs + 2 * MARGIN]] {
            self.fill(values);
        }
        plain[..outputs + 2 * MARGIN].copy_from_slice(&ours[..outputs + 2 * MARGIN]);
        kernel::depthwise_forward(window, weights, bias, x, &mut ours[MARGIN..][..outputs]);
        for (at, y) in plain[MARGIN..][..outputs].iter_mut().enumerate() {
            *y = bias[at % filters];
        }
        each_product(window, 1, filters / channels, &mut |y, weight, x_at| {
            let (filter, cell) = (weight / cells, weight % cells);
            plain[MARGIN + y] += weights[cell * filters + filter] * x[x_at];
        });
        self.compare("depthwise", [cells, filters], &ours[..outputs + 2 * MARGIN], &plain[..outputs + 2 * MARGIN]);
    }

    /// Forward and to the inputs, each filter of some channels by chance.
    fn table_convolution(&mut self, window: &Window, [weights, x, bias, ours, plain, sums]: &mut Buffers) {
        let Window { rows, columns, channels, filters } = *window;
        let cells = rows.kernel * columns.kernel;
        let mut table = [0; 19];
        let table = &mut table[..filters];
        for sees in &mut *table {
            *sees = u64::from(self.bits()) & ((1 << channels) - 1);
        }
        let connections: usize = table.iter().map(|sees| sees.count_ones() as usize).sum();
        let (inputs, outputs) = (rows.input * columns.input * channels, rows.output * columns.output * filters);
        if inputs + 2 * MARGIN > ROOM || outputs + 2 * MARGIN > ROOM || connections * cells > ROOM {
            return;
        }
        let (weights, x, bias) = (&mut weights[..connections * cells], &mut x[..inputs], &mut bias[..filters]);
        for values in [&mut *weights, x, bias, &mut ours[..outputs + 2 * MARGIN]] {
            self.fill(values);
        }
        let sizes = [connections, filters];
        // All outputs, and some that end too soon: then it is of the places that are there as a whole.
        for end in [outputs, outputs - outputs.min(filters / 2 + 1)] {
            let (whole, all) = (end - end % filters, outputs + 2 * MARGIN);
            plain[..all].copy_from_slice(&ours[..all]);
            kernel::table_conv_forward(window, table, weights, bias, x, &mut ours[MARGIN..][..end]);
            for (at, y) in plain[MARGIN..][..whole].iter_mut().enumerate() {
                *y = bias[at % filters];
            }
            each_product_of_table(window, table, &mut |y, weight, x_at| {
                if y < whole {
                    plain[MARGIN + y] += weights[weight] * x[x_at];
                }
            });
            self.compare("convolution with a table", sizes, &ours[..all], &plain[..all]);

            let (dz, all) = (&mut sums[..end], inputs + 2 * MARGIN);
            self.fill(dz);
            self.fill(&mut ours[..all]);
            plain[..all].copy_from_slice(&ours[..all]);
            kernel::table_conv_backward_inputs(window, table, weights, dz, &mut ours[MARGIN..][..inputs]);
            each_product_of_table(window, table, &mut |y, weight, x_at| {
                if y < whole {
                    plain[MARGIN + x_at] += weights[weight] * dz[y];
                }
            });
            self.compare("convolution with a table to inputs", sizes, &ours[..all], &plain[..all]);
        }
    }
}

/// Where a cell of the window meets the input in a place, if it does.
fn met(window: &Window, place: usize, cell: usize) -> Option<usize> {
    let Window { rows, columns, .. } = *window;
    let at = |axis: Axis, place: usize, cell: usize| {
        let met = (place * axis.stride + cell * axis.dilation).checked_sub(axis.before)?;
        (met < axis.input).then_some(met)
    };
    let row = at(rows, place / columns.output, cell / columns.kernel)?;
    let column = at(columns, place % columns.output, cell % columns.kernel)?;
    Some(row * columns.input + column)
}

/// Calls `f` with the place of an output, a weight and an input that meet, in the order in which an output sums them.
fn each_product(window: &Window, seen: usize, of_group: usize, f: Meets<'_>) {
    let Window { rows, columns, channels, filters } = *window;
    for place in 0..rows.output * columns.output {
        for filter in 0..filters {
            for cell in 0..rows.kernel * columns.kernel {
                let Some(met) = met(window, place, cell) else { continue };
                for c in 0..seen {
                    let weight = (filter * rows.kernel * columns.kernel + cell) * seen + c;
                    f(place * filters + filter, weight, met * channels + filter / of_group * seen + c);
                }
            }
        }
    }
}

/// The same of filters that see the channels of a table.
fn each_product_of_table(window: &Window, table: &[u64], f: Meets<'_>) {
    let cells = window.rows.kernel * window.columns.kernel;
    for place in 0..window.rows.output * window.columns.output {
        let mut connection = 0;
        for (filter, sees) in table.iter().enumerate() {
            for channel in (0..window.channels).filter(|channel| sees >> channel & 1 == 1) {
                for cell in 0..cells {
                    if let Some(met) = met(window, place, cell) {
                        f(place * window.filters + filter, connection * cells + cell, met * window.channels + channel);
                    }
                }
                connection += 1;
            }
        }
    }
}
