//! The `neurona` command.

fn main() {}
