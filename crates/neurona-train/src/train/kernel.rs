//! Which arithmetic the matrix product uses on this machine.

/// The name of the vector instructions that products of matrices take on this CPU, such as `x86_64 fma+avx2`.
///
/// Two machines with one name train to the same bits (with one version of this crate and one platform's exponential
/// functions). Products are the trainer's own, for AVX-512, for FMA with AVX2 and for NEON, else plain code, but for large
/// gradients of weights: those are of `matrixmultiply`, which besides has one for AVX. The other loops have the same bits on all
/// of them.
pub fn kernel_name() -> String {
    format!("{} {}", std::env::consts::ARCH, features())
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
fn features() -> &'static str {
    if let pulp::Arch::V4(_) = pulp::Arch::new() {
        "avx512f"
    } else if is_x86_feature_detected!("fma") && is_x86_feature_detected!("avx2") {
        "fma+avx2"
    } else if is_x86_feature_detected!("avx") {
        "avx"
    } else {
        "plain"
    }
}

#[cfg(target_arch = "aarch64")]
fn features() -> &'static str {
    if std::arch::is_aarch64_feature_detected!("neon") { "neon" } else { "plain" }
}

#[cfg(not(any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64")))]
fn features() -> &'static str {
    "plain"
}
