//! Fits the model of `neurona_train::cost` to what firmware measured, and writes it. `cargo xtask bench layers` runs it.
//!
//! ```text
//! cargo run --release -p neurona-train --example fit_cost -- OUT RUSTC CORE/OPT=FILE …
//! ```
//!
//! A file has what the binary `cost-layers` printed for a core and an `opt-level`. Printed is, for each network that was not
//! fitted to, what was measured and what is predicted.

use std::{collections::BTreeMap, error::Error, fs};

use neurona::{Network, plain::Plain, shape::Tensor};
use neurona_train::{
    Spec,
    cost::{Check, Measured, Model, fit},
};

#[path = "../../../firmware-example/src/cost/networks.rs"]
mod networks;

/// The networks, by group and name.
#[derive(Default)]
struct Architectures(BTreeMap<String, Spec>);

impl networks::Visitor for Architectures {
    fn visit<N: Network<Input: Tensor> + Plain>(&mut self, group: &str, name: &str) {
        self.0.insert(format!("{group}.{name}"), Spec::from(&N::ARCH));
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [out, rustc, files @ ..] = &arguments[..] else { return Err("OUT RUSTC CORE/OPT=FILE …".into()) };
    let mut architectures = Architectures::default();
    networks::each(&mut architectures);
    let mut model = Model { rustc: rustc.clone(), ..Model::default() };
    println!("{:<24} {:<13} {:>13} {:>13} {:>8}", "target", "network", "instructions", "predicted", "off");
    for file in files {
        let (target, path) = file.split_once('=').ok_or("expected CORE/OPT=FILE")?;
        let (costs, checks) = fit(&read(&fs::read_to_string(path)?, &architectures.0)?)?;
        checks.iter().filter(|check| !check.fitted).for_each(|check| print(target, check));
        println!("{target:<24} {:<41} {:>7.1} %", "the mean of the sizes", costs.mean_error);
        model.targets.insert(target.to_owned(), costs);
    }
    // Two digits more than matter.
    for costs in model.targets.values_mut() {
        let digits = |value: &mut f64| *value = (*value * 1000.0).round() / 1000.0;
        costs.instructions.values_mut().for_each(digits);
        costs.instructions.retain(|_, instructions| *instructions > 0.0);
        digits(&mut costs.mean_error);
        digits(&mut costs.largest_error);
    }
    let head = "# Instructions of each part of an inference: `cargo xtask bench layers --bless` writes this.\n";
    fs::write(out, format!("{head}{}", toml::to_string(&model)?))?;
    Ok(())
}

fn read(printed: &str, architectures: &BTreeMap<String, Spec>) -> Result<Vec<Measured>, Box<dyn Error>> {
    let mut networks = Vec::new();
    for (name, value) in printed.lines().filter_map(|line| line.split_once(" = ")) {
        let Some(spec) = architectures.get(name) else { continue };
        let fitted = !name.starts_with("check.");
        networks.push(Measured { name: name.to_owned(), spec: spec.clone(), instructions: value.parse()?, fitted });
    }
    match architectures.len().checked_sub(networks.len()) {
        Some(0) => Ok(networks),
        _ => Err(format!("expected {} networks, found {}", architectures.len(), networks.len()).into()),
    }
}

fn print(target: &str, check: &Check) {
    let name = check.name.trim_start_matches("check.");
    println!("{target:<24} {name:<13} {:>13.0} {:>13.0} {:>7.1} %", check.measured, check.predicted, check.error());
}
