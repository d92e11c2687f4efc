//! Activation functions and their derivatives, and what the fast forms cost in accuracy.

use neurona::{activation::Needs, arch::ActivationSpec, fast};

use super::Experiment;
use crate::{
    Context, CourseError, Figure, Mark, Report, Table, lab,
    plot::{Axis, BLUE, Chart, GREY, Size, VERMILION},
};

/// Activation functions and derivatives.
pub const EXPERIMENT: Experiment = Experiment {
    name: "activations",
    title: "Activation functions and their derivatives",
    text: TEXT,
    run: |context| run(context)?.report(),
};

const TEXT: &str = "\
<p>An activation function <var>σ</var> turns the weighted sum <var>z</var> of a neuron into its output. Without one, a \
stack of layers would be a single linear map. Learning needs its derivative: backpropagation multiplies by \
<var>σ</var>′(<var>z</var>) at each neuron, and where that slope is near 0 the neuron hardly learns. The slope of the \
step function is 0 wherever it has one, that of the sigmoid is at most ¼, that of tanh at most 1 and only at 0, and \
that of ReLU is exactly 1 for every <var>z</var> &gt; 0.</p>
<p>The curves are the functions of <code>neurona</code> as a microcontroller computes them, in single precision. \
Exponential functions are those of <code>libm</code>; for sigmoid, tanh and the exponential of softmax there are fast \
forms, which are approximations. Below, both are compared with the same functions in double precision: the error of \
<code>libm</code> is due to rounding, and that of a fast form stays below the bound that its documentation states.</p>";

/// What was found.
#[derive(Clone, Debug)]
pub struct Findings {
    /// The curve of each activation.
    pub curves: Vec<Curve>,
    /// The errors of each function that has a fast form.
    pub errors: Vec<Errors>,
}

/// An activation function at evenly spaced sums.
#[derive(Clone, Debug)]
pub struct Curve {
    /// Which function.
    pub activation: ActivationSpec,
    /// z, σ(z) and σ′(z).
    pub points: Vec<[f64; 3]>,
}

/// How far the forms of one function are from its value in double precision.
#[derive(Clone, Debug)]
pub struct Errors {
    /// What the function is called.
    pub name: &'static str,
    /// Whether errors are divided by the value.
    pub relative: bool,
    /// The bound that the documentation of the fast form states.
    pub bound: fn(f64) -> f64,
    /// z, and the largest error around it of the exact form and of the fast form.
    pub points: Vec<[f64; 3]>,
}

/// A function in double precision, its exact and its fast form.
struct Forms {
    name: &'static str,
    relative: bool,
    bound: fn(f64) -> f64,
    range: f64,
    truth: fn(f64) -> f64,
    exact: fn(f32) -> f32,
    fast: fn(f32) -> f32,
}

const FORMS: [Forms; 3] = [
    Forms {
        name: "sigmoid",
        relative: false,
        bound: |_| 1.1e-7,
        range: 10.0,
        truth: |z| 1.0 / (1.0 + (-z).exp()),
        exact: |z| ActivationSpec::Sigmoid.value(z),
        fast: |z| ActivationSpec::FastSigmoid.value(z),
    },
    Forms {
        name: "tanh",
        relative: true,
        bound: |_| 1.5e-6,
        range: 10.0,
        truth: f64::tanh,
        exact: |z| ActivationSpec::Tanh.value(z),
        fast: |z| ActivationSpec::FastTanh.value(z),
    },
    Forms {
        name: "exponential",
        relative: true,
        bound: |z| 2.5e-7 + 7.4e-8 * z.abs(),
        range: 80.0,
        truth: f64::exp,
        exact: libm::expf,
        fast: fast::exp,
    },
];

/// Runs the experiment.
///
/// # Errors
///
/// It has none.
pub fn run(context: &Context<'_>) -> Result<Findings, CourseError> {
    let within = context.choose(200, 20);
    Ok(Findings {
        curves: ActivationSpec::ALL.into_iter().filter(|of| !is_fast(*of)).map(Curve::new).collect(),
        errors: FORMS.iter().map(|forms| forms.errors(within)).collect(),
    })
}

/// Whether it approximates another, whose curve it would draw again.
fn is_fast(activation: ActivationSpec) -> bool {
    matches!(activation, ActivationSpec::FastSigmoid | ActivationSpec::FastTanh)
}

/// Where an activation may have a kink.
const KINKS: [f32; 4] = [-3.0, 0.0, 3.0, 6.0];

/// The derivative.
fn slope(activation: ActivationSpec, z: f32) -> f64 {
    activation.derivative(if activation.needs() == Needs::Output { activation.value(z) } else { z }).into()
}

impl Curve {
    /// How far the curves reach to each side.
    const REACH: f64 = 7.0;

    fn new(activation: ActivationSpec) -> Self {
        let at = |z: f64| [z, activation.value(z as f32).into(), slope(activation, z as f32)];
        // An even number of points: none is on a kink, where the slope is that of one side.
        Self { activation, points: lab::spaced(-Self::REACH, Self::REACH, 560).map(at).collect() }
    }

    /// The largest slope: of those of the curve and those on both sides of each kink, between two points of it.
    pub fn steepest(&self) -> f64 {
        let beside = KINKS.into_iter().flat_map(|kink| [kink.next_down(), kink.next_up()]);
        let beside = beside.map(|z| slope(self.activation, z));
        self.points.iter().map(|point| point[2]).chain(beside).fold(f64::NEG_INFINITY, f64::max)
    }

    fn figure(&self) -> Result<Figure, CourseError> {
        let values = || self.points.iter().flat_map(|point| [point[1], point[2]]);
        let (low, high) = (values(), values());
        let low = low.fold(-0.25, f64::min);
        let high = high.fold(1.25, f64::max);
        let (z, y) = (Axis::linear("z", -Self::REACH..Self::REACH), Axis::linear("", low * 1.05..high * 1.05));
        let curve = |of: usize| self.points.iter().map(move |point| (point[0], point[of]));
        Chart::new(Size::Tiny, z, y)
            .layer(Mark::Line, BLUE, "σ(z)", curve(1))
            .layer(Mark::Dashed, VERMILION, "σ′(z)", curve(2))
            .figure(format!("<b>{}</b> {}", self.activation.name().replace('_', " "), formula(self.activation)))
    }
}

/// The formula, in HTML.
fn formula(activation: ActivationSpec) -> &'static str {
    match activation {
        ActivationSpec::Identity => "<var>z</var>",
        ActivationSpec::Step => "1 for <var>z</var> ≥ 0, else 0",
        ActivationSpec::Sigmoid => "1 / (1 + e<sup>−<var>z</var></sup>)",
        ActivationSpec::Tanh => {
            "(e<sup><var>z</var></sup> − e<sup>−<var>z</var></sup>) / (e<sup><var>z</var></sup> + e<sup>−<var>z</var></sup>)"
        }
        ActivationSpec::Relu => "max(0, <var>z</var>)",
        ActivationSpec::Relu6 => "min(max(0, <var>z</var>), 6)",
        ActivationSpec::LeakyRelu { .. } => "<var>z</var> for <var>z</var> &gt; 0, else 0.01 <var>z</var>",
        ActivationSpec::Elu { .. } => "<var>z</var> for <var>z</var> &gt; 0, else e<sup><var>z</var></sup> − 1",
        ActivationSpec::Softplus => "ln(1 + e<sup><var>z</var></sup>)",
        ActivationSpec::Silu => "<var>z</var> / (1 + e<sup>−<var>z</var></sup>)",
        ActivationSpec::HardSigmoid => "min(max(0, <var>z</var> + 3), 6) / 6",
        ActivationSpec::ScaledTanh => "1.7159 tanh(2/3 <var>z</var>)",
        ActivationSpec::HardSwish => "<var>z</var> min(max(0, <var>z</var> + 3), 6) / 6",
        _ => "",
    }
}

impl Forms {
    /// The largest errors in each of 160 intervals, of `within` values each.
    fn errors(&self, within: usize) -> Errors {
        const INTERVALS: usize = 160;
        let width = 2.0 * self.range / INTERVALS as f64;
        let largest = |middle: f64, form: fn(f32) -> f32| {
            // Off the middle, so that zero, where tanh has no relative error, is not among them.
            let values = (0..within).map(|at| middle + width * ((at as f64 + 0.5) / within as f64 - 0.5));
            values.map(|z| self.error(z as f32, form)).fold(0.0, f64::max)
        };
        let middles = (0..INTERVALS).map(|at| -self.range + width * (at as f64 + 0.5));
        let points = middles.map(|z| [z, largest(z, self.exact), largest(z, self.fast)]).collect();
        Errors { name: self.name, relative: self.relative, bound: self.bound, points }
    }

    fn error(&self, z: f32, form: fn(f32) -> f32) -> f64 {
        let truth = (self.truth)(z.into());
        let error = (f64::from(form(z)) - truth).abs();
        if self.relative { error / truth.abs() } else { error }
    }
}

impl Errors {
    /// The largest error of the exact form and of the fast form.
    pub fn largest(&self) -> [f64; 2] {
        [1, 2].map(|of| self.points.iter().map(|point| point[of]).fold(0.0, f64::max))
    }

    fn figure(&self) -> Result<Figure, CourseError> {
        let kind = if self.relative { "relative error" } else { "absolute error" };
        let bounds = self.points.iter().map(|point| (self.bound)(point[0]));
        // Errors below this are those of results that rounding happens to hit.
        let axis = Axis::log(kind, 1e-9..2.0 * bounds.clone().fold(0.0, f64::max));
        let reach = -self.points[0][0].round();
        let curve = |of: usize| self.points.iter().map(move |point| (point[0], point[of]));
        Chart::new(Size::Small, Axis::linear("z", -reach..reach), axis)
            .layer(Mark::Line, BLUE, "libm", curve(1))
            .layer(Mark::Line, VERMILION, "fast form", curve(2))
            .layer(Mark::Dashed, GREY, "stated bound", self.points.iter().map(|point| point[0]).zip(bounds))
            .figure(format!("The largest {kind} of the <b>{}</b> around each <var>z</var>.", self.name))
    }
}

impl Findings {
    fn report(&self) -> Result<Report, CourseError> {
        let curves = self.curves.iter().map(Curve::figure);
        let figures = curves.chain(self.errors.iter().map(Errors::figure)).collect::<Result<_, _>>()?;
        let mut slopes = Table::new(
            "Slopes",
            "activation",
            [("slope at −7", ""), ("slope just above 0", ""), ("slope at 7", ""), ("largest from −7 to 7", "")],
        );
        for curve in &self.curves {
            let reach = Curve::REACH as f32;
            let [left, middle, right] = [-reach, 0.0_f32.next_up(), reach].map(|z| slope(curve.activation, z));
            slopes.push(curve.activation.name().replace('_', " "), [left, middle, right, curve.steepest()]);
        }
        let mut errors = Table::new(
            "Largest errors: of the sigmoid absolute, of the others relative to the value",
            "function",
            [("range of z", "±"), ("libm", ""), ("fast form", ""), ("stated bound of the fast form there", "")],
        );
        for of in &self.errors {
            let [exact, fast] = of.largest();
            let reach = -of.points[0][0].round();
            errors.push(of.name, [reach, exact, fast, (of.bound)(reach)]);
        }
        Ok(Report { figures, tables: vec![slopes, errors] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Findings {
        run(&Context::new(1, true)).expect("it cannot fail")
    }

    #[test]
    fn slopes_are_those_of_the_curves() {
        for curve in found().curves {
            // Kinks are between two points: the difference there is none of a slope.
            let kinks = |from: f64, to: f64| KINKS.iter().any(|kink| from <= (*kink).into() && f64::from(*kink) <= to);
            for three in curve.points.windows(3).filter(|three| !kinks(three[0][0], three[2][0])) {
                let step = three[2][0] - three[0][0];
                let slope = (three[2][1] - three[0][1]) / step;
                // The error of a central difference is below (step / 2)^2 / 6 times the third derivative, at most 2 for
                // tanh; values have errors of 2^-24 times their size, at most 7, on either side of the step.
                let bound = (step / 2.0).powi(2) / 3.0 + 2.0 * 7.0 * f64::from(f32::EPSILON) / step;
                assert!((slope - three[1][2]).abs() < bound, "{}: {three:?}", curve.activation.name());
            }
        }
    }

    #[test]
    fn the_sigmoid_is_never_steep_and_relu_keeps_its_slope() {
        let steepest = |activation| {
            let found = found();
            found.curves.iter().find(|curve| curve.activation == activation).expect("every one is there").steepest()
        };
        // Beside 0 the values are those at 0, to the bit: 1/2 and as good as 0.
        assert_eq!(steepest(ActivationSpec::Sigmoid), 0.25);
        assert_eq!(steepest(ActivationSpec::Tanh), 1.0);
        // (2 z + 3) / 6 just below z = 3, to a few roundings.
        assert!((steepest(ActivationSpec::HardSwish) - 1.5).abs() < 4.0 * f64::from(f32::EPSILON));
        assert_eq!(steepest(ActivationSpec::Relu), 1.0);
        assert_eq!(steepest(ActivationSpec::Step), 0.0);
    }

    #[test]
    fn fast_forms_keep_their_bounds_and_pay_with_accuracy() {
        for errors in found().errors {
            assert!(errors.points.iter().all(|[z, _, fast]| *fast <= (errors.bound)(z.abs() + 0.5)), "{}", errors.name);
            let [exact, fast] = errors.largest();
            // The table of bounds in neurona's tests allows 2.5 ULP, which are up to 2^-23 of the value each.
            assert!(exact < 2.5 * f64::from(f32::EPSILON) && fast > exact, "{}: {exact} and {fast}", errors.name);
        }
    }
}
