//! Cells that a font may have one picture for: signs that it joins to a ligature, and characters that make an emoji together.
//!
//! The grid knows nothing of them: a ligature is two or more cells for it, and a family of four eight cells of people.

use scarab_protocol::surface::{Attrs, Cell};

use super::cells::Extras;
use super::face::FontStyle;

/// The longest row of signs that is tried; longer ones are rules and frames.
const MOST_SIGNS: usize = 16;
/// The most characters that an emoji is made of, as the longest that there are.
const MOST_PARTS: usize = 8;
const ZERO_WIDTH_JOINER: char = '\u{200d}';
const FIRST_REGIONAL: char = '\u{1f1e6}';
const LAST_REGIONAL: char = '\u{1f1ff}';
const SKIN_TONES: std::ops::RangeInclusive<char> = '\u{1f3fb}'..='\u{1f3ff}';

/// Cells side by side that may have one picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Joined<'a> {
    /// What stands in them.
    pub(super) text: &'a str,
    pub(super) style: FontStyle,
    /// How many cells they are.
    pub(super) cells: usize,
    /// Whether the text is an emoji, whose picture takes the first two of them.
    pub(super) emoji: bool,
}

impl Joined<'_> {
    /// How many cells the picture takes.
    pub(super) fn drawn(&self) -> usize {
        if self.emoji { self.cells.min(2) } else { self.cells }
    }
}

/// Looks for such cells along a row.
pub(super) struct Joiner {
    ligatures: bool,
    text: String,
    /// Up to which column signs have been looked at.
    signs_until: usize,
    /// Up to which column flags have been looked at: their letters are paired from the first one on.
    flags_until: usize,
}

impl Joiner {
    /// For one row.
    pub(super) fn new(ligatures: bool) -> Self {
        Self { ligatures, text: String::new(), signs_until: 0, flags_until: 0 }
    }

    /// The cells from a column on that may have one picture. Columns must rise from call to call, and `extras` be at this one.
    #[inline]
    pub(super) fn at(&mut self, cells: &[Cell], col: usize, extras: &Extras<'_>) -> Option<Joined<'_>> {
        let character = cells[col].character();
        // Most cells, without a call.
        if character.is_ascii() && !self.ligatures {
            return None;
        }
        let (count, emoji) = if character.is_ascii() {
            (self.signs(cells, col, extras)?, false)
        } else if is_flag(character) && col < self.flags_until {
            return None;
        } else if character >= FIRST_REGIONAL || extras.is_at(col) {
            (self.emoji(cells, col, extras.clone())?, true)
        } else {
            return None;
        };
        Some(Joined { text: &self.text, style: style(cells[col]), cells: count, emoji })
    }

    fn signs(&mut self, cells: &[Cell], col: usize, extras: &Extras<'_>) -> Option<usize> {
        if col < self.signs_until || !is_sign(cells[col].character()) {
            return None;
        }
        let first = cells[col];
        let mut extras = extras.clone();
        let joins = |(at, cell): (usize, &Cell)| {
            is_sign(cell.character())
                && (cell.attrs(), cell.fg()) == (first.attrs(), first.fg())
                && extras.at(at).is_none_or(|extra| extra.marks.is_empty())
        };
        let count = (col..).zip(&cells[col..]).map(joins).take_while(|joins| *joins).count();
        self.signs_until = col + count;
        let fits = (2..=MOST_SIGNS).contains(&count) && !first.attrs().contains(Attrs::HIDDEN);
        fits.then(|| {
            self.text.clear();
            self.text.extend(cells[col..col + count].iter().map(|cell| cell.character()));
            count
        })
    }

    /// Characters that a joiner stands between (UAX #29, GB11), one with a skin tone, or the two letters of a flag (GB12).
    fn emoji(&mut self, cells: &[Cell], col: usize, mut extras: Extras<'_>) -> Option<usize> {
        self.text.clear();
        let mut next = col;
        let mut parts = 0;
        while parts < MOST_PARTS && next < cells.len() {
            let character = cells[next].character();
            let goes_on = match self.text.chars().next_back() {
                None => true,
                Some(ZERO_WIDTH_JOINER) => character > ' ',
                Some(last) => is_flag(last) && is_flag(character) && parts == 1 || SKIN_TONES.contains(&character),
            };
            if !goes_on || cells[next].attrs().contains(Attrs::HIDDEN) {
                break;
            }
            self.text.push(character);
            self.text.push_str(extras.at(next).map_or("", |extra| extra.marks.as_str()));
            parts += 1;
            next += if cells[next].attrs().contains(Attrs::WIDE) { 2 } else { 1 };
        }
        if is_flag(cells[col].character()) {
            self.flags_until = next;
        }
        (parts > 1 && next <= cells.len()).then_some(next - col)
    }
}

fn style(cell: Cell) -> FontStyle {
    let attrs = cell.attrs();
    FontStyle { bold: attrs.contains(Attrs::BOLD), italic: attrs.contains(Attrs::ITALIC) }
}

fn is_flag(character: char) -> bool {
    (FIRST_REGIONAL..=LAST_REGIONAL).contains(&character)
}

/// The signs of programming languages that fonts join.
fn is_sign(character: char) -> bool {
    matches!(character, '!' | '#'..='&' | '*' | '+' | '-'..='/' | ':'..='@' | '\\' | '^' | '_' | '|' | '~')
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use scarab_protocol::surface::{Color, Extra};

    use super::*;

    /// A row of a text, in which `~` stands for the right half of the character before it.
    fn row(text: &str) -> (Vec<Cell>, Vec<(u16, Arc<Extra>)>) {
        let (mut cells, mut extras): (Vec<Cell>, Vec<(u16, Arc<Extra>)>) = Default::default();
        for character in text.chars() {
            let cell = |character, attrs| Cell::new(character, attrs, Color::Default, Color::Default);
            match character {
                '~' => {
                    let left = cells.last_mut().expect("a left half");
                    *left = cell(left.character(), Attrs::WIDE);
                    cells.push(cell(' ', Attrs::WIDE_SPACER));
                }
                '\u{200d}' | '\u{fe0f}' => {
                    let col =
                        cells.len() - 1 - usize::from(cells[cells.len() - 1].attrs().contains(Attrs::WIDE_SPACER));
                    match extras.last_mut().filter(|(at, _)| usize::from(*at) == col) {
                        Some((_, extra)) => Arc::make_mut(extra).marks.push(character),
                        None => {
                            let extra = Extra { marks: character.to_string(), ..Extra::default() };
                            extras.push((col as u16, Arc::new(extra)));
                        }
                    }
                }
                _ => cells.push(cell(character, Attrs::empty())),
            }
        }
        (cells, extras)
    }

    /// What may be joined in a row, each with its column and its number of cells.
    fn joined(text: &str, ligatures: bool) -> Vec<(usize, String, usize)> {
        let (cells, extras) = row(text);
        let (mut joiner, mut walked, mut all, mut col) = (Joiner::new(ligatures), Extras(&extras), Vec::new(), 0);
        while col < cells.len() {
            walked.at(col);
            match joiner.at(&cells, col, &walked) {
                Some(joined) => {
                    all.push((col, joined.text.to_owned(), joined.cells));
                    col += joined.cells;
                }
                None => col += 1,
            }
        }
        all
    }

    fn one(col: usize, text: &str, cells: usize) -> Vec<(usize, String, usize)> {
        vec![(col, text.to_owned(), cells)]
    }

    #[test]
    fn signs_side_by_side_are_joined_if_that_is_wanted() {
        assert_eq!(joined("a -> b", true), one(2, "->", 2));
        assert_eq!(joined("a -> b", false), []);
        assert_eq!(joined("a - b", true), []);
        assert_eq!(joined(&"-".repeat(80), true), []);
    }

    #[test]
    fn flags_are_paired_from_the_first_letter_on() {
        let (cells, _) = row("🇦🇧🇪🇸");
        let mut joiner = Joiner::new(false);
        // Nothing is drawn as one, so that every column is asked for.
        let texts = (0..4).filter_map(|col| joiner.at(&cells, col, &Extras(&[])).map(|joined| joined.text.to_owned()));
        assert_eq!(texts.collect::<Vec<_>>(), ["🇦🇧", "🇪🇸"]);
    }

    #[test]
    fn signs_of_two_colours_are_two_things() {
        let (mut cells, _) = row("->");
        cells[1] = Cell::new('>', Attrs::empty(), Color::Indexed(1), Color::Default);
        assert_eq!(Joiner::new(true).at(&cells, 0, &Extras(&[])), None);
    }

    #[test]
    fn an_emoji_of_several_characters_is_one() {
        assert_eq!(joined("x👩~\u{200d}👧~y", false), one(1, "👩\u{200d}👧", 4));
        assert_eq!(joined("❤\u{fe0f}\u{200d}🔥~", false), one(0, "❤\u{fe0f}\u{200d}🔥", 3));
        assert_eq!(joined("👍~🏽~ 👍~", false), one(0, "👍🏽", 4));
        assert_eq!(joined("🇩🇪🇫", false), one(0, "🇩🇪", 2));
        assert_eq!(joined("👍~👍~漢~", false), []);
        assert_eq!(joined("👩~\u{200d}", false), []);
    }
}
