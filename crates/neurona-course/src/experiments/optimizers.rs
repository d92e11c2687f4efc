//! Optimizers on the cost surface of a line fit, with data that are normalised and that are not, and the moving averages
//! that momentum rests on.

use std::ops::Range;

use neurona_train::{Optimizer, Schedule};

use super::Experiment;
use crate::{
    Context, CourseError, Figure, Mark, Report, Table,
    plot::{Axis, BLUE, Chart, GREEN, GREY, INK, PALE, PALETTE, Size, VERMILION},
};

mod averages;
mod surface;

pub use averages::{Averages, BETAS, Measured, NOISE, Quality, exponential, simple};
pub use surface::{ITERATIONS, Method, Path, Surface};

/// Optimizers on the cost surface of a line fit.
pub const EXPERIMENT: Experiment = Experiment {
    name: "optimizers",
    title: "Optimisers on the cost surface of a line",
    text: TEXT,
    run: |context| run(context)?.report(),
};

const TEXT: &str = "\
<p>A line <var>h</var>(<var>x</var>) = <var>w</var> <var>x</var> + <var>b</var> is fitted to <var>n</var> = 50 \
examples with the cost <var>C</var> = 1/<var>n</var> Σ (<var>w</var> <var>x</var> + <var>b</var> − \
<var>y</var>)<sup>2</sup>. Over (<var>w</var>, <var>b</var>) the cost is a bowl whose contours are ellipses. Their \
shape follows from the Hessian, the matrix of second derivatives: along an eigenvector with eigenvalue <var>λ</var> \
the gradient is <var>λ</var> times the distance <var>d</var> from the minimum, so that a step of gradient descent \
turns it into</p>\
<p class=\"formula\"><var>d</var> ← (1 − <var>α</var> <var>λ</var>) <var>d</var></p>\
<p>So descent diverges where <var>α</var> is above the bound 2/<var>λ</var><sub>max</sub>, and below it hardly moves \
where <var>λ</var> is small. With <var>x</var> between 0 and 10 the eigenvalues are more than a hundred times apart: \
descent jumps from side to side of a valley and creeps along it. With <var>x</var> normalised to mean 0 and standard \
deviation 1 both eigenvalues are 2, the contours are circles, and descent goes straight to the minimum. The line at \
the start is the same in both, and so is its cost. Every path was made by the trainer&#8217;s own gradient, schedule \
and optimiser. Some paths lie upon one another: gradient descent is dashed, and every tenth iteration has a ring for \
momentum and a triangle for decay.</p>\
<ul>\
<li><b>Decay</b>: the course writes <var>α</var> = <var>α</var><sub>0</sub> / (1 − <var>γ</var> <var>n</var>), with \
<var>n</var> for the epoch. For a positive <var>γ</var> that rate grows, is infinite at <var>γ</var> <var>n</var> = 1 \
and negative after. What is meant, and used here, is <var>α</var><sub>0</sub> / (1 + <var>γ</var> <var>n</var>), after \
Robbins and Monro: its sum is infinite, so that descent can reach any place, and that of its squares is finite, so \
that noise dies away. The trainer refuses the other form. There is no noise here: in the valley decay only makes \
descent slower. In the round bowl it helps, as the rate passes ½, with which one step arrives.</li>\
<li><b>Momentum</b> as in the course: <var>v</var> ← <var>β</var><sub>1</sub> <var>v</var> + (1 − \
<var>β</var><sub>1</sub>) <var>g</var>, <var>w</var> ← <var>w</var> − <var>α</var> <var>v</var>; the classical form is \
<var>v</var> ← <var>β</var><sub>1</sub> <var>v</var> + <var>g</var>. With the rate (1 − <var>β</var><sub>1</sub>) \
<var>α</var> the classical one takes the same path.</li>\
<li><b>RMSProp</b>: <var>s</var> ← <var>β</var><sub>2</sub> <var>s</var> + (1 − <var>β</var><sub>2</sub>) \
<var>g</var><sup>2</sup>, <var>w</var> ← <var>w</var> − <var>α</var> <var>g</var> / √(<var>s</var> + <var>ε</var>), \
for each parameter by itself, with <var>β</var><sub>2</sub> = 0.99.</li>\
<li><b>Adam</b>: <var>w</var> ← <var>w</var> − <var>α</var> <var>v</var> / (√<var>s</var> + <var>ε</var>) with the \
<var>v</var> of momentum and the <var>s</var> of RMSProp, <var>β</var><sub>1</sub> = 0.9 and <var>β</var><sub>2</sub> \
= 0.999. The course leaves <var>v</var> and <var>s</var> as they are; the paper divides them by 1 − \
<var>β</var><sup><var>t</var></sup>, so that the first steps are not too long.</li>\
</ul>\
<p>The steps of the last two hardly depend on the size of the gradient: they are at most about <var>α</var> long in \
each parameter once <var>s</var> is a true mean, and so reach about 100 <var>α</var> in 100 iterations. Without the \
correction <var>s</var> is too small at first: the first step of RMSProp is 10 <var>α</var> long, and Adam&#8217;s as \
in the course are up to 6.6 <var>α</var>.</p>\
<p>First come the rates of the course: <var>α</var> = 0.001 for momentum, and here for gradient descent and decay too, \
and 0.005 for RMSProp and Adam. Then rates that suit the surface: 0.9 of the bound for gradient descent and as \
<var>α</var><sub>0</sub> of decay; for momentum (1 − √<var>β</var><sub>1</sub>)<sup>2</sup> / \
<var>λ</var><sub>min</sub>, divided by 1 − <var>β</var><sub>1</sub>: with that the distance shrinks by about \
√<var>β</var><sub>1</sub> per step along every eigenvector, the flat ones too. Where the contours are circles momentum \
does not help, and plain descent is faster.</p>\
<p>Momentum rests on the <b>moving average</b>. The simple one is the mean of the last sample and the <var>M</var> \
before it; the exponential one needs no memory but itself:</p>\
<p class=\"formula\"><var>v<sub>t</sub></var> = 1/(<var>M</var> + 1) Σ<sub><var>k</var> = 0…<var>M</var></sub> \
<var>x</var><sub><var>t</var>−<var>k</var></sub>, &emsp; <var>v<sub>t</sub></var> = <var>β</var> \
<var>v</var><sub><var>t</var>−1</sub> + (1 − <var>β</var>) <var>x<sub>t</sub></var></p>\
<p>The slide of the course prints 1/<var>M</var> in the first, before a sum of <var>M</var> + 1 terms, and a minus \
sign between the two terms of the second: with these the average of a constant would not be that constant. Independent \
noise loses variance by the factor 1/(<var>M</var> + 1) in the one and (1 − <var>β</var>)/(1 + <var>β</var>) in the \
other. Behind a signal that changes slowly they lag by <var>M</var>/2 and by <var>β</var>/(1 − <var>β</var>) samples. \
Both are the same in both averages where <var>M</var> + 1 = (1 + <var>β</var>)/(1 − <var>β</var>): the exponential one with \
<var>β</var> = 0.9 smooths as much as the mean of 19 samples, and comes 9 samples late as that does.</p>";

/// β1 of momentum and Adam.
const BETA: f32 = 0.9;

/// RMSProp with epsilon within the root, as in the course.
const RMSPROP: Optimizer = Optimizer::RmsProp { decay: 0.99, epsilon: 1e-8, epsilon_in_root: true };

/// Adam without bias correction, as in the course.
const ADAM: Optimizer = Optimizer::Adam { beta1: BETA, beta2: 0.999, epsilon: 1e-8, bias_correction: false };

/// What was found.
#[derive(Clone, Debug)]
pub struct Findings {
    /// The data as they are, and with x normalised.
    pub sides: [Side; 2],
    /// The moving averages.
    pub averages: Averages,
}

/// One of the two surfaces, and the ways down it.
#[derive(Clone, Debug)]
pub struct Side {
    /// What is said of the data.
    pub name: &'static str,
    /// The surface.
    pub surface: Surface,
    /// Gradient descent at [`SHARES`] of the bound.
    pub descent: Vec<Path>,
    /// The methods with the rates of the course.
    pub course: Vec<Path>,
    /// The methods with rates that suit the surface.
    pub suited: Vec<Path>,
    /// Momentum in the form of the course and in the classical one, with (1 - β1) times the rate.
    pub momentum: [Path; 2],
}

/// The rates of gradient descent, by the bound.
pub const SHARES: [f32; 3] = [0.25, 0.9, 1.02];

/// Runs the experiment.
///
/// # Errors
///
/// The network of the line cannot be built.
pub fn run(context: &Context<'_>) -> Result<Findings, CourseError> {
    Ok(Findings { sides: sides(context)?, averages: averages::run(context)? })
}

fn sides(context: &Context<'_>) -> Result<[Side; 2], CourseError> {
    let side = |name, is_normalised| Side::new(name, Surface::new(context, is_normalised)?);
    Ok([side("x as it is", false)?, side("x normalised", true)?])
}

impl Side {
    fn new(name: &'static str, surface: Surface) -> Result<Self, CourseError> {
        let bound = surface.bound as f32;
        let names = ["0.25 of the bound", "0.9 of the bound", "1.02 of the bound"];
        let descent = names.into_iter().zip(SHARES);
        let descent = descent.map(|(name, share)| Method::new(name, Optimizer::SGD, share * bound));
        let classical = Optimizer::Sgd { momentum: BETA };
        let momentum = [
            surface.descend(Method::new("momentum, course", Optimizer::MOMENTUM, 0.001))?,
            surface.descend(Method::new("momentum, classical", classical, (1.0 - BETA) * 0.001))?,
        ];
        let paths =
            |methods: Vec<Method>| methods.into_iter().map(|method| surface.descend(method)).collect::<Result<_, _>>();
        Ok(Self {
            name,
            descent: paths(descent.collect())?,
            course: paths(course_methods())?,
            suited: paths(suited_methods(&surface))?,
            momentum,
            surface,
        })
    }
}

/// The methods with the rates of the course; gradient descent with that of momentum.
fn course_methods() -> Vec<Method> {
    vec![
        Method::descent(0.001),
        Method::decay(0.001),
        Method::momentum(0.001),
        Method::new("RMSProp", RMSPROP, 0.005),
        Method::new("Adam, course", ADAM, 0.005),
        Method::new("Adam, paper", Optimizer::ADAM, 0.005),
    ]
}

/// The methods with rates by the eigenvalues; those that divide by the size of the gradient get there in some 25 steps.
fn suited_methods(surface: &Surface) -> Vec<Method> {
    let descent = 0.9 * surface.bound as f32;
    let momentum = (1.0 - BETA.sqrt()).powi(2) / surface.eigenvalues[1] as f32 / (1.0 - BETA);
    vec![
        Method::descent(descent),
        Method::decay(descent),
        Method::momentum(momentum),
        Method::new("RMSProp", RMSPROP, 0.02),
        Method::new("Adam, course", ADAM, 0.02),
        Method::new("Adam, paper", Optimizer::ADAM, 0.02),
    ]
}

impl Findings {
    fn report(&self) -> Result<Report, CourseError> {
        const DESCENT: &str = "gradient descent at three rates";
        const COURSE: &str = "the rates of the course";
        const SUITED: &str = "rates that suit the surface";
        let sides = |draw: &dyn Fn(&Side) -> Result<Figure, CourseError>| {
            self.sides.iter().map(draw).collect::<Result<Vec<_>, _>>()
        };
        let [raw, _] = &self.sides;
        let mut figures = sides(&Side::line)?;
        figures.extend(sides(&Side::steps)?);
        figures.extend(sides(&|side| side.costs(&side.descent, DESCENT))?);
        figures.extend(sides(&|side| side.paths(&side.course, COURSE))?);
        figures.extend(sides(&|side| side.costs(&side.course, COURSE))?);
        figures.extend(sides(&|side| side.paths(&side.suited, SUITED))?);
        figures.extend(sides(&|side| side.costs(&side.suited, SUITED))?);
        figures.extend([raw.forms()?, decay(raw.surface.bound)?]);
        figures.extend(self.averages.figures()?);
        Ok(Report { figures, tables: vec![self.surfaces(), self.ends(), self.averages.table()] })
    }

    fn surfaces(&self) -> Table {
        let columns = [
            ("w of the minimum", ""),
            ("b of the minimum", ""),
            ("least cost", ""),
            ("λ max", ""),
            ("λ min", ""),
            ("λ max / λ min", ""),
            ("bound of α", ""),
        ];
        let mut table = Table::new("The two cost surfaces", "data", columns);
        for Side { name, surface, .. } in &self.sides {
            let ([w, b], [steep, flat]) = (surface.minimum, surface.eigenvalues);
            table.push(*name, [w, b, surface.least, steep, flat, steep / flat, surface.bound]);
        }
        table
    }

    fn ends(&self) -> Table {
        let columns = [("α, x as it is", ""), ("share left", ""), ("α, x normalised", ""), ("share left", "")];
        let caption = format!(
            "What is left of the cost above its least after {ITERATIONS} iterations, as a share of that at the start"
        );
        let mut table = Table::new(caption, "method", columns);
        let mut add = |of: &str, paths: fn(&Side) -> &[Path]| {
            for (raw, normalised) in paths(&self.sides[0]).iter().zip(paths(&self.sides[1])) {
                let name = format!("{of}{}", raw.method.name);
                let of = |path: &Path| [f64::from(path.method.rate), path.left()];
                table.push(name, [of(raw), of(normalised)].concat());
            }
        };
        add("gradient descent, ", |side| &side.descent);
        add("rates of the course: ", |side| &side.course);
        add("suited rates: ", |side| &side.suited);
        table
    }
}

impl Side {
    fn line(&self) -> Result<Figure, CourseError> {
        let examples = self.surface.examples();
        let ends = [f64::min, f64::max].map(|end| examples.iter().map(|(x, _)| *x).reduce(end).unwrap_or(0.0));
        let margin = 0.02 * (ends[1] - ends[0]);
        let [from, to] = [ends[0] - margin, ends[1] + margin];
        let line = |[w, b]: [f64; 2]| [from, to].map(|x| (x, w * x + b));
        Chart::new(Size::Medium, Axis::linear("x", from..to), Axis::linear("y", 0.0..5.0))
            .layer(Mark::Dot, BLUE, "examples", examples.iter().copied())
            .layer(Mark::Dashed, INK, "at the start", line(self.surface.start))
            .layer(Mark::Line, VERMILION, "at the minimum", line(self.surface.minimum))
            .figure(format!("<b>{}</b>: the examples, and the line at the start and at the minimum.", self.name))
    }

    /// The steps of gradient descent at each rate.
    fn steps(&self) -> Result<Figure, CourseError> {
        /// Of the path that diverges; more would cover the picture.
        const STEPS: usize = 8;
        let mut chart = self.surface_chart(&self.descent)?;
        for (path, color) in self.descent.iter().zip([BLUE, VERMILION, GREEN]).rev() {
            let (name, shown) = match path.left() {
                left if left < 1.0 => (path.method.name.to_owned(), usize::MAX),
                _ => (format!("{}, {STEPS} steps", path.method.name), STEPS + 1),
            };
            chart = chart.layer(Mark::Dotted, color, name, path.places().take(shown));
        }
        chart.figure(format!("<b>{}</b>, gradient descent at three rates: the first {ITERATIONS} steps.", self.name))
    }

    fn paths(&self, paths: &[Path], what: &str) -> Result<Figure, CourseError> {
        let chart = draw(self.surface_chart(paths)?, paths, |path| path.places().collect());
        let [start, minimum] = [self.surface.start, self.surface.minimum].map(|[w, b]| (w, b));
        chart
            .layer(Mark::Dot, INK, "start", [start])
            .layer(Mark::Ring, INK, "minimum", [minimum])
            .figure(format!("<b>{}</b>, {what}: the paths of {ITERATIONS} iterations.", self.name))
    }

    /// The contours of the cost, where these paths are.
    fn surface_chart(&self, paths: &[Path]) -> Result<Chart, CourseError> {
        let surface = &self.surface;
        let [w, b] = self.window(paths);
        let field = surface.field(w.clone(), b.clone())?;
        let levels: Vec<f64> = (-2..=5).map(|power| surface.excess(surface.start) * 4_f64.powi(-power)).collect();
        Chart::new(Size::Medium, Axis::linear("w", w), Axis::linear("b", b)).levels(
            &field,
            &levels,
            Mark::Line,
            PALE,
            "contours of C − least C, a factor of 4 apart",
        )
    }

    /// What holds the start, the minimum and the paths that do not diverge, with the minimum in the middle.
    fn window(&self, paths: &[Path]) -> [Range<f64>; 2] {
        /// Width by height of a picture without its labels, so that a circle looks like one.
        const ASPECT: f64 = 1.4;
        let stays = |path: &&Path| path.left() < 1.0;
        let mut reach = [0, 1].map(|axis| {
            let points = paths.iter().filter(stays).flat_map(|path| path.points.iter().map(|point| point[axis]));
            points.map(|at| 1.25 * (at - self.surface.minimum[axis]).abs()).fold(0.0, f64::max)
        });
        let [steep, flat] = self.surface.eigenvalues;
        if steep < 1.01 * flat {
            let height = reach[1].max(reach[0] / ASPECT);
            reach = [ASPECT * height, height];
        }
        [0, 1].map(|axis| self.surface.minimum[axis] - reach[axis]..self.surface.minimum[axis] + reach[axis])
    }

    fn costs(&self, paths: &[Path], what: &str) -> Result<Figure, CourseError> {
        // What is smaller is the rounding of w and b.
        let shown = paths.iter().flat_map(|path| path.excess.iter().map(|excess| excess.max(1e-8)));
        let axes = (Axis::linear("iteration", 0.0..ITERATIONS as f64), Axis::log_around("cost above the least", shown));
        let points = |path: &Path| path.excess.iter().enumerate().map(|(at, cost)| (at as f64, *cost)).collect();
        draw(Chart::new(Size::Medium, axes.0, axes.1), paths, points)
            .figure(format!("<b>{}</b>, {what}: cost against iteration.", self.name))
    }

    /// Momentum in both forms, and gradient descent at the same rate.
    fn forms(&self) -> Result<Figure, CourseError> {
        let points = |path: &Path, each: usize| {
            let points = path.excess.iter().enumerate().step_by(each);
            points.map(|(at, cost)| (at as f64, *cost)).collect::<Vec<_>>()
        };
        let [course, classical] = &self.momentum;
        let axes = (
            Axis::linear("iteration", 0.0..ITERATIONS as f64),
            Axis::from_zero("cost above the least", course.excess.iter().copied()),
        );
        Chart::new(Size::Medium, axes.0, axes.1)
            .layer(Mark::Line, GREY, "gradient descent, α = 0.001", points(&self.course[0], 1))
            .layer(Mark::Line, GREEN, "momentum, course, α = 0.001", points(course, 1))
            .layer(Mark::Dot, INK, "momentum, classical, α = 0.0001", points(classical, 4))
            .figure(
                "<b>x as it is</b>: momentum begins slower than gradient descent, as its average begins at 0, and then \
                 swings a little past the floor of the valley. The classical form with a tenth of the rate is the same.",
            )
    }
}

/// Adds a layer for each path. Some lie upon one another: solid lines are below, then dashes, then single marks, of
/// which rings have their line below too.
fn draw(mut chart: Chart, paths: &[Path], points: impl Fn(&Path) -> Vec<(f64, f64)>) -> Chart {
    /// Iterations from one mark to the next.
    const EACH: usize = 10;
    let of = |mark: Mark| paths.iter().zip(PALETTE).filter(move |(path, _)| path.method.mark == mark);
    for (path, color) in of(Mark::Ring) {
        chart = chart.unlabelled(Mark::Line, color, points(path));
    }
    for mark in [Mark::Line, Mark::Dashed, Mark::Triangle, Mark::Ring] {
        for (path, color) in of(mark) {
            let each = if matches!(mark, Mark::Triangle | Mark::Ring) { EACH } else { 1 };
            chart = chart.layer(mark, color, path.method.name, points(path).into_iter().step_by(each));
        }
    }
    chart
}

/// The rate by iteration, as the course prints it and as it decays.
fn decay(bound: f64) -> Result<Figure, CourseError> {
    const GAMMA: f64 = 0.02;
    let start = 0.5 * bound;
    let decayed = Schedule::Decay { gamma: GAMMA as f32 };
    let iterations = || (0..=ITERATIONS as u32).map(|n| (f64::from(n), n));
    let printed = iterations().map(|(n, _)| (n, start / (1.0 - GAMMA * n)));
    let axes =
        (Axis::linear("epoch n", 0.0..ITERATIONS as f64), Axis::linear("learning rate α", -2.0 * bound..4.0 * bound));
    let decays = iterations().map(|(at, n)| (at, start * decayed.factor(n, ITERATIONS as u32)));
    Chart::new(Size::Medium, axes.0, axes.1)
        .layer(Mark::Dashed, INK, "bound, 2/λ max", [(0.0, bound), (ITERATIONS as f64, bound)])
        .layer(Mark::Line, VERMILION, "as printed, α₀ / (1 − γ n)", printed)
        .layer(Mark::Line, BLUE, "that decays, α₀ / (1 + γ n)", decays)
        .figure(
            "The two forms of decay with <var>γ</var> = 0.02, from half of the bound of <b>x as it is</b>: as printed, the rate is above the \
             bound after 25 epochs, infinite at 50 and negative after.",
        )
}

#[cfg(test)]
mod tests;
