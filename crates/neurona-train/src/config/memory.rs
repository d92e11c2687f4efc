//! Whether a computer can train a network, found before it tries.

use sysinfo::{MemoryRefreshKind, System};

use super::ConfigError;
use crate::{Spec, data::Dataset, layer::Kind, network::shard_rows, train::Training};

/// Checks that this computer has the memory left that a training takes; where the system does not say how much it has,
/// that is left to find out.
pub(super) fn check(spec: &Spec, data: &Dataset, settings: &Training) -> Result<(), ConfigError> {
    compare(needed(spec, data, settings), left())
}

/// About how many bytes a training takes: the network as it was described and as it learns, the best weights so far,
/// two numbers of the optimizer for each parameter, and for each shard of a batch a gradient, the scratch of its largest
/// layer, and what its rows are in each layer, with their derivatives; the examples, and what they are when they are scaled.
/// The copies that threads exchange, 2 MB at most, are left out.
fn needed(spec: &Spec, data: &Dataset, settings: &Training) -> u64 {
    const COPIES: u64 = 5;
    /// A value and its derivative, and for some layers the sum before the activation or what dropout makes of it.
    const OF_OUTPUT: u64 = 4;
    let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let batch = settings.batch.min(data.rows());
    let shards = count(batch.div_ceil(shard_rows(spec)));
    let steps = spec.steps();
    let outputs = steps.iter().map(|step| count(step.spec.outputs())).fold(0, u64::saturating_add);
    let of_time = steps.iter().map(|step| count(kept(step.spec))).fold(0, u64::saturating_add);
    let row = outputs.saturating_mul(OF_OUTPUT).saturating_add(count(spec.inputs())).saturating_add(of_time);
    let scratch = steps.iter().map(|step| count(scratch(step.spec))).max().unwrap_or(0);
    let values = [
        count(spec.values()).saturating_mul(shards.saturating_add(COPIES)),
        scratch.saturating_mul(shards),
        count(batch).saturating_mul(row),
        count(data.inputs().len()).saturating_mul(2),
    ];
    values.into_iter().fold(0, u64::saturating_add).saturating_mul(size_of::<f32>() as u64)
}

/// Values that a layer keeps of each row besides its outputs.
fn kept(spec: &Spec) -> usize {
    Kind::of(spec).map_or(0, |kind| kind.trace().saturating_add(kind.scratch_of_row()))
}

/// Values that a layer needs as scratch, whatever the number of rows, and room for as many for what it finds once.
fn scratch(spec: &Spec) -> usize {
    Kind::of(spec).map_or(0, |kind| kind.scratch().saturating_add(kind.bytes_of_pass() / size_of::<f32>()))
}

/// The bytes of memory that other programs leave, or that the system gives to this one.
fn left() -> Option<u64> {
    let mut system = System::new().ok()?;
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    // What the system keeps of files is not lost to a program that needs it.
    let given = system.cgroup_limits().map(|limits| limits.total_memory.saturating_sub(limits.rss));
    let left = Some(system.available_memory()).filter(|left| *left > 0)?;
    Some(given.filter(|given| *given > 0).map_or(left, |given| given.min(left)))
}

fn compare(needed: u64, left: Option<u64>) -> Result<(), ConfigError> {
    let gigabytes = |bytes: u64| format!("{:.1} GB", bytes as f64 / 1e9);
    match left {
        Some(left) if needed > left => {
            let problem = format!(
                "to train this network takes about {}, and this computer has {} left: choose smaller layers or batches",
                gigabytes(needed),
                gigabytes(left)
            );
            Err(ConfigError::key("network.layers", problem))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use neurona::{
        arch::ActivationSpec,
        shape::{Kernel1d, Signal},
    };

    use super::*;
    use crate::{Loss, Targets};

    #[test]
    fn what_is_needed_is_counted() {
        let data =
            Dataset::new(Array2::zeros((100, 10)), Targets::values(Array2::zeros((100, 1)))).expect("it is right");
        let spec = |size| {
            let dense = |inputs, outputs| Spec::Dense { inputs, outputs, activation: ActivationSpec::Relu };
            Spec::Chain(vec![dense(10, size), dense(size, 1)])
        };
        let settings = Training { batch: 96, ..Training::new(Loss::SquaredError) };
        // 12 * 20 + 1 values, five and one times; the scratch of a product; 96 rows of 10 + 4 * 21; the data twice.
        let product = crate::product::SCRATCH as u64;
        assert_eq!(needed(&spec(20), &data, &settings), 4 * (241 * 6 + product + 96 * 94 + 2_000));
        // A network with more multiply-adds has shards of 64 rows, and two gradients.
        let large = 12 * 100_000 + 1;
        assert_eq!(
            needed(&spec(100_000), &data, &settings),
            4 * (large * 7 + 2 * product + 96 * (10 + 4 * 100_001) + 2_000)
        );
        // Of a GRU besides 6 steps of 5 units with four gates and the state; and the gradient of the last.
        let gru = Spec::from(&<neurona::Gru<6, 2, 5> as neurona::Layer>::SPEC);
        let scratch = scratch(&gru) as u64;
        assert_eq!(needed(&gru, &data, &settings), 4 * (125 * 6 + scratch + 96 * (12 + 4 * 5 + 6 * 5 * 5 + 5) + 2_000));
        // A wide pool finds each cell of each place, in three numbers.
        type Wide = neurona::MaxPool<Signal<100, 1>, Signal<41, 1>, Kernel1d<60>>;
        let pool = Spec::from(&<Wide as neurona::Layer>::SPEC);
        assert_eq!(needed(&pool, &data, &settings), 41 * 60 * 24 + 4 * (96 * (100 + 4 * 41) + 2_000));
        let whole = Training { batch: usize::MAX, ..settings };
        assert!(needed(&spec(u32::MAX), &data, &whole) > 1 << 40);
        check(&spec(20), &data, &whole).expect("any computer can do that");
    }

    #[test]
    fn too_much_is_refused_before_it_is_asked_for() {
        assert!(compare(8_000_000_000, None).is_ok() && compare(8_000_000_000, Some(8_000_000_000)).is_ok());
        let error = compare(40_000_000_000, Some(8_000_000_000)).expect_err("it is too much").to_string();
        let expected = "network.layers: to train this network takes about 40.0 GB, and this computer has 8.0 GB left";
        assert!(error.starts_with(expected), "{error}");
        assert!(left().is_none_or(|bytes| bytes > 1 << 20));
    }
}
