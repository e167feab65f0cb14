//! The line at the bottom of the window in which one writes what to look for.

use bevy::{
    input::keyboard::{Key, KeyboardInput},
    input_focus::{FocusCause, FocusedInput, InputFocus},
    prelude::*,
    window::{Ime, PrimaryWindow},
};
use scarab_protocol::{config::Action, key::Mods};

use super::line::{self, Line, LineView};
use crate::{
    ActionTriggered, TerminalKeys,
    input::{Held, KeyOrder},
    panes::Front,
    render::{TerminalRenderSystems, TerminalTheme},
    search::{Search, SearchOutcome, SearchRequest, TerminalSearch},
    select::ScarabSelectSystems,
};

/// What can be done, as far as there is room for it.
const HELP: &str = "Enter up, Shift+Enter down, Ctrl+R regex, Escape ends";

/// What is written there.
#[derive(Resource, Default)]
struct Bar {
    /// The terminal that is searched; none while the bar is closed.
    terminal: Option<Entity>,
    line: Line,
    regex: bool,
}

#[derive(Component)]
struct BarView;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Bar>()
        .add_systems(Startup, (spawn, offer))
        .add_systems(Update, (open, commit, close_without_focus).chain())
        // What came of a search is known when it was asked for in this update.
        .add_systems(PostUpdate, show.after(ScarabSelectSystems::Select).before(TerminalRenderSystems::Measure));
}

fn offer(mut keys: ResMut<TerminalKeys>) {
    keys.actions.insert(Action::Search);
}

fn spawn(mut commands: Commands) {
    commands.spawn((BarView, line::view())).observe(type_key);
}

fn open(
    mut actions: MessageReader<ActionTriggered>,
    mut bar: ResMut<Bar>,
    view: Single<Entity, With<BarView>>,
    mut focus: ResMut<InputFocus>,
    mut requests: MessageWriter<SearchRequest>,
) {
    for ActionTriggered { terminal, .. } in actions.read().filter(|triggered| triggered.action == Action::Search) {
        if let Some(before) = bar.terminal.replace(*terminal).filter(|before| before != terminal) {
            requests.write(SearchRequest { terminal: before, what: Search::End });
        }
        focus.set(*view, FocusCause::Navigated);
        // What was looked for last is there to be gone on with, or written over.
        let (text, regex) = (bar.line.text.clone(), bar.regex);
        requests.write(SearchRequest { terminal: *terminal, what: Search::For { text, regex } });
    }
}

fn type_key(
    mut event: On<FocusedInput<KeyboardInput>>,
    mut bar: ResMut<Bar>,
    held: Res<Held>,
    mut order: ResMut<KeyOrder>,
    mut focus: ResMut<InputFocus>,
    mut requests: MessageWriter<SearchRequest>,
) {
    event.propagate(false);
    // It comes again when what came before it is done.
    if order.is_waiting() {
        return;
    }
    let Some(terminal) = bar.terminal.filter(|_| event.input.state.is_pressed()) else { return };
    let ctrl = held.mods().contains(Mods::CTRL);
    let shift = held.mods().contains(Mods::SHIFT);
    let mut ask = |what| {
        requests.write(SearchRequest { terminal, what });
    };
    match &event.input.logical_key {
        Key::Escape => {
            bar.terminal = None;
            focus.set(terminal, FocusCause::Navigated);
            order.stop();
            return ask(Search::End);
        }
        Key::Enter | Key::ArrowUp if !shift => return ask(Search::Up),
        Key::Enter | Key::ArrowDown => return ask(Search::Down),
        Key::Character(key) if ctrl && key.eq_ignore_ascii_case("r") => bar.regex = !bar.regex,
        _ => {
            if !bar.line.key(&event.input, ctrl) {
                return;
            }
        }
    }
    ask(Search::For { text: bar.line.text.clone(), regex: bar.regex });
}

/// What an input method has composed.
fn commit(
    mut ime: MessageReader<Ime>,
    focus: Res<InputFocus>,
    view: Single<Entity, With<BarView>>,
    mut bar: ResMut<Bar>,
    mut requests: MessageWriter<SearchRequest>,
) {
    let has_keyboard = focus.get() == Some(*view);
    for event in ime.read().filter(|_| has_keyboard) {
        if let (Ime::Commit { value, .. }, Some(terminal)) = (event, bar.terminal) {
            bar.line.write(value);
            let what = Search::For { text: bar.line.text.clone(), regex: bar.regex };
            requests.write(SearchRequest { terminal, what });
        }
    }
}

/// The search ends when somebody else gets the keyboard, and with its terminal.
fn close_without_focus(
    view: Single<Entity, With<BarView>>,
    front: Front,
    mut bar: ResMut<Bar>,
    mut focus: ResMut<InputFocus>,
    terminals: Query<(), With<TerminalSearch>>,
    mut requests: MessageWriter<SearchRequest>,
) {
    let Some(terminal) = bar.terminal else { return };
    let (has_keyboard, is_there) = (focus.get() == Some(*view), terminals.contains(terminal));
    if has_keyboard && is_there {
        return;
    }
    bar.terminal = None;
    requests.write(SearchRequest { terminal, what: Search::End });
    if let Some(pane) = front.pane().filter(|_| has_keyboard) {
        focus.set(pane, FocusCause::Navigated);
    }
}

impl Bar {
    fn says(&self, outcome: &SearchOutcome) -> (String, String) {
        let says = match outcome {
            SearchOutcome::Idle | SearchOutcome::Found => HELP.to_owned(),
            SearchOutcome::Looking => "looking...".to_owned(),
            SearchOutcome::NotFound => "not found".to_owned(),
            SearchOutcome::Wrong(why) => why.clone(),
        };
        let kind = if self.regex { "regex" } else { "search" };
        (format!("{kind}: {}", self.line.text), says)
    }
}

/// Draws the bar along the lower edge of the window.
fn show(
    bar: Res<Bar>,
    theme: Res<TerminalTheme>,
    window: Option<Single<Ref<Window>, With<PrimaryWindow>>>,
    searches: Query<Ref<TerminalSearch>>,
    mut view: Single<LineView, With<BarView>>,
) {
    let Some(window) = window else { return };
    let Some(search) = bar.terminal.and_then(|terminal| searches.get(terminal).ok()) else {
        view.1.set_if_neq(Visibility::Hidden);
        return;
    };
    let news = [bar.is_changed(), theme.is_changed(), window.is_changed(), search.is_changed(), view.4.is_changed()];
    if !news.contains(&true) {
        return;
    }
    let (text, says) = bar.says(search.outcome());
    line::show(&mut view, &window, &theme, &text, &says);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::testing::{click_and_type, with_open_line};

    #[test]
    fn what_is_typed_behind_a_click_on_a_pane_is_not_looked_for() {
        let mut app = with_open_line(plugin, Action::Search);
        assert_eq!(click_and_type(&mut app), "x");
        assert_eq!(app.world().resource::<Bar>().line.text, "");
    }
}
