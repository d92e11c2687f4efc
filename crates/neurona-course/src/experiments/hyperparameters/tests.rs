use super::*;

#[test]
fn each_way_finds_a_good_trial_and_halving_spends_less() {
    for seed in 1..=3 {
        let found = run(&Context::new(seed, true)).expect("the trials can be run");
        let [grid, random, halving] = &found.searches[..] else { panic!("three searches") };
        // 27 trials of 9 epochs; 27 of 1, 9 of 3 and 3 of 9.
        assert_eq!([grid, random, halving].map(Found::epochs), [243, 243, 81]);
        for found in [grid, random, halving] {
            // The standard error of the mean of 300 costs that are 0.5 apart is 0.03; five of them, of two means.
            let loss = found.best.loss.expect("the best has a score");
            assert!(loss + 0.21 < random.median(), "seed {seed}, {:?}: {loss}, {}", found.way, random.median());
            // Chance is 0.75; five standard errors of a share of 0.05 among 300 are 0.06.
            assert!(found.test_error < 0.11, "seed {seed}, {:?}: {}", found.way, found.test_error);
        }
    }
}

#[test]
fn halving_tries_the_trials_of_the_random_search() {
    let found = run(&Context::new(4, true)).expect("the trials can be run");
    let [grid, random, halving] = &found.searches[..] else { panic!("three searches") };
    for record in &halving.records {
        let same = random.records.iter().find(|other| other.trial == record.trial).expect("it is one of them");
        assert_eq!(same.values, record.values);
        // To the bit: a trial of the last rung is a run like any other, and depends on nothing else.
        assert_eq!(record.epochs == same.epochs, record.rung == 3);
        assert!(record.epochs < same.epochs || record.loss == same.loss, "{record:?} {same:?}");
    }
    assert!(random.best.loss <= halving.best.loss, "the random search has tried every one for all epochs");
    let rates = |found: &Found| {
        let mut rates: Vec<f64> = found.records.iter().map(|record| values(record)[0]).collect();
        rates.sort_by(f64::total_cmp);
        rates.dedup();
        rates.len()
    };
    assert_eq!((rates(grid), rates(random)), (3, TRIALS));
    assert!(random.course().windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 >= pair[1].1));
}
