//! The shell where no window can be had: in the terminal that the program was started from, or piped through.

use std::{process::ExitCode, time::Duration};

use anyhow::{Context, anyhow, bail};
use scarab_daemon::attach::{self, AttachTtyOptions, PipedOptions};
use scarab_protocol::{
    client::{Bell, Client, ClientOptions, client_environment},
    endpoint::Address,
    ids::TermSize,
    message::{CreateSession, Created, ListSessions, SessionInfo, Sessions, Target},
};

use super::{
    BUILD,
    choose::{Asked, Choice, choose},
};
use crate::launch::Launch;

/// How long the daemon may take for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Shows the session in the text terminal, or without one runs what is piped in and prints the screen.
/// `reach` is what `scarabctl` needs to reach the daemon.
pub(super) fn run(asked: &Asked, address: Address, reach: String, why: &str) -> anyhow::Result<ExitCode> {
    let tty = attach::is_tty();
    let instead = if tty { "using this terminal" } else { "printing the screen" };
    eprintln!("scarab: no window: {why}; {instead}");

    let bell = Bell::default();
    let launch = Launch::Reexec.hook(&address).context("this build cannot start a daemon")?;
    launch().map_err(|error| anyhow!(error))?;
    let client = Client::connect(ClientOptions { wake: bell.wake(), ..ClientOptions::new(address, BUILD) })?;
    let size = attach::tty_size().unwrap_or_default();
    // Without a terminal to show a shell in, a session of one's own is the only one that cannot surprise anybody.
    let choice = if tty || asked.name.is_some() { choose(asked, &sessions(&client)?) } else { Choice::Create(None) };
    let session = match choice {
        Choice::Attach(session) => session,
        Choice::Create(name) => create(&client, name, &asked.command, size)?,
    };
    if tty && asked.inside.as_ref() == Some(&session.id.to_string()) {
        bail!("this runs in {} itself: name another session", session.name);
    }
    let target = Target::Id(session.id);
    if tty {
        let options = AttachTtyOptions { scarabctl_arguments: reach, ..AttachTtyOptions::default() };
        let end = attach::attach(&client, &bell, target, options)?;
        return Ok(ExitCode::from(end.exit_code()));
    }
    attach::run_piped(&client, &bell, target, &PipedOptions { scarabctl_arguments: reach })?;
    Ok(ExitCode::SUCCESS)
}

fn sessions(client: &Client) -> anyhow::Result<Vec<SessionInfo>> {
    let mut all: Vec<SessionInfo> = Vec::new();
    loop {
        let after = all.last().map_or(0, |session| session.id.number);
        let page: Sessions = client.ask(&ListSessions { after }, PATIENCE)?;
        let more = page.more && !page.sessions.is_empty();
        all.extend(page.sessions);
        if !more {
            return Ok(all);
        }
    }
}

fn create(client: &Client, name: Option<String>, command: &[String], size: TermSize) -> anyhow::Result<SessionInfo> {
    let request = CreateSession {
        name,
        command: command.iter().map(|word| word.clone().into_bytes()).collect(),
        cwd: std::env::current_dir().ok().map(|cwd| cwd.into_os_string().into_encoded_bytes()),
        beside: None,
        env: client_environment(),
        size,
        linger: true,
    };
    let Created { info } = client.ask(&request, PATIENCE)?;
    Ok(info)
}
