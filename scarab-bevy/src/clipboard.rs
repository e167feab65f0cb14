//! Between terminals and the system's clipboard.

mod fetch;
mod gate;
mod primary;

use bevy::{clipboard::Clipboard, prelude::*};

pub(crate) use self::gate::PasteGate;
use self::{fetch::Fetcher, primary::Primary};
use crate::{
    input::{LineInput, PasteRequest, TakesKeys},
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
            .init_resource::<Fetcher>()
            .init_resource::<Waker>()
            .add_message::<SelectionCopied>()
            .add_message::<ScrollRequest>()
            .add_message::<PasteRequest>()
            .add_message::<LineInput>()
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

/// Waits for no text: a paste is promised, which keeps its place among what is typed, and its text comes when it is there.
fn paste(
    mut clipboard: ResMut<Clipboard>,
    mut fetcher: ResMut<Fetcher>,
    mut own: ResMut<Primary>,
    mut gate: Option<ResMut<PasteGate>>,
    waker: Res<Waker>,
    lines: Query<(), With<TakesKeys>>,
    mut requests: MessageReader<PasteRequest>,
    mut input: MessageWriter<TerminalInput>,
    mut written: MessageWriter<LineInput>,
    mut scrolls: MessageWriter<ScrollRequest>,
) {
    for &PasteRequest { terminal, primary } in requests.read() {
        let (paste, promise) = TerminalInput::promised_paste(terminal);
        let text = if lines.contains(terminal) {
            written.write(LineInput { line: terminal, kind: paste.kind });
            promise
        } else {
            scrolls.write(ScrollRequest { terminal, to: ScrollTo::Bottom });
            input.write(paste);
            match &mut gate {
                Some(gate) => gate.hold(terminal, promise),
                None => promise,
            }
        };
        if primary {
            own.get(text, &waker);
        } else {
            fetcher.get(&mut clipboard, text, &waker);
        }
        // A text that is there at once wakes nobody to look at it.
        if gate.is_some() {
            waker.wake();
        }
    }
}

// Only there is it asked on a thread.
#[cfg(all(test, unix, not(any(target_os = "macos", target_os = "ios", target_os = "android"))))]
mod tests {
    use std::time::Duration;

    use crossbeam_channel::bounded;

    use super::*;
    use crate::messages::InputKind;

    /// How long a test waits for what is to come.
    const DEADLINE: Duration = Duration::from_secs(20);

    #[test]
    fn a_program_that_has_the_clipboard_and_is_slow_keeps_no_frame_waiting() {
        let (give, given) = bounded(1);
        let mut app = App::new();
        app.add_plugins(ScarabClipboardPlugin)
            .init_resource::<Clipboard>()
            .insert_resource(Fetcher::of(move || given.recv_timeout(DEADLINE).ok()));
        let terminal = app.world_mut().spawn_empty().id();
        app.world_mut().write_message(PasteRequest { terminal, primary: false });
        app.update();
        let typed: Vec<_> = app.world_mut().resource_mut::<Messages<TerminalInput>>().drain().collect();
        let [TerminalInput { terminal: to, kind: InputKind::Promised(promise) }] = &typed[..] else {
            panic!("not one promise: {typed:?}")
        };
        assert_eq!((*to, promise.coming.try_recv().ok()), (terminal, None));
        give.send("copied".to_owned()).expect("the thread asks");
        assert_eq!(promise.coming.recv_timeout(DEADLINE).as_deref(), Ok("copied"));
    }

    #[test]
    fn a_line_that_asks_has_the_text_and_no_terminal_has_it() {
        let mut app = App::new();
        app.add_plugins(ScarabClipboardPlugin)
            .init_resource::<Clipboard>()
            .insert_resource(Fetcher::of(|| Some("copied".to_owned())));
        let line = app.world_mut().spawn(TakesKeys).id();
        app.world_mut().write_message(PasteRequest { terminal: line, primary: false });
        app.update();
        assert_eq!(app.world_mut().resource_mut::<Messages<TerminalInput>>().drain().count(), 0);
        let given: Vec<_> = app.world_mut().resource_mut::<Messages<LineInput>>().drain().collect();
        let [LineInput { line: to, kind: InputKind::Promised(promise) }] = &given[..] else {
            panic!("not one promise: {given:?}")
        };
        assert_eq!((*to, promise.coming.recv_timeout(DEADLINE).as_deref()), (line, Ok("copied")));
    }

    #[test]
    fn a_text_that_somebody_looks_at_is_pasted_when_he_has_let_it_pass() {
        let mut app = App::new();
        app.add_plugins(ScarabClipboardPlugin)
            .init_resource::<Clipboard>()
            .init_resource::<PasteGate>()
            .insert_resource(Fetcher::of(|| Some("copied".to_owned())));
        let terminal = app.world_mut().spawn_empty().id();
        let waker = app.world().resource::<Waker>().clone();
        waker.take_arrived();
        app.world_mut().write_message(PasteRequest { terminal, primary: false });
        app.update();
        let typed: Vec<_> = app.world_mut().resource_mut::<Messages<TerminalInput>>().drain().collect();
        let [TerminalInput { kind: InputKind::Promised(promise), .. }] = &typed[..] else {
            panic!("not one promise: {typed:?}")
        };
        let arrived = loop {
            waker.take_arrived();
            if let Some(arrived) = app.world_mut().resource_mut::<PasteGate>().take_arrived().pop() {
                break arrived;
            }
            assert!(waker.wait(DEADLINE), "nobody wakes the App");
        };
        assert_eq!((arrived.terminal, arrived.text.as_str()), (terminal, "copied"));
        assert!(promise.coming.try_recv().is_err());
        arrived.pass();
        assert_eq!(promise.coming.try_recv().as_deref(), Ok("copied"));
    }

    #[test]
    fn a_clipboard_without_text_pastes_nothing() {
        let mut app = App::new();
        app.add_plugins(ScarabClipboardPlugin).init_resource::<Clipboard>().insert_resource(Fetcher::of(|| None));
        let terminal = app.world_mut().spawn_empty().id();
        app.world_mut().write_message(PasteRequest { terminal, primary: false });
        app.update();
        let typed: Vec<_> = app.world_mut().resource_mut::<Messages<TerminalInput>>().drain().collect();
        let [TerminalInput { kind: InputKind::Promised(promise), .. }] = &typed[..] else {
            panic!("not one promise: {typed:?}")
        };
        assert_eq!(promise.coming.recv_timeout(DEADLINE), Err(crossbeam_channel::RecvTimeoutError::Disconnected));
    }
}
