//! The colour themes that clients know by name.

use super::{Value, color};

/// The colours of a terminal: red, green and blue each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Theme {
    /// Text in the default colour.
    pub foreground: [u8; 3],
    /// The screen behind the text.
    pub background: [u8; 3],
    /// The cursor.
    pub cursor: [u8; 3],
    /// Behind what is selected.
    pub selection: [u8; 3],
    /// Behind what a search has found.
    pub found: [u8; 3],
    /// Behind the text where a search has stopped; the text has the background's colour there.
    pub found_here: [u8; 3],
    /// Black, red, green, yellow, blue, magenta, cyan, white, and the same eight bright.
    pub ansi: [[u8; 3]; 16],
}

/// A theme as it is written down: foreground, background, cursor, selection, found, found here; then the sixteen.
struct Written {
    name: &'static str,
    colors: [u32; 6],
    ansi: [u32; 16],
}

/// The first is the default one. Those of others have the colours that their authors publish: Ethan Schoonover's Solarized,
/// Pavel Pertsev's Gruvbox, Sven Greb's Nord, Zeno Rocha's Dracula.
const WRITTEN: &[Written] = &[
    Written {
        name: "scarab",
        colors: [0xd8dee9, 0x16181d, 0xe5c07b, 0x3b4861, 0x5f4b1e, 0xf0c674],
        ansi: [
            0x2b2f38, 0xe06c75, 0x98c379, 0xd7a65f, 0x61afef, 0xc678dd, 0x56b6c2, 0xc0c5ce, 0x656d7d, 0xff878f,
            0xb5e090, 0xf0c674, 0x82c4ff, 0xdd9af0, 0x74d4e0, 0xf5f7fa,
        ],
    },
    Written {
        name: "scarab-light",
        colors: [0x2a2e37, 0xfafafa, 0xb07a10, 0xcfdcf0, 0xf7e2a8, 0x8f5f00],
        ansi: [
            0x2a2e37, 0xc4383a, 0x3d7f2f, 0x8a5d00, 0x1f6fbf, 0x9637a5, 0x0b7582, 0x8d94a0, 0x656d7d, 0xd0393b,
            0x35762a, 0x7d5400, 0x155fae, 0x852b94, 0x086672, 0x4a505c,
        ],
    },
    Written {
        name: "high-contrast",
        colors: [0xffffff, 0x000000, 0xffff00, 0x004a9f, 0x5f5f00, 0xffff00],
        ansi: [
            0x000000, 0xff8080, 0x5fff5f, 0xffff5f, 0x9fbfff, 0xff9fff, 0x5fffff, 0xffffff, 0xb0b0b0, 0xffa0a0,
            0x9fff9f, 0xffff9f, 0xbfd4ff, 0xffc4ff, 0x9fffff, 0xffffff,
        ],
    },
    Written {
        name: "solarized-dark",
        colors: [0x839496, 0x002b36, 0x93a1a1, 0x073642, 0x4d3f00, 0xb58900],
        ansi: [
            0x073642, 0xdc322f, 0x859900, 0xb58900, 0x268bd2, 0xd33682, 0x2aa198, 0xeee8d5, 0x002b36, 0xcb4b16,
            0x586e75, 0x657b83, 0x839496, 0x6c71c4, 0x93a1a1, 0xfdf6e3,
        ],
    },
    Written {
        name: "solarized-light",
        colors: [0x657b83, 0xfdf6e3, 0x586e75, 0xeee8d5, 0xf2dfa2, 0x8a6900],
        ansi: [
            0x073642, 0xdc322f, 0x859900, 0xb58900, 0x268bd2, 0xd33682, 0x2aa198, 0xeee8d5, 0x002b36, 0xcb4b16,
            0x586e75, 0x657b83, 0x839496, 0x6c71c4, 0x93a1a1, 0xfdf6e3,
        ],
    },
    Written {
        name: "gruvbox-dark",
        colors: [0xebdbb2, 0x282828, 0xebdbb2, 0x504945, 0x665c1e, 0xfabd2f],
        ansi: [
            0x282828, 0xcc241d, 0x98971a, 0xd79921, 0x458588, 0xb16286, 0x689d6a, 0xa89984, 0x928374, 0xfb4934,
            0xb8bb26, 0xfabd2f, 0x83a598, 0xd3869b, 0x8ec07c, 0xebdbb2,
        ],
    },
    Written {
        name: "gruvbox-light",
        colors: [0x3c3836, 0xfbf1c7, 0x3c3836, 0xd5c4a1, 0xf2d98a, 0x9d5d0a],
        ansi: [
            0xfbf1c7, 0xcc241d, 0x98971a, 0xd79921, 0x458588, 0xb16286, 0x689d6a, 0x7c6f64, 0x928374, 0x9d0006,
            0x79740e, 0xb57614, 0x076678, 0x8f3f71, 0x427b58, 0x3c3836,
        ],
    },
    Written {
        name: "nord",
        colors: [0xd8dee9, 0x2e3440, 0xd8dee9, 0x434c5e, 0x5c5334, 0xebcb8b],
        ansi: [
            0x3b4252, 0xbf616a, 0xa3be8c, 0xebcb8b, 0x81a1c1, 0xb48ead, 0x88c0d0, 0xe5e9f0, 0x4c566a, 0xbf616a,
            0xa3be8c, 0xebcb8b, 0x81a1c1, 0xb48ead, 0x8fbcbb, 0xeceff4,
        ],
    },
    Written {
        name: "dracula",
        colors: [0xf8f8f2, 0x282a36, 0xf8f8f2, 0x44475a, 0x5f5a2e, 0xf1fa8c],
        ansi: [
            0x21222c, 0xff5555, 0x50fa7b, 0xf1fa8c, 0xbd93f9, 0xff79c6, 0x8be9fd, 0xf8f8f2, 0x6272a4, 0xff6e6e,
            0x69ff94, 0xffffa5, 0xd6acff, 0xff92df, 0xa4ffff, 0xffffff,
        ],
    },
];

/// The names of the themes, as `client.theme` takes them.
pub const THEMES: &[&str] = &names();

const fn names() -> [&'static str; WRITTEN.len()] {
    let mut names = [""; WRITTEN.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = WRITTEN[at].name;
        at += 1;
    }
    names
}

/// The theme of a name.
pub fn theme(name: &str) -> Option<Theme> {
    let written = WRITTEN.iter().find(|written| written.name == name)?;
    let rgb = |color: u32| [(color >> 16) as u8, (color >> 8) as u8, color as u8];
    let [foreground, background, cursor, selection, found, found_here] = written.colors.map(rgb);
    Some(Theme { foreground, background, cursor, selection, found, found_here, ansi: written.ansi.map(rgb) })
}

impl Theme {
    /// The theme of a name, with the colours in it that were given one by one. `said` gives what was said of a key, if anything.
    pub fn configured(name: &str, said: &dyn Fn(&str) -> Option<Value>) -> Self {
        let mut theme = theme(name).unwrap_or_default();
        let own = |key, color_of: &mut [u8; 3]| {
            if let Some(given) = said(key).and_then(|value| color(value.as_text()?)) {
                *color_of = given;
            }
        };
        own("client.foreground", &mut theme.foreground);
        own("client.background", &mut theme.background);
        own("client.cursor", &mut theme.cursor);
        own("client.selection", &mut theme.selection);
        own("client.found", &mut theme.found);
        own("client.found_here", &mut theme.found_here);
        if let Some(Value::Texts(texts)) = said("client.ansi") {
            for (own, text) in theme.ansi.iter_mut().zip(&texts) {
                *own = color(text).unwrap_or_default();
            }
        }
        theme
    }
}

impl Default for Theme {
    fn default() -> Self {
        theme(WRITTEN[0].name).expect("the first of the table")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Value, color, lookup};

    /// As WCAG 2.2 counts the contrast of two colours: from 1 to 21.
    fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
        let luminance = |color: [u8; 3]| {
            let [r, g, b] = color.map(|byte| {
                let part = f64::from(byte) / 255.0;
                if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
            });
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn text_can_be_read_in_every_theme_whatever_stands_out() {
        for name in THEMES {
            let theme = theme(name).expect("a theme");
            // Solarized's own text on light has 4.1.
            assert!(contrast(theme.foreground, theme.background) > 4.0, "{name}");
            assert!(contrast(theme.foreground, theme.selection) > 3.0, "{name}");
            assert!(contrast(theme.foreground, theme.found) > 3.0, "{name}");
            assert!(contrast(theme.background, theme.found_here) > 3.0, "{name}");
            assert!(contrast(theme.cursor, theme.background) > 3.0, "{name}");
        }
        let high = theme("high-contrast").expect("a theme");
        assert!(high.ansi[1..].iter().all(|color| contrast(*color, high.background) > 7.0));
    }

    #[test]
    fn the_default_theme_is_the_default_of_the_keys() {
        let of = |name| match lookup(name).map(|key| key.default()) {
            Ok(Value::Text(text)) => color(&text).expect("a colour"),
            other => panic!("{name}: {other:?}"),
        };
        let theme = Theme::default();
        assert_eq!(theme.foreground, of("client.foreground"));
        assert_eq!(theme.background, of("client.background"));
        assert_eq!(theme.cursor, of("client.cursor"));
        assert_eq!(theme.selection, of("client.selection"));
        assert_eq!((theme.found, theme.found_here), (of("client.found"), of("client.found_here")));
        let Ok(Value::Texts(ansi)) = lookup("client.ansi").map(|key| key.default()) else { panic!("no colours") };
        assert_eq!(ansi.iter().filter_map(|text| color(text)).collect::<Vec<_>>(), theme.ansi);
    }
}
