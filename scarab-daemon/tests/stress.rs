//! Tries to break the control channel: cut, stopped, killed and hostile peers, and very many of them.
//!
//! Each test has a daemon in a process of its own, with directories of its own. What is random has a seed, which is printed
//! and can be set; the figures that are printed are not judged, because they say as much about the machine.
#![cfg(target_os = "linux")]

mod stress {
    mod big_paste;
    mod chaos;
    mod cuts;
    mod helper;
    mod hostile;
    mod leak;
    mod stopped;
    mod support;
    mod thousand;
}
