//! Box drawing, block elements, Braille, mosaics and separators (U+2500-259F, U+2800-28FF, U+1FB00-1FBAE, U+1CD00-1CDE5, U+E0B0-E0BF),
//! drawn to the cell's size.
//!
//! A font draws them for its own cell; rounded to whole pixels they would leave gaps between neighbours. Braille,
//! which programs plot with, is here so that its dots are evenly spaced.

mod legacy;
mod powerline;

/// A mask of one cell that shapes are drawn into: one byte of coverage a pixel.
struct Canvas {
    width: i32,
    height: i32,
    /// How thick a light line is.
    line: i32,
    pixels: Vec<u8>,
}

/// The coverage of a character's pixels in a cell of this size, row by row; nothing for
/// characters that fonts draw. `line` is the thickness of a light line. All in physical pixels.
pub(super) fn draw(character: char, width: u32, height: u32, line: u32) -> Option<Vec<u8>> {
    let code = u32::from(character);
    if !matches!(code, 0x2500..=0x259f | 0x2800..=0x28ff | 0x1fb00..=0x1fb3b | 0xe0b0..=0xe0bf)
        && !legacy::is_legacy(code)
    {
        return None;
    }
    let mut canvas = Canvas {
        width: width as i32,
        height: height as i32,
        line: line.max(1) as i32,
        pixels: vec![0; (width * height) as usize],
    };
    match code {
        0x2504..=0x250b | 0x254c..=0x254f => canvas.dashes(code),
        0x256d..=0x2570 => canvas.arc(code),
        0x2571..=0x2573 => canvas.diagonals(code),
        0x2500..=0x257f => canvas.lines(Arms::of(code)),
        0x2580..=0x259f => canvas.block(code),
        0x2800..=0x28ff => canvas.braille(code - 0x2800),
        0xe0b0..=0xe0bf => canvas.powerline(code),
        0x1fb00..=0x1fb3b => canvas.sextants(code),
        _ => canvas.legacy(code),
    }
    Some(canvas.pixels)
}

/// How the four arms of a line character are drawn: up, right, down, left.
#[derive(Clone, Copy)]
struct Arms([u8; 4]);

const NONE: u8 = 0;
const LIGHT: u8 = 1;
const HEAVY: u8 = 2;
const DOUBLE: u8 = 3;
const UP: usize = 0;
const RIGHT: usize = 1;
const DOWN: usize = 2;
const LEFT: usize = 3;

/// The arms of U+2500 to U+257F, a hexadecimal digit each in the order up, right, down, left;
/// 0 where the character is no crossing of straight lines.
#[rustfmt::skip]
const ARMS: [u16; 128] = [
    0x0101, 0x0202, 0x1010, 0x2020, 0, 0, 0, 0, 0, 0, 0, 0, 0x0110, 0x0210, 0x0120, 0x0220,
    0x0011, 0x0012, 0x0021, 0x0022, 0x1100, 0x1200, 0x2100, 0x2200, 0x1001, 0x1002, 0x2001, 0x2002, 0x1110, 0x1210, 0x2110, 0x1120,
    0x2120, 0x2210, 0x1220, 0x2220, 0x1011, 0x1012, 0x2011, 0x1021, 0x2021, 0x2012, 0x1022, 0x2022, 0x0111, 0x0112, 0x0211, 0x0212,
    0x0121, 0x0122, 0x0221, 0x0222, 0x1101, 0x1102, 0x1201, 0x1202, 0x2101, 0x2102, 0x2201, 0x2202, 0x1111, 0x1112, 0x1211, 0x1212,
    0x2111, 0x1121, 0x2121, 0x2112, 0x2211, 0x1122, 0x1221, 0x2212, 0x1222, 0x2122, 0x2221, 0x2222, 0, 0, 0, 0,
    0x0303, 0x3030, 0x0310, 0x0130, 0x0330, 0x0013, 0x0031, 0x0033, 0x1300, 0x3100, 0x3300, 0x1003, 0x3001, 0x3003, 0x1310, 0x3130,
    0x3330, 0x1013, 0x3031, 0x3033, 0x0313, 0x0131, 0x0333, 0x1303, 0x3101, 0x3303, 0x1313, 0x3131, 0x3333, 0, 0, 0,
    0, 0, 0, 0, 0x0001, 0x1000, 0x0100, 0x0010, 0x0002, 0x2000, 0x0200, 0x0020, 0x0201, 0x1020, 0x0102, 0x2010,
];

impl Arms {
    fn of(code: u32) -> Self {
        let digits = ARMS[(code - 0x2500) as usize];
        Self([12, 8, 4, 0].map(|shift| (digits >> shift & 0xf) as u8))
    }
}

impl Canvas {
    /// Fills a rectangle, end exclusive; what lies outside the cell is left out.
    fn fill(&mut self, x: [i32; 2], y: [i32; 2], coverage: u8) {
        let columns = x[0].clamp(0, self.width)..x[1].clamp(0, self.width);
        for row in y[0].clamp(0, self.height)..y[1].clamp(0, self.height) {
            let start = row * self.width;
            if columns.start < columns.end {
                self.pixels[(start + columns.start) as usize..(start + columns.end) as usize].fill(coverage);
            }
        }
    }

    /// Sets every pixel to at least the coverage that `at` gives for its centre.
    fn shade(&mut self, at: impl Fn(f32, f32) -> f32) {
        for y in 0..self.height {
            for x in 0..self.width {
                let coverage = (at(x as f32 + 0.5, y as f32 + 0.5).clamp(0.0, 1.0) * 255.0).round() as u8;
                let pixel = &mut self.pixels[(y * self.width + x) as usize];
                *pixel = coverage.max(*pixel);
            }
        }
    }

    /// Where a light line through the middle begins in a direction that is `extent` pixels long.
    fn middle(&self, extent: i32) -> i32 {
        (extent - self.line) / 2
    }

    /// The band that a line covers across its direction: of a double line, both strokes and the gap.
    fn band(&self, weight: u8, extent: i32) -> [i32; 2] {
        let start = self.middle(extent);
        let (line, end) = (self.line, start + self.line);
        match weight {
            HEAVY => [start - line / 2, end + (line + 1) / 2],
            DOUBLE => [start - line, end + line],
            _ => [start, end],
        }
    }

    /// Lines from the middle to the edges. Double lines are drawn as bands first, then their gaps are cut out, so that
    /// corners and crossings open into each other; single lines come last and pass through.
    fn lines(&mut self, arms: Arms) {
        let directions = [UP, RIGHT, DOWN, LEFT].into_iter().filter(|&direction| arms.0[direction] != NONE);
        for direction in directions.clone().filter(|&direction| arms.0[direction] == DOUBLE) {
            self.arm(arms, direction, DOUBLE, 255);
        }
        for direction in directions.clone().filter(|&direction| arms.0[direction] == DOUBLE) {
            self.arm(arms, direction, NONE, 0);
        }
        for direction in directions.filter(|&direction| arms.0[direction] != DOUBLE) {
            self.arm(arms, direction, arms.0[direction], 255);
        }
    }

    /// Fills one arm as wide as `weight` says; [`NONE`] stands for the gap of a double line.
    fn arm(&mut self, Arms(arms): Arms, direction: usize, weight: u8, coverage: u8) {
        let vertical = direction == UP || direction == DOWN;
        let (along, across) = if vertical { (self.height, self.width) } else { (self.width, self.height) };
        let sides = [arms[(direction + 1) % 4], arms[(direction + 3) % 4]];
        // An arm reaches over the lines it meets, so that corners are full. The gap of a double line and a single line
        // that ends at a double one reach no further than the gap of that.
        let ends_at_double = weight != DOUBLE && arms[(direction + 2) % 4] == NONE && sides == [DOUBLE; 2];
        let reach = if weight == NONE || ends_at_double {
            self.band(LIGHT, along)
        } else {
            self.band(sides[0].max(sides[1]).max(LIGHT), along)
        };
        let start_of_single = if ends_at_double && weight != NONE { [reach[1], reach[0]] } else { reach };
        let length = match direction {
            UP | LEFT => [0, start_of_single[1]],
            _ => [start_of_single[0], along],
        };
        let width = self.band(weight.max(LIGHT), across);
        if vertical { self.fill(width, length, coverage) } else { self.fill(length, width, coverage) }
    }

    /// Two, three or four dashes with gaps between them, the last gap at the far edge.
    fn dashes(&mut self, code: u32) {
        let (count, code) = match code {
            0x2504..=0x2507 => (3, code - 0x2504),
            0x2508..=0x250b => (4, code - 0x2508),
            _ => (2, code - 0x254c),
        };
        let vertical = code & 2 != 0;
        let weight = if code & 1 == 0 { LIGHT } else { HEAVY };
        let (along, across) = if vertical { (self.height, self.width) } else { (self.width, self.height) };
        let gap = (along / (count * 3)).max(1);
        let width = self.band(weight, across);
        for dash in 0..count {
            let length = [dash * along / count + gap / 2, (dash + 1) * along / count - (gap + 1) / 2];
            if vertical { self.fill(width, length, 255) } else { self.fill(length, width, 255) }
        }
    }

    /// A quarter circle between two edges, led on by straight lines where the cell is longer than the circle.
    fn arc(&mut self, code: u32) {
        let half = self.line as f32 / 2.0;
        let (x0, y0) = (self.middle(self.width) as f32 + half, self.middle(self.height) as f32 + half);
        // The directions that the two ends point to, from the middle of the cell.
        let (dx, dy) = match code {
            0x256d => (1.0, 1.0),
            0x256e => (-1.0, 1.0),
            0x256f => (-1.0, -1.0),
            _ => (1.0, -1.0),
        };
        let radius = self.width.min(self.height) as f32 / 2.0;
        self.shade(|x, y| {
            // Seen from the corner between the two ends, the middle of the circle.
            let (u, v) = ((x - x0) * dx - radius, (y - y0) * dy - radius);
            let distance = match (u <= 0.0, v <= 0.0) {
                (true, true) => (u.hypot(v) - radius).abs(),
                (true, false) => (u + radius).abs(),
                (false, true) => (v + radius).abs(),
                (false, false) => return 0.0,
            };
            half + 0.5 - distance
        });
    }

    fn diagonals(&mut self, code: u32) {
        let (width, height) = (self.width as f32, self.height as f32);
        let half = self.line as f32 / 2.0;
        let length = width.hypot(height);
        if code != 0x2572 {
            self.shade(|x, y| half + 0.5 - (x * height + y * width - width * height).abs() / length);
        }
        if code != 0x2571 {
            self.shade(|x, y| half + 0.5 - (x * height - y * width).abs() / length);
        }
    }

    /// Block elements: eighths, quadrants and shades.
    fn block(&mut self, code: u32) {
        let (width, height) = (self.width, self.height);
        let (all_x, all_y) = ([0, width], [0, height]);
        let eighth = |extent: i32, eighths: u32| (extent * eighths as i32 + 4) / 8;
        match code {
            0x2580 => self.fill(all_x, [0, eighth(height, 4)], 255),
            0x2581..=0x2588 => self.fill(all_x, [eighth(height, 0x2588 - code), height], 255),
            0x2589..=0x258f => self.fill([0, eighth(width, 0x2590 - code)], all_y, 255),
            0x2590 => self.fill([eighth(width, 4), width], all_y, 255),
            0x2591..=0x2593 => self.fill(all_x, all_y, (64 * (code - 0x2590)) as u8),
            0x2594 => self.fill(all_x, [0, eighth(height, 1)], 255),
            0x2595 => self.fill([eighth(width, 7), width], all_y, 255),
            _ => {
                // Upper left 1, upper right 2, lower left 4, lower right 8.
                const QUADRANTS: [u32; 10] = [4, 8, 1, 13, 9, 7, 11, 2, 6, 14];
                self.mosaic(QUADRANTS[(code - 0x2596) as usize], 2);
            }
        }
    }

    /// Two by four dots, each a square in the middle of its part of the cell.
    fn braille(&mut self, dots: u32) {
        // Bits 0 to 2 and 3 to 5 are the columns of the upper three rows, 6 and 7 the lowest row.
        const PLACES: [(i32, i32); 8] = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)];
        let size = (self.width / 4).min(self.height / 8).max(1);
        for (column, row) in (0..8).filter(|bit| dots >> bit & 1 == 1).map(|bit| PLACES[bit]) {
            let x = ((2 * column + 1) * self.width - 2 * size) / 4;
            let y = ((2 * row + 1) * self.height - 4 * size) / 8;
            self.fill([x, x + size], [y, y + size], 255);
        }
    }

    /// Two by three parts; the code leaves out the empty cell, the two halves and the full one, which were there before.
    fn sextants(&mut self, code: u32) {
        let index = code - 0x1fb00;
        let parts = index + 1 + u32::from(index >= 0x14) + u32::from(index >= 0x28);
        self.mosaic(parts, 3);
    }

    /// Fills parts of a raster of two columns: bit 0 is the upper left, bit 1 the upper right, and so on downwards.
    fn mosaic(&mut self, parts: u32, rows: i32) {
        for part in (0..2 * rows).filter(|part| parts >> part & 1 == 1) {
            let (column, row) = (part % 2, part / 2);
            let cut = |extent: i32, at: i32, of: i32| (2 * extent * at + of) / (2 * of);
            self.fill(
                [cut(self.width, column, 2), cut(self.width, column + 1, 2)],
                [cut(self.height, row, rows), cut(self.height, row + 1, rows)],
                255,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: [(u32, u32, u32); 4] = [(8, 16, 1), (9, 20, 1), (11, 23, 2), (18, 40, 3)];

    /// The covered places along an edge of a cell.
    fn edge(character: char, (width, height, line): (u32, u32, u32), direction: usize) -> Vec<bool> {
        let pixels = draw(character, width, height, line).expect("a box drawing character");
        let at = |x: u32, y: u32| pixels[(y * width + x) as usize] > 0;
        match direction {
            UP => (0..width).map(|x| at(x, 0)).collect(),
            DOWN => (0..width).map(|x| at(x, height - 1)).collect(),
            LEFT => (0..height).map(|y| at(0, y)).collect(),
            _ => (0..height).map(|y| at(width - 1, y)).collect(),
        }
    }

    #[test]
    fn equal_arms_of_neighbours_meet_at_the_same_pixels() {
        for size in SIZES {
            for (code, &digits) in (0x2500_u32..).zip(&ARMS).filter(|(_, digits)| **digits != 0) {
                let character = char::from_u32(code).expect("a character");
                for (direction, straight) in [(UP, "│┃║"), (RIGHT, "─━═"), (DOWN, "│┃║"), (LEFT, "─━═")]
                {
                    let weight = digits >> (12 - 4 * direction) & 0xf;
                    let covered = edge(character, size, direction);
                    match straight.chars().nth(usize::from(weight).wrapping_sub(1)) {
                        Some(line) => {
                            assert_eq!(covered, edge(line, size, direction), "{character} {direction} {size:?}");
                        }
                        None => assert!(!covered.contains(&true), "{character} {direction} {size:?}"),
                    }
                }
            }
        }
    }

    #[test]
    fn arcs_meet_straight_lines() {
        for size in SIZES {
            for (arc, directions) in [('╭', [RIGHT, DOWN]), ('╮', [LEFT, DOWN]), ('╯', [LEFT, UP]), ('╰', [RIGHT, UP])]
            {
                for direction in directions {
                    let straight = if direction == UP || direction == DOWN { '│' } else { '─' };
                    let (arc_edge, line_edge) = (edge(arc, size, direction), edge(straight, size, direction));
                    assert!(arc_edge.iter().zip(&line_edge).all(|(arc, line)| *arc || !line), "{arc} {size:?}");
                }
            }
        }
    }

    #[test]
    fn a_double_corner_is_two_corners() {
        // A line is one pixel thick, so the strokes lie at 3 and 5 across, 6 and 8 down.
        let pixels = draw('╔', 9, 15, 1).expect("a box drawing character");
        let row =
            |y: usize| pixels[y * 9..(y + 1) * 9].iter().map(|&p| if p > 0 { '#' } else { '.' }).collect::<String>();
        assert_eq!(
            [row(5), row(6), row(7), row(8), row(9)],
            [".........", "...######", "...#.....", "...#.####", "...#.#..."]
        );
    }

    #[test]
    fn halves_and_quadrants_fill_the_cell_without_overlap() {
        for (width, height, line) in SIZES {
            for pair in ["▀▄", "▌▐", "▛▗", "▜▖", "▙▝", "▟▘", "▚▞", "\u{1fb00}\u{1fb3b}"] {
                let drawn: Vec<_> = pair.chars().map(|c| draw(c, width, height, line).expect("a block")).collect();
                let total = |i: usize| drawn.iter().map(|pixels| u32::from(pixels[i])).sum::<u32>();
                assert!((0..drawn[0].len()).all(|i| total(i) == 255), "{pair} {width}x{height}");
            }
        }
    }

    #[test]
    fn dots_are_evenly_spaced_across_cells() {
        let pixels = draw('⣿', 8, 16, 1).expect("Braille");
        let marked = |at: usize| pixels[at] > 0;
        assert_eq!((0..8).filter(|&x| marked(8 + x)).collect::<Vec<_>>(), [1, 2, 5, 6]);
        assert_eq!((0..16).filter(|&y| marked(8 * y + 1)).collect::<Vec<_>>(), [1, 2, 5, 6, 9, 10, 13, 14]);
        assert_eq!(draw('\u{2800}', 8, 16, 1).map(|pixels| pixels.iter().all(|&p| p == 0)), Some(true));
    }

    #[test]
    fn cells_too_small_to_show_anything_are_drawn_all_the_same() {
        for character in (0x2500..=0x259f).chain(0x2800..=0x28ff).chain(0x1fb00..=0x1fb3b).filter_map(char::from_u32) {
            for (width, height, line) in [(1, 1, 1), (1, 4, 3), (3, 2, 1), (3, 5, 9)] {
                assert_eq!(draw(character, width, height, line).map(|p| p.len()), Some((width * height) as usize));
            }
        }
    }

    #[test]
    fn letters_are_left_to_fonts() {
        assert_eq!(draw('a', 8, 16, 1), None);
        assert_eq!(draw('■', 8, 16, 1), None);
    }
}
