use std::{
    fs,
    ops::ControlFlow,
    sync::atomic::{AtomicUsize, Ordering},
};

use ndarray::Array2;

use super::*;
use crate::{Dataset, Targets};

const RUN: &str = "[data]\nvalidation = 0.25\n[network]\nname = 'Line'\nlayers = [{ dense = 1 }]\n[train]\noptimizer = \
                   'sgd'\nrate = 0.1\nepochs = 9\nbatch = 8\n";

fn search(table: &str) -> Result<Search, String> {
    Search::parse(&format!("{RUN}[search]\n{table}"), Path::new("/somewhere/search.toml"))
        .map_err(|error| error.to_string())
}

fn right(table: &str) -> Search {
    search(table).expect("the search is right")
}

/// Ten trials; the largest rates diverge.
fn random() -> Search {
    right("method = 'random'\ntrials = 10\nspace.'train.rate' = { low = 1e-3, high = 1e20, scale = 'log' }\n")
}

fn halving() -> Search {
    right(
        "method = 'halving'\ntrials = 9\nspace.'train.rate' = { low = 1e-3, high = 0.5, scale = 'log' }\n\
         space.'train.batch' = [4, 8, 16]",
    )
}

/// y = 2 x + 1 in 64 points of [-1, 1).
fn line() -> Examples {
    let inputs = Array2::from_shape_fn((64, 1), |(row, _)| row as f32 / 32.0 - 1.0);
    let values = inputs.mapv(|x| 2.0 * x + 1.0);
    Examples::given(Dataset::new(inputs, Targets::values(values)).expect("the parts fit"))
}

fn go_on(_: SearchProgress<'_>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn run(search: &Search, folder: Option<&Folder>, threads: usize) -> ResultTable {
    search.run(&line(), folder, threads, &go_on).expect("it runs")
}

#[test]
fn the_best_is_found() {
    // By these rates gradient descent on a line hardly moves, arrives, or diverges: the squared error has the Hessian
    // 2 [[1/3, 0], [0, 1]] here, so that a rate above 1 overshoots.
    let search = right("method = 'grid'\nspace.'train.rate' = [1e-7, 0.3, 1e20]");
    let table = run(&search, None, 0);
    let rates: Vec<_> = table.rows.iter().map(|row| row.values["train.rate"].as_float()).collect();
    assert_eq!(rates, [Some(0.3), Some(1e-7), Some(1e20)]);
    let [best, still, diverged] = &table.rows[..] else { panic!("three trials") };
    // 9 epochs of 6 steps shrink the error of the slope by about (1 - 0.3 * 2 / 3)^54 = 6e-6, squared in the loss; that of
    // the slow rate is the variance of 2 x, 4 / 3, and more.
    assert!(best.loss < Some(1e-6) && still.loss > Some(1.0), "{table:?}");
    assert!(diverged.failure.as_ref().is_some_and(|failure| failure.starts_with("diverged in epoch 1: ")), "{table:?}");
    assert_eq!(table.best(), Some(best));
    assert_eq!((table.done, table.left), (3, 0));
}

#[test]
fn a_trial_is_the_run_with_its_values() {
    let search = random();
    let record = &run(&search, None, 1).rows[0];
    let trial = search.trial(record.task()).expect("there is such a trial");
    let config = RunConfig::parse(&trial.toml.to_string(), Path::new("best.toml")).expect("it is a run");
    assert_eq!(config, trial.config);
    let known = line().get(&config.data).expect("they are given");
    let prepared = config.prepare_with(&known.data).expect("the run is right");
    let mut observer = |_| ControlFlow::Continue(());
    let validation = prepared.validation.as_ref();
    let trained = crate::train(prepared.network, &prepared.training, validation, &prepared.settings, &mut observer);
    let trained = trained.expect("it trains");
    let score = trained.epochs[trained.kept as usize - 1].validation.expect("there is a validation part");
    assert_eq!(record.loss, Some(f64::from(score.loss)));
}

#[test]
fn threads_do_not_change_a_bit() {
    for search in [random(), halving()] {
        let table = run(&search, None, 1);
        assert_eq!(table, run(&search, None, 2));
        assert_eq!(table, run(&search, None, 5));
        assert_eq!(table.to_csv(&search), run(&search, None, 2).to_csv(&search));
    }
}

/// What a search leaves in its folder.
fn results(folder: &Folder) -> [String; 2] {
    [folder.table(), folder.best()].map(|path| fs::read_to_string(path).expect("the file is there"))
}

#[test]
fn what_was_interrupted_ends_in_the_same_bits() {
    for search in [random(), halving()] {
        let temporary = tempfile::tempdir().expect("a temporary folder");
        let folder = Folder::create(temporary.path(), &search).expect("it can be written");
        let whole = run(&search, Some(&folder), 2);
        folder.write_results(&search, &whole).expect("it can be written");
        let expected = results(&folder);

        // A program that was killed: some records are missing, and one was being written.
        let trials = temporary.path().join("trials");
        for name in ["0002-1.toml", "0007-1.toml"] {
            fs::remove_file(trials.join(name)).expect("the record is there");
        }
        fs::write(trials.join(".neurona-a1b2c3"), "trial = 2\nrung =").expect("it can be written");
        let (folder, again) = Folder::open(temporary.path()).expect("the search is there");
        assert_eq!(again, search);
        let trained = AtomicUsize::new(0);
        let count = |progress: SearchProgress<'_>| {
            trained.fetch_add(usize::from(matches!(progress, SearchProgress::Done(_))), Ordering::Relaxed);
            ControlFlow::Continue(())
        };
        let table = again.run(&line(), Some(&folder), 2, &count).expect("it runs");
        assert_eq!(trained.into_inner(), 2, "what was done is not done again");
        assert_eq!(table, whole);
        folder.write_results(&again, &table).expect("it can be written");
        assert_eq!(results(&folder), expected);
    }
}

#[test]
fn an_observer_may_stop_and_what_is_done_stays() {
    let search = halving();
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let folder = Folder::create(temporary.path(), &search).expect("it can be written");
    let stop = |progress: SearchProgress<'_>| match progress {
        SearchProgress::Done(record) if record.trial == 4 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let table = search.run(&line(), Some(&folder), 1, &stop).expect("it runs");
    assert_eq!((table.rows.len(), table.done, table.left), (4, 4, 5));
    assert_eq!(run(&search, Some(&folder), 2), run(&search, None, 1));
}

#[test]
fn the_best_of_a_rung_go_on_for_longer() {
    let search = halving();
    let rung = |trials, epochs| Rung { trials, epochs: Some(epochs) };
    assert_eq!(search.rungs(), [rung(9, 1), rung(3, 3), rung(1, 9)]);
    let first = |trial: usize, loss| Record {
        loss,
        ..Record::new(Task { rung: 1, trial }, 1, String::new(), search.values(trial))
    };
    // Trials 3 and 8 are equally good; 5 has failed.
    let losses = [9.0, 8.0, 2.0, 7.0, f64::NAN, 1.0, 6.0, 2.0, 2.5];
    let mut records: Vec<Record> =
        (1..).zip(losses).map(|(trial, loss)| first(trial, (!loss.is_nan()).then_some(loss))).collect();
    let tasks = |rung, trials: &[usize]| trials.iter().map(|trial| Task { rung, trial: *trial }).collect::<Vec<_>>();
    assert_eq!(search.next(&records[..7]), tasks(1, &[8, 9]), "a rung begins when the one before is done");
    assert_eq!(search.next(&records), tasks(2, &[3, 6, 8]));
    for (trial, loss) in [(3, 0.5), (6, 0.75), (8, 0.625)] {
        records.push(Record { rung: 2, ..first(trial, Some(loss)) });
    }
    assert_eq!(search.next(&records), tasks(3, &[3]));
    records.push(Record { rung: 3, ..first(3, Some(3.0)) });
    assert_eq!(search.next(&records), []);
    let order: Vec<usize> = search.table(&records).rows.iter().map(|row| row.trial).collect();
    assert_eq!(order, [3, 8, 6, 9, 7, 4, 2, 1, 5], "later rungs first, then by the loss; what failed is last");
    assert_eq!(search.trial(Task { rung: 3, trial: 3 }).expect("it is there").config.train.epochs, Some(9));
}

#[test]
fn folds_give_a_mean_and_a_deviation() {
    let search = right("method = 'grid'\nfolds = 4\nspace.'train.rate' = [0.01, 0.1]");
    let table = run(&search, None, 2);
    let best = table.best().expect("it trains");
    assert_eq!(best.values["train.rate"].as_float(), Some(0.1));
    let losses: Vec<f64> = best.folds.iter().map(|fold| fold.loss).collect();
    let mean = losses.iter().sum::<f64>() / 4.0;
    let squares: f64 = losses.iter().map(|loss| (loss - mean).powi(2)).sum();
    // The same sums in another order of operations: a few of 2^-53, relative to figures of one size.
    let is_near = |found: Option<f64>, expected: f64| found.is_some_and(|found| (found - expected).abs() < 1e-12);
    assert!(is_near(best.loss, mean) && is_near(best.deviation, (squares / 3.0).sqrt()), "{best:?}");
}

#[test]
fn a_folder_is_of_one_search() {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let folder = Folder::create(temporary.path(), &random()).expect("it can be written");
    Folder::create(temporary.path(), &random()).expect("the same search goes on");
    let error = Folder::create(temporary.path(), &halving()).expect_err("it is another").to_string();
    assert!(error.contains("holds another search, which differs in `search.method`"), "{error}");

    let record = temporary.path().join("trials/0001-1.toml");
    for (text, part) in [
        ("trial = 1", "missing field"),
        (
            "trial = 11\nrung = 1\nepochs = 9\ndata = ''\n[values]\n",
            "expected a trial from 1 to 10 and a rung from 1 to 1, found 11 and 1",
        ),
        ("trial = 1\nrung = 1\nepochs = 9\ndata = ''\n[values]\n'train.rate' = 0.5\n", "found one of another"),
    ] {
        fs::write(&record, text).expect("it can be written");
        let error = folder.records(&random()).expect_err("the record is wrong").to_string();
        assert!(error.contains("0001-1.toml") && error.contains(part) && error.contains("delete it"), "{error}");
    }
}

#[test]
fn paths_to_data_are_from_the_root() {
    let text = "[data]\nfile = 'a.csv'\nlabel = 0\nvalidation = 0.5\n[network]\nname = 'Net'\nlayers = [{ dense = 1 }]\n\
                [search]\nmethod = 'grid'\nspace.'data.file' = ['b.csv', '/c.csv']\n";
    let search = Search::parse(text, Path::new("/folder/search.toml")).expect("the search is right");
    let toml = search.to_toml();
    assert!(toml.contains("\"/folder/a.csv\"") && toml.contains("[\"/folder/b.csv\", \"/c.csv\"]"), "{toml}");
    assert_eq!(Search::parse(&toml, Path::new("/other/search.toml")).expect("the same search"), search);
    let error = search.check(&Examples::from_files()).expect_err("there is no such file").to_string();
    assert!(error.starts_with("trial 1 (data.file = \"/folder/b.csv\"): /folder/b.csv: "), "{error}");
}

#[test]
fn a_space_that_the_run_cannot_take_names_the_path() {
    let space =
        |space: &str| search(&format!("method = 'random'\ntrials = 2\nspace.{space}")).expect_err("it is wrong");
    for (path, values, parts) in [
        ("train.rte", "[0.1, 0.2]", &["0.1: unknown field `rte`", "`rate`"][..]),
        ("trian.rate", "[0.1]", &["unknown field `trian`"]),
        ("network.layers[3].dense", "[4]", &["expected a place below 1, as `network.layers` has 1 entries"]),
        ("network.layers[0].dense", "[4, 1.5]", &["1.5: ", "expected u32"]),
        ("train.batch", "[8, 'many']", &["\"many\": "]),
        ("train.epochs", "{ low = -4, high = 4 }", &["-4: "]),
    ] {
        let error = space(&format!("'{path}' = {values}"));
        assert!(error.starts_with(&format!("search.space.\"{path}\": ")), "{error}");
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
    }
    // The run is wrong whatever the space says.
    let text = format!("{RUN}[search]\nmethod = 'grid'\nspace.'train.rate' = [0.1]").replace("batch", "btch");
    let error = Search::parse(&text, Path::new("search.toml")).expect_err("the run is wrong").to_string();
    assert!(error.starts_with("the run: unknown field `btch`"), "{error}");
}

#[test]
fn values_that_belong_together_are_a_choice() {
    let search = right(
        "method = 'grid'\nspace.'network.layers' = [[{ dense = 1 }], [{ dense = 3, activation = 'tanh' }, { dense = 1 }]]\n\
         space.'train' = [{ optimizer = 'sgd', momentum = 0.9 }, { optimizer = 'adam', beta1 = 0.8 }]\n\
         space.'train.epochs' = [2, 3]",
    );
    let table = run(&search, None, 2);
    assert_eq!(table.rows.len(), 8);
    let trial = search.trial(Task { rung: 1, trial: 8 }).expect("there are eight");
    assert_eq!(trial.config.network.layers.len(), 2);
    let train = &trial.config.train;
    assert_eq!((train.optimizer.as_deref(), train.beta1, train.epochs), (Some("adam"), Some(0.8), Some(3)));
}

#[test]
fn keys_that_do_not_go_together() {
    let error = |text: &str| search(text).expect_err("the search is wrong");
    const SPACE: &str = "space.'train.rate' = [0.1]";
    assert!(error("").starts_with("search: missing field `method`"));
    assert!(
        error(&format!("method = 'best'\n{SPACE}"))
            .starts_with("search: unknown variant `best`, expected one of `grid`")
    );
    assert!(error(&format!("method = 'grid'\ntrails = 3\n{SPACE}")).starts_with("search: unknown field `trails`"));
    assert!(error("method = 'grid'").starts_with("search: missing field `space`"));
    assert!(
        error(&format!("method = 'grid'\ntrials = 3\n{SPACE}")).starts_with("search.trials: is not a constant of this")
    );
    assert!(error(&format!("method = 'random'\n{SPACE}")).starts_with("search.trials: expected how many trials"));
    assert!(
        error(&format!("method = 'random'\ntrials = 0\n{SPACE}"))
            .starts_with("search.trials: expected how many trials")
    );
    assert!(
        error(&format!("method = 'random'\ntrials = 2\neta = 3\n{SPACE}")).starts_with("search.eta: is not a constant")
    );
    assert_eq!(error(&format!("method = 'grid'\nfolds = 1\n{SPACE}")), "search.folds: expected at least 2");
    let epochs = error("method = 'halving'\ntrials = 9\nspace.'train.epochs' = [9, 18]");
    assert!(
        epochs.starts_with("search.space.\"train.epochs\": the epochs are what successive halving gives"),
        "{epochs}"
    );

    let parse = |text: &str| Search::parse(text, Path::new("x.toml")).expect_err("it is wrong").to_string();
    assert!(parse(RUN).starts_with("search: missing; expected a table"));
    let without = parse(&format!("{}[search]\nmethod = 'grid'\n{SPACE}", RUN.replace("validation = 0.25", "")));
    assert!(without.starts_with("data.validation: expected a share of the rows, such as 0.2"), "{without}");
    assert!(parse("[data").starts_with("x.toml: TOML parse error at line 1"));
}

#[test]
fn trials_that_cannot_be_compared_or_trained_are_found_before_the_first() {
    let error = |space: &str| {
        let search = right(&format!("method = 'grid'\n{space}"));
        search.run(&line(), None, 1, &|_| panic!("a trial has begun")).expect_err("it is wrong").to_string()
    };
    assert!(
        error("space.'train.loss' = ['squared_error', 'absolute_error']")
            .starts_with("train.loss: trials are compared")
    );
    assert_eq!(
        error("space.'train.momentum' = [0.5]\nspace.'train.optimizer' = ['sgd', 'adam']"),
        "trial 2 (train.momentum = 0.5, train.optimizer = \"adam\"): train.momentum: is not a constant of `adam`: leave \
         it out, or choose another optimizer"
    );
}
