//! What makes a family of small networks.

use neurona::prelude::*;

use super::RATE;
use super::nasty::Lesson;

/// Makes a network of each line, the list `SPECS` of what they are, and the function `networks` that runs them all.
///
/// A line names it and its layers, what it has besides parameters, and what takes a step. Each has a function of its
/// own, so that only one at a time is on the stack.
macro_rules! networks {
    ($(
        $group:ident $name:ident: $($layer:ident $type:ty),+ $([$($owner:ident$(.$field:ident)+()),+])? => $learn:expr;
    )+) => {
        $(
            mod $name {
                #[allow(unused_imports, reason = "of what the layers are made differs")]
                use super::*;

                neurona::network! {
                    pub(super) struct Net: [f32; 7] => [f32; 3] { $($layer: $type),+ }
                }
            }

            #[inline(never)]
            fn $name() -> u64 {
                $crate::parity::small::<$name::Net, _, _, _, _>(
                    |_net, _fill| { $($(_fill(_net.$owner$(.$field)+());)+)? },
                    &$learn,
                )
                .value()
            }
        )+

        /// What each network of this family is.
        pub(super) const SPECS: &[neurona::LayerSpec] = &[$(<$name::Net as Layer>::SPEC),+];

        /// Runs every network of this family and gives each hash, with its name, to `report`.
        pub(super) fn networks(report: $crate::parity::Report<'_>) {
            $(report(concat!(stringify!($group), ".", stringify!($name)), $name());)+
        }
    };
}
pub(super) use networks;

pub(super) type Hidden<A = Tanh> = Dense<7, 5, A>;
pub(super) type Output<A = Identity> = Dense<5, 3, A>;

/// A step with each example, in place; the target is the example's three numbers.
pub(super) fn squared_error() -> Lesson<SquaredError, impl Fn([f32; 3]) -> [f32; 3], InPlace> {
    Lesson { examples: 40, ..in_place(SquaredError, |t| t) }
}

/// The same for any loss, and for at least 1,000 steps in all; `target` makes the loss's target from the example's three
/// numbers.
pub(super) fn in_place<L, F>(loss: L, target: F) -> Lesson<L, F, InPlace> {
    // 1,200: about an eighth of the targets may be refused, a class that does not exist.
    Lesson { loss, target, rule: InPlace::new(RATE), examples: 400 }
}
