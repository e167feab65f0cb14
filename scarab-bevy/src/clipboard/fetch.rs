//! The clipboard's text, which the program that has it may take seconds to give.

#[cfg(all(unix, not(any(target_os = "macos", target_os = "ios", target_os = "android"))))]
mod fetcher {
    use std::thread;

    use bevy::{clipboard::Clipboard, prelude::*};
    use crossbeam_channel::{Sender, bounded};

    use crate::{clipboard::primary::MOST_WISHES, wake::Waker};

    /// The way to the thread that asks for the text: X11 and Wayland have whoever copied it answer, and that program may hang.
    /// It is not the primary selection's thread, as who has that may be another program.
    #[derive(Resource, Default)]
    pub(in crate::clipboard) struct Fetcher(Option<Sender<Asked>>);

    type Asked = (Sender<String>, Waker);

    impl Fetcher {
        /// Asks for the text. The App is woken when it is there, or `answer` dropped because there is none.
        pub(in crate::clipboard) fn get(&mut self, _clipboard: &mut Clipboard, answer: Sender<String>, waker: &Waker) {
            let asked = self.0.get_or_insert_with(|| spawn(system_text));
            if asked.try_send((answer, waker.clone())).is_err() {
                tracing::warn!("the clipboard is not to be had: the program that has it does not answer");
            }
        }

        /// With a clipboard of the test's own.
        #[cfg(test)]
        pub(in crate::clipboard) fn of(text: impl Fn() -> Option<String> + Send + 'static) -> Self {
            Self(Some(spawn(text)))
        }
    }

    fn spawn(text: impl Fn() -> Option<String> + Send + 'static) -> Sender<Asked> {
        let (sender, asked) = bounded::<Asked>(MOST_WISHES);
        let serve = move || {
            for (answer, waker) in asked {
                if let Some(text) = text() {
                    // Who asked may be gone.
                    let _ = answer.send(text);
                }
                drop(answer);
                waker.wake();
            }
        };
        if let Err(error) = thread::Builder::new().name("clipboard".into()).spawn(serve) {
            tracing::warn!("no thread for the clipboard: {error}");
        }
        sender
    }

    /// Connects anew each time: a connection that is kept would outlive Bevy's, whose end hands what was copied here to the desktop
    /// only if it is the last.
    fn system_text() -> Option<String> {
        let text = arboard::Clipboard::new().and_then(|mut clipboard| clipboard.get_text());
        text.map_err(|error| tracing::warn!("the clipboard gave no text: {error}")).ok()
    }
}

#[cfg(not(all(unix, not(any(target_os = "macos", target_os = "ios", target_os = "android")))))]
mod fetcher {
    use bevy::{clipboard::Clipboard, prelude::*};
    use crossbeam_channel::Sender;

    use crate::wake::Waker;

    /// Asks at once: these systems keep the text themselves, and Windows' may deadlock if two threads ask.
    #[derive(Resource, Default)]
    pub(in crate::clipboard) struct Fetcher;

    impl Fetcher {
        pub(in crate::clipboard) fn get(&mut self, clipboard: &mut Clipboard, answer: Sender<String>, _waker: &Waker) {
            match clipboard.fetch_text().poll_result() {
                // The promise is kept by whoever asks.
                Some(Ok(text)) => drop(answer.send(text)),
                Some(Err(error)) => tracing::warn!("the clipboard gave no text: {error:?}"),
                // Only on the web has one to wait for it.
                None => tracing::warn!("the clipboard gave no text at once"),
            }
        }
    }
}

pub(super) use fetcher::Fetcher;
