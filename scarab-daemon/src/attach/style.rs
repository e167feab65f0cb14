//! How cells look, and how to tell a terminal that (SGR, and OSC 8 for links).

use std::io::Write;

use scarab_protocol::surface::{Attrs, Cell, Color, Extra, Link, Underline};

/// The look of a cell, apart from its character.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Style {
    /// The foreground.
    pub fg: Color,
    /// The background.
    pub bg: Color,
    /// The attributes that are drawn; what tells of wide characters and wrapped lines is left out.
    pub attrs: Attrs,
    /// The colour of the underline.
    pub underline_color: Color,
    /// The hyperlink.
    pub link: Option<Link>,
}

/// The attributes that a terminal draws by themselves, with their SGR parameters.
const SGR: [(Attrs, u8); 7] = [
    (Attrs::BOLD, 1),
    (Attrs::FAINT, 2),
    (Attrs::ITALIC, 3),
    (Attrs::BLINK, 5),
    (Attrs::INVERSE, 7),
    (Attrs::HIDDEN, 8),
    (Attrs::STRIKEOUT, 9),
];

impl Style {
    /// The look of a cell with what it has beside its words.
    pub fn of(cell: Cell, extra: Option<&Extra>) -> Self {
        let drawn = SGR.iter().fold(Attrs::UNDERLINE_MASK, |all, (attr, _)| all | *attr);
        Self {
            fg: cell.fg(),
            bg: cell.bg(),
            attrs: cell.attrs() & drawn,
            underline_color: extra.map_or(Color::Default, |extra| extra.underline_color),
            link: extra.and_then(|extra| extra.link.clone()),
        }
    }

    /// The names of the attributes, without the underline.
    pub fn names(&self) -> Vec<&'static str> {
        const NAMES: [(Attrs, &str); 7] = [
            (Attrs::BOLD, "bold"),
            (Attrs::FAINT, "faint"),
            (Attrs::ITALIC, "italic"),
            (Attrs::BLINK, "blink"),
            (Attrs::INVERSE, "inverse"),
            (Attrs::HIDDEN, "hidden"),
            (Attrs::STRIKEOUT, "strikeout"),
        ];
        NAMES.iter().filter(|(attr, _)| self.attrs.contains(*attr)).map(|(_, name)| *name).collect()
    }
}

/// A terminal's current style, as far as we have set it.
#[derive(Debug, Default)]
pub struct Pen {
    style: Style,
}

impl Pen {
    /// Makes the terminal write what comes next in this style.
    pub fn set(&mut self, style: Style, out: &mut Vec<u8>) {
        if self.style == style {
            return;
        }
        if self.style.link != style.link {
            write_link(style.link.as_ref(), out);
        }
        let same_but_link = Style { link: None, ..style.clone() } == Style { link: None, ..self.style.clone() };
        if !same_but_link {
            write_sgr(&style, out);
        }
        self.style = style;
    }

    /// Back to the terminal's own style, without a link.
    pub fn reset(&mut self, out: &mut Vec<u8>) {
        self.set(Style::default(), out);
    }
}

/// SGR from scratch: a reset and everything that differs from it, because not every terminal can take one thing back.
fn write_sgr(style: &Style, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\x1b[0");
    for (attr, parameter) in SGR {
        if style.attrs.contains(attr) {
            push(out, format_args!(";{parameter}"));
        }
    }
    match style.attrs.underline() {
        Underline::None => {}
        Underline::Single => push(out, format_args!(";4")),
        Underline::Double => push(out, format_args!(";4:2")),
        Underline::Curly => push(out, format_args!(";4:3")),
        Underline::Dotted => push(out, format_args!(";4:4")),
        Underline::Dashed => push(out, format_args!(";4:5")),
    }
    write_color(style.fg, 30, out);
    write_color(style.bg, 40, out);
    match style.underline_color {
        Color::Default => {}
        Color::Indexed(index) => push(out, format_args!(";58:5:{index}")),
        Color::Rgb(r, g, b) => push(out, format_args!(";58:2::{r}:{g}:{b}")),
    }
    out.push(b'm');
}

/// `base` is 30 for the foreground and 40 for the background.
fn write_color(color: Color, base: u8, out: &mut Vec<u8>) {
    match color {
        Color::Default => {}
        Color::Indexed(index @ 0..8) => push(out, format_args!(";{}", base + index)),
        Color::Indexed(index @ 8..16) => push(out, format_args!(";{}", base + 60 + index - 8)),
        Color::Indexed(index) => push(out, format_args!(";{};5;{index}", base + 8)),
        Color::Rgb(r, g, b) => push(out, format_args!(";{};2;{r};{g};{b}", base + 8)),
    }
}

/// OSC 8 with the link, or without one to end it. A link that holds control characters could end the sequence early, and
/// is left out.
fn write_link(link: Option<&Link>, out: &mut Vec<u8>) {
    match link {
        Some(link) if !link.uri.contains(char::is_control) => {
            let id: String = link.id.chars().filter(|c| !c.is_control() && !matches!(c, ':' | ';')).collect();
            let id = if id.is_empty() { id } else { format!("id={id}") };
            push(out, format_args!("\x1b]8;{id};{}\x1b\\", link.uri));
        }
        _ => out.extend_from_slice(b"\x1b]8;;\x1b\\"),
    }
}

/// Appends formatted bytes.
pub(super) fn push(out: &mut Vec<u8>, what: std::fmt::Arguments<'_>) {
    // Writing to a vector cannot fail.
    let _ = out.write_fmt(what);
}
