//! Calls of a plugin's commands: who calls, with what, and where the answer goes.

use super::{CallError, SessionRef};

/// Who calls a command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CallContext {
    /// The client's program, as in its hello.
    pub client: Option<String>,
    /// The session that it is about, if the client says so.
    pub session: Option<SessionRef>,
}

/// Takes a command's answer. Called once, on whatever thread has it, and must not block.
pub(crate) type Reply = Box<dyn FnOnce(Result<String, CallError>) + Send>;

/// A command to be called.
pub(super) struct Call {
    pub(super) command: String,
    pub(super) args: Vec<String>,
    pub(super) context: CallContext,
    pub(super) reply: Reply,
}

/// A reply that is given in any case: if whoever has it does not come to it, the plugin has ended.
pub(super) struct Owed {
    reply: Option<Reply>,
    plugin: String,
}

impl Owed {
    pub(super) fn new(reply: Reply, plugin: &str) -> Self {
        Self { reply: Some(reply), plugin: plugin.to_owned() }
    }

    pub(super) fn give(mut self, outcome: Result<String, CallError>) {
        if let Some(reply) = self.reply.take() {
            reply(outcome);
        }
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        if let Some(reply) = self.reply.take() {
            reply(Err(CallError::Ended { plugin: std::mem::take(&mut self.plugin) }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_given_once_also_if_nobody_comes_to_it() {
        let (sender, answers) = crossbeam_channel::unbounded();
        let reply = || -> Reply {
            let sender = sender.clone();
            Box::new(move |outcome| sender.send(outcome).expect("the test waits"))
        };
        Owed::new(reply(), "a").give(Ok("x".into()));
        drop(Owed::new(reply(), "a"));
        let owed = Owed::new(reply(), "a");
        let panics = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
            let _owed = owed;
            panic!("a mistake of ours");
        }));
        assert!(panics.is_err());
        let ended = || Err(CallError::Ended { plugin: "a".into() });
        assert_eq!(answers.try_iter().collect::<Vec<_>>(), [Ok("x".into()), ended(), ended()]);
    }
}
