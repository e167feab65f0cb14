//! Symbols for legacy computing: octants (U+1CD00-1CDE5), wedges, triangles and eighths (U+1FB3C-1FB9F), and light diagonals
//! (U+1FBA0-1FBAE). Their names in the Unicode character database say what each looks like.

use super::Canvas;

/// The places on a cell's outline that wedges are cut between, in parts of its width and height: down the left side, the middles
/// of the top and of the bottom, down the right side.
const PLACES: [(f32, f32); 10] = [
    (0.0, 0.0),
    (0.0, 1.0 / 3.0),
    (0.0, 2.0 / 3.0),
    (0.0, 1.0),
    (0.5, 0.0),
    (0.5, 1.0),
    (1.0, 0.0),
    (1.0, 1.0 / 3.0),
    (1.0, 2.0 / 3.0),
    (1.0, 1.0),
];

/// The wedges from U+1FB3C on: the corner that is filled, and from where to where the cut goes, each a digit of [`PLACES`].
#[rustfmt::skip]
const WEDGES: [u16; 44] = [
    325, 329, 315, 319, 305, 914, 916, 924, 926, 934, 927, 958, 938, 957, 937, 956, 347, 307, 348, 308, 349, 318,
    625, 629, 615, 619, 605, 14, 16, 24, 26, 34, 27, 58, 38, 57, 37, 56, 647, 607, 648, 608, 649, 618,
];

/// Octants that were characters before there were octants, beside quadrants: quarters and parts of them.
const KNOWN_BEFORE: [u32; 10] = [0x01, 0x02, 0x03, 0x14, 0x28, 0x3f, 0x40, 0x80, 0xc0, 0xfc];

/// The diagonals of U+1FBA0 and on: from the middle of the top to the left 1 and to the right 2, from the left to the middle of the
/// bottom 4, from the right to that 8.
const DIAGONALS: [u32; 15] = [1, 2, 4, 8, 5, 10, 12, 3, 9, 6, 14, 13, 11, 7, 15];

/// Half covered.
const MEDIUM: u8 = 128;

/// Whether a character is one of these.
pub(super) fn is_legacy(code: u32) -> bool {
    let unassigned = code == 0x1fb93;
    let fills = (0x1fb95..=0x1fb99).contains(&code);
    let drawn = matches!(code, 0x1cd00..=0x1cde5 | 0x1fb3c..=0x1fbae | 0x1fbe6 | 0x1fbe7 | 0x1cea0 | 0x1cea3 | 0x1cea8 | 0x1ceab);
    drawn && !unassigned && !fills
}

impl Canvas {
    pub(super) fn legacy(&mut self, code: u32) {
        match code {
            0x1cd00..=0x1cde5 => self.mosaic(octant(code - 0x1cd00), 4),
            0x1cea0 => self.mosaic(0x80, 4),
            0x1cea3 => self.mosaic(0x40, 4),
            0x1cea8 => self.mosaic(0x01, 4),
            0x1ceab => self.mosaic(0x02, 4),
            0x1fbe6 => self.mosaic(0x14, 4),
            0x1fbe7 => self.mosaic(0x28, 4),
            0x1fb3c..=0x1fb67 => {
                let digits = WEDGES[(code - 0x1fb3c) as usize];
                self.half([digits / 100, digits / 10 % 10, digits % 10], 255);
            }
            0x1fb68..=0x1fb6b => self.triangles(1 << (code - 0x1fb68), true),
            0x1fb6c..=0x1fb6f => self.triangles(1 << (code - 0x1fb6c), false),
            0x1fb9a => self.triangles(0b1010, false),
            0x1fb9b => self.triangles(0b0101, false),
            0x1fb9c => self.half([0, 3, 6], MEDIUM),
            0x1fb9d => self.half([6, 0, 9], MEDIUM),
            0x1fb9e => self.half([9, 3, 6], MEDIUM),
            0x1fb9f => self.half([3, 0, 9], MEDIUM),
            0x1fba0..=0x1fbae => self.light_diagonals(DIAGONALS[(code - 0x1fba0) as usize]),
            _ => self.eighths(code),
        }
    }

    /// What lies on a corner's side of a line between two places.
    fn half(&mut self, places: [u16; 3], coverage: u8) {
        let (width, height) = (self.width as f32, self.height as f32);
        let place = |number: u16| PLACES[usize::from(number)];
        let [corner, from, to] = places.map(|number| (place(number).0 * width, place(number).1 * height));
        let (along, down) = (to.0 - from.0, to.1 - from.1);
        let length = along.hypot(down);
        let beyond = |x: f32, y: f32| ((x - from.0) * down - (y - from.1) * along) / length;
        let side = beyond(corner.0, corner.1).signum();
        let most = f32::from(coverage) / 255.0;
        self.shade(|x, y| (side * beyond(x, y) + 0.5).clamp(0.0, 1.0) * most);
    }

    /// Quarters that the two diagonals cut the cell into: left 1, upper 2, right 4, lower 8; or all but these.
    fn triangles(&mut self, quarters: u32, all_but: bool) {
        let (width, height) = (self.width as f32, self.height as f32);
        let length = width.hypot(height);
        self.shade(|x, y| {
            let falling = (y * width - x * height) / length;
            let rising = (width * height - y * width - x * height) / length;
            let quarter = [falling.min(rising), (-falling).min(rising), (-falling).min(-rising), falling.min(-rising)];
            let inside = (0..4).filter(|at| quarters >> at & 1 == 1).map(|at| quarter[at]).fold(f32::MIN, f32::max);
            if all_but { 0.5 - inside } else { inside + 0.5 }
        });
    }

    /// Lines between the middles of neighbouring sides.
    fn light_diagonals(&mut self, sides: u32) {
        let (width, height, half_line) = (self.width as f32, self.height as f32, self.line as f32 / 2.0);
        let length = width.hypot(height);
        self.shade(|x, y| {
            let (left, upper) = (x < width / 2.0, y < height / 2.0);
            let side = [1, 2, 4, 8][usize::from(!left) + 2 * usize::from(!upper)];
            if sides & side == 0 {
                return 0.0;
            }
            // Seen from the corner of its quarter, each is the same line.
            let (across, down) = (if left { x } else { width - x }, if upper { y } else { height - y });
            half_line + 0.5 - (across * height + down * width - width * height / 2.0).abs() / length
        });
    }

    /// Strips, blocks of eighths, and shades over halves.
    fn eighths(&mut self, code: u32) {
        let (all_x, all_y) = ([0, self.width], [0, self.height]);
        let cut = |extent: i32, eighths: u32| (extent * eighths as i32 + 4) / 8;
        let x = |from, to| [cut(self.width, from), cut(self.width, to)];
        let y = |from, to| [cut(self.height, from), cut(self.height, to)];
        const BLOCKS: [u32; 5] = [2, 3, 5, 6, 7];
        let parts: Vec<([i32; 2], [i32; 2], u8)> = match code {
            0x1fb70..=0x1fb75 => vec![(x(code - 0x1fb6f, code - 0x1fb6e), all_y, 255)],
            0x1fb76..=0x1fb7b => vec![(all_x, y(code - 0x1fb75, code - 0x1fb74), 255)],
            0x1fb7c => vec![(x(0, 1), all_y, 255), (all_x, y(7, 8), 255)],
            0x1fb7d => vec![(x(0, 1), all_y, 255), (all_x, y(0, 1), 255)],
            0x1fb7e => vec![(x(7, 8), all_y, 255), (all_x, y(0, 1), 255)],
            0x1fb7f => vec![(x(7, 8), all_y, 255), (all_x, y(7, 8), 255)],
            0x1fb80 => vec![(all_x, y(0, 1), 255), (all_x, y(7, 8), 255)],
            0x1fb81 => [0, 2, 4, 7].map(|from| (all_x, y(from, from + 1), 255)).to_vec(),
            0x1fb82..=0x1fb86 => vec![(all_x, y(0, BLOCKS[(code - 0x1fb82) as usize]), 255)],
            0x1fb87..=0x1fb8b => vec![(x(8 - BLOCKS[(code - 0x1fb87) as usize], 8), all_y, 255)],
            0x1fb8c => vec![(x(0, 4), all_y, MEDIUM)],
            0x1fb8d => vec![(x(4, 8), all_y, MEDIUM)],
            0x1fb8e => vec![(all_x, y(0, 4), MEDIUM)],
            0x1fb8f => vec![(all_x, y(4, 8), MEDIUM)],
            0x1fb90 => vec![(all_x, all_y, MEDIUM)],
            0x1fb91 => vec![(all_x, y(0, 4), 255), (all_x, y(4, 8), MEDIUM)],
            0x1fb92 => vec![(all_x, y(0, 4), MEDIUM), (all_x, y(4, 8), 255)],
            _ => vec![(x(0, 4), all_y, MEDIUM), (x(4, 8), all_y, 255)],
        };
        for (x, y, coverage) in parts {
            self.fill(x, y, coverage);
        }
    }
}

/// The parts of an octant. Unicode has all of two by four parts in the order of their numbers, but for those that it had before.
fn octant(index: u32) -> u32 {
    let is_quadrants = |parts: u32| parts & 0x33 == parts >> 2 & 0x33;
    let mut own = (0..256).filter(|parts| !is_quadrants(*parts) && !KNOWN_BEFORE.contains(parts));
    own.nth(index as usize).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::draw;
    use super::*;

    fn drawn(code: u32) -> Vec<u8> {
        draw(char::from_u32(code).expect("a character"), 9, 20, 1).expect("it is drawn")
    }

    fn fill_the_cell(one: u32, other: u32) {
        for (pixel, (one_part, other_part)) in drawn(one).into_iter().zip(drawn(other)).enumerate() {
            let sum = u16::from(one_part) + u16::from(other_part);
            assert!((254..=256).contains(&sum), "U+{one:X} and U+{other:X}: {sum} at {pixel}");
        }
    }

    #[test]
    fn wedges_and_triangles_fill_the_cell_with_what_they_leave_out() {
        (0..22).for_each(|wedge| fill_the_cell(0x1fb3c + wedge, 0x1fb52 + wedge));
        (0..4).for_each(|triangle| fill_the_cell(0x1fb68 + triangle, 0x1fb6c + triangle));
        fill_the_cell(0x1fb9a, 0x1fb9b);
    }

    #[test]
    fn a_wedge_fills_its_corner() {
        let lower_left = drawn(0x1fb3c);
        assert_eq!((lower_left[19 * 9], lower_left[0], lower_left[8], lower_left[19 * 9 + 8]), (255, 0, 0, 0));
        let upper_left = drawn(0x1fb5c);
        assert_eq!((upper_left[0], upper_left[8], upper_left[19 * 9]), (255, 255, 0));
    }

    #[test]
    fn octants_are_those_that_unicode_names() {
        // BLOCK OCTANT-3, -23, -123, -4, -14 and, the last, -2345678.
        let numbers = |parts: u32| (1..=8).filter(|part| parts >> (part - 1) & 1 == 1).collect::<Vec<_>>();
        let first: Vec<Vec<u32>> = (0..5).map(|index| numbers(octant(index))).collect();
        assert_eq!(first, [vec![3], vec![2, 3], vec![1, 2, 3], vec![4], vec![1, 4]]);
        assert_eq!(numbers(octant(0xe5)), [2, 3, 4, 5, 6, 7, 8]);
    }

    #[test]
    fn every_character_is_drawn_and_not_all_of_the_cell() {
        for code in (0x1cd00..=0x1cde5).chain(0x1fb3c..=0x1fbae).filter(|code| is_legacy(*code)) {
            let pixels = drawn(code);
            assert!(pixels.iter().any(|pixel| *pixel > 0), "U+{code:X} is blank");
            assert!(pixels.iter().any(|pixel| *pixel < 255), "U+{code:X} is full");
        }
    }
}
