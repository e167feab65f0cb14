//! `scarabctl daemons`: every daemon that can be found.

use std::{path::Path, thread};

use scarab_protocol::{
    client::{Client, ClientOptions, ConnectError, Status},
    endpoint::{Address, known_daemons},
    lock,
};
use serde::Serialize;

use super::{
    connection::{BUILD, Which},
    outcome::{CtlError, Output},
};

#[derive(Debug, Serialize)]
struct Found {
    name: Option<String>,
    socket: String,
    state: State,
    pid: Option<u32>,
    build: Option<String>,
    why: Option<String>,
}

/// How it stands with a daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// It answers.
    Alive,
    /// Its process is there, and does not answer.
    Hung,
    /// Only its socket is left.
    Stale,
    /// It answers, but not to us.
    Refusing,
}

/// Looks at all of them at once, each with its own deadline, and prints what was found.
pub fn run(which: &Which, output: Output) -> Result<(), CtlError> {
    let mut places: Vec<(Option<String>, Address)> = Vec::new();
    for name in known_daemons() {
        places.push((Some(name.to_string()), Address::of_daemon(&name)?));
    }
    let named = which.address()?;
    if !places.iter().any(|(_, address)| address.endpoint == named.endpoint) {
        places.push((which.socket.is_none().then(|| which.daemon.as_ref().map(ToString::to_string)).flatten(), named));
    }
    let found: Vec<Found> = thread::scope(|scope| {
        let looks: Vec<_> =
            places.into_iter().map(|(name, address)| scope.spawn(move || look(name, address))).collect();
        // A look that panicked has said so on standard error.
        looks.into_iter().filter_map(|look| look.join().ok().flatten()).collect()
    });
    output.print(table(&found, &which.scarabctl()), &found)
}

/// Looks at one place; nothing if there is neither a daemon nor anything left of one.
fn look(name: Option<String>, address: Address) -> Option<Found> {
    let socket = address.endpoint.to_string();
    let holder = lock::holder(&address.lock);
    let (state, pid, build, why) = match Client::connect(ClientOptions::new(address.clone(), BUILD)) {
        Ok(client) => match client.status() {
            Status::Connected(connected) => (State::Alive, Some(connected.pid), Some(connected.build), None),
            _ => (State::Hung, holder.flatten(), None, Some("it ended while it was looked at".into())),
        },
        Err(error @ ConnectError::NotRunning(_)) => match holder {
            // Its socket was removed, and it has not bound another yet.
            Some(pid) => (State::Hung, pid, None, Some("it holds its lock and does not listen".into())),
            None if left_over(&address) => (State::Stale, None, None, Some(error.to_string())),
            None => return None,
        },
        Err(error @ ConnectError::Hung { .. }) => (State::Hung, holder.flatten(), None, Some(error.to_string())),
        Err(error) => (State::Refusing, holder.flatten(), None, Some(error.to_string())),
    };
    Some(Found { name, socket, state, pid, build, why })
}

/// Whether a socket's file is left. Only a socket in a directory has one.
fn left_over(address: &Address) -> bool {
    address.directory().is_some() && Path::new(&address.endpoint.to_string()).symlink_metadata().is_ok()
}

fn table(found: &[Found], scarabctl: &str) -> String {
    if found.is_empty() {
        return format!("no daemons: `{scarabctl} start` starts one");
    }
    let lines = found.iter().map(|found| {
        let state = match found.state {
            State::Alive => "alive",
            State::Hung => "hung",
            State::Stale => "stale",
            State::Refusing => "refusing",
        };
        let pid = found.pid.map_or("-".into(), |pid| pid.to_string());
        let name = found.name.as_deref().unwrap_or("-");
        format!("{name:<16}  {state:<8}  {pid:>7}  {}", found.socket)
    });
    let head = format!("{:<16}  {:<8}  {:>7}  SOCKET", "NAME", "STATE", "PID");
    std::iter::once(head).chain(lines).collect::<Vec<_>>().join("\n")
}
