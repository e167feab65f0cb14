//! The colours that a program is told when it asks for one it has not changed: xterm's palette, on black.
//!
//! The true ones are the theme's of each client; a program that asks wants to know light from dark.

use alacritty_terminal::vte::ansi::{NamedColor, Rgb};

const ANSI: [u32; 16] = [
    0x00_0000, 0xcd_0000, 0x00_cd00, 0xcd_cd00, 0x00_00ee, 0xcd_00cd, 0x00_cdcd, 0xe5_e5e5, //
    0x7f_7f7f, 0xff_0000, 0x00_ff00, 0xff_ff00, 0x5c_5cff, 0xff_00ff, 0x00_ffff, 0xff_ffff,
];
const FOREGROUND: u32 = 0xe5_e5e5;
const BACKGROUND: u32 = 0x00_0000;

/// The colour in a place of the palette as the VT core counts them.
pub(super) fn default_color(place: usize) -> Rgb {
    let value = match place {
        0..16 => ANSI[place],
        // A cube of six levels a side.
        16..232 => {
            let level = |at: usize| if at == 0 { 0 } else { 55 + 40 * at as u32 };
            let place = place - 16;
            level(place / 36) << 16 | level(place / 6 % 6) << 8 | level(place % 6)
        }
        // A ramp of greys.
        232..256 => (8 + 10 * (place as u32 - 232)) * 0x01_0101,
        _ if place == NamedColor::Background as usize => BACKGROUND,
        _ => FOREGROUND,
    };
    Rgb { r: (value >> 16) as u8, g: (value >> 8) as u8, b: value as u8 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_palette_is_xterms() {
        let of = |place| {
            let Rgb { r, g, b } = default_color(place);
            [r, g, b]
        };
        assert_eq!(of(1), [0xcd, 0, 0]);
        assert_eq!(of(16), [0, 0, 0]);
        assert_eq!(of(231), [255, 255, 255]);
        assert_eq!(of(232), [8, 8, 8]);
        assert_eq!(of(255), [238, 238, 238]);
        assert_eq!(of(NamedColor::Background as usize), [0, 0, 0]);
    }
}
