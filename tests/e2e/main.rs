//! End-to-end tests: the real daemon, `scarabctl`, text terminals, and the real window on a screen that nobody looks at.
//!
//! Each test has a daemon of its own in a home of its own, so they run side by side. One target, because linking is dear.
#![cfg(target_os = "linux")]

#[path = "../support/lib.rs"]
mod support;

mod clients;
mod complaints;
mod config;
mod events;
mod fidelity;
mod hostile;
mod input;
mod lifecycle;
mod living;
mod plugins;
mod recorder;
mod scarabctl;
mod sessions;
mod tty;
mod window;
