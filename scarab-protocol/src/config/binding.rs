//! Keys that a client keeps for itself, and what they do there.
//!
//! A binding is written `KEY = ACTION`: the key as [`parse_key`] reads it, the action by its name. `none` gives a key back to the program.
//! `KEY = text:TEXT` types a text in place of the key, to the end of the binding and exactly as it is there.

use std::fmt;

use crate::key::{KeyPress, ParseKeyError, parse_key};

/// What a key can do in a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Nothing: the key is the program's.
    None,
    /// Copies the selection to the clipboard.
    Copy,
    /// Pastes the clipboard.
    Paste,
    /// Pastes the primary selection, or what was selected last where there is none.
    PasteSelection,
    /// Selects all that can be reached.
    SelectAll,
    /// Shows the line above.
    ScrollLineUp,
    /// Shows the line below.
    ScrollLineDown,
    /// Shows the page above.
    ScrollPageUp,
    /// Shows the page below.
    ScrollPageDown,
    /// Shows the oldest lines.
    ScrollTop,
    /// Shows the screen again.
    ScrollBottom,
    /// Drops what has scrolled off the screen.
    ClearScrollback,
    /// Looks for a text.
    Search,
    /// Makes the text larger.
    FontLarger,
    /// Makes the text smaller.
    FontSmaller,
    /// Gives the text its configured size.
    FontReset,
    /// Opens a tab with a new shell.
    NewTab,
    /// Closes the pane that has the keyboard, and with the last of its panes the tab.
    Close,
    /// Goes to the next tab.
    NextTab,
    /// Goes to the tab before.
    PreviousTab,
    /// Goes to a tab by its number, from 1; 9 is the last.
    Tab(u8),
    /// Moves the tab to the left.
    MoveTabLeft,
    /// Moves the tab to the right.
    MoveTabRight,
    /// Gives the tab another name.
    RenameTab,
    /// Splits the pane, with a new shell at the right.
    SplitRight,
    /// Splits the pane, with a new shell below.
    SplitDown,
    /// Goes to the pane at the left.
    FocusLeft,
    /// Goes to the pane at the right.
    FocusRight,
    /// Goes to the pane above.
    FocusUp,
    /// Goes to the pane below.
    FocusDown,
    /// Moves the pane's edge to the left.
    ResizeLeft,
    /// Moves the pane's edge to the right.
    ResizeRight,
    /// Moves the pane's edge up.
    ResizeUp,
    /// Moves the pane's edge down.
    ResizeDown,
    /// Shows the pane alone, or all again.
    Zoom,
    /// Fills the screen with the window, or not any more.
    Fullscreen,
}

/// All actions, by the names under which they are configured.
pub const ACTIONS: &[(&str, Action)] = &[
    ("none", Action::None),
    ("copy", Action::Copy),
    ("paste", Action::Paste),
    ("paste_selection", Action::PasteSelection),
    ("select_all", Action::SelectAll),
    ("scroll_line_up", Action::ScrollLineUp),
    ("scroll_line_down", Action::ScrollLineDown),
    ("scroll_page_up", Action::ScrollPageUp),
    ("scroll_page_down", Action::ScrollPageDown),
    ("scroll_top", Action::ScrollTop),
    ("scroll_bottom", Action::ScrollBottom),
    ("clear_scrollback", Action::ClearScrollback),
    ("search", Action::Search),
    ("font_larger", Action::FontLarger),
    ("font_smaller", Action::FontSmaller),
    ("font_reset", Action::FontReset),
    ("new_tab", Action::NewTab),
    ("close", Action::Close),
    ("next_tab", Action::NextTab),
    ("previous_tab", Action::PreviousTab),
    ("tab_1", Action::Tab(1)),
    ("tab_2", Action::Tab(2)),
    ("tab_3", Action::Tab(3)),
    ("tab_4", Action::Tab(4)),
    ("tab_5", Action::Tab(5)),
    ("tab_6", Action::Tab(6)),
    ("tab_7", Action::Tab(7)),
    ("tab_8", Action::Tab(8)),
    ("tab_9", Action::Tab(9)),
    ("move_tab_left", Action::MoveTabLeft),
    ("move_tab_right", Action::MoveTabRight),
    ("rename_tab", Action::RenameTab),
    ("split_right", Action::SplitRight),
    ("split_down", Action::SplitDown),
    ("focus_left", Action::FocusLeft),
    ("focus_right", Action::FocusRight),
    ("focus_up", Action::FocusUp),
    ("focus_down", Action::FocusDown),
    ("resize_left", Action::ResizeLeft),
    ("resize_right", Action::ResizeRight),
    ("resize_up", Action::ResizeUp),
    ("resize_down", Action::ResizeDown),
    ("zoom", Action::Zoom),
    ("fullscreen", Action::Fullscreen),
];

/// Shift+Insert pastes what was selected last where the system has a primary selection: terminals have had it so since xterm. Elsewhere it
/// pastes the clipboard.
const SHIFT_INSERT: &str = if cfg!(all(unix, not(any(target_os = "macos", target_os = "ios", target_os = "android")))) {
    "Shift+Insert = paste_selection"
} else {
    "Shift+Insert = paste"
};

/// The bindings that are in force where the configuration says nothing else of their keys.
pub const DEFAULT_BINDINGS: &[&str] = &[
    "Ctrl+Shift+C = copy",
    "Ctrl+Insert = copy",
    "Ctrl+Shift+V = paste",
    SHIFT_INSERT,
    "Ctrl+Shift+A = select_all",
    "Ctrl+Shift+Up = scroll_line_up",
    "Ctrl+Shift+Down = scroll_line_down",
    "Shift+PageUp = scroll_page_up",
    "Shift+PageDown = scroll_page_down",
    "Shift+Home = scroll_top",
    "Shift+End = scroll_bottom",
    "Ctrl+Shift+K = clear_scrollback",
    "Ctrl+Shift+F = search",
    "Ctrl+= = font_larger",
    "Ctrl++ = font_larger",
    "Ctrl+- = font_smaller",
    "Ctrl+0 = font_reset",
    "Ctrl+Shift+T = new_tab",
    "Ctrl+Shift+W = close",
    "Ctrl+Tab = next_tab",
    "Ctrl+Shift+Tab = previous_tab",
    "Alt+1 = tab_1",
    "Alt+2 = tab_2",
    "Alt+3 = tab_3",
    "Alt+4 = tab_4",
    "Alt+5 = tab_5",
    "Alt+6 = tab_6",
    "Alt+7 = tab_7",
    "Alt+8 = tab_8",
    "Alt+9 = tab_9",
    "Ctrl+Shift+PageUp = move_tab_left",
    "Ctrl+Shift+PageDown = move_tab_right",
    "Ctrl+Shift+R = rename_tab",
    "Ctrl+Shift+O = split_right",
    "Ctrl+Shift+E = split_down",
    "Ctrl+Alt+Left = focus_left",
    "Ctrl+Alt+Right = focus_right",
    "Ctrl+Alt+Up = focus_up",
    "Ctrl+Alt+Down = focus_down",
    "Ctrl+Alt+Shift+Left = resize_left",
    "Ctrl+Alt+Shift+Right = resize_right",
    "Ctrl+Alt+Shift+Up = resize_up",
    "Ctrl+Alt+Shift+Down = resize_down",
    "Ctrl+Shift+Enter = zoom",
    "F11 = fullscreen",
];

/// The most bytes of a text that a key types: for a sequence or a command, not for what belongs into a file.
pub const MAX_TYPED: usize = 1024;

/// What a text begins with that a key types.
const TEXT: &str = "text:";

/// A key and what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The key with its modifiers.
    pub key: KeyPress,
    /// What it does.
    pub does: Bound,
}

/// What a bound key does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    /// It asks the client for something.
    Action(Action),
    /// It types this, control characters included.
    Text(String),
}

/// A text that is no binding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseBindingError {
    /// There is no `=`, or nothing beside it.
    #[error("a binding is written KEY = ACTION, such as \"Ctrl+Shift+C = copy\", or KEY = text:TEXT")]
    Form,
    /// The text is empty or too long.
    #[error("a key types a text of 1 to {most} bytes, and this has {0}", most = MAX_TYPED)]
    Length(usize),
    /// The key is none.
    #[error(transparent)]
    Key(#[from] ParseKeyError),
    /// The action is none.
    #[error("there is no action {name}: the nearest is {nearest}")]
    Action {
        /// The name, as it was written.
        name: String,
        /// The action whose name is most like it.
        nearest: &'static str,
    },
}

impl Binding {
    /// Reads a binding.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, ParseBindingError> {
        if let Some((key, typed)) = split_text(text) {
            if key.is_empty() {
                return Err(ParseBindingError::Form);
            }
            let key = parse_key(key)?;
            return match typed.len() {
                1..=MAX_TYPED => Ok(Self { key, does: Bound::Text(typed.into()) }),
                length => Err(ParseBindingError::Length(length)),
            };
        }
        // The key may be the equals sign itself.
        let (key, action) = text.rsplit_once('=').ok_or(ParseBindingError::Form)?;
        let (key, action) = (key.trim(), action.trim());
        if key.is_empty() || action.is_empty() {
            return Err(ParseBindingError::Form);
        }
        let key = parse_key(key)?;
        match ACTIONS.iter().find(|(name, _)| *name == action) {
            Some(&(_, action)) => Ok(Self { key, does: Bound::Action(action) }),
            None => {
                let names = ACTIONS.iter().map(|(name, _)| *name);
                let nearest = names.min_by_key(|name| strsim::damerau_levenshtein(action, name)).unwrap_or_default();
                Err(ParseBindingError::Action { name: action.into(), nearest })
            }
        }
    }
}

/// The key and the text of a binding that types one. Both may have equals signs in them.
fn split_text(binding: &str) -> Option<(&str, &str)> {
    binding.match_indices('=').find_map(|(at, sign)| {
        let text = binding[at + sign.len()..].trim_start().strip_prefix(TEXT)?;
        Some((binding[..at].trim(), text))
    })
}

/// The bindings in force: the configured ones, then the default ones. The first that has a key decides.
/// What cannot be read is left out.
pub fn bindings(configured: &[String]) -> Vec<Binding> {
    let own = configured.iter().map(String::as_str);
    own.chain(DEFAULT_BINDINGS.iter().copied()).filter_map(|text| Binding::parse(text).ok()).collect()
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = ACTIONS.iter().find(|(_, action)| action == self).map_or("none", |(name, _)| *name);
        f.write_str(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Mods;

    #[test]
    fn the_default_bindings_can_be_read_and_no_key_has_two() {
        for (at, text) in DEFAULT_BINDINGS.iter().enumerate() {
            let binding = Binding::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            for other in &DEFAULT_BINDINGS[..at] {
                assert_ne!(Binding::parse(other).expect("read before").key, binding.key, "{text} and {other}");
            }
        }
        for (name, action) in ACTIONS {
            assert_eq!(action.to_string(), *name);
        }
    }

    #[test]
    fn what_is_wrong_with_a_binding_is_told() {
        let error = |text| Binding::parse(text).expect_err("wrong").to_string();
        assert!(error("Ctrl+C").starts_with("a binding is written"));
        assert!(error("= copy").starts_with("a binding is written"));
        assert!(error("Hyper+C = copy").contains("no key is called \"Hyper+C\""));
        assert_eq!(error("Ctrl+C = coppy"), "there is no action coppy: the nearest is copy");
    }

    #[test]
    fn the_equals_sign_is_a_key() {
        let binding = Binding::parse("Ctrl+= = font_larger").expect("a binding");
        assert_eq!((binding.key.mods, binding.does), (Mods::CTRL, Bound::Action(Action::FontLarger)));
    }

    #[test]
    fn a_text_is_what_is_written_behind_its_mark() {
        for (text, key, typed) in [
            ("Shift+Enter = text:\u{1b}[13;2u", "Shift+Enter", "\u{1b}[13;2u"),
            ("F5=text: a = text:b ", "F5", " a = text:b "),
            ("Ctrl+= = text:=", "Ctrl+=", "="),
        ] {
            let key = parse_key(key).expect("a key");
            assert_eq!(Binding::parse(text), Ok(Binding { key, does: Bound::Text(typed.into()) }), "{text}");
        }
        let of_length = |length| Binding::parse(&format!("F5 = text:{}", "x".repeat(length)));
        assert!(of_length(MAX_TYPED).is_ok());
        assert_eq!(of_length(0), Err(ParseBindingError::Length(0)));
        let error = of_length(MAX_TYPED + 1).expect_err("too long").to_string();
        assert_eq!(error, "a key types a text of 1 to 1024 bytes, and this has 1025");
        assert_eq!(Binding::parse("= text:x"), Err(ParseBindingError::Form));
    }

    #[test]
    fn configured_bindings_go_before_the_default_ones() {
        let all = bindings(&["Ctrl+Shift+C = none".into(), "nonsense".into()]);
        let first = all.iter().find(|binding| binding.key == all[0].key).expect("there");
        assert_eq!(first.does, Bound::Action(Action::None));
        assert_eq!(all.len(), DEFAULT_BINDINGS.len() + 1);
    }
}
