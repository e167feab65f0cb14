//! Plugins against a daemon that is none: it only notes what it is asked for.

mod bundled;
mod changes;
mod commands;
mod document;
mod files;
mod harness;
mod hostile;
mod life;
mod scripts;
