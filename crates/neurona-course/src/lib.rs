//! The experiments of a course on neural networks: each is run with [`neurona_train`], measured and drawn.
//!
//! An [`Experiment`] has a text in the course's notation, and [`run`](Experiment::run)s to a [`Report`] of figures and
//! tables. Behind it stands a module with findings of its own type, which tests hold to what the experiment says: for
//! example [`experiments::logistic::run`]. [`page::write`] makes one self-contained HTML page of any of them.
//!
//! # Example
//!
//! ```
//! use neurona_course::{Context, experiments, page};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let experiment = experiments::find("backpropagation")?;
//! let context = Context::new(1, true);
//! let report = (experiment.run)(&context)?;
//! assert!(!report.tables.is_empty());
//!
//! let mut html = Vec::new();
//! page::write(&mut html, &context, &[(experiment, report)])?;
//! assert!(html.starts_with(b"<!DOCTYPE html>"));
//! # Ok(())
//! # }
//! ```
//!
//! # The same page
//!
//! Everything random follows from one seed, and each network is trained to the same bits for any number of threads; so
//! does the page, on one kind of CPU.
//!
//! # Adding an experiment
//!
//! A file in `experiments`, and its line in the list in `experiments/mod.rs`.

mod context;
mod error;
pub mod experiments;
mod figure;
mod lab;
pub mod page;
pub mod plot;
mod report;
mod shape;
mod svm;
mod sweep;

pub use context::{Context, Step};
pub use error::CourseError;
pub use experiments::{EXPERIMENTS, Experiment};
pub use figure::{Figure, Key, Mark};
pub use report::{Column, Report, Row, Table};
pub use sweep::Trial;
