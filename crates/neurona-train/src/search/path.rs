//! Where a value stands in the TOML of a run: `train.rate`, `network.layers[0].dense`.

use std::{fmt, str::FromStr};

use toml::{Table, Value};

/// The way to a value: keys with dots between, and places in lists, from 0, in brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPath {
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Place(usize),
}

impl FromStr for KeyPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("expected keys with dots between, such as train.rate or network.layers[0], found `{text}`");
        let is_plain = |key: &str| {
            let plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
            !key.is_empty() && key.chars().all(plain)
        };
        let mut steps = Vec::new();
        for part in text.split('.') {
            let (key, places) = part.split_at(part.find('[').unwrap_or(part.len()));
            if !is_plain(key) {
                return Err(wrong());
            }
            steps.push(Step::Key(key.to_owned()));
            for place in places.split_inclusive(']') {
                let place = place.strip_prefix('[').and_then(|place| place.strip_suffix(']'));
                steps.push(Step::Place(place.and_then(|place| place.parse().ok()).ok_or_else(wrong)?));
            }
        }
        Ok(Self { steps })
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_steps(&self.steps, f)
    }
}

fn write_steps(steps: &[Step], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (at, step) in steps.iter().enumerate() {
        match step {
            Step::Key(key) if at == 0 => write!(f, "{key}")?,
            Step::Key(key) => write!(f, ".{key}")?,
            Step::Place(place) => write!(f, "[{place}]")?,
        }
    }
    Ok(())
}

impl KeyPath {
    /// Puts a value there. A key that is not there is added, as it may be one that has a usual value.
    ///
    /// # Errors
    ///
    /// What is in the way: a list that is too short, or a value that is no list or table.
    pub(super) fn set(&self, run: &mut Table, value: Value) -> Result<(), String> {
        let Some((Step::Key(first), rest)) = self.steps.split_first() else { return Ok(()) };
        let mut place = run.entry(first.as_str()).or_insert_with(|| Value::Table(Table::new()));
        for (at, step) in (1..).zip(rest) {
            let here = Self { steps: self.steps[..at].to_vec() };
            place = match (step, place) {
                (Step::Key(key), Value::Table(table)) => {
                    table.entry(key.as_str()).or_insert_with(|| Value::Table(Table::new()))
                }
                (Step::Place(number), Value::Array(list)) => {
                    let count = list.len();
                    list.get_mut(*number)
                        .ok_or_else(|| format!("expected a place below {count}, as `{here}` has {count} entries"))?
                }
                (Step::Key(_), other) => {
                    return Err(format!("expected a table as `{here}`, found {}", other.type_str()));
                }
                (Step::Place(_), other) => {
                    return Err(format!("expected a list as `{here}`, found {}", other.type_str()));
                }
            };
        }
        *place = value;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = "train.rate = 0.1\nlayers = [{ dense = 4 }, { dense = 2 }]";

    fn set(path: &str, value: impl Into<Value>) -> Result<Table, String> {
        let mut run: Table = RUN.parse().expect("it is TOML");
        path.parse::<KeyPath>()?.set(&mut run, value.into())?;
        Ok(run)
    }

    #[test]
    fn values_are_put_where_they_belong() {
        let run = |from: &str, to: &str| Ok(RUN.replace(from, to).parse().expect("it is TOML"));
        assert_eq!(set("train.rate", 0.5), run("rate = 0.1", "rate = 0.5"));
        assert_eq!(set("layers[1].dense", 7), run("dense = 2", "dense = 7"));
        assert_eq!(set("layers", vec![1]), run("[{ dense = 4 }, { dense = 2 }]", "[1]"));
        assert_eq!(set("train.more.deep", true), run("train.rate = 0.1", "train.rate = 0.1\ntrain.more.deep = true"));
        assert_eq!(set("layers[0].activation", "relu"), run("dense = 4", "dense = 4, activation = 'relu'"));
    }

    #[test]
    fn what_is_in_the_way() {
        let error = |path| set(path, 1).expect_err("it cannot be put there");
        assert_eq!(error("layers[2].dense"), "expected a place below 2, as `layers` has 2 entries");
        assert_eq!(error("layers.dense"), "expected a table as `layers`, found array");
        assert_eq!(error("train.rate[0]"), "expected a list as `train.rate`, found float");
    }

    #[test]
    fn a_path_is_keys_and_places() {
        for text in ["data", "train.rate", "network.layers[0].dense", "a[1][2].b-c_d"] {
            assert_eq!(text.parse::<KeyPath>().map(|path| path.to_string()), Ok(text.to_owned()));
        }
        for text in ["", ".", "a.", "a..b", "[0]", "a[", "a[]", "a[x]", "a[0]b", "a[-1]", "a b"] {
            assert!(text.parse::<KeyPath>().is_err(), "{text}");
        }
    }
}
