//! Schedules: how the learning rate changes from epoch to epoch.

use std::{f64::consts::PI, str::FromStr};

use serde::{Deserialize, Serialize};

/// How the learning rate changes; r is the rate of the settings, n the number of epochs that are over, N that of all.
///
/// In a TOML file `schedule = "constant"` or `schedule = { step = { every = 10, factor = 0.5 } }`; as an option of the
/// command the constants follow in their order, `step:10:0.5`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Schedule {
    /// `r`.
    #[default]
    Constant,
    /// `r / (1 + gamma n)` (Robbins and Monro, 1951): steps whose sum is infinite, and that of their squares is not.
    ///
    /// The course writes `r / (1 - gamma n)`, which for a positive gamma grows, is infinite at `gamma n = 1` and
    /// negative after. What it means is this form; a negative gamma would be the other one, and is refused.
    Decay {
        /// How fast the rate falls; at least 0.
        gamma: f32,
    },
    /// `r factor^floor(n / every)`.
    Step {
        /// So many epochs have the same rate; at least 1.
        every: u32,
        /// What the rate is then multiplied by; greater than 0 and at most 1.
        factor: f32,
    },
    /// `r factor^n`.
    Exponential {
        /// What the rate is multiplied by after each epoch; greater than 0 and at most 1.
        factor: f32,
    },
    /// `r (least + (1 - least) (1 + cos(pi n / N)) / 2)` (Loshchilov and Hutter, "SGDR", 2017, without restarts).
    Cosine {
        /// What is left of the rate at the end, as a share; at least 0 and less than 1.
        least: f32,
    },
    /// `factor` times as much after each `patience` epochs without a loss that is less than the least so far: that of the
    /// validation part, or without one that of training.
    Plateau {
        /// How many epochs without a better one are borne; at least 1.
        patience: u32,
        /// What the rate is then multiplied by; greater than 0 and less than 1.
        factor: f32,
    },
}

impl Schedule {
    /// The name, as in a TOML file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Decay { .. } => "decay",
            Self::Step { .. } => "step",
            Self::Exponential { .. } => "exponential",
            Self::Cosine { .. } => "cosine",
            Self::Plateau { .. } => "plateau",
        }
    }

    /// The constant that is out of its range, the range, and what was found.
    pub(crate) fn fault(&self) -> Option<(&'static str, &'static str, f32)> {
        const POSITIVE_SHARE: &str = "greater than 0 and at most 1";
        let share = |value: f32| value > 0.0 && value <= 1.0;
        let (fits, name, range, found) = match *self {
            Self::Constant => return None,
            Self::Decay { gamma } => {
                let range = "finite and at least 0, for the rate is r / (1 + gamma n)";
                (gamma >= 0.0 && gamma.is_finite(), "schedule.decay.gamma", range, gamma)
            }
            Self::Step { every: 0, .. } => (false, "schedule.step.every", "at least 1", 0.0),
            Self::Step { factor, .. } => (share(factor), "schedule.step.factor", POSITIVE_SHARE, factor),
            Self::Exponential { factor } => (share(factor), "schedule.exponential.factor", POSITIVE_SHARE, factor),
            Self::Cosine { least } => {
                ((0.0..1.0).contains(&least), "schedule.cosine.least", "at least 0 and less than 1", least)
            }
            Self::Plateau { patience: 0, .. } => (false, "schedule.plateau.patience", "at least 1", 0.0),
            Self::Plateau { factor, .. } => {
                let range = "greater than 0 and less than 1";
                (share(factor) && factor < 1.0, "schedule.plateau.factor", range, factor)
            }
        };
        (!fits).then_some((name, range, found))
    }

    /// What the rate is multiplied by in an epoch, `over` of `epochs` before it; 1 for a plateau, which has a memory.
    pub fn factor(&self, over: u32, epochs: u32) -> f64 {
        match *self {
            Self::Constant | Self::Plateau { .. } => 1.0,
            Self::Decay { gamma } => 1.0 / (1.0 + f64::from(gamma) * f64::from(over)),
            // Multiplied out: a power of the platform may differ in its last digit from machine to machine.
            Self::Step { every, factor } => power(factor, over / every.max(1)),
            Self::Exponential { factor } => power(factor, over),
            Self::Cosine { least } => {
                let wave = libm::cos(PI * f64::from(over) / f64::from(epochs.max(1)));
                f64::from(least) + (1.0 - f64::from(least)) * (1.0 + wave) / 2.0
            }
        }
    }
}

fn power(factor: f32, exponent: u32) -> f64 {
    (0..exponent).fold(1.0, |power, _| power * f64::from(factor))
}

impl FromStr for Schedule {
    type Err = String;

    /// `constant`, `decay:GAMMA`, `step:EVERY:FACTOR`, `exponential:FACTOR`, `cosine[:LEAST]` or
    /// `plateau:PATIENCE:FACTOR`.
    fn from_str(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split(':').collect();
        let number = |word: &str| word.parse::<f32>().map_err(|_| format!("expected a number, found `{word}`"));
        let count = |word: &str| word.parse::<u32>().map_err(|_| format!("expected a whole number, found `{word}`"));
        match words[..] {
            ["constant"] => Ok(Self::Constant),
            ["decay", gamma] => Ok(Self::Decay { gamma: number(gamma)? }),
            ["step", every, factor] => Ok(Self::Step { every: count(every)?, factor: number(factor)? }),
            ["exponential", factor] => Ok(Self::Exponential { factor: number(factor)? }),
            ["cosine"] => Ok(Self::Cosine { least: 0.0 }),
            ["cosine", least] => Ok(Self::Cosine { least: number(least)? }),
            ["plateau", patience, factor] => Ok(Self::Plateau { patience: count(patience)?, factor: number(factor)? }),
            _ => Err("expected constant, decay:GAMMA, step:EVERY:FACTOR, exponential:FACTOR, cosine[:LEAST] or \
                      plateau:PATIENCE:FACTOR"
                .to_owned()),
        }
    }
}

/// The learning rate in the course of a run: a schedule, a warm-up before it, and what a plateau remembers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rate {
    /// What plateaus have left of the rate.
    left: f64,
    /// The least loss so far, and how many epochs ago it was.
    least: f32,
    since: u32,
}

impl Rate {
    pub(crate) const START: Self = Self { left: 1.0, least: f32::INFINITY, since: 0 };

    /// The rate of a step.
    ///
    /// `over` epochs of `epochs` are over, `steps` steps of the whole run are taken. In the first `warm_up` steps the
    /// rate rises in equal parts (Goyal and others, 2017): `(steps + 1) / warm_up` of what it would be.
    pub(crate) fn of(
        &self,
        schedule: Schedule,
        rate: f32,
        (over, epochs): (u32, u32),
        (steps, warm_up): (u64, u64),
    ) -> f32 {
        let rise = if steps < warm_up { (steps + 1) as f64 / warm_up as f64 } else { 1.0 };
        (f64::from(rate) * schedule.factor(over, epochs) * self.left * rise) as f32
    }

    /// Takes note of the loss of an epoch.
    pub(crate) fn note(&mut self, schedule: Schedule, loss: f32) {
        let Schedule::Plateau { patience, factor } = schedule else { return };
        self.since += 1;
        if loss < self.least {
            (self.least, self.since) = (loss, 0);
        } else if self.since >= patience {
            (self.left, self.since) = (self.left * f64::from(factor), 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rates of some epochs out of 8, from 1 on.
    fn rates(schedule: Schedule) -> Vec<f32> {
        (0..8).map(|over| Rate::START.of(schedule, 1.0, (over, 8), (0, 0))).collect()
    }

    #[test]
    fn rates_are_those_of_the_formulas() {
        assert_eq!(rates(Schedule::Constant), [1.0; 8]);
        let decay = rates(Schedule::Decay { gamma: 0.5 });
        assert_eq!(decay[..5], [1.0, (1.0 / 1.5) as f32, 0.5, (1.0 / 2.5) as f32, (1.0 / 3.0) as f32]);
        assert_eq!(rates(Schedule::Step { every: 3, factor: 0.5 }), [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25]);
        assert_eq!(rates(Schedule::Exponential { factor: 0.5 })[..4], [1.0, 0.5, 0.25, 0.125]);
        let cosine = rates(Schedule::Cosine { least: 0.5 });
        // cos(0) = 1, cos(pi / 2) = 0: 1 at the beginning, and half way 0.5 + 0.5 / 2.
        assert_eq!((cosine[0], cosine[4]), (1.0, 0.75));
        assert!(cosine.windows(2).all(|pair| pair[1] < pair[0]) && cosine[7] > 0.5);
    }

    #[test]
    fn the_form_of_the_course_breaks_and_is_refused() {
        // r / (1 - gamma n) is ours with a negative gamma: at gamma n = 1 infinite, then negative.
        let broken = rates(Schedule::Decay { gamma: -0.5 });
        assert!(broken[1] > 1.0 && broken[2].is_infinite() && broken[3] < 0.0);
        assert!(Schedule::Decay { gamma: -0.5 }.fault().is_some_and(|(name, ..)| name == "schedule.decay.gamma"));
        for gamma in [0.0, 0.5, 1e6] {
            assert_eq!(Schedule::Decay { gamma }.fault(), None);
            let rates = rates(Schedule::Decay { gamma });
            assert!(rates.windows(2).all(|pair| pair[1] <= pair[0] && pair[1] > 0.0));
        }
    }

    #[test]
    fn warm_up_rises_in_equal_parts() {
        let rate = |steps| Rate::START.of(Schedule::Constant, 2.0, (0, 1), (steps, 4));
        assert_eq!([0, 1, 2, 3, 4, 100].map(rate), [0.5, 1.0, 1.5, 2.0, 2.0, 2.0]);
    }

    #[test]
    fn a_plateau_lowers_the_rate() {
        let schedule = Schedule::Plateau { patience: 2, factor: 0.5 };
        let mut rate = Rate::START;
        let mut rates = Vec::new();
        for loss in [3.0, 2.0, 2.0, 2.5, 2.0, 1.0, 1.5, 1.5] {
            rate.note(schedule, loss);
            rates.push(rate.of(schedule, 1.0, (0, 1), (0, 0)));
        }
        assert_eq!(rates, [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.25]);
    }

    #[test]
    fn options_and_files_say_the_same() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct File {
            schedule: Schedule,
        }
        for (option, file) in [
            ("constant", "'constant'"),
            ("decay:0.1", "{ decay = { gamma = 0.1 } }"),
            ("step:10:0.5", "{ step = { every = 10, factor = 0.5 } }"),
            ("exponential:0.9", "{ exponential = { factor = 0.9 } }"),
            ("cosine:0.01", "{ cosine = { least = 0.01 } }"),
            ("plateau:5:0.1", "{ plateau = { patience = 5, factor = 0.1 } }"),
        ] {
            let read: File = toml::from_str(&format!("schedule = {file}")).expect("the file is right");
            assert_eq!(option.parse(), Ok(read.schedule), "{option}");
            assert!(option.starts_with(read.schedule.name()));
        }
        for wrong in ["", "decay", "decay:x", "step:1.5:0.5", "cosine:0:1", "linear:1"] {
            assert!(wrong.parse::<Schedule>().is_err(), "{wrong}");
        }
        assert!(toml::from_str::<File>("schedule = { step = { each = 1 } }").is_err());
    }

    #[test]
    fn constants_out_of_range_are_found() {
        let nan = f32::NAN;
        for wrong in [
            Schedule::Decay { gamma: nan },
            Schedule::Step { every: 0, factor: 0.5 },
            Schedule::Step { every: 1, factor: 1.5 },
            Schedule::Exponential { factor: 0.0 },
            Schedule::Cosine { least: 1.0 },
            Schedule::Plateau { patience: 0, factor: 0.5 },
            Schedule::Plateau { patience: 1, factor: 1.0 },
        ] {
            assert!(wrong.fault().is_some(), "{wrong:?}");
        }
    }
}
