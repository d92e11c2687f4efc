//! An echo state network by the `neurona` command: described in TOML, its readout by ridge regression, and the bits of its file
//! on a device, window by window and sample by sample.

use std::fmt::Write as _;
use std::fs;

use neurona::model_file;
use neurona::prelude::*;
use neurona_train::model_file::ModelFile;

#[allow(dead_code, reason = "what other tests of the command need besides")]
mod command;

use command::Folder;

/// Number of samples of a window.
const STEPS: usize = 24;

/// As `neurona rust` prints it: `training` describes it.
const SOURCE: &str = "    pub stream struct Pitch: Signal<24, 1> => [f32; 2] {
        standardize: Standardize<1, Signal<24, 1>>,
        echo_state: EchoState<24, 1, 40, 5, 7, Last, { 0.5_f32.to_bits() }>,
        output: Dense<40, 2>,
    }
";

neurona::network! {
    /// Tells a low tone from a high one.
    pub stream struct Pitch: Signal<24, 1> => [f32; 2] {
        standardize: Standardize<1, Signal<24, 1>>,
        echo_state: EchoState<24, 1, 40, 5, 7, Last, { 0.5_f32.to_bits() }>,
        output: Dense<40, 2>,
    }
}

fn training(layer: &str, train: &str) -> String {
    format!(
        "[data]\nfile = 'tones.csv'\nlabel = 'pitch'\nvalidation = 0.2\ntest = 0.2\n\
         [network]\nname = 'Pitch'\ninput = [{STEPS}, 1]\nstandardize = true\n\
         layers = [{{ echo_state = 40, {layer} }}, {{ dense = 2 }}]\n\
         [train]\nloss = 'squared_error'\n{train}\n"
    )
}

/// The samples of two tones that begin anywhere.
fn tones() -> String {
    let mut text: String = (0..STEPS).map(|step| format!("x{step},")).collect();
    text += "pitch\n";
    for row in 0..300 {
        let (frequency, pitch) = if row % 2 == 0 { (0.7, "low") } else { (0.9, "high") };
        for step in 0..STEPS {
            let angle = frequency * step as f32 + row as f32 * 0.37;
            let _ = write!(text, "{:.3},", libm::sinf(angle) + 0.2 * libm::sinf(37.0 * angle));
        }
        text += pitch;
        text.push('\n');
    }
    text
}

const LAYER: &str = "connections = 5, leak = 0.5, radius = 0.8, reservoir_seed = 7";

#[test]
fn from_toml_to_the_bits_of_a_device() {
    let folder = Folder::with("tones.csv", tones());
    fs::write(folder.path("run.toml"), training(LAYER, "ridge = [1e-5, 1e-3]")).expect("the folder can be written");
    folder.ok(&["train", "--config", "run.toml", "--out", "pitch.neurona", "--quiet"]);
    // A phase is no help to a linear readout of the samples; the states tell the tones apart.
    let accuracy = folder.json(&["eval", "pitch.neurona", "tones.csv"])["accuracy"].as_f64().expect("an accuracy");
    assert!(accuracy > 0.95, "{accuracy}");
    // The file knows which column held the labels, and takes it out.
    assert_eq!(folder.ok(&["predict", "pitch.neurona", "tones.csv"]).lines().count(), 300);
    let inspected = folder.json(&["inspect", "pitch.neurona"]);
    let echo = &inspected["layers"][1];
    assert_eq!((&echo["kind"], &echo["function"]), (&"echo_state".into(), &"5 connections, leak 0.5".into()));
    assert_eq!((&echo["output_bytes"], &echo["scratch_bytes"]), (&160.into(), &320.into()));
    assert_eq!(inspected["ram_bytes"]["inference"], Pitch::RAM.inference);
    let source = folder.ok(&["rust", "pitch.neurona", "--stream"]);
    assert!(source.contains(SOURCE), "{source}");

    let bytes = fs::read(folder.path("pitch.neurona")).expect("the file is there");
    let file = ModelFile::from_bytes(&bytes).expect("a whole file");
    let (mut net, mut memory) = (Box::new(Pitch::ZERO), Inference::<Pitch>::ZERO);
    model_file::load(&mut *net, &bytes).expect("the file is of this architecture");
    let mut streaming = Streaming::<Pitch>::ZERO;
    for row in tones().lines().skip(1).take(20) {
        let values: Vec<f32> = row.split(',').filter_map(|field| field.parse().ok()).collect();
        let mut x = [[0.0]; STEPS];
        x.as_flattened_mut().copy_from_slice(&values);
        let expected = file.infer(&values).expect("it is a window").iter().map(|y| y.to_bits()).collect::<Vec<_>>();
        assert_eq!(net.infer(&x, &mut memory).map(f32::to_bits)[..], expected);
        streaming.reset();
        let mut last = None;
        for sample in &x {
            last = net.feed(sample, &mut streaming).map(|y| y.map(f32::to_bits));
        }
        assert_eq!(last.map(Vec::from), Some(expected));
    }
}

#[test]
fn what_is_wrong_is_said_at_its_key() {
    let folder = Folder::with("tones.csv", tones());
    let fails = |layer: &str, train: &str, problem: &str| {
        fs::write(folder.path("run.toml"), training(layer, train)).expect("the folder can be written");
        folder.fails(&["train", "--config", "run.toml", "--out", "pitch.neurona", "--quiet"], &[problem]);
    };
    let ridge = "ridge = [1e-3]";
    fails("leak = 1.5", ridge, "network.layers[0].leak: expected a rate above 0 and at most 1, found 1.5");
    fails(
        "connections = 41",
        ridge,
        "network.layers[0].connections: expected from 1 to as many as there are units, 40",
    );
    fails("radius = -1.0", ridge, "network.layers[0].radius: expected a finite number of at least 0, found -1");
    fails("gru = 3", ridge, "expected one key that says which layer it is");
    fails(LAYER, "ridge = [-1.0]", "train.ridge: ");
    fails(LAYER, "ridge = []", "train.ridge: ");
    fails(
        &format!("{LAYER} }}, {{ dense = 8, batch_norm = true"),
        ridge,
        "train.ridge: fits the last layer before any training, and the statistics of batch normalisation come from training",
    );
}
