//! Input on its way to its session: in the order in which it came, whatever has to be waited for.

use std::{collections::VecDeque, time::Duration};

use bevy::prelude::*;
use crossbeam_channel::TryRecvError;
use scarab_protocol::client::InputRejected as Rejection;

use super::{Stage, TerminalLink};
use crate::messages::{InputKind, InputRejected, TerminalInput};

/// Input that waits for its session, or for a text that was promised. Beyond [`MAX_WAITING`] pieces it is refused.
#[derive(Default)]
pub(super) struct Row(VecDeque<InputKind>);

/// How many pieces of input wait for a terminal: a fast typist's first seconds.
const MAX_WAITING: usize = 256;
/// How long a promised text may keep waiting what is typed after it. Longer than a program needs that is well, shorter than one takes
/// the keyboard for dead.
const PATIENCE: Duration = Duration::from_secs(2);

/// Sends input on its way.
pub(crate) fn send_input(
    mut commands: Commands,
    mut input: MessageReader<TerminalInput>,
    mut links: Query<(Entity, &mut TerminalLink)>,
    mut rejected: MessageWriter<InputRejected>,
) {
    let mut refuse = |terminal, bytes, why| {
        let refused = InputRejected { terminal, bytes, why };
        rejected.write(refused.clone());
        commands.trigger(refused);
    };
    for &TerminalInput { terminal, ref kind } in input.read() {
        match links.get_mut(terminal) {
            Ok((_, mut link)) => {
                let TerminalLink { row, stage, .. } = link.bypass_change_detection();
                row.take(stage, kind, |bytes, why| refuse(terminal, bytes, why));
            }
            Err(_) => refuse(terminal, kind.bytes(), Rejection::Gone),
        }
    }
    for (terminal, mut link) in &mut links {
        let TerminalLink { row, stage, .. } = link.bypass_change_detection();
        row.go_on(stage, &mut |bytes, why| refuse(terminal, bytes, why));
    }
}

impl Row {
    /// Sends a piece of input, or has it wait for its turn.
    fn take(&mut self, stage: &Stage, kind: &InputKind, mut refuse: impl FnMut(u64, Rejection)) {
        if matches!(stage, Stage::Failed) {
            return refuse(kind.bytes(), Rejection::Gone);
        }
        self.go_on(stage, &mut refuse);
        if matches!(kind, InputKind::Bytes(_) | InputKind::Paste(_)) && matches!(stage, Stage::Linked(_)) {
            self.give_up(stage, &mut refuse);
        }
        if self.0.len() >= MAX_WAITING {
            return refuse(kind.bytes(), Rejection::Full { held: 0 });
        }
        self.0.push_back(kind.clone());
        self.go_on(stage, &mut refuse);
    }

    /// Goes on without texts that keep somebody waiting who types.
    fn give_up(&mut self, stage: &Stage, refuse: &mut impl FnMut(u64, Rejection)) {
        while let Some(InputKind::Promised(text)) = self.0.front()
            && text.since.elapsed() > PATIENCE
        {
            tracing::warn!("a text to paste has not come: what is typed goes on without it");
            self.0.pop_front();
            self.go_on(stage, refuse);
        }
    }

    /// Sends what need not wait any more.
    fn go_on(&mut self, stage: &Stage, refuse: &mut impl FnMut(u64, Rejection)) {
        let Stage::Linked(attachment) = stage else { return };
        while let Some(kind) = self.0.pop_front() {
            let mut bytes = kind.bytes();
            let sent = match kind {
                InputKind::Promised(text) => match text.coming.try_recv() {
                    Ok(text) => {
                        bytes = text.len() as u64;
                        attachment.paste(text.into_bytes())
                    }
                    Err(TryRecvError::Empty) => return self.0.push_front(InputKind::Promised(text)),
                    Err(TryRecvError::Disconnected) => Ok(()),
                },
                InputKind::Bytes(bytes) => attachment.input(&bytes),
                InputKind::Paste(text) => attachment.paste(text.into_bytes()),
                InputKind::Mouse(event) => attachment.mouse(&event),
                InputKind::Focus(gained) => attachment.focus(gained),
            };
            if let Err(why) = sent {
                refuse(bytes, why);
            }
        }
    }
}
