use neurona::arch::ActivationSpec;

use super::*;
use crate::{ClassWeights, Optimizer, Schedule, Spec, augment::Signal};

/// A folder with 40 rows of two inputs, a class and a number.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let rows: String =
        (0..40).map(|row| format!("{},{row},{},{}\n", 2 * row, ["no", "yes"][row % 2], row * 3)).collect();
    std::fs::write(folder.path().join("data.csv"), format!("a,b,kind,load\n{rows}"))
        .expect("the folder can be written");
    folder
}

const DATA: &str = "[data]\nfile = 'data.csv'\nlabel = 'kind'\nignore = ['load']\n";
const NETWORK: &str = "[network]\nname = 'Net'\nlayers = [{ dense = 3, activation = 'relu' }, { dense = 2 }]\n";

fn prepare(text: &str) -> Result<Prepared, String> {
    let folder = folder();
    let message = |error: ConfigError| error.to_string().replace(&format!("{}/", folder.path().display()), "");
    RunConfig::parse(text, Path::new("net.toml")).and_then(|config| config.prepare(folder.path())).map_err(message)
}

fn error(text: &str) -> String {
    prepare(text).expect_err("the description is wrong")
}

#[test]
fn what_is_left_out_is_usual() {
    let prepared = prepare(&format!("{DATA}{NETWORK}")).expect("the description is right");
    assert_eq!(prepared.settings, Training::new(Loss::SoftmaxCrossEntropy));
    assert_eq!((prepared.training.rows(), &prepared.validation, &prepared.test), (40, &None, &None));
    assert_eq!(prepared.training.labels(), ["no", "yes"]);
    assert_eq!(prepared.layer_names, ["hidden", "output"]);
    let dense = |inputs, outputs, activation| Spec::Dense { inputs, outputs, activation };
    let spec = Spec::Chain(vec![dense(2, 3, ActivationSpec::Relu), dense(3, 2, ActivationSpec::Identity)]);
    assert_eq!(prepared.network.spec(), &spec);
    assert!(prepared.network.values().iter().any(|value| *value != 0.0), "the weights have begun");
}

#[test]
fn everything_can_be_said() {
    let prepared = prepare(
        "[data]
        file = 'data.csv'
        values = ['load', 'b']
        ignore = [2]
        validation = 0.25
        test = 0.25
        stratify = false
        [network]
        name = 'Load'
        standardize = true
        init = 'lecun_normal'
        layers = [
            { name = 'first', dense = 4, activation = 'leaky_relu', slope = 0.2, dropout = 0.5 },
            { name = 'second', dense = 3, activation = 'elu', alpha = 0.5 },
            { name = 'last', dense = 2 },
        ]
        [train]
        optimizer = 'adamw'
        weight_decay = 0.1
        beta1 = 0.8
        rate = 0.01
        epochs = 7
        batch = 5
        seed = 9
        patience = 2
        minimum_change = 0.125
        schedule = { step = { every = 3, factor = 0.5 } }
        warm_up = 1
        clip_value = 2.0
        clip_norm = 1.0
        l1 = 0.25
        l2 = 0.5
        loss = 'huber'
        delta = 0.75
        threads = 1
        [augment]
        signal = { steps = 2, jitter = 0.5 }",
    )
    .expect("the description is right");
    assert_eq!(prepared.training.rows(), 20);
    assert_eq!(prepared.validation.as_ref().map(Dataset::rows), Some(10));
    assert_eq!(prepared.test.as_ref().map(Dataset::rows), Some(10));
    assert_eq!(prepared.layer_names, ["standardize", "first", "second", "last"]);
    let expected = Training {
        optimizer: Optimizer::AdamW { beta1: 0.8, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.1 },
        rate: 0.01,
        epochs: 7,
        batch: 5,
        seed: 9,
        patience: Some(2),
        minimum_change: 0.125,
        schedule: Schedule::Step { every: 3, factor: 0.5 },
        warm_up: 1,
        clip_value: Some(2.0),
        clip_norm: Some(1.0),
        l1: 0.25,
        l2: 0.5,
        threads: 1,
        augment: Some(Augment::Signal(Signal { jitter: 0.5, ..Signal::new(2, 1) })),
        dropout: vec![0.5, 0.0],
        ..Training::new(Loss::Huber { delta: 0.75 })
    };
    assert_eq!(prepared.settings, expected);
    let mean = prepared.training.inputs().column(0).mean().expect("there are rows");
    assert_eq!(prepared.network.values()[0], mean, "sums of whole numbers are exact: the training part alone counts");
    let source = prepared.network.spec().rust_source("Load", &prepared.layer_names).expect("the names are right");
    assert!(source.contains("first: Dense<1, 4, LeakyRelu<{ 0.2_f32.to_bits() }>>"), "{source}");
}

#[test]
fn layers_that_ask_for_it_are_normalised() {
    let prepared = prepare(&format!(
        "{DATA}[network]\nname = 'Net'\nstandardize = true\n\
         layers = [{{ dense = 4, batch_norm = true }}, {{ dense = 3 }}, {{ dense = 2, batch_norm = true }}]"
    ))
    .expect("the description is right");
    let network = &prepared.network;
    let normalized = (0..4).map(|layer| network.normalization(layer, network.values()).is_some());
    assert_eq!(normalized.collect::<Vec<_>>(), [false, true, false, true]);
}

#[test]
fn softmax_in_the_last_layer_is_a_layer() {
    let text =
        |layers: &str| format!("{DATA}[network]\nname = 'Net'\nlayers = [{layers}]\n[train]\nloss = 'squared_error'");
    let hidden = "{ name = 'hidden', dense = 4 }";
    let prepared = prepare(&text(&format!("{hidden}, {{ name = 'output', dense = 2, activation = 'softmax' }}")))
        .expect("the description is right");
    let layers = prepared.network.spec().layers();
    let output = Spec::Dense { inputs: 4, outputs: 2, activation: ActivationSpec::Identity };
    assert_eq!(layers[1..], [&output, &Spec::Softmax { len: 2, fast: false }]);
    assert_eq!(prepared.layer_names, ["hidden", "output", "softmax"]);
    let message = error(&text("{ dense = 4, activation = 'softmax' }, { dense = 2 }"));
    assert!(message.starts_with("network.layers[0].activation: expected one of identity, "), "{message}");
    assert!(message.ends_with("or in the last layer softmax, found `softmax`"), "{message}");
}

#[test]
fn a_key_that_is_not_known_is_an_error() {
    for (text, key) in [
        (format!("{DATA}{NETWORK}[train]\nepoch = 3\n"), "epoch"),
        (format!("{DATA}shuffle = true\n{NETWORK}"), "shuffle"),
        (format!("{DATA}{NETWORK}sizes = [1]\n"), "sizes"),
        (format!("{DATA}[network]\nname = 'Net'\nlayers = [{{ dense = 2, units = 3 }}]\n"), "units"),
        (format!("{DATA}{NETWORK}[training]\n"), "training"),
        (format!("{DATA}{NETWORK}[augment]\nsignal = {{ steps = 2, noise = 1.0 }}\n"), "noise"),
    ] {
        let message = error(&text);
        assert!(message.starts_with("net.toml: TOML parse error at line "), "{message}");
        assert!(message.contains(&format!("unknown field `{key}`, expected ")), "{message}");
    }
    assert!(error("[data\n").starts_with("net.toml: TOML parse error at line 1"));
    assert!(error(&format!("{DATA}{NETWORK}[train]\nepochs = -1\n")).contains("invalid value"));
    assert!(error(DATA).contains("missing field `network`"));
}

#[test]
fn keys_that_do_not_go_together() {
    let data = |keys: &str| error(&format!("[data]\n{keys}\n{NETWORK}"));
    assert_eq!(data(""), "data: expected `file` (CSV), or `inputs` and `targets` (NPY, IDX)");
    assert_eq!(data("inputs = 'x.npy'"), "data.targets: missing; expected a file beside `inputs`");
    assert!(data("file = 'data.csv'\ninputs = 'x.npy'\nlabel = 0").starts_with("data.file: a CSV file holds"));
    assert!(data("file = 'data.csv'").starts_with("data: expected `label`, the column of the class, or"));
    assert_eq!(
        data("file = 'data.csv'\nlabel = 'kind'\nvalues = ['load']"),
        "data: expected `label` or `values`, found both"
    );
    assert_eq!(
        data("inputs = 'x.npy'\ntargets = 'y.npy'\nlabel = 'kind'"),
        "data.label: is for CSV files: leave it out with `inputs` and `targets`"
    );
    assert_eq!(
        error(&format!("{DATA}test = 0.6\nvalidation = 0.4\n{NETWORK}")),
        "data: `validation` and `test` leave nothing to train on: together they are 1"
    );
    assert_eq!(
        error(&format!("{DATA}test = 1.5\n{NETWORK}")),
        "data.test: expected a share of at least 0 and less than 1, found 1.5"
    );
    assert!(data("file = 'none.csv'\nlabel = 0").starts_with("none.csv: "));

    let network = |keys: &str| error(&format!("{DATA}[network]\n{keys}"));
    assert_eq!(
        network("name = 'Net'\nrescale = 0.5\nstandardize = true\nlayers = [{ dense = 2 }]"),
        "network: expected `rescale` or `standardize`, found both"
    );
    assert_eq!(
        network("name = 'Net'\nlayers = [{ activation = 'relu' }]"),
        "network.layers[0].dense: expected the number of outputs, at least 1"
    );
    assert!(
        network("name = 'Net'\nlayers = [{ dense = 2, activation = 'relus' }]")
            .starts_with("network.layers[0].activation: expected one of identity, step, sigmoid, tanh, relu, relu6, ")
    );
    assert_eq!(
        network("name = 'Net'\nlayers = [{ dense = 2, activation = 'relu', slope = 0.1 }]"),
        "network.layers[0].slope: is for `leaky_relu`, but the activation is `relu`"
    );
    assert!(
        network("name = 'Net'\nlayers = [{ dense = 2, activation = 'elu', alpha = -1.0 }]")
            .starts_with("network.layers: layers[0] (dense): the alpha of an ELU is")
    );
    assert_eq!(network("name = 'Net'\nlayers = []"), "network.layers: the network has no layers");
    assert!(network("name = 'net'\nlayers = [{ dense = 2 }]").starts_with("network: `net` cannot name a type in Rust"));
    assert_eq!(
        network("name = 'Net'\nlayers = [{ dense = 2, name = 'a' }, { dense = 2 }]"),
        "network.layers: 1 of 2 layers have a name; name all or none"
    );
    assert_eq!(
        network("name = 'Net'\nlayers = [{ dense = 2, dropout = 0.5 }]"),
        "network.layers[0].dropout: the outputs of the network cannot be dropped: leave it out"
    );
    assert!(network("name = 'Net'\nlayers = [{ dense = 4000000000 }]").contains("expected at most 1073741824"));

    let train = |keys: &str| error(&format!("{DATA}{NETWORK}[train]\n{keys}"));
    assert_eq!(
        train("optimizer = 'adamx'"),
        "train.optimizer: expected one of sgd, nesterov, momentum, normalized, sign, rmsprop, adam, adamw, found `adamx`"
    );
    assert_eq!(
        train("momentum = 0.9"),
        "train.momentum: is not a constant of `adam`: leave it out, or choose another optimizer"
    );
}

#[test]
fn constants_belong_to_their_optimizer_and_loss() {
    let settings = |keys: &str| prepare(&format!("{DATA}{NETWORK}[train]\n{keys}")).map(|prepared| prepared.settings);
    let optimizer = |keys: &str| settings(keys).expect("the description is right").optimizer;
    let root = Optimizer::RmsProp { decay: 0.9, epsilon: 1e-8, epsilon_in_root: true };
    assert_eq!(optimizer("optimizer = 'rmsprop'\ndecay = 0.9\nepsilon_in_root = true"), root);
    let course = Optimizer::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, bias_correction: false };
    assert_eq!(optimizer("bias_correction = false"), course);
    for usual in Optimizer::ALL {
        assert_eq!(optimizer(&format!("optimizer = '{}'", usual.name())), usual);
    }
    let wrong = |keys| settings(keys).expect_err("the description is wrong");
    assert!(
        wrong("optimizer = 'sgd'\nbias_correction = true").starts_with("train.bias_correction: is not a constant of")
    );
    assert_eq!(wrong("delta = 1.0"), "train.delta: is for `huber`, but the loss is `softmax_cross_entropy`");
    assert!(wrong("loss = 'mse'").contains("expected one of squared_error, absolute_error, huber, "));
}

#[test]
fn batches_and_weights_by_name_or_number() {
    let settings = |keys: &str| prepare(&format!("{DATA}{NETWORK}[train]\n{keys}")).map(|prepared| prepared.settings);
    let all = settings("batch = 'all'\nclass_weights = 'balanced'\nlabel_smoothing = 0.1").expect("it is right");
    assert_eq!((all.batch, all.label_smoothing), (usize::MAX, 0.1));
    assert_eq!(all.class_weights, ClassWeights::Rule(crate::WeightRule::Balanced));
    let each = settings("class_weights = [1.0, 2.0]").expect("it is right");
    assert_eq!(each.class_weights, ClassWeights::Each(vec![1.0, 2.0]));
    let wrong = |keys| settings(keys).expect_err("the description is wrong");
    assert!(wrong("batch = 'some'").contains("expected a number of examples, or \"all\""));
    assert!(wrong("class_weights = 'rare'").contains("expected \"equal\", \"balanced\", or a list"));
}

#[test]
fn a_description_can_be_written_and_read_back() {
    let text = "[data]\nfile = 'data.csv'\nlabel = 0\nignore = ['a', 2]\nvalidation = 0.1\n[network]\nname = 'Net'\n\
                layers = [{ dense = 3, activation = 'elu', alpha = 0.3 }, { dense = 2 }]\n[train]\nrate = 0.1\n\
                batch = 'all'\nschedule = { decay = { gamma = 0.3 } }\nclass_weights = 'balanced'\nloss = 'hinge'\n\
                starts = 3\nbias_correction = false\n";
    let config = RunConfig::parse(text, Path::new("net.toml")).expect("the description is right");
    let written = config.to_toml().expect("TOML can say it");
    assert_eq!(RunConfig::parse(&written, Path::new("net.toml")).expect("it is read back"), config, "{written}");
}

#[test]
fn several_starts_need_a_validation_part() {
    let starts = |data: &str, starts| prepare(&format!("{DATA}{data}{NETWORK}[train]\nstarts = {starts}\n"));
    assert_eq!(starts("validation = 0.25\n", 3).expect("it is right").starts, (crate::Init::Auto, 3));
    assert!(starts("", 3).expect_err("no part").starts_with("train.starts: expected a validation part"));
    assert_eq!(starts("", 0).expect_err("none"), "train.starts: expected at least 1, found 0");
}
