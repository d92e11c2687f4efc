//! `neurona search` and `neurona cross-validate`, as their user meets them: killed and resumed, as commands of their own,
//! and with the answer known beforehand.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

mod command;

use command::{Folder, data, neurona};

/// A run on the irises; its paths begin in the folder of the file.
const RUN: &str = "[data]
file = 'iris.csv'
label = 'class'
validation = 0.2
test = 0.2
[network]
name = 'Iris'
standardize = true
layers = [{ dense = 8, activation = 'tanh' }, { dense = 3 }]
";

/// A folder with the data, and `search.toml` of that run, those epochs and that table.
fn folder(epochs: u32, search: &str) -> Folder {
    let text = format!("{RUN}[train]\nepochs = {epochs}\n[search]\n{search}");
    let folder = Folder::with("search.toml", text);
    fs::copy(data("iris.csv"), folder.path("iris.csv")).expect("a copy");
    folder
}

const RANDOM: &str = "method = 'random'
trials = 12
space.'train.rate' = { low = 1e-4, high = 1e-1, scale = 'log' }
space.'train.batch' = [16, 32]
space.'network.layers[0].dense' = { low = 4, high = 16 }
";

const HALVING: &str = "method = 'halving'
trials = 9
space.'train.rate' = { low = 1e-4, high = 1e-1, scale = 'log' }
";

/// What a search leaves: its table and its best run. Paths in it are those of the folder, which differ from test to test.
fn results(folder: &Folder, out: &str) -> [String; 2] {
    ["table.csv", "best.toml"].map(|name| {
        let text = fs::read_to_string(folder.path(out).join(name)).expect("the file is there");
        text.replace(&*folder.path("").to_string_lossy(), "")
    })
}

fn records(folder: &Folder, out: &str) -> usize {
    let names = fs::read_dir(folder.path(out).join("trials")).map(|entries| {
        entries
            .filter(|entry| entry.as_ref().is_ok_and(|entry| entry.file_name().to_string_lossy().ends_with(".toml")))
            .count()
    });
    names.unwrap_or(0)
}

#[test]
fn a_search_finds_the_known_best_and_the_run_that_trains_it() {
    // Three rates: one that hardly moves, one that learns, and one whose fourth step is more than an `f32` holds, as each
    // of Adam's has about the length of the rate.
    let folder = folder(30, "method = 'grid'\nspace.'train.rate' = [1e-6, 0.02, 1e38]");
    let report = folder.json(&["search", "search.toml", "--out", "out"]);
    let rates: Vec<_> =
        report["trials"].as_array().expect("a list").iter().map(|row| &row["values"]["train.rate"]).collect();
    assert_eq!(rates, [0.02, 1e-6, 1e38]);
    assert_eq!((&report["done"], &report["left"], &report["best"]["trial"]), (&3.into(), &0.into(), &2.into()));
    assert!(report["best"]["accuracy"].as_f64().is_some_and(|accuracy| accuracy > 0.9), "{report}");
    assert!(report["trials"][2]["failure"].as_str().is_some_and(|failure| failure.starts_with("diverged")), "{report}");

    let trained = folder.json(&["train", "--config", "out/best.toml", "--out", "best.neurona"]);
    // Both were printed from one `f32`, the one as such and the other as the `f64` of the same value.
    assert_eq!(
        trained["validation"]["loss"].as_f64().map(|loss| loss as f32),
        report["best"]["loss"].as_f64().map(|loss| loss as f32)
    );
}

#[test]
fn threads_and_places_do_not_change_a_byte() {
    for search in [RANDOM, HALVING] {
        let folder = folder(9, search);
        folder.ok(&["search", "search.toml", "--out", "one", "--threads", "1"]);
        folder.ok(&["search", "search.toml", "--out", "two", "--threads", "2"]);
        assert_eq!(results(&folder, "one"), results(&folder, "two"));
    }
}

/// Starts a search, and ends it with that signal when some trials are done; gives its exit code and what it said.
#[cfg(unix)]
fn interrupt(folder: &Folder, signal: &str) -> (Option<i32>, String) {
    let mut child = Command::new(neurona())
        .args(["search", "search.toml", "--out", "out"])
        .current_dir(folder.path(""))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command runs");
    let start = Instant::now();
    while records(folder, "out") < 3 {
        assert!(start.elapsed() < Duration::from_secs(300), "no trial is done");
        thread::sleep(Duration::from_millis(2));
    }
    let killed = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill runs");
    assert!(killed.success());
    let mut said = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().expect("a pipe"), &mut said).expect("UTF-8");
    (child.wait().expect("it ends").code(), said)
}

#[cfg(unix)]
#[test]
fn what_was_killed_goes_on_and_ends_in_the_same_bytes() {
    for search in [RANDOM, HALVING] {
        // Trials that last, so that the signal comes in the midst of one.
        let folder = folder(9000, search);
        folder.ok(&["search", "search.toml", "--out", "whole"]);
        let (code, _) = interrupt(&folder, "-KILL");
        assert_eq!(code, None, "a signal ended it");
        let done = records(&folder, "out");
        assert!(done < records(&folder, "whole"), "it was killed when all was done");
        let table = folder.json(&["search", "--collect", "out"]);
        assert_eq!(table["done"], done);
        folder.ok(&["search", "search.toml", "--out", "out"]);
        assert_eq!(results(&folder, "out"), results(&folder, "whole"));
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_what_is_done_and_says_how_to_go_on() {
    let folder = folder(9000, RANDOM);
    let (code, said) = interrupt(&folder, "-INT");
    assert_eq!(code, Some(130), "{said}");
    let done = records(&folder, "out");
    assert!((3..12).contains(&done), "{done}");
    let line = said.lines().find_map(|line| line.split_once("To go on: ")).expect("it says how").1;
    let went_on = Command::new("sh").args(["-c", line]).current_dir("/").output().expect("a shell");
    assert!(went_on.status.success(), "{}", String::from_utf8_lossy(&went_on.stderr));
    assert_eq!(records(&folder, "out"), 12);
}

/// Runs the lines that `--emit` prints, two at a time.
#[cfg(unix)]
fn run_emitted(folder: &Folder) -> usize {
    let emitted = folder.ok(&["search", "search.toml", "--out", "a folder", "--emit"]);
    fs::write(folder.path("commands"), &emitted).expect("it can be written");
    let commands = fs::File::open(folder.path("commands")).expect("it is there");
    let mut xargs = Command::new("xargs");
    // Elsewhere than where they were printed.
    let ran = xargs.args(["-P", "2", "-L", "1", "env"]).stdin(commands).current_dir("/").output().expect("xargs runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    emitted.lines().count()
}

#[cfg(unix)]
#[test]
fn trials_as_commands_give_the_same_table() {
    let folder = folder(9, RANDOM);
    folder.ok(&["search", "search.toml", "--out", "whole"]);
    assert_eq!(run_emitted(&folder), 12);
    let report = folder.json(&["search", "--collect", "a folder"]);
    assert_eq!((&report["done"], &report["left"]), (&12.into(), &0.into()));
    assert_eq!(results(&folder, "a folder"), results(&folder, "whole"));
    assert_eq!(run_emitted(&folder), 0, "nothing is left");
}

#[cfg(unix)]
#[test]
fn halving_is_emitted_rung_by_rung() {
    let folder = folder(9, HALVING);
    folder.ok(&["search", "search.toml", "--out", "whole"]);
    let rungs: Vec<usize> = (0..4).map(|_| run_emitted(&folder)).collect();
    assert_eq!(rungs, [9, 3, 1, 0]);
    folder.ok(&["search", "--collect", "a folder"]);
    assert_eq!(results(&folder, "a folder"), results(&folder, "whole"));
}

#[test]
fn another_search_in_the_folder_is_refused() {
    let folder = folder(2, RANDOM);
    folder.ok(&["search", "search.toml", "--out", "out"]);
    let before = results(&folder, "out");
    let text = fs::read_to_string(folder.path("search.toml")).expect("it is there");
    fs::write(folder.path("search.toml"), text.replace("epochs = 2", "epochs = 3")).expect("it can be written");
    folder.fails(
        &["search", "search.toml", "--out", "out"],
        &["out holds another search", "`train.epochs`", "another folder"],
    );
    assert_eq!(results(&folder, "out"), before);
}

#[test]
fn data_that_have_changed_are_refused() {
    let folder = folder(2, RANDOM);
    let before = fs::read_to_string(folder.path("iris.csv")).expect("it is there");
    folder.ok(&["search", "search.toml", "--out", "out"]);
    fs::remove_file(folder.path("out/trials/0007-1.toml")).expect("it is there");
    let kept = results(&folder, "out");

    let after = before.replacen("5.1", "5.2", 1);
    assert_ne!(after, before);
    fs::write(folder.path("iris.csv"), &after).expect("it can be written");
    let parts = ["out: trial 1 was measured on other examples than the data have now"];
    folder.fails(&["search", "search.toml", "--out", "out"], &parts);
    folder.fails(&["search", "--out", "out", "--trial", "7"], &parts);
    folder.fails(&["search", "--out", "out", "--emit"], &parts);
    assert_eq!((records(&folder, "out"), results(&folder, "out")), (11, kept));

    // As if another computer with another copy of the data had done its share.
    folder.ok(&["search", "search.toml", "--out", "other"]);
    fs::copy(folder.path("other/trials/0007-1.toml"), folder.path("out/trials/0007-1.toml")).expect("a copy");
    folder.fails(&["search", "--collect", "out"], &["trial 7 was measured on other examples than trial 1"]);

    fs::write(folder.path("iris.csv"), &before).expect("it can be written");
    fs::remove_file(folder.path("out/trials/0007-1.toml")).expect("it is there");
    folder.ok(&["search", "search.toml", "--out", "out"]);
    assert_eq!(records(&folder, "out"), 12);
}

#[test]
fn descriptions_that_are_wrong_are_refused() {
    for (search, parts) in [
        ("method = 'grid'\nspace.'train.rte' = [1]", &["search.toml", "train.rte", "unknown field"][..]),
        ("method = 'grid'\nspace.'network.layers[5].dense' = [1]", &["search.toml", "network.layers[5].dense"]),
        ("method = 'grid'\nspace.'train.batch' = [8, 'x']", &["train.batch", "\"x\""]),
        ("method = 'gird'\nspace.'train.rate' = [1]", &["search.toml", "gird"]),
    ] {
        folder(2, search).fails(&["search", "search.toml", "--out", "out"], parts);
    }
    let folder = Folder::new();
    folder.fails(&["search", "--out", "nowhere"], &["nowhere"]);
    folder.fails(&["search", "--collect", "nowhere"], &["nowhere"]);
    folder.fails(&["search", "none.toml", "--out", "out"], &["none.toml"]);
}

#[test]
fn a_search_over_folds_agrees_with_cross_validate() {
    let folder = folder(20, "method = 'grid'\nfolds = 4\nspace.'train.rate' = [1e-4, 0.02]");
    let report = folder.json(&["search", "search.toml", "--out", "out"]);
    assert_eq!(report["best"]["values"]["train.rate"], 0.02);
    let scores = folder.json(&["cross-validate", "--config", "out/best.toml", "--folds", "4"]);
    assert_eq!(
        (&scores["loss"]["mean"], &scores["loss"]["deviation"], &scores["accuracy"]["mean"]),
        (&report["best"]["loss"], &report["best"]["deviation"], &report["best"]["accuracy"])
    );
}

#[test]
fn cross_validation_measures_every_row_once() {
    let folder = Folder::new();
    let iris = data("iris.csv");
    let run = ["cross-validate", &iris, "--label", "class", "--layers", "8:tanh", "--standardize", "--rate", "0.01"];
    let scores = |more: &[&str]| folder.json(&[&run[..], more].concat());
    let ten = scores(&["--folds", "10", "--threads", "2"]);
    let folds = ten["folds"].as_array().expect("a list");
    // 150 rows, 50 of each of three classes: 15 in each of ten folds.
    assert_eq!(folds.iter().map(|fold| fold["rows"].as_u64()).collect::<Vec<_>>(), [Some(15); 10]);
    let figures = |key: &str| folds.iter().map(|fold| fold[key].as_f64()).collect::<Option<Vec<f64>>>();
    let losses = figures("loss").expect("numbers");
    let mean = losses.iter().sum::<f64>() / 10.0;
    // The losses are printed as `f32`, of which the mean was taken as `f64`: half a unit in the last place of each.
    assert!(ten["loss"]["mean"].as_f64().is_some_and(|found| (found - mean).abs() < mean * f64::from(f32::EPSILON)));
    assert!(ten["accuracy"]["mean"].as_f64().is_some_and(|accuracy| accuracy > 0.9), "{ten}");
    assert_eq!(ten, scores(&["--folds", "10", "--threads", "1"]));
    assert!(folder.ok(&run).contains("standard deviation: "), "a table for people");
    folder.fails(&[&run[..], &["--folds", "151"]].concat(), &["150 rows", "151 folds"]);
}
