//! What is shown of the models: errors against the number of examples, sections through the features, and tables.

use super::{Curve, Findings, Point, REACH, SHOWN_ROWS, TEST_ROWS, direction};
use crate::{
    CourseError, Figure, Mark, Report, Table, lab,
    page::number,
    plot::{Axis, BLUE, BLUE_TINT, Chart, GREEN, GREY, INK, PURPLE, Size, VERMILION, VERMILION_TINT},
};

impl Findings {
    pub(super) fn report(&self) -> Result<Report, CourseError> {
        let mut figures = vec![
            self.errors(
                "<b>Test error</b> against the number of examples: medians, and bars from the least to the largest.",
                |point| (point.test_error(), point.spread()),
            )?,
            self.errors("<b>Training error</b> against the number of examples: medians.", |point| {
                (point.training_error(), (f64::NAN, f64::NAN))
            })?,
        ];
        for most in [SHOWN_ROWS, usize::MAX] {
            figures.extend(self.curves.iter().map(|curve| self.map(curve, most)).collect::<Result<Vec<_>, _>>()?);
        }
        Ok(Report { figures, tables: vec![self.table(), self.steps()] })
    }

    fn errors(&self, caption: &str, of: fn(&Point) -> (f64, (f64, f64))) -> Result<Figure, CourseError> {
        let rows = self.curves.iter().flat_map(|curve| curve.points.iter().map(|point| point.rows as f64));
        let axes = (Axis::log_around("examples n", rows), Axis::linear("examples that are wrong (%)", 0.0..50.0));
        let mut chart = Chart::new(Size::Medium, axes.0, axes.1);
        let shifts = [0.955, 0.985, 1.015, 1.045];
        for ((curve, color), shift) in self.curves.iter().zip([BLUE, PURPLE, GREEN, VERMILION]).zip(shifts) {
            let all = curve.points.iter().map(|point| (shift * point.rows as f64, of(point)));
            let bars = all.clone().map(|(rows, (_, (least, most)))| (rows, 100.0 * least, 100.0 * most));
            let points = all.map(|(rows, (error, _))| (rows, 100.0 * error));
            chart = chart.layer(Mark::Dotted, color, curve.model.name(), points).spread(color, bars);
        }
        chart.figure(caption)
    }

    /// A section through the features, with so many examples or the most below that.
    fn map(&self, curve: &Curve, most: usize) -> Result<Figure, CourseError> {
        let point = curve.points.iter().rev().find(|point| point.rows <= most);
        let shown = point.and_then(|point| Some((point, point.runs.first()?.field.as_ref()?)));
        let (point, field) = shown.ok_or_else(|| CourseError::Plot(format!("nothing with {most} examples")))?;
        let rows = self.data.inputs().rows().into_iter().zip(lab::classes(&self.data)).take(point.rows);
        let rows = rows.map(|(row, class)| (row.iter().map(|value| f64::from(*value)).collect::<Vec<_>>(), *class));
        let of_class = |class| {
            let rows = rows.clone().filter(move |(_, other)| *other == class);
            rows.map(|(row, _)| (direction(&row), row[3]))
        };
        // A dash is drawn to its end: so that the last one stays on the axes.
        let reach = 0.97 * REACH;
        let truth = lab::spaced(-reach, reach, 200).map(|t| (t, -t - (4.0 * t).sin() / 0.8));
        Chart::new(Size::Tiny, Axis::linear("t", -REACH..REACH), Axis::linear("x₄", -REACH..REACH))
            .regions(field, 0.0, [BLUE_TINT, VERMILION_TINT])?
            .layer(Mark::Dot, BLUE, "class 0", of_class(0))
            .layer(Mark::Triangle, VERMILION, "class 1", of_class(1))
            .layer(Mark::Dashed, GREY, "truth", truth)
            .levels(field, &[0.0], Mark::Line, INK, "boundary")?
            .figure(format!("<b>{}</b>, {} examples", curve.model.name(), number(point.rows as f64)))
    }

    fn table(&self) -> Table {
        let seeds = self.curves.iter().flat_map(|curve| &curve.points).map(|point| point.runs.len()).max().unwrap_or(0);
        let mut table = Table::new(
            format!(
                "Errors on {} test examples: the median of {seeds} runs, and their standard deviation",
                number(TEST_ROWS as f64)
            ),
            "examples",
            [
                ("logistic regression", "%"),
                ("deviation", "%"),
                ("support vector machine", "%"),
                ("deviation", "%"),
                ("shallow network", "%"),
                ("deviation", "%"),
                ("deep network", "%"),
                ("deviation", "%"),
            ],
        );
        let sizes = self.curves.first().into_iter().flat_map(|curve| curve.points.iter().map(|point| point.rows));
        for rows in sizes {
            let values = self.curves.iter().flat_map(|curve| {
                curve.at(rows).map_or([f64::NAN; 2], |point| [100.0 * point.test_error(), 100.0 * point.deviation()])
            });
            table.push(number(rows as f64), values);
        }
        table
    }

    fn steps(&self) -> Table {
        let columns = [
            ("training error", "%"),
            ("test error", "%"),
            ("training error, four times the steps", "%"),
            ("test error, four times the steps", "%"),
        ];
        let mut table = Table::new("The networks with the most examples, medians", "model", columns);
        for longer in &self.longer {
            let usual = self.curves.iter().find(|curve| curve.model == longer.model);
            let ends = [usual.and_then(|curve| curve.points.last()), longer.points.last()];
            let errors = ends.into_iter().flat_map(|point| {
                let error = |of: fn(&Point) -> f64| 100.0 * point.map_or(f64::NAN, of);
                [error(Point::training_error), error(Point::test_error)]
            });
            table.push(longer.model.name(), errors);
        }
        table
    }
}
