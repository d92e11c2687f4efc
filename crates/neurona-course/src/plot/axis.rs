//! A linear or a logarithmic axis, with ticks at round numbers.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

/// An axis of a chart: its label with the unit, its range and its scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    pub(super) label: String,
    range: Range<f64>,
    logarithmic: bool,
}

impl Axis {
    /// A linear axis.
    pub fn linear(label: impl Into<String>, range: Range<f64>) -> Self {
        Self { label: label.into(), range, logarithmic: false }
    }

    /// A logarithmic axis; the range is above 0.
    pub fn log(label: impl Into<String>, range: Range<f64>) -> Self {
        Self { label: label.into(), range, logarithmic: true }
    }

    /// A linear axis from 0 to a little above the largest of some values.
    pub fn from_zero(label: impl Into<String>, values: impl IntoIterator<Item = f64>) -> Self {
        let largest = values.into_iter().filter(|value| value.is_finite()).fold(0.0, f64::max);
        Self::linear(label, 0.0..if largest > 0.0 { 1.08 * largest } else { 1.0 })
    }

    /// A logarithmic axis around all values that are above 0.
    pub fn log_around(label: impl Into<String>, values: impl IntoIterator<Item = f64>) -> Self {
        let (mut least, mut largest) = (f64::INFINITY, 0.0_f64);
        for value in values.into_iter().filter(|value| *value > 0.0 && value.is_finite()) {
            (least, largest) = (least.min(value), largest.max(value));
        }
        if least > largest {
            (least, largest) = (1.0, 10.0);
        }
        Self::log(label, least / 1.25..largest * 1.25)
    }

    /// Where it begins and where it ends.
    pub fn ends(&self) -> [f64; 2] {
        [self.range.start, self.range.end]
    }

    /// A value where differences are distances on paper.
    pub(super) fn scale(&self, value: f64) -> f64 {
        if self.logarithmic { value.log10() } else { value }
    }

    /// The value for [`scale`](Self::scale).
    pub(super) fn unscale(&self, scaled: f64) -> f64 {
        if self.logarithmic { 10_f64.powf(scaled) } else { scaled }
    }

    /// The ends, scaled.
    pub(super) fn scaled_range(&self) -> Range<f64> {
        self.scale(self.range.start)..self.scale(self.range.end)
    }

    /// Whether a value is on the axis.
    pub(super) fn contains(&self, value: f64) -> bool {
        (self.range.start..=self.range.end).contains(&value)
    }

    fn ticks(&self, most: usize) -> Vec<f64> {
        let most = most.max(2) as f64;
        let Range { start, end } = self.scaled_range();
        let multiples = |step: f64| {
            // A tick at an end is not lost to rounding.
            let (first, last) = ((start / step - 1e-9).ceil() as i64, (end / step + 1e-9).floor() as i64);
            (first..=last).map(move |count| count as f64 * step)
        };
        if !self.logarithmic {
            // The least of 1, 2, 5, 10, 20, ... times a power of ten that does not give too many.
            let power = 10_f64.powf(((end - start) / most).log10().floor());
            let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power);
            let step = step.into_iter().find(|step| (end - start) / step <= most).unwrap_or(10.0 * power);
            return multiples(step).collect();
        }
        let decades = end - start;
        if decades < 2.5 {
            let powers = start.floor() as i32..=end.floor() as i32;
            let all = powers.flat_map(|power| [1.0, 2.0, 5.0].map(|factor| factor * 10_f64.powi(power)));
            let all: Vec<f64> = all.filter(|tick| self.contains(*tick)).collect();
            // Powers of ten are wide, and more so with a digit before them: many of those do not fit beside the label.
            if all.len() as f64 <= most || all.iter().any(|tick| (1e-3..1e5).contains(tick)) {
                return all;
            }
        }
        multiples((decades / most).ceil()).map(|power| 10_f64.powf(power)).collect()
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (first, last): (i32, i32)) -> i32 {
        let Range { start, end } = self.scaled_range();
        let share = (self.scale(*value) - start) / (end - start);
        first + (f64::from(last - first) * share).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        self.ticks(hint.bold_points())
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        // A tick is rounded before its power of ten is taken, lest 0.1 is a little less than 10⁻¹.
        let exponent = (value.abs() * (1.0 + 1e-9)).log10().floor() as i32;
        if self.logarithmic && !(-3..=4).contains(&exponent) {
            let power = format!("10{}", superscript(exponent));
            return match (value / 10_f64.powi(exponent)).round() {
                1.0 => power,
                digit => format!("{digit}·{power}"),
            };
        }
        // Ticks are at most two digits and a power of ten; what is beyond is rounding.
        let text = format!("{value:.6}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        if text == "-0" { "0".to_owned() } else { text.replace('-', "−") }
    }
}

/// A whole number in superscript digits.
fn superscript(number: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let raise = |character: char| character.to_digit(10).map_or('⁻', |digit| DIGITS[digit as usize]);
    number.to_string().chars().map(raise).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis, most: usize) -> Vec<String> {
        axis.ticks(most).iter().map(|tick| axis.format_ext(tick)).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(labels(&Axis::linear("", 0.0..1.0), 6), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        assert_eq!(labels(&Axis::linear("", -1.2..1.2), 5), ["−1", "−0.5", "0", "0.5", "1"]);
        assert_eq!(labels(&Axis::linear("", 0.0..900.0), 5), ["0", "200", "400", "600", "800"]);
        assert_eq!(labels(&Axis::log("", 1.0..500.0), 5), ["1", "10", "100"]);
        assert_eq!(labels(&Axis::log("", 0.015..0.3), 5), ["0.02", "0.05", "0.1", "0.2"]);
        assert_eq!(labels(&Axis::log("", 1e-9..1e-8), 5), ["10⁻⁹", "2·10⁻⁹", "5·10⁻⁹", "10⁻⁸"]);
        assert_eq!(labels(&Axis::log("", 1e-9..2e-7), 5), ["10⁻⁹", "10⁻⁸", "10⁻⁷"]);
        assert_eq!(labels(&Axis::log("", 1e-12..1.0), 5), ["10⁻¹²", "10⁻⁹", "10⁻⁶", "0.001", "1"]);
    }

    #[test]
    fn a_logarithmic_axis_is_even_in_decades() {
        let axis = Axis::log("", 1.0..10_000.0);
        assert_eq!([1.0, 100.0, 10_000.0].map(|value| axis.map(&value, (0, 200))), [0, 100, 200]);
        assert!((axis.unscale(axis.scale(37.0)) - 37.0).abs() < 1e-12);
    }
}
