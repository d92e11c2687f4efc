//! What the binaries that learn have in common.

#[allow(unused_macros, reason = "for the binaries that learn")]
/// A network of the digits' shape with its first weights, and the rule by which it learns, after the name of its RAM.
///
/// `measured` learns eight examples: with mini-batches of eight that is one step, whose share is in the cost of an example.
macro_rules! learning {
    ($ram:ident: $rule:ty = $value:expr; $($field:ident: $layer:ty = $initial:expr),+ $(,)?) => {
        neurona::network! {
            struct Net: [f32; 64] => [f32; 10] { $($field: $layer),+ }
        }

        static NET: static_cell::ConstStaticCell<Net> = static_cell::ConstStaticCell::new(Net { $($field: $initial),+ });
        static LEARNING: static_cell::ConstStaticCell<Learning<Net, $rule>> =
            static_cell::ConstStaticCell::new(Learning::ZERO);
        static INPUT: static_cell::ConstStaticCell<[f32; 64]> =
            static_cell::ConstStaticCell::new(crate::common::Numbers::new(5).array(1.0));

        #[cortex_m_rt::entry]
        fn main() -> ! {
            if let (Some(net), Some(x), Some(learning)) = (NET.try_take(), INPUT.try_take(), LEARNING.try_take()) {
                measured(net, x, learning);
            }
            crate::common::finished(size_of::<[f32; 64]>(), Net::RAM.$ram)
        }

        #[inline(never)]
        fn measured(net: &mut Net, x: &[f32; 64], learning: &mut Learning<Net, $rule>) {
            let mut learner = Learner::new(net, learning, SoftmaxCrossEntropy, $value);
            for digit in 0..8 {
                core::hint::black_box(learner.learn(core::hint::black_box(x), &digit));
            }
        }
    };
}
#[allow(unused_imports, reason = "for the binaries that learn")]
pub(crate) use learning;
