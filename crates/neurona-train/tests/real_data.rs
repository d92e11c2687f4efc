//! Real data: no worse than scikit-learn and PyTorch with the same network, rows and budget.

mod tasks;

use tasks::{Difference, Task};

/// Trains with so many seeds, and compares with each program's ten.
///
/// Two standard errors of the difference are what the luck of the seeds may do.
fn assert_as_good_as_others(name: &str, seeds: u64) {
    assert!(Task::NAMES.contains(&name));
    let Some(task) = Task::read(name).expect("the data are right") else {
        println!("{name}: left out, as there is no ../shared/data beside the clone");
        return;
    };
    let ours = task.train_seeds(seeds).expect("it trains");
    for program in ["scikit-learn", "pytorch"] {
        let peer = task.peer(program);
        if peer.0.is_empty() && program == "scikit-learn" {
            continue; // it has neither convolutions nor recurrent networks
        }
        assert_eq!(peer.0.len(), 10, "{name}: tests/tasks/peers.csv has ten seeds of {program}");
        let Difference { better, error } = task.difference(&ours, &peer);
        println!("{name}: {ours}, {program} {peer}: better by {better:.2}, with a standard error of {error:.2}");
        assert!(better >= -2.0 * error, "{name}: {ours}, but {program} has {peer}: {:?}", ours.0);
    }
}

#[test]
fn irises() {
    assert_as_good_as_others("iris", 10);
}

#[test]
fn digits() {
    assert_as_good_as_others("digits", 10);
}

#[test]
fn energy() {
    assert_as_good_as_others("energy", 10);
}

#[test]
fn mnist() {
    assert_as_good_as_others("mnist", 3);
}

#[test]
fn beijing() {
    assert_as_good_as_others("beijing", 3);
}

#[test]
fn lenet() {
    assert_as_good_as_others("lenet", 10);
}

#[test]
fn motion_gru() {
    assert_as_good_as_others("motion_gru", 10);
}

#[test]
fn motion_cnn() {
    assert_as_good_as_others("motion_cnn", 10);
}

#[test]
fn indoor_rnn() {
    assert_as_good_as_others("indoor_rnn", 10);
}

#[test]
fn indoor_gru() {
    assert_as_good_as_others("indoor_gru", 10);
}

#[test]
fn indoor_lstm() {
    assert_as_good_as_others("indoor_lstm", 10);
}

#[test]
fn indoor_esn() {
    assert_as_good_as_others("indoor_esn", 10);
}
