//! The connection's task: connects, reads and writes, connects again.

use std::{io, pin::pin, sync::Arc};

use tokio::{
    sync::{Notify, watch},
    task::spawn_blocking,
    time::{Duration, Instant, sleep, timeout, timeout_at},
};

use super::outlet::Queue;
use crate::{
    client::{
        ClientOptions, HELLO_PATIENCE, Shared,
        connect::{self, CONNECT_PATIENCE, ConnectError, Opened},
        dispatch,
        link::{self, Course, WRITE_PATIENCE},
    },
    frame::{Frame, HEADER_BYTES, Header},
    hello::DaemonHello,
    lock,
    transport::{Assembly, AsyncStream, ReadError, Received},
};

/// How long the daemon may take, when the client is closed, to read what was sent before, and how long its last words are
/// waited for when it reads no more.
const FAREWELL_PATIENCE: Duration = Duration::from_secs(1);

/// Why a connection ends that the daemon takes nothing from.
const UNREAD: &str = "the daemon does not read";

/// What the client's owner says to its task.
#[derive(Default)]
pub(super) struct Orders {
    /// Ends the wait before the next try.
    pub(super) nudge: Notify,
    /// The client is to end.
    pub(super) closing: watch::Sender<bool>,
}

impl Orders {
    async fn end(&self) {
        // It fails only when the sender is gone, and that is here.
        let _ = self.closing.subscribe().wait_for(|closing| *closing).await;
    }
}

/// A connection in service.
pub(super) struct Standing {
    stream: AsyncStream,
    queue: Arc<Queue>,
}

/// The task. `standing` is a connection that stands already.
pub(super) async fn run(shared: Arc<Shared>, orders: Arc<Orders>, mut standing: Option<Standing>) {
    let _last = Last(&shared);
    let mut course = Course::new(standing.is_some());
    loop {
        let tried = match standing.take() {
            Some(standing) => Ok(standing),
            None => tokio::select! {
                tried = try_once(&shared, &course) => tried,
                () = orders.end() => Err(ConnectError::Io(io::ErrorKind::Interrupted.into())),
            },
        };
        match tried {
            Ok(standing) => {
                course.succeed();
                let why = serve(&shared, &orders, standing).await;
                if !course.fall(&shared, &why) {
                    return;
                }
            }
            Err(error) => {
                let why = error.to_string();
                let Some(delay) = course.fail(&shared, &why) else { return };
                tokio::select! {
                    () = sleep(delay) => {}
                    () = orders.nudge.notified() => {}
                    () = orders.end() => {}
                }
                if link::ends(&shared, &why) {
                    return;
                }
            }
        }
    }
}

/// Whatever ends the task, its runtime's end too: nobody goes on waiting for it.
struct Last<'a>(&'a Shared);

impl Drop for Last<'_> {
    fn drop(&mut self) {
        let why = "the client's task has ended";
        if !link::is_closed(self.0) {
            link::fall(self.0, why);
            link::close(self.0, why);
        }
    }
}

/// Tries once, starting a daemon if none answers and one is wanted.
async fn try_once(shared: &Arc<Shared>, course: &Course) -> Result<Standing, ConnectError> {
    course.begin(shared);
    let mut opened = open(&shared.options).await;
    if let Some(launch) = course.launch(shared, &opened) {
        blocking(move || launch()).await?.map_err(ConnectError::Refused)?;
        opened = open(&shared.options).await;
    }
    if let Err(ConnectError::NotRunning(_)) = &opened {
        let lock = shared.options.address.lock.clone();
        if blocking(move || lock::holder(&lock)).await?.is_none() {
            // Nobody listens and nobody holds the lock.
            link::bury_all(shared);
        }
    }
    Ok(stand(shared, opened?))
}

/// Takes a new connection into service.
pub(super) fn stand(shared: &Arc<Shared>, opened: Opened<AsyncStream>) -> Standing {
    let queue = Arc::<Queue>::default();
    link::stand(shared, opened.connected, queue.clone());
    Standing { stream: opened.stream, queue }
}

/// Connects and says hello.
pub(super) async fn open(options: &ClientOptions) -> Result<Opened<AsyncStream>, ConnectError> {
    let endpoint = &options.address.endpoint;
    let address = options.address.clone();
    blocking(move || address.check()).await??;
    let deadline = Instant::now() + HELLO_PATIENCE;
    let stream = AsyncStream::connect(endpoint, CONNECT_PATIENCE)
        .await
        .map_err(|error| connect::unreachable(endpoint, error))?;
    stream.check_peer()?;
    let failed = |error| connect::silent(endpoint, error);
    let greeting = async {
        let hello = connect::hello(options);
        // A daemon that has no room for a client does not wait for these bytes: its answer tells why.
        match write_all(&stream, &hello.to_bytes()).await {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(failed(error)),
            _ => {}
        }
        let mut answer = [0; DaemonHello::BYTES];
        read_exact(&stream, &mut answer).await.map_err(failed)?;
        let (answer, auth) = connect::answered(options, &hello, &answer)?;
        if let Some(auth) = auth {
            write_all(&stream, auth.bytes()).await.map_err(failed)?;
        }
        let mut header = [0; HEADER_BYTES];
        read_exact(&stream, &mut header).await.map_err(failed)?;
        let mut frame = Frame::to_fill(Header::from_bytes(header)?);
        read_exact(&stream, frame.payload_mut()).await.map_err(failed)?;
        connect::welcomed(answer, &frame)
    };
    match timeout_at(deadline, greeting).await {
        Ok(connected) => Ok(Opened { connected: connected?, stream }),
        Err(_) => Err(failed(io::ErrorKind::TimedOut.into())),
    }
}

/// Moves bytes until the connection ends; says why it did.
async fn serve(shared: &Arc<Shared>, orders: &Orders, standing: Standing) -> String {
    let Standing { stream, queue } = standing;
    let farewell = async {
        orders.end().await;
        // The queue is closed by now, and writing it ends when it is empty.
        sleep(FAREWELL_PATIENCE).await;
    };
    let mut receiving = pin!(receive(shared, &stream));
    let failed = tokio::select! {
        why = &mut receiving => return why,
        ended = transmit(shared, &stream, &queue) => match ended {
            Ok(why) => return why.into(),
            Err(error) => error,
        },
        () = farewell => return UNREAD.into(),
    };
    // Nobody reads any more; what the daemon said before tells why.
    timeout(FAREWELL_PATIENCE, receiving).await.unwrap_or_else(|_| failed.to_string())
}

/// Reads until the connection ends.
async fn receive(shared: &Arc<Shared>, stream: &AsyncStream) -> String {
    let mut assembly = Assembly::default();
    let mut goodbye = None;
    loop {
        let read = next(stream, &mut assembly).await;
        if let Some(why) = dispatch::handle(shared, read, &mut goodbye) {
            return why;
        }
    }
}

/// Waits for the next frame; `None` when the daemon has ended the connection between frames.
async fn next(stream: &AsyncStream, assembly: &mut Assembly) -> Result<Option<Received>, ReadError> {
    loop {
        if let Some(received) = assembly.take()? {
            return Ok(Some(received));
        }
        let (space, descriptors) = assembly.space();
        match stream.read(space, descriptors).await? {
            0 => return assembly.end().map(|()| None),
            count => assembly.add(count),
        }
    }
}

/// Writes what is sent until the connection is closed, or the daemon does not take it.
///
/// # Errors
/// As writing fails.
async fn transmit(shared: &Arc<Shared>, stream: &AsyncStream, queue: &Queue) -> io::Result<&'static str> {
    while let Some(frame) = queue.next().await {
        match timeout(WRITE_PATIENCE, write_all(stream, frame.bytes())).await {
            Ok(written) => written?,
            Err(_) => return Ok(UNREAD),
        }
        if queue.written(&frame) {
            link::pump_all(&Arc::downgrade(shared));
        }
    }
    Ok("closed")
}

async fn write_all(stream: &AsyncStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let count = stream.write(bytes).await?;
        bytes = &bytes[count..];
    }
    Ok(())
}

async fn read_exact(stream: &AsyncStream, mut buffer: &mut [u8]) -> io::Result<()> {
    let mut none = std::collections::VecDeque::new();
    while !buffer.is_empty() {
        match stream.read(buffer, &mut none).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => buffer = &mut buffer[count..],
        }
    }
    Ok(())
}

/// Does what may wait for a disk, or for a daemon to start, without keeping the runtime from other tasks.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ConnectError> {
    spawn_blocking(work).await.map_err(|error| ConnectError::Io(error.into()))
}
