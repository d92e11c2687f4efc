//! A fixed, sparse recurrent network: the reservoir of an echo state network.

use crate::activation::function as f;
use crate::layer::Reservoir;

/// Where the connections of a unit come from: from every `stride`-th unit, beginning with `start` and going round.
///
/// Both follow from the seed, so that a reservoir stores no indices; the connections of a unit come from different units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// The unit of the first connection.
    pub start: usize,
    /// How far apart the units of two connections are.
    pub stride: usize,
}

impl Connections {
    /// Those of a unit, of `units`; `spread` is that number divided by the number of connections.
    #[inline]
    pub const fn of(seed: u32, unit: usize, units: usize, spread: usize) -> Self {
        let first = mixed(seed ^ mixed(unit as u32));
        Self { start: below(first, units), stride: 1 + below(mixed(first), spread) }
    }
}

/// The mixing of 32 bits with which MurmurHash3 ends (Appleby): every bit of the argument changes half of the result's.
#[inline]
const fn mixed(mut bits: u32) -> u32 {
    bits = (bits ^ 0x9e37_79b9).wrapping_mul(0x85eb_ca6b);
    bits = (bits ^ (bits >> 13)).wrapping_mul(0xc2b2_ae35);
    bits ^ (bits >> 16)
}

/// Random bits as a number below `count`, without a division.
#[inline]
const fn below(bits: u32, count: usize) -> usize {
    ((bits as u64 * count as u64) >> 32) as usize
}

/// Adds what comes over the connections of each unit: `z[u] += sum over k of recurrent[u][k] * h[start_u + k * stride_u]`, the
/// index going round.
///
/// Each sum begins with what `z` holds and goes up in k.
///
/// # Shapes
///
/// `z` and `h` are (U), `recurrent` is (U, `connections`).
pub fn reservoir_forward(seed: u32, connections: usize, recurrent: &[f32], h: &[f32], z: &mut [f32]) {
    let (units, spread) = (h.len(), h.len().checked_div(connections).unwrap_or_default());
    for (unit, (z, weights)) in z.iter_mut().zip(recurrent.chunks_exact(connections.max(1))).enumerate() {
        let Connections { start: mut from, stride } = Connections::of(seed, unit, units, spread);
        for weight in weights {
            *z += weight * h.get(from).copied().unwrap_or_default();
            from += stride;
            if from >= units {
                from -= units;
            }
        }
    }
}

/// Draws the weights of the input, of the connections and the biases from the seed, and scales those of the connections to
/// the spectral radius: see [`EchoState::fill`](crate::EchoState::fill). What `h` and `z` hold before is of no account.
///
/// # Shapes
///
/// `values` are (U, I), (U, `connections`) and (U); `h` and `z` are (U).
pub fn reservoir_fill(
    seed: u32,
    connections: usize,
    Reservoir { radius, inputs, bias }: Reservoir,
    [of_input, recurrent, biases]: [&mut [f32]; 3],
    [h, z]: [&mut [f32]; 2],
) {
    let mut state = seed;
    let mut draw = |within: f32, values: &mut [f32]| {
        for value in values {
            state = state.wrapping_add(0x9e37_79b9);
            // 24 random bits, which a float holds exactly, as a number from -1 to 1.
            *value = within * ((mixed(state) >> 8) as f32 / 8_388_608.0 - 1.0);
        }
    };
    draw(inputs, of_input);
    draw(1.0, recurrent);
    draw(bias, biases);
    draw(1.0, h);
    let measured = spectral_radius(seed, connections, recurrent, h, z);
    if measured > 0.0 {
        for weight in recurrent {
            *weight = *weight / measured * radius;
        }
    }
}

/// The spectral radius of the recurrent weights, by the growth of the vector in `h`.
fn spectral_radius(seed: u32, connections: usize, recurrent: &[f32], h: &mut [f32], z: &mut [f32]) -> f32 {
    /// Products until the vector is about one of the largest eigenvalues', and those over which its growth is measured.
    const BEFORE: u32 = 64;
    const MEASURED: u32 = 1_000;
    let mut sum = 0.0;
    for product in 0..BEFORE + MEASURED {
        z.fill(0.0);
        reservoir_forward(seed, connections, recurrent, h, z);
        let mut square = 0.0;
        for z in &*z {
            square += z * z;
        }
        let norm = super::elementwise::sqrt(square);
        // A norm that is no positive number has no logarithm.
        if norm.partial_cmp(&0.0) != Some(core::cmp::Ordering::Greater) {
            return 0.0;
        }
        for (h, z) in h.iter_mut().zip(&*z) {
            *h = z / norm;
        }
        if product >= BEFORE {
            sum += libm::logf(norm);
        }
    }
    libm::expf(sum / MEASURED as f32)
}

/// The next state from the sums: `h[u] = (1 - leak) * h[u] + leak * tanh(z[u])`, the difference first, then both products, then
/// their sum.
///
/// # Shapes
///
/// `z` and `h` are (U).
pub fn leaky_tanh(leak: f32, z: &[f32], h: &mut [f32]) {
    let kept = 1.0 - leak;
    for (h, z) in h.iter_mut().zip(z) {
        *h = kept * *h + leak * f::tanh(*z);
    }
}
