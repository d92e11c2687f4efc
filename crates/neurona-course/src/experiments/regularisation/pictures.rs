//! What is shown of the techniques: boundaries, curves, and tables.

use super::{Findings, Measure, Point, REACH, ROWS, Run, TEST_ROWS, Technique, Tried, best_sums};
use crate::{
    CourseError, Figure, Mark, Report, Table, lab,
    page::number,
    plot::{Axis, BLUE, BLUE_TINT, Chart, Field, GREEN, GREY, INK, Size, VERMILION, VERMILION_TINT},
    report::least_and_most,
};

impl Findings {
    pub(super) fn report(&self) -> Result<Report, CourseError> {
        // Three to a row: the boundaries, and below them the curves.
        let mut figures = Vec::new();
        for row in self.techniques.chunks(3) {
            figures.extend(row.iter().map(|tried| self.map(tried)).collect::<Result<Vec<_>, _>>()?);
            figures.extend(row.iter().map(|tried| self.curves(tried)).collect::<Result<Vec<_>, _>>()?);
        }
        figures.extend([self.errors("Tikhonov", &self.tikhonov)?, self.errors("Lasso", &self.lasso)?, self.costs()?]);
        Ok(Report { figures, tables: vec![self.compared(), self.by_lambda()] })
    }

    fn map(&self, tried: &Tried) -> Result<Figure, CourseError> {
        const CELLS: usize = 80;
        let axis = |label| Axis::linear(label, -REACH..REACH);
        let (range, run) = (-REACH..REACH, &tried.runs[0]);
        let field = Field::sample(range.clone(), range.clone(), CELLS, |points| lab::outputs(&run.network, points))?;
        let best = Field::sample(range.clone(), range, CELLS, |points| Ok(best_sums(points)))?;
        Chart::new(Size::Square, axis("feature x₁"), axis("feature x₂"))
            .regions(&field, 0.0, [BLUE_TINT, VERMILION_TINT])?
            .layer(Mark::Dot, BLUE, "class 0", lab::points_of(&self.data, 0, ROWS))
            .layer(Mark::Triangle, VERMILION, "class 1", lab::points_of(&self.data, 1, ROWS))
            .levels(&best, &[0.0], Mark::Dashed, GREY, "best possible")?
            .levels(&field, &[0.0], Mark::Line, INK, "boundary")?
            .figure(format!("<b>{}</b>", tried.technique.name()))
    }

    fn curves(&self, tried: &Tried) -> Result<Figure, CourseError> {
        /// The largest cost that is shown, the same everywhere: more than that is only "too much".
        const MOST: f64 = 1.5;
        let run = &tried.runs[0];
        let last = run.curve.last().map_or(1.0, |point| f64::from(point.epoch));
        let points = |of: fn(&Point) -> Measure| run.curve.iter().map(move |at| (at.epoch.into(), of(at).cost));
        let mut chart = Chart::new(Size::Small, Axis::log("epoch", 1.0..last), Axis::linear("cost C", 0.0..MOST))
            .layer(Mark::Dashed, INK, "best possible", [1.0, last].map(|epoch| (epoch, self.least_cost)))
            .layer(Mark::Line, BLUE, "training", points(|at| at.training))
            .layer(Mark::Line, VERMILION, "test", points(|at| at.test));
        if matches!(tried.technique, Technique::EarlyStopping(_)) {
            let kept = f64::from(run.kept);
            chart = chart.layer(Mark::Dashed, GREEN, "kept", [(kept, 0.0), (kept, MOST)]);
        }
        let name = tried.technique.name();
        chart.figure(match tried.technique {
            Technique::EarlyStopping(_) => {
                format!("<b>{name}</b>: cost against epoch, and what would have come after the epoch that is kept.")
            }
            _ => format!("<b>{name}</b>: cost against epoch."),
        })
    }

    fn errors(&self, name: &str, sweep: &[Tried]) -> Result<Figure, CourseError> {
        let percent = |tried: &Tried, of: fn(&Run) -> f64| 100.0 * tried.median(of);
        let points = |of: fn(&Run) -> f64| sweep.iter().map(move |tried| (lambda(tried), percent(tried, of)));
        let spread = sweep.iter().map(|tried| {
            let (least, most) = least_and_most(tried.runs.iter().map(|run| run.test.error));
            (lambda(tried), 100.0 * least, 100.0 * most)
        });
        let least = sweep.iter().map(|tried| (lambda(tried), 100.0 * self.least_error));
        let x = Axis::log_around("λ", sweep.iter().map(lambda));
        Chart::new(Size::Small, x, Axis::linear("examples that are wrong (%)", 0.0..52.0))
            .layer(Mark::Dashed, INK, "best possible", least)
            .layer(Mark::Dotted, BLUE, "training", points(|run| run.training.error))
            .layer(Mark::Dotted, VERMILION, "test", points(|run| run.test.error))
            .spread(VERMILION, spread)
            .figure(format!("<b>{name}</b>: error against <var>λ</var>, medians; bars from the least to the largest."))
    }

    fn costs(&self) -> Result<Figure, CourseError> {
        let points = |sweep: &[Tried]| {
            let points = sweep.iter().map(|tried| (lambda(tried), tried.median(|run| run.test.cost)));
            points.collect::<Vec<_>>()
        };
        let x = Axis::log_around("λ", self.tikhonov.iter().map(lambda));
        let (tikhonov, lasso) = (points(&self.tikhonov), points(&self.lasso));
        let y = Axis::from_zero("test cost C", tikhonov.iter().chain(&lasso).map(|point| point.1));
        let least = self.tikhonov.iter().map(|tried| (lambda(tried), self.least_cost));
        Chart::new(Size::Small, x, y)
            .layer(Mark::Dashed, INK, "best possible", least)
            .layer(Mark::Dotted, BLUE, "Tikhonov", tikhonov)
            .layer(Mark::Dotted, VERMILION, "Lasso", lasso)
            .figure("The cost of the test examples against <var>λ</var>, medians.")
    }

    fn compared(&self) -> Table {
        let seeds = self.techniques.first().map_or(0, |tried| tried.runs.len());
        let mut table = Table::new(
            format!(
                "Medians of {seeds} runs, each with {ROWS} training examples and initial weights of its own, on {} test \
                 examples; least and largest are test errors",
                number(TEST_ROWS as f64)
            ),
            "technique",
            [
                ("training error", "%"),
                ("test error", "%"),
                ("least", "%"),
                ("largest", "%"),
                ("training cost", ""),
                ("test cost", ""),
                ("length of w", ""),
                ("weights that are 0", "%"),
            ],
        );
        for tried in &self.techniques {
            let (least, most) = least_and_most(tried.runs.iter().map(|run| run.test.error));
            let median = |of: fn(&Run) -> f64| tried.median(of);
            table.push(
                tried.technique.name(),
                [
                    100.0 * median(|run| run.training.error),
                    100.0 * median(|run| run.test.error),
                    100.0 * least,
                    100.0 * most,
                    median(|run| run.training.cost),
                    median(|run| run.test.cost),
                    median(|run| run.length),
                    100.0 * median(|run| run.zeros),
                ],
            );
        }
        let none = f64::NAN;
        let best = [none, 100.0 * self.least_error, none, none, none, self.least_cost, none, none];
        table.row("the best possible", best)
    }

    fn by_lambda(&self) -> Table {
        let columns = [
            ("L2: test error", "%"),
            ("test cost", ""),
            ("weights that are 0", "%"),
            ("L1: test error", "%"),
            ("test cost", ""),
            ("weights that are 0", "%"),
        ];
        let mut table = Table::new(
            "Medians of as many runs with one λ after the other; where weights of L2 are 0, they have become less than the \
             least number of single precision",
            "λ",
            columns,
        );
        for (tikhonov, lasso) in self.tikhonov.iter().zip(&self.lasso) {
            let values = [tikhonov, lasso].into_iter().flat_map(|tried| {
                let error = tried.median(|run| run.test.error);
                [100.0 * error, tried.median(|run| run.test.cost), 100.0 * tried.median(|run| run.zeros)]
            });
            table.push(lambda(tikhonov).to_string(), values);
        }
        table
    }
}

/// The coefficient of a technique that has one.
fn lambda(tried: &Tried) -> f64 {
    match tried.technique {
        // As it is written, not as it is rounded.
        Technique::L2(lambda) | Technique::L1(lambda) => lambda.to_string().parse().unwrap_or(lambda.into()),
        _ => f64::NAN,
    }
}
