//! The colours that a program is told when it asks for one that it has not changed: those of the theme in the configuration, which
//! clients draw with unless their desktop is a light one.

use std::sync::{Arc, Mutex, PoisonError};

use alacritty_terminal::vte::ansi::{NamedColor, Rgb};
use scarab_protocol::config::Theme;

/// The theme's colours, which may become others at any time. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Colors(Arc<Mutex<Theme>>);

impl Colors {
    /// They are these from now on.
    pub(crate) fn set(&self, theme: Theme) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = theme;
    }

    /// The colour in a place of the palette as the VT core counts them.
    pub(super) fn at(&self, place: usize) -> Rgb {
        let theme = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let [r, g, b] = match place {
            0..16 => theme.ansi[place],
            // A cube of six levels a side.
            16..232 => {
                let level = |at: usize| if at == 0 { 0 } else { 55 + 40 * at as u8 };
                let place = place - 16;
                [level(place / 36), level(place / 6 % 6), level(place % 6)]
            }
            // A ramp of greys.
            232..256 => [8 + 10 * (place - 232) as u8; 3],
            _ if place == NamedColor::Background as usize => theme.background,
            _ if place == NamedColor::Cursor as usize => theme.cursor,
            _ => theme.foreground,
        };
        Rgb { r, g, b }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_theme_has_the_first_colours_and_xterm_the_others() {
        let colors = Colors::default();
        let theme = Theme { background: [1, 2, 3], ..Theme::default() };
        colors.clone().set(theme);
        let of = |place| {
            let Rgb { r, g, b } = colors.at(place);
            [r, g, b]
        };
        assert_eq!(of(1), theme.ansi[1]);
        assert_eq!(of(16), [0, 0, 0]);
        assert_eq!(of(231), [255, 255, 255]);
        assert_eq!(of(232), [8, 8, 8]);
        assert_eq!(of(255), [238, 238, 238]);
        assert_eq!(of(NamedColor::Background as usize), [1, 2, 3]);
        assert_eq!(of(NamedColor::Foreground as usize), theme.foreground);
    }
}
