use super::*;

fn space(text: &str) -> Result<Space, String> {
    Space::new(&text.parse().expect("it is TOML")).map_err(|error| error.to_string())
}

fn right(text: &str) -> Space {
    space(text).expect("the space is right")
}

/// Many samples of the only path.
fn samples(text: &str) -> Vec<Value> {
    let space = right(&format!("x = {text}"));
    (0..COUNT as u64).map(|number| space.sample(1, number)["x"].clone()).collect()
}

const COUNT: usize = 20_000;

/// 5 standard errors: a correct sampler fails once in 1.7 million seeds, and the seed is fixed.
const SIGMAS: f64 = 5.0;

/// The share of samples for which something holds is its probability, within chance.
#[track_caller]
fn holds_with(probability: f64, samples: &[Value], holds: impl Fn(f64) -> bool) {
    let number = |value: &Value| value.as_float().or(value.as_integer().map(|value| value as f64));
    let count = samples.iter().filter(|value| number(value).is_some_and(&holds)).count();
    let error = (probability * (1.0 - probability) / COUNT as f64).sqrt();
    let share = count as f64 / COUNT as f64;
    assert!((share - probability).abs() < SIGMAS * error, "{share} instead of {probability}");
}

#[test]
fn samples_are_within_the_ends_and_even() {
    let floats = samples("{ low = -1.0, high = 3 }");
    assert!(floats.iter().all(|value| value.as_float().is_some_and(|value| (-1.0..=3.0).contains(&value))));
    holds_with(0.25, &floats, |value| value < 0.0);
    holds_with(0.75, &floats, |value| value < 2.0);

    let integers = samples("{ low = -1, high = 2 }");
    for k in -1..=2 {
        holds_with(0.25, &integers, |value| value == f64::from(k));
    }
    let choices = samples("[5, 7, 7, 9]");
    holds_with(0.5, &choices, |value| value == 7.0);
}

#[test]
fn samples_on_the_log_scale_are_even_in_their_logarithm() {
    let floats = samples("{ low = 1e-4, high = 1e-1, scale = 'log' }");
    assert!(floats.iter().all(|value| value.as_float().is_some_and(|value| (1e-4..=1e-1).contains(&value))));
    holds_with(1.0 / 3.0, &floats, |value| value < 1e-3);
    holds_with(1.0 / 3.0, &floats, |value| value > 1e-2);

    let integers = samples("{ low = 2, high = 9, scale = 'log' }");
    for k in 2..=9 {
        // From k to k + 1, of 2 to 10.
        let probability = (f64::from(k + 1) / f64::from(k)).ln() / 5.0_f64.ln();
        holds_with(probability, &integers, |value| value == f64::from(k));
    }
}

#[test]
fn the_seed_and_the_number_decide_each_value_alone() {
    let one = right("a = { low = 0.0, high = 1.0 }\nb = { low = 0.0, high = 1.0 }");
    let point = one.sample(1, 7);
    assert_eq!(point, one.sample(1, 7));
    assert!(point != one.sample(2, 7) && point != one.sample(1, 8) && point["a"] != point["b"]);
    let two = right("a = { low = 0.0, high = 1.0 }\nb = [1, 2]");
    assert_eq!(two.sample(1, 7)["a"], point["a"]);
}

#[test]
fn numbers_can_be_read() {
    for value in samples("{ low = 0.0001, high = 10.0, scale = 'log' }").iter().take(100) {
        let digits = value.to_string().trim_start_matches(['0', '.']).replace('.', "");
        assert!(digits.trim_start_matches('0').len() <= 6, "{value}");
    }
}

#[test]
fn a_grid_is_in_order_with_the_last_path_fastest() {
    let space =
        right("c = { low = 3, high = 4 }\na = [1, 2]\nb = { low = 1.0, high = 100.0, scale = 'log', points = 3 }");
    assert_eq!(space.grid_len().map_err(|error| error.to_string()), Ok(12));
    let point = |number| {
        let point = space.grid_point(number);
        (point["a"].as_integer(), point["b"].as_float(), point["c"].as_integer())
    };
    // The root of 1 * 100 is 10; the six digits hide what exp and ln round.
    let rows = [(1, 1.0), (1, 10.0), (1, 100.0), (2, 1.0), (2, 10.0), (2, 100.0)];
    for (at, (a, b)) in rows.into_iter().enumerate() {
        for c in [3, 4] {
            assert_eq!(point(2 * at + c - 3), (Some(a), Some(b), Some(c as i64)));
        }
    }
}

#[test]
fn a_grid_of_whole_numbers() {
    let values = |text: &str| -> Vec<i64> {
        let space = right(&format!("x = {text}"));
        let len = space.grid_len().expect("it says how many");
        (0..len).map(|number| space.grid_point(number)["x"].as_integer().expect("a whole number")).collect()
    };
    assert_eq!(values("{ low = 4, high = 7 }"), [4, 5, 6, 7]);
    assert_eq!(values("{ low = 0, high = 10, points = 3 }"), [0, 5, 10]);
    assert_eq!(values("{ low = 8, high = 128, scale = 'log', points = 5 }"), [8, 16, 32, 64, 128]);
}

#[test]
fn what_is_no_space() {
    let error = |text: &str| space(text).expect_err("the space is wrong");
    assert_eq!(error(""), "search.space: expected a path with its values, found none");
    assert!(error("'a..b' = [1]").starts_with("search.space.\"a..b\": expected keys with dots between"));
    let range = |text: &str| error(&format!("x = {text}")).replace("search.space.\"x\": ", "");
    assert!(range("3").ends_with("found integer"));
    assert!(range("[]").ends_with("found an empty list"));
    assert!(error("train.rate = [1]").ends_with("found a table (a path with dots stands in quotes)"));
    assert_eq!(range("{ low = 1 }"), "missing field `high`");
    assert!(range("{ low = 1, high = 2, scales = 'log' }").starts_with("unknown field `scales`"));
    assert!(range("{ low = 1, high = 2, scale = 'ln' }").starts_with("unknown variant `ln`"));
    assert_eq!(range("{ low = 2, high = 1.5 }"), "expected `low` less than `high`, found 2 and 1.5");
    assert_eq!(range("{ low = 0, high = 2, scale = 'log' }"), "low: expected more than 0 for the scale `log`, found 0");
    assert_eq!(range("{ low = nan, high = 2 }"), "low: expected a finite number, found nan");
    assert_eq!(
        range("{ low = 1, high = 2, points = 1 }"),
        "points: expected at least 2, the ends of the range, and at most 1000000"
    );
    for twice in ["{ low = 1, high = 2, points = 3 }", "{ low = 1, high = 100, scale = 'log', points = 20 }"] {
        assert_eq!(range(twice), "points: expected fewer, as whole numbers would come twice");
    }
    assert!(range(&format!("{{ low = {}, high = {} }}", i64::MIN, i64::MAX)).contains("fewer than 2^32"));
    let without = right("x = { low = 1.0, high = 2.0 }").grid_len().expect_err("it does not say").to_string();
    assert!(without.starts_with("search.space.\"x\": a grid needs to know how many"));
}
