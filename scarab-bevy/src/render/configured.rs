//! Drawing as the user has configured it.

use bevy::prelude::*;

use super::{FontSettings, TerminalTheme, TerminalView};
use crate::{config::ClientConfig, terminal::Terminal};

/// Has terminals look as the configuration says: font size, padding and colours follow [`ClientConfig`], at the start and whenever it
/// changes. For programs that are terminals; an App with a look of its own leaves it out.
#[derive(Debug, Clone, Copy, Default)]
pub struct ScarabConfigPlugin;

impl Plugin for ScarabConfigPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<ClientConfig>().add_systems(Update, (follow, pad));
    }
}

impl From<&ClientConfig> for TerminalTheme {
    fn from(config: &ClientConfig) -> Self {
        let &ClientConfig { foreground, background, cursor, ansi, .. } = config;
        Self { foreground, background, cursor, ansi }
    }
}

fn follow(config: Res<ClientConfig>, mut theme: ResMut<TerminalTheme>, mut font: ResMut<FontSettings>) {
    if config.is_changed() {
        theme.set_if_neq(TerminalTheme::from(&*config));
        if font.size != config.font_size {
            font.size = config.font_size;
        }
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
    use super::*;

    #[test]
    fn an_unconfigured_terminal_looks_like_one_that_nobody_has_configured() {
        let config = ClientConfig::default();
        assert_eq!(TerminalTheme::from(&config), TerminalTheme::default());
        assert_eq!(config.font_size, FontSettings::default().size);
        assert_eq!(config.padding, TerminalView::default().padding);
    }

    #[test]
    fn terminals_follow_and_other_views_do_not() {
        let mut app = App::new();
        app.init_resource::<TerminalTheme>().init_resource::<FontSettings>().add_plugins(ScarabConfigPlugin);
        let terminal = app.world_mut().spawn((Terminal::new(), TerminalView::default())).id();
        let other = app.world_mut().spawn(TerminalView::default()).id();
        app.update();
        let wanted = ClientConfig { font_size: 20.0, padding: 9.0, cursor: [1, 2, 3], ..default() };
        app.insert_resource(wanted);
        let late = app.world_mut().spawn((Terminal::new(), TerminalView::default())).id();
        app.update();
        let padding = |view| app.world().get::<TerminalView>(view).map(|view| view.padding);
        assert_eq!((padding(terminal), padding(late), padding(other)), (Some(9.0), Some(9.0), Some(4.0)));
        assert_eq!(app.world().resource::<TerminalTheme>().cursor, [1, 2, 3]);
        assert_eq!(app.world().resource::<FontSettings>().size, 20.0);
    }
}
