//! Nodes and edges with what stands on them: a neuron, a graph of a computation.

use plotters::{
    element::{Circle, PathElement, Polygon, Text},
    style::{
        Color, IntoFont, RGBColor, ShapeStyle, WHITE,
        text_anchor::{HPos, Pos, VPos},
    },
};

use super::{Area, Drawn, GREY, INK, UNIT, font, svg};
use crate::{CourseError, Figure};

/// A graph that is drawn from left to right; places are in pixels from the upper left corner.
#[derive(Clone, Debug)]
pub struct Diagram {
    size: (u32, u32),
    nodes: Vec<Node>,
    edges: Vec<Edge>,
}

#[derive(Clone, Debug)]
struct Node {
    at: (i32, i32),
    /// 0 for a node that is only its text.
    radius: i32,
    text: String,
    color: RGBColor,
}

#[derive(Clone, Debug)]
struct Edge {
    from: usize,
    to: usize,
    /// Above the edge and below it.
    labels: [Option<(String, RGBColor)>; 2],
}

/// The size of the labels of edges.
const LABEL: u32 = 12;

impl Diagram {
    /// A diagram without nodes.
    pub fn new(width: u32, height: u32) -> Self {
        Self { size: (width, height), nodes: Vec::new(), edges: Vec::new() }
    }

    /// Adds a round node with a text in it, or with a radius of 0 the text alone; returns its number.
    pub fn node(&mut self, at: (i32, i32), radius: i32, text: impl Into<String>, color: RGBColor) -> usize {
        self.nodes.push(Node { at, radius, text: text.into(), color });
        self.nodes.len() - 1
    }

    /// Adds an arrow between two nodes.
    pub fn edge(&mut self, from: usize, to: usize) {
        self.edges.push(Edge { from, to, labels: [None, None] });
    }

    /// Adds an arrow between two nodes, with a text above it and one below it.
    pub fn labelled_edge(&mut self, from: usize, to: usize, labels: [Option<(String, RGBColor)>; 2]) {
        self.edges.push(Edge { from, to, labels });
    }

    /// Draws it.
    ///
    /// # Errors
    ///
    /// The plotting library cannot draw it.
    pub fn figure(&self, caption: impl Into<String>) -> Result<Figure, CourseError> {
        let svg = svg(self.size, |area| {
            self.edges.iter().try_for_each(|edge| self.draw_edge(area, edge))?;
            self.nodes.iter().try_for_each(|node| draw_node(area, node))?;
            self.edges.iter().try_for_each(|edge| self.draw_labels(area, edge))
        })?;
        Ok(Figure { svg, width: self.size.0, keys: Vec::new(), caption: caption.into() })
    }

    /// Where an edge begins and ends: on the rims of its nodes.
    fn ends(&self, edge: &Edge) -> Option<[(f64, f64); 2]> {
        let (from, to) = (self.nodes.get(edge.from)?, self.nodes.get(edge.to)?);
        let (dx, dy) = (f64::from(to.at.0 - from.at.0), f64::from(to.at.1 - from.at.1));
        let length = dx.hypot(dy).max(1.0);
        let rim = |node: &Node| f64::from(if node.radius == 0 { 16 } else { node.radius }) / length;
        let at = |share: f64| (f64::from(from.at.0) + share * dx, f64::from(from.at.1) + share * dy);
        Some([at(rim(from)), at(1.0 - rim(to))])
    }

    fn draw_edge(&self, area: &Area<'_>, edge: &Edge) -> Drawn {
        let Some([from, to]) = self.ends(edge) else { return Ok(()) };
        let style = ShapeStyle { color: GREY.to_rgba(), filled: false, stroke_width: 5 * UNIT / 4 };
        area.draw(&PathElement::new(vec![units(from), units(to)], style))?;
        // A head of 8 pixels along the edge and 3 to each side.
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx.hypot(dy).max(1.0);
        let (dx, dy) = (dx / length, dy / length);
        let side = |sign: f64| units((to.0 - 8.0 * dx - sign * 3.0 * dy, to.1 - 8.0 * dy + sign * 3.0 * dx));
        area.draw(&Polygon::new(vec![units(to), side(1.0), side(-1.0)], ShapeStyle { filled: true, ..style }))
    }

    fn draw_labels(&self, area: &Area<'_>, edge: &Edge) -> Drawn {
        let Some([from, to]) = self.ends(edge) else { return Ok(()) };
        for (label, side) in edge.labels.iter().zip([-1.0, 1.0]) {
            if let Some((text, color)) = label {
                draw_text(area, text, LABEL, *color, label_place([from, to], text, side), true)?;
            }
        }
        Ok(())
    }
}

/// Where a label is that touches neither end nor line: above the middle of an edge with a side of -1, below it with 1.
fn label_place([from, to]: [(f64, f64); 2], text: &str, side: f64) -> (i32, i32) {
    const GAP: f64 = 3.0;
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy).max(1.0);
    // At a right angle to the edge, downwards.
    let sign = if dx < 0.0 { -1.0 } else { 1.0 };
    let (x, y) = (-sign * dy / length, sign * dx / length);
    let (half_width, half_height) = half_size(text, LABEL);
    let shift = side * (half_width * x.abs() + half_height * y.abs() + GAP);
    (((from.0 + to.0) / 2.0 + shift * x).round() as i32, ((from.1 + to.1) / 2.0 + shift * y).round() as i32)
}

/// Half the width and half the height of a text in pixels: digits are about half as wide as high.
fn half_size(text: &str, size: u32) -> (f64, f64) {
    (text.chars().count() as f64 * f64::from(size) * 0.3, f64::from(size) / 2.0)
}

fn draw_node(area: &Area<'_>, node: &Node) -> Drawn {
    if node.radius > 0 {
        let center = units((node.at.0.into(), node.at.1.into()));
        let radius = node.radius * UNIT as i32;
        area.draw(&Circle::new(center, radius, ShapeStyle { color: WHITE.to_rgba(), filled: true, stroke_width: 0 }))?;
        let rim = ShapeStyle { color: node.color.to_rgba(), filled: false, stroke_width: 3 * UNIT / 2 };
        area.draw(&Circle::new(center, radius, rim))?;
    }
    let color = if node.radius > 0 { INK } else { node.color };
    draw_text(area, &node.text, 14, color, node.at, false)
}

/// A text around a place; with a halo it can be read over a line.
fn draw_text(area: &Area<'_>, text: &str, size: u32, color: RGBColor, at: (i32, i32), halo: bool) -> Drawn {
    let (x, y) = units((at.0.into(), at.1.into()));
    if halo {
        let (half_width, half_height) = units(half_size(text, size));
        let corners = [(-1, -1), (1, -1), (1, 1), (-1, 1)].map(|(dx, dy)| (x + dx * half_width, y + dy * half_height));
        let style = ShapeStyle { color: WHITE.mix(0.85), filled: true, stroke_width: 0 };
        area.draw(&Polygon::new(corners.to_vec(), style))?;
    }
    let style = font(size).into_font().color(&color).pos(Pos::new(HPos::Center, VPos::Center));
    area.draw(&Text::new(text.to_owned(), (x, y), style))
}

/// Pixels in the units of a drawing.
fn units((x, y): (f64, f64)) -> (i32, i32) {
    let unit = f64::from(UNIT);
    ((x * unit).round() as i32, (y * unit).round() as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_beside_their_edge() {
        // Half a size of (14.4, 6): 9 above a level edge, 17.4 beside an upright one.
        assert_eq!(label_place([(0.0, 50.0), (100.0, 50.0)], "0.12", -1.0), (50, 41));
        assert_eq!(label_place([(50.0, 0.0), (50.0, 100.0)], "0.12", -1.0), (67, 50));
        for to in [(100.0, 60.0), (100.0, -60.0)] {
            let [above, below] = [-1.0, 1.0].map(|side| label_place([(0.0, 0.0), to], "0.12", side));
            let middle = (to.1 / 2.0) as i32;
            assert!(above.1 < middle && below.1 > middle, "{above:?} and {below:?}");
        }
    }

    #[test]
    fn edges_end_on_rims() {
        let mut diagram = Diagram::new(200, 100);
        let (from, to) = (diagram.node((20, 50), 10, "a", INK), diagram.node((180, 50), 20, "b", INK));
        diagram.edge(from, to);
        let ends = diagram.ends(&diagram.edges[0]).expect("both nodes are there");
        assert_eq!(ends, [(30.0, 50.0), (160.0, 50.0)]);
        let svg = diagram.figure("").expect("it can be drawn").svg;
        assert_eq!((svg.matches("<circle").count(), svg.matches("<text").count()), (4, 2));
    }
}
