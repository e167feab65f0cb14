//! A captured screen as JSON.

use scarab_protocol::surface::{Color, CursorShape, Grid, Underline};
use serde::{Serialize, Serializer};

use crate::attach::{lines::Line, style::Style};

/// Everything about a screen. `cursor.row` counts from the screen's first row, which is `lines[scrollback]`.
#[derive(Debug, Serialize)]
pub struct Capture<'a> {
    session: &'a str,
    frame: u64,
    cols: u16,
    rows: u16,
    cursor: Cursor,
    title: &'a str,
    /// How many of the lines have scrolled off the screen.
    scrollback: usize,
    lines: Vec<LineJson>,
}

#[derive(Debug, Serialize)]
struct Cursor {
    col: u16,
    row: u16,
    visible: bool,
    shape: &'static str,
}

/// One row.
#[derive(Debug, PartialEq, Serialize)]
pub struct LineJson {
    /// Without trailing blanks.
    text: String,
    /// The text in pieces of equal style; blanks in the terminal's own colours at the end are left out.
    runs: Vec<Run>,
}

/// Neighbouring cells of equal style.
#[derive(Debug, PartialEq, Serialize)]
pub struct Run {
    /// The first cell's column.
    col: u16,
    text: String,
    /// `"default"`, a number of the palette, or `"#rrggbb"`.
    #[serde(serialize_with = "color")]
    fg: Color,
    #[serde(serialize_with = "color")]
    bg: Color,
    /// Of `bold`, `faint`, `italic`, `blink`, `inverse`, `hidden`, `strikeout`.
    attrs: Vec<&'static str>,
    underline: Option<UnderlineJson>,
    /// The hyperlink's address.
    link: Option<String>,
}

#[derive(Debug, PartialEq, Serialize)]
struct UnderlineJson {
    /// `single`, `double`, `curly`, `dotted` or `dashed`.
    style: &'static str,
    /// `"default"` follows the foreground.
    #[serde(serialize_with = "color")]
    color: Color,
}

impl<'a> Capture<'a> {
    /// What is shown; `lines` are `scrollback` lines and then the grid's rows.
    pub fn new(session: &'a str, title: &'a str, grid: &Grid, scrollback: usize, lines: &[Line]) -> Self {
        let shape = match grid.cursor.shape {
            CursorShape::Block | CursorShape::Unset => "block",
            CursorShape::Underline => "underline",
            CursorShape::Beam => "beam",
            CursorShape::HollowBlock => "hollow",
        };
        Self {
            session,
            frame: grid.frame,
            cols: grid.cols(),
            rows: grid.rows(),
            cursor: Cursor { col: grid.cursor.col, row: grid.cursor.row, visible: grid.cursor.visible, shape },
            title,
            scrollback,
            lines: lines.iter().map(LineJson::from).collect(),
        }
    }
}

impl From<&Line> for LineJson {
    fn from(line: &Line) -> Self {
        let used = line.used_cols();
        let mut runs: Vec<Run> = Vec::new();
        let mut last: Option<Style> = None;
        for (cols, base, marks) in line.clusters().take_while(|(cols, ..)| usize::from(cols.start) < used) {
            let style = Style::of(line.cells[usize::from(cols.start)], line.extra(cols.start));
            if last.as_ref() != Some(&style) {
                runs.push(Run::new(cols.start, &style));
                last = Some(style);
            }
            if let Some(run) = runs.last_mut() {
                run.text.push(base);
                run.text.push_str(marks);
            }
        }
        Self { text: line.text(), runs }
    }
}

impl Run {
    fn new(col: u16, style: &Style) -> Self {
        let underline = match style.attrs.underline() {
            Underline::None => None,
            Underline::Single => Some("single"),
            Underline::Double => Some("double"),
            Underline::Curly => Some("curly"),
            Underline::Dotted => Some("dotted"),
            Underline::Dashed => Some("dashed"),
        };
        Self {
            col,
            text: String::new(),
            fg: style.fg,
            bg: style.bg,
            attrs: style.names(),
            underline: underline.map(|name| UnderlineJson { style: name, color: style.underline_color }),
            link: style.link.as_ref().map(|link| link.uri.to_string()),
        }
    }
}

fn color<S: Serializer>(color: &Color, serializer: S) -> Result<S::Ok, S::Error> {
    match *color {
        Color::Default => serializer.serialize_str("default"),
        Color::Indexed(index) => serializer.serialize_u8(index),
        Color::Rgb(r, g, b) => serializer.collect_str(&format_args!("#{r:02x}{g:02x}{b:02x}")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use scarab_protocol::surface::{Attrs, Cell, Extra, Link};

    use super::*;

    fn line(cells: &[Cell], extras: Vec<(u16, Arc<Extra>)>) -> Line {
        Line { number: 0, cells: cells.to_vec(), extras }
    }

    #[test]
    fn runs_are_of_equal_style_and_know_the_columns_of_wide_characters() {
        let plain = |c| Cell::new(c, Attrs::empty(), Color::Default, Color::Default);
        let cells = [
            Cell::new('漢', Attrs::WIDE, Color::Default, Color::Default),
            Cell::new(' ', Attrs::WIDE_SPACER, Color::Default, Color::Default),
            plain('a'),
            Cell::new('b', Attrs::BOLD.with_underline(Underline::Curly), Color::Indexed(1), Color::Rgb(1, 2, 255)),
            plain(' '),
        ];
        let json = serde_json::to_value(LineJson::from(&line(&cells, Vec::new()))).expect("JSON");
        let expected = serde_json::json!({
            "text": "漢ab",
            "runs": [
                { "col": 0, "text": "漢a", "fg": "default", "bg": "default", "attrs": [], "underline": null, "link": null },
                { "col": 3, "text": "b", "fg": 1, "bg": "#0102ff", "attrs": ["bold"],
                  "underline": { "style": "curly", "color": "default" }, "link": null },
            ],
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn a_link_ends_a_run_and_marks_stay_with_their_character() {
        let plain = Cell::new('e', Attrs::empty(), Color::Default, Color::Default);
        let link = Some(Link { id: "1".into(), uri: "http://x".into() });
        let extras = vec![
            (0, Arc::new(Extra { marks: "\u{301}".into(), ..Extra::default() })),
            (1, Arc::new(Extra { link, ..Extra::default() })),
        ];
        let json = LineJson::from(&line(&[plain.with_extra_index(1), plain.with_extra_index(1)], extras));
        assert_eq!(json.text, "e\u{301}e");
        assert_eq!(json.runs.len(), 2);
        assert_eq!(json.runs[0].text, "e\u{301}");
        assert_eq!(json.runs[1].link.as_deref(), Some("http://x"));
    }
}
