//! Examples kept for later: what a network learns again beside what is new, so that it does not forget (Robins 1995,
//! "Catastrophic forgetting, rehearsal and pseudorehearsal").
//!
//! | buffer       | keeps                                                                                              |
//! | ------------ | -------------------------------------------------------------------------------------------------- |
//! | [`Reservoir`] | of all examples so far the same share, whenever they came                                         |
//! | [`Balanced`] | of each class as many as there is room for, and within a class the same share of all of them       |
//!
//! Both have a fixed capacity and stand in a `static`. Samples are kept as `f32`, or as `i8` or `u8` with a scale, in a
//! quarter of the RAM: see [`Element`].
//!
//! Chance comes from a generator with [`rand_core`]'s trait, which the caller lends, such as `Pcg32` of the crate `rand_pcg`
//! (PCG XSH RR 64/32, O'Neill 2014; 16 bytes): with the same seed a run can be repeated.
//!
//! ```
//! use neurona::prelude::*;
//! use neurona::replay::{Balanced, Kept};
//! use rand_pcg::Pcg32;
//! use static_cell::ConstStaticCell;
//!
//! // 30 images of 64 grey levels from 0 to 16, of ten classes, a byte for each grey level.
//! static BUFFER: ConstStaticCell<Balanced<64, u8, 30, 10>> = ConstStaticCell::new(Balanced::new(1.0));
//! let buffer = BUFFER.take();
//! let mut rng = Pcg32::new(1, 0);
//! let (image, digit) = ([3.0; 64], 7);
//! assert_eq!(buffer.offer(&image, digit, &mut rng), Kept::At(0));
//!
//! let mut again = [0.0; 64];
//! assert_eq!(buffer.draw(&mut rng, &mut again), Some(7));
//! assert_eq!(again, image);
//! ```

mod balanced;
mod element;
mod reservoir;

pub use balanced::Balanced;
pub use element::Element;
pub use reservoir::Reservoir;

use rand_core::Rng;

use crate::shape::Tensor;

/// What became of an example that was offered to a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Kept {
    /// It is kept in this place, and the one that was there is gone.
    At(usize),
    /// It was one of those that chance leaves out.
    LeftOut,
    /// It was refused: a number of it is not finite, or there is no such class.
    Refused,
}

/// A whole number from 0 to less than `n`, each with the same probability (Lemire 2019, "Fast random integer generation in an
/// interval"); 0 when there is none.
pub fn below<R: Rng>(rng: &mut R, n: u32) -> u32 {
    let mut product = u64::from(rng.next_u32()) * u64::from(n);
    if (product as u32) < n {
        // The words whose product would give some numbers once more than others.
        let surplus = n.wrapping_neg().checked_rem(n).unwrap_or(0);
        while (product as u32) < surplus {
            product = u64::from(rng.next_u32()) * u64::from(n);
        }
    }
    (product >> 32) as u32
}

fn encode<X: Tensor, Q: Element>(x: &X, scale: f32, to: &mut [Q]) {
    for (to, x) in to.iter_mut().zip(x.values()) {
        *to = Q::encode(*x, scale);
    }
}

fn decode<X: Tensor, Q: Element>(from: &[Q], scale: f32, x: &mut X) {
    for (x, from) in x.values_mut().iter_mut().zip(from) {
        *x = from.decode(scale);
    }
}
