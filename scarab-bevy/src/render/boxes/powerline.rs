//! The separators of status lines (U+E0B0-E0BF, which Powerline put in the private area): triangles, half circles and slants, that have
//! to reach the very edge of the cell.

use super::Canvas;

impl Canvas {
    pub(super) fn powerline(&mut self, code: u32) {
        let (width, height, half_line) = (self.width as f32, self.height as f32, self.line as f32 / 2.0);
        // How far inside a pixel is, in pixels; below 0 it is outside.
        let inside = |x: f32, y: f32| match code {
            0xe0b0 | 0xe0b1 => arrow(x, y, width, height),
            0xe0b2 | 0xe0b3 => arrow(width - x, y, width, height),
            0xe0b4 | 0xe0b5 => half_circle(x, y, width, height),
            0xe0b6 | 0xe0b7 => half_circle(width - x, y, width, height),
            0xe0b8 | 0xe0b9 => slant(x, y, width, height),
            0xe0ba | 0xe0bb => slant(width - x, y, width, height),
            0xe0bc | 0xe0bd => slant(x, height - y, width, height),
            _ => slant(width - x, height - y, width, height),
        };
        let is_outline = code % 2 == 1;
        self.shade(|x, y| {
            let inside = inside(x, y);
            if is_outline { half_line + 0.5 - inside.abs() } else { inside + 0.5 }
        });
    }
}

/// A triangle that points to the right.
fn arrow(x: f32, y: f32, width: f32, height: f32) -> f32 {
    let slope = 2.0 * width / height;
    (width - slope * (y - height / 2.0).abs() - x) / (1.0 + slope * slope).sqrt()
}

/// The right half of an ellipse that is as high as the cell.
fn half_circle(x: f32, y: f32, width: f32, height: f32) -> f32 {
    let (across, down) = (x / width, (y - height / 2.0) / (height / 2.0));
    let radius = across.hypot(down).max(1e-3);
    let steepness = (across / (width * radius)).hypot(down / (height / 2.0 * radius));
    (1.0 - radius) / steepness.max(1e-3)
}

/// The triangle at the lower left.
fn slant(x: f32, y: f32, width: f32, height: f32) -> f32 {
    (y * width - x * height) / width.hypot(height)
}

#[cfg(test)]
mod tests {
    use super::super::draw;

    /// The drawn cell as text: blank, part and full.
    fn shown(character: char) -> Vec<String> {
        let pixels = draw(character, 6, 12, 1).expect("it is drawn");
        pixels
            .chunks(6)
            .map(|row| {
                row.iter().map(|&pixel| [' ', '+', '#'][usize::from(pixel > 63) + usize::from(pixel > 191)]).collect()
            })
            .collect()
    }

    #[test]
    fn arrows_reach_from_corner_to_corner_and_the_middle() {
        let right = shown('\u{e0b0}');
        assert!(right[0].starts_with('+') && right[5] == "#####+" && right[6] == "#####+", "{right:?}");
        let left: Vec<String> = shown('\u{e0b2}').iter().map(|row| row.chars().rev().collect()).collect();
        assert_eq!(left, right);
        assert!(right.iter().rev().eq(&right));
    }

    #[test]
    fn slants_fill_their_corner() {
        let lower_left = shown('\u{e0b8}');
        assert!(lower_left[11].starts_with("#####") && lower_left[0].trim_end().len() <= 1, "{lower_left:?}");
        let upper_right: Vec<String> = shown('\u{e0be}').iter().rev().map(|row| row.chars().rev().collect()).collect();
        assert_eq!(upper_right, lower_left);
    }

    #[test]
    fn outlines_leave_the_inside_free() {
        let outline = shown('\u{e0b5}');
        assert!(outline[5].starts_with("    ") && outline[5].ends_with(['#', '+']), "{outline:?}");
    }
}
