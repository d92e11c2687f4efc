//! How many trials there are, and for how long each is trained.

use crate::config::ConfigError;

/// How the trials of a search are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// Every combination.
    Grid,
    /// By chance.
    Random {
        /// How many trials there are.
        trials: usize,
    },
    /// By chance, and the better a trial is, the longer it is trained.
    Halving {
        /// How many trials there are in the first rung.
        trials: usize,
        /// One in so many goes on to the next rung, with so many times the epochs.
        eta: usize,
        /// How many epochs the first rung has at least.
        min_epochs: u32,
    },
}

/// Trials that are trained for equally long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rung {
    /// How many trials there are.
    pub trials: usize,
    /// For how many epochs each is trained; `None` for those of its run.
    pub epochs: Option<u32>,
}

impl Method {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::Random { .. } => "random",
            Self::Halving { .. } => "halving",
        }
    }

    /// The rungs, for a grid of `grid` points and a run of so many epochs.
    pub(super) fn rungs(self, grid: usize, epochs: u32) -> Result<Vec<Rung>, ConfigError> {
        match self {
            Self::Grid => Ok(vec![Rung { trials: grid, epochs: None }]),
            Self::Random { trials } => Ok(vec![Rung { trials, epochs: None }]),
            Self::Halving { trials, eta, min_epochs } => halving(trials, eta, min_epochs, epochs),
        }
    }
}

fn halving(trials: usize, eta: usize, min_epochs: u32, epochs: u32) -> Result<Vec<Rung>, ConfigError> {
    let factor = match u32::try_from(eta) {
        Ok(factor) if factor >= 2 => factor,
        _ => {
            return Err(ConfigError::key("search.eta", format!("expected at least 2 and less than 2^32, found {eta}")));
        }
    };
    let mut rungs = vec![Rung { trials, epochs: Some(epochs) }];
    while let Some(Rung { trials, epochs: Some(epochs) }) = rungs.last().copied() {
        // With one trial more or fewer the next rung would have none, or the first no epoch.
        if trials < eta || epochs / factor < min_epochs.max(1) {
            break;
        }
        rungs.push(Rung { trials: trials / eta, epochs: Some(epochs / factor) });
    }
    if rungs.len() < 2 {
        let least = u64::from(min_epochs.max(1)) * u64::from(factor);
        let problem = format!(
            "halving expected at least {eta} trials and {least} epochs, so that one in {eta} goes on; found {trials} trials \
             and {epochs} epochs"
        );
        return Err(ConfigError::key("search", problem));
    }
    // Trials become fewer from rung to rung, and epochs more.
    let epochs: Vec<Option<u32>> = rungs.iter().rev().map(|rung| rung.epochs).collect();
    Ok(rungs.into_iter().zip(epochs).map(|(rung, epochs)| Rung { epochs, ..rung }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(trials: usize, eta: usize, min_epochs: u32, epochs: u32) -> Result<Vec<(usize, u32)>, String> {
        let rungs = Method::Halving { trials, eta, min_epochs }.rungs(0, epochs).map_err(|error| error.to_string())?;
        Ok(rungs.into_iter().map(|rung| (rung.trials, rung.epochs.expect("a rung has its epochs"))).collect())
    }

    #[test]
    fn the_schedule_is_that_of_the_paper() {
        // "Hyperband", Table 1, bracket s = 4: R = 81, eta = 3.
        assert_eq!(schedule(81, 3, 1, 81), Ok(vec![(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)]));
        // The same, bracket s = 2 but for n, which it rounds up: 9 epochs at first.
        assert_eq!(schedule(15, 3, 9, 81), Ok(vec![(15, 9), (5, 27), (1, 81)]));
        // "Non-stochastic best arm identification": halves.
        assert_eq!(schedule(8, 2, 1, 40), Ok(vec![(8, 5), (4, 10), (2, 20), (1, 40)]));
        assert_eq!(schedule(10, 3, 1, 100), Ok(vec![(10, 11), (3, 33), (1, 100)]));
        assert_eq!(schedule(100, 3, 1, 10), Ok(vec![(100, 1), (33, 3), (11, 10)]));
    }

    #[test]
    fn what_cannot_be_halved() {
        let error = |trials, eta, epochs| schedule(trials, eta, 5, epochs).expect_err("it cannot be halved");
        assert_eq!(error(8, 1, 100), "search.eta: expected at least 2 and less than 2^32, found 1");
        let expected = "search: halving expected at least 3 trials and 15 epochs, so that one in 3 goes on; found";
        assert_eq!(error(2, 3, 100), format!("{expected} 2 trials and 100 epochs"));
        assert_eq!(error(8, 3, 14), format!("{expected} 8 trials and 14 epochs"));
    }
}
