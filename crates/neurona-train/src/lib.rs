//! Trains networks on a desktop.
