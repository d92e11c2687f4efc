use neurona::arch::ActivationSpec;

use super::*;
use crate::{ClassWeights, Optimizer, Schedule, Spec, Targets, augment::Image};

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
        image = { height = 1, width = 1, noise = 0.5 }",
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
        augment: Some(Augment::Image(Image { noise: 0.5, ..Image::new(1, 1, 1) })),
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
fn layers_of_every_kind() {
    let layers = "[
        { conv = 4, kernel = 3, padding = 'same', activation = 'relu', batch_norm = true },
        { residual = [
            { depthwise = 1, kernel = [3, 1], padding = [1, 1, 0, 0], activation = 'tanh', dropout = 0.5 },
            { conv = 4, kernel = 1, groups = 2 },
        ], activation = 'relu' },
        { max_pool = 2 },
        { residual = [{ conv = 6, kernel = 2, dilation = 1 }], shortcut = [{ avg_pool = 2, stride = 1 }, { conv = 6, kernel = 1 }] },
        { concat = [[{ global_pool = 'avg' }], [{ scale = true, batch_norm = true }, { flatten = true }]] },
        { dense = 2 },
    ]";
    let text =
        "[data]\ninputs = 'x.npy'\ntargets = 'y.npy'\n[network]\nname = 'Net'\ninput = [6, 6, 2]\nstandardize = true\n";
    let config = RunConfig::parse(&format!("{text}layers = {layers}\n"), Path::new("net.toml")).expect("it is right");
    let written = config.to_toml().expect("TOML can say it");
    assert_eq!(RunConfig::parse(&written, Path::new("net.toml")).expect("it is read back"), config, "{written}");
    let (spec, names) = config.network.spec(72).expect("the layers fit");
    assert_eq!(names, ["standardize", "conv", "residual1", "max_pool", "residual2", "concat", "output"]);
    let source = spec.rust_source("Net", &names).expect("the names are right");
    for line in [
        "    pub struct NetResidual1Body: Image<6, 6, 4> => Image<6, 6, 4> {",
        "        depthwise_conv: DepthwiseConv2d<Image<6, 6, 4>, Image<6, 6, 4>, Kernel2d<3, 1>, Tanh, Padding2d<1, 1, 0, 0>>,",
        "        conv: Conv2d<Image<6, 6, 4>, Image<6, 6, 4>, Grouped<2, Kernel2d<1>>>,",
        "    pub struct NetResidual2Shortcut: Image<3, 3, 4> => Image<2, 2, 6> {",
        "        avg_pool: AvgPool<Image<3, 3, 4>, Image<2, 2, 4>, Kernel2d<2>>,",
        "    pub struct Net: Image<6, 6, 2> => [f32; 2] {",
        "        standardize: Standardize<2, Image<6, 6, 2>>,",
        "        conv: Conv2d<Image<6, 6, 2>, Image<6, 6, 4>, Kernel2d<3>, Relu, Same>,",
        "        residual1: Residual<NetResidual1Body, Relu>,",
        "        max_pool: MaxPool<Image<6, 6, 4>, Image<3, 3, 4>, Kernel2d<2, 2, 2>>,",
        "        residual2: Projected<NetResidual2Body, NetResidual2Shortcut>,",
        "        concat: Concat<GlobalAvgPool<Image<2, 2, 6>>, NetConcatSecond, [f32; 30]>,",
        "        output: Dense<30, 2>,",
    ] {
        assert!(source.contains(line), "{line}\n{source}");
    }
    let mut network = Network::new(spec).expect("the layers fit");
    config.network.normalize(&mut network).expect("they have weights");
    let normalized = (0..network.layer_count()).filter(|at| network.normalization(*at, network.values()).is_some());
    // The first convolution, and the scale of the second branch.
    assert_eq!(normalized.collect::<Vec<_>>(), [1, 11]);
    assert_eq!(config.network.dropout().expect("they learn"), [0.0, 0.5, 0.0, 0.0, 0.0, 0.0]);
}

#[test]
fn what_is_wrong_with_a_layer_is_said_in_its_place() {
    let error = |input: &str, layer: &str| {
        let text = format!("[data]\n[network]\nname = 'Net'\n{input}\nlayers = [{{ flatten = true }}, {layer}]\n");
        let text = text.replace("[{ flatten = true }, ", "[");
        let config = RunConfig::parse(&text, Path::new("net.toml")).expect("it is TOML");
        config.network.spec(72).expect_err("the layer is wrong").to_string()
    };
    let image = "input = [6, 6, 2]";
    assert_eq!(
        error("input = [5, 5]", "{ dense = 2 }"),
        "network.input: is a shape of 25 values, but the data have 72 inputs"
    );
    assert!(error("input = [1, 2, 3, 12]", "{ dense = 2 }").starts_with("network.input: expected [steps, channels]"));
    assert!(
        error("", "{ conv = 2, kernel = 3 }").starts_with("network.layers[0].conv: slides over a signal or an image")
    );
    assert!(
        error(image, "{ dense = 2 }").starts_with("network.layers[0].dense: takes a vector: put `{ flatten = true }`")
    );
    assert!(error(image, "{ conv = 2 }").starts_with("network.layers[0].kernel: missing"));
    let branch = "[{ conv = 2, kernel = 3 }]";
    for (branches, found) in [(branch.to_owned(), 1), (format!("{branch}, {branch}, {branch}"), 3)] {
        let concat = error(image, &format!("{{ concat = [{branches}] }}"));
        assert!(
            concat.starts_with(&format!("network.layers[0].concat: expected two branches, found {found}")),
            "{concat}"
        );
    }
    let second = error(image, "{ concat = [[{ conv = 2, kernel = 3 }], [{ conv = 2 }]] }");
    assert!(second.starts_with("network.layers[0].concat[1][0].kernel: missing"), "{second}");
    let larger = "the kernel is larger than its input with the padding: it reaches over";
    for (layer, key, problem) in [
        ("{ conv = 2, kernel = 7 }", "kernel", &*format!("{larger} 7 rows, and there are 6")),
        ("{ conv = 2, kernel = [1, 4], dilation = 2 }", "kernel", &format!("{larger} 7 columns, and there are 6")),
        ("{ max_pool = 7 }", "max_pool", &format!("{larger} 7 rows, and there are 6")),
        ("{ conv = 2, kernel = 0 }", "kernel", "expected at least 1, found 0"),
        ("{ conv = 2, kernel = 3, stride = 0 }", "stride", "expected at least 1, found 0"),
        ("{ conv = 2, kernel = 3, dilation = [1, 0] }", "dilation", "expected at least 1, found 0"),
        ("{ avg_pool = 0 }", "avg_pool", "expected at least 1, found 0"),
        ("{ depthwise = 0, kernel = 3 }", "depthwise", "expected at least 1, found 0"),
    ] {
        assert_eq!(error(image, layer), format!("network.layers[0].{key}: {problem}"));
    }
    let signal = "input = [36, 2]";
    assert_eq!(
        error(signal, "{ conv = 2, kernel = 20, dilation = 2 }"),
        format!("network.layers[0].kernel: {larger} 39 steps, and there are 36")
    );
    let outside = "the window reaches over";
    let most = "values outside of its input; expected at most 16777216";
    for (layer, key, problem) in [
        ("conv = 2, kernel = 3, padding = [100000000, 0]", "padding", format!("{outside} 200000000 {most}")),
        (
            "depthwise = 1, kernel = 3, padding = [0, 9000000], stride = 1000000",
            "padding",
            format!("{outside} 17999934 {most}"),
        ),
        (
            "conv = 2, kernel = 3, padding = 'same', dilation = 4294967295",
            "dilation",
            format!("{outside} 17179869180 {most}"),
        ),
        (
            "conv = 2, kernel = 3, padding = 'causal', dilation = 4294967295",
            "dilation",
            format!("{outside} 17179869180 {most}"),
        ),
        ("conv = 2, kernel = 4294967295, padding = 'same'", "kernel", format!("{outside} 8589934588 {most}")),
        (
            "conv = 2, kernel = 3, padding = [4294967295, 0]",
            "padding",
            "expected fewer than 2^32 steps of output, found 4294967329".to_owned(),
        ),
    ] {
        assert_eq!(error(signal, &format!("{{ {layer} }}")), format!("network.layers[0].{key}: {problem}"));
    }
    assert!(
        error(signal, "{ conv = 2, kernel = [3, 3] }")
            .ends_with("kernel: of a signal is one number, and not [rows, columns]")
    );
    for (filters, groups) in [(3, 2), (3, 3), (2, 0)] {
        assert_eq!(
            error(image, &format!("{{ conv = {filters}, kernel = 1, groups = {groups} }}")),
            format!(
                "network.layers[0].groups: expected a number that divides the 2 channels of the input and the {filters} filters, \
                 found {groups}"
            )
        );
    }
    assert!(
        error(image, "{ conv = 2, kernel = 1, padding = [1, 1] }")
            .ends_with("padding: of an image is [top, bottom, left, right]")
    );
    assert!(
        error(image, "{ max_pool = 2, kernel = 3 }")
            .ends_with("kernel: says nothing of the layer `max_pool`: leave it out")
    );
    assert!(
        error(image, "{ flatten = true, scale = true }").ends_with("says which layer it is, found flatten and scale")
    );
    assert!(error(image, "{ activation = 'relu' }").ends_with("says which layer it is, found none"));
    let three = "its body gives an image of 6 x 6 x 3, and the";
    assert_eq!(
        error(image, "{ residual = [{ conv = 3, kernel = 1 }] }"),
        format!(
            "network.layers[0].residual: {three} input is an image of 6 x 6 x 2: give it that shape, or a `shortcut` that makes \
             the other"
        )
    );
    assert_eq!(
        error(image, "{ residual = [{ conv = 3, kernel = 1 }], shortcut = [{ conv = 3, kernel = 1, stride = 2 }] }"),
        format!(
            "network.layers[0].residual: {three} shortcut gives an image of 3 x 3 x 3: to be added both are of one shape"
        )
    );
    assert_eq!(
        error(image, "{ concat = [[{ conv = 3, kernel = 1 }], [{ max_pool = 2 }]] }"),
        "network.layers[0].concat: its branches give an image of 6 x 6 x 3 and an image of 3 x 3 x 2: only the channels may differ"
    );
    for (layer, key) in [
        ("{ residual = [] }", "residual"),
        ("{ residual = [{ conv = 2, kernel = 1 }], shortcut = [] }", "shortcut"),
        ("{ concat = [[{ conv = 2, kernel = 1 }], []] }", "concat[1]"),
    ] {
        assert_eq!(error(image, layer), format!("network.layers[0].{key}: expected at least one layer, found none"));
    }
    assert!(
        error(image, "{ conv = 2, kernel = 1, activation = 'leaky_relu', slope = -1.0 }")
            .starts_with("network.layers[0].slope: ")
    );
    assert!(
        error(image, "{ residual = [{ conv = 0, kernel = 1 }] }")
            .starts_with("network.layers[0].residual[0].conv: expected")
    );
}

#[test]
fn recurrent_layers() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let header: Vec<String> = (0..12).map(|at| format!("x{at}")).collect();
    let row = |row: usize| (0..12).map(|at| format!("{},", (row * 7 + at * 5) % 11)).collect::<String>();
    let rows: String = (0..20).map(|at| format!("{}{}\n", row(at), at % 2)).collect();
    let data = format!("{},label\n{rows}", header.join(","));
    std::fs::write(folder.path().join("data.csv"), data).expect("the folder can be written");
    let prepare = |input: &str, layers: &str| {
        let text = format!(
            "[data]\nfile = 'data.csv'\nlabel = 'label'\n[network]\nname = 'Net'\n{input}\nlayers = [{layers}, {{ dense = 2 }}]\n"
        );
        RunConfig::parse(&text, Path::new("net.toml")).and_then(|config| config.prepare(folder.path()))
    };
    let signal = "input = [4, 3]";
    let layers = "{ rnn = 5, all = true, dropout = 0.5 }, { gru = 4, all = true }, { lstm = 6 }";
    let prepared = prepare(signal, layers).expect("the description is right");
    let source = prepared.network.spec().rust_source("Net", &prepared.layer_names).expect("it has a source");
    let expected =
        ["rnn: Rnn<4, 3, 5, All>,", "gru: Gru<4, 5, 4, All>,", "lstm: Lstm<4, 4, 6>,", "output: Dense<6, 2>,"];
    assert!(expected.iter().all(|line| source.contains(line)), "{source}");
    assert_eq!(prepared.settings.dropout, [0.5, 0.0, 0.0]);
    let relu = prepare(signal, "{ rnn = 5, activation = 'relu' }").expect("the description is right");
    assert!(
        relu.network.spec().rust_source("Net", &[]).is_ok_and(|source| source.contains("Rnn<4, 3, 5, Last, Relu>"))
    );

    let error = |input: &str, layers: &str| prepare(input, layers).expect_err("it is wrong").to_string();
    assert!(error("", "{ gru = 5 }").ends_with(
        "network.layers[0].gru: goes over the steps of a signal: give `network.input`, as in `input = [50, 6]`"
    ));
    assert!(
        error(signal, "{ lstm = 0 }").ends_with("network.layers[0].lstm: expected the number of units, at least 1")
    );
    for (layer, key) in [
        ("{ gru = 5, activation = 'relu' }", "activation"),
        ("{ lstm = 5, batch_norm = true }", "batch_norm"),
        ("{ flatten = true, all = true }", "all"),
    ] {
        let error = error(signal, layer);
        assert!(error.contains(&format!("network.layers[0].{key}: says nothing of the layer")), "{error}");
    }
    assert!(error(signal, "{ gru = 5, all = true }").contains("takes a vector"));
    let all = "the layer before it gives its last state alone: write `all = true` in that one";
    for (layer, key, problem) in [
        ("{ lstm = 2 }", "lstm", "goes over the steps of a signal"),
        ("{ echo_state = 2 }", "echo_state", "goes over the steps of a signal"),
        ("{ conv = 2, kernel = 1 }", "conv", "slides over a signal or an image"),
        ("{ avg_pool = 1 }", "avg_pool", "slides over a signal or an image"),
    ] {
        let error = error(signal, &format!("{{ gru = 5 }}, {layer}"));
        assert!(error.ends_with(&format!("network.layers[1].{key}: {problem}: {all}")), "{error}");
    }
    let flat = error(signal, "{ flatten = true }, { rnn = 2 }");
    assert!(flat.ends_with("goes over the steps of a signal: the layer before it gives 12 values"), "{flat}");
}

#[test]
fn softmax_in_the_last_layer_is_a_layer() {
    let text =
        |layers: &str| format!("{DATA}[network]\nname = 'Net'\nlayers = [{layers}]\n[train]\nloss = 'squared_error'");
    let hidden = "{ name = 'hidden', dense = 4 }";
    let prepared = prepare(&text(&format!("{hidden}, {{ name = 'output', dense = 2, activation = 'softmax' }}")))
        .expect("the description is right");
    let layers: Vec<&Spec> = prepared.network.spec().parts().collect();
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
    for (table, key, place) in [
        ("train", "dropout = 0.5", "a layer, as in"),
        ("train", "standardize = true", "the table `network`"),
        ("train", "validation = 0.2", "the table `data`"),
        ("network", "rate = 0.1", "the table `train`"),
    ] {
        let (network, train) = if table == "network" { (key, "") } else { ("", key) };
        let message = error(&format!("{DATA}{NETWORK}{network}\n[train]\n{train}\n"));
        let name = key.split(' ').next().unwrap_or_default();
        assert!(message.contains(&format!("\n`{name}` belongs to {place}")), "{message}");
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
        "data.validation: with `data.test` nothing is left to train on: together they are 1"
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
        "network.layers[0].dense: expected one key that says which layer it is, found none"
    );
    assert_eq!(
        network("name = 'Net'\nlayers = [{ dense = 0 }]"),
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
            .starts_with("network.layers[0].alpha: the alpha of an ELU is")
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
fn networks_of_the_literature() {
    let rows = |inputs, classes: u32| {
        let inputs = ndarray::Array2::from_shape_fn((24, inputs), |(row, at)| ((row * 7 + at * 3) % 11) as f32);
        let labels: Vec<String> = (0..classes).map(|class| class.to_string()).collect();
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        let classes = (0..24).map(|row| row % classes).collect();
        Dataset::new(inputs, Targets::classes(&labels, classes)).expect("the parts fit")
    };
    let prepare = |network: &str, data: &Dataset| {
        let text = format!("[data]\nfile = 'x.csv'\n[network]\nname = 'Net'\n{network}");
        let config = RunConfig::parse(&text, Path::new("net.toml")).map_err(|error| error.to_string())?;
        config.prepare_with(data).map_err(|error| error.to_string())
    };
    let known = crate::zoo::find("ds_cnn").expect("a keyword network");
    let keywords = rows(490, 12);
    let plain = prepare("zoo = 'ds_cnn'", &keywords).expect("the description is right").network;
    assert_eq!((plain.spec(), plain.values().len()), (&known.spec(), known.trained_values()));
    // Behind what scales the input the same layers are normalised.
    for (front, more, steps) in [("standardize = true", 2, 1), ("rescale = 0.5", 0, 2)] {
        let network = prepare(&format!("zoo = 'ds_cnn'\n{front}"), &keywords).expect("it is right").network;
        assert_eq!(network.values().len(), known.trained_values() + more, "{front}");
        let normalized: Vec<usize> = known.normalized().into_iter().map(|layer| layer + steps).collect();
        assert!(normalized.iter().all(|layer| network.normalization(*layer, network.values()).is_some()), "{front}");
    }

    let wrong = |network: &str| prepare(network, &rows(64, 10)).expect_err("the description is wrong");
    assert_eq!(wrong("zoo = 'lenet5'"), "network.zoo: `lenet5` takes 784 inputs, but the data have 64");
    assert!(wrong("zoo = 'lenet'").starts_with("network.zoo: expected one of lenet5, lenet5_1998, ds_cnn, "));
    for more in ["layers = [{ dense = 10 }]", "input = [28, 28, 1]"] {
        assert!(
            wrong(&format!("zoo = 'lenet5'\n{more}")).starts_with("network.zoo: has an input and layers of its own")
        );
    }
    assert_eq!(wrong(""), "network.layers: the network has no layers");
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
    assert_eq!(
        wrong("delta = 1.0"),
        "train.delta: is not a constant of `softmax_cross_entropy`: leave it out, or choose another loss"
    );
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
    assert_eq!(starts("validation = 0.25\n", 3).expect("it is right").starts, (crate::Init::Pytorch, 3));
    assert!(starts("", 3).expect_err("no part").starts_with("train.starts: expected a validation part"));
    assert_eq!(starts("", 0).expect_err("none"), "train.starts: expected at least 1, found 0");
}

#[test]
fn tables_and_codes_are_drawn() {
    let data = "[data]\nfile = 'data.csv'\nlabel = 0\n[network]\nname = 'Net'\n";
    let spec = |keys: &str| {
        let config = RunConfig::parse(&format!("{data}{keys}"), Path::new("net.toml")).expect("it can be read");
        config.network.spec(12).map(|(spec, _)| spec).map_err(|error| error.to_string())
    };
    let network = |table: &str, codes: &str| {
        spec(&format!(
            "input = [4, 3]\nlayers = [{{ conv = 2, kernel = 3, activation = 'scaled_tanh', {table} }}, \
             {{ flatten = true }}, {{ codes = {codes} }}]"
        ))
    };
    let right = network("table = [[0, 2], [1]]", "['## ##', '.. ..']").expect("it is right");
    assert_eq!((right.params(), right.outputs()), (3 * 3 + 2, 2));
    let Spec::Chain(layers) = right else { panic!("a chain") };
    let Spec::TableConv(conv) = &layers[0] else { panic!("a table: {layers:?}") };
    assert_eq!(conv.table, [0b101, 0b010]);
    let Spec::OutputCodes(codes) = &layers[2] else { panic!("codes: {layers:?}") };
    assert_eq!(codes.codes, [0b1111, 0]);
    let wrong = |table: &str, codes: &str| network(table, codes).expect_err("it is wrong");
    let codes = "['####']";
    for (table, message) in [
        ("table = [[0]]", "expected a list for each of the 2 filters, found 1"),
        ("table = [[0], [3]]", "expected channels below 3, found 3"),
        ("table = [[0], []]", "each filter of a table of connections sees at least one channel"),
        ("table = [[0], [1, 2, 1]]", "expected each channel once for a filter, found 1 twice"),
    ] {
        assert_eq!(wrong(table, codes), format!("network.layers[0].table: {message}"));
    }
    assert_eq!(
        wrong("table = [[0], [1]], groups = 1", codes),
        "network.layers[0].groups: `table` says which channels each filter sees: leave one of the two out"
    );
    assert_eq!(
        wrong("table = [[0], [1]]", "['###']"),
        "network.layers[2].codes: expected 4 of `#` and `.`, one for each input, found 3"
    );
    assert_eq!(
        wrong("table = [[0], [1]]", "[]"),
        "network.layers[2].codes: output codes have at least one input and one output"
    );
    let elsewhere = spec("layers = [{ dense = 3, table = [[0]] }]").expect_err("no convolution");
    assert_eq!(elsewhere, "network.layers[0].table: says nothing of the layer `dense`: leave it out");
}

#[test]
fn targets_are_scaled_where_they_can_be() {
    let inputs = ndarray::Array2::from_shape_fn((24, 2), |(row, at)| ((row * 7 + at * 3) % 11) as f32);
    let numbers = Targets::values(ndarray::Array2::from_shape_fn((24, 1), |(row, _)| 100.0 + row as f32));
    let numbers = Dataset::new(inputs.clone(), numbers).expect("the parts fit");
    let classes = Targets::classes(&["no", "yes"], (0..24).map(|row| row % 2).collect());
    let classes = Dataset::new(inputs, classes).expect("the parts fit");
    let units = |data: &Dataset, last: &str, train: &str| {
        let network = format!("[network]\nname = 'Net'\nlayers = [{{ dense = 3 }}, {last}]");
        let text = format!("[data]\nfile = 'x.csv'\n{network}\n[train]\n{train}");
        let config = RunConfig::parse(&text, Path::new("net.toml")).map_err(|error| error.to_string())?;
        let prepared = config.prepare_with(data).map_err(|error| error.to_string())?;
        Ok::<_, String>(prepared.settings.target_units(&prepared.network, &prepared.training))
    };
    let found = |last, train| units(&numbers, last, train).expect("the description is right");
    let deviation = |last, train| found(last, train).map(|units| units.deviations[0]);
    let (linear, scaled) = ("{ dense = 1 }", "{ dense = 1, activation = 'relu' }, { scale = true }");
    assert_eq!((deviation(linear, ""), deviation(scaled, "target_scaling = 'center'")), (Some(1.0), Some(1.0)));
    // The deviation of 24 whole numbers in a row: the root of (24^2 - 1) / 12.
    let of_rows = ((24.0_f64.powi(2) - 1.0) / 12.0).sqrt() as f32;
    assert_eq!(deviation(scaled, "target_scaling = 'standardize'"), Some(of_rows));
    assert_eq!(found(linear, "target_scaling = 'none'"), None);
    assert_eq!(found("{ dense = 1, activation = 'relu' }", ""), None);
    assert_eq!(units(&classes, "{ dense = 2 }", ""), Ok(None));

    let wrong = |data, last, train: &str| {
        units(data, last, &format!("target_scaling = 'center'\n{train}")).expect_err("it cannot be")
    };
    let key = "train.target_scaling: expected";
    assert!(wrong(&classes, "{ dense = 2 }", "").starts_with(&format!("{key} targets that are numbers")));
    let bounded = wrong(&numbers, "{ dense = 1, activation = 'tanh' }", "");
    assert!(bounded.starts_with(&format!("{key} a last layer that is linear")), "{bounded}");
}
