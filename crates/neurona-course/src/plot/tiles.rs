//! Small pictures in rows: grey levels, and weights with their signs.

use plotters::{
    element::{Rectangle, Text},
    style::{
        Color, IntoFont, RGBColor, ShapeStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};

use super::{Area, BLUE, INK, PALE, UNIT, VERMILION, font, svg};
use crate::{CourseError, Figure};

/// Rows of small square pictures of one size, each row with a text before it.
#[derive(Clone, Debug)]
pub struct Tiles {
    side: u32,
    rows: Vec<(String, Vec<Tile>)>,
}

/// A small picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Tile {
    /// Values row by row, as many rows as columns.
    pub values: Vec<f64>,
    /// How they are coloured.
    pub tint: Tint,
}

/// How values are coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tint {
    /// From 0, white, to 1, black.
    Grey,
    /// 0 is white; the largest value by its size is blue where it is negative, and vermilion where it is positive.
    Signed,
}

/// Pixels between two pictures.
const GAP: u32 = 4;
/// Pixels of the texts before the rows.
const LABEL: u32 = 40;

impl Tiles {
    /// No rows yet; pictures are so many pixels wide and high.
    pub fn new(side: u32) -> Self {
        Self { side, rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, label: impl Into<String>, tiles: Vec<Tile>) {
        self.rows.push((label.into(), tiles));
    }

    /// Draws them.
    ///
    /// # Errors
    ///
    /// The plotting library cannot draw them.
    pub fn figure(&self, caption: impl Into<String>) -> Result<Figure, CourseError> {
        let across = self.rows.iter().map(|(_, tiles)| tiles.len()).max().unwrap_or(0) as u32;
        let step = self.side + GAP;
        let (width, height) = (LABEL + across * step + GAP, self.rows.len() as u32 * step + GAP);
        let svg = svg((width, height), |area| {
            for (row, (label, tiles)) in (0..).zip(&self.rows) {
                let top = GAP + row * step;
                let style = font(12).into_font().color(&INK).pos(Pos::new(HPos::Right, VPos::Center));
                let at = ((LABEL - 6) * UNIT, (top + self.side / 2) * UNIT);
                area.draw(&Text::new(label.clone(), (at.0 as i32, at.1 as i32), style))?;
                for (column, tile) in (0..).zip(tiles) {
                    self.draw(area, tile, (LABEL + column * step, top))?;
                }
            }
            Ok(())
        })?;
        Ok(Figure { svg, width, keys: Vec::new(), caption: caption.into() })
    }

    fn draw(&self, area: &Area<'_>, tile: &Tile, (left, top): (u32, u32)) -> super::Drawn {
        let side = self.side * UNIT;
        let cells = tile.values.len().isqrt().max(1) as u32;
        // The edges of cells are rounded each by itself, so that no gap is between two.
        let edge = |from: u32, cell: u32| (from * UNIT + (cell * side + cells / 2) / cells) as i32;
        for (at, color) in (0..).zip(tile.colors()) {
            let (x, y) = (at % cells, at / cells);
            // What is white is the page.
            if color == (RGBColor(255, 255, 255)) {
                continue;
            }
            let corners = [(edge(left, x), edge(top, y)), (edge(left, x + 1), edge(top, y + 1))];
            area.draw(&Rectangle::new(corners, color.filled()))?;
        }
        let frame = ShapeStyle { color: PALE.to_rgba(), filled: false, stroke_width: UNIT };
        area.draw(&Rectangle::new([(edge(left, 0), edge(top, 0)), (edge(left, cells), edge(top, cells))], frame))
    }
}

impl Tile {
    /// A picture of grey levels from 0 to 1.
    pub fn grey(values: Vec<f64>) -> Self {
        Self { values, tint: Tint::Grey }
    }

    /// A picture of weights.
    pub fn signed(values: Vec<f64>) -> Self {
        Self { values, tint: Tint::Signed }
    }

    fn colors(&self) -> Vec<RGBColor> {
        let most = self.values.iter().fold(0.0_f64, |most, value| most.max(value.abs())).max(f64::MIN_POSITIVE);
        let color = |value: &f64| match self.tint {
            Tint::Grey => towards(INK, *value),
            Tint::Signed if *value < 0.0 => towards(BLUE, -value / most),
            Tint::Signed => towards(VERMILION, value / most),
        };
        self.values.iter().map(color).collect()
    }
}

/// From white, at 0, to a colour, at 1.
fn towards(color: RGBColor, share: f64) -> RGBColor {
    let share = share.clamp(0.0, 1.0);
    let part = |part: u8| (255.0 + share * (f64::from(part) - 255.0)).round() as u8;
    RGBColor(part(color.0), part(color.1), part(color.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_have_colours_and_zero_is_white() {
        let white = RGBColor(255, 255, 255);
        assert_eq!(Tile::signed(vec![-2.0, 0.0, 1.0, 2.0]).colors()[..2], [BLUE, white]);
        assert_eq!(Tile::signed(vec![-2.0, 0.0, 1.0, 2.0]).colors()[3], VERMILION);
        assert_eq!(Tile::grey(vec![0.0, 1.0, 0.0, 0.0]).colors()[..2], [white, INK]);
        assert_eq!(Tile::signed(vec![0.0; 4]).colors(), [white; 4]);
    }

    #[test]
    fn each_cell_that_is_not_white_is_drawn() {
        let mut tiles = Tiles::new(24);
        tiles.row("1", vec![Tile::grey(vec![0.0, 1.0, 0.5, 0.0]), Tile::grey(vec![0.0; 9])]);
        tiles.row("2", vec![Tile::signed(vec![1.0; 9])]);
        let figure = tiles.figure("").expect("it can be drawn");
        // Two cells, nine, and three frames; the background has none.
        assert_eq!(figure.svg.matches("<rect").count(), 2 + 9 + 3);
        assert_eq!((figure.width, figure.svg.matches("<text").count()), (40 + 2 * 28 + 4, 2));
    }
}
