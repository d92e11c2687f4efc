//! Holds the sizes of the firmware, and what it executes, to committed files.
//!
//! The file names the compiler that it was made with. With the same one, a figure that rises by more than
//! [`TOLERANCE_PERCENT`] fails; another compiler makes other code, so that the drift is only printed.

use anyhow::{Context as _, Result, bail};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use toml::{Table, Value};

/// By how much a figure may rise: room for a moved literal pool or an alignment, not for a new function.
pub const TOLERANCE_PERCENT: u64 = 2;

/// The figures of one binary on one core, in bytes or in instructions, by name.
pub type Figures = BTreeMap<String, u64>;

/// The figures of every binary, and the compiler that made them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The compiler, as `rustc --version` prints it.
    pub rustc: String,
    /// Figures of each binary, by `core/binary`.
    pub images: BTreeMap<String, Figures>,
}

/// What a comparison found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// One line for each figure that differs.
    pub drift: Vec<String>,
    /// One line for each figure that fails.
    pub failures: Vec<String>,
}

/// Where the budget of sizes is committed.
pub fn path() -> PathBuf {
    crate::firmware::workspace().join("budget.toml")
}

/// The active compiler, as `rustc --version` prints it.
///
/// # Errors
///
/// rustc cannot be started.
pub fn rustc_version() -> Result<String> {
    Ok(crate::process::read(Command::new("rustc").arg("--version"))?.trim().to_owned())
}

impl Budget {
    /// Reads the committed file.
    ///
    /// # Errors
    ///
    /// The file cannot be read or is not a budget.
    pub fn load(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("{} is no budget", path.display()))
    }

    /// Writes the committed file.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        fs::write(path, self.to_toml()).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Reads the text of a budget.
    ///
    /// # Errors
    ///
    /// The text is no TOML, or lacks `rustc`, or holds another value than a whole number.
    pub fn parse(text: &str) -> Result<Self> {
        let table: Table = text.parse()?;
        let Some(Value::String(rustc)) = table.get("rustc") else { bail!("`rustc` is missing or no text") };
        let mut images = BTreeMap::new();
        for (core, binaries) in &table {
            let Value::Table(binaries) = binaries else { continue };
            for (binary, figures) in binaries {
                let place = format!("{core}/{binary}");
                let figures = figures.as_table().with_context(|| format!("`{place}` is no table"))?;
                let figures: Result<Figures> =
                    figures.iter().map(|(name, value)| figure(&place, name, value)).collect();
                images.insert(place, figures?);
            }
        }
        Ok(Self { rustc: rustc.clone(), images })
    }

    /// The text of the file.
    pub fn to_toml(&self) -> String {
        let mut text = String::from(
            "# What each firmware image takes, held by `cargo xtask ci`; `cargo xtask ci --bless` renews it.\n",
        );
        text += &format!("rustc = {}\n\n", Value::String(self.rustc.clone()));
        for (core, images) in &self.by_core() {
            text += &format!("[{core}]\n");
            for (binary, figures) in images {
                let figures: Vec<_> = figures.iter().map(|(name, bytes)| format!("{name} = {bytes}")).collect();
                text += &format!("{binary} = {{ {} }}\n", figures.join(", "));
            }
            text.push('\n');
        }
        text.truncate(text.trim_end().len());
        text + "\n"
    }

    fn by_core(&self) -> BTreeMap<&str, Vec<(&str, &Figures)>> {
        let mut cores = BTreeMap::<_, Vec<_>>::new();
        for (place, figures) in &self.images {
            let (core, binary) = place.split_once('/').unwrap_or((place, ""));
            cores.entry(core).or_default().push((binary, figures));
        }
        cores
    }

    /// Holds what was measured to this budget.
    pub fn compare(&self, measured: &Self) -> Report {
        let mut report = Report::default();
        for (place, figures) in &measured.images {
            let Some(budgets) = self.images.get(place) else {
                report.failures.push(format!("{place} is not in the budget"));
                continue;
            };
            for (name, &bytes) in figures {
                match budgets.get(name) {
                    Some(&budget) => report.figure(place, name, budget, bytes),
                    None => report.failures.push(format!("{place} {name} is not in the budget")),
                }
            }
        }
        for place in self.images.keys().filter(|place| !measured.images.contains_key(*place)) {
            report.failures.push(format!("{place} is in the budget and was not built"));
        }
        if self.rustc != measured.rustc {
            report.failures.clear();
        }
        report
    }
}

impl Report {
    fn figure(&mut self, place: &str, name: &str, budget: u64, bytes: u64) {
        if bytes == budget {
            return;
        }
        let percent = (bytes as f64 - budget as f64) / budget.max(1) as f64 * 100.0;
        let line = format!("{place} {name}: {budget} in the budget, {bytes} now ({percent:+.1} %)");
        if bytes * 100 > budget * (100 + TOLERANCE_PERCENT) {
            self.failures.push(line.clone());
        }
        self.drift.push(line);
    }
}

fn figure(place: &str, name: &str, value: &Value) -> Result<(String, u64)> {
    let bytes = value.as_integer().and_then(|bytes| u64::try_from(bytes).ok());
    let bytes = bytes.with_context(|| format!("`{place}` `{name}`: {value} is no whole number"))?;
    Ok((name.into(), bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(rustc: &str, text: u64) -> Budget {
        let figures = Figures::from([("text".into(), text), ("bss".into(), 100)]);
        Budget { rustc: rustc.into(), images: BTreeMap::from([("cortex-m0/infer".into(), figures)]) }
    }

    #[test]
    fn the_file_reads_back() {
        let mut budget = budget("rustc 1.95.0 (59807616e 2026-04-14)", 1000);
        budget.images.insert("cortex-m0/learn".into(), Figures::from([("stack".into(), 7)]));
        budget.images.insert("cortex-m4f/infer".into(), Figures::from([("data".into(), 0)]));
        assert_eq!(Budget::parse(&budget.to_toml()).unwrap(), budget);
    }

    #[test]
    fn a_wrong_file_says_where() {
        let error = |text: &str| Budget::parse(text).unwrap_err().to_string();
        assert_eq!(error("[m0]\n"), "`rustc` is missing or no text");
        assert_eq!(error("rustc = 'x'\n[m0]\ninfer = 3\n"), "`m0/infer` is no table");
        assert_eq!(error("rustc = 'x'\n[m0]\ninfer = { text = -1 }\n"), "`m0/infer` `text`: -1 is no whole number");
    }

    #[test]
    fn a_rise_above_the_tolerance_fails() {
        let committed = budget("a", 1000);
        assert_eq!(committed.compare(&committed), Report::default());
        let risen = committed.compare(&budget("a", 1020));
        assert_eq!((risen.drift.len(), risen.failures.len()), (1, 0));
        let risen = committed.compare(&budget("a", 1021));
        assert_eq!(risen.failures, ["cortex-m0/infer text: 1000 in the budget, 1021 now (+2.1 %)"]);
        let fallen = committed.compare(&budget("a", 500));
        assert_eq!((fallen.drift.len(), fallen.failures.len()), (1, 0));
    }

    #[test]
    fn another_compiler_only_drifts() {
        let report = budget("a", 1000).compare(&budget("b", 2000));
        assert_eq!((report.drift.len(), report.failures.len()), (1, 0));
    }

    #[test]
    fn images_must_match() {
        let committed = budget("a", 1000);
        let mut other = committed.clone();
        other.images.insert("cortex-m3/infer".into(), Figures::new());
        assert_eq!(committed.compare(&other).failures, ["cortex-m3/infer is not in the budget"]);
        assert_eq!(other.compare(&committed).failures, ["cortex-m3/infer is in the budget and was not built"]);
    }
}
