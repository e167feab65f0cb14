//! Drawing as the user has configured it.

use bevy::{
    prelude::*,
    window::{PrimaryWindow, WindowTheme, WindowThemeChanged},
};

use super::{CursorBlink, DefaultCursor, FontSettings, TerminalTheme, TerminalView, TextBlink};
use crate::{config::ClientConfig, select::WordSeparators, terminal::Terminal};

/// Has terminals look and listen as the configuration says: font, padding, colours, cursor, bindings and what becomes of a selection
/// follow [`ClientConfig`], at the start and whenever it changes. For programs that are terminals; an App with a look of its own leaves
/// it out.
#[derive(Debug, Clone, Copy, Default)]
pub struct ScarabConfigPlugin;

impl Plugin for ScarabConfigPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<ClientConfig>()
            .init_resource::<CursorBlink>()
            .init_resource::<DefaultCursor>()
            .init_resource::<TextBlink>()
            .init_resource::<WordSeparators>()
            // A program without windows has none of its own.
            .add_message::<WindowThemeChanged>()
            .add_systems(Update, (draw, color, pad));
        #[cfg(feature = "input")]
        app.add_systems(Update, listen);
        #[cfg(feature = "clipboard")]
        app.add_systems(Update, copy);
    }
}

impl ClientConfig {
    /// The colours and what goes with them, on a desktop that is light or not.
    pub fn theme(&self, light: bool) -> TerminalTheme {
        let colors = if light { self.light_colors } else { self.colors };
        let &Self { bold_is_bright, minimum_contrast, .. } = self;
        TerminalTheme { bold_is_bright, minimum_contrast, ..colors.into() }
    }
}

/// A size that was chosen by keys stays until another is configured, or the least size is larger: other changes have nothing to do with it.
fn draw(
    config: Res<ClientConfig>,
    mut configured_size: Local<Option<f32>>,
    mut font: ResMut<FontSettings>,
    mut cursor: ResMut<DefaultCursor>,
    mut blink: ResMut<CursorBlink>,
    mut text_blink: ResMut<TextBlink>,
    mut separators: ResMut<WordSeparators>,
) {
    if !config.is_changed() {
        return;
    }
    let size_is_new = configured_size.replace(config.font_size) != Some(config.font_size);
    let wanted = FontSettings {
        size: config.legible(if size_is_new { config.font_size } else { font.size }),
        line_height: config.line_height,
        family: config.font.clone(),
        ligatures: config.ligatures,
        ..font.clone()
    };
    font.set_if_neq(wanted);
    cursor.set_if_neq(DefaultCursor(config.cursor_shape));
    blink.set_if_neq(CursorBlink { always: config.cursor_blink, interval: config.cursor_blink_interval });
    text_blink.set_if_neq(TextBlink(config.text_blink));
    if separators.0 != config.word_separators {
        separators.0.clone_from(&config.word_separators);
    }
}

/// What is known of the desktop: what the primary window says, and what it has come to since.
#[derive(Default)]
struct Desktop {
    of_window: Option<WindowTheme>,
    now: Option<WindowTheme>,
}

/// The colours, which may be others while the desktop is light. A window has what the desktop was when the window was made; what it becomes
/// comes as a message only. That is not written into the window, because there it would be asked for, and the desktop followed no more.
fn color(
    config: Res<ClientConfig>,
    mut theme: ResMut<TerminalTheme>,
    mut changed: MessageReader<WindowThemeChanged>,
    window: Option<Single<(Entity, &Window), With<PrimaryWindow>>>,
    mut desktop: Local<Desktop>,
    mut was_light: Local<bool>,
) {
    if let Some((entity, window)) = window.as_deref() {
        if desktop.of_window != window.window_theme {
            *desktop = Desktop { of_window: window.window_theme, now: window.window_theme };
        }
        for told in changed.read().filter(|told| told.window == *entity) {
            desktop.now = Some(told.theme);
        }
    }
    let light = desktop.now == Some(WindowTheme::Light);
    if config.is_changed() || std::mem::replace(&mut *was_light, light) != light {
        *was_light = light;
        theme.set_if_neq(config.theme(light));
    }
}

/// Keys do what they are configured to.
#[cfg(feature = "input")]
fn listen(config: Res<ClientConfig>, keys: Option<ResMut<crate::TerminalKeys>>) {
    if let Some(mut keys) = keys.filter(|keys| config.is_changed() && keys.bindings != config.bindings) {
        keys.bindings.clone_from(&config.bindings);
    }
}

#[cfg(feature = "clipboard")]
fn copy(config: Res<ClientConfig>, settings: Option<ResMut<crate::ClipboardSettings>>) {
    if let Some(mut settings) = settings.filter(|_| config.is_changed()) {
        let &ClientConfig { clipboard_write: programs_write, copy_on_select, .. } = &*config;
        settings.set_if_neq(crate::ClipboardSettings { programs_write, copy_on_select });
    }
}

fn pad(config: Res<ClientConfig>, mut views: Query<&mut TerminalView, With<Terminal>>) {
    for mut view in &mut views {
        if (config.is_changed() || view.is_added()) && view.padding != config.padding {
            view.padding = config.padding;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use scarab_protocol::surface::CursorShape;

    use super::*;

    #[test]
    fn an_unconfigured_terminal_looks_like_one_that_nobody_has_configured() {
        let config = ClientConfig::default();
        assert_eq!((config.theme(false), config.theme(true)), (TerminalTheme::default(), TerminalTheme::default()));
        assert_eq!(config.font_size, FontSettings::default().size);
        assert_eq!(config.padding, TerminalView::default().padding);
        assert_eq!(config.opacity, TerminalView::default().opacity);
        assert_eq!(config.cursor_shape, DefaultCursor::default().0);
        let blink = CursorBlink { always: config.cursor_blink, interval: config.cursor_blink_interval };
        assert_eq!(blink, CursorBlink::default());
        assert_eq!(config.word_separators, WordSeparators::default().0);
    }

    #[test]
    fn terminals_follow_and_other_views_do_not() {
        let mut app = App::new();
        app.init_resource::<TerminalTheme>().init_resource::<FontSettings>().add_plugins(ScarabConfigPlugin);
        let terminal = app.world_mut().spawn((Terminal::new(), TerminalView::default())).id();
        let other = app.world_mut().spawn(TerminalView::default()).id();
        app.update();
        let mut wanted = ClientConfig { font_size: 20.0, padding: 9.0, font: Some("Some Mono".into()), ..default() };
        wanted.colors.cursor = [1, 2, 3];
        app.insert_resource(wanted);
        let late = app.world_mut().spawn((Terminal::new(), TerminalView::default())).id();
        app.update();
        let padding = |view| app.world().get::<TerminalView>(view).map(|view| view.padding);
        assert_eq!((padding(terminal), padding(late), padding(other)), (Some(9.0), Some(9.0), Some(4.0)));
        assert_eq!(app.world().resource::<TerminalTheme>().cursor, [1, 2, 3]);
        let font = app.world().resource::<FontSettings>();
        assert_eq!((font.size, font.family.as_deref()), (20.0, Some("Some Mono")));
    }

    #[test]
    fn a_size_chosen_by_keys_stays_until_another_is_configured() {
        let mut app = App::new();
        app.init_resource::<TerminalTheme>().init_resource::<FontSettings>().add_plugins(ScarabConfigPlugin);
        let size = |app: &App| app.world().resource::<FontSettings>().size;
        app.insert_resource(ClientConfig { font_size: 20.0, ..default() });
        app.update();
        app.world_mut().resource_mut::<FontSettings>().size = 25.0;
        app.insert_resource(ClientConfig { font_size: 20.0, ligatures: true, ..default() });
        app.update();
        assert_eq!((size(&app), app.world().resource::<FontSettings>().ligatures), (25.0, true));
        app.insert_resource(ClientConfig { font_size: 21.0, ligatures: true, ..default() });
        app.update();
        assert_eq!(size(&app), 21.0);
        app.insert_resource(ClientConfig { font_size: 21.0, minimum_font_size: 30.0, ..default() });
        app.update();
        assert_eq!(size(&app), 30.0);
    }

    #[test]
    fn a_cursor_is_as_configured_at_once() {
        let mut app = App::new();
        app.init_resource::<TerminalTheme>().init_resource::<FontSettings>().add_plugins(ScarabConfigPlugin);
        app.update();
        let (cursor_shape, cursor_blink_interval) = (CursorShape::Beam, Duration::from_millis(250));
        app.insert_resource(ClientConfig { cursor_shape, cursor_blink_interval, ..default() });
        app.update();
        assert_eq!(app.world().resource::<DefaultCursor>().0, CursorShape::Beam);
        assert_eq!(app.world().resource::<CursorBlink>().interval, cursor_blink_interval);
    }

    #[test]
    fn a_light_desktop_has_colours_of_its_own() {
        let mut app = App::new();
        app.init_resource::<TerminalTheme>().init_resource::<FontSettings>().add_plugins(ScarabConfigPlugin);
        let mut config = ClientConfig::default();
        config.light_colors.background = [250; 3];
        app.insert_resource(config);
        let window = app.world_mut().spawn((Window::default(), PrimaryWindow)).id();
        app.update();
        let background = |app: &App| app.world().resource::<TerminalTheme>().background;
        assert_eq!(background(&app), ClientConfig::default().colors.background);
        let theme = |app: &mut App, theme| {
            app.world_mut().get_mut::<Window>(window).expect("a window").window_theme = Some(theme);
            app.update();
        };
        theme(&mut app, WindowTheme::Light);
        assert_eq!(background(&app), [250; 3]);
        theme(&mut app, WindowTheme::Dark);
        assert_eq!(background(&app), ClientConfig::default().colors.background);
    }

    #[test]
    fn a_desktop_that_becomes_light_is_followed_and_its_window_asks_for_nothing() {
        let mut app = App::new();
        app.init_resource::<TerminalTheme>().init_resource::<FontSettings>().add_plugins(ScarabConfigPlugin);
        let mut config = ClientConfig::default();
        config.light_colors.background = [250; 3];
        app.insert_resource(config);
        let dark = Window { window_theme: Some(WindowTheme::Dark), ..default() };
        let window = app.world_mut().spawn((dark, PrimaryWindow)).id();
        let other = app.world_mut().spawn(Window::default()).id();
        let mut becomes = |window, theme| {
            app.world_mut().write_message(WindowThemeChanged { window, theme });
            app.update();
            app.update();
            app.world().resource::<TerminalTheme>().background
        };
        let dark = ClientConfig::default().colors.background;
        assert_eq!(becomes(other, WindowTheme::Light), dark);
        assert_eq!(becomes(window, WindowTheme::Light), [250; 3]);
        assert_eq!(becomes(window, WindowTheme::Dark), dark);
        assert_eq!(becomes(window, WindowTheme::Light), [250; 3]);
        let window = app.world().get::<Window>(window).expect("a window");
        assert_eq!(window.window_theme, Some(WindowTheme::Dark));
    }
}
