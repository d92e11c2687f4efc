//! Layers around a layer: what they infer is what it infers.

/// Implements [`Layer`](super::Layer) and [`Stream`](crate::stream::Stream) of a type that infers as a layer within it does.
///
/// The bounds for the two stand in front of the type; then the layer within, where it is, and what is wrong with it.
macro_rules! infers_as {
    ([$($layer:tt)*] [$($stream:tt)*] $type:ty: $within:ty = |$this:ident| $place:expr, $fault:expr, $parts:expr) => {
        impl<$($layer)*> $crate::layer::Layer for $type {
            type Input = <$within as $crate::layer::Layer>::Input;
            type Output = <$within as $crate::layer::Layer>::Output;
            type Scratch = <$within as $crate::layer::Layer>::Scratch;

            const SPEC: $crate::arch::LayerSpec = <$within as $crate::layer::Layer>::SPEC;
            const FAULT: Option<&'static str> = $fault;
            const PARTS: u64 = $parts;

            #[inline]
            fn forward(&self, x: &Self::Input, y: &mut Self::Output, scratch: &mut Self::Scratch) {
                let $this = self;
                $place.forward(x, y, scratch);
            }
        }

        impl<$($stream)*> $crate::stream::Stream for $type {
            type State = <$within as $crate::stream::Stream>::State;

            const TIMING: $crate::stream::Timing = <$within as $crate::stream::Stream>::TIMING;
            const STREAM_FAULT: Option<&'static str> = <$within as $crate::stream::Stream>::STREAM_FAULT;

            #[inline]
            fn step(
                &self,
                x: &$crate::stream::Sample<Self::Input>,
                y: &mut $crate::stream::Sample<Self::Output>,
                state: &mut Self::State,
            ) -> bool {
                let $this = self;
                $place.step(x, y, state)
            }
        }
    };
}

pub(super) use infers_as;
