//! One self-contained HTML page of experiments: no scripts, nothing from the network.

use std::io::{self, Write};

use neurona_train::train::kernel_name;

use crate::{Context, Experiment, Figure, Key, Mark, Report, Table};

/// Writes the page of some experiments and what they showed.
///
/// # Errors
///
/// It cannot be written.
pub fn write(out: &mut dyn Write, context: &Context<'_>, parts: &[(Experiment, Report)]) -> io::Result<()> {
    writeln!(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
    writeln!(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")?;
    writeln!(out, "<meta name=\"color-scheme\" content=\"light\">\n<title>{TITLE}</title>")?;
    writeln!(out, "<style>\n{}</style>\n</head>\n<body>", include_str!("page.css"))?;
    writeln!(out, "<header>\n<h1>{TITLE}</h1>\n{INTRODUCTION}")?;
    writeln!(out, "<p class=\"made\">{}</p>", made(context))?;
    if context.is_quick() {
        writeln!(out, "{QUICK}")?;
    }
    writeln!(out, "</header>")?;
    writeln!(out, "<nav aria-label=\"Contents\">\n<ol>")?;
    for (experiment, _) in parts {
        writeln!(out, "<li value=\"{}\">{}</li>", experiment.number(), link(experiment))?;
    }
    writeln!(out, "</ol>\n</nav>\n<main>")?;
    for (experiment, report) in parts {
        writeln!(out, "<section id=\"{}\">", experiment.name)?;
        writeln!(out, "<h2><span>{}</span> {}</h2>", experiment.number(), escape(experiment.title))?;
        writeln!(out, "{}", kept_together(experiment.text))?;
        writeln!(out, "<div class=\"figures\">")?;
        report.figures.iter().try_for_each(|figure| write_figure(out, figure))?;
        writeln!(out, "</div>")?;
        report.tables.iter().try_for_each(|table| write_table(out, table))?;
        writeln!(out, "</section>")?;
    }
    writeln!(out, "</main>\n</body>\n</html>")
}

const TITLE: &str = "Neural networks: the experiments of the course";

const INTRODUCTION: &str = "<p>Each experiment was run by <code>neurona course</code> just before this page was \
written: the numbers and the curves are measured, none is copied. The notation is that of the course: <var>x</var> is an \
input, <var>w</var> a weight, <var>b</var> a bias, <var>z</var> a weighted sum, <var>σ</var> an activation function, \
<var>h</var>(<var>x</var>) the output of the model, <var>y</var> what it should be, <var>C</var> the cost, \
<var>α</var> the learning rate, <var>n</var> the number of examples.</p>";

const QUICK: &str = "<p><strong>This is the small form</strong>, with fewer examples, steps and seeds. The texts speak \
of the full form: what they say need not show in these numbers.</p>";

fn made(context: &Context<'_>) -> String {
    let form = if context.is_quick() { "the quick form" } else { "the full form" };
    let (seed, version) = (context.seed(), env!("CARGO_PKG_VERSION"));
    format!("Seed {seed}, {form}; neurona {version}, kernel of the matrix product: {}.", escape(&kernel_name()))
}

fn link(experiment: &Experiment) -> String {
    format!("<a href=\"#{}\">{}</a>", experiment.name, escape(experiment.title))
}

fn write_figure(out: &mut dyn Write, figure: &Figure) -> io::Result<()> {
    // Who hears the page is told what the picture shows; its parts would be read out as a list of labels.
    let label = escape(&plain(&figure.caption));
    let svg = figure.svg.trim_end().replacen("<svg", &format!("<svg role=\"img\" aria-label=\"{label}\""), 1);
    writeln!(out, "<figure style=\"width:{}px\">\n{svg}", figure.width)?;
    if !figure.keys.is_empty() {
        writeln!(out, "<ul class=\"keys\">")?;
        for key in &figure.keys {
            writeln!(out, "<li>{}{}</li>", swatch(key), escape(&key.label))?;
        }
        writeln!(out, "</ul>")?;
    }
    writeln!(out, "<figcaption>{}</figcaption>\n</figure>", kept_together(&figure.caption))
}

/// A key's mark in its colour.
fn swatch(key: &Key) -> String {
    let color = format!("rgb({},{},{})", key.color.0, key.color.1, key.color.2);
    let line = |dash: &str| format!(r#"<path d="M1 6H25" stroke="{color}" stroke-width="2.5"{dash}/>"#);
    let mark = match key.mark {
        Mark::Line => line(""),
        Mark::Dashed => line(r#" stroke-dasharray="6 4""#),
        Mark::Dotted => line("") + &format!(r#"<circle cx="13" cy="6" r="3.5" fill="{color}"/>"#),
        Mark::Dot => format!(r#"<circle cx="13" cy="6" r="4" fill="{color}"/>"#),
        Mark::Triangle => format!(r#"<path d="M13 1L18 10H8Z" fill="{color}"/>"#),
        Mark::Ring => format!(r#"<circle cx="13" cy="6" r="4.5" fill="none" stroke="{color}" stroke-width="1.5"/>"#),
        Mark::Area => format!(r#"<rect x="4" y="0" width="18" height="12" fill="{color}"/>"#),
    };
    format!(r#"<svg width="26" height="12" aria-hidden="true">{mark}</svg>"#)
}

fn write_table(out: &mut dyn Write, table: &Table) -> io::Result<()> {
    writeln!(out, "<table>\n<caption>{}</caption>", escape(&table.caption))?;
    write!(out, "<thead><tr><th scope=\"col\">{}</th>", escape(table.rows_are))?;
    for column in &table.columns {
        let unit = if column.unit.is_empty() { String::new() } else { format!(" ({})", column.unit) };
        write!(out, "<th scope=\"col\">{}</th>", escape(&format!("{}{unit}", column.name)))?;
    }
    writeln!(out, "</tr></thead>\n<tbody>")?;
    let formats: Vec<Format> = (0..table.columns.len()).map(|at| Format::of(table, at)).collect();
    for row in &table.rows {
        write!(out, "<tr><th scope=\"row\">{}</th>", escape(&row.name))?;
        for (value, format) in row.values.iter().zip(&formats) {
            write!(out, "<td>{}</td>", format.text(*value))?;
        }
        writeln!(out, "</tr>")?;
    }
    writeln!(out, "</tbody>\n</table>")
}

/// How the numbers of a column are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// All with so many decimals.
    Decimals(usize),
    /// Each as it is best read: those of a column that are of very different sizes, or all whole.
    Each,
}

impl Format {
    fn of(table: &Table, column: usize) -> Self {
        let values = table.rows.iter().filter_map(|row| row.values.get(column).copied());
        let sizes: Vec<f64> = values.filter(|value| value.is_finite()).map(f64::abs).collect();
        if table.columns[column].unit == "%" {
            return Self::Decimals(2);
        }
        if sizes.iter().all(|size| size.fract() == 0.0) {
            return Self::Each;
        }
        let (mut least, mut most) = (f64::INFINITY, 0.0_f64);
        for size in sizes.into_iter().filter(|size| *size > 0.0) {
            (least, most) = (least.min(size), most.max(size));
        }
        // Four digits of the largest, and at least two of the smallest.
        let [least, most] = [least, most].map(|size| size.log10().floor() as i32);
        let decimals = (3 - most).max(1 - least).max(0);
        // No more than six digits in all.
        if decimals + most.max(0) < 6 { Self::Decimals(decimals as usize) } else { Self::Each }
    }

    fn text(self, value: f64) -> String {
        match self {
            Self::Decimals(decimals) if value.is_finite() => {
                let text = format!("{value:.decimals$}");
                // What is rounded to 0 has no sign.
                let is_zero = text.chars().all(|character| matches!(character, '-' | '0' | '.'));
                if is_zero { text.replace('-', "") } else { text.replace('-', "−") }
            }
            _ => number(value),
        }
    }
}

/// A number as a reader wants it: whole numbers whole, others with four digits, and powers of ten for many zeros.
pub fn number(value: f64) -> String {
    if value.is_nan() {
        return "–".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞" } else { "−∞" }.to_owned();
    }
    // To four digits first, so that 0.009 999 9 has as many decimals as 0.01.
    let size = value.abs();
    let size = if size.fract() == 0.0 { size } else { format!("{size:.3e}").parse().unwrap_or(size) };
    let text = if size.fract() == 0.0 && size < 1e9 {
        grouped(size as u64)
    } else if (1e-3..1e5).contains(&size) {
        let decimals = (3 - size.log10().floor() as i32).clamp(0, 6) as usize;
        format!("{size:.decimals$}")
    } else {
        let power = size.log10().floor();
        let digits = format!("{:.2}", size / 10_f64.powf(power));
        // 9.996 is rounded to the next power.
        let (digits, power) = if digits == "10.00" { ("1.00".to_owned(), power + 1.0) } else { (digits, power) };
        format!("{digits} · 10<sup>{}</sup>", power.to_string().replace('-', "−"))
    };
    if value < 0.0 { format!("−{text}") } else { text }
}

/// A whole number with a comma between thousands.
fn grouped(number: u64) -> String {
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

/// Markup whose lines do not break before a percent sign, nor between the prime and the argument of a derivative.
fn kept_together(markup: &str) -> String {
    markup.replace(" %", "\u{a0}%").replace("′(", "′\u{2060}(")
}

/// Markup without its tags.
fn plain(markup: &str) -> String {
    let mut within = false;
    let visible = |character: &char| {
        within |= *character == '<';
        let shown = !within;
        within &= *character != '>';
        shown
    };
    markup.chars().filter(visible).collect()
}

/// Plain text in HTML.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        for (value, expected) in [
            (0.0, "0"),
            (20_601.0, "20,601"),
            (-3.0, "−3"),
            (0.123_456, "0.1235"),
            (12.345_6, "12.35"),
            (0.001_234_6, "0.001235"),
            (f64::from(0.01_f32), "0.01000"),
            (1.234e-7, "1.23 · 10<sup>−7</sup>"),
            (9.996e-7, "1.00 · 10<sup>−6</sup>"),
            (f64::NAN, "–"),
        ] {
            assert_eq!(number(value), expected);
        }
    }

    #[test]
    fn a_column_has_one_format() {
        let column = |unit, values: &[f64]| {
            let mut table = Table::new("", "", [("", unit)]);
            values.iter().for_each(|value| table.push("", [*value]));
            let format = Format::of(&table, 0);
            values.iter().map(|value| format.text(*value)).collect::<Vec<_>>()
        };
        assert_eq!(column("%", &[26.0, 25.3, 0.0625, f64::NAN]), ["26.00", "25.30", "0.06", "–"]);
        assert_eq!(column("", &[1000.0, 20.0]), ["1,000", "20"]);
        assert_eq!(column("", &[2.0, -1.4736, -1e-9]), ["2", "−1.474", "−1.00 · 10<sup>−9</sup>"]);
        assert_eq!(column("", &[2.0, -1.4736]), ["2.000", "−1.474"]);
        assert_eq!(column("", &[0.1, 0.0021]), ["0.1000", "0.0021"]);
        assert_eq!(column("", &[-0.001, 700.0]), ["−0.001000", "700"]);
        assert_eq!(column("s", &[-0.0, 0.5]), ["0.0000", "0.5000"]);
    }

    #[test]
    fn text_is_escaped_and_markup_is_not() {
        let figure = Figure {
            svg: "<svg></svg>".to_owned(),
            width: 1,
            keys: vec![Key { label: "a < b".to_owned(), mark: Mark::Line, color: crate::plot::BLUE }],
            caption: "<var>x</var>".to_owned(),
        };
        let mut text = Vec::new();
        write_figure(&mut text, &figure).expect("memory can be written");
        let text = String::from_utf8_lossy(&text);
        assert!(text.contains("a &lt; b") && text.contains("<var>x</var>"), "{text}");
        assert!(text.contains("<svg role=\"img\" aria-label=\"x\"></svg>"), "{text}");
    }
}
