//! Tries to break the control channel: cut, stopped, killed and hostile peers, and very many of them.
//!
//! Each test has a daemon in a process of its own, with directories of its own. What is random has a seed, which is printed
//! and can be set; the figures that are printed are not judged, because they say as much about the machine.
//!
//! | variable | what |
//! |---|---|
//! | `SCARAB_CHAOS_SECONDS`, `SCARAB_CHAOS_SEED` | how long the chaos lasts (60), and its seed |
//! | `SCARAB_CUTS_SEED` | where connections are cut |
//! | `SCARAB_LEAK_CONNECTIONS`, `SCARAB_LEAK_SEED` | how many bad connections are made (10,000), and their seed |
//! | `SCARAB_STOPPED_SECONDS` | how long clients are stopped (10) |
#![cfg(target_os = "linux")]

mod stress {
    mod big_paste;
    mod chaos;
    mod cuts;
    mod growth;
    mod helper;
    mod leak;
    mod plugins;
    mod resume;
    mod stopped;
    mod support;
    mod thousand;
}
