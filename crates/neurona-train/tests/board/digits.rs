//! A new writer's style: digits that are shifted, turned or inverted.

use ndarray::Array2;
use neurona::{prelude::*, replay::Balanced, statistics::PageHinkley};
use neurona_train::Targets;
use neurona_train::data::{Column, CsvFormat, CsvTarget, read_csv};
use rand_pcg::Pcg32;

use super::*;

neurona::network! {
    /// The network of `firmware-example`.
    pub(crate) struct Digits: [f32; 64] => [f32; 10] {
        scale: Rescale<64, { (1.0_f32 / 16.0).to_bits() }>,
        hidden: Dense<64, 32, Relu>,
        output: Dense<32, 10>,
    }
}

/// A buffer of the board: 100 images, a byte for each grey level.
pub(crate) type Buffer = Balanced<64, u8, 100, 10>;

/// The rate of learning on the board.
pub(crate) const RATE: f32 = 0.02;
/// How many images of each buffer are learned again with each new one.
pub(crate) const TURNS: usize = 20;

/// What a new writer, or a new way of mounting the camera, does to an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Shifted,
    Turned,
    Inverted,
}

impl Style {
    pub(crate) const ALL: [Self; 3] = [Self::Shifted, Self::Turned, Self::Inverted];

    pub(crate) fn apply(self, x: &[f32; 64]) -> [f32; 64] {
        std::array::from_fn(|place| {
            let (row, column) = (place / 8, place % 8);
            match self {
                // Two pixels to the right.
                Self::Shifted => {
                    if column < 2 {
                        0.0
                    } else {
                        x[8 * row + column - 2]
                    }
                }
                Self::Turned => x[8 * (7 - column) + row],
                Self::Inverted => 16.0 - x[place],
            }
        })
    }
}

/// Every digit of `tests/data/digits.csv`.
pub(crate) fn read() -> Result<Vec<Example<[f32; 64]>>> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../tests/data/digits.csv"].iter().collect();
    let data = read_csv(&path, &CsvFormat::default(), &CsvTarget::Label(Column::Name("label".into())), None)?;
    let Targets::Classes { classes, .. } = data.targets() else { return Err("digits are classes".into()) };
    let inputs: &Array2<f32> = data.inputs();
    let rows = inputs.rows().into_iter().zip(classes);
    Ok(rows.map(|(row, class)| (std::array::from_fn(|place| row[place]), *class as usize)).collect())
}

/// What the board does, and after how many examples of the new style it notices.
pub(crate) struct Run {
    pub(crate) outcome: Outcome,
    pub(crate) noticed: Option<usize>,
}

/// Three fifths to train on the desktop, one to learn on the board, one to test on: which depends on the seed.
pub(crate) fn parts(digits: &[Example<[f32; 64]>], seed: u64) -> [Vec<Example<[f32; 64]>>; 3] {
    [0..3, 3..4, 4..5].map(|wanted| {
        let is_there = |place: &usize| wanted.contains(&((place + seed as usize) % 5));
        (0..digits.len()).filter(is_there).map(|place| digits[place]).collect()
    })
}

/// The network that a desktop has trained.
pub(crate) fn trained(training: &[Example<[f32; 64]>], seed: u64) -> Result<Box<Digits>> {
    let names = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    train_classes::<Digits>(&names, training, 60, seed)
}

/// What a board learns of the [parts].
///
/// The board sees a stream: 100 digits as before, then the others in the new style. It learns as soon as the test of Page and
/// Hinkley notices that the loss has risen: each new image, some that are drawn from a buffer of those since then, and with
/// `replay` as many from a buffer of images of the training part.
pub(crate) fn run(digits: &[Example<[f32; 64]>], style: Style, replay: bool, seed: u64) -> Result<Run> {
    let [training, stream, test] = parts(digits, seed);
    let styled = |(x, class): &Example<[f32; 64]>| (style.apply(x), *class);
    let test_new: Vec<_> = test.iter().map(styled).collect();

    let mut net = trained(&training, seed)?;
    let before = [accuracy(&*net, &test_new), accuracy(&*net, &test)];

    let (mut rng, mut learning) = (Pcg32::new(seed, 0), Box::new(Learning::<Digits, InPlace>::ZERO));
    let (mut old, mut new) = (Box::new(Buffer::new(1.0)), Box::new(Buffer::new(1.0)));
    for (x, class) in &training {
        old.offer(x, *class, &mut rng);
    }
    let (mut test_of_loss, mut learns, mut noticed) = (PageHinkley::new(0.2, 8.0, 20), false, None);
    let mut memory = Box::new(Inference::<Digits>::ZERO);
    for (place, (x, class)) in stream.iter().enumerate() {
        let x = if place < 100 { *x } else { style.apply(x) };
        let loss = neurona::Loss::value(&SoftmaxCrossEntropy, net.infer(&x, &mut memory), class);
        if !learns && test_of_loss.add(loss) {
            (learns, noticed) = (true, place.checked_sub(100));
        }
        if !learns {
            continue;
        }
        let mut learner = Learner::new(&mut *net, &mut learning, SoftmaxCrossEntropy, InPlace::new(RATE));
        learner.learn(&x, class);
        new.offer(&x, *class, &mut rng);
        let buffers: &[&Buffer] = if replay { &[&new, &old] } else { &[&new] };
        for _ in 0..TURNS {
            for buffer in buffers {
                let mut again = [0.0; 64];
                if let Some(class) = buffer.draw(&mut rng, &mut again) {
                    learner.learn(&again, &class);
                }
            }
        }
    }
    let new = [before[0], accuracy(&*net, &test_new)];
    Ok(Run { outcome: Outcome { new, old: [before[1], accuracy(&*net, &test)] }, noticed })
}
