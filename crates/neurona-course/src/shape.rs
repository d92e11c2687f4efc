//! A problem in two dimensions: which points are inside of a shape with lobes and notches.

use ndarray::Array2;
use neurona_train::Dataset;

use crate::{
    Context, CourseError, Mark, lab,
    plot::{Axis, BLUE, BLUE_TINT, Chart, Field, Size, VERMILION, VERMILION_TINT},
};

/// Half the side of the square that the points are in.
pub(crate) const REACH: f64 = 1.2;

/// How far a point is inside the shape, along its ray; negative outside.
fn inside(x: f64, y: f64) -> f64 {
    let (x, y) = (x - 0.1, y + 0.1);
    let angle = y.atan2(x);
    0.65 + 0.2 * (3.0 * angle).cos() + 0.12 * (7.0 * angle + 1.0).cos() - x.hypot(y)
}

/// Points of a square, inside the shape or not, and then moved a little; fewer rows are the first ones of more.
pub(crate) fn examples(context: &Context<'_>, stream: u64, rows: usize) -> Result<Dataset, CourseError> {
    /// The standard deviation of the move in each direction.
    const NOISE: f32 = 0.03;
    let mut random = context.random(stream);
    let (mut points, mut classes) = (Array2::zeros((rows, 2)), Vec::new());
    for mut point in points.rows_mut() {
        point.map_inplace(|value| *value = random.uniform(REACH as f32));
        classes.push(u32::from(inside(point[0].into(), point[1].into()) > 0.0));
        point.map_inplace(|value| *value += NOISE * random.normal());
    }
    lab::two_classes(points, classes)
}

/// The share of examples that the move brought to the other side: what no model can do much better than.
pub(crate) fn least_error(data: &Dataset) -> f64 {
    let rows = data.inputs().rows().into_iter().zip(lab::classes(data));
    let moved = rows.filter(|(row, class)| (inside(row[0].into(), row[1].into()) > 0.0) != (**class == 1));
    moved.count() as f64 / data.rows() as f64
}

/// A chart of what a field decides, and of as many points of each class as are shown.
pub(crate) fn map(size: Size, field: &Field, data: &Dataset, shown: usize) -> Result<Chart, CourseError> {
    let axis = |label| Axis::linear(label, -REACH..REACH);
    Ok(Chart::new(size, axis("feature x₁"), axis("feature x₂"))
        .regions(field, 0.0, [BLUE_TINT, VERMILION_TINT])?
        .layer(Mark::Dot, BLUE, "class 0", lab::points_of(data, 0, shown))
        .layer(Mark::Triangle, VERMILION, "class 1", lab::points_of(data, 1, shown)))
}
