//! What is said before a training begins.

use neurona_train::{Init, Schedule, TargetScaling, Targets, Training, config::Prepared, train::TargetUnits};

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
    if prepared.starts.0 == Init::Zeros && sizes.len() > 2 {
        let why = "neurons that begin alike stay alike, and behind others that are 0 learn nothing";
        print::note(format_args!("hint: {why}: zeros are enough for a single layer"));
    }
    if settings.warm_up >= settings.epochs && settings.warm_up > 1 {
        let (asked, epochs) = (settings.warm_up, settings.epochs);
        print::note(format_args!(
            "hint: the warm-up of {asked} epochs is as long as the whole run of {epochs}, or longer: the rate rises to the \
             end, and the schedule has no turn"
        ));
    }
}

/// In which unit targets are learned; and where that is their own, what to do about numbers that are so far from 1 that a
/// network takes long to reach them, or to tell them apart. Classes that look like numbers to learn are asked about.
fn targets(prepared: &Prepared) -> String {
    let Prepared { training, network, settings, .. } = prepared;
    let values = match training.targets() {
        Targets::Values { values, .. } => values,
        Targets::Classes { column, labels, .. } => return numerous(column, labels),
    };
    let of = |figures: &[f32]| match figures.len() {
        1..=4 => figures.iter().map(|figure| print::significant(*figure)).collect::<Vec<_>>().join(", "),
        count => format!("each of {count}"),
    };
    let near_1 = |size: f32| size == 0.0 || (0.1..=10.0).contains(&size);
    match (settings.target_units(network, training), settings.target_scaling) {
        (Some(TargetUnits { means, deviations }), TargetScaling::Standardize) => {
            format!("mean {}, deviation {}, learned as 0 and 1", of(&means), of(&deviations))
        }
        (Some(TargetUnits { means, .. }), _) => {
            let deviations = TargetUnits::of(training).map_or_else(Vec::new, |units| units.deviations);
            let mut text = format!("mean {}, learned as 0", of(&means));
            if !deviations.iter().copied().all(near_1) {
                let deviations = of(&deviations);
                text +=
                    &format!("; deviation {deviations}: --target-scaling standardize learns it as 1, in fewer epochs");
            }
            text
        }
        (None, _) => {
            let squares: f64 = values.iter().map(|value| f64::from(*value).powi(2)).sum();
            let size = (squares / values.len() as f64).sqrt() as f32;
            if near_1(size) {
                return String::new();
            }
            let size = print::significant(size);
            format!(
                "of a size of {size}, learned as they are: networks learn numbers near 1 best, so leave out what keeps \
                 them from being centred or standardised, or scale them"
            )
        }
    }
}

/// What to do about classes that are probably numbers to learn: some with a fraction, or many.
fn numerous(column: &str, labels: &[String]) -> String {
    let numbers: Option<Vec<f64>> = labels.iter().map(|label| label.parse().ok()).collect();
    let Some(numbers) = numbers else { return String::new() };
    if labels.len() <= MANY_CLASSES && numbers.iter().all(|number| number.fract() == 0.0) {
        return String::new();
    }
    format!("{} classes that are all numbers: to learn them as numbers, say --values {column}", labels.len())
}

/// More whole numbers than the classes of any usual task of a microcontroller: 0 to 9 are digits, and 62 are letters too.
const MANY_CLASSES: usize = 62;

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
