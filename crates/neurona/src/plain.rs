//! Types that are their bytes: what lets a network be read from a file, cleared and shared between layers in place.
//!
//! Nothing here is generic over storage. [`Zero`] says that a value whose bytes are all zero is a value of the type,
//! so that it can stand in `.bss` and be cleared without a copy on the stack; [`Plain`] says that any bytes are, and
//! that there are no others between its fields, so that a network can be filled from a model file. The
//! [`network!`](crate::network) macro implements both for the types it makes, after the compiler has checked each
//! field; a crate that forbids `unsafe` can use it.
#![allow(unsafe_code)]

use core::mem::{align_of, size_of};

use crate::kernel;

/// A type for which all-zero bytes are a value.
///
/// # Safety
///
/// A value whose bytes are all zero must be valid.
pub unsafe trait Zero: Sized {
    /// The value whose bytes are all zero.
    // SAFETY: that all-zero bytes are a value is what the implementation of this trait promises.
    const ZERO: Self = unsafe { core::mem::zeroed() };

    /// Makes this the zero value, in place.
    fn clear(&mut self) {
        // SAFETY: `self` is valid for writes of its one value, and all-zero bytes are a value of the type. Where it has the
        // alignment of words, it is a number of them.
        unsafe {
            if align_of::<Self>().is_multiple_of(align_of::<u32>()) {
                kernel::zero(core::ptr::from_mut(self).cast(), size_of::<Self>() / size_of::<u32>());
            } else {
                core::ptr::write_bytes(self, 0, 1);
            }
        }
    }
}

/// A type for which any bytes are a value, and which has no others: arrays of numbers, and structs of them.
///
/// # Safety
///
/// Any bytes of the right number must be a valid value; the type must have no padding, no interior mutability and no
/// reference.
pub unsafe trait Plain: Zero + 'static {
    /// Fails to compile when there is padding. [`bytes_of`] and [`network!`](crate::network) ask for it.
    const NO_PADDING: () = ();
}

/// What goes in and out of layers, and what targets are: a number, or an array of such.
pub trait Numbers: Plain {
    /// Whether none of them is NaN or infinite.
    #[inline]
    fn is_finite(&self) -> bool {
        Self::are_finite(core::slice::from_ref(self))
    }

    /// The same of several.
    #[doc(hidden)]
    fn are_finite(values: &[Self]) -> bool;

    /// No less than the square of any of several, and NaN or infinite where that is.
    #[doc(hidden)]
    fn square_bound(values: &[Self]) -> f32;
}

impl Numbers for f32 {
    #[inline]
    fn are_finite(values: &[Self]) -> bool {
        kernel::is_finite(values)
    }

    #[inline]
    fn square_bound(values: &[Self]) -> f32 {
        kernel::square_bound(values)
    }
}

impl Numbers for i8 {
    #[inline]
    fn are_finite(_: &[Self]) -> bool {
        true
    }

    #[inline]
    fn square_bound(_: &[Self]) -> f32 {
        f32::from(Self::MIN) * f32::from(Self::MIN)
    }
}

impl Numbers for u8 {
    #[inline]
    fn are_finite(_: &[Self]) -> bool {
        true
    }

    #[inline]
    fn square_bound(_: &[Self]) -> f32 {
        f32::from(Self::MAX) * f32::from(Self::MAX)
    }
}

impl Numbers for u32 {
    #[inline]
    fn are_finite(_: &[Self]) -> bool {
        true
    }

    #[inline]
    fn square_bound(_: &[Self]) -> f32 {
        Self::MAX as f32 * Self::MAX as f32
    }
}

/// No number, as the target of what has none.
impl Numbers for () {
    #[inline]
    fn are_finite(_: &[Self]) -> bool {
        true
    }

    #[inline]
    fn square_bound(_: &[Self]) -> f32 {
        0.0
    }
}

impl<T: Numbers, const N: usize> Numbers for [T; N] {
    #[inline]
    fn are_finite(values: &[Self]) -> bool {
        T::are_finite(values.as_flattened())
    }

    #[inline]
    fn square_bound(values: &[Self]) -> f32 {
        T::square_bound(values.as_flattened())
    }
}

/// Makes a struct that is its bytes, for a layer of your own: [`Zero`] and [`Plain`] without `unsafe` in your crate.
///
/// The fields must be plain themselves, and leave no padding between them; both are checked when the code is compiled.
///
/// ```
/// #![forbid(unsafe_code)]
/// use neurona::plain::Zero;
///
/// neurona::plain! {
///     /// Multiplies each input by a gain of its own.
///     pub struct Gain<const N: usize> {
///         /// What each input is multiplied by.
///         pub gain: [f32; N],
///     }
/// }
///
/// assert_eq!(Gain::<3>::ZERO.gain, [0.0; 3]);
/// ```
#[macro_export]
macro_rules! plain {
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident $(<$(const $generic:ident: $kind:ty),+ $(,)?>)? {
            $($(#[$field_attribute:meta])* $field_visibility:vis $field:ident: $type:ty),* $(,)?
        }
    ) => {
        $(#[$attribute])*
        #[repr(C)]
        $visibility struct $name $(<$(const $generic: $kind),+>)? {
            $($(#[$field_attribute])* $field_visibility $field: $type,)*
        }

        $crate::__plain!([] [$($(const $generic: $kind),+)?] $name $(<$($generic),+>)?, $($type),*);
    };
}

/// Implements [`Zero`] and [`Plain`] for a `repr(C)` struct, of which it is given the types of all fields.
///
/// In square brackets come attributes for the implementations, and generic parameters.
#[doc(hidden)]
#[macro_export]
macro_rules! __plain {
    ([$($attribute:meta)?] [$($generics:tt)*] $type:ty, $($field:ty),*) => {
        $(#[$attribute])?
        // SAFETY: all-zero bytes are a value of each field.
        unsafe impl<$($generics)*> $crate::plain::Zero for $type where $($field: $crate::plain::Zero),* {}
        $(#[$attribute])?
        // SAFETY: any bytes are a value of each field, and `NO_PADDING` asserts that there are no others.
        unsafe impl<$($generics)*> $crate::plain::Plain for $type
        where
            $($field: $crate::plain::Plain,)*
            Self: 'static,
        {
            const NO_PADDING: () = assert!(
                size_of::<Self>() == 0 $(+ size_of::<$field>())*,
                "padding stands between the fields of this type: give them the same alignment"
            );
        }
    };
}

/// Implements [`Zero`] for a struct, of which it is given the types of all fields: see [`__plain!`].
///
/// A third pair of brackets may hold what else must be true, with a comma behind each.
#[doc(hidden)]
#[macro_export]
macro_rules! __zero {
    ([$($attribute:meta)?] [$($generics:tt)*] [$($bounds:tt)*] $type:ty, $($field:ty),*) => {
        $(#[$attribute])?
        // SAFETY: all-zero bytes are a value of each field.
        unsafe impl<$($generics)*> $crate::plain::Zero for $type where $($bounds)* $($field: $crate::plain::Zero),* {}
    };
    ([$($attribute:meta)?] [$($generics:tt)*] $type:ty, $($field:ty),*) => {
        $crate::__zero!([$($attribute)?] [$($generics)*] [] $type, $($field),*);
    };
}

// SAFETY: zero is a number, and nothing is a value of `()`; an array is its elements, one after another.
unsafe impl Zero for () {}
// SAFETY: as above.
unsafe impl Zero for f32 {}
// SAFETY: as above.
unsafe impl Zero for u32 {}
// SAFETY: as above.
unsafe impl Zero for i8 {}
// SAFETY: as above.
unsafe impl Zero for u8 {}
// SAFETY: as above.
unsafe impl<T: Zero, const N: usize> Zero for [T; N] {}

// SAFETY: any bits are a number, and nothing is between the elements of an array.
unsafe impl Plain for () {}
// SAFETY: as above.
unsafe impl Plain for f32 {}
// SAFETY: as above.
unsafe impl Plain for u32 {}
// SAFETY: as above.
unsafe impl Plain for i8 {}
// SAFETY: as above.
unsafe impl Plain for u8 {}
// SAFETY: as above.
unsafe impl<T: Plain, const N: usize> Plain for [T; N] {}

/// The bytes of a value.
pub const fn bytes_of<T: Plain>(value: &T) -> &[u8] {
    const { T::NO_PADDING }
    // SAFETY: a plain type has no padding, so each of its bytes is initialised; the lifetime is that of `value`.
    unsafe { core::slice::from_raw_parts(core::ptr::from_ref(value).cast(), size_of::<T>()) }
}

/// The bytes of a value, to write.
pub fn bytes_of_mut<T: Plain>(value: &mut T) -> &mut [u8] {
    const { T::NO_PADDING }
    // SAFETY: as above, and any bytes are a value of a plain type.
    unsafe { core::slice::from_raw_parts_mut(core::ptr::from_mut(value).cast(), size_of::<T>()) }
}

/// Copies a value in place, without the copy on the stack that an assignment may make: from flash to RAM, say.
pub fn copy<T: Plain>(from: &T, to: &mut T) {
    // SAFETY: both are valid values of the type, and a shared and an exclusive reference do not overlap.
    unsafe { core::ptr::copy_nonoverlapping(from, to, 1) }
}

/// Reads a value from the beginning of `bytes`, at whatever address they are.
///
/// This is for a const context, where it fills a static at compile time and too few bytes are a compile error.
pub(crate) const fn read<T: Plain>(bytes: &[u8]) -> T {
    assert!(bytes.len() >= size_of::<T>());
    // SAFETY: there are bytes enough, any bytes are a value, and the read asks for no alignment.
    unsafe { core::ptr::read_unaligned(bytes.as_ptr().cast()) }
}

/// Sees a value in `bytes`, in place; `None` when there are too few or they are not aligned.
pub(crate) fn view<T: Plain>(bytes: &[u8]) -> Option<&T> {
    let start = bytes.as_ptr().cast::<T>();
    if bytes.len() < size_of::<T>() || !start.is_aligned() {
        return None;
    }
    // SAFETY: there are bytes enough, aligned, any bytes are a value, and the lifetime is that of `bytes`.
    Some(unsafe { &*start })
}

/// Fills a value with the beginning of `bytes`, in place; false, and nothing is written, when they are too few.
pub fn fill<T: Plain>(value: &mut T, bytes: &[u8]) -> bool {
    let Some(bytes) = bytes.get(..size_of::<T>()) else { return false };
    // SAFETY: as many bytes as the value has are read and written, any bytes are a value, and they do not overlap.
    unsafe { core::ptr::copy_nonoverlapping(bytes.as_ptr(), core::ptr::from_mut(value).cast(), bytes.len()) }
    true
}

/// Number of 32-bit words that a value takes in a [`Block`].
pub const fn words<T>() -> usize {
    size_of::<T>().div_ceil(4)
}

/// The most words that two neighbours in `sizes` take together: the length of the [`Block`] in which they take turns.
pub const fn neighbours(sizes: &[usize]) -> usize {
    let (mut most, mut before, mut rest) = (0, 0, sizes);
    while let [size, tail @ ..] = rest {
        if before + *size > most {
            most = before + *size;
        }
        (before, rest) = (*size, tail);
    }
    most
}

/// The largest of `sizes`.
pub const fn largest(sizes: &[usize]) -> usize {
    let (mut most, mut rest) = (0, sizes);
    while let [size, tail @ ..] = rest {
        if *size > most {
            most = *size;
        }
        rest = tail;
    }
    most
}

/// Memory in which values of several types take turns, one at its front and one at its back.
///
/// A chain of layers needs each activation only until the next one is made: the first stands at the front, the second
/// at the back, the third at the front again. What fits is checked when the code is compiled.
#[derive(Debug)]
pub struct Block<const WORDS: usize>([u32; WORDS]);

// SAFETY: an array of integers.
unsafe impl<const WORDS: usize> Zero for Block<WORDS> {}
// SAFETY: an array of integers.
unsafe impl<const WORDS: usize> Plain for Block<WORDS> {}

impl<const WORDS: usize> Block<WORDS> {
    /// The value at the front.
    pub fn front<T: Plain>(&mut self) -> &mut T {
        self.front_and_back::<T, ()>().0
    }

    /// The value at the back.
    pub fn back<T: Plain>(&mut self) -> &mut T {
        self.front_and_back::<(), T>().1
    }

    /// The value at the front, then the one at the back.
    pub fn front_and_back<F: Plain, B: Plain>(&mut self) -> (&mut F, &mut B) {
        const {
            assert!(words::<F>() + words::<B>() <= WORDS, "the block is too small for these two values");
            assert!(align_of::<F>() <= align_of::<u32>() && align_of::<B>() <= align_of::<u32>());
        }
        let start = self.0.as_mut_ptr();
        // SAFETY: the first words of the block hold an `F`, the last ones a `B`, and the two do not overlap: asserted
        // above, as is their alignment. Any bytes are a value of either, and both borrow `self`.
        unsafe { (&mut *start.cast(), &mut *start.add(WORDS - words::<B>()).cast()) }
    }

    /// The value at the back, then the one at the front.
    pub fn back_and_front<B: Plain, F: Plain>(&mut self) -> (&mut B, &mut F) {
        let (front, back) = self.front_and_back();
        (back, front)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_values_share_a_block() {
        let mut block = Block::<5>::ZERO;
        let (front, back) = block.front_and_back::<[f32; 3], [i8; 7]>();
        *front = [1.0, 2.0, 3.0];
        *back = [1, 2, 3, 4, 5, 6, 7];
        assert_eq!(*block.front::<[f32; 3]>(), [1.0, 2.0, 3.0]);
        assert_eq!(*block.back::<[i8; 7]>(), [1, 2, 3, 4, 5, 6, 7]);
        block.clear();
        assert_eq!(block.0, [0; 5]);
    }

    #[test]
    fn a_block_holds_the_two_largest_neighbours() {
        assert_eq!(neighbours(&[]), 0);
        assert_eq!(neighbours(&[4]), 4);
        assert_eq!(neighbours(&[10, 1, 8, 3]), 11);
        assert_eq!(largest(&[1, 9, 3]), 9);
    }

    #[test]
    fn too_few_or_unaligned_bytes_are_no_value() {
        let words = [1.0_f32, -2.0, 3.0];
        let bytes = bytes_of(&words);
        assert_eq!(read::<[f32; 3]>(bytes), words);
        assert_eq!(view::<[f32; 3]>(bytes), Some(&words));
        assert_eq!(view::<[f32; 2]>(&bytes[1..]), None);
        assert_eq!(view::<[f32; 3]>(&bytes[4..]), None);
        let mut filled = [0.0_f32; 3];
        assert!(!fill(&mut filled, &bytes[..11]));
        assert_eq!(filled, [0.0; 3]);
        assert!(fill(&mut filled, bytes));
        assert_eq!(filled, words);
    }
}
