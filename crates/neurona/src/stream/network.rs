//! What the word `stream` makes [`network!`](crate::network) add to a network.

/// Implements [`Stream`](super::Stream) for a network.
///
/// `@split` tells the last layer from the others and makes the types; the other arms write the body of a step, a layer a step.
/// In these, samples take turns at the two ends of a block, as activations do in a forward.
///
/// The bounds of the form `for<'any> Layer: Stream` say what the check of each layer says: with them, a layer that cannot be
/// fed sample by sample is an error of that check, on the line of the layer, and of nothing else.
#[doc(hidden)]
#[macro_export]
macro_rules! __stream {
    (@split $name:ident [$($before:tt)*] $field:ident: $layer:ty, $($rest:tt)+) => {
        $crate::__stream!(@split $name [$($before)* $field: $layer,] $($rest)+);
    };
    (@split $name:ident [$($inner:ident: $inner_layer:ty,)*] $last:ident: $last_layer:ty) => {
        const __TURNS: usize = $crate::plain::neighbours(&[
            $($crate::plain::words::<$crate::stream::Sample<<$inner_layer as $crate::Layer>::Output>>()),*
        ]);

        // It is reached through the trait alone.
        #[allow(unreachable_pub)]
        pub struct __States
        where
            $(for<'any> $inner_layer: $crate::stream::Stream,)*
            for<'any> $last_layer: $crate::stream::Stream,
        {
            $($inner: <$inner_layer as $crate::stream::Stream>::State,)*
            $last: <$last_layer as $crate::stream::Stream>::State,
        }

        #[allow(unreachable_pub)]
        pub struct __State
        where
            $(for<'any> $inner_layer: $crate::stream::Stream,)*
            for<'any> $last_layer: $crate::stream::Stream,
        {
            states: __States,
            turns: $crate::plain::Block<__TURNS>,
        }
        $crate::__zero!(
            [] []
            [
                $(for<'any> $inner_layer: $crate::stream::Stream<State: $crate::plain::Zero>,)*
                for<'any> $last_layer: $crate::stream::Stream<State: $crate::plain::Zero>,
            ]
            __State, $crate::plain::Block<__TURNS>
        );

        impl $crate::stream::State for __State
        where
            $(for<'any> $inner_layer: $crate::stream::Stream,)*
            for<'any> $last_layer: $crate::stream::Stream,
        {
            fn is_finite(&self) -> bool {
                $($crate::stream::State::is_finite(&self.states.$inner) &&)*
                    $crate::stream::State::is_finite(&self.states.$last)
            }
        }

        impl $crate::stream::Stream for $name
        where
            $(for<'any> $inner_layer: $crate::stream::Stream,)*
            for<'any> $last_layer: $crate::stream::Stream,
        {
            type State = __State;

            const TIMING: $crate::stream::Timing = $crate::stream::Timing::EACH
                $(.then(<$inner_layer as $crate::stream::Stream>::TIMING))*
                .then(<$last_layer as $crate::stream::Stream>::TIMING);

            fn step(
                &self,
                x: &$crate::stream::Sample<Self::Input>,
                y: &mut $crate::stream::Sample<Self::Output>,
                state: &mut __State,
            ) -> bool {
                $crate::__stream!(@step (self x y state) $($inner,)* $last)
            }
        }
    };

    (@step ($net:ident $x:ident $y:ident $state:ident) $field:ident) => {
        $crate::stream::Stream::step(&$net.$field, $x, $y, &mut $state.states.$field)
    };
    (@step ($net:ident $x:ident $y:ident $state:ident) $field:ident, $($rest:ident),+) => {
        $crate::stream::Stream::step(&$net.$field, $x, $state.turns.front(), &mut $state.states.$field)
            && $crate::__stream!(@step_on ($net $y $state) [front front_and_back back back_and_front] $($rest),+)
    };
    (@step_on ($net:ident $y:ident $state:ident) [$read:ident $($turn:ident)+] $field:ident) => {
        $crate::stream::Stream::step(&$net.$field, $state.turns.$read(), $y, &mut $state.states.$field)
    };
    (@step_on ($net:ident $y:ident $state:ident) [$read:ident $both:ident $($turn:ident)+]
        $field:ident, $($rest:ident),+
    ) => {
        {
            let (x, y) = $state.turns.$both();
            $crate::stream::Stream::step(&$net.$field, x, y, &mut $state.states.$field)
        } && $crate::__stream!(@step_on ($net $y $state) [$($turn)+ $read $both] $($rest),+)
    };
}
