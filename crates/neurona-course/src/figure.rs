//! A picture with what explains it.

use plotters::style::RGBColor;

/// A picture with what explains it.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The picture: an `svg` element.
    pub svg: String,
    /// Its width in pixels, which is that of its caption too.
    pub width: u32,
    /// What the colours and marks in it stand for.
    pub keys: Vec<Key>,
    /// What it shows, in HTML.
    pub caption: String,
}

/// What a colour and a mark stand for.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// What it is, in plain text.
    pub label: String,
    /// How it is drawn.
    pub mark: Mark,
    /// Its colour.
    pub color: RGBColor,
}

/// How points are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A line through them.
    Line,
    /// A dashed line through them.
    Dashed,
    /// A line through them, and a dot at each.
    Dotted,
    /// A dot at each.
    Dot,
    /// A triangle at each.
    Triangle,
    /// A ring around each.
    Ring,
    /// The area within them.
    Area,
}
