//! Learning curves as a picture.

use std::ops::Range;

use anyhow::{Result, anyhow};
use neurona_train::{Epoch, Score};
use plotters::{coord::Shift, prelude::*};

/// Two of the colours that Okabe and Ito found to be told apart by everybody (2008): blue and vermilion.
const COLORS: [(&str, RGBColor); 2] = [("training", RGBColor(0, 114, 178)), ("validation", RGBColor(213, 94, 0))];

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Curve = Vec<(u32, f64)>;

/// Loss and accuracy by epoch, as SVG, with a line at the epoch that the weights were `kept` of, and behind them those of
/// other starts on the validation part; `None` without two epochs.
pub(super) fn draw(epochs: &[Epoch], kept: u32, others: &[&[Epoch]]) -> Result<Option<String>> {
    if epochs.len() < 2 {
        return Ok(None);
    }
    let loss = Curves::of(epochs, others, |score| Some(score.loss));
    let accuracy = Curves::of(epochs, others, |score| Some(100.0 * score.accuracy?));
    let has_accuracy = !accuracy.parts[0].is_empty();
    let mut picture = String::new();
    {
        let size = if has_accuracy { (960, 400) } else { (560, 400) };
        let area = SVGBackend::with_string(&mut picture, size).into_drawing_area();
        let failed = |error| anyhow!("the learning curves cannot be drawn: {error}");
        area.fill(&WHITE).map_err(|error| failed(error.to_string()))?;
        let parts = area.split_evenly((1, if has_accuracy { 2 } else { 1 }));
        chart(&parts[0], "loss", &loss, kept).map_err(failed)?;
        if has_accuracy {
            chart(&parts[1], "accuracy in %", &accuracy, kept).map_err(failed)?;
        }
        area.present().map_err(|error| failed(error.to_string()))?;
    }
    let what = if has_accuracy { "Loss and accuracy" } else { "Loss" };
    let title = format!("{what} by epoch; the weights are those of epoch {kept}");
    // A name for the picture, which a browser shows beside it and a screen reader says.
    let start = picture.find('>').map_or(0, |end| end + 1);
    picture.insert_str(start, &format!("\n<title>{title}</title>"));
    Ok(Some(picture.replacen("<svg", &format!("<svg role=\"img\" aria-label=\"{title}\""), 1)))
}

/// A figure by epoch.
struct Curves {
    /// Of the training and of the validation part, where there is one.
    parts: [Curve; 2],
    /// Of the validation part in other starts.
    others: Vec<Curve>,
}

impl Curves {
    fn of(epochs: &[Epoch], others: &[&[Epoch]], figure: impl Fn(Score) -> Option<f32>) -> Self {
        let curve = |epochs: &[Epoch], score: &dyn Fn(&Epoch) -> Option<Score>| {
            let points = epochs.iter().filter_map(|epoch| Some((epoch.number, f64::from(figure(score(epoch)?)?))));
            points.filter(|(_, value)| value.is_finite()).collect()
        };
        let validation = |epoch: &Epoch| epoch.validation;
        Self {
            parts: [curve(epochs, &|epoch| Some(epoch.training)), curve(epochs, &validation)],
            others: others.iter().map(|epochs| curve(epochs, &validation)).collect(),
        }
    }

    fn points(&self) -> impl Iterator<Item = &(u32, f64)> {
        self.parts.iter().chain(&self.others).flatten()
    }

    /// From the least to the largest value, with a little room.
    fn range(&self) -> Range<f64> {
        let values = || self.points().map(|(_, value)| *value);
        let (least, largest) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
        let room = ((largest - least) * 0.05).max(1e-6);
        least - room..largest + room
    }
}

fn chart(area: &Area<'_>, name: &str, curves: &Curves, kept: u32) -> Result<(), String> {
    let last = curves.points().map(|(epoch, _)| *epoch).max().unwrap_or(1);
    let range = curves.range();
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(56)
        .build_cartesian_2d(1..last, range.clone())
        .map_err(|error| error.to_string())?;
    let mesh = &mut chart.configure_mesh();
    let mesh = mesh.x_desc("epoch").y_desc(name).light_line_style(TRANSPARENT);
    mesh.draw().map_err(|error| error.to_string())?;
    let mut line = |curve: &Curve, name: Option<&str>, style: ShapeStyle| {
        let drawn =
            chart.draw_series(LineSeries::new(curve.iter().copied(), style)).map_err(|error| error.to_string())?;
        if let Some(name) = name {
            drawn.label(name).legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], style));
        }
        Ok::<_, String>(())
    };
    for (number, curve) in curves.others.iter().enumerate() {
        line(curve, (number == 0).then_some("validation, other starts"), BLACK.mix(0.3).stroke_width(1))?;
    }
    for ((part, color), curve) in COLORS.iter().zip(&curves.parts).filter(|(_, curve)| !curve.is_empty()) {
        line(curve, Some(part), color.stroke_width(2))?;
    }
    if (1..=last).contains(&kept) {
        let upright = vec![(kept, range.start), (kept, range.end)];
        line(&upright, Some(&format!("kept: epoch {kept}")), BLACK.mix(0.6).stroke_width(1))?;
    }
    let legend = &mut chart.configure_series_labels();
    legend.background_style(WHITE).border_style(BLACK.mix(0.2)).draw().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_for_each_part() {
        let score = |loss, accuracy| Score { loss, accuracy };
        let epoch = |number, validation| Epoch {
            number,
            rate: 1e-3,
            training: score(1.0 / number as f32, Some(0.5)),
            validation,
        };
        let epochs: Vec<Epoch> = (1..4).map(|number| epoch(number, Some(score(0.5, Some(0.25))))).collect();
        let picture = draw(&epochs, 2, &[]).expect("it can be drawn").expect("there are three epochs");
        let title = "Loss and accuracy by epoch; the weights are those of epoch 2";
        assert!(picture.starts_with(&format!("<svg role=\"img\" aria-label=\"{title}\"")), "{picture}");
        for text in ["epoch", "loss", "accuracy in %", "training", "validation", "kept: epoch 2", title] {
            assert!(picture.contains(text), "{text}");
        }
        let drawn = |(_, color): (&str, RGBColor)| {
            let color = format!("stroke=\"#{:02X}{:02X}{:02X}\"", color.0, color.1, color.2);
            picture.matches(&color).count()
        };
        // In each of the two charts the curve and its line in the legend.
        assert_eq!(COLORS.map(drawn), [4, 4], "{picture}");
        assert!(draw(&epochs[..1], 1, &[]).expect("no picture").is_none());
    }
}
