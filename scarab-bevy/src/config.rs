//! The configuration that the daemon has, for Apps.

use std::{sync::Arc, time::Duration};

use bevy::prelude::*;
use scarab_protocol::{
    config::{Binding, Origin, Theme, Value, bindings, changed_keys, lookup},
    ids::TermSize,
    message::Config,
    surface::CursorShape,
};

use crate::connection::{ConnectionLink, PrimaryConnection};

/// The section `[client]` of the configuration, as the daemon of the primary connection has it: the same for all its clients.
/// Until it has told, and for what an older daemon does not know, these are the defaults.
///
/// An App that wants its terminals to look as the user's others do adds `ScarabConfigPlugin` (feature `render`).
#[derive(Resource, Debug, Clone, PartialEq)]
pub struct ClientConfig {
    /// `client.font`; none for the bundled one.
    pub font: Option<String>,
    /// `client.font_size`, in logical pixels.
    pub font_size: f32,
    /// `client.minimum_font_size`, in logical pixels.
    pub minimum_font_size: f32,
    /// `client.line_height`, in units of the font's own.
    pub line_height: f32,
    /// `client.padding`, in logical pixels.
    pub padding: f32,
    /// `client.window_size`: columns and rows; none for a size of the program's own.
    pub window_size: Option<(u16, u16)>,
    /// `client.window_start`.
    pub window_start: WindowStart,
    /// `client.opacity`, from 0.1 to 1.
    pub opacity: f32,
    /// `client.theme`, with the colours that are given one by one.
    pub colors: Theme,
    /// The same of `client.light_theme`.
    pub light_colors: Theme,
    /// `client.cursor_shape`, of a cursor whose program has chosen none.
    pub cursor_shape: CursorShape,
    /// `client.cursor_blink`: whether the cursor blinks; none as the program asks.
    pub cursor_blink: Option<bool>,
    /// `client.cursor_blink_interval`: how long a cursor that blinks is seen, and how long not.
    pub cursor_blink_interval: Duration,
    /// `client.text_blink`.
    pub text_blink: bool,
    /// `client.ligatures`.
    pub ligatures: bool,
    /// `client.bell`.
    pub bell: BellKind,
    /// `client.on_exit`: whether a pane stays when its program has ended.
    pub hold_ended: bool,
    /// `client.confirm_close`.
    pub confirm_close: ConfirmClose,
    /// `client.confirm_paste`.
    pub confirm_paste: bool,
    /// `client.hide_mouse`.
    pub hide_mouse: bool,
    /// `client.clipboard_write`.
    pub clipboard_write: bool,
    /// `client.copy_on_select`.
    pub copy_on_select: bool,
    /// `client.word_separators`.
    pub word_separators: String,
    /// `client.bold_is_bright`.
    pub bold_is_bright: bool,
    /// `client.minimum_contrast`, from 1 to 21.
    pub minimum_contrast: f32,
    /// `client.bindings`, and the default ones behind them.
    pub bindings: Vec<Binding>,
}

/// What the bell does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct BellKind {
    /// The desktop is told that the window wants to be looked at.
    pub urgent: bool,
    /// The window flashes.
    pub visual: bool,
}

/// How a window begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum WindowStart {
    /// In its size.
    #[default]
    Windowed,
    /// As large as the desktop lets windows be.
    Maximized,
    /// Over the whole screen.
    Fullscreen,
}

/// When it is asked before a pane is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ConfirmClose {
    /// If other clients are attached to its session, or something else than the shell runs there in the foreground.
    #[default]
    Running,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The whole configuration of a connection's daemon: every key with its value, where that comes from, and what is wrong with the
/// file. It comes to the connection's entity soon after the connection stands, and stays when that is lost.
#[derive(Component, Debug, Clone, PartialEq)]
pub struct DaemonConfig(pub Arc<Config>);

/// The configuration of a connection's daemon has changed, or has been told for the first time.
#[derive(Message, Debug, Clone, PartialEq, Eq)]
pub struct ConfigChanged {
    /// The connection.
    pub connection: Entity,
    /// The keys whose values are others now; none if only the file has become right or wrong.
    pub keys: Vec<String>,
    /// What is wrong with the file, in one line; the values are those from before.
    pub problem: Option<String>,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self::of(&|_| None)
    }
}

impl From<&Config> for ClientConfig {
    fn from(config: &Config) -> Self {
        Self::of(&|name| {
            // What nobody has said is left to the theme.
            let said = config.entries.iter().find(|entry| entry.key == name && entry.origin != Origin::Default);
            said.map(|entry| entry.value.clone())
        })
    }
}

impl ClientConfig {
    /// A size of the text in logical pixels, or the least one if that is larger.
    pub fn legible(&self, size: f32) -> f32 {
        size.max(self.minimum_font_size)
    }

    /// From what was told, where that makes sense, and from the table of keys.
    fn of(told: &dyn Fn(&str) -> Option<Value>) -> Self {
        let said = |name: &str| told(name).and_then(|value| lookup(name).ok()?.fit(value).ok());
        let value = |name: &str| said(name).unwrap_or_else(|| lookup(name).expect("a key of the table").default());
        let number = |name| match value(name) {
            Value::Float(number) => number as f32,
            _ => 0.0,
        };
        let milliseconds = |name| match value(name) {
            Value::Integer(number) => Duration::from_millis(number.unsigned_abs()),
            _ => Duration::ZERO,
        };
        let is = |name| value(name) == Value::Bool(true);
        let text = |name| value(name).as_text().unwrap_or_default().to_owned();
        let colors = |name: &str| Theme::configured(name, &said);
        let (dark, light, bell) = (text("client.theme"), text("client.light_theme"), text("client.bell"));
        Self {
            font: Some(text("client.font")).filter(|family| !family.is_empty()),
            font_size: number("client.font_size"),
            minimum_font_size: number("client.minimum_font_size"),
            line_height: number("client.line_height"),
            padding: number("client.padding"),
            window_size: text("client.window_size").parse().ok().map(|size: TermSize| (size.cols, size.rows)),
            window_start: match text("client.window_start").as_str() {
                "maximized" => WindowStart::Maximized,
                "fullscreen" => WindowStart::Fullscreen,
                _ => WindowStart::Windowed,
            },
            opacity: number("client.opacity"),
            light_colors: colors(if light == "same" { &dark } else { &light }),
            colors: colors(&dark),
            cursor_shape: match text("client.cursor_shape").as_str() {
                "underline" => CursorShape::Underline,
                "bar" => CursorShape::Beam,
                _ => CursorShape::Block,
            },
            cursor_blink: match text("client.cursor_blink").as_str() {
                "always" => Some(true),
                "never" => Some(false),
                _ => None,
            },
            cursor_blink_interval: milliseconds("client.cursor_blink_interval"),
            text_blink: is("client.text_blink"),
            ligatures: is("client.ligatures"),
            bell: BellKind {
                urgent: ["urgent", "both"].contains(&bell.as_str()),
                visual: ["visual", "both"].contains(&bell.as_str()),
            },
            hold_ended: text("client.on_exit") == "hold",
            confirm_close: match text("client.confirm_close").as_str() {
                "always" => ConfirmClose::Always,
                "never" => ConfirmClose::Never,
                _ => ConfirmClose::Running,
            },
            confirm_paste: is("client.confirm_paste"),
            hide_mouse: is("client.hide_mouse"),
            clipboard_write: is("client.clipboard_write"),
            copy_on_select: is("client.copy_on_select"),
            word_separators: text("client.word_separators"),
            bold_is_bright: is("client.bold_is_bright"),
            minimum_contrast: number("client.minimum_contrast"),
            bindings: match value("client.bindings") {
                Value::Texts(texts) => bindings(&texts),
                _ => bindings(&[]),
            },
        }
    }
}

/// Takes over what the daemons have told.
pub(crate) fn receive(
    mut commands: Commands,
    connections: Query<(Entity, &ConnectionLink, Option<&DaemonConfig>, Has<PrimaryConnection>)>,
    mut own: ResMut<ClientConfig>,
    mut changed: MessageWriter<ConfigChanged>,
) {
    for (connection, link, known, primary) in &connections {
        let Some(config) = link.client.config() else { continue };
        if known.is_some_and(|known| Arc::ptr_eq(&known.0, &config)) {
            continue;
        }
        let before = known.map_or(&[][..], |known| &known.0.entries);
        let keys = changed_keys(before, &config.entries);
        let problem = Some(config.problem.clone()).filter(|problem| !problem.is_empty());
        if let Some(problem) = &problem {
            tracing::warn!("{problem}");
        }
        if primary {
            own.set_if_neq(ClientConfig::from(&*config));
        }
        changed.write(ConfigChanged { connection, keys, problem });
        commands.entity(connection).insert(DaemonConfig(config));
    }
}

#[cfg(test)]
mod tests {
    use scarab_protocol::message::ConfigEntry;

    use scarab_protocol::config::theme;

    use super::*;

    #[test]
    fn what_makes_no_sense_is_as_if_it_had_not_been_told() {
        let entry = |key: &str, value| ConfigEntry { key: key.into(), value, origin: Origin::File, restart: false };
        let entries = vec![
            entry("client.font_size", Value::Float(-1.0)),
            entry("client.padding", Value::Integer(7)),
            entry("client.cursor", Value::Text("#010203".into())),
            entry("client.foreground", Value::Text("red".into())),
            entry("client.unheard_of", Value::Bool(true)),
        ];
        let config = Config { path: String::new(), revision: 1, problem: String::new(), entries };
        let colors = Theme { cursor: [1, 2, 3], ..Theme::default() };
        let expected = ClientConfig { padding: 7.0, colors, light_colors: colors, ..ClientConfig::default() };
        assert_eq!(ClientConfig::from(&config), expected);
    }

    #[test]
    fn what_was_told_of_windows_and_cursors_is_taken_over() {
        let entry = |key: &str, value| ConfigEntry { key: key.into(), value, origin: Origin::File, restart: false };
        let entries = vec![
            entry("client.minimum_font_size", Value::Integer(9)),
            entry("client.window_size", Value::Text("120x40".into())),
            entry("client.window_start", Value::Text("maximized".into())),
            entry("client.opacity", Value::Float(0.5)),
            entry("client.cursor_shape", Value::Text("bar".into())),
            entry("client.cursor_blink_interval", Value::Integer(250)),
        ];
        let expected = ClientConfig {
            minimum_font_size: 9.0,
            window_size: Some((120, 40)),
            window_start: WindowStart::Maximized,
            opacity: 0.5,
            cursor_shape: CursorShape::Beam,
            cursor_blink_interval: Duration::from_millis(250),
            ..ClientConfig::default()
        };
        let config = ClientConfig::from(&Config { path: String::new(), revision: 1, problem: String::new(), entries });
        assert_eq!(config, expected);
        assert_eq!((config.legible(4.0), config.legible(12.0)), (9.0, 12.0));
    }

    #[test]
    fn colours_of_ones_own_go_before_those_of_a_theme_and_defaults_do_not() {
        let entry = |key: &str, value: &str, origin| ConfigEntry {
            key: key.into(),
            value: Value::Text(value.into()),
            origin,
            restart: false,
        };
        let entries = vec![
            entry("client.theme", "nord", Origin::File),
            entry("client.light_theme", "solarized-light", Origin::Session),
            entry("client.background", "#010203", Origin::File),
            entry("client.foreground", "#d8dee9", Origin::Default),
        ];
        let config = ClientConfig::from(&Config { path: String::new(), revision: 1, problem: String::new(), entries });
        let own = |name| Theme { background: [1, 2, 3], ..theme(name).expect("a theme") };
        assert_eq!((config.colors, config.light_colors), (own("nord"), own("solarized-light")));
    }
}
