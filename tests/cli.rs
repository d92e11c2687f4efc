//! The `neurona` command, as its user meets it: the whole path on real data, and every kind of bad input.

use std::fs;
use std::path::Path;
use std::process::Command;

use neurona::{Dense, Network as _, Standardize, Tanh};
use serde_json::Value as Json;

mod command;

use command::{Folder, data, neurona};

/// A folder with a small trained network of the irises, `iris.neurona`.
fn iris() -> Folder {
    let folder = Folder::new();
    folder.ok(&[
        "train",
        &data("iris.csv"),
        "--label",
        "class",
        "--layers",
        "8:tanh",
        "--standardize",
        "--epochs",
        "60",
        "--rate",
        "0.01",
        "--seed",
        "3",
        "--out",
        "iris.neurona",
    ]);
    folder
}

#[test]
fn from_a_table_to_predictions() {
    let folder = Folder::new();
    let parts = "train=0.8,test=0.2";
    folder.ok(&["split", &data("digits.csv"), "--parts", parts, "--stratified", "--seed", "1", "--out", "parts"]);
    let lines = |name: &str| -> Vec<String> {
        let text = fs::read_to_string(name).expect("the file is there");
        text.lines().map(str::to_owned).collect()
    };
    let (train, test) = (
        lines(&folder.path("parts/train.csv").to_string_lossy()),
        lines(&folder.path("parts/test.csv").to_string_lossy()),
    );
    let mut all: Vec<_> = train[1..].iter().chain(&test[1..]).cloned().collect();
    let mut source = lines(&data("digits.csv"));
    assert_eq!((&train[0], &test[0]), (&source[0], &source[0]), "each part has the header");
    source.remove(0);
    all.sort();
    source.sort();
    assert!(all == source, "the parts are disjoint, and all rows are in one, byte for byte");

    folder.ok(&[
        "train",
        "parts/train.csv",
        "--layers",
        "32:relu",
        "--rescale",
        "0.0625",
        "--epochs",
        "40",
        "--seed",
        "1",
        "--out",
        "digits.neurona",
    ]);
    let device = folder.json(&["eval", "digits.neurona", "parts/test.csv"]);
    let accuracy = device["accuracy"].as_f64().expect("an accuracy");
    assert!(accuracy > 0.9, "{accuracy}");
    let trainer = folder.json(&["eval", "digits.neurona", "parts/test.csv", "--arithmetic", "trainer"]);
    assert_eq!(trainer["accuracy"], device["accuracy"], "the two arithmetics decide alike here");
    let predicted = folder.ok(&["predict", "digits.neurona", "parts/test.csv"]);
    let right =
        predicted.lines().zip(&test[1..]).filter(|(said, row)| said.split_whitespace().next() == row.split(',').next());
    assert_eq!(predicted.lines().count(), test.len() - 1);
    let right = right.count() as f64 / (test.len() - 1) as f64;
    // The accuracy is printed as an `f32`.
    assert_eq!(right as f32, accuracy as f32);
}

neurona::network! {
    /// What `iris` trains.
    struct Iris: [f32; 4] => [f32; 3] {
        standardize: Standardize<4>,
        hidden: Dense<4, 8, Tanh>,
        output: Dense<8, 3>,
    }
}

#[test]
fn inspect_knows_the_literature() {
    let folder = Folder::new();
    let report = folder.json(&["inspect", "--zoo", "ds_cnn"]);
    assert_eq!((&report["parameters"], &report["multiply_adds"]), (&22_604.into(), &2_656_768.into()));
    let said = folder.ok(&["inspect", "--zoo", "resnet8"]);
    assert!(said.contains("77,706") && said.contains("78,666 values in training"), "{said}");
    folder.fails(&["inspect", "--zoo", "lenet"], &["--zoo: expected one of lenet5, ", "found `lenet`"]);
}

#[test]
fn inspect_predicts_instructions() {
    let folder = iris();
    let report = folder.json(&["inspect", "iris.neurona", "--target", "cortex-m4f"]);
    let layers = report["layers"].as_array().expect("a list");
    let sum: u64 = layers.iter().filter_map(|layer| layer["instructions"].as_u64()).sum();
    let total = report["predicted"]["instructions"].as_u64().expect("a number");
    assert!(sum.abs_diff(total) <= layers.len() as u64, "each layer is rounded by itself: {sum}, {total}");
    // Eight exponentials and 56 products, at least one instruction each.
    assert!((200..5_000).contains(&total), "{total}");
    let text = folder.ok(&["inspect", "iris.neurona", "--target", "cortex-m0", "--opt-level", "s"]);
    assert!(text.contains("instructions are predicted for cortex-m0 at opt-level s"), "{text}");
    assert!(folder.json(&["inspect", "iris.neurona"])["predicted"].is_null());
    let other = ["inspect", "iris.neurona", "--target", "cortex-a53"];
    folder.fails(&other, &["nothing is known of cortex-a53", "cortex-m4f/3"]);
}

#[test]
fn inspect_says_what_the_type_says() {
    let folder = iris();
    let json = folder.json(&["inspect", "iris.neurona"]);
    let expected = [
        ("inputs", Iris::ARCH.inputs()),
        ("outputs", Iris::ARCH.outputs()),
        ("parameters", Iris::PARAMS),
        ("constants", 8),
        ("multiply_adds", Iris::MACS as usize),
        ("flash_bytes", size_of::<Iris>()),
    ];
    for (name, figure) in expected {
        assert_eq!(json[name], figure, "{name}");
    }
    let ram = [
        ("inference", Iris::RAM.inference),
        ("in_place", Iris::RAM.in_place),
        ("sgd", Iris::RAM.sgd),
        ("momentum", Iris::RAM.momentum),
        ("adam", Iris::RAM.adam),
    ];
    for (name, bytes) in ram {
        assert_eq!(json["ram_bytes"][name], bytes, "{name}");
    }
    assert_eq!(json["fingerprint"], format!("{:016x}", Iris::FINGERPRINT));
    let source = folder.ok(&["rust", "iris.neurona"]);
    for line in ["pub struct Iris: [f32; 4] => [f32; 3]", "Standardize<4>", "Dense<4, 8, Tanh>", "Dense<8, 3>"] {
        assert!(source.contains(line), "{line} is not in {source}");
    }
}

#[test]
fn training_is_the_same_for_the_same_seed() {
    let read = |folder: &Folder| fs::read(folder.path("iris.neurona")).expect("the file is there");
    assert!(read(&iris()) == read(&iris()), "two runs with one seed differ");
}

#[test]
fn tables_that_are_wrong_are_refused_with_row_and_column() {
    let a_number = "expected a number, found";
    let cases = [
        ("label,a,b\nx,1,2\ny,3,\n", format!("row 3, column `b`: {a_number} nothing (a missing value)")),
        ("label,a,b\nx,1,2\ny,3,many\n", format!("row 3, column `b`: {a_number} `many`")),
        ("label,a,b\r\nx,1,2\r\n\r\ny,3,many\r\n", format!("row 4, column `b`: {a_number} `many`")),
        ("label,a,b\nx,1,2\ny,3\n", "row 3: expected 3 columns, found 2".to_owned()),
        ("label,a,b\nx,1,2\ny,NaN,4\n", "row 3, column `a`: expected a finite number, found `NaN`".to_owned()),
        ("label,a,b\nx,1,2\ny,inf,4\n", "row 3, column `a`: expected a finite number, found `inf`".to_owned()),
        ("label,a,b\nx,1,2\nx,3,4\n", "expected at least two classes, found only `x`".to_owned()),
        ("", "expected rows of data, found none".to_owned()),
        ("label,a,b\n", "expected rows of data, found none".to_owned()),
    ];
    for (content, message) in cases {
        let folder = Folder::with("bad.csv", content);
        folder.fails(&["train", "bad.csv", "--out", "bad.neurona"], &["bad.csv", &message]);
    }
    let crlf = Folder::with("bad.csv", "label,a\r\nx,1\r\ny\r\n");
    let split = ["split", "bad.csv", "--parts", "a=0.5,b=0.5", "--stratified", "--out", "parts"];
    crlf.fails(&split, &["bad.csv, row 3: expected 2 columns, found 1"]);
    let margins = Folder::with("bad.csv", "t,a\n1,0\n-1,1\n0.5,2\n1,3\n");
    let hinge = ["train", "bad.csv", "--values", "t", "--loss", "hinge", "--validation", "0.3", "--out", "bad.neurona"];
    margins.fails(
        &hinge,
        &["example 3 (counted from 1), column 0 of the targets: hinge takes targets 1 or -1, found 0.5"],
    );
    Folder::new().fails(&["train", "nowhere.csv", "--out", "bad.neurona"], &["nowhere.csv"]);
}

#[test]
fn labels_that_the_network_does_not_know_are_refused() {
    let folder = iris();
    let table = fs::read_to_string(data("iris.csv")).expect("the data are there");
    let (header, rows) = table.split_once('\n').expect("a header");
    let row = rows.lines().next().expect("a row");
    let (values, _) = row.rsplit_once(',').expect("columns");
    fs::write(folder.path("new.csv"), format!("{header}\n{row}\n{values},7\n")).expect("the folder can be written");
    folder.fails(&["eval", "iris.neurona", "new.csv"], &["new.csv", "7"]);
}

#[test]
fn a_normalised_network_is_written_without_its_normalisation() {
    let folder = Folder::new();
    let (rows, options) =
        (data("iris.csv"), ["--layers", "8:tanh", "--epochs", "60", "--rate", "0.01", "--batch-norm"]);
    let arguments = [&["train", &rows, "--label", "class", "--out", "net.neurona"][..], &options].concat();
    let trained = folder.json(&arguments);
    assert_eq!(trained["parameters"], 4 * 8 + 8 + 8 * 3 + 3);
    let written = folder.json(&["eval", "net.neurona", &rows, "--label", "class", "--arithmetic", "trainer"]);
    assert_eq!(written["accuracy"], trained["training"]["accuracy"]);
    assert!(written["accuracy"].as_f64() > Some(0.9), "{written}");
    folder.fails(&[&arguments[..], &["--batch", "1"]].concat(), &["batch: expected at least 2 examples", "found 1"]);
}

#[test]
fn a_network_of_the_literature_by_its_name() {
    let row = |row: usize| {
        let values: Vec<String> = (0..119 * 6).map(|at| ((row * 31 + at * at) % 17).to_string()).collect();
        format!("{},{}\n", row % 5, values.join(","))
    };
    let header = (0..119 * 6).map(|at| format!("x{at}")).collect::<Vec<_>>().join(",");
    let folder = Folder::with("wand.csv", format!("label,{header}\n{}", (0..10).map(row).collect::<String>()));
    let train = ["train", "wand.csv", "--standardize", "--epochs", "1", "--out", "wand.neurona", "--zoo"];
    let trained = folder.json(&[&train[..], &["motion_cnn"]].concat());
    assert_eq!(trained["parameters"], 3637);
    let wrong = |options: &[&str], expected: &[&str]| folder.fails(&[&train[..], options].concat(), expected);
    wrong(&["lenet5"], &["--zoo", "784", "714"]);
    wrong(&["motion_cnn", "--batch-norm"], &["--batch-norm", "motion_cnn"]);
    let unknown = folder.run(&[&train[..], &["lenet"]].concat());
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("possible values: lenet5, lenet5_1998, "), "{unknown:?}");
}

#[test]
fn settings_that_are_wrong_are_refused() {
    let toml = format!("[data]\nfile = \"{}\"\nshuffel = true\n", data("iris.csv"));
    Folder::with("run.toml", toml)
        .fails(&["train", "--config", "run.toml", "--out", "x.neurona"], &["run.toml", "shuffel"]);
}

#[test]
fn a_rate_that_diverges_stops_and_leaves_the_good_file_alone() {
    let folder = iris();
    let before = fs::read(folder.path("iris.neurona")).expect("the file is there");
    folder.fails(
        &["train", &data("iris.csv"), "--label", "class", "--rate", "1e30", "--out", "iris.neurona"],
        &["diverged", "--rate"],
    );
    assert!(fs::read(folder.path("iris.neurona")).expect("the file is there") == before, "the good file was touched");
}

#[test]
fn model_files_that_are_damaged_are_refused() {
    let folder = iris();
    let good = fs::read(folder.path("iris.neurona")).expect("the file is there");
    let changed = |place: usize| {
        let mut bytes = good.clone();
        bytes[place] ^= 0x10;
        bytes
    };
    let cases: [(Vec<u8>, &str); 5] = [
        (good[..good.len() / 2].to_vec(), "cut short"),
        ([&good[..], &[0]].concat(), "bytes behind"),
        (changed(good.len() - 3), "CRC-32"),
        (changed(8), "version"),
        (b"label,a\n".to_vec(), "not a model file"),
    ];
    for (bytes, part) in cases {
        fs::write(folder.path("bad.neurona"), bytes).expect("the folder can be written");
        for command in ["inspect", "rust"] {
            folder.fails(&[command, "bad.neurona"], &["bad.neurona", part]);
        }
        folder.fails(&["predict", "bad.neurona", &data("iris.csv")], &["bad.neurona", part]);
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_the_best_so_far() {
    let folder = Folder::new();
    let mut child = Command::new(neurona())
        .args(["train", &data("digits.csv"), "--rescale", "0.0625", "--epochs", "1000000", "--out", "digits.neurona"])
        .current_dir(folder.0.path())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the command runs");
    // A line of progress says that an epoch is done.
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().expect("a pipe")));
    assert!(lines.by_ref().any(|line| line.is_ok_and(|line| line.starts_with("epoch"))), "no progress");
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(killed.success());
    let said: Vec<String> = lines.map_while(Result::ok).collect();
    assert_eq!(child.wait().expect("it ends").code(), Some(130), "{said:?}");
    folder.ok(&["inspect", "digits.neurona"]);
}

/// The block of README.md that begins with this fence and holds this text.
fn readme(fence: &str, holds: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let text = fs::read_to_string(root.join("README.md")).expect("README.md is there");
    let mut blocks = text.split(fence).skip(1).map(|rest| rest.split("```").next().expect("a first part"));
    blocks.find(|block| block.contains(holds)).expect("README.md has the block").to_owned()
}

/// Runs the commands of the first block of the readme that holds this.
fn follow_the_readme(folder: &Folder, holds: &str) {
    for line in readme("```console\n", holds).lines() {
        let command = line.split(" #").next().expect("a first part").trim();
        let (command, file) = command.split_once(" > ").map_or((command, None), |(run, file)| (run, Some(file)));
        let arguments: Vec<_> = command.split_whitespace().collect();
        let ["$", "neurona", arguments @ ..] = &arguments[..] else { panic!("no command: {line}") };
        let printed = folder.ok(arguments);
        assert!(!printed.is_empty(), "{line}");
        if let Some(file) = file {
            fs::write(folder.path(file), printed).expect("a file");
        }
    }
}

#[test]
fn the_readme_leads_from_motion_to_a_stream() {
    let mut rows: String = (0..119 * 6).map(|at| format!("x{at},")).collect();
    rows += "gesture\n";
    for row in 0..20_usize {
        let gesture = row % 5;
        for at in 0..119 * 6 {
            let angle = (at / 6) as f32 * (0.1 + 0.1 * gesture as f32) + (at % 6) as f32 + row as f32;
            rows += &format!("{:.2},", libm::sinf(angle));
        }
        rows += &format!("{gesture}\n");
    }
    let folder = Folder::with("motion.csv", &rows);
    fs::write(folder.path("new.csv"), &rows).expect("a file");
    let run = readme("```toml\n", "motion.csv") + "[train]\nepochs = 2\n";
    fs::write(folder.path("run.toml"), run).expect("a file");
    follow_the_readme(&folder, "$ neurona train --config run.toml");
    let source = fs::read_to_string(folder.path("gesture.rs")).expect("the readme makes it");
    assert!(source.contains("pub stream struct Gesture: Signal<119, 6> => [f32; 5] {"), "{source}");
}

#[test]
fn the_readme_leads_from_data_to_source_that_compiles() {
    let folder = Folder::new();
    fs::create_dir_all(folder.path("tests/data")).expect("a folder");
    fs::copy(data("digits.csv"), folder.path("tests/data/digits.csv")).expect("a copy");
    follow_the_readme(&folder, "$ neurona train");

    // The firmware's part, as a library that the compiler checks on this computer.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let neurona = format!("neurona = {{ path = {:?} }}", root.join("crates/neurona"));
    let package = "[package]\nname = \"firmware\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    let manifest = format!("{package}[lib]\npath = \"lib.rs\"\n[dependencies]\nstatic_cell = \"2\"\n{neurona}\n");
    fs::write(folder.path("Cargo.toml"), manifest).expect("a file");
    fs::copy(root.join("Cargo.lock"), folder.path("Cargo.lock")).expect("a copy");
    let used = "\npub fn used() -> Option<f32> { start(&[0.0; 64], 0) }\n";
    fs::write(folder.path("lib.rs"), format!("#![no_std]\n{}{used}", readme("```rust\n", "mod digits")))
        .expect("a file");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["check", "--offline", "--quiet", "--target-dir"]).arg(env!("CARGO_TARGET_TMPDIR"));
    let checked = cargo.current_dir(folder.path("")).output().expect("cargo runs");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn a_run_that_is_killed_goes_on_to_the_same_bits() {
    let folder = Folder::new();
    let digits = data("digits.csv");
    let network = ["train", &digits, "--layers", "32:tanh", "--rescale", "0.0625", "--name", "Net"];
    let options = [&network[..], &["--validation", "0.2", "--seed", "3"]].concat();
    let train = |more: &[&'static str]| [&options[..], more].concat();
    folder.ok(&train(&["--epochs", "60", "--out", "whole.neurona"]));

    let arguments = train(&["--epochs", "60", "--run", "run", "--out", "resumed.neurona"]);
    let mut child = Command::new(neurona())
        .args(&arguments)
        .current_dir(folder.path(""))
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the command runs");
    while !folder.path("run/run.toml").exists() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    // Somewhere: before the first epoch or after the last, the same must come out.
    std::thread::sleep(std::time::Duration::from_millis(40));
    child.kill().expect("it is still there, or has ended");
    child.wait().expect("it ends");
    folder.ok(&arguments);
    let bytes = |name: &str| fs::read(folder.path(name)).expect("the file is there");
    assert!(bytes("whole.neurona") == bytes("resumed.neurona"), "the files differ");

    let metrics = String::from_utf8(bytes("run/metrics.csv")).expect("UTF-8");
    assert!(
        metrics.starts_with("epoch,rate,training_loss,training_accuracy,validation_loss,validation_accuracy\n1,0.001,")
    );
    assert_eq!(metrics.lines().count(), 61);
    let report: Json = serde_json::from_slice(&bytes("run/report.json")).expect("one object");
    assert_eq!(report["epochs"], 60);
    assert!(String::from_utf8(bytes("run/curves.svg")).expect("UTF-8").starts_with("<svg"));
    // The configuration trains the same network.
    folder.ok(&["train", "--config", "run/run.toml", "--out", "again.neurona"]);
    let values = |name: &str| folder.json(&["inspect", name])["fingerprint"].clone();
    assert_eq!(values("again.neurona"), values("whole.neurona"));

    folder.fails(&train(&["--epochs", "61", "--run", "run", "--out", "x.neurona"]), &["run.toml", "another run"]);
    fs::write(folder.path("run/checkpoint"), &bytes("run/checkpoint")[..100]).expect("it can be cut");
    folder.fails(&arguments, &["checkpoint", "the checksum is wrong", "delete it to begin again"]);
}

#[test]
fn targets_of_any_unit_are_learned() {
    let folder = Folder::new();
    // A line from 1,000 to 1,080 of which half the deviation is 11.5.
    let rows: String = (0..80).map(|row| format!("{},{}\n", f64::from(row) / 40.0 - 1.0, 1000 + row)).collect();
    fs::write(folder.path("t.csv"), format!("x,t\n{rows}")).expect("the folder can be written");
    let train = ["train", "t.csv", "--values", "t", "--rate", "0.01", "--test", "0.2", "--out", "t.neurona"];
    let with = |more: &[&'static str]| [&train[..], more].concat();
    let error = |more: &[&'static str]| folder.json(&with(more))["test"]["loss"].as_f64().expect("a number").sqrt();
    // Standardised, an error far below the deviation of 23; around the mean, one below it; as they are, the network does
    // not even reach the mean.
    assert!(error(&["--target-scaling", "standardize"]) < 2.0);
    assert!(error(&[]) < 12.0);
    assert!(error(&["--target-scaling", "none"]) > 100.0);
    let says = |more: &[&'static str], said: &str| {
        let done = folder.run(&with(&[&["--epochs", "1"], more].concat()));
        let found = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success() && found.contains(said), "{found}");
    };
    says(&[], ", learned as 0; deviation ");
    says(&["--target-scaling", "standardize"], "learned as 0 and 1");
    says(&["--target-scaling", "none"], "of a size of 1040, learned as they are");
    // The board answers in the same unit.
    folder.ok(&with(&["--target-scaling", "standardize"]));
    fs::write(folder.path("x.csv"), "x\n0.0\n").expect("the folder can be written");
    let answer: f64 = folder.ok(&["predict", "t.neurona", "x.csv"]).trim().parse().expect("a number");
    assert!((answer - 1040.0).abs() < 4.0, "{answer}");

    let wrong = with(&["--target-scaling", "standardize", "--output", "relu"]);
    folder.fails(&wrong, &["--target-scaling: expected a last layer that is linear"]);
    // Numbers that are taken for classes are not passed over in silence.
    let classes = ["train", "t.csv", "--label", "t", "--epochs", "1", "--out", "c.neurona"];
    let said = folder.run(&classes).stderr;
    assert!(String::from_utf8_lossy(&said).contains("80 classes that are all numbers"));
}

#[test]
fn several_starts_keep_the_best() {
    let folder = Folder::new();
    let digits = data("digits.csv");
    let options = ["train", &digits, "--rescale", "0.0625", "--validation", "0.2", "--epochs", "3", "--out"];
    let loss = |more: &[&'static str]| {
        let report = folder.json(&[&options[..], more].concat());
        report["validation"]["loss"].as_f64().expect("a number")
    };
    let best = loss(&["a.neurona", "--starts", "3", "--seed", "5"]);
    assert!(best > 0.0);
    let report = folder.json(&[&options[..], &["a.neurona", "--starts", "3", "--seed", "5"]].concat());
    let starts = report["starts"].as_array().expect("a list").iter();
    let losses: Vec<f64> = starts.map(|start| start["validation_loss"].as_f64().expect("a number")).collect();
    assert_eq!((losses.len(), losses.iter().copied().fold(f64::INFINITY, f64::min)), (3, best));
    let none = [&options[..], &["b.neurona", "--starts", "0"]].concat();
    folder.fails(&none, &["--starts", "expected at least 1, found 0"]);
    let no_part = ["train", &digits, "--starts", "2", "--out", "b.neurona"];
    folder.fails(&no_part, &["--starts", "expected a validation part"]);
    folder.fails(&["train", "run.toml", "--out", "b.neurona"], &["run.toml", "give it as `--config run.toml`"]);
}

#[test]
fn starts_that_are_killed_go_on_to_the_same_bits() {
    let folder = Folder::new();
    let digits = data("digits.csv");
    let options = ["train", &digits, "--rescale", "0.0625", "--validation", "0.2", "--starts", "3", "--name", "Net"];
    let train = |more: &[&'static str]| [&options[..], &["--epochs", "40"], more].concat();
    folder.ok(&train(&["--out", "whole.neurona"]));

    let arguments = train(&["--run", "run", "--out", "resumed.neurona"]);
    let mut child = Command::new(neurona())
        .args(&arguments)
        .current_dir(folder.path(""))
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the command runs");
    // The first epoch of the first start leaves a file.
    while !folder.path("run/checkpoint-1").exists() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    child.kill().expect("it is still there, or has ended");
    child.wait().expect("it ends");
    folder.ok(&arguments);
    let bytes = |name: &str| fs::read(folder.path(name)).expect("the file is there");
    assert!(bytes("whole.neurona") == bytes("resumed.neurona"), "the files differ");

    for seed in 1..=3 {
        assert!(folder.path(&format!("run/checkpoint-{seed}")).exists());
    }
    let metrics = String::from_utf8(bytes("run/metrics.csv")).expect("UTF-8");
    assert!(
        metrics
            .starts_with("seed,epoch,rate,training_loss,training_accuracy,validation_loss,validation_accuracy\n1,1,")
    );
    assert_eq!(metrics.lines().count(), 1 + 3 * 40);
    let report: Json = serde_json::from_slice(&bytes("run/report.json")).expect("one object");
    let losses = report["starts"].as_array().expect("a list").iter().map(|start| start["validation_loss"].as_f64());
    let least = losses.flatten().fold(f64::INFINITY, f64::min);
    assert_eq!(report["validation"]["loss"].as_f64(), Some(least));
    assert!(String::from_utf8(bytes("run/curves.svg")).expect("UTF-8").contains("validation, other starts"));
}

#[test]
fn a_model_never_replaces_its_data_nor_goes_into_a_folder() {
    let folder = Folder::with("data.csv", "label,a\nx,1\ny,2\nx,3\ny,4\n");
    let keep = "the model would replace what it is trained from";
    folder.fails(&["train", "data.csv", "--epochs", "1", "--out", "./data.csv"], &[keep]);
    let run = "[data]\nfile = 'data.csv'\n[network]\nname = 'Net'\nlayers = [{ dense = 2 }]\n[train]\nepochs = 1\n";
    fs::write(folder.path("run.toml"), run).expect("the folder can be written");
    folder.fails(&["train", "--config", "run.toml", "--out", "run.toml"], &[keep]);
    fs::create_dir(folder.path("models")).expect("a folder");
    folder.fails(&["train", "data.csv", "--out", "models"], &["models: expected a file to write, found a folder"]);
    // The usual name of the label is found here as it is on the command line.
    folder.ok(&["train", "--config", "run.toml", "--out", "net.neurona"]);
    assert_eq!(folder.json(&["inspect", "run.toml"])["parameters"], 4);
}

#[test]
fn errors_are_said_once() {
    let folder = Folder::with("data.csv", "label,a\nx,1\ny,2\n");
    for (arguments, message) in [
        (["--layers", "4:elu:-1"], "the alpha of an ELU is"),
        (["--rescale", "nan"], "factor"),
        (["--name", "fn"], "cannot name a type in Rust"),
        (["--rate", "-1"], "--rate: expected a finite number greater than 0, found -1"),
        (["--threads", "3000"], "--threads: expected at most 1024, found 3000"),
        (["--validation", "0.999"], "--validation: a share of 0.999 of 2 rows leaves none to train on"),
        (["--schedule", "decay:-1"], "--schedule: expected finite and at least 0"),
    ] {
        let all = [&["train", "data.csv", "--epochs", "1", "--out", "x.neurona"], &arguments[..]].concat();
        folder.fails(&all, &[message]);
        let said = String::from_utf8_lossy(&folder.run(&all).stderr).into_owned();
        assert_eq!(said.matches(message).count(), 1, "{said}");
    }
}

#[test]
fn classical_neurons_say_whether_they_converged() {
    let folder = Folder::with("xor.csv", "label,a,b\nno,0,0\nyes,0,1\nyes,1,0\nno,1,1\n");
    let straight = folder.json(&["classical", "perceptron", "xor.csv"]);
    assert_eq!((&straight["converged"], &straight["outcome"]), (&Json::Bool(false), &Json::from("repeats")));
    assert_eq!(straight["parameters"], 3);
    let curved = folder.json(&["classical", "perceptron", "xor.csv", "--degree", "2"]);
    assert_eq!((&curved["converged"], &curved["training"]["accuracy"]), (&Json::Bool(true), &Json::from(1.0)));
    assert_eq!(curved["features"], serde_json::json!(["a", "b", "a^2", "a b", "b^2"]));
    let said = folder.ok(&["classical", "perceptron", "xor.csv"]);
    for part in ["never converges", "no plane separates the classes", "weight", "bias"] {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }

    folder
        .fails(&["classical", "perceptron", "xor.csv", "--degree", "2", "--out", "x.neurona"], &["degree 2", "layers"]);
    folder.fails(&["classical", "adaline", "xor.csv", "--penalty", "1"], &["--penalty", "logistic"]);
    folder.fails(&["classical", "logistic", "xor.csv", "--penalty", "-1"], &["--penalty", "found -1"]);
    folder.fails(&["classical", "adaline", "xor.csv", "--rate", "9"], &["xor.csv", "diverged", "rate"]);
    folder.fails(&["classical", "softmax", "xor.csv", "--degree", "0"], &["degree", "found 0"]);
    folder.fails(&["classical", "softmax", "xor.csv", "--out", "xor.csv"], &["would replace"]);
    folder.fails(&["classical", "logistic", &data("iris.csv")], &["two classes", "3"]);
}

#[test]
fn a_classical_neuron_from_a_file() {
    let folder = Folder::with("xor.csv", "a,b,label\n0,0,no\n0,1,yes\n1,0,yes\n1,1,no\n");
    let text = "[data]\nfile = 'xor.csv'\n[classical]\nneuron = 'perceptron'\ndegree = 2\n";
    fs::write(folder.path("fit.toml"), text).expect("the folder can be written");
    let described = folder.json(&["classical", "--config", "fit.toml"]);
    assert_eq!(described, folder.json(&["classical", "perceptron", "xor.csv", "--degree", "2"]));
    assert_eq!(folder.json(&["classical", "--config", "fit.toml", "--degree", "1"])["converged"], false);
    folder.fails(&["classical", "--config", "fit.toml", "--rounds", "0"], &["error: --rounds: expected at least 1"]);
    fs::write(folder.path("fit.toml"), format!("{text}rounds = 0\n")).expect("the folder can be written");
    folder.fails(&["classical", "--config", "fit.toml"], &["fit.toml: classical.rounds: expected at least 1"]);
}

#[test]
fn a_classical_neuron_becomes_a_model_file() {
    let folder = Folder::new();
    let report = folder.json(&["classical", "softmax", &data("iris.csv"), "--test", "0.2", "--out", "iris.neurona"]);
    assert_eq!(report["outcome"], "converged");
    assert_eq!((&report["training"]["rows"], &report["test"]["rows"]), (&Json::from(120), &Json::from(30)));
    let all = folder.json(&["classical", "softmax", &data("iris.csv"), "--out", "all.neurona"]);
    let device = folder.json(&["eval", "all.neurona", &data("iris.csv")]);
    assert_eq!(device["accuracy"], all["training"]["accuracy"], "no iris lies within rounding of a boundary");
    assert!(device["macro"]["roc_auc"].as_f64().expect("three classes") > 0.99);
    assert_eq!(folder.json(&["inspect", "all.neurona"])["parameters"], 15);
}

#[test]
fn the_course_is_one_page_with_every_experiment() {
    let folder = Folder::new();
    let listed = folder.json(&["course", "--list"]);
    let listed = listed["experiments"].as_array().expect("a list");
    assert!(!listed.is_empty());
    let measured = folder.json(&["course", "--quick", "--quiet", "--out", "page.html"]);
    let page = fs::read_to_string(folder.path("page.html")).expect("UTF-8");
    for (at, experiment) in listed.iter().enumerate() {
        assert_eq!(measured["experiments"][at]["name"], experiment["name"]);
        let tables = measured["experiments"][at]["tables"].as_array().expect("a list");
        let has_numbers = |table: &Json| table["rows"].as_array().is_some_and(|rows| !rows.is_empty());
        assert!(!tables.is_empty() && tables.iter().all(has_numbers), "{experiment}");
        assert!(page.contains(experiment["title"].as_str().expect("a title")), "{experiment} is not on the page");
    }
    // A picture for each experiment at least, and nothing from elsewhere.
    assert!(page.starts_with("<!") && page.matches("<svg").count() >= listed.len());
    for foreign in ["<script", "<link", "src=\"http", "url(http"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    let one = ["course", "backpropagation", "--quick", "--quiet", "--out", "one.html"];
    assert_eq!(folder.json(&one)["experiments"].as_array().map(Vec::len), Some(1));
    folder.fails(&["course", "forwardpropagation", "--out", "x.html"], &["forwardpropagation", "backpropagation"]);
}

#[test]
fn augmentation_and_dropout_are_the_same_in_options_and_files() {
    let text = format!(
        "[data]\nfile = '{}'\n[network]\nname = 'Net'\nrescale = 0.0625\n\
         layers = [{{ dense = 16, activation = 'relu', dropout = 0.1 }}, {{ dense = 8, activation = 'relu', dropout = 0.2 }}, \
         {{ dense = 10 }}]\n[train]\nepochs = 2\n[augment]\nimage = {{ height = 8, width = 8, shift = 1.0, noise = 0.5 }}\n",
        data("digits.csv")
    );
    let folder = Folder::with("run.toml", text);
    let digits = data("digits.csv");
    let loss = |arguments: &[&str]| {
        let report = folder.json(&[&["train", "--out", "net.neurona"], arguments].concat());
        report["training"]["loss"].as_f64().expect("a number")
    };
    let run = [&*digits, "--layers", "16:relu,8:relu", "--rescale", "0.0625", "--epochs", "2"];
    let options = ["--dropout", "0.1,0.2", "--augment", "image:8x8:shift=1:noise=0.5"];
    let file = loss(&["--config", "run.toml"]);
    assert_eq!(loss(&[&run[..], &options].concat()), file);
    assert_ne!(loss(&[&run[..], &options[..2]].concat()), file);
    let options = ["--config", "run.toml", "--augment", "none"];
    assert_eq!(loss(&options), loss(&[&run[..], &["--dropout", "0.1,0.2"]].concat()));

    let train = |options: &[&'static str]| [&["train", "--out", "other.neurona"], &run[..], options].concat();
    folder.fails(&train(&["--dropout", "0.1,0.2,0.3"]), &["--dropout", "2 for the hidden layers, found 3"]);
    folder.fails(&train(&["--augment", "image:9x8"]), &["--augment: an input has 64 values", "72"]);
}

#[test]
fn each_row_of_a_part_keeps_its_own_line_end() {
    let text = "label,a\nx,1\r\ny,2\n\nx,\"3\r\n\"\r\ny,4";
    let folder = Folder::with("mixed.csv", text);
    folder.ok(&["split", "mixed.csv", "--parts", "all=1", "--out", "parts"]);
    let part = fs::read_to_string(folder.path("parts/all.csv")).expect("it is there");
    let mut rows: Vec<&str> = ["x,1\r\n", "y,2\n", "x,\"3\r\n\"\r\n", "y,4\n"].to_vec();
    let mut found = part.strip_prefix("label,a\n").expect("the header");
    while !found.is_empty() {
        let at = rows.iter().position(|row| found.starts_with(row)).expect("a row of the table");
        found = &found[rows.remove(at).len()..];
    }
    assert!(rows.is_empty(), "{rows:?}");
}
