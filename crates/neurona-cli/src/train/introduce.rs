//! What is said before a training begins.

use neurona_train::{Schedule, Targets, Training, config::Prepared, train::TargetUnits};

use crate::print;

/// Says what is about to be trained.
pub(super) fn introduce(prepared: &Prepared) {
    let Prepared { training, validation, test, network, settings, .. } = prepared;
    let learning = network.spec().steps().into_iter().filter(|step| step.params() > 0).map(|step| step.spec.outputs());
    let sizes: Vec<String> = std::iter::once(network.inputs()).chain(learning).map(|size| size.to_string()).collect();
    let mut rows = format!("{} rows to train", print::grouped(training.rows() as u64));
    for (data, what) in [(validation, "to validate"), (test, "to test")] {
        if let Some(data) = data {
            rows += &format!(", {} {what}", print::grouped(data.rows() as u64));
        }
    }
    let (optimizer, loss) = (settings.optimizer.name(), settings.loss.name());
    let batches = if settings.batch < training.rows() {
        format!("batches of {}", settings.batch)
    } else {
        "all rows in one batch".to_owned()
    };
    let facts = [
        ("network", format!("{}, {} parameters", sizes.join("-"), print::grouped(network.spec().params() as u64))),
        ("data", rows),
        ("training", format!("{optimizer}, {}, {batches}, {loss}", rate(settings))),
        ("regularized by", regularization(settings)),
        ("targets", targets(prepared)),
        ("figures", if validation.is_some() { "training / validation".to_owned() } else { String::new() }),
    ];
    // Where standard error is closed, nobody is there to be told.
    let _ = print::facts(&mut anstream::stderr(), facts);
    if settings.warm_up >= settings.epochs && settings.warm_up > 1 {
        let (asked, epochs) = (settings.warm_up, settings.epochs);
        print::note(format_args!(
            "hint: the warm-up of {asked} epochs is as long as the whole run of {epochs}, or longer: the rate rises to the \
             end, and the schedule has no turn"
        ));
    }
}

/// In which unit targets are learned; and where that is their own, what to do about numbers that are so far from 1 that a
/// network takes long to reach them, or to tell them apart.
fn targets(prepared: &Prepared) -> String {
    let Prepared { training, network, settings, .. } = prepared;
    let Targets::Values { values, .. } = training.targets() else { return String::new() };
    if let Some(TargetUnits { means, deviations }) = settings.target_units(network, training) {
        let of =
            |figures: &[f32]| figures.iter().map(|figure| print::significant(*figure)).collect::<Vec<_>>().join(", ");
        return match means.len() {
            1..=4 => format!("mean {}, deviation {}, learned as 0 and 1", of(&means), of(&deviations)),
            count => format!("{count} means and deviations, each learned as 0 and 1"),
        };
    }
    let squares: f64 = values.iter().map(|value| f64::from(*value).powi(2)).sum();
    let size = (squares / values.len() as f64).sqrt() as f32;
    if size == 0.0 || (0.1..=10.0).contains(&size) {
        return String::new();
    }
    let size = print::significant(size);
    format!(
        "of a size of {size}, learned as they are: networks learn numbers near 1 best, so leave out what keeps them from \
         being standardised, or scale them"
    )
}

/// The learning rate and how it changes.
fn rate(settings: &Training) -> String {
    let mut text = format!("rate {}", settings.rate);
    if settings.schedule != Schedule::Constant {
        text += &format!(" with {}", settings.schedule.name());
    }
    if settings.warm_up > 0 {
        text += &format!(" after {} epochs of warm-up", settings.warm_up);
    }
    text
}

/// What keeps the network from learning its examples by heart.
fn regularization(settings: &Training) -> String {
    let coefficients = [("l1", settings.l1), ("l2", settings.l2), ("label smoothing", settings.label_smoothing)];
    let mut parts: Vec<String> =
        coefficients.iter().filter(|(_, value)| *value > 0.0).map(|(name, value)| format!("{name} {value}")).collect();
    if settings.dropout.iter().any(|rate| *rate > 0.0) {
        let rates: Vec<String> = settings.dropout.iter().map(f32::to_string).collect();
        parts.push(format!("dropout {}", rates.join(" and ")));
    }
    parts.extend(settings.augment.map(|augment| format!("augmentation ({})", augment.name())));
    parts.join(", ")
}
