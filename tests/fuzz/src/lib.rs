//! What the fuzz targets have in common: inputs taken apart, connections to feed, and what must hold of every screen.
//!
//! A target is a program: `tests/run` runs all of them for a short while, `cargo fuzz` one for as long as you like.

pub mod messages;
pub mod socket;
pub mod source;
pub mod surface;
