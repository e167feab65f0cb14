//! What daemons, sessions and sizes are called.

use std::{fmt, str::FromStr};

use rkyv::{Archive, Deserialize, Serialize};

/// A session of one daemon's life. The epoch makes sure that a number is never taken for another daemon's session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Archive, Serialize, Deserialize)]
pub struct SessionId {
    /// The daemon's epoch: random, made at its start, told in its hello.
    pub epoch: u64,
    /// The session's number in that daemon, from 1; frames carry it in their header.
    pub number: u32,
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{}", self.epoch, self.number)
    }
}

/// The name of a daemon or a session: 1 to 32 of `A-Z a-z 0-9 . _ -`, no leading dot.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(String);

/// Why a name was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("bad name {given:?}: a name has 1 to 32 of A-Z a-z 0-9 . _ - and no leading dot")]
pub struct NameError {
    given: String,
}

impl Name {
    /// The most characters a name may have. File names of sockets and locks are made of it.
    pub const MAX_LEN: usize = 32;

    /// Checks a name.
    ///
    /// # Errors
    /// What is wrong with it, quoted and cut to a printable length.
    pub fn new(name: impl Into<String>) -> Result<Self, NameError> {
        let name = name.into();
        let fits = (1..=Self::MAX_LEN).contains(&name.len())
            && !name.starts_with('.')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
        if fits { Ok(Self(name)) } else { Err(NameError { given: name.chars().take(64).collect() }) }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Name {
    /// The daemon that everyone means who names none: `default`.
    fn default() -> Self {
        Self("default".into())
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        Self::new(name)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// The size of a terminal, in cells and in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Archive, Serialize, Deserialize)]
pub struct TermSize {
    /// Width in cells.
    pub cols: u16,
    /// Height in cells.
    pub rows: u16,
    /// Width in physical pixels; 0 when unknown.
    pub pixel_width: u16,
    /// Height in physical pixels; 0 when unknown.
    pub pixel_height: u16,
}

impl TermSize {
    /// The smallest width, in cells: the VT core needs two columns for a wide character.
    pub const MIN_COLS: u16 = 2;
    /// The smallest height, in cells.
    pub const MIN_ROWS: u16 = 1;
    /// The largest width, in cells: what a surface can grow to.
    pub const MAX_COLS: u16 = 1000;
    /// The largest height, in cells.
    pub const MAX_ROWS: u16 = 1000;

    const LEAST: Self = Self::cells(Self::MIN_COLS, Self::MIN_ROWS);
    const MOST: Self = Self::cells(Self::MAX_COLS, Self::MAX_ROWS);

    /// A size in cells, pixels unknown.
    pub const fn cells(cols: u16, rows: u16) -> Self {
        Self { cols, rows, pixel_width: 0, pixel_height: 0 }
    }

    /// The nearest size that a session can have.
    #[must_use]
    pub fn clamped(self) -> Self {
        Self {
            cols: self.cols.clamp(Self::MIN_COLS, Self::MAX_COLS),
            rows: self.rows.clamp(Self::MIN_ROWS, Self::MAX_ROWS),
            ..self
        }
    }
}

impl Default for TermSize {
    /// 80x24, the size of the terminals that programs assume when told nothing.
    fn default() -> Self {
        Self::cells(80, 24)
    }
}

/// What is no size of a session's, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TermSizeError {
    /// It is not of the form.
    #[error("a size is COLSxROWS, such as 80x24")]
    Form,
    /// No session can have it.
    #[error("a session's size is between {least} and {most}", least = TermSize::LEAST, most = TermSize::MOST)]
    Limits,
}

/// Reads `COLSxROWS`.
impl FromStr for TermSize {
    type Err = TermSizeError;

    fn from_str(text: &str) -> Result<Self, TermSizeError> {
        let side = |digits: &str| {
            let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
            // Larger numbers than this can hold are numbers all the same, and are told the limits.
            is_number.then(|| digits.parse().unwrap_or(u16::MAX))
        };
        let sides = text.split_once('x').and_then(|(cols, rows)| Some(Self::cells(side(cols)?, side(rows)?)));
        let size = sides.ok_or(TermSizeError::Form)?;
        if size.clamped() == size { Ok(size) } else { Err(TermSizeError::Limits) }
    }
}

impl fmt::Display for TermSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.cols, self.rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_no_session_can_have_are_refused() {
        for (text, (cols, rows)) in [("80x24", (80, 24)), ("2x1", (2, 1)), ("1000x1000", (1000, 1000))] {
            assert_eq!(text.parse(), Ok(TermSize::cells(cols, rows)), "{text}");
        }
        for bad in ["", "x", "80", "80x", "x24", "80X24", "-1x2", "+100x30", "100 x 30", "2x2x2"] {
            assert_eq!(bad.parse::<TermSize>(), Err(TermSizeError::Form), "{bad}");
        }
        for bad in ["0x0", "1x1", "1x30", "100x0", "1001x1", "65535x65535", "99999x1", "99999999999999999999999x1"] {
            assert_eq!(bad.parse::<TermSize>(), Err(TermSizeError::Limits), "{bad}");
        }
        assert_eq!(TermSizeError::Limits.to_string(), "a session's size is between 2x1 and 1000x1000");
    }
}
