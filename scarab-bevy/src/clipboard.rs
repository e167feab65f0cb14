//! Between terminals and the system's clipboard.

use bevy::{
    clipboard::{Clipboard, ClipboardRead},
    prelude::*,
};

use crate::{
    input::PasteRequest,
    ipc::ScarabIpcSystems,
    messages::{ClipboardSet, TerminalInput},
};

/// Pastes from the system's clipboard, and puts there what programs ask for (OSC 52). Needs Bevy's `ClipboardPlugin`
/// (in `DefaultPlugins` with feature `system_clipboard`); without it nothing happens.
#[derive(Debug, Clone, Copy, Default)]
pub struct ScarabClipboardPlugin;

/// Reads of the clipboard that are not done yet. At most one a terminal: asking again replaces it.
#[derive(Resource, Default)]
struct Reads(Vec<(Entity, ClipboardRead)>);

impl Plugin for ScarabClipboardPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Reads>()
            .add_message::<PasteRequest>()
            .add_message::<ClipboardSet>()
            .add_message::<TerminalInput>()
            .add_systems(Update, obey.run_if(resource_exists::<Clipboard>))
            .add_systems(PostUpdate, paste.before(ScarabIpcSystems::Send).run_if(resource_exists::<Clipboard>));
    }
}

/// A clipboard may be missing (no display, a compositor without one): that is told, and costs nothing else.
fn obey(mut clipboard: ResMut<Clipboard>, mut set: MessageReader<ClipboardSet>) {
    for ClipboardSet { primary, text, .. } in set.read() {
        // Bevy knows no primary selection.
        if !primary && let Err(error) = clipboard.set_text(text.as_str()) {
            tracing::warn!("the clipboard did not take a program's text: {error:?}");
        }
    }
}

fn paste(
    mut clipboard: ResMut<Clipboard>,
    mut reads: ResMut<Reads>,
    mut requests: MessageReader<PasteRequest>,
    mut input: MessageWriter<TerminalInput>,
) {
    for PasteRequest { terminal } in requests.read() {
        reads.0.retain(|(other, _)| other != terminal);
        reads.0.push((*terminal, clipboard.fetch_text()));
    }
    if reads.0.is_empty() {
        return;
    }
    reads.0.retain_mut(|(terminal, read)| match read.poll_result() {
        None => true,
        Some(Ok(text)) => {
            input.write(TerminalInput::paste(*terminal, text));
            false
        }
        Some(Err(error)) => {
            tracing::warn!("the clipboard gave no text: {error:?}");
            false
        }
    });
}
