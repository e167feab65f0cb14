//! Values of the configuration, as they travel and as TOML writes them.

use std::fmt::{self, Write};

use rkyv::{Archive, Deserialize, Serialize};

/// A value of the configuration. It is shown as TOML writes it.
#[derive(Debug, Clone, Archive, Serialize, Deserialize)]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number that may have a fraction.
    Float(f64),
    /// A text; colours are `#rrggbb`.
    Text(String),
    /// A list of texts.
    Texts(Vec<String>),
}

/// Where a value in force comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Archive, Serialize, Deserialize)]
#[repr(u8)]
pub enum Origin {
    /// Nobody has said anything.
    Default,
    /// The file.
    File,
    /// The daemon's command line, or a `SetConfig` that was not saved: it goes before the file, and is gone when the daemon ends.
    Session,
}

impl Value {
    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// About how many bytes it takes on the wire beside its own place.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Bool(_) | Self::Integer(_) | Self::Float(_) => 0,
            Self::Text(text) => text.len(),
            Self::Texts(texts) => texts.iter().map(|text| text.len() + size_of::<rkyv::Archived<String>>()).sum(),
        }
    }
}

/// Two values are the same if they are written the same. So what is no number is the same as itself.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bool(one), Self::Bool(two)) => one == two,
            (Self::Integer(one), Self::Integer(two)) => one == two,
            (Self::Float(one), Self::Float(two)) => one.to_bits() == two.to_bits(),
            (Self::Text(one), Self::Text(two)) => one == two,
            (Self::Texts(one), Self::Texts(two)) => one == two,
            _ => false,
        }
    }
}

impl Eq for Value {}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::Float(value) if value.is_nan() => f.write_str("nan"),
            // Always with a point or an exponent, which makes it a float.
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Text(text) => quoted(f, text),
            Self::Texts(texts) => {
                f.write_char('[')?;
                for (at, text) in texts.iter().enumerate() {
                    f.write_str(if at == 0 { "" } else { ", " })?;
                    quoted(f, text)?;
                }
                f.write_char(']')
            }
        }
    }
}

/// A basic string of TOML.
fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            '\n' => f.write_str("\\n")?,
            '\t' => f.write_str("\\t")?,
            '\r' => f.write_str("\\r")?,
            c if c.is_control() => write!(f, "\\u{:04x}", c as u32)?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_as_toml_writes_them() {
        let shown = [
            (Value::Bool(true), "true"),
            (Value::Integer(-3), "-3"),
            (Value::Float(15.0), "15.0"),
            (Value::Float(f64::NAN), "nan"),
            (Value::Float(f64::NEG_INFINITY), "-inf"),
            (Value::Text("a \"b\"\\\n\u{7f}é".into()), r#""a \"b\"\\\n\u007fé""#),
            (Value::Texts(vec!["a".into(), String::new()]), r#"["a", ""]"#),
            (Value::Texts(vec![]), "[]"),
        ];
        for (value, text) in shown {
            assert_eq!(value.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_number_is_the_same_as_itself() {
        assert_eq!(Value::Float(f64::NAN), Value::Float(f64::NAN));
        assert_ne!(Value::Float(0.0), Value::Float(-0.0));
        assert_ne!(Value::Float(1.0), Value::Integer(1));
    }
}
