//! Both kinds of client, as a test's thread drives them.

use std::{
    fmt,
    ops::Deref,
    sync::Arc,
    time::{Duration, Instant},
};

use super::PATIENCE;
use crate::{
    client::{AttachOptions, Attachment, Bell, Client, ClientEvent, ClientOptions, ConnectError, RequestError, Status},
    message::{Config, Message},
};

/// What the cases need of a client.
pub(super) trait Kinds: Sized + fmt::Debug {
    type Attachment: Deref<Target = Attachment>;

    fn connect(options: ClientOptions) -> Result<Self, ConnectError>;

    fn start(options: ClientOptions) -> Self;

    fn ask<Q: Message, A: Message>(&self, request: &Q) -> Result<A, RequestError> {
        self.ask_within(request, PATIENCE)
    }

    fn ask_within<Q: Message, A: Message>(&self, request: &Q, patience: Duration) -> Result<A, RequestError>;

    /// How many requests wait for an answer.
    fn waiting(&self) -> usize;

    /// Asks twice at once.
    fn ask_both<Q: Message, A: Message, R: Message, B: Message>(
        &self,
        first: &Q,
        second: &R,
    ) -> (Result<A, RequestError>, Result<B, RequestError>);

    fn until(&self, is: impl Fn(&Status) -> bool) -> Status;

    fn events(&self) -> (Vec<ClientEvent>, u64);

    /// Waits for a configuration of this revision.
    fn config(&self, revision: u64) -> Arc<Config>;

    fn attach(&self, options: AttachOptions) -> Self::Attachment;

    fn wait<T>(&self, attachment: &Self::Attachment, look: impl FnMut(&Attachment) -> Option<T>) -> T;

    fn close(&self);
}

/// Makes a test of each case for each kind.
macro_rules! both {
    ($($(#[$attribute:meta])* $case:ident),* $(,)?) => {
        mod on_threads {
            $($(#[$attribute])*
            #[test]
            fn $case() {
                super::$case::<crate::client::tests::kinds::OnThreads>();
            })*
        }
        #[cfg(feature = "tokio")]
        mod in_tokio {
            $($(#[$attribute])*
            #[test]
            fn $case() {
                super::$case::<crate::client::tests::kinds::InTokio>();
            })*
        }
    };
}
pub(super) use both;

#[derive(Debug)]
pub(super) struct OnThreads {
    client: Client,
    bell: Bell,
}

impl OnThreads {
    fn wait_for<T>(&self, done: impl FnMut() -> Option<T>) -> T {
        self.bell.wait_for(Some(Instant::now() + PATIENCE), done).expect("it comes")
    }
}

impl Kinds for OnThreads {
    type Attachment = Box<Attachment>;

    fn connect(options: ClientOptions) -> Result<Self, ConnectError> {
        let bell = Bell::default();
        Ok(Self { client: Client::connect(ClientOptions { wake: bell.wake(), ..options })?, bell })
    }

    fn start(options: ClientOptions) -> Self {
        let bell = Bell::default();
        Self { client: Client::start(ClientOptions { wake: bell.wake(), ..options }).expect("a thread"), bell }
    }

    fn ask_within<Q: Message, A: Message>(&self, request: &Q, patience: Duration) -> Result<A, RequestError> {
        self.client.ask(request, patience)
    }

    fn waiting(&self) -> usize {
        self.client.shared.lock().pending.len()
    }

    fn ask_both<Q: Message, A: Message, R: Message, B: Message>(
        &self,
        first: &Q,
        second: &R,
    ) -> (Result<A, RequestError>, Result<B, RequestError>) {
        let (first, second) = (self.client.request(first), self.client.request(second));
        (first.wait(PATIENCE), second.wait(PATIENCE))
    }

    fn until(&self, is: impl Fn(&Status) -> bool) -> Status {
        self.wait_for(|| Some(self.client.status()).filter(|status| is(status)))
    }

    fn config(&self, revision: u64) -> Arc<Config> {
        self.wait_for(|| self.client.config().filter(|config| config.revision == revision))
    }

    fn events(&self) -> (Vec<ClientEvent>, u64) {
        self.wait_for(|| Some(self.client.take_events()).filter(|(events, _)| !events.is_empty()))
    }

    fn attach(&self, options: AttachOptions) -> Box<Attachment> {
        Box::new(self.client.attach(options))
    }

    fn wait<T>(&self, attachment: &Box<Attachment>, mut look: impl FnMut(&Attachment) -> Option<T>) -> T {
        self.wait_for(|| look(attachment))
    }

    fn close(&self) {
        self.client.close();
    }
}

#[cfg(feature = "tokio")]
pub(super) use in_tokio::InTokio;

#[cfg(feature = "tokio")]
mod in_tokio {
    use std::thread;

    use tokio::{
        runtime::{Builder, Handle},
        sync::oneshot,
        time::timeout,
    };

    use super::*;
    use crate::client::tokio::{self as in_tokio, Client};

    #[derive(Debug)]
    pub(in crate::client::tests) struct InTokio {
        client: Client,
        runtime: Handle,
        /// Ends the thread that the runtime has.
        _stop: oneshot::Sender<()>,
    }

    impl InTokio {
        fn new<E>(client: impl AsyncFnOnce() -> Result<Client, E>) -> Result<Self, E> {
            let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
            let handle = runtime.handle().clone();
            let (stop, stopped) = oneshot::channel::<()>();
            thread::spawn(move || drop(runtime.block_on(stopped)));
            let client = handle.block_on(client())?;
            Ok(Self { client, runtime: handle, _stop: stop })
        }

        fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
            self.runtime.block_on(async { timeout(PATIENCE, future).await.expect("it comes") })
        }
    }

    impl Kinds for InTokio {
        type Attachment = in_tokio::Attachment;

        fn connect(options: ClientOptions) -> Result<Self, ConnectError> {
            Self::new(async || Client::connect(options).await)
        }

        fn start(options: ClientOptions) -> Self {
            Self::new(async || Ok::<_, ConnectError>(Client::start(options))).expect("that does not fail")
        }

        fn ask_within<Q: Message, A: Message>(&self, request: &Q, patience: Duration) -> Result<A, RequestError> {
            self.runtime.block_on(self.client.ask(request, patience))
        }

        fn waiting(&self) -> usize {
            self.client.shared.lock().pending.len()
        }

        fn ask_both<Q: Message, A: Message, R: Message, B: Message>(
            &self,
            first: &Q,
            second: &R,
        ) -> (Result<A, RequestError>, Result<B, RequestError>) {
            self.block_on(async {
                tokio::join!(biased; self.client.ask(first, PATIENCE), self.client.ask(second, PATIENCE))
            })
        }

        fn until(&self, is: impl Fn(&Status) -> bool) -> Status {
            let status = self.block_on(self.client.until(&is));
            assert!(is(&status), "{status:?}");
            status
        }

        fn config(&self, revision: u64) -> Arc<Config> {
            self.block_on(async {
                let mut held = self.client.config();
                loop {
                    match held {
                        Some(config) if config.revision == revision => return config,
                        other => held = self.client.other_config(other.as_ref()).await,
                    }
                }
            })
        }

        fn events(&self) -> (Vec<ClientEvent>, u64) {
            self.block_on(self.client.events())
        }

        fn attach(&self, options: AttachOptions) -> in_tokio::Attachment {
            self.client.attach(options)
        }

        fn wait<T>(&self, attachment: &in_tokio::Attachment, mut look: impl FnMut(&Attachment) -> Option<T>) -> T {
            let mut attachment = attachment.clone();
            self.block_on(async {
                loop {
                    if let Some(found) = look(&attachment) {
                        return found;
                    }
                    if let Err(ended) = attachment.changed().await {
                        return look(&attachment).unwrap_or_else(|| panic!("{ended}"));
                    }
                }
            })
        }

        fn close(&self) {
            self.client.close();
        }
    }
}
