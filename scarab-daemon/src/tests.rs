//! The daemon as its clients see it: real PTYs, and every byte over a real socket.

mod beside;
mod config;
mod connection;
mod documents;
mod events;
pub(crate) mod harness;
mod hostile;
mod input;
mod life;
mod plugins;
mod resume;
mod screen;
mod tokens;
