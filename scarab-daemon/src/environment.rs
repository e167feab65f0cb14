//! What a client gives a session of its own environment: everything but what cargo added to it.

pub use scarab_protocol::client::client_environment;
