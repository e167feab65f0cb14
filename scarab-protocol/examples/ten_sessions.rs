//! Ten shells driven from one task: each is made, typed into and killed by one future, and all of them wait together.
//!
//! A daemon must be running: `cargo run -p scarab-protocol --features tokio --example ten_sessions [-- --socket PATH]`

use std::{
    error::Error,
    future::poll_fn,
    path::Path,
    pin::Pin,
    process::ExitCode,
    task::Poll,
    time::{Duration, Instant},
};

use scarab_protocol::{
    client::{AttachOptions, ClientOptions, client_environment, tokio::Client},
    endpoint::Address,
    ids::{Name, TermSize},
    message::{CreateSession, Created, Done, KillSession, Target},
};

/// How long the daemon may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long all shells together may take.
const DEADLINE: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = runtime.map_err(Box::from).and_then(|runtime| runtime.block_on(run()));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ten_sessions: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let client = Client::connect(ClientOptions::new(address()?, "ten_sessions 1.0")).await?;
    let sessions = (1..=10).map(|number| drive(&client, number));
    let answers = tokio::time::timeout(DEADLINE, all(sessions)).await;
    let answers = answers.map_err(|_| format!("not all shells have answered in {DEADLINE:?}"))?;
    println!("{:<14}{:>8}{:>12}", "session", "answer", "after");
    for answer in answers {
        let Answer { session, answer, after } = answer?;
        println!("{session:<14}{answer:>8}{:>9} ms", after.as_millis());
    }
    Ok(())
}

fn address() -> Result<Address, Box<dyn Error>> {
    let mut words = std::env::args_os().skip(1);
    match (words.next(), words.next()) {
        (None, _) => Ok(Address::of_daemon(&Name::default())?),
        (Some(option), Some(socket)) if option == "--socket" => Ok(Address::of_socket(Path::new(&socket))?),
        _ => Err("usage: ten_sessions [--socket PATH]".into()),
    }
}

/// What a shell said.
struct Answer {
    session: String,
    answer: u32,
    /// How long it took, from making the session to seeing the answer.
    after: Duration,
}

/// One session's life.
async fn drive(client: &Client, number: u32) -> Result<Answer, Box<dyn Error>> {
    let start = Instant::now();
    let request = CreateSession {
        name: None,
        command: vec![b"sh".to_vec()],
        cwd: None,
        beside: None,
        env: client_environment(),
        size: TermSize::default(),
        linger: false,
    };
    let Created { info } = client.ask(&request, PATIENCE).await?;
    let target = Target::Id(info.id);
    let attachment = client.attach(AttachOptions { target: target.clone(), size: None, observe: false });
    // Nothing has to be waited for: what is typed goes when the session is joined, and the shell reads it when it can.
    attachment.input(format!("echo \"answer $(({number} * {number}))\"\r").as_bytes())?;
    let answer = attachment
        .until(|state| {
            let mut rows = (0..state.grid.rows()).map(|row| state.grid.row_text(row));
            // The line that was typed shows the word as well, but no number behind it. What is typed before the shell has
            // asked for it is shown before its prompt, and then the answer stands behind that.
            rows.find_map(|row| row.split_once("answer ")?.1.trim().parse().ok())
        })
        .await?;
    let after = start.elapsed();
    let Done {} = client.ask(&KillSession { target, signal: None }, PATIENCE).await?;
    Ok(Answer { session: info.name, answer, after })
}

/// Waits for all of them in the task that calls it.
async fn all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<Pin<Box<F>>> = futures.map(Box::pin).collect();
    let mut done: Vec<Option<F::Output>> = waiting.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (future, done) in waiting.iter_mut().zip(&mut done).filter(|(_, done)| done.is_none()) {
            if let Poll::Ready(output) = future.as_mut().poll(context) {
                *done = Some(output);
            }
        }
        if done.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}
