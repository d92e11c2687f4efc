//! What the binaries that infer have in common.

#[allow(unused_macros, reason = "for the binaries that infer")]
/// A network in flash with its first weights, and one inference of it.
macro_rules! inference {
    ($input:ty = $x:expr; $($field:ident: $layer:ty = $initial:expr),+ $(,)?) => {
        neurona::network! {
            struct Net: $input => [f32; 10] { $($field: $layer),+ }
        }

        static NET: Net = Net { $($field: $initial),+ };
        static MEMORY: static_cell::ConstStaticCell<Inference<Net>> = static_cell::ConstStaticCell::new(Inference::ZERO);
        static INPUT: static_cell::ConstStaticCell<$input> = static_cell::ConstStaticCell::new($x);

        #[cortex_m_rt::entry]
        fn main() -> ! {
            if let (Some(x), Some(memory)) = (INPUT.try_take(), MEMORY.try_take()) {
                measured(x, memory);
            }
            crate::common::finished(size_of::<$input>(), Net::RAM.inference)
        }

        #[inline(never)]
        fn measured(x: &$input, memory: &mut Inference<Net>) {
            core::hint::black_box(NET.infer(core::hint::black_box(x), core::hint::black_box(memory)));
        }
    };
}
#[allow(unused_imports, reason = "for the binaries that infer")]
pub(crate) use inference;
