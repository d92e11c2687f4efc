//! What a search may choose: for each path into the run, a list of values or a range.

use std::fmt;

use serde::Deserialize;
use toml::{Table, Value};

use super::path::KeyPath;
use crate::{
    config::ConfigError,
    random::{Purpose, Random},
};

/// The values that a search may choose, path by path in alphabetical order.
///
/// The order in the file has no meaning in TOML, and so none here.
#[derive(Clone, Debug, PartialEq)]
pub struct Space {
    dimensions: Vec<Dimension>,
}

/// A path, and what may stand there.
#[derive(Clone, Debug, PartialEq)]
struct Dimension {
    path: KeyPath,
    values: Values,
}

/// What may stand at a path.
#[derive(Clone, Debug, PartialEq)]
enum Values {
    /// One of these.
    Choices(Vec<Value>),
    /// A whole number from the first to the second, both included.
    Integers { low: i64, high: i64, scale: Scale, points: Option<usize> },
    /// A number from the first to the second.
    Floats { low: f64, high: f64, scale: Scale, points: Option<usize> },
}

/// How a range is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Scale {
    /// By differences.
    #[default]
    Linear,
    /// By ratios: from 1e-4 to 1e-3 is as far as from 1e-3 to 1e-2.
    Log,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    low: Value,
    high: Value,
    #[serde(default)]
    scale: Scale,
    points: Option<usize>,
}

/// Trials of a grid; more than any computer trains.
const MOST_POINTS: usize = 1_000_000;

impl Space {
    /// The space of the table `[search.space]`.
    ///
    /// # Errors
    ///
    /// It is empty, a path is none, or what stands behind a path is no list and no range.
    pub(super) fn new(table: &Table) -> Result<Self, ConfigError> {
        if table.is_empty() {
            return Err(ConfigError::key("search.space", "expected a path with its values, found none"));
        }
        let dimension = |(path, values): (&String, &Value)| {
            let fail = |problem| ConfigError::key(&place(path), problem);
            Ok(Dimension { path: path.parse().map_err(fail)?, values: Values::new(values).map_err(fail)? })
        };
        let mut dimensions: Vec<Dimension> = table.iter().map(dimension).collect::<Result<_, ConfigError>>()?;
        dimensions.sort_by_key(|dimension| dimension.path.to_string());
        Ok(Self { dimensions })
    }

    /// The paths, in alphabetical order.
    pub fn paths(&self) -> impl Iterator<Item = &KeyPath> {
        self.dimensions.iter().map(|dimension| &dimension.path)
    }

    /// How many points the grid has.
    ///
    /// # Errors
    ///
    /// A range of numbers does not say how many, or there are too many in all.
    pub(super) fn grid_len(&self) -> Result<usize, ConfigError> {
        let mut len: usize = 1;
        for Dimension { path, values } in &self.dimensions {
            let grid = values.grid_len().ok_or_else(|| {
                let problem = "a grid needs to know how many: add `points`, such as points = 5, or list the values";
                ConfigError::key(&place(path), problem)
            })?;
            len = len.checked_mul(grid).filter(|len| *len <= MOST_POINTS).ok_or_else(|| {
                ConfigError::key("search.space", format!("the grid has more than {MOST_POINTS} points: take fewer"))
            })?;
        }
        Ok(len)
    }

    /// The point of the grid with that number, from 0: the values of the first path change slowest.
    pub(super) fn grid_point(&self, number: usize) -> Table {
        let mut rest = number;
        let mut values = Vec::new();
        for Dimension { path, values: all } in self.dimensions.iter().rev() {
            let len = all.grid_len().unwrap_or(1);
            values.push((path.to_string(), all.grid_value(rest % len, len)));
            rest /= len;
        }
        values.into_iter().rev().collect()
    }

    /// A point by chance; the same seed and number give the same one.
    pub(super) fn sample(&self, seed: u64, number: u64) -> Table {
        let dimensions = (0..).zip(&self.dimensions);
        let value = |(at, dimension): (u64, &Dimension)| {
            let mut random = Random::new(seed, Purpose::Search, number, at);
            (dimension.path.to_string(), dimension.values.sample(&mut random))
        };
        dimensions.map(value).collect()
    }

    /// Puts the values of a point into a run; those of a whole table or list come before those within it, as their path is
    /// the beginning of the other.
    ///
    /// # Errors
    ///
    /// There is no such path in the run.
    pub(super) fn apply(&self, point: &Table, run: &mut Table) -> Result<(), ConfigError> {
        for path in self.paths() {
            let Some(value) = point.get(&path.to_string()) else { continue };
            path.set(run, value.clone()).map_err(|problem| ConfigError::key(&place(path), problem))?;
        }
        Ok(())
    }

    /// A point with the first value of each path, and one for each other choice or end of a range: what a run must be able
    /// to take. Each is with the path whose value it tries.
    pub(super) fn corners(&self) -> (Table, Vec<(&KeyPath, Table)>) {
        let first: Table = self
            .dimensions
            .iter()
            .map(|dimension| (dimension.path.to_string(), dimension.values.ends().remove(0)))
            .collect();
        let mut corners = Vec::new();
        for Dimension { path, values } in &self.dimensions {
            for value in values.ends().into_iter().skip(1) {
                let mut point = first.clone();
                point.insert(path.to_string(), value);
                corners.push((path, point));
            }
        }
        (first, corners)
    }
}

/// How messages name a path of the space.
pub(super) fn place(path: &impl fmt::Display) -> String {
    format!("search.space.\"{path}\"")
}

impl Values {
    fn new(value: &Value) -> Result<Self, String> {
        let expected = "expected a list of values, such as [16, 32], or a range, such as { low = 1e-4, high = 0.1, scale = \
                        \"log\" }";
        match value {
            Value::Array(choices) if choices.is_empty() => Err(format!("{expected}; found an empty list")),
            Value::Array(choices) => Ok(Self::Choices(choices.clone())),
            Value::Table(table) if table.contains_key("low") || table.contains_key("high") => {
                let range: Range =
                    table.clone().try_into().map_err(|error: toml::de::Error| error.message().to_owned())?;
                range.values()
            }
            Value::Table(_) => Err(format!("{expected}; found a table (a path with dots stands in quotes)")),
            other => Err(format!("{expected}; found {}", other.type_str())),
        }
    }

    fn sample(&self, random: &mut Random) -> Value {
        match self {
            Self::Choices(choices) => choices[random.below(choices.len() as u32) as usize].clone(),
            Self::Integers { low, high, scale: Scale::Linear, .. } => {
                Value::Integer(low + i64::from(random.below((high - low + 1) as u32)))
            }
            // k has the probability ln((k + 1) / k), up to a factor.
            Self::Integers { low, high, scale: Scale::Log, .. } => {
                let value = between(*low as f64, (high + 1) as f64, Scale::Log, f64::from(random.unit()));
                Value::Integer((value as i64).clamp(*low, *high))
            }
            Self::Floats { low, high, scale, .. } => {
                Value::Float(readable(between(*low, *high, *scale, f64::from(random.unit())), *low, *high))
            }
        }
    }

    /// How many values a grid has of these; `None` when the range does not say.
    fn grid_len(&self) -> Option<usize> {
        match self {
            Self::Choices(choices) => Some(choices.len()),
            Self::Integers { low, high, points: None, scale: Scale::Linear } => Some((high - low + 1) as usize),
            Self::Integers { points, .. } | Self::Floats { points, .. } => *points,
        }
    }

    /// The value of a grid with so many of them that has this place.
    fn grid_value(&self, at: usize, len: usize) -> Value {
        let share = at as f64 / (len - 1).max(1) as f64;
        match self {
            Self::Choices(choices) => choices[at].clone(),
            Self::Integers { low, points: None, .. } => Value::Integer(low + at as i64),
            Self::Integers { low, high, scale, .. } => {
                Value::Integer((between(*low as f64, *high as f64, *scale, share).round() as i64).clamp(*low, *high))
            }
            Self::Floats { low, high, scale, .. } => Value::Float(match at {
                0 => *low,
                _ if at + 1 == len => *high,
                _ => readable(between(*low, *high, *scale, share), *low, *high),
            }),
        }
    }

    /// All choices, or the ends of the range.
    fn ends(&self) -> Vec<Value> {
        match self {
            Self::Choices(choices) => choices.clone(),
            Self::Integers { low, high, .. } => vec![Value::Integer(*low), Value::Integer(*high)],
            Self::Floats { low, high, .. } => vec![Value::Float(*low), Value::Float(*high)],
        }
    }
}

impl Range {
    fn values(self) -> Result<Values, String> {
        let Self { low, high, scale, points } = self;
        if points.is_some_and(|points| !(2..=MOST_POINTS).contains(&points)) {
            return Err(format!("points: expected at least 2, the ends of the range, and at most {MOST_POINTS}"));
        }
        let number = |name: &str, value: &Value| match value {
            Value::Integer(value) => Ok(*value as f64),
            Value::Float(value) if value.is_finite() => Ok(*value),
            other => Err(format!("{name}: expected a finite number, found {other}")),
        };
        let (least, most) = (number("low", &low)?, number("high", &high)?);
        if least >= most {
            return Err(format!("expected `low` less than `high`, found {low} and {high}"));
        }
        if scale == Scale::Log && least <= 0.0 {
            return Err(format!("low: expected more than 0 for the scale `log`, found {low}"));
        }
        let (Value::Integer(low), Value::Integer(high)) = (&low, &high) else {
            return Ok(Values::Floats { low: least, high: most, scale, points });
        };
        let (low, high) = (*low, *high);
        match high.checked_sub(low).filter(|length| *length < i64::from(u32::MAX)) {
            None => Err(format!("expected a range of fewer than 2^32 whole numbers, found {low} to {high}")),
            // Exact as an `f64`, with one more.
            Some(_) if low.unsigned_abs().max(high.unsigned_abs()) >= 1 << 53 => {
                Err(format!("expected whole numbers of less than 2^53, found {low} to {high}"))
            }
            Some(_) => {
                let values = Values::Integers { low, high, scale, points };
                let is_twice =
                    |points| (1..points).any(|at| values.grid_value(at - 1, points) == values.grid_value(at, points));
                if points.is_some_and(is_twice) {
                    return Err("points: expected fewer, as whole numbers would come twice".to_owned());
                }
                Ok(values)
            }
        }
    }
}

/// What lies that share of the way from one number to another.
fn between(low: f64, high: f64, scale: Scale, share: f64) -> f64 {
    match scale {
        Scale::Linear => low + (high - low) * share,
        // From `libm`, which gives the same bits on every platform.
        Scale::Log => libm::exp(libm::log(low) + (libm::log(high) - libm::log(low)) * share),
    }
}

/// The number with six digits, so that a table can show the whole of it.
fn readable(value: f64, low: f64, high: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value).clamp(low, high)
}

#[cfg(test)]
mod tests;
