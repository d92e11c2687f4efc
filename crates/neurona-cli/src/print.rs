//! How results look: styles, tables and figures for people, one JSON object for programs.

use std::{
    fmt,
    io::{self, Write},
};

use anstyle::{AnsiColor, Style};
use comfy_table::{CellAlignment, presets};
use serde::Serialize;

/// What is wrong.
pub(crate) const FAULT: Style = AnsiColor::Red.on_default().bold();
/// Headings, and figures that answer the question.
pub(crate) const STRONG: Style = Style::new().bold();
/// What explains, beside what was asked for.
pub(crate) const QUIET: Style = Style::new().dimmed();

/// Says something to the person at the terminal, beside the output.
///
/// Where standard error is closed, nobody is there to be told.
pub(crate) fn note(text: fmt::Arguments<'_>) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Writes one JSON object, on one line. A figure that is not finite is `null`, as JSON has no other way to write it.
pub(crate) fn json(out: &mut dyn Write, object: &impl Serialize) -> anyhow::Result<()> {
    Ok(writeln!(out, "{}", serde_json::to_string(object)?)?)
}

/// A whole number with a comma between thousands.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A share of 1 in per cent, with two decimals.
pub(crate) fn percent(share: f32) -> String {
    format!("{:.2} %", 100.0 * share)
}

/// A figure with four significant digits.
pub(crate) fn significant(value: f32) -> String {
    // The power of ten of the first digit; of zero, infinity and NaN, any will do.
    let power = f64::from(value).abs().log10().floor();
    match power {
        -4.0..4.0 => format!("{value:.*}", (3.0 - power) as usize),
        _ if value == 0.0 || !value.is_finite() => value.to_string(),
        _ => format!("{value:.3e}"),
    }
}

/// Seconds as a person says them.
pub(crate) fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        0..10 if seconds.fract() != 0.0 => format!("{seconds:.1} s"),
        0..100 => format!("{whole} s"),
        100..6000 => format!("{} min", (whole + 30) / 60),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}

/// Text from a file as a terminal can show it: control characters could do more than that.
pub(crate) fn shown(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { char::REPLACEMENT_CHARACTER } else { character }).collect()
}

/// Text from a file in a table, cut short where it is long.
pub(crate) fn short(text: &str) -> String {
    const LONGEST: usize = 24;
    match shown(text) {
        text if text.chars().count() <= LONGEST => text,
        text => text.chars().take(LONGEST - 1).chain(['…']).collect(),
    }
}

/// Names, separated by commas; of many, the first few.
pub(crate) fn list(names: &[String]) -> String {
    const SHOWN: usize = 12;
    let names_shown = names.iter().take(SHOWN).map(|name| shown(name)).collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(SHOWN) {
        None | Some(0) => names_shown,
        Some(more) => format!("{names_shown} and {more} more"),
    }
}

/// Rows of cells under a heading. A column whose heading begins with a space is of numbers and ends at one edge.
pub(crate) struct Table {
    table: comfy_table::Table,
    has_total: bool,
}

impl Table {
    pub(crate) fn new<T: AsRef<str>>(headings: impl IntoIterator<Item = T>) -> Self {
        let mut table = comfy_table::Table::new();
        table.load_preset(presets::NOTHING);
        let headings: Vec<T> = headings.into_iter().collect();
        table.set_header(headings.iter().map(|heading| heading.as_ref().trim_start()));
        for (column, heading) in table.column_iter_mut().zip(&headings) {
            column.set_padding((0, 2));
            if heading.as_ref().starts_with(' ') {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        Self { table, has_total: false }
    }

    pub(crate) fn row<T: ToString>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.table.add_row(cells.into_iter().map(|cell| cell.to_string()));
    }

    /// The last row, under a line.
    pub(crate) fn total<T: ToString>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.row(cells);
        self.has_total = true;
    }

    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let lines: Vec<String> = self.table.lines().collect();
        let last = lines.len() - 1;
        for (at, line) in lines.iter().enumerate() {
            if at == last && self.has_total {
                // Every line is as wide as the table, with the space behind its last column.
                let width = line.chars().count().saturating_sub(2);
                writeln!(out, "{QUIET}{}{QUIET:#}", "─".repeat(width))?;
            }
            match at {
                0 => writeln!(out, "{STRONG}{}{STRONG:#}", line.trim_end())?,
                _ => writeln!(out, "{}", line.trim_end())?,
            }
        }
        Ok(())
    }
}

/// Lines of a name and what it is.
pub(crate) fn facts<'a>(out: &mut dyn Write, facts: impl IntoIterator<Item = (&'a str, String)>) -> io::Result<()> {
    let facts: Vec<(&str, String)> = facts.into_iter().filter(|(_, fact)| !fact.is_empty()).collect();
    let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    facts.iter().try_for_each(|(name, fact)| writeln!(out, "{QUIET}{name:<width$}{QUIET:#}  {fact}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        assert_eq!([0, 999, 1000, 20_601, 1_234_567].map(grouped), ["0", "999", "1,000", "20,601", "1,234,567"]);
    }

    #[test]
    fn figures_have_four_digits() {
        for (value, expected) in [
            (0.0, "0"),
            (0.031_25, "0.03125"),
            (0.999_96, "1.0000"),
            (12.345_6, "12.35"),
            (9_876.6, "9877"),
            (0.000_012_34, "1.234e-5"),
            (1.5e7, "1.500e7"),
            (f32::INFINITY, "inf"),
        ] {
            assert_eq!(significant(value), expected);
        }
    }

    #[test]
    fn seconds_are_rounded() {
        let text = [0.04, 3.0, 9.96, 61.2, 150.0, 7200.0].map(duration);
        assert_eq!(text, ["0.0 s", "3 s", "10 s", "61 s", "3 min", "2.0 h"]);
    }

    #[test]
    fn a_table_is_aligned() {
        let mut table = Table::new(["layer", " parameters"]);
        table.row(["hidden", "2,080"]);
        table.total(["total", "12,410"]);
        let mut text = Vec::new();
        table.write(&mut text).expect("memory can be written");
        let expected = "layer   parameters\nhidden       2,080\n──────────────────\ntotal       12,410\n";
        assert_eq!(anstream::adapter::strip_str(&String::from_utf8_lossy(&text)).to_string(), expected);
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(shown("ye\u{1b}[31ms\n"), "ye\u{fffd}[31ms\u{fffd}");
    }
}
