//! How far the trainer's outputs are from the device's, over the rows of a table: `agreement MODEL DATA`.
//!
//! Each is within the bound that the mirror in `f64` carries along, so that the two are within twice that.

use neurona_tests::mirror::Mirror;
use neurona_train::data::{Column, CsvFormat, CsvTarget, read_csv};
use neurona_train::model_file::ModelFile;
use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [model, data] = &arguments[..] else { return Err("usage: agreement MODEL DATA".into()) };
    let model = ModelFile::read(model)?;
    let label = CsvTarget::Label(Column::Name("label".to_owned()));
    let data = read_csv(data, &CsvFormat::default(), &label, None)?;

    let mirror = Mirror::new(model.spec(), &wide(model.values()));
    let trainer = model.network()?.forward(data.inputs().view())?;
    let (mut largest, mut share) = (0.0_f64, 0.0_f64);
    for (x, trainer) in data.inputs().rows().into_iter().zip(trainer.rows()) {
        let x = x.to_vec();
        let (device, pass) = (model.infer(&x)?, mirror.forward(&wide(&x)));
        for ((trainer, device), bounded) in trainer.iter().zip(device).zip(pass.output()) {
            let difference = (f64::from(*trainer) - f64::from(device)).abs();
            // A NaN is no agreement: `max` would pass over it.
            if difference.is_nan() {
                return Err("an output is NaN, or infinite in both".into());
            }
            largest = largest.max(difference);
            share = share.max(difference / (2.0 * bounded.error));
        }
    }
    println!("outputs = {}", trainer.len());
    println!("largest_difference = {largest:e}");
    println!("share_of_bound = {share}");
    Ok(())
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|value| (*value).into()).collect()
}
