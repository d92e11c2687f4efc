//! A fixed, sparse recurrent network: the reservoir of an echo state network.

use crate::activation::function as f;

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
pub(crate) const fn mixed(mut bits: u32) -> u32 {
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
