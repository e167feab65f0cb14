//! Between terminals and the system's clipboard.

mod primary;

use bevy::{
    clipboard::{Clipboard, ClipboardRead},
    prelude::*,
};
use crossbeam_channel::{Receiver, TryRecvError};

use self::primary::Primary;
use crate::{
    input::PasteRequest,
    ipc::ScarabIpcSystems,
    messages::{ClipboardSet, SelectionCopied, TerminalInput},
    select::ScarabSelectSystems,
    viewport::{ScrollRequest, ScrollTo},
    wake::Waker,
};

/// Pastes from the system's clipboard, and puts there what programs ask for (OSC 52). Needs Bevy's `ClipboardPlugin`
/// (in `DefaultPlugins` with feature `system_clipboard`); without it nothing happens.
#[derive(Debug, Clone, Copy, Default)]
pub struct ScarabClipboardPlugin;

/// Who may put something on the clipboard without being told to. May be changed at run time.
#[derive(Resource, Reflect, Debug, Clone, Copy, PartialEq, Eq)]
#[reflect(Resource, Default)]
pub struct ClipboardSettings {
    /// Whether programs may (OSC 52). Default: true.
    pub programs_write: bool,
    /// Whether what is selected goes there at once. Default: false.
    pub copy_on_select: bool,
}

impl Default for ClipboardSettings {
    fn default() -> Self {
        Self { programs_write: true, copy_on_select: false }
    }
}

/// The most reads that wait for the clipboard; one more is left out, which takes a desktop that hangs.
const MOST_READS: usize = 16;

/// Reads of the clipboard that are not done yet.
#[derive(Resource, Default)]
struct Reads(Vec<(Entity, Read)>);

/// What is being read.
enum Read {
    Clipboard(ClipboardRead),
    Primary(Receiver<Option<String>>),
}

impl Read {
    /// The text, once it is there; of nothing an empty one.
    fn poll(&mut self) -> Option<String> {
        match self {
            Self::Clipboard(read) => read.poll_result().map(|text| {
                text.unwrap_or_else(|error| {
                    tracing::warn!("the clipboard gave no text: {error:?}");
                    String::new()
                })
            }),
            Self::Primary(answer) => match answer.try_recv() {
                Ok(text) => Some(text.unwrap_or_default()),
                Err(TryRecvError::Empty) => None,
                Err(TryRecvError::Disconnected) => Some(String::new()),
            },
        }
    }
}

impl Plugin for ScarabClipboardPlugin {
    fn build(&self, app: &mut App) {
        app.register_type::<ClipboardSettings>()
            .init_resource::<ClipboardSettings>()
            .init_resource::<Reads>()
            .init_resource::<Primary>()
            .init_resource::<Waker>()
            .add_message::<SelectionCopied>()
            .add_message::<ScrollRequest>()
            .add_message::<PasteRequest>()
            .add_message::<ClipboardSet>()
            .add_message::<TerminalInput>()
            .add_systems(
                PostUpdate,
                (obey.after(ScarabSelectSystems::Select), paste.before(ScarabIpcSystems::Send))
                    .run_if(resource_exists::<Clipboard>),
            );
    }
}

/// A clipboard may be missing (no display, a compositor without one): that is told, and costs nothing else.
fn obey(
    mut clipboard: ResMut<Clipboard>,
    mut own: ResMut<Primary>,
    settings: Res<ClipboardSettings>,
    mut set: MessageReader<ClipboardSet>,
    mut copied: MessageReader<SelectionCopied>,
) {
    let programs = set.read().map(|ClipboardSet { primary, text, .. }| (*primary, text));
    let programs = programs.filter(|_| settings.programs_write);
    let selected = copied.read().map(|SelectionCopied { primary, text, .. }| (*primary, text));
    let also = |(primary, text)| [Some((primary, text)), (primary && settings.copy_on_select).then_some((false, text))];
    for (primary, text) in programs.chain(selected.flat_map(also).flatten()) {
        if primary {
            own.set(text);
        } else if let Err(error) = clipboard.set_text(text.as_str()) {
            tracing::warn!("the clipboard did not take a text: {error:?}");
        }
    }
}

fn paste(
    mut clipboard: ResMut<Clipboard>,
    mut reads: ResMut<Reads>,
    mut own: ResMut<Primary>,
    waker: Res<Waker>,
    mut requests: MessageReader<PasteRequest>,
    mut input: MessageWriter<TerminalInput>,
    mut scrolls: MessageWriter<ScrollRequest>,
) {
    for PasteRequest { terminal, primary } in requests.read() {
        scrolls.write(ScrollRequest { terminal: *terminal, to: ScrollTo::Bottom });
        let read = if *primary { Read::Primary(own.get(&waker)) } else { Read::Clipboard(clipboard.fetch_text()) };
        if reads.0.len() >= MOST_READS {
            tracing::warn!("the clipboard does not answer: a paste is left out");
            continue;
        }
        reads.0.push((*terminal, read));
    }
    if reads.0.is_empty() {
        return;
    }
    // In order: of a terminal's pastes none goes before an earlier one.
    let mut waiting = Vec::new();
    reads.0.retain_mut(|(terminal, read)| {
        let text = if waiting.contains(terminal) { None } else { read.poll() };
        if text.is_none() {
            waiting.push(*terminal);
        }
        input
            .write_batch(text.iter().filter(|text| !text.is_empty()).map(|text| TerminalInput::paste(*terminal, text)));
        text.is_none()
    });
}
