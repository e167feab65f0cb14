//! What the VT core holds when fed some bytes, described apart from any code of Scarab's.

use std::{collections::HashMap, sync::mpsc};

use alacritty_terminal::{
    Term,
    event::{Event, EventListener},
    grid::Dimensions,
    index::{Column, Line},
    term::{
        Config,
        cell::{Cell as CoreCell, Flags},
    },
    vte::ansi::{Color as CoreColor, CursorShape as CoreShape, Processor},
};
use scarab_protocol::surface::{Attrs, Color, CursorShape, Grid, Underline};

/// A screen in words, so that a difference can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screen {
    /// Column, row, shape, whether shown, whether blinking.
    pub cursor: (u16, u16, &'static str, bool, bool),
    /// A description of each cell, row by row.
    pub rows: Vec<Vec<String>>,
}

impl Screen {
    /// Fails with the first cells that differ.
    pub fn assert_same(&self, other: &Self, what: &str) {
        let differences: Vec<String> =
            self.rows
                .iter()
                .zip(&other.rows)
                .enumerate()
                .flat_map(|(row, (left, right))| {
                    left.iter().zip(right).enumerate().filter(|(_, (left, right))| left != right).map(
                        move |(col, (left, right))| format!("row {row}, column {col}: surface {left}, core {right}"),
                    )
                })
                .collect();
        let shown = differences.iter().take(10).cloned().collect::<Vec<_>>().join("\n");
        assert!(differences.is_empty(), "{what}: {} cells differ:\n{shown}", differences.len());
        assert_eq!(self, other, "{what}");
    }
}

/// The size of a [`Core`].
#[derive(Clone, Copy)]
pub struct Size {
    /// Columns.
    pub cols: u16,
    /// Rows.
    pub rows: u16,
}

impl Dimensions for Size {
    fn total_lines(&self) -> usize {
        self.screen_lines()
    }

    fn screen_lines(&self) -> usize {
        self.rows.into()
    }

    fn columns(&self) -> usize {
        self.cols.into()
    }
}

/// Hands on what the core wants written to its program.
#[derive(Clone)]
pub struct Answers(mpsc::Sender<String>);

impl EventListener for Answers {
    fn send_event(&self, event: Event) {
        if let Event::PtyWrite(text) = event {
            // Nobody may listen: a recording has no program to answer.
            let _ = self.0.send(text);
        }
    }
}

/// The VT core by itself.
pub struct Core {
    term: Term<Answers>,
    processor: Processor,
    answers: mpsc::Receiver<String>,
}

impl Core {
    /// A blank screen.
    pub fn new(cols: u16, rows: u16) -> Self {
        let (send, answers) = mpsc::channel();
        // As the daemon has it: the kitty keyboard on, or its sequences would be taken for others.
        let config = Config { kitty_keyboard: true, ..Config::default() };
        Self { term: Term::new(config, &Size { cols, rows }, Answers(send)), processor: Processor::new(), answers }
    }

    /// Interprets output. SGR 21 is a double underline for the daemon, as ECMA-48 has it, and for the core the end of bold.
    pub fn feed(&mut self, bytes: &[u8]) {
        const DOUBLE: (&[u8], &[u8]) = (b"\x1b[21m", b"\x1b[4:2m");
        let mut rest = bytes;
        while let Some(at) = rest.windows(DOUBLE.0.len()).position(|window| window == DOUBLE.0) {
            self.processor.advance(&mut self.term, &rest[..at]);
            self.processor.advance(&mut self.term, DOUBLE.1);
            rest = &rest[at + DOUBLE.0.len()..];
        }
        self.processor.advance(&mut self.term, rest);
    }

    /// Another size.
    pub fn resize(&mut self, cols: u16, rows: u16) {
        self.term.resize(Size { cols, rows });
    }

    /// What is to be written to the program.
    pub fn take_answers(&mut self) -> Vec<String> {
        self.answers.try_iter().collect()
    }

    /// The rows as text, without trailing blanks.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for row in 0..self.term.screen_lines() {
            let mut line = String::new();
            for col in 0..self.term.columns() {
                let cell = &self.term.grid()[Line(row as i32)][Column(col)];
                if !cell.flags.intersects(Flags::WIDE_CHAR_SPACER | Flags::LEADING_WIDE_CHAR_SPACER) {
                    line.push(cell.c);
                    line.extend(cell.zerowidth().unwrap_or(&[]));
                }
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// Whether the alternate screen is shown.
    pub fn is_alternate(&self) -> bool {
        self.term.mode().contains(alacritty_terminal::term::TermMode::ALT_SCREEN)
    }

    /// The screen in words.
    pub fn screen(&self) -> Screen {
        let mut links = Links::default();
        let rows = (0..self.term.screen_lines())
            .map(|row| {
                let row = &self.term.grid()[Line(row as i32)];
                (0..self.term.columns()).map(|col| describe_core(&row[Column(col)], &mut links)).collect()
            })
            .collect();
        let cursor = self.term.renderable_content().cursor;
        let style = self.term.cursor_style();
        let shape = match style.shape {
            CoreShape::Underline => "underline",
            CoreShape::Beam => "beam",
            CoreShape::HollowBlock => "hollow",
            CoreShape::Block | CoreShape::Hidden => "block",
        };
        let (col, row) = (cursor.point.column.0 as u16, cursor.point.line.0 as u16);
        Screen { cursor: (col, row, shape, cursor.shape != CoreShape::Hidden, style.blinking), rows }
    }
}

/// A grid that came from a surface, in the same words.
pub fn screen_of(grid: &Grid) -> Screen {
    let mut links = Links::default();
    let rows = (0..grid.rows())
        .map(|row| (0..).zip(grid.row(row)).map(|(col, _)| describe_ours(grid, row, col, &mut links)).collect())
        .collect();
    let shape = match grid.cursor.shape {
        CursorShape::Underline => "underline",
        CursorShape::Beam => "beam",
        CursorShape::HollowBlock => "hollow",
        CursorShape::Block | CursorShape::Unset => "block",
    };
    Screen { cursor: (grid.cursor.col, grid.cursor.row, shape, grid.cursor.visible, grid.cursor.blinking), rows }
}

/// Links by the order in which they appear: the ids that cores make up are counted anew in each process.
#[derive(Default)]
struct Links(HashMap<(String, String), usize>);

impl Links {
    fn number(&mut self, id: &str, uri: &str) -> usize {
        let next = self.0.len();
        *self.0.entry((id.into(), uri.into())).or_insert(next)
    }
}

fn describe_core(cell: &CoreCell, links: &mut Links) -> String {
    let names = [
        (Flags::BOLD, "bold"),
        (Flags::ITALIC, "italic"),
        (Flags::DIM, "faint"),
        (Flags::INVERSE, "inverse"),
        (Flags::HIDDEN, "hidden"),
        (Flags::STRIKEOUT, "strikeout"),
        (Flags::WIDE_CHAR, "wide"),
        (Flags::WIDE_CHAR_SPACER, "spacer"),
        (Flags::LEADING_WIDE_CHAR_SPACER, "leading"),
        (Flags::WRAPLINE, "wrapped"),
        (Flags::UNDERLINE, "single"),
        (Flags::DOUBLE_UNDERLINE, "double"),
        (Flags::UNDERCURL, "curly"),
        (Flags::DOTTED_UNDERLINE, "dotted"),
        (Flags::DASHED_UNDERLINE, "dashed"),
    ];
    let flags: Vec<&str> = names.iter().filter(|(flag, _)| cell.flags.contains(*flag)).map(|(_, name)| *name).collect();
    let marks: String = cell.zerowidth().unwrap_or(&[]).iter().take(16).collect();
    let link = cell.hyperlink().map(|link| (links.number(link.id(), link.uri()), link.uri().to_owned()));
    let under = cell.underline_color().map_or_else(|| "default".into(), core_color);
    words(cell.c, &marks, &core_color(cell.fg), &core_color(cell.bg), &flags, &under, link)
}

fn core_color(color: CoreColor) -> String {
    match color {
        CoreColor::Spec(rgb) => format!("#{:02x}{:02x}{:02x}", rgb.r, rgb.g, rgb.b),
        CoreColor::Indexed(index) => format!("@{index}"),
        CoreColor::Named(name) if (name as usize) < 16 => format!("@{}", name as usize),
        CoreColor::Named(_) => "default".into(),
    }
}

fn describe_ours(grid: &Grid, row: u16, col: u16, links: &mut Links) -> String {
    let cell = grid.row(row)[usize::from(col)];
    let attrs = cell.attrs();
    let names = [
        (Attrs::BOLD, "bold"),
        (Attrs::ITALIC, "italic"),
        (Attrs::FAINT, "faint"),
        (Attrs::INVERSE, "inverse"),
        (Attrs::HIDDEN, "hidden"),
        (Attrs::STRIKEOUT, "strikeout"),
        (Attrs::WIDE, "wide"),
        (Attrs::WIDE_SPACER, "spacer"),
        (Attrs::LEADING_SPACER, "leading"),
        (Attrs::WRAPPED, "wrapped"),
    ];
    let mut flags: Vec<&str> = names.iter().filter(|(attr, _)| attrs.contains(*attr)).map(|(_, name)| *name).collect();
    match attrs.underline() {
        Underline::None => {}
        Underline::Single => flags.push("single"),
        Underline::Double => flags.push("double"),
        Underline::Curly => flags.push("curly"),
        Underline::Dotted => flags.push("dotted"),
        Underline::Dashed => flags.push("dashed"),
    }
    let extra = grid.extra(row, col).cloned().unwrap_or_default();
    let link = extra.link.map(|link| (links.number(&link.id, &link.uri), link.uri.to_string()));
    let (fg, bg) = (our_color(cell.fg()), our_color(cell.bg()));
    words(cell.character(), &extra.marks, &fg, &bg, &flags, &our_color(extra.underline_color), link)
}

fn our_color(color: Color) -> String {
    match color {
        Color::Default => "default".into(),
        Color::Indexed(index) => format!("@{index}"),
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
    }
}

fn words(
    c: char,
    marks: &str,
    fg: &str,
    bg: &str,
    flags: &[&str],
    under: &str,
    link: Option<(usize, String)>,
) -> String {
    let link = link.map_or(String::new(), |(number, uri)| format!(" link {number} {uri}"));
    format!("{c:?}{marks} {fg} on {bg} {} under {under}{link}", flags.join("+"))
}
