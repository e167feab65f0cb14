//! What the values of a key look like.

use std::fmt;

use super::{Binding, Value};
use crate::ids::TermSize;

/// The most bytes of a text: longer than any command line that is typed.
const MAX_TEXT: usize = 4096;
/// The most texts of a list.
const MAX_TEXTS: usize = 256;
/// The most characters of a value that are shown where it is wrong.
const MAX_SHOWN: usize = 60;

/// What the values of a key look like. It is shown as what is expected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Form {
    /// True or false.
    Bool,
    /// A whole number within bounds.
    Integer {
        /// The least.
        least: i64,
        /// The most.
        most: i64,
    },
    /// A number within bounds.
    Float {
        /// The least.
        least: f64,
        /// The most.
        most: f64,
    },
    /// Any text.
    Text,
    /// A text of visible ASCII characters, one at least and no blank among them.
    Word,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A size in cells, `COLSxROWS`, or an empty text.
    Cells,
    /// A colour, `#rrggbb`.
    Color,
    /// So many colours.
    Colors(usize),
    /// Texts, as many as one likes.
    Texts,
    /// Keys and what they do, `KEY = ACTION` each.
    Bindings,
    /// Anything.
    Any,
}

/// A value that its key does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("found {found}, expected {expected}")]
pub struct Problem {
    /// What was found.
    pub found: String,
    /// What was expected.
    pub expected: String,
}

impl Form {
    pub(super) fn check(self, value: &Value) -> Result<(), Problem> {
        self.check_bounds(value)?;
        let fits = match (self, value) {
            (Self::Any, _)
            | (Self::Bool, Value::Bool(_))
            | (Self::Text, Value::Text(_))
            | (Self::Texts, Value::Texts(_)) => true,
            (Self::Integer { least, most }, Value::Integer(number)) => (least..=most).contains(number),
            (Self::Float { least, most }, Value::Float(number)) => (least..=most).contains(number),
            (Self::Float { least, most }, Value::Integer(number)) => (least..=most).contains(&(*number as f64)),
            (Self::Word, Value::Text(text)) => !text.is_empty() && text.bytes().all(|c| c.is_ascii_graphic()),
            (Self::OneOf(texts), Value::Text(text)) => texts.contains(&text.as_str()),
            (Self::Cells, Value::Text(text)) => text.is_empty() || text.parse::<TermSize>().is_ok(),
            (Self::Color, Value::Text(text)) => color(text).is_some(),
            (Self::Colors(count), Value::Texts(texts)) => {
                // The one that is wrong is told rather than the whole list.
                if let Some(wrong) = texts.iter().find(|text| color(text).is_none()) {
                    return Err(problem(&Value::Text(wrong.clone()), self));
                }
                if texts.len() != count {
                    return Err(Problem { found: format!("{} of them", texts.len()), expected: self.to_string() });
                }
                true
            }
            (Self::Bindings, Value::Texts(texts)) => {
                let wrong = texts.iter().find_map(|text| Some((text, Binding::parse(text).err()?)));
                if let Some((text, error)) = wrong {
                    let Problem { found, .. } = problem(&Value::Text(text.clone()), self);
                    return Err(Problem { found, expected: format!("{self}: {error}") });
                }
                true
            }
            _ => false,
        };
        if fits { Ok(()) } else { Err(problem(value, self)) }
    }

    /// What holds of texts of every form.
    fn check_bounds(self, value: &Value) -> Result<(), Problem> {
        let texts = match value {
            Value::Text(text) => std::slice::from_ref(text),
            Value::Texts(texts) => texts,
            _ => return Ok(()),
        };
        let wrong = |found: String, expected: String| Err(Problem { found, expected });
        if texts.len() > MAX_TEXTS {
            return wrong(format!("a list of {}", texts.len()), format!("{MAX_TEXTS} at most"));
        }
        match texts.iter().find(|text| text.len() > MAX_TEXT || text.contains('\0')) {
            Some(text) if text.len() > MAX_TEXT => {
                wrong(format!("a text of {} bytes", text.len()), format!("{MAX_TEXT} at most"))
            }
            Some(_) => wrong("a text with a zero byte".into(), self.to_string()),
            None => Ok(()),
        }
    }
}

fn problem(value: &Value, form: Form) -> Problem {
    let shown = value.to_string();
    let found = match shown.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &shown[..end]),
        None => shown,
    };
    Problem { found, expected: form.to_string() }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("true or false"),
            Self::Integer { least, most } => write!(f, "an integer from {least} to {most}"),
            Self::Float { least, most } => write!(f, "a number from {least} to {most}"),
            Self::Text => f.write_str("a text"),
            Self::Word => f.write_str("a text without blanks"),
            Self::OneOf(texts) => {
                let texts: Vec<_> = texts.iter().map(|text| format!("\"{text}\"")).collect();
                write!(f, "one of {}", texts.join(", "))
            }
            Self::Cells => f.write_str("a size in cells such as \"100x30\", or \"\""),
            Self::Color => f.write_str("a colour such as \"#16181d\""),
            Self::Colors(count) => write!(f, "a list of {count} colours such as \"#16181d\""),
            Self::Texts => f.write_str("a list of texts"),
            Self::Bindings => f.write_str("a list of bindings such as \"Ctrl+Shift+C = copy\""),
            Self::Any => f.write_str("true or false, a number, a text, or a list of texts"),
        }
    }
}

/// The colour that a text `#rrggbb` names: red, green, blue.
pub fn color(text: &str) -> Option<[u8; 3]> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let mut rgb = [0; 3];
    hex::decode_to_slice(digits, &mut rgb).ok()?;
    Some(rgb)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.into())
    }

    fn wrong(form: Form, value: &Value) -> String {
        form.check(value).expect_err("wrong").to_string()
    }

    #[test]
    fn what_was_found_and_what_was_expected_is_told() {
        let number = Form::Float { least: 4.0, most: 200.0 };
        assert_eq!(wrong(number, &Value::Float(3.5)), "found 3.5, expected a number from 4 to 200");
        assert_eq!(wrong(number, &Value::Float(f64::NAN)), "found nan, expected a number from 4 to 200");
        assert_eq!(number.check(&Value::Integer(200)), Ok(()));
        assert_eq!(wrong(Form::Bool, &text("yes")), "found \"yes\", expected true or false");
        assert_eq!(wrong(Form::OneOf(&["a", "b"]), &text("c")), "found \"c\", expected one of \"a\", \"b\"");
        assert_eq!(wrong(Form::Word, &text("")), "found \"\", expected a text without blanks");
        let colors = Form::Colors(2);
        assert_eq!(colors.check(&Value::Texts(vec!["#000000".into(), "#FFffFF".into()])), Ok(()));
        let red = Value::Texts(vec!["#000000".into(), "red".into()]);
        assert_eq!(wrong(colors, &red), "found \"red\", expected a list of 2 colours such as \"#16181d\"");
        let one = Value::Texts(vec!["#000000".into()]);
        assert_eq!(wrong(colors, &one), "found 1 of them, expected a list of 2 colours such as \"#16181d\"");
    }

    #[test]
    fn texts_are_bounded_and_shown_in_part() {
        assert_eq!(wrong(Form::Any, &text(&"x".repeat(5000))), "found a text of 5000 bytes, expected 4096 at most");
        assert!(Form::Any.check(&Value::Texts(vec![String::new(); 257])).is_err());
        assert!(wrong(Form::Texts, &Value::Texts(vec!["a\0".into()])).contains("zero byte"));
        assert!(wrong(Form::Bool, &text(&"é".repeat(1000))).chars().count() < 100);
    }

    #[test]
    fn sizes_are_columns_and_rows_that_a_terminal_can_have() {
        for text in ["", "100x30"] {
            assert_eq!(Form::Cells.check(&self::text(text)), Ok(()), "{text}");
        }
        let expected = "found \"large\", expected a size in cells such as \"100x30\", or \"\"";
        assert_eq!(wrong(Form::Cells, &text("large")), expected);
        assert!(Form::Cells.check(&text("1x30")).is_err());
    }

    #[test]
    fn colours_are_six_digits() {
        assert_eq!(color("#0a0B0c"), Some([10, 11, 12]));
        for bad in ["", "#", "#fff", "0a0b0c", "#0a0b0", "#0a0b0c0", "#gg0000", "#é0000"] {
            assert_eq!(color(bad), None, "{bad}");
        }
    }
}
