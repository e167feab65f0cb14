//! Scarab's wire: everything that the daemon and its clients must agree on, and nothing else.
//!
//! - [`endpoint`], [`lock`], [`trust`]: where a daemon listens, who is the daemon of a name, whom to believe.
//! - [`hello`], [`frame`], [`kind`], [`message`]: what is said on the connection, byte for byte.
//! - [`config`]: the keys of the configuration, in one table.
//! - [`event`]: what can happen in a daemon, and what is told of it.
//! - [`lane`]: the account of a client's input, position by position.
//! - [`transport`]: the connection itself; platform code behind one small face.
//! - [`surface`]: a session's grid in shared memory, and a client's copy of it.
//! - [`key`], [`mouse`], [`paste`]: input encoded for a terminal's modes, as pure functions.
//! - [`client`] (feature `client`): a blocking connection on threads that reconnects and re-attaches; in `client::tokio` (feature
//!   `tokio`) the same for programs that live in Tokio.
//!
//! This crate knows neither Bevy nor PTYs nor VT parsers.

#[cfg(target_family = "wasm")]
compile_error!("Scarab talks to a daemon over sockets and shared memory: it has no WebAssembly target.");

#[cfg(feature = "client")]
pub mod client;
pub mod config;
pub mod endpoint;
pub mod event;
pub mod frame;
pub mod hello;
pub mod ids;
pub mod key;
pub mod kind;
pub mod lane;
pub mod lock;
pub mod message;
pub mod mouse;
pub mod paste;
pub mod surface;
pub mod transport;
pub mod trust;
