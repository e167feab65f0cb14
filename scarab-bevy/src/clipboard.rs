//! Between terminals and the system's clipboard.

mod primary;

use bevy::{clipboard::Clipboard, prelude::*};

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

impl Plugin for ScarabClipboardPlugin {
    fn build(&self, app: &mut App) {
        app.register_type::<ClipboardSettings>()
            .init_resource::<ClipboardSettings>()
            .init_resource::<Primary>()
            .init_resource::<Waker>()
            .add_message::<SelectionCopied>()
            .add_message::<ScrollRequest>()
            .add_message::<PasteRequest>()
            .add_message::<ClipboardSet>()
            .add_message::<TerminalInput>()
            .add_systems(
                PostUpdate,
                (
                    obey.after(ScarabSelectSystems::Select),
                    paste.before(crate::input::go_on).before(ScarabIpcSystems::Send),
                )
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
    mut own: ResMut<Primary>,
    waker: Res<Waker>,
    mut requests: MessageReader<PasteRequest>,
    mut input: MessageWriter<TerminalInput>,
    mut scrolls: MessageWriter<ScrollRequest>,
) {
    for &PasteRequest { terminal, primary } in requests.read() {
        scrolls.write(ScrollRequest { terminal, to: ScrollTo::Bottom });
        if primary {
            let (paste, text) = TerminalInput::promised_paste(terminal);
            input.write(paste);
            own.get(text, &waker);
            continue;
        }
        match clipboard.fetch_text().poll_result() {
            Some(Ok(text)) => drop(input.write(TerminalInput::paste(terminal, text))),
            Some(Err(error)) => tracing::warn!("the clipboard gave no text: {error:?}"),
            // Only on the web has one to wait for it.
            None => tracing::warn!("the clipboard gave no text at once"),
        }
    }
}
