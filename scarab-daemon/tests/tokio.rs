//! The client for Tokio and a real daemon, directly and over a wire that is cut in mid-input.
#![cfg(unix)]

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use scarab_protocol::{
    client::{
        AttachOptions, ClientOptions, Phase,
        tokio::{Attachment, Client, Ended},
    },
    endpoint::{Address, Endpoint},
    ids::TermSize,
    message::{CreateSession, Created, Done, KillSession, Target},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, copy},
    net::{UnixListener, UnixStream},
    time::timeout,
};

/// Long enough for a busy machine, short enough to notice a hang.
const PATIENCE: Duration = Duration::from_secs(60);

/// A daemon in directories of its own. It and its shells are gone when this is dropped.
struct Daemon {
    directory: TempDir,
    process: Child,
}

impl Daemon {
    fn start() -> Self {
        let directory = tempfile::Builder::new().prefix("tokio-").tempdir_in("/tmp").expect("/tmp can be written");
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o700)).expect("the directory is ours");
        let mut process = Command::new(env!("CARGO_BIN_EXE_scarab-daemon"))
            .args(["--launched", "--socket"])
            .arg(directory.path().join("d.sock"))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()))
            .env("HOME", directory.path())
            .env("XDG_RUNTIME_DIR", directory.path())
            .env("XDG_STATE_HOME", directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program is there");
        let mut said = String::new();
        let stdout = process.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut said).expect("it says something");
        assert_eq!(said, "ready\n");
        Self { directory, process }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn options(&self) -> ClientOptions {
        let address = Address::of_socket(&self.path("d.sock")).expect("a path");
        ClientOptions { reconnect: true, ..ClientOptions::new(address, "test 1.0") }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Its shells see their terminals close.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs a test's one task, but not for ever.
fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async { timeout(PATIENCE, test).await.expect("it ends") });
}

/// Makes a session in the daemon's directory and joins it.
async fn session(client: &Client, daemon: &Daemon, script: &str) -> Attachment {
    let path = std::env::var("PATH").unwrap_or_else(|_| "/usr/bin:/bin".into());
    let request = CreateSession {
        name: None,
        command: ["sh", "-c", script].map(|word| word.as_bytes().to_vec()).into(),
        cwd: Some(daemon.directory.path().as_os_str().as_encoded_bytes().to_vec()),
        beside: None,
        env: vec![(b"PATH".to_vec(), path.into_bytes())],
        size: TermSize::default(),
        linger: true,
    };
    let Created { info } = client.ask(&request, PATIENCE).await.expect("a session");
    client.attach(AttachOptions { target: Target::Id(info.id), size: None, observe: false })
}

/// Waits until a line of the screen is this.
async fn see(attachment: &Attachment, line: &str) {
    let seen = attachment
        .until(|state| (0..state.grid.rows()).any(|row| state.grid.row_text(row).trim() == line).then_some(()));
    seen.await.unwrap_or_else(|error| panic!("{line:?} is not shown: {error}"));
}

#[test]
fn a_session_is_typed_into_and_seen_whether_or_not_its_surface_is_mapped() {
    let daemon = Daemon::start();
    run(async {
        for map in [true, false] {
            let client = Client::connect(ClientOptions { map, ..daemon.options() }).await.expect("a daemon");
            let mut attachment = session(&client, &daemon, "read line; echo \"got $line\"; read line").await;
            attachment.input(b"hello\r").expect("held");
            see(&attachment, "got hello").await;
            attachment.resize(TermSize { cols: 40, rows: 10, ..TermSize::default() });
            attachment.until(|state| (state.grid.cols() == 40).then_some(())).await.expect("resized");
            let id = attachment.until(|state| state.id()).await.expect("joined");
            let kill = KillSession { target: Target::Id(id), signal: None };
            let Done {} = client.ask(&kill, PATIENCE).await.expect("killed");
            let ended = attachment.until(|_| None::<()>).await.expect_err("nothing more comes");
            assert!(matches!(ended, Ended::Gone(_)), "{ended:?}");
            // What has changed is told before that nothing will.
            while attachment.changed().await.is_ok() {}
            assert!(attachment.look(|state| matches!(state.phase, Phase::Gone { .. })));
        }
    });
}

/// How much of what is typed comes over the wire, one connection after the other, before it is cut.
const CUTS: [u64; 3] = [40_000, 90_000, 1];

/// How much is typed.
const TYPED: usize = 400_000;

/// Takes connections to a socket and passes on what comes. The first ones it cuts in the middle of what the client says.
async fn wire(listener: UnixListener, daemon: &Path, connections: &AtomicUsize) {
    loop {
        let (mut near, _) = listener.accept().await.expect("a client");
        let mut far = UnixStream::connect(daemon).await.expect("a daemon");
        let limit = CUTS.get(connections.fetch_add(1, Ordering::Relaxed)).copied().unwrap_or(u64::MAX);
        let ((near_read, mut near_write), (mut far_read, mut far_write)) = (near.split(), far.split());
        let mut near_read = near_read.take(limit);
        tokio::select! {
            _ = copy(&mut near_read, &mut far_write) => {}
            _ = copy(&mut far_read, &mut near_write) => {}
        }
    }
}

#[test]
fn all_that_is_typed_arrives_once_over_a_wire_that_is_cut() {
    let daemon = Daemon::start();
    run(async {
        let far = daemon.path("d.sock");
        let near = daemon.path("wire.sock");
        let listener = UnixListener::bind(&near).expect("a free name");
        let connections = AtomicUsize::new(0);
        // The lock is the daemon's: it lives, whatever the wire does. Descriptors do not pass, so rows are sent.
        let mut options = ClientOptions { map: false, ..daemon.options() };
        options.address.endpoint = Endpoint::Path(near);
        let typing = async {
            let client = Client::connect(options).await.expect("a daemon");
            let script = format!("stty raw -echo; echo ready; head -c {TYPED} > typed; echo done; read line");
            let attachment = session(&client, &daemon, &script).await;
            see(&attachment, "ready").await;
            // Numbers, in pieces of all sizes, so that what is lost or comes twice is seen.
            let text: String = (0..TYPED / 8).map(|number| format!("{number:07}\n")).collect();
            let mut rest = text.as_bytes();
            for size in (1..).step_by(37) {
                let (piece, more) = rest.split_at(rest.len().min(size));
                attachment.input(piece).expect("held");
                rest = more;
                if rest.is_empty() {
                    break;
                }
                tokio::task::yield_now().await;
            }
            see(&attachment, "done").await;
            assert!(fs::read_to_string(daemon.path("typed")).expect("it was made") == text, "lost, or twice");
            client.close();
            assert_eq!(client.events().await, (Vec::new(), 0), "nothing was discarded");
        };
        tokio::select! {
            () = typing => {}
            () = wire(listener, &far, &connections) => {}
        }
        assert_eq!(connections.into_inner(), CUTS.len() + 1);
    });
}
