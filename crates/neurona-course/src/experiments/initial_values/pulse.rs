//! A cost over two weights with several minima, and descents from many starts.

use ndarray::Array2;
use neurona::arch::ActivationSpec;
use neurona_train::{Dataset, Loss, Network, Optimizer, OptimizerState, TargetRows};

use crate::{
    Context, CourseError, Figure, Mark, lab,
    plot::{Axis, BLUE, Chart, Field, GREEN, GREY, INK, PALE, Size, VERMILION},
};

/// The weight of each hidden neuron: how steep its step is.
const STEEPNESS: f64 = 20.0;

/// Rises and falls of the two pulses of the data, and their heights.
const PULSES: [(f64, f64, f64); 2] = [(-0.75, -0.25, 1.0), (0.25, 0.75, 0.7)];

/// Steps of a descent.
const STEPS: usize = 1500;

/// What a network with one pulse makes of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Minimum {
    /// It is at the higher one.
    First,
    /// It is at the lower one.
    Second,
    /// It is over both and what is between them.
    Both,
}

/// Every minimum, the best first.
pub const MINIMA: [Minimum; 3] = [Minimum::First, Minimum::Second, Minimum::Both];

/// The cost over the places of the two steps, and the descents.
#[derive(Clone, Debug)]
pub struct Pulse {
    /// From each start.
    pub descents: Vec<Descent>,
    /// The cost along the straight line between the ends of the best descents to the first and to the second pulse.
    pub between: Vec<f64>,
    network: Network,
    data: Dataset,
}

/// A descent.
#[derive(Clone, Debug)]
pub struct Descent {
    /// s1 and s2 at the start and after each step.
    pub points: Vec<[f64; 2]>,
    /// The cost at the end.
    pub cost: f64,
    /// The length of the gradient at the end.
    pub gradient: f64,
    /// Where it ended; `None` where it is still on its way.
    pub minimum: Option<Minimum>,
}

impl Minimum {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::First => "first pulse",
            Self::Second => "second pulse",
            Self::Both => "one wide pulse",
        }
    }

    fn color(self) -> plotters::style::RGBColor {
        match self {
            Self::First => BLUE,
            Self::Second => VERMILION,
            Self::Both => GREEN,
        }
    }

    /// The minimum that two places are near: a pulse that covers at least half of one in the data is at it.
    fn of([rise, fall]: [f64; 2]) -> Option<Self> {
        let covers = |(from, to, _): (f64, f64, f64)| fall.min(to) - rise.max(from) > 0.5 * (to - from);
        match PULSES.map(covers) {
            [true, false] => Some(Self::First),
            [false, true] => Some(Self::Second),
            [true, true] => Some(Self::Both),
            [false, false] => None,
        }
    }
}

/// Descends from many starts.
pub(super) fn run(context: &Context<'_>) -> Result<Pulse, CourseError> {
    let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
    let step = |x: f64, place: f64| sigmoid(STEEPNESS * (x - place));
    let inputs: Array2<f32> = lab::spaced(-1.0, 1.0, 101).map(|x| [x as f32]).collect::<Vec<_>>().into();
    let pulses = |x: f64| PULSES.iter().map(|(rise, fall, height)| height * (step(x, *rise) - step(x, *fall))).sum();
    let values = inputs
        .iter()
        .map(|x| {
            let y: f64 = pulses(f64::from(*x));
            y as f32
        })
        .collect();
    let data = lab::numbers(inputs, values)?;
    let network = lab::network(&[1, 2, 1], ActivationSpec::Sigmoid)?;
    let mut pulse = Pulse { descents: Vec::new(), between: Vec::new(), network, data };
    let mut random = context.random(0);
    let starts: Vec<[f64; 2]> =
        (0..context.choose(60, 40)).map(|_| [0; 2].map(|_| f64::from(random.uniform(1.0)))).collect();
    pulse.descents = context.each(&starts, |start| pulse.descend(*start))?;
    if let [Some(first), Some(second)] = [Minimum::First, Minimum::Second].map(|minimum| pulse.best(minimum)) {
        let ends = [first, second].map(|descent| descent.points[STEPS]);
        let between = |share: f64| [0, 1].map(|at| (1.0 - share) * ends[0][at] + share * ends[1][at]);
        pulse.between = lab::spaced(0.0, 1.0, 101).map(|share| pulse.cost(between(share))).collect::<Result<_, _>>()?;
    }
    Ok(pulse)
}

impl Pulse {
    /// The best descent to a minimum.
    pub fn best(&self, minimum: Minimum) -> Option<&Descent> {
        let descents = self.descents.iter().filter(|descent| descent.minimum == Some(minimum));
        descents.min_by(|one, other| one.cost.total_cmp(&other.cost))
    }

    /// How many descents ended there.
    pub fn count(&self, minimum: Minimum) -> usize {
        self.descents.iter().filter(|descent| descent.minimum == Some(minimum)).count()
    }

    /// The network with its steps at these places: h(x) = σ(w (x - s1)) - σ(w (x - s2)).
    fn network_at(&self, [rise, fall]: [f64; 2]) -> Result<Network, CourseError> {
        let mut network = self.network.clone();
        let (w, biases) = (STEEPNESS, [-STEEPNESS * rise, -STEEPNESS * fall]);
        network.set_values(&[w, w, biases[0], biases[1], 1.0, -1.0, 0.0].map(|value| value as f32))?;
        Ok(network)
    }

    fn cost(&self, places: [f64; 2]) -> Result<f64, CourseError> {
        let network = self.network_at(places)?;
        let found = network.gradients(self.data.inputs().view(), self.data.target_rows(), Loss::SquaredError)?;
        Ok(found.loss.into())
    }

    /// Gradient descent in the two biases; all other weights stay.
    fn descend(&self, start: [f64; 2]) -> Result<Descent, CourseError> {
        /// A step is wide where the cost is curved by some (w / 4) / w^2 = 1/80: a bound of 160.
        const RATE: f32 = 10.0;
        /// Where the biases are among the values.
        const BIASES: std::ops::Range<usize> = 2..4;
        let mut network = self.network_at(start)?;
        let mut state = OptimizerState::new(Optimizer::SGD, BIASES.len());
        let mut points = vec![start];
        let (mut cost, mut gradient) = (f64::NAN, f64::NAN);
        for _ in 0..=STEPS {
            let found = network.gradients(self.data.inputs().view(), self.data.target_rows(), Loss::SquaredError)?;
            (cost, gradient) = (found.loss.into(), f64::from(found.values[2]).hypot(found.values[3].into()));
            if points.len() > STEPS {
                break;
            }
            state.step(RATE, &mut network.values_mut()[BIASES], &found.values[BIASES]);
            points.push([0, 1].map(|at| f64::from(-network.values()[BIASES.start + at]) / STEEPNESS));
        }
        let minimum = Minimum::of(points[points.len() - 1]);
        Ok(Descent { points, cost, gradient, minimum })
    }

    pub(super) fn figures(&self) -> Result<Vec<Figure>, CourseError> {
        Ok(vec![self.surface()?, self.fits()?, self.barrier()?])
    }

    fn surface(&self) -> Result<Figure, CourseError> {
        let field = Field::sample(-1.05..1.05, -1.05..1.05, 100, |points| {
            points.rows().into_iter().map(|row| self.cost([row[0].into(), row[1].into()])).collect()
        })?;
        let levels: Vec<f64> = lab::spaced(0.05, 0.95, 31).collect();
        let axis = |label| Axis::linear(label, -1.05..1.05);
        let mut chart =
            Chart::new(Size::Medium, axis("place of the rise, s₁ = −b₁ / w"), axis("place of the fall, s₂ = −b₂ / w"))
                .levels(&field, &levels, Mark::Line, PALE, "contours of C")?;
        let ends = MINIMA.map(|minimum| (Some(minimum), minimum.name(), minimum.color()));
        for (minimum, name, color) in ends.into_iter().chain([(None, "still on its way", GREY)]) {
            let mut label = Some(name);
            for descent in self.descents.iter().filter(|descent| descent.minimum == minimum) {
                // Every tenth step, the last among them, draws the same line in a smaller page.
                let points = descent.points.iter().step_by(10).map(|[rise, fall]| (*rise, *fall));
                chart = match label.take() {
                    Some(label) => chart.layer(Mark::Line, color, label, points),
                    None => chart.unlabelled(Mark::Line, color, points),
                };
            }
        }
        let starts = self.descents.iter().map(|descent| (descent.points[0][0], descent.points[0][1]));
        let ends = MINIMA.into_iter().filter_map(|minimum| self.best(minimum)).map(|best| best.points[STEPS]);
        chart
            .layer(Mark::Dot, INK, "start", starts)
            .layer(Mark::Ring, INK, "minimum", ends.map(|[rise, fall]| (rise, fall)))
            .figure(
                "A cost with several minima, and where descents from random starts end. The rings in the middle are a hill: a \
                 pulse where the data have none.",
            )
    }

    fn fits(&self) -> Result<Figure, CourseError> {
        let data = self.data.inputs().iter().zip(match self.data.target_rows() {
            TargetRows::Values(values) => values,
            TargetRows::Classes(_) => &[],
        });
        let axes = (Axis::linear("x", -1.0..1.0), Axis::linear("y", -0.2..1.3));
        let mut chart = Chart::new(Size::Medium, axes.0, axes.1).layer(
            Mark::Dot,
            GREY,
            "data",
            data.map(|(x, y)| (f64::from(*x), f64::from(*y))),
        );
        for minimum in MINIMA {
            let Some(descent) = self.best(minimum) else { continue };
            let network = self.network_at(descent.points[STEPS])?;
            let outputs = lab::outputs(&network, self.data.inputs().view())?;
            let curve = self.data.inputs().iter().map(|x| f64::from(*x)).zip(outputs);
            chart = chart.layer(Mark::Line, minimum.color(), minimum.name(), curve);
        }
        chart.figure("What the network is at each minimum: the data have two pulses, and it has one.")
    }

    fn barrier(&self) -> Result<Figure, CourseError> {
        let last = (self.between.len().max(2) - 1) as f64;
        let points = self.between.iter().enumerate().map(|(at, cost)| (at as f64 / last, *cost));
        let axes =
            (Axis::linear("share of the way", 0.0..1.0), Axis::from_zero("cost C", self.between.iter().copied()));
        Chart::new(Size::Medium, axes.0, axes.1)
            .layer(Mark::Line, BLUE, "cost", points)
            .figure("The cost on the straight way from the first pulse to the second: descent does not climb over it.")
    }
}
