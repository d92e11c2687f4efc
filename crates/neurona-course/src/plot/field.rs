//! A function of two variables on a grid: where it is above a level, and the line between.

use std::ops::Range;

use contour::ContourBuilder;
use ndarray::{Array2, ArrayView2};

use crate::CourseError;

/// A function of two variables on a grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub(super) x: Range<f64>,
    pub(super) y: Range<f64>,
    /// Columns, which are rows too.
    cells: usize,
    values: Vec<f64>,
}

/// A closed line around a region, or around a hole in it.
pub(super) struct Ring {
    pub(super) points: Vec<(f64, f64)>,
    pub(super) is_hole: bool,
}

impl Field {
    /// Evaluates a function at the middle of each of `cells` times `cells` cells; `f` gives a value for each row (x, y).
    ///
    /// Two more cells are added on every side, so that lines do not end before the axes do.
    ///
    /// # Errors
    ///
    /// What `f` says.
    pub fn sample(
        x: Range<f64>,
        y: Range<f64>,
        cells: usize,
        f: impl FnOnce(ArrayView2<'_, f32>) -> Result<Vec<f64>, CourseError>,
    ) -> Result<Self, CourseError> {
        let widened = |range: Range<f64>| {
            let margin = 2.0 * (range.end - range.start) / cells as f64;
            range.start - margin..range.end + margin
        };
        let (x, y, cells) = (widened(x), widened(y), cells + 4);
        let middle = |range: &Range<f64>, at: usize| {
            (range.start + (range.end - range.start) * (at as f64 + 0.5) / cells as f64) as f32
        };
        let points = Array2::from_shape_fn((cells * cells, 2), |(row, axis)| {
            if axis == 0 { middle(&x, row % cells) } else { middle(&y, row / cells) }
        });
        let values = f(points.view())?;
        Ok(Self { x, y, cells, values })
    }

    /// Whether the value of the cell is above the level, for the cell of a point.
    #[cfg(test)]
    fn is_above(&self, level: f64, (x, y): (f64, f64)) -> bool {
        let cell = |range: &Range<f64>, at: f64| {
            let share = (at - range.start) / (range.end - range.start);
            ((share * self.cells as f64) as usize).min(self.cells - 1)
        };
        self.values[cell(&self.y, y) * self.cells + cell(&self.x, x)] > level
    }

    /// The rings of the region where the field is above the level, outer ones before what is within them.
    pub(super) fn rings(&self, level: f64) -> Result<Vec<Ring>, CourseError> {
        let step = |range: &Range<f64>| (range.end - range.start) / self.cells as f64;
        let builder = ContourBuilder::new(self.cells, self.cells, true)
            .x_origin(self.x.start)
            .y_origin(self.y.start)
            .x_step(step(&self.x))
            .y_step(step(&self.y));
        let contours =
            builder.contours(&self.values, &[level]).map_err(|error| CourseError::Plot(error.to_string()))?;
        let mut rings = Vec::new();
        for polygon in contours.iter().flat_map(|contour| contour.geometry()) {
            let outer = polygon.exterior().coords().map(|point| (point.x, point.y)).collect();
            rings.push(Ring { points: outer, is_hole: false });
            rings.extend(polygon.interiors().iter().map(|hole| {
                let points = hole.coords().map(|point| (point.x, point.y)).collect();
                Ring { points, is_hole: true }
            }));
        }
        // Rings do not cross: the larger of two is around the other or beside it.
        rings.sort_by(|one, other| other.area().total_cmp(&one.area()));
        Ok(rings)
    }

    /// The lines along which the field has the level: the rings without their parts along the edge of the field.
    pub(super) fn lines(&self, level: f64) -> Result<Vec<Vec<(f64, f64)>>, CourseError> {
        let on_edge = |(x, y): (f64, f64)| {
            let at = |value: f64, range: &Range<f64>| {
                let near = 1e-9 * (range.end - range.start);
                (value - range.start).abs() < near || (value - range.end).abs() < near
            };
            at(x, &self.x) || at(y, &self.y)
        };
        let mut lines = Vec::new();
        for ring in self.rings(level)? {
            let mut line: Vec<(f64, f64)> = Vec::new();
            for pair in ring.points.windows(2) {
                if on_edge(pair[0]) && on_edge(pair[1]) {
                    lines.push(std::mem::take(&mut line));
                    continue;
                }
                if line.is_empty() {
                    line.push(pair[0]);
                }
                line.push(pair[1]);
            }
            lines.push(line);
        }
        lines.retain(|line| line.len() > 1);
        Ok(lines)
    }
}

impl Ring {
    /// The area within, by the shoelace formula.
    fn area(&self) -> f64 {
        self.points.windows(2).map(|pair| pair[0].0 * pair[1].1 - pair[1].0 * pair[0].1).sum::<f64>().abs() / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(f: impl Fn(f64, f64) -> f64) -> Field {
        Field::sample(-1.0..1.0, -1.0..1.0, 40, |points| {
            Ok(points.rows().into_iter().map(|point| f(point[0].into(), point[1].into())).collect())
        })
        .expect("the function does not fail")
    }

    #[test]
    fn the_line_of_a_circle_is_a_circle() {
        let field = field(|x, y| 0.25 - x * x - y * y);
        assert!(field.is_above(0.0, (0.0, 0.0)) && !field.is_above(0.0, (0.9, 0.9)));
        let lines = field.lines(0.0).expect("the field has values");
        assert_eq!(lines.len(), 1);
        for (x, y) in &lines[0] {
            // Between neighbours at a distance of 0.05 the error of linear interpolation is up to 2 / 8 0.05^2 in the
            // value, whose slope there is 1.
            assert!(((x * x + y * y).sqrt() - 0.5).abs() < 6.25e-4 * 1.1, "{x}, {y}");
        }
    }

    #[test]
    fn a_region_with_a_hole_and_an_island() {
        let rings = field(|x, y| ((x * x + y * y).sqrt() * 9.0).sin()).rings(0.0).expect("the field has values");
        // Positive up to a radius of pi/9 and from 2 pi/9 to 3 pi/9 and from 4 pi/9 on, in the corners.
        let holes = rings.iter().filter(|ring| ring.is_hole).count();
        assert_eq!(holes, 1, "the white between the inner disc and the ring around it");
        assert!(rings.windows(2).all(|pair| pair[0].area() >= pair[1].area()));
    }

    #[test]
    fn a_line_across_ends_at_the_edges() {
        let lines = field(|x, y| x + 0.5 * y).lines(0.0).expect("the field has values");
        assert_eq!(lines.len(), 1);
        assert!(lines[0].iter().all(|(x, y)| (x + 0.5 * y).abs() < 0.03), "{lines:?}");
    }
}
