//! `scarabctl capture`: what a session shows, read from its surface like any client does.

mod json;

use std::fmt::Write;

use scarab_protocol::{ids::Name, surface::Grid};

use super::{
    connection::{Which, update},
    outcome::{CtlError, Output},
};
use crate::attach::{
    history,
    lines::{Line, screen_lines, text_of},
    style::{Pen, Style},
};

/// Which session, and in which form.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The session
    name: Name,
    /// The form; --json means json [default: text]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// How many lines of scrollback to put before the screen, at most
    #[arg(long, value_name = "LINES", default_value_t = 0)]
    scrollback: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// The text, a line for each row, without blanks at the ends
    Text,
    /// The text with the escape sequences for its colours, styles and links
    Ansi,
    /// Everything, as one JSON object
    Json,
}

/// Prints what the session shows.
pub fn run(which: &Which, args: &Args, output: Output) -> Result<(), CtlError> {
    let connection = which.connect()?;
    let attachment = connection.attach(&args.name, true)?;
    let mut grid = Grid::default();
    update(&attachment, &mut grid);
    let first = grid.scrolled.saturating_sub(args.scrollback.min(grid.scrollback.into()));
    let mut lines = history::fetch(&connection.client, attachment.session(), first..grid.scrolled)?.lines;
    let scrollback = lines.len();
    lines.extend(screen_lines(&grid));
    match args.format.unwrap_or(if output.json { Format::Json } else { Format::Text }) {
        Format::Text => output.write(text_of(&lines).as_bytes()),
        Format::Ansi => output.write(&ansi(&lines)),
        Format::Json => {
            let title =
                attachment.look(|state| state.info.as_ref().map_or_else(String::new, |info| info.title.clone()));
            Output { json: true }.print("", &json::Capture::new(args.name.as_str(), &title, &grid, scrollback, &lines))
        }
    }
}

/// The lines with SGR and OSC 8, each ending in the terminal's own style, so that `cat` shows them as they were.
fn ansi(lines: &[Line]) -> Vec<u8> {
    let mut out = Vec::new();
    let used = lines.iter().rposition(|line| line.used_cols() > 0).map_or(0, |last| last + 1);
    for line in &lines[..used] {
        let mut pen = Pen::default();
        let mut character = String::new();
        for (cols, base, marks) in line.clusters().take_while(|(cols, ..)| usize::from(cols.start) < line.used_cols()) {
            pen.set(Style::of(line.cells[usize::from(cols.start)], line.extra(cols.start)), &mut out);
            character.clear();
            // Writing to a string cannot fail.
            let _ = write!(character, "{base}{}", marks.replace(char::is_control, ""));
            out.extend_from_slice(character.as_bytes());
        }
        pen.reset(&mut out);
        out.push(b'\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use scarab_protocol::surface::{Attrs, Cell, Color};

    use super::*;

    #[test]
    fn ansi_lines_carry_their_style_and_leave_none_behind() {
        let mut grid = Grid::new(6, 3);
        let red = Cell::new('r', Attrs::BOLD, Color::Indexed(1), Color::Default);
        grid.set_row(0, 1, &[Cell::BLANK, red, red], Vec::new());
        assert_eq!(String::from_utf8_lossy(&ansi(&screen_lines(&grid))), " \x1b[0;1;31mrr\x1b[0m\n");
    }

    #[test]
    fn control_characters_on_a_screen_do_not_reach_the_terminal() {
        let mut grid = Grid::new(2, 1);
        let escape = Cell::new('\x1b', Attrs::empty(), Color::Default, Color::Default);
        grid.set_row(0, 1, &[escape, Cell::new('x', Attrs::empty(), Color::Default, Color::Default)], Vec::new());
        assert_eq!(ansi(&screen_lines(&grid)), b" x\n");
    }
}
