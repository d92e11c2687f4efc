//! Statistics of streams in fixed memory: what inputs look like, how often the network is right, and when that changes.
//!
//! | type               | what it follows                                                                         |
//! | ------------------ | --------------------------------------------------------------------------------------- |
//! | [`RunningScale`]   | mean and variance of each input, to fill a [`Standardize`](crate::Standardize) with     |
//! | [`Confusion`]      | which class was taken for which: accuracy, recall of each class, balanced accuracy      |
//! | [`PageHinkley`]    | whether the mean of a number, such as the loss, has risen                               |
//! | [`Adwin`]          | the same, risen or fallen, with a window that adapts: mean of what is alike             |
//!
//! All of them have a `const fn new`, take any number without a panic, and refuse those that are not finite.

mod adwin;
mod confusion;
mod page_hinkley;
mod scale;

pub use adwin::Adwin;
pub use confusion::Confusion;
pub use page_hinkley::PageHinkley;
pub use scale::RunningScale;

#[cfg(test)]
mod tests {
    /// A stream whose mean steps up at 1,000 and down at 2,000: the same as in `reference.py`, exact in `f32`.
    pub(super) fn step(i: u32) -> f32 {
        let noise = (i.wrapping_mul(2_654_435_761) >> 16) as f32 / 65_536.0;
        noise / 4.0 + if (1000..2000).contains(&i) { 0.5 } else { 0.25 }
    }
}
