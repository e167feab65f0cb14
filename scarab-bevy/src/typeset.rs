//! Texts of the suite's own as cells: names, notes, what one writes in a line, what an input method composes.
//!
//! What a reader takes for one character is one here: its first code point is in a cell, the others are marks on it. So an emoji of
//! several takes two columns, where the VT core of the daemon gives each of them its own.

use std::sync::Arc;

use scarab_protocol::surface::{Attrs, Cell, Color, Extra, RowExtras};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Cells side by side, and the marks on them by column.
#[derive(Debug, Clone, Default)]
pub(crate) struct Typeset {
    pub(crate) cells: Vec<Cell>,
    pub(crate) extras: RowExtras,
}

impl Typeset {
    /// Appends a text. What takes no column stands on the character before it, if there is one; control characters are blank.
    pub(crate) fn write(&mut self, text: &str, attrs: Attrs) {
        let cell = |character, attrs| Cell::new(character, attrs, Color::Default, Color::Default);
        for (grapheme, columns) in graphemes(text) {
            if columns == 0 {
                self.mark(grapheme);
                continue;
            }
            let mut characters = grapheme.chars();
            let first = characters.next().filter(|character| !character.is_control()).unwrap_or(' ');
            if columns == 2 {
                self.cells.extend([cell(first, attrs | Attrs::WIDE), cell(' ', attrs | Attrs::WIDE_SPACER)]);
            } else {
                self.cells.push(cell(first, attrs));
            }
            self.mark(characters.as_str());
        }
    }

    /// Appends blanks up to a column.
    #[cfg(feature = "app")]
    pub(crate) fn fill(&mut self, columns: usize) {
        self.cells.resize(columns.max(self.cells.len()), Cell::BLANK);
    }

    /// Keeps at most so many columns from one on. A wide character that would be cut in half goes whole. Gives the first column that is
    /// kept.
    pub(crate) fn cut(&mut self, from: usize, most: usize) -> usize {
        let all = self.cells.len();
        let mut from = from.min(all);
        from += usize::from(self.is_right_half(from));
        let mut until = from.saturating_add(most).min(all);
        until -= usize::from(self.is_right_half(until));
        self.cells.truncate(until);
        self.cells.drain(..from);
        self.extras.retain_mut(|(col, _)| {
            let kept = (from..until).contains(&usize::from(*col));
            *col = col.saturating_sub(from as u16);
            kept
        });
        from
    }

    fn is_right_half(&self, col: usize) -> bool {
        self.cells.get(col).is_some_and(|cell| cell.attrs().contains(Attrs::WIDE_SPACER))
    }

    /// Puts marks on the last character.
    fn mark(&mut self, marks: &str) {
        let mut marks = marks.chars().filter(|mark| !mark.is_control()).peekable();
        let Some(last) = self.cells.len().checked_sub(1).filter(|_| marks.peek().is_some()) else { return };
        let col = last - usize::from(self.is_right_half(last));
        // A row has no more columns than this can count.
        let Ok(col) = u16::try_from(col) else { return };
        if self.extras.last().is_none_or(|(at, _)| *at != col) {
            self.extras.push((col, Arc::default()));
        }
        if let Some((_, extra)) = self.extras.last_mut() {
            let extra = Arc::make_mut(extra);
            let room = Extra::MAX_MARKS.saturating_sub(extra.marks.chars().count());
            extra.marks.extend(marks.take(room));
        }
    }
}

/// What a reader takes for single characters (UAX #29, extended grapheme clusters), each with the columns that it takes: none, one or
/// two.
pub(crate) fn graphemes(text: &str) -> impl Iterator<Item = (&str, usize)> {
    // Of what is longer, such as some syllables of Indic scripts, a cell has no more room.
    text.graphemes(true).map(|grapheme| (grapheme, grapheme.width().min(2)))
}

/// How many columns a text takes.
pub(crate) fn columns(text: &str) -> usize {
    graphemes(text).map(|(_, columns)| columns).sum()
}

/// The beginning of a text, as much of it as fits into so many columns.
#[cfg(feature = "app")]
pub(crate) fn beginning(text: &str, columns: usize) -> &str {
    let (mut end, mut room) = (0, columns);
    for (grapheme, columns) in graphemes(text) {
        let Some(left) = room.checked_sub(columns) else { break };
        (end, room) = (end + grapheme.len(), left);
    }
    &text[..end]
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;
    use scarab_protocol::surface::Grid;

    use super::*;

    /// What takes one column, two, none, and what is one with its neighbours.
    const PIECES: &[&str] = &[
        "a",
        " ",
        "é",
        "e\u{301}",
        "漢",
        "가",
        "\u{301}",
        "\u{200d}",
        "👩",
        "👩\u{200d}👧",
        "👍🏽",
        "🏽",
        "🇩",
        "🇩🇪",
        "❤\u{fe0f}",
        "क्षि",
        "\u{200b}",
        "\t",
        "\r\n",
    ];

    /// Texts of such pieces.
    pub(crate) fn any_text() -> impl Strategy<Value = String> {
        prop::collection::vec(prop::sample::select(PIECES), 0..24).prop_map(|pieces| pieces.concat())
    }

    /// Whether every wide character has both its halves.
    pub(crate) fn is_whole(cells: &[Cell]) -> bool {
        let halves = |at: usize| cells.get(at).map_or(Attrs::empty(), |cell| cell.attrs());
        (0..cells.len()).all(|at| {
            let goes_on = halves(at + 1).contains(Attrs::WIDE_SPACER);
            let is_begun = at > 0 && halves(at - 1).contains(Attrs::WIDE);
            halves(at).contains(Attrs::WIDE) == goes_on && halves(at).contains(Attrs::WIDE_SPACER) == is_begun
        })
    }

    fn typeset(text: &str) -> Typeset {
        let mut typeset = Typeset::default();
        typeset.write(text, Attrs::empty());
        typeset
    }

    #[test]
    fn wide_characters_take_two_columns_and_marks_none() {
        for (text, expected) in [
            ("abc", 3),
            ("漢字", 4),
            ("e\u{301}", 1),
            ("👩\u{200d}👩\u{200d}👧\u{200d}👦", 2),
            ("👍🏽", 2),
            ("🇩🇪", 2),
            ("\u{200b}", 0),
            ("a\tb", 3),
        ] {
            assert_eq!((columns(text), typeset(text).cells.len()), (expected, expected), "{text:?}");
        }
    }

    #[test]
    fn what_is_laid_out_reads_as_it_was_written() {
        let text = "e\u{301}漢x👩\u{200d}👧🇩🇪.";
        let Typeset { cells, extras } = typeset(text);
        let mut grid = Grid::new(cells.len() as u16, 1);
        grid.set_row(0, 1, &cells, extras);
        assert_eq!((grid.row_text(0).as_str(), grid.cols()), (text, 9));
    }

    #[test]
    fn marks_go_with_their_character_and_are_not_without_end() {
        let mut cut = typeset("xxe\u{301}漢\u{302}y");
        assert_eq!(cut.cut(2, 3), 2);
        let marks: Vec<_> = cut.extras.iter().map(|(col, extra)| (*col, extra.marks.as_str())).collect();
        assert_eq!(marks, [(0, "\u{301}"), (1, "\u{302}")]);
        let many = typeset(&format!("e{}", "\u{301}".repeat(1000)));
        assert_eq!(many.extras[0].1.marks.chars().count(), Extra::MAX_MARKS);
    }

    #[test]
    fn a_mark_without_a_character_is_left_out() {
        let alone = typeset("\u{301}x");
        assert_eq!((alone.cells.len(), alone.extras), (1, RowExtras::default()));
    }

    proptest! {
        #[test]
        fn what_is_cut_is_no_wider_than_asked_and_no_wide_character_is_split(
            text in any_text(),
            from in 0..40usize,
            most in 0..40usize,
        ) {
            let whole = typeset(&text);
            prop_assert_eq!(whole.cells.len(), columns(&text));
            prop_assert!(is_whole(&whole.cells));
            let mut cut = whole.clone();
            let first = cut.cut(from, most);
            prop_assert!(cut.cells.len() <= most && is_whole(&cut.cells));
            prop_assert_eq!(&cut.cells[..], &whole.cells[first..first + cut.cells.len()]);
            prop_assert!(cut.extras.iter().all(|(col, _)| usize::from(*col) < cut.cells.len()));
        }
    }

    #[cfg(feature = "app")]
    proptest! {
        #[test]
        fn the_beginning_of_a_text_is_as_long_as_there_is_room(text in any_text(), room in 0..30usize) {
            let beginning = beginning(&text, room);
            prop_assert!(text.starts_with(beginning) && columns(beginning) <= room);
            // The next character would have been too much.
            if let Some((_, next)) = graphemes(&text[beginning.len()..]).next() {
                prop_assert!(columns(beginning) + next > room);
            }
        }
    }
}
