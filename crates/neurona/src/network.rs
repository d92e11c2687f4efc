//! Networks: the macro that makes one of layers, and what every network can do.

use crate::arch::LayerSpec;
use crate::layer::{Layer, Learn, Target};
use crate::learner::{Adam, InPlace, Learning, Momentum, Sgd};
use crate::loss::Loss;

/// The gradient of a network: a value for every parameter, under the same field names. Momentum is of this type too.
pub type Gradient<N> = <N as Learn>::Gradient;

/// What an inference needs besides the network and its input: the output, and the activations on the way to it.
#[derive(Debug)]
#[repr(C)]
pub struct Inference<N: Layer> {
    output: N::Output,
    scratch: N::Scratch,
}

crate::__zero!([allow(unsafe_code)] [N: Layer] Inference<N>, N::Output, N::Scratch);

/// What learning needs besides the network, its input and perhaps a gradient: every activation, and two gradients of
/// activations that take turns.
#[derive(Debug)]
#[repr(C)]
pub struct Workspace<N: Learn> {
    pub(crate) y: N::Output,
    pub(crate) dy: N::Output,
    pub(crate) tape: N::Tape,
}

crate::__zero!([allow(unsafe_code)] [N: Learn] Workspace<N>, N::Output, N::Tape);

/// Bytes of stack that a call of this crate takes at most, in a release build on a Cortex-M, for every network of its layers.
///
/// No kernel and no layer keeps an array on the stack; what the compiler keeps there of loops that it unrolls is in it. The
/// firmware of the examples holds this on painted stacks, with networks of every kind (`stack`) and with one of many layers that
/// learns by each rule (`deep`): of these binaries the deepest is `stack` on the Cortex-M0, with 1,532 bytes (`cargo xtask ci size`).
/// Your own frames come on top, and may hold those of what is inlined into them.
pub const STACK: usize = 2048;

/// Memory that a network needs, in bytes, exactly: a constant of the type.
///
/// The input, which the caller lends, is not counted, nor is the [`STACK`], whose use does not depend on the network.
///
/// ```
/// use neurona::prelude::*;
///
/// neurona::network! {
///     struct Digits: [f32; 64] => [f32; 10] { hidden: Dense<64, 8, Relu>, output: Dense<8, 10> }
/// }
///
/// // What a board with 16 KiB has for it, held by the compiler.
/// const _: () = assert!(Digits::RAM.adam + neurona::STACK <= 16 * 1024);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Ram {
    /// For inference with the weights in flash: an [`Inference`].
    pub inference: usize,
    /// For learning [in place](InPlace): the weights, a [`Workspace`] and the counts of [`Progress`](crate::Progress).
    pub in_place: usize,
    /// For learning on mini-batches by [`Sgd`]: those and a [`Gradient`].
    pub sgd: usize,
    /// For learning with [`Momentum`]: those, a gradient and a velocity.
    pub momentum: usize,
    /// For learning by [`Adam`]: those, a gradient and two means.
    pub adam: usize,
}

/// What every network can do: each type that [`network!`](crate::network) makes, and each layer by itself.
pub trait Network: Learn + Sized {
    /// The architecture, which the model file repeats.
    const ARCH: LayerSpec = Self::SPEC;

    /// Hash of the architecture: see [`LayerSpec::fingerprint`].
    const FINGERPRINT: u64 = Self::SPEC.fingerprint();

    /// Number of parameters that learning changes: see [`LayerSpec::params`].
    const PARAMS: usize = Self::SPEC.params();

    /// Multiply-adds of one inference: see [`LayerSpec::macs`].
    const MACS: u64 = Self::SPEC.macs();

    /// Memory for inference and for learning, in bytes.
    const RAM: Ram = {
        let weights = size_of::<Self>();
        Ram {
            inference: size_of::<Inference<Self>>(),
            in_place: weights + size_of::<Learning<Self, InPlace>>(),
            sgd: weights + size_of::<Learning<Self, Sgd>>(),
            momentum: weights + size_of::<Learning<Self, Momentum>>(),
            adam: weights + size_of::<Learning<Self, Adam>>(),
        }
    };

    /// Computes the output for the input `x`.
    fn infer<'w>(&self, x: &Self::Input, memory: &'w mut Inference<Self>) -> &'w Self::Output {
        self.forward(x, &mut memory.output, &mut memory.scratch);
        &memory.output
    }

    /// Adds the gradient of one example to `gradient` and returns its loss.
    ///
    /// A [`Learner`](crate::Learner) does so and takes steps; this is for who wants the gradient itself.
    fn accumulate<T: ?Sized, L: Loss<Self::Output, T>>(
        &self,
        x: &Self::Input,
        target: &T,
        loss: &L,
        gradient: &mut Self::Gradient,
        workspace: &mut Workspace<Self>,
    ) -> f32 {
        let Workspace { y, dy, tape } = workspace;
        self.record(x, y, tape);
        let value = loss.gradient(y, target, dy);
        Self::backward(Target::Sum(self, gradient), x, y, tape, dy, None);
        value
    }
}

impl<N: Learn> Network for N {}

/// Makes a network: a struct with a name for each layer.
///
/// ```
/// use neurona::prelude::*;
///
/// neurona::network! {
///     /// 8x8 grey levels to ten digits.
///     pub struct Digits: [f32; 64] => [f32; 10] {
///         hidden: Dense<64, 32, Relu>,
///         output: Dense<32, 10>,
///     }
/// }
///
/// let mut digits = Digits::ZERO; // on a board: in a static
/// digits.output.bias[3] = 1.0; // the weights are plain arrays
/// let mut memory = Inference::<Digits>::ZERO;
/// assert_eq!(digits.infer(&[0.0; 64], &mut memory)[3], 1.0);
/// assert_eq!(Digits::PARAMS, 32 * (64 + 1) + 10 * (32 + 1));
/// ```
///
/// The types before and after the arrow are the input and the output. Each field is a [`Layer`](crate::Layer) that
/// takes what the one before it gives: any layer of this crate, another network, or a type of your own that
/// implements [`Layer`](crate::Layer) and [`Learn`](crate::Learn). A layer that does not fit its neighbours is a compile
/// error on its own line, under `cargo check` already; so is a constant that a layer cannot have, with a sentence that
/// says what it may be, there on the line of the macro:
///
/// ```compile_fail
/// # use neurona::prelude::*;
/// neurona::network! {
///     pub struct Digits: [f32; 64] => [f32; 10] {
///         hidden: Dense<64, 32, Relu>,
///         output: Dense<31, 10>, // expected an array with a size of 32, found one with a size of 31
///     }
/// }
/// ```
///
/// The struct implements [`Layer`](crate::Layer), [`Learn`](crate::Learn), [`Zero`](crate::plain::Zero) and
/// [`Plain`](crate::plain::Plain), and so [`Network`](crate::Network). Its [`Gradient`](crate::Gradient) has the same
/// field names, with `()` where nothing learns. Attributes and doc comments on the struct and its fields are kept, but
/// `cfg` on a field is not understood.
///
/// `pub stream struct` instead of `pub struct` makes a network that can also be fed one time step a call: see
/// [`stream`](crate::stream).
///
/// A layer costs the compiler two levels of macro expansion: beyond some 50 layers put `#![recursion_limit = "512"]` at
/// the top of the crate, or make networks of networks.
#[macro_export]
macro_rules! network {
    (
        $(#[$attribute:meta])*
        $visibility:vis stream struct $name:ident: $input:ty => $output:ty {
            $($(#[$field_attribute:meta])* $field:ident: $layer:ty),+ $(,)?
        }
    ) => {
        $crate::network! {
            $(#[$attribute])*
            $visibility struct $name: $input => $output {
                $($(#[$field_attribute])* $field: $layer,)+
            }
        }

        const _: () = {
            $($crate::stream::streams::<$layer>();)+
            $crate::__stream!(@split $name [] $($field: $layer),+);
        };
    };
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident: $input:ty => $output:ty {
            $($(#[$field_attribute:meta])* $field:ident: $layer:ty),+ $(,)?
        }
    ) => {
        $(#[$attribute])*
        #[repr(C)]
        $visibility struct $name {
            $(
                $(#[$field_attribute])*
                #[doc = concat!("`", stringify!($layer), "`")]
                pub $field: $layer,
            )+
        }

        const _: () = {
            $($crate::__fits::layer::<$layer>();)+
            $crate::__plain!([] [] $name, $($layer),+);
            let () = <$name as $crate::plain::Plain>::NO_PADDING;
            $crate::__network!(@split $name [$input => $output] [] $($field: $layer),+);
        };
    };
}

/// What [`network!`](crate::network) asks of the layers that it is given.
#[doc(hidden)]
pub mod __fits {
    use crate::layer::{Layer, Learn};
    use crate::plain::Plain;

    /// A layer that has no fault, can learn and is its bytes.
    pub const fn layer<L: Learn + Plain>() {
        let () = L::NO_PADDING;
        if let Some(fault) = L::FAULT {
            panic!("{}", fault)
        }
    }

    /// Whether layers, of each of which it is told whether it learns and whether it passes the gradient on, leave a way back to
    /// each that learns.
    pub const fn ways_back(mut layers: &[(bool, bool)]) {
        let mut learns = false;
        while let [(next_learns, passes), rest @ ..] = layers {
            assert!(
                *passes || !learns,
                "what passes no gradient on, such as a backbone or a reservoir, stands behind a layer that learns"
            );
            learns = learns || *next_learns;
            layers = rest;
        }
    }

    /// One hash of several: 64-bit FNV-1a.
    pub const fn parts(mut of: &[u64]) -> u64 {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        while let [part, rest @ ..] = of {
            let bytes = part.to_le_bytes();
            let mut at = 0;
            while at < bytes.len() {
                hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0000_0100_0000_01b3);
                at += 1;
            }
            of = rest;
        }
        hash
    }

    /// A layer that takes this input.
    pub const fn input<X, L: Layer<Input = X>>() {}

    /// A layer that gives this output.
    pub const fn output<Y, L: Layer<Output = Y>>() {}
}

/// The steps of [`network!`](crate::network).
///
/// `@split` tells the last layer from the others and makes the types; the other arms write the bodies of forward,
/// record and backward, a layer a step. In these, activations take turns at the two ends of a block: the four names in
/// square brackets are where the next one is read, where it is read and the following one written, and the same for
/// the step after.
#[doc(hidden)]
#[macro_export]
macro_rules! __network {
    (@split $name:ident $shape:tt [$($before:tt)*] $field:ident: $layer:ty, $($rest:tt)+) => {
        $crate::__network!(@split $name $shape [$($before)* $field: $layer,] $($rest)+);
    };
    (@split $name:ident [$input:ty => $output:ty] [$($inner:ident: $inner_layer:ty,)*] $last:ident: $last_layer:ty) => {
        $crate::__network!(@fits [$input] $($inner_layer,)* $last_layer);
        $crate::__fits::output::<$output, $last_layer>();
        $crate::__fits::ways_back(&[
            $((<$inner_layer as $crate::Learn>::LEARNS, <$inner_layer as $crate::Learn>::PASSES),)*
            (<$last_layer as $crate::Learn>::LEARNS, <$last_layer as $crate::Learn>::PASSES),
        ]);

        // No `use`, and names of no user: whatever the types of the layers are called, they are seen here.
        const __TURNS: usize =
            $crate::plain::neighbours(&[$($crate::plain::words::<<$inner_layer as $crate::Layer>::Output>()),*]);

        #[derive(Debug)]
        #[repr(C)]
        pub struct __Scratch {
            turns: $crate::plain::Block<__TURNS>,
            layer: $crate::plain::Block<__LAYER>,
        }
        const __LAYER: usize =
            $crate::plain::largest(&[
                $($crate::plain::words::<<$inner_layer as $crate::Layer>::Scratch>(),)*
                $crate::plain::words::<<$last_layer as $crate::Layer>::Scratch>(),
            ]);
        $crate::__plain!([] [] __Scratch, $crate::plain::Block<__TURNS>, $crate::plain::Block<__LAYER>);

        #[derive(Debug)]
        pub struct __Gradient {
            $(pub $inner: <$inner_layer as $crate::Learn>::Gradient,)*
            pub $last: <$last_layer as $crate::Learn>::Gradient,
        }
        $crate::__zero!(
            [] [] __Gradient, $(<$inner_layer as $crate::Learn>::Gradient,)* <$last_layer as $crate::Learn>::Gradient
        );

        /// The activations between two layers, as blocks, so that each is written as an output and read as an input.
        #[derive(Debug)]
        struct __Activations {
            $($inner: $crate::plain::Block<{ $crate::plain::words::<<$inner_layer as $crate::Layer>::Output>() }>,)*
        }

        struct __Tapes {
            $($inner: <$inner_layer as $crate::Learn>::Tape,)*
            $last: <$last_layer as $crate::Learn>::Tape,
        }

        pub struct __Tape {
            activations: __Activations,
            tapes: __Tapes,
            turns: $crate::plain::Block<__TURNS>,
        }
        $crate::__zero!(
            [] [] __Tape, $crate::plain::Block<__TURNS>,
            $(
                $crate::plain::Block<{ $crate::plain::words::<<$inner_layer as $crate::Layer>::Output>() }>,
                <$inner_layer as $crate::Learn>::Tape,
            )*
            <$last_layer as $crate::Learn>::Tape
        );

        impl $crate::Layer for $name {
            // Those of the layers, so that what does not fit is an error of its check above and of nothing else.
            type Input = <$crate::__network!(@first $($inner_layer,)* $last_layer) as $crate::Layer>::Input;
            type Output = <$last_layer as $crate::Layer>::Output;
            type Scratch = __Scratch;

            const SPEC: $crate::LayerSpec =
                $crate::LayerSpec::Chain(&[
                    $(<$inner_layer as $crate::Layer>::SPEC,)*
                    <$last_layer as $crate::Layer>::SPEC,
                ]);
            const PARTS: u64 = $crate::__fits::parts(&[
                $(<$inner_layer as $crate::Layer>::PARTS,)*
                <$last_layer as $crate::Layer>::PARTS,
            ]);

            fn forward(&self, x: &Self::Input, y: &mut Self::Output, scratch: &mut __Scratch) {
                $crate::__network!(@forward (self x y scratch) $($inner: $inner_layer,)* $last: $last_layer);
            }
        }

        impl $crate::Learn for $name {
            const LEARNS: bool =
                $(<$inner_layer as $crate::Learn>::LEARNS ||)* <$last_layer as $crate::Learn>::LEARNS;
            const PASSES: bool =
                $(<$inner_layer as $crate::Learn>::PASSES &&)* <$last_layer as $crate::Learn>::PASSES;
            type Gradient = __Gradient;
            type Tape = __Tape;

            fn record(&self, x: &Self::Input, y: &mut Self::Output, tape: &mut __Tape) {
                $crate::__network!(@record (self x, y tape) $($inner: $inner_layer,)* $last: $last_layer);
            }

            fn backward(
                mut target: $crate::Target<'_, Self>,
                x: &Self::Input,
                y: &Self::Output,
                tape: &mut __Tape,
                dy: &mut Self::Output,
                dx: Option<&mut Self::Input>,
            ) {
                $crate::__network!(
                    @reverse (target x y tape dy dx) [] $($inner: $inner_layer,)* $last: $last_layer
                );
            }

            fn visit<const K: usize, F>(&mut self, mut with: [&mut __Gradient; K], f: &mut F)
            where
                F: FnMut($crate::Kind, &mut [f32], [&mut [f32]; K]),
            {
                $($crate::Learn::visit(&mut self.$inner, with.each_mut().map(|with| &mut with.$inner), f);)*
                $crate::Learn::visit(&mut self.$last, with.each_mut().map(|with| &mut with.$last), f);
            }
        }
    };

    (@first $layer:ty $(, $rest:ty)*) => { $layer };

    (@fits [$before:ty] $layer:ty $(, $rest:ty)*) => {
        $crate::__fits::input::<$before, $layer>();
        $crate::__network!(@fits [<$layer as $crate::Layer>::Output] $($rest),*);
    };
    (@fits [$before:ty]) => {};

    (@forward ($net:ident $x:ident $y:ident $scratch:ident) $field:ident: $layer:ty) => {
        $crate::Layer::forward(&$net.$field, $x, $y, $scratch.layer.front())
    };
    (@forward ($net:ident $x:ident $y:ident $scratch:ident) $field:ident: $layer:ty, $($rest:tt)+) => {
        $crate::Layer::forward(&$net.$field, $x, $scratch.turns.front(), $scratch.layer.front());
        $crate::__network!(
            @forward_on ($net $y $scratch) [front front_and_back back back_and_front] $($rest)+
        )
    };
    (@forward_on ($net:ident $y:ident $scratch:ident) [$read:ident $($turn:ident)+] $field:ident: $layer:ty) => {
        $crate::Layer::forward(&$net.$field, $scratch.turns.$read(), $y, $scratch.layer.front())
    };
    (@forward_on ($net:ident $y:ident $scratch:ident) [$read:ident $both:ident $($turn:ident)+]
        $field:ident: $layer:ty, $($rest:tt)+
    ) => {
        let (input, output) = $scratch.turns.$both();
        $crate::Layer::forward(&$net.$field, input, output, $scratch.layer.front());
        $crate::__network!(@forward_on ($net $y $scratch) [$($turn)+ $read $both] $($rest)+)
    };

    (@record ($net:ident $x:expr, $y:ident $tape:ident) $field:ident: $layer:ty) => {
        $crate::Learn::record(&$net.$field, $x, $y, &mut $tape.tapes.$field)
    };
    (@record ($net:ident $x:expr, $y:ident $tape:ident) $field:ident: $layer:ty, $($rest:tt)+) => {
        $crate::Learn::record(&$net.$field, $x, $tape.activations.$field.front(), &mut $tape.tapes.$field);
        $crate::__network!(@record ($net $tape.activations.$field.front(), $y $tape) $($rest)+)
    };

    (@reverse $with:tt [$($done:tt)*] $field:ident: $layer:ty $(, $($rest:tt)+)?) => {
        $crate::__network!(@reverse $with [$field: $layer, $($done)*] $($($rest)+)?)
    };
    (@reverse ($($with:ident)+) [$($layers:tt)+]) => {
        $crate::__network!(@backward ($($with)+) $($layers)+)
    };
    // The last layer, alone or not.
    (@backward ($target:ident $x:ident $y:ident $tape:ident $dy:ident $dx:ident) $field:ident: $layer:ty,) => {
        <$layer as $crate::Learn>::backward(
            $crate::__network!(@part $target $field), $x, $y, &mut $tape.tapes.$field, $dy, $dx,
        )
    };
    (@backward ($target:ident $x:ident $y:ident $tape:ident $dy:ident $dx:ident)
        $field:ident: $layer:ty, $before:ident: $before_layer:ty, $($rest:ident: $rest_layer:ty,)*
    ) => {
        let input = $tape.activations.$before.front();
        let part = $crate::__network!(@part $target $field);
        let learns = <$before_layer as $crate::Learn>::LEARNS $(|| <$rest_layer as $crate::Learn>::LEARNS)*;
        if !learns && $dx.is_none() {
            return <$layer as $crate::Learn>::backward(part, input, $y, &mut $tape.tapes.$field, $dy, None);
        }
        let to = $tape.turns.front::<<$layer as $crate::Layer>::Input>();
        $crate::plain::Zero::clear(to);
        <$layer as $crate::Learn>::backward(part, input, $y, &mut $tape.tapes.$field, $dy, Some(to));
        $crate::__network!(
            @backward_on ($target $x $tape $dx) [front front_and_back back back_and_front]
            $before: $before_layer, $($rest: $rest_layer,)*
        )
    };
    // The first layer behind others.
    (@backward_on ($target:ident $x:ident $tape:ident $dx:ident) [$read:ident $($turn:ident)+]
        $field:ident: $layer:ty,
    ) => {
        <$layer as $crate::Learn>::backward(
            $crate::__network!(@part $target $field),
            $x,
            $tape.activations.$field.front(),
            &mut $tape.tapes.$field,
            $tape.turns.$read(),
            $dx,
        )
    };
    // A layer between two others.
    (@backward_on ($target:ident $x:ident $tape:ident $dx:ident) [$read:ident $both:ident $($turn:ident)+]
        $field:ident: $layer:ty, $before:ident: $before_layer:ty, $($rest:ident: $rest_layer:ty,)*
    ) => {
        let input = $tape.activations.$before.front();
        let output = $tape.activations.$field.front();
        let part = $crate::__network!(@part $target $field);
        let learns = <$before_layer as $crate::Learn>::LEARNS $(|| <$rest_layer as $crate::Learn>::LEARNS)*;
        if !learns && $dx.is_none() {
            let from = $tape.turns.$read();
            return <$layer as $crate::Learn>::backward(part, input, output, &mut $tape.tapes.$field, from, None);
        }
        let (from, to) =
            $tape.turns.$both::<<$layer as $crate::Layer>::Output, <$layer as $crate::Layer>::Input>();
        $crate::plain::Zero::clear(to);
        <$layer as $crate::Learn>::backward(part, input, output, &mut $tape.tapes.$field, from, Some(to));
        $crate::__network!(
            @backward_on ($target $x $tape $dx) [$($turn)+ $read $both]
            $before: $before_layer, $($rest: $rest_layer,)*
        )
    };

    (@part $target:ident $field:ident) => {
        match &mut $target {
            $crate::Target::InPlace(layer, update) => $crate::Target::InPlace(&mut layer.$field, update),
            $crate::Target::Sum(layer, gradient) => $crate::Target::Sum(&layer.$field, &mut gradient.$field),
            $crate::Target::Nowhere(layer) => $crate::Target::Nowhere(&layer.$field),
        }
    };
}
