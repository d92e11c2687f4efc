//! What the binaries that learn have in common.

#[allow(unused_macros, reason = "for the binaries that learn")]
/// A network with its first weights, and the rule by which it learns, after the name of its RAM; before them, where it has not the
/// shape of the digits' network, its input, the loss, and the target of the n-th example.
///
/// `measured` learns eight examples: with mini-batches of eight that is one step, whose share is in the cost of an example.
macro_rules! learning {
    (
        $input:ty => $output:ty = $x:expr, $loss:expr, |$digit:ident, $input_name:ident| $target:expr;
        $ram:ident: $rule:ty = $value:expr; $($field:ident: $layer:ty = $initial:expr),+ $(,)?
    ) => {
        neurona::network! {
            struct Net: $input => $output { $($field: $layer),+ }
        }

        static NET: static_cell::ConstStaticCell<Net> = static_cell::ConstStaticCell::new(Net { $($field: $initial),+ });
        static LEARNING: static_cell::ConstStaticCell<Learning<Net, $rule>> =
            static_cell::ConstStaticCell::new(Learning::ZERO);
        static INPUT: static_cell::ConstStaticCell<$input> = static_cell::ConstStaticCell::new($x);

        #[cortex_m_rt::entry]
        fn main() -> ! {
            if let (Some(net), Some(x), Some(learning)) = (NET.try_take(), INPUT.try_take(), LEARNING.try_take()) {
                measured(net, x, learning);
            }
            crate::common::finished(size_of::<$input>(), Net::RAM.$ram)
        }

        #[inline(never)]
        fn measured(net: &mut Net, $input_name: &$input, learning: &mut Learning<Net, $rule>) {
            let mut learner = Learner::new(net, learning, $loss, $value);
            for $digit in 0..8 {
                core::hint::black_box(learner.learn(core::hint::black_box($input_name), $target));
            }
        }
    };
    ($ram:ident: $rule:ty = $value:expr; $($field:ident: $layer:ty = $initial:expr),+ $(,)?) => {
        $crate::common::learning! {
            [f32; 64] => [f32; 10] = crate::common::Numbers::new(5).array(1.0), SoftmaxCrossEntropy, |digit, x| &digit;
            $ram: $rule = $value;
            $($field: $layer = $initial),+
        }
    };
}
#[allow(unused_imports, reason = "for the binaries that learn")]
pub(crate) use learning;
