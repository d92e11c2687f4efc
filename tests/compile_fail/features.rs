//! A wrong choice among the features of sound: one error, with a sentence.
use neurona::signal::FeatureSpec;

neurona::features! {
    pub struct Hum = FeatureSpec { fft: 500, ..FeatureSpec::MLPERF_TINY };
}

fn main() {}
