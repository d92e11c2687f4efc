//! Saving to flash: power is cut at every word that is written and every page that is erased.

#![allow(missing_docs)]

mod cuts;
mod format;
mod nor;

use neurona::prelude::*;
use neurona::store::{Contents, Saved, Store, Whole};
use nor::Nor;

neurona::network! {
    #[derive(Debug, PartialEq)]
    struct Small: [f32; 2] => [f32; 1] {
        standardize: Standardize<2>,
        hidden: Dense<2, 2, Tanh>,
        output: Dense<2, 1>,
    }
}

neurona::network! {
    /// 1,196 bytes: more than a page of 256.
    struct Large: [f32; 9] => [f32; 10] {
        hidden: Dense<9, 10, Relu>,
        output: Dense<10, 9>,
        again: Dense<9, 10>,
    }
}

neurona::network! {
    /// A record of 59 bytes.
    struct Tiny: [f32; 1] => [f32; 1] { output: Dense<1, 1> }
}

/// What a network of any kind is filled with, so that each of its values tells the count of steps.
pub(crate) trait Counts: Network + neurona::plain::Plain {
    fn set(&mut self, steps: u64) {
        let bytes = neurona::plain::bytes_of_mut(self);
        for (place, value) in bytes.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            *value = (steps as f32 + place as f32 / 1024.0).to_le_bytes();
        }
    }

    /// The count of steps that all values tell.
    fn get(&self) -> u64 {
        let bytes = neurona::plain::bytes_of(self);
        let first = f32::from_le_bytes(*bytes.first_chunk().expect("networks have values")) as u64;
        let mut like = Box::new(Self::ZERO);
        like.set(first);
        assert_eq!(neurona::plain::bytes_of(&*like), bytes, "values of several generations");
        first
    }
}

impl Counts for Tiny {}
impl Counts for Small {}
impl Counts for Large {}

/// What a board finds after a start; `None` when nothing was ever saved whole.
pub(crate) fn load<N: Counts, const R: usize, const W: usize, const P: usize>(nor: &mut Nor<R, W, P>) -> Option<Saved>
where
    Whole: Contents<N>,
{
    let region = 0..nor.bytes.len() as u32;
    let mut store = Store::<_, N>::new(nor, region).expect("a region of whole pages");
    let mut net = Box::new(N::ZERO);
    net.set(7777);
    match store.load(&mut net) {
        Ok(saved) => {
            assert_eq!(net.get(), saved.steps);
            Some(saved)
        }
        Err(_) => {
            assert_eq!(net.get(), 7777, "a load that failed changed the network");
            None
        }
    }
}

/// What a board saves; `None` when the power was cut.
pub(crate) fn save<N: Counts, const R: usize, const W: usize, const P: usize>(
    nor: &mut Nor<R, W, P>,
    steps: u64,
) -> Option<Saved>
where
    Whole: Contents<N>,
{
    let region = 0..nor.bytes.len() as u32;
    let mut store = Store::<_, N>::new(nor, region).expect("a region of whole pages");
    let mut net = Box::new(N::ZERO);
    net.set(steps);
    store.save(&mut net, steps).ok()
}
