//! Curves, points and regions over two axes.

use plotters::{
    chart::{ChartBuilder, ChartContext},
    coord::ranged1d::Ranged as _,
    element::{Circle, DashedPathElement, PathElement, Polygon, TriangleMarker},
    prelude::{Cartesian2d, SVGBackend},
    style::{Color, IntoFont, RGBColor, ShapeStyle},
};

use super::{Axis, Drawn, Field, GREY, INK, UNIT, font, svg};
use crate::{CourseError, Figure, Key, Mark};

/// How large a picture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Four to a row of the page.
    Tiny,
    /// Three to a row.
    Small,
    /// Three to a row, with axes of the same length.
    Square,
    /// Two to a row.
    Medium,
    /// A row of its own.
    Wide,
}

impl Size {
    /// Width and height in pixels.
    fn pixels(self) -> (u32, u32) {
        match self {
            Self::Tiny => (225, 185),
            Self::Small => (305, 240),
            Self::Square => (305, 281),
            Self::Medium => (465, 330),
            Self::Wide => (945, 380),
        }
    }
}

/// A chart that is being put together: layers over two axes, the first at the bottom.
#[derive(Clone, Debug)]
pub struct Chart {
    size: Size,
    x: Axis,
    y: Axis,
    layers: Vec<Layer>,
    keys: Vec<Key>,
}

#[derive(Clone, Debug)]
struct Layer {
    mark: Mark,
    color: RGBColor,
    points: Vec<(f64, f64)>,
}

type Coordinates<'a, 'b> = ChartContext<'b, SVGBackend<'a>, Cartesian2d<Axis, Axis>>;

impl Chart {
    /// A chart without layers.
    pub fn new(size: Size, x: Axis, y: Axis) -> Self {
        Self { size, x, y, layers: Vec::new(), keys: Vec::new() }
    }

    /// Adds points and what they are; points that are not finite break a line.
    pub fn layer(
        mut self,
        mark: Mark,
        color: RGBColor,
        label: impl Into<String>,
        points: impl IntoIterator<Item = (f64, f64)>,
    ) -> Self {
        self.keys.push(Key { label: label.into(), mark, color });
        self.layers.push(Layer { mark, color, points: points.into_iter().collect() });
        self
    }

    /// Adds a layer that the legend leaves out: a second part of the one before it.
    pub fn unlabelled(mut self, mark: Mark, color: RGBColor, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        self.layers.push(Layer { mark, color, points: points.into_iter().collect() });
        self
    }

    /// Adds a bar at each x from one y to another, which the legend leaves out: the spread around the layer before it.
    pub fn spread(self, color: RGBColor, bars: impl IntoIterator<Item = (f64, f64, f64)>) -> Self {
        let bar = |(x, from, to)| [(x, from), (x, to), (f64::NAN, f64::NAN)];
        self.unlabelled(Mark::Line, color, bars.into_iter().flat_map(bar))
    }

    /// Adds the regions below and above a level of a field, in two tints.
    ///
    /// # Errors
    ///
    /// The field does not have as many values as cells.
    pub fn regions(mut self, field: &Field, level: f64, [below, above]: [RGBColor; 2]) -> Result<Self, CourseError> {
        let (x, y) = (&field.x, &field.y);
        let points = vec![(x.start, y.start), (x.end, y.start), (x.end, y.end), (x.start, y.end)];
        self.layers.push(Layer { mark: Mark::Area, color: below, points });
        for ring in field.rings(level)? {
            let color = if ring.is_hole { below } else { above };
            self.layers.push(Layer { mark: Mark::Area, color, points: ring.points });
        }
        Ok(self)
    }

    /// Adds the lines along which a field has one of these levels.
    ///
    /// # Errors
    ///
    /// The field does not have as many values as cells.
    pub fn levels(
        mut self,
        field: &Field,
        levels: &[f64],
        mark: Mark,
        color: RGBColor,
        label: impl Into<String>,
    ) -> Result<Self, CourseError> {
        self.keys.push(Key { label: label.into(), mark, color });
        for level in levels {
            let lines = field.lines(*level)?;
            self.layers.extend(lines.into_iter().map(|points| Layer { mark, color, points }));
        }
        Ok(self)
    }

    /// Draws the chart.
    ///
    /// # Errors
    ///
    /// The plotting library cannot draw it.
    pub fn figure(self, caption: impl Into<String>) -> Result<Figure, CourseError> {
        let svg = svg(self.size.pixels(), |area| {
            // On the right, half of a label such as 10,000.
            let (x_space, y_space, right) = match self.size {
                Size::Tiny => (38, 44, 14),
                _ => (44, 58, 18),
            };
            let (small, large) = if self.size == Size::Tiny { (11, 11) } else { (12, 13) };
            let mut builder = ChartBuilder::on(area);
            builder.margin_top(8 * UNIT).margin_right(right * UNIT).margin_left(2 * UNIT).margin_bottom(2 * UNIT);
            builder.x_label_area_size(x_space * UNIT).y_label_area_size(y_space * UNIT);
            let mut chart = builder.build_cartesian_2d(self.x.clone(), self.y.clone())?;
            for layer in self.layers.iter().filter(|layer| layer.mark == Mark::Area) {
                self.draw(&mut chart, layer)?;
            }
            let (width, height) = self.size.pixels();
            let mut mesh = chart.configure_mesh();
            mesh.max_light_lines(0)
                .x_labels((width / 60) as usize)
                .y_labels((height / 45) as usize)
                .bold_line_style(ShapeStyle { color: GREY.mix(0.22), filled: false, stroke_width: UNIT * 3 / 4 })
                .axis_style(ShapeStyle { color: GREY.to_rgba(), filled: false, stroke_width: UNIT })
                .set_all_tick_mark_size(4 * UNIT)
                .label_style(font(small).into_font().color(&INK))
                .axis_desc_style(font(large).into_font().color(&INK))
                .x_desc(self.x.label.clone())
                .y_desc(self.y.label.clone());
            if self.layers.iter().any(|layer| layer.mark == Mark::Area) {
                mesh.disable_mesh();
            }
            mesh.draw()?;
            let above = self.layers.iter().filter(|layer| layer.mark != Mark::Area);
            above.into_iter().try_for_each(|layer| self.draw(&mut chart, layer))
        })?;
        Ok(Figure { svg, width: self.size.pixels().0, keys: self.keys, caption: caption.into() })
    }

    fn draw(&self, chart: &mut Coordinates<'_, '_>, layer: &Layer) -> Drawn {
        let line = ShapeStyle { color: layer.color.to_rgba(), filled: false, stroke_width: 2 * UNIT };
        let fill = ShapeStyle { filled: true, ..line };
        let radius = if self.size == Size::Wide { 3 * UNIT } else { 5 * UNIT / 2 };
        let visible = || {
            let on_axes = |(x, y): &&(f64, f64)| self.x.contains(*x) && self.y.contains(*y);
            layer.points.iter().filter(on_axes).copied()
        };
        match layer.mark {
            Mark::Line => self.draw_lines(chart, layer, line)?,
            Mark::Dotted => {
                self.draw_lines(chart, layer, line)?;
                chart.draw_series(visible().map(|point| Circle::new(point, radius + UNIT / 2, fill)))?;
            }
            Mark::Dashed => {
                for piece in self.pieces(&layer.points) {
                    let dashed = DashedPathElement::new(piece, 6 * UNIT, 4 * UNIT, line);
                    chart.draw_series(std::iter::once(dashed))?;
                }
            }
            Mark::Dot => {
                let style = ShapeStyle { color: layer.color.mix(0.75), ..fill };
                chart.draw_series(visible().map(|point| Circle::new(point, radius, style)))?;
            }
            Mark::Triangle => {
                let style = ShapeStyle { color: layer.color.mix(0.75), ..fill };
                chart.draw_series(visible().map(|point| TriangleMarker::new(point, radius + UNIT, style)))?;
            }
            Mark::Ring => {
                let style = ShapeStyle { stroke_width: UNIT, ..line };
                chart.draw_series(visible().map(|point| Circle::new(point, radius + 2 * UNIT, style)))?;
            }
            Mark::Area => {
                // What reaches beyond the axes ends at them.
                let (x, y) = (self.x.range(), self.y.range());
                let within = |(at, up): &(f64, f64)| (at.clamp(x.start, x.end), up.clamp(y.start, y.end));
                let points: Vec<_> = layer.points.iter().map(within).collect();
                chart.draw_series(std::iter::once(Polygon::new(points, fill)))?;
            }
        }
        Ok(())
    }

    fn draw_lines(&self, chart: &mut Coordinates<'_, '_>, layer: &Layer, style: ShapeStyle) -> Drawn {
        let pieces = self.pieces(&layer.points);
        chart.draw_series(pieces.into_iter().map(|piece| PathElement::new(piece, style)))?;
        Ok(())
    }

    /// The parts of a line that are within the axes.
    fn pieces(&self, points: &[(f64, f64)]) -> Vec<Vec<(f64, f64)>> {
        let (x, y) = (self.x.scaled_range(), self.y.scaled_range());
        let mut pieces: Vec<Vec<(f64, f64)>> = Vec::new();
        let mut end = None;
        for pair in points.windows(2) {
            let scaled = |at: usize| (self.x.scale(pair[at].0), self.y.scale(pair[at].1));
            let (from, to) = (scaled(0), scaled(1));
            let delta = (to.0 - from.0, to.1 - from.1);
            // Liang and Barsky, 1984: the part of the way from one point to the other that is within each bound.
            let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
            let bounds = [
                (-delta.0, from.0 - x.start),
                (delta.0, x.end - from.0),
                (-delta.1, from.1 - y.start),
                (delta.1, y.end - from.1),
            ];
            for (speed, room) in bounds {
                if !(speed.is_finite() && room.is_finite()) || (speed == 0.0 && room < 0.0) {
                    leave = -1.0;
                } else if speed < 0.0 {
                    enter = enter.max(room / speed);
                } else if speed > 0.0 {
                    leave = leave.min(room / speed);
                }
            }
            if enter > leave {
                end = None;
                continue;
            }
            let at = |share: f64| (self.x.unscale(from.0 + share * delta.0), self.y.unscale(from.1 + share * delta.1));
            match pieces.last_mut() {
                Some(piece) if end == Some(pair[0]) && enter == 0.0 => piece.push(at(leave)),
                _ => pieces.push(vec![at(enter), at(leave)]),
            }
            end = (leave == 1.0).then_some(pair[1]);
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart() -> Chart {
        Chart::new(Size::Small, Axis::linear("x", 0.0..10.0), Axis::linear("y", 0.0..1.0))
    }

    #[test]
    fn lines_end_at_the_axes() {
        let pieces = chart().pieces(&[(0.0, 0.5), (2.0, 0.5), (4.0, 2.5), (6.0, 0.5), (8.0, f64::NAN), (9.0, 0.5)]);
        assert_eq!(pieces, [vec![(0.0, 0.5), (2.0, 0.5), (2.5, 1.0)], vec![(5.5, 1.0), (6.0, 0.5)]]);
    }

    #[test]
    fn a_figure_is_an_element_with_labels() {
        let figure = chart()
            .layer(Mark::Line, INK, "a < b", [(0.0, 0.0), (10.0, 1.0)])
            .layer(Mark::Dot, INK, "points", [(5.0, 0.5), (50.0, 0.5)])
            .figure("")
            .expect("it can be drawn");
        assert!(figure.svg.starts_with("<svg width=\"305\"") && figure.svg.trim_end().ends_with("</svg>"));
        assert_eq!(figure.svg.matches("<circle").count(), 1, "points off the axes are left out");
        assert_eq!(figure.keys.len(), 2);
        assert_eq!(figure.svg.matches("<text").count(), 2 + 6 + 6, "two labels; 0 to 10 by 2; 0 to 1 by 0.2");
    }
}
