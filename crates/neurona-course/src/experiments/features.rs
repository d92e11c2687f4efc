//! Levels of features: what the layers of a convolutional network respond to.

use ndarray::Array2;
use neurona_train::{Dataset, Init, Loss, Network, Spec, Targets, Training};

use super::Experiment;
use crate::{
    Context, CourseError, Figure, Mark, Report, Table, lab,
    page::number,
    plot::{Axis, Chart, GREY, Size, Tile, Tiles, VERMILION},
    report::{median, seeds},
};

/// Levels of features.
pub const EXPERIMENT: Experiment =
    Experiment { name: "features", title: "Levels of features", text: TEXT, run: |context| run(context)?.report() };

const TEXT: &str = "\
<p>A convolutional layer looks for the same small pattern everywhere in an image: a filter with weights \
<var>w</var><sub><var>i</var><var>j</var></sub> responds at the place (<var>y</var>, <var>x</var>) with</p>\
<p class=\"formula\"><var>a</var>(<var>y</var>, <var>x</var>) = max(0, Σ<sub><var>i</var>,<var>j</var></sub> \
<var>w</var><sub><var>i</var><var>j</var></sub> <var>p</var>(<var>y</var> + <var>i</var>, <var>x</var> + \
<var>j</var>) + <var>b</var>)</p>\
<p>where <var>p</var> are the pixels; the next layer looks for patterns of these responses, and so each sees more of \
the image than the one before it. The network here learns 8×8 images of the ten digits (scikit-learn’s; Alpaydin and \
Kaynak, 1998), four fifths of 1,797 of them; the others are the test. Its layers, and the part of the image that one \
response depends on:</p>
<ul>
<li><b>Layer 1</b>: 8 filters of 3×3 pixels.</li>
<li><b>Layer 2</b>: 16 filters of 3×3 responses of layer 1: 5×5 pixels.</li>
<li><b>Layer 3</b>: after the largest of each 2×2 responses (max pooling), 16 filters of 3×3: the whole \
image.</li>
<li><b>Outputs</b>: one weighted sum of the responses of layer 3 for each digit, without an activation.</li>
</ul>
<p>What a filter looks for is shown by the parts of test images that excite it most, one of each image (Zeiler and \
Fergus, 2014). In the first layer they are strokes and edges in one direction, as the weights beside them say; in the \
second, ends, corners and bends; in the third, arrangements of strokes that several digits share; and an output is \
excited by its own digit in all ways of writing it. In other words, the features become those of a class. That can be \
measured. The largest response of a filter in an image is a number for each image; the share of its variance that lies \
between the classes,</p>\
<p class=\"formula\"><var>η</var><sup>2</sup> = Σ<sub><var>c</var></sub> <var>n</var><sub><var>c</var></sub> \
(mean<sub><var>c</var></sub> − mean)<sup>2</sup> / Σ<sub><var>k</var></sub> (<var>a</var><sub><var>k</var></sub> − \
mean)<sup>2</sup>,</p>\
<p>is 0 for a feature that says nothing of the digit and 1 for one that the digit decides. It rises from layer to layer. \
In the same network before training it rises far less: it is not the architecture that makes the levels, but what was \
learned. And the ten images that excite an output most are all of one digit, where of those of a filter in the first \
layer it is fewer than half. Filters that respond to no test image at all are left out: with ReLU some neurons \
fall silent for good.</p>";

/// Rows and columns of an image.
const SIDE: usize = 8;
/// Digits.
const CLASSES: usize = 10;
/// The network, as TOML describes it.
const LAYERS: &str = "input = [8, 8, 1]\nlayers = [\
    { conv = 8, kernel = 3, padding = 'same', activation = 'relu' }, \
    { conv = 16, kernel = 3, padding = 'same', activation = 'relu' }, \
    { max_pool = 2 }, { conv = 16, kernel = 3, activation = 'relu' }, { flatten = true }, { dense = 10 }]";
/// The images: the label, then 64 grey levels from 0 to 16.
const DIGITS: &str = include_str!("../../../../tests/data/digits.csv");
/// Images that excite a filter most, of which the share of one digit is taken.
const MOST_EXCITING: usize = 10;
/// Of these, as many are shown.
const SHOWN: usize = 6;
/// Filters of a layer that are shown.
const FILTERS: usize = 8;

/// A place where a response is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Probe {
    name: &'static str,
    /// Layers up to and with this one.
    layers: usize,
    /// Rows and columns of responses.
    side: usize,
    channels: usize,
    /// Rows and columns of pixels that one response depends on.
    seen: usize,
    /// Pixels from one response to the next.
    step: usize,
    /// How far the first response looks beyond the image.
    before: usize,
}

/// A response of the layer 2 is seen through a border of two pixels, as each of two layers adds one.
const PROBES: [Probe; 4] = [
    Probe { name: "layer 1", layers: 1, side: 8, channels: 8, seen: 3, step: 1, before: 1 },
    Probe { name: "layer 2", layers: 2, side: 8, channels: 16, seen: 5, step: 1, before: 2 },
    // Three pooled places of two pixels, each of which looks two further on both sides: 10 pixels, from 2 before the
    // first or from the first, and so the whole image.
    Probe { name: "layer 3", layers: 4, side: 2, channels: 16, seen: 10, step: 2, before: 2 },
    Probe { name: "outputs", layers: 6, side: 1, channels: CLASSES, seen: SIDE, step: SIDE, before: 0 },
];

/// What was found.
#[derive(Clone, Debug)]
pub struct Findings {
    /// One for each seed.
    pub runs: Vec<Run>,
    test: Dataset,
}

/// A network, trained, and what its layers respond to.
#[derive(Clone, Debug)]
pub struct Run {
    /// The share of test images whose digit is wrong.
    pub test_error: f64,
    /// The layers, the outputs last, before training.
    pub untrained: Vec<Level>,
    /// The same after training.
    pub trained: Vec<Level>,
    network: Network,
}

/// What a layer responds to.
#[derive(Clone, Debug)]
pub struct Level {
    /// The share of the variance of the largest responses that lies between the classes: the mean over the filters.
    pub between_classes: f64,
    /// Of the images that excite a filter most, the share of the digit that is most among them: the mean over the filters.
    pub of_one_digit: f64,
    /// Filters that respond to some image.
    pub responding: usize,
    /// For each of these, with its number, the images that excite it most, the first the most.
    excited: Vec<(usize, Vec<Response>)>,
}

/// The largest response of a filter in an image.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Response {
    image: usize,
    value: f32,
    /// The place among the responses of the layer, row by row.
    place: usize,
}

/// The levels of a run: before training, or after.
type Levels = fn(&Run) -> &Vec<Level>;

/// Runs the experiment.
///
/// # Errors
///
/// A network cannot be trained.
pub fn run(context: &Context<'_>) -> Result<Findings, CourseError> {
    let parts = digits()?.split(&[0.8, 0.2], true, context.seed())?;
    let seeds: Vec<u64> = (0..context.choose(5, 1)).collect();
    let runs = context.each(&seeds, |seed| Run::new(context, *seed, &parts[0], &parts[1]))?;
    Ok(Findings { runs, test: parts[1].clone() })
}

/// The images, with grey levels from 0 to 1.
fn digits() -> Result<Dataset, CourseError> {
    let rows = DIGITS.lines().skip(1).map(|line| line.split(',').map(|cell| cell.parse::<f32>().unwrap_or(f32::NAN)));
    let rows: Vec<Vec<f32>> = rows.map(Iterator::collect::<Vec<f32>>).collect();
    let images = Array2::from_shape_fn((rows.len(), SIDE * SIDE), |(row, at)| rows[row][at + 1] / 16.0);
    let labels: Vec<String> = (0..CLASSES).map(|class| class.to_string()).collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    Ok(Dataset::new(images, Targets::classes(&labels, rows.iter().map(|row| row[0] as u32).collect()))?)
}

impl Run {
    fn new(context: &Context<'_>, seed: u64, training: &Dataset, test: &Dataset) -> Result<Self, CourseError> {
        let settings = Training {
            rate: 3e-3,
            epochs: context.choose(30, 12),
            seed: context.seed().wrapping_add(seed),
            ..Training::new(Loss::SoftmaxCrossEntropy)
        };
        let mut network = lab::described(LAYERS, SIDE * SIDE)?;
        network.init(Init::ByActivation, settings.seed);
        let levels = |network: &Network| -> Result<Vec<Level>, CourseError> {
            PROBES.iter().map(|probe| Level::new(network, *probe, test)).collect()
        };
        let untrained = levels(&network)?;
        let network = lab::fit(network, training, &settings)?.network;
        let accuracy = network.evaluate(test, settings.loss)?.accuracy.unwrap_or(f32::NAN);
        Ok(Self { test_error: 1.0 - f64::from(accuracy), untrained, trained: levels(&network)?, network })
    }
}

impl Level {
    fn new(network: &Network, probe: Probe, test: &Dataset) -> Result<Self, CourseError> {
        let mut responses: Vec<_> = largest_responses(network, probe, test)?.into_iter().enumerate().collect();
        responses.retain(|(_, of_filter)| of_filter.iter().any(|response| response.value > 0.0));
        let (classes, responding) = (lab::classes(test), responses.len());
        let mut excited = Vec::new();
        let (mut between_classes, mut of_one_digit) = (0.0, 0.0);
        for (filter, mut of_filter) in responses {
            between_classes += between(&of_filter, classes) / responding as f64;
            of_filter.sort_by(|one, other| other.value.total_cmp(&one.value));
            of_filter.truncate(MOST_EXCITING);
            let mut counts = [0; CLASSES];
            of_filter.iter().for_each(|response| counts[classes[response.image] as usize] += 1);
            let most = counts.into_iter().max().unwrap_or(0);
            of_one_digit += f64::from(most) / (of_filter.len() * responding) as f64;
            excited.push((filter, of_filter));
        }
        Ok(Self { between_classes, of_one_digit, responding, excited })
    }
}

/// For each filter of a layer the largest response in each image.
fn largest_responses(network: &Network, probe: Probe, images: &Dataset) -> Result<Vec<Vec<Response>>, CourseError> {
    let Spec::Chain(layers) = network.spec() else { return Ok(Vec::new()) };
    // The layers up to the one that is looked at have the first of the values.
    let mut front = Network::new(Spec::Chain(layers[..probe.layers].to_vec()))?;
    let count = front.values().len();
    front.set_values(&network.values()[..count])?;
    let outputs = front.forward(images.inputs().view())?;
    let largest = |channel: usize| {
        let of_image = |(image, row): (usize, ndarray::ArrayView1<'_, f32>)| {
            let responses = (0..probe.side * probe.side).map(|place| (place, row[place * probe.channels + channel]));
            let (place, value) = responses.max_by(|one, other| one.1.total_cmp(&other.1)).unwrap_or((0, 0.0));
            Response { image, value, place }
        };
        outputs.rows().into_iter().enumerate().map(of_image).collect()
    };
    Ok((0..probe.channels).map(largest).collect())
}

/// The share of the variance of some responses that lies between the classes of their images; 0 when all are the same.
fn between(responses: &[Response], classes: &[u32]) -> f64 {
    let (mut sums, mut counts) = ([0.0; CLASSES], [0.0; CLASSES]);
    for response in responses {
        let class = classes[response.image] as usize;
        sums[class] += f64::from(response.value);
        counts[class] += 1.0;
    }
    let mean = sums.iter().sum::<f64>() / responses.len() as f64;
    let all: f64 = responses.iter().map(|response| (f64::from(response.value) - mean).powi(2)).sum();
    let of_class = |(sum, count): (&f64, &f64)| if *count > 0.0 { count * (sum / count - mean).powi(2) } else { 0.0 };
    let between: f64 = sums.iter().zip(&counts).map(of_class).sum();
    if all > 0.0 { between / all } else { 0.0 }
}

impl Findings {
    fn report(&self) -> Result<Report, CourseError> {
        let figures = (0..PROBES.len()).map(|level| self.tiles(level));
        let mut figures: Vec<Figure> = figures.collect::<Result<_, _>>()?;
        let share = "variance between digits (%)";
        figures.push(self.chart(
            share,
            |level| 100.0 * level.between_classes,
            "The variance of the responses that lies between \
            the digits, by layer: 1, 2, 3, and the outputs as 4. A dot for each seed.",
        )?);
        figures.push(self.chart(
            "images of one digit (%)",
            |level| 100.0 * level.of_one_digit,
            "Of the ten images that excite a filter most, those of the digit that is most among them: the mean over \
             the filters.",
        )?);
        Ok(Report { figures, tables: vec![self.table(), self.errors()] })
    }

    /// The parts of images that excite the first filters of a layer most, in the first of the runs.
    fn tiles(&self, level: usize) -> Result<Figure, CourseError> {
        let (run, probe) = (&self.runs[0], PROBES[level]);
        let mut tiles = Tiles::new(28);
        let shown = if level + 1 == PROBES.len() { CLASSES } else { FILTERS };
        for (filter, excited) in run.trained[level].excited.iter().take(shown) {
            let weights = (level == 0).then(|| Tile::signed(self.weights(*filter)));
            let parts = excited.iter().take(SHOWN).map(|response| Tile::grey(self.part(probe, *response)));
            let label = if level + 1 == PROBES.len() { format!("“{filter}”") } else { (filter + 1).to_string() };
            tiles.row(label, weights.into_iter().chain(parts).collect());
        }
        let pixels = probe.seen.min(SIDE);
        tiles.figure(match level {
            0 => {
                "<b>Layer 1</b>: the weights of each filter, negative ones blue and positive ones orange, and the six \
                  parts of 3×3 pixels that excite it most."
                    .to_owned()
            }
            3 => "<b>Outputs</b>: for each digit the six images that excite its output most.".to_owned(),
            _ => format!(
                "<b>Layer {}</b>: the six parts of {pixels}×{pixels} pixels that excite each of {shown} filters most.",
                level + 1
            ),
        })
    }

    /// The weights of a filter of the first layer.
    fn weights(&self, filter: usize) -> Vec<f64> {
        self.runs[0].network.values()[filter * 9..][..9].iter().map(|weight| f64::from(*weight)).collect()
    }

    /// The pixels that a response depends on; what lies beyond the image is 0, as the network takes it.
    fn part(&self, probe: Probe, response: Response) -> Vec<f64> {
        let image = self.test.inputs().row(response.image);
        if probe.seen >= SIDE {
            return image.iter().map(|pixel| f64::from(*pixel)).collect();
        }
        let [top, left] = [response.place / probe.side, response.place % probe.side].map(|at| at * probe.step);
        let pixel = |at: usize| {
            let row = (top + at / probe.seen).checked_sub(probe.before).filter(|row| *row < SIDE)?;
            let column = (left + at % probe.seen).checked_sub(probe.before).filter(|column| *column < SIDE)?;
            Some(f64::from(image[row * SIDE + column]))
        };
        (0..probe.seen * probe.seen).map(|at| pixel(at).unwrap_or(0.0)).collect()
    }

    /// A figure of each level, before and after training.
    fn chart(&self, name: &str, of: fn(&Level) -> f64, caption: &str) -> Result<Figure, CourseError> {
        let (before, trained): (Levels, Levels) = (|run| &run.untrained, |run| &run.trained);
        let parts = [("before training", GREY, before), ("trained", VERMILION, trained)];
        let largest = self.runs.iter().flat_map(|run| run.untrained.iter().chain(&run.trained).map(of));
        let mut chart = Chart::new(Size::Small, Axis::linear("layer", 0.7..4.3), Axis::from_zero(name, largest));
        for (name, color, levels) in parts {
            let middle = (0..PROBES.len()).map(|at| median(self.runs.iter().map(|run| of(&levels(run)[at]))));
            let dots = self.runs.iter().flat_map(|run| levels(run).iter().map(of).enumerate());
            let place = |(at, value): (usize, f64)| (at as f64 + 1.0, value);
            chart = chart.layer(Mark::Dotted, color, name, middle.enumerate().map(place)).unlabelled(
                Mark::Dot,
                color,
                dots.map(place).collect::<Vec<_>>(),
            );
        }
        chart.figure(caption)
    }

    fn table(&self) -> Table {
        let mut table = Table::new(
            format!("Medians over {}, on {} test images", seeds(self.runs.len()), number(self.test.rows() as f64)),
            "layer",
            [
                ("filters", ""),
                ("of these respond, trained", ""),
                ("pixels that one response depends on, across", ""),
                ("variance between classes, before training", "%"),
                ("variance between classes, trained", "%"),
                ("images of one digit, before training", "%"),
                ("images of one digit, trained", "%"),
            ],
        );
        for (at, probe) in PROBES.iter().enumerate() {
            let of = |levels: Levels, of: fn(&Level) -> f64| {
                100.0 * median(self.runs.iter().map(|run| of(&levels(run)[at])))
            };
            let figures = [
                of(|run| &run.untrained, |level| level.between_classes),
                of(|run| &run.trained, |level| level.between_classes),
                of(|run| &run.untrained, |level| level.of_one_digit),
                of(|run| &run.trained, |level| level.of_one_digit),
            ];
            let responding = median(self.runs.iter().map(|run| run.trained[at].responding as f64));
            let sizes = [probe.channels as f64, responding, probe.seen.min(SIDE) as f64];
            table.push(probe.name, sizes.into_iter().chain(figures));
        }
        table
    }

    fn errors(&self) -> Table {
        let errors = || self.runs.iter().map(|run| 100.0 * run.test_error);
        let parameters = self.runs.first().map_or(0, |run| run.network.spec().params());
        let (least, largest) = (errors().fold(f64::INFINITY, f64::min), errors().fold(0.0, f64::max));
        Table::new(
            "The network",
            "",
            [("parameters", ""), ("test error, median", "%"), ("least", "%"), ("largest", "%")],
        )
        .row("8-16-16 filters", [parameters as f64, median(errors()), least, largest])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By chance nine of 359 degrees of freedom lie between the classes: 2.5 %, with a deviation of about 1.2 % for one
    /// filter and less for a mean over eight or more.
    const CHANCE: f64 = 0.012;

    #[test]
    fn features_become_those_of_a_class_from_layer_to_layer() {
        for seed in 1..=3 {
            let found = run(&Context::new(seed, true)).expect("it can be trained");
            let run = &found.runs[0];
            // Of 360 images; the standard error of a share of 5 % is 1.1 %.
            assert!(run.test_error < 0.08, "seed {seed}: {}", run.test_error);
            let between: Vec<f64> = run.trained.iter().map(|level| level.between_classes).collect();
            let before: Vec<f64> = run.untrained.iter().map(|level| level.between_classes).collect();
            assert!(between.windows(2).all(|pair| pair[1] > pair[0] + CHANCE), "seed {seed}: {between:?}");
            assert!(between[3] > 0.6, "seed {seed}: {between:?}");
            // Training, and not the architecture: the outputs of the untrained network say far less.
            assert!(between[3] > before[3] + 0.2, "seed {seed}: {between:?} after {before:?}");
            let of_one: Vec<f64> = run.trained.iter().map(|level| level.of_one_digit).collect();
            assert!(of_one[3] > 0.9 && of_one[3] > of_one[0] + 0.2, "seed {seed}: {of_one:?}");
        }
    }

    #[test]
    fn the_variance_between_classes_of_known_responses() {
        let responses = |values: &[f32]| -> Vec<Response> {
            values.iter().enumerate().map(|(image, value)| Response { image, value: *value, place: 0 }).collect()
        };
        let classes = [0, 0, 1, 1];
        assert_eq!(between(&responses(&[1.0, 1.0, 3.0, 3.0]), &classes), 1.0);
        assert_eq!(between(&responses(&[1.0, 3.0, 1.0, 3.0]), &classes), 0.0);
        // Means 1 and 3 around 2, and each value 1 from its mean: 4 of 8.
        assert_eq!(between(&responses(&[0.0, 2.0, 2.0, 4.0]), &classes), 0.5);
        assert_eq!(between(&responses(&[2.0; 4]), &classes), 0.0);
    }

    #[test]
    fn a_response_depends_on_the_pixels_that_are_shown() {
        let found = run(&Context::new(1, true)).expect("it can be trained");
        let network = &found.runs[0].network;
        for probe in &PROBES[..2] {
            let place = probe.side * 3 + 4;
            let response = |image: &Array2<f32>| {
                let data = Dataset::new(image.clone(), Targets::values(Array2::zeros((1, 1)))).expect("the parts fit");
                let Spec::Chain(layers) = network.spec() else { panic!("it is a chain") };
                let mut front = Network::new(Spec::Chain(layers[..probe.layers].to_vec())).expect("the layers fit");
                let count = front.values().len();
                front.set_values(&network.values()[..count]).expect("as many values");
                front.forward(data.inputs().view()).expect("the shapes fit")[(0, place * probe.channels)].to_bits()
            };
            let seen = |row: usize, column: usize| {
                let within =
                    |at: usize, from: usize| at + probe.before >= from && at + probe.before < from + probe.seen;
                within(row, 3) && within(column, 4)
            };
            let image = found.test.inputs().row(0).to_owned().insert_axis(ndarray::Axis(0));
            for (row, column) in (0..SIDE).flat_map(|row| (0..SIDE).map(move |column| (row, column))) {
                let mut other = image.clone();
                other[(0, row * SIDE + column)] += 1.0;
                // Where nothing that it sees has changed, not a bit of the response has.
                assert!(seen(row, column) || response(&other) == response(&image), "{}", probe.name);
            }
        }
    }
}
