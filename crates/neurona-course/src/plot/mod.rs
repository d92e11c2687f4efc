//! Plots, as SVG: curves and maps with axes ([`Chart`]), graphs of nodes and edges ([`Diagram`]), and small pictures in
//! rows ([`Tiles`]).
//!
//! What is drawn is told apart by a colour that is safe for the colour-blind and by its mark.

use plotters::{
    coord::Shift,
    drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea},
    prelude::SVGBackend,
    style::RGBColor,
};

use crate::CourseError;

mod axis;
mod chart;
mod diagram;
mod field;
mod tiles;

pub use axis::Axis;
pub use chart::{Chart, Size};
pub use diagram::Diagram;
pub use field::Field;
pub use tiles::{Tile, Tiles, Tint};

/// Colours that are told apart with any kind of colour vision (Okabe and Ito, "Color universal design", 2008).
pub const PALETTE: [RGBColor; 6] = [BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY];
/// The first colour: class 0, values.
pub const BLUE: RGBColor = RGBColor(0, 114, 178);
/// The second colour: class 1, derivatives.
pub const VERMILION: RGBColor = RGBColor(213, 94, 0);
/// Bluish green.
pub const GREEN: RGBColor = RGBColor(0, 158, 115);
/// Reddish purple.
pub const PURPLE: RGBColor = RGBColor(204, 121, 167);
/// Orange.
pub const ORANGE: RGBColor = RGBColor(230, 159, 0);
/// Sky blue.
pub const SKY: RGBColor = RGBColor(86, 180, 233);
/// What is given, and not measured.
pub const INK: RGBColor = RGBColor(38, 38, 38);
/// Axes, and what is beside the point.
pub const GREY: RGBColor = RGBColor(120, 120, 120);
/// What lies behind: contours, samples with noise.
pub const PALE: RGBColor = RGBColor(200, 200, 200);
/// The region of class 0.
pub const BLUE_TINT: RGBColor = RGBColor(221, 235, 245);
/// The region of class 1.
pub const VERMILION_TINT: RGBColor = RGBColor(250, 231, 216);

/// Units of a drawing in a pixel of the page: coordinates are whole numbers, and curves need finer ones than pixels.
const UNIT: u32 = 4;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// An `svg` element of a size in pixels, and what `draw` draws on it.
fn svg(
    (width, height): (u32, u32),
    draw: impl FnOnce(&Area<'_>) -> Result<(), DrawingAreaErrorKind<std::io::Error>>,
) -> Result<String, CourseError> {
    let (full_width, full_height) = (width * UNIT, height * UNIT);
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, (full_width, full_height)).into_drawing_area();
        draw(&area).and_then(|()| area.present()).map_err(|error| CourseError::Plot(error.to_string()))?;
    }
    // The element is as large as the page shows it; what is inside is finer.
    let inside = text.split_once('>').map_or("", |(_, inside)| inside);
    Ok(format!(r#"<svg width="{width}" height="{height}" viewBox="0 0 {full_width} {full_height}">{inside}"#))
}

/// A font of a size in pixels.
fn font(size: u32) -> (&'static str, f64) {
    // The backend takes sizes of a font's box and divides them by this to have those of SVG.
    ("sans-serif", f64::from(size * UNIT) * 1.24)
}
