//! The control channel from process to process, on every platform: a daemon, clients, and programs in sessions that say what
//! they were given. What needs more of the system than all have is in `stress`.

mod channel {
    mod clients;
    mod commands;
    mod cuts;
    mod hostile;
    #[cfg(windows)]
    mod login_end;
    mod peers;
    mod program;
    mod support;
}
