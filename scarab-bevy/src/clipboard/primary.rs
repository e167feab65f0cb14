//! The primary selection: what was selected last anywhere on the desktop, where that has such a thing; elsewhere in this App.

use std::thread;

use bevy::prelude::*;
use crossbeam_channel::{Receiver, Sender, bounded};

use crate::wake::Waker;

/// How many wishes wait for the thread. What comes while it is full is not done, which takes a desktop that hangs.
pub(super) const MOST_WISHES: usize = 16;

/// The way to the thread that has the primary selection: whoever else has it may take long to answer.
#[derive(Resource, Default)]
pub(super) struct Primary(Option<Sender<Wish>>);

enum Wish {
    Set(String),
    Get(Sender<String>, Waker),
}

impl Primary {
    /// Has this text selected.
    pub(super) fn set(&mut self, text: &str) {
        self.wish(Wish::Set(text.to_owned()));
    }

    /// Asks what is selected. The App is woken when the answer is there, or dropped because nothing is.
    pub(super) fn get(&mut self, answer: Sender<String>, waker: &Waker) {
        self.wish(Wish::Get(answer, waker.clone()));
    }

    fn wish(&mut self, wish: Wish) {
        let wishes = self.0.get_or_insert_with(|| {
            let (wishes, wished) = bounded(MOST_WISHES);
            if let Err(error) = thread::Builder::new().name("primary".into()).spawn(move || serve(&wished)) {
                tracing::warn!("no thread for the primary selection: {error}");
            }
            wishes
        });
        if wishes.try_send(wish).is_err() {
            tracing::warn!("the primary selection is not to be had: the desktop does not answer");
        }
    }
}

/// The thread: keeps what was selected here, and asks the desktop first.
fn serve(wished: &Receiver<Wish>) {
    let mut own = None;
    let mut desktop = Desktop::default();
    for wish in wished {
        match wish {
            Wish::Set(text) => {
                desktop.set(&text);
                own = Some(text);
            }
            Wish::Get(answer, waker) => {
                if let Some(text) = desktop.get().or_else(|| own.clone()) {
                    // Who asked may be gone.
                    let _ = answer.send(text);
                }
                drop(answer);
                waker.wake();
            }
        }
    }
}

#[cfg(all(unix, not(any(target_os = "macos", target_os = "ios", target_os = "android"))))]
mod desktop {
    use arboard::{Clipboard, GetExtLinux, LinuxClipboardKind, SetExtLinux};

    /// The desktop's primary selection, connected to when it is wanted.
    #[derive(Default)]
    pub(super) struct Desktop(Option<Clipboard>);

    impl Desktop {
        fn connected(&mut self) -> Option<&mut Clipboard> {
            if self.0.is_none() {
                self.0 = Clipboard::new().map_err(|error| tracing::debug!("no clipboard: {error}")).ok();
            }
            self.0.as_mut()
        }

        pub(super) fn set(&mut self, text: &str) {
            let set = self.connected().map(|to| to.set().clipboard(LinuxClipboardKind::Primary).text(text));
            if let Some(Err(error)) = set {
                tracing::debug!("the desktop did not take the primary selection: {error}");
            }
        }

        pub(super) fn get(&mut self) -> Option<String> {
            self.connected()?.get().clipboard(LinuxClipboardKind::Primary).text().ok()
        }
    }
}

#[cfg(not(all(unix, not(any(target_os = "macos", target_os = "ios", target_os = "android")))))]
mod desktop {
    /// A desktop without one.
    #[derive(Default)]
    pub(super) struct Desktop;

    impl Desktop {
        pub(super) fn set(&mut self, _text: &str) {}

        pub(super) fn get(&mut self) -> Option<String> {
            None
        }
    }
}

use desktop::Desktop;
