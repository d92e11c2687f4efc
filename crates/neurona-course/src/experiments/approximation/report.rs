//! The figures and tables of universal approximation.

use neurona::arch::ActivationSpec::{Relu, Sigmoid};
use neurona_train::Network;
use plotters::style::RGBColor;

use super::{
    Construction, Findings, Trained,
    by_hand::{self, FROM, Neuron, STEEP, TO, curve},
    order, target,
    trained::{self, NODES},
};
use crate::{
    Context, CourseError, Figure, Mark, Report, Table, lab,
    page::number,
    plot::{Axis, BLUE, Chart, GREEN, GREY, INK, ORANGE, PURPLE, SKY, Size, VERMILION},
    report::seeds,
    sweep::{self, Trial},
};

/// Points of a curve.
const POINTS: usize = 961;
/// Pulses, or straight pieces, of the pictures.
const SHOWN: usize = 20;

impl Findings {
    pub(super) fn report(&self, context: &Context<'_>) -> Result<Report, CourseError> {
        let by_hand = [
            self.step()?,
            pulse()?,
            built("pulses of two sigmoids each", BLUE, &by_hand::pulses(SHOWN)?)?,
            ramp()?,
            tent()?,
            built("straight pieces of a ReLU each", VERMILION, &by_hand::pieces(SHOWN)?)?,
        ];
        let members = [1, 10, 30, 300].into_iter().filter_map(|nodes| {
            let trial = self.trained.nodes.iter().find(|trial| trial.nodes() == nodes)?;
            Some(fitted(context, trial))
        });
        let deep = self.trained.equal_nodes.iter().filter(|trial| [1, 3].contains(&trial.hidden.len()));
        let fits = members.chain(deep.map(|trial| fitted(context, trial)));
        let figures =
            by_hand.into_iter().map(Ok).chain([self.orders()]).chain([self.nodes(), self.layers()]).chain(fits);
        let mut tables = self.by_hand();
        tables.extend(self.trained());
        Ok(Report { figures: figures.collect::<Result<_, _>>()?, tables })
    }

    fn step(&self) -> Result<Figure, CourseError> {
        let mut chart = unit_chart(0.0..1.0, -0.1..1.15);
        for (step, color) in self.steps.iter().zip([SKY, GREEN, ORANGE, BLUE]) {
            chart = chart.layer(Mark::Line, color, format!("w = {}", number(step.weight)), step.curve.iter().copied());
        }
        chart.figure("One sigmoid, <var>b</var> = −0.4 <var>w</var>: a step at 0.4.")
    }

    fn orders(&self) -> Result<Figure, CourseError> {
        let all = || self.pulses.iter().chain(&self.pieces);
        let neurons = all().map(|of| of.neurons as f64);
        let axes = (
            Axis::log_around("neurons", neurons),
            Axis::log_around("error", all().flat_map(|of| [of.largest, of.rms])),
        );
        let points = |of: &[Construction], error: fn(&Construction) -> f64| {
            of.iter().map(|of| (of.neurons as f64, error(of))).collect::<Vec<_>>()
        };
        Chart::new(Size::Square, axes.0, axes.1)
            .layer(Mark::Dotted, BLUE, "sigmoids, largest", points(&self.pulses, |of| of.largest))
            .layer(Mark::Dashed, BLUE, "sigmoids, RMS", points(&self.pulses, |of| of.rms))
            .layer(Mark::Dotted, VERMILION, "ReLUs, largest", points(&self.pieces, |of| of.largest))
            .layer(Mark::Dashed, VERMILION, "ReLUs, RMS", points(&self.pieces, |of| of.rms))
            .figure("By hand: the error against the number of neurons.")
    }

    fn nodes(&self) -> Result<Figure, CourseError> {
        let trials = &self.trained.nodes;
        let errors = trials.iter().flat_map(|trial| trial.test_errors.iter().copied());
        let axes = (Axis::log("nodes", 0.8..625.0), Axis::log_around("test error (RMS)", errors));
        let chart = Chart::new(Size::Square, axes.0, axes.1);
        sweep::layer(chart, (BLUE, "median"), trials, |trial| trial.nodes() as f64, 1.0)
            .figure("Trained: the error against the nodes of one hidden layer. A dot for each seed.")
    }

    fn layers(&self) -> Result<Figure, CourseError> {
        let (nodes, parameters) = (&self.trained.equal_nodes, &self.trained.equal_parameters);
        let errors = nodes.iter().chain(parameters).flat_map(|trial| trial.test_errors.iter().copied());
        let most = nodes.iter().map(|trial| trial.hidden.len()).max().unwrap_or(1);
        let axes =
            (Axis::linear("hidden layers", 0.6..most as f64 + 0.4), Axis::log_around("test error (RMS)", errors));
        // Beside each other, so that no dot hides another.
        let layers = |shift: f64| move |trial: &Trial| trial.hidden.len() as f64 + shift;
        let about = parameters.first().map_or(0, |trial| trial.parameters);
        let chart = Chart::new(Size::Square, axes.0, axes.1);
        let chart = sweep::layer(chart, (VERMILION, "equal nodes"), nodes, layers(-0.06), 1.0);
        sweep::layer(chart, (BLUE, "equal parameters"), parameters, layers(0.06), 1.0).figure(format!(
            "Trained: several layers against one, of {NODES} nodes in all, and of about {} parameters.",
            number(about as f64)
        ))
    }

    fn by_hand(&self) -> Vec<Table> {
        let columns =
            [("weight w", ""), ("bias b", ""), ("output at 0.4", ""), ("from 0.1 to 0.9", ""), ("2 ln 9 / w", "")];
        let mut steps = Table::new("A step from one sigmoid", "step", columns);
        for (at, step) in self.steps.iter().enumerate() {
            let expected = 2.0 * 9.0_f64.ln() / step.weight;
            steps.push((at + 1).to_string(), [step.weight, -FROM * step.weight, step.middle, step.width, expected]);
        }
        let columns = [
            ("sigmoids", ""),
            ("largest error", ""),
            ("RMS error", ""),
            ("ReLUs", ""),
            ("largest error", ""),
            ("RMS error", ""),
        ];
        let mut errors = Table::new("The function by hand", "pulses or pieces", columns);
        for (pulses, pieces) in self.pulses.iter().zip(&self.pieces) {
            let numbers = [pulses, pieces].into_iter().flat_map(|of| [of.neurons as f64, of.largest, of.rms]);
            errors.push(pulses.parts.to_string(), numbers);
        }
        let slope = |of: &[Construction]| [order(of, |of| of.largest), order(of, |of| of.rms)];
        let columns = [("slope of the largest error", ""), ("slope of the RMS error", ""), ("by theory", "")];
        let orders = Table::new("Slopes of the logarithm of the error, over the last four", "network", columns)
            .row("pulses of sigmoids", slope(&self.pulses).into_iter().chain([-1.0]))
            .row("straight pieces of ReLUs", slope(&self.pieces).into_iter().chain([-2.0]));
        vec![steps, errors, orders]
    }

    fn trained(&self) -> [Table; 3] {
        let Trained { nodes, equal_nodes, equal_parameters } = &self.trained;
        let about = equal_parameters.first().map_or(0, |trial| trial.parameters);
        let tables = [
            ("One hidden layer".to_owned(), nodes),
            (format!("{NODES} nodes in all"), equal_nodes),
            (format!("About {} parameters", number(about as f64)), equal_parameters),
        ];
        tables.map(|(caption, trials)| {
            let of = trials.first().map_or(0, |trial| trial.test_errors.len());
            let caption = format!("{caption}: medians of RMS errors over {}; least and largest test error", seeds(of));
            let columns = [
                ("nodes", ""),
                ("parameters", ""),
                ("training error", ""),
                ("test error", ""),
                ("least", ""),
                ("largest", ""),
            ];
            let mut table = Table::new(caption, "network", columns);
            trials.iter().for_each(|trial| table.push(format!("1-{}-1", trial.name()), trial.numbers(1.0)));
            table
        })
    }
}

fn unit_chart(x: std::ops::Range<f64>, y: std::ops::Range<f64>) -> Chart {
    Chart::new(Size::Small, Axis::linear("x", x), Axis::linear("h(x)", y))
}

/// Two steps, each alone and together.
fn pulse() -> Result<Figure, CourseError> {
    let [up, down] = by_hand::pulse(FROM, TO, STEEP, 0.8);
    let line = |neurons: &[Neuron]| curve(&by_hand::network(Sigmoid, neurons, 0.0)?, POINTS);
    unit_chart(0.0..1.0, -1.0..1.15)
        .layer(Mark::Dashed, SKY, "step up", line(&[up])?)
        .layer(Mark::Dashed, ORANGE, "step down", line(&[down])?)
        .layer(Mark::Line, BLUE, "both", line(&[up, down])?)
        .figure("Two sigmoids, <var>w</var> = 100, output weights 0.8 and −0.8: a pulse from 0.4 to 0.6.")
}

/// Two ReLUs, each alone and together.
fn ramp() -> Result<Figure, CourseError> {
    let slope = 1.0 / (TO - FROM);
    let [up, down] = [Neuron::at(FROM, 1.0, slope), Neuron::at(TO, 1.0, -slope)];
    let line = |neurons: &[Neuron]| curve(&by_hand::network(Relu, neurons, 0.0)?, POINTS);
    unit_chart(0.0..1.0, -2.1..3.1)
        .layer(Mark::Dashed, SKY, "from 0.4, slope 5", line(&[up])?)
        .layer(Mark::Dashed, ORANGE, "from 0.6, slope −5", line(&[down])?)
        .layer(Mark::Line, VERMILION, "both", line(&[up, down])?)
        .figure("Two ReLUs: a ramp, the step that they can make.")
}

/// Three ReLUs: up, down twice as steeply, and level again.
fn tent() -> Result<Figure, CourseError> {
    let (middle, slope) = ((FROM + TO) / 2.0, 2.0 / (TO - FROM));
    let neurons = [(FROM, slope), (middle, -2.0 * slope), (TO, slope)].map(|(at, change)| Neuron::at(at, 1.0, change));
    unit_chart(0.0..1.0, -0.1..1.15)
        .layer(Mark::Line, VERMILION, "three ReLUs", curve(&by_hand::network(Relu, &neurons, 0.0)?, POINTS)?)
        .figure("Three ReLUs with output weights 10, −20 and 10: a tent from 0.4 to 0.6.")
}

/// The target and a network built for it.
fn built(of: &str, color: RGBColor, network: &Network) -> Result<Figure, CourseError> {
    unit_chart(0.0..1.0, -1.25..1.25)
        .layer(Mark::Line, GREY, "f(x)", lab::spaced(0.0, 1.0, POINTS).map(|x| (x, target(x))))
        .layer(Mark::Line, color, "h(x)", curve(network, POINTS)?)
        .figure(format!("{SHOWN} {of}."))
}

/// The network in the middle by its error, the examples that it was trained on, and the target.
fn fitted(context: &Context<'_>, trial: &Trial) -> Result<Figure, CourseError> {
    let places = lab::spaced(0.0, 1.0, POINTS);
    let (seed, network) = &trial.middle;
    let outputs = lab::outputs(network, trained::inputs(places.clone()).view())?;
    let examples = trained::places(context, *seed).into_iter().take(200);
    let (name, error) = (trial.name(), trial.test_errors[*seed as usize]);
    unit_chart(0.0..1.0, -1.4..1.4)
        .layer(Mark::Dot, PURPLE, "examples", examples)
        .layer(Mark::Dashed, INK, "f(x)", places.clone().map(|x| (x, target(x))))
        .layer(Mark::Line, VERMILION, "h(x)", places.zip(outputs))
        .figure(format!("<b>1-{name}-1</b>: {} parameters, error {error:.3}.", number(trial.parameters as f64)))
}
