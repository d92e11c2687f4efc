//! `cargo xtask bench`.
use anyhow::Result;

pub(crate) fn main(_: &mut lexopt::Parser) -> Result<()> {
    Ok(())
}
