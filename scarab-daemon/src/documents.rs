//! What clients have the daemon keep for them.

use std::sync::{Arc, Weak};

use scarab_protocol::{
    ids::Name,
    message::{Document, DocumentInfo, MAX_DOCUMENT},
};

use crate::client::Client;

/// The most documents. With one more, the one goes that was saved least lately of those that nobody has open.
const MAX_DOCUMENTS: usize = 64;
/// The longest kind, so that a number after it still is a name: no number has more than two digits.
const MAX_KIND: usize = 29;

/// The documents of a daemon.
#[derive(Default)]
pub(crate) struct Documents {
    /// Those saved last at the end.
    kept: Vec<Kept>,
}

struct Kept {
    name: String,
    data: Vec<u8>,
    /// Who has it open; nobody if that is gone.
    by: Weak<Client>,
}

/// Why a document is not kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("{0:?} is no name of a document: 1 to 32 of A-Z a-z 0-9 . _ -, no dot at the start")]
    Name(String),
    #[error("{0:?} is no kind of document: 1 to {MAX_KIND} of A-Z a-z 0-9 . _ -, no dot at the start")]
    Kind(String),
    #[error("a document of {0} bytes is too large: {MAX_DOCUMENT} at most")]
    Large(usize),
    #[error("there are {MAX_DOCUMENTS} documents, and all are open")]
    Full,
}

impl Documents {
    /// Opens one.
    ///
    /// # Errors
    /// [`Refused`].
    pub(crate) fn open(&mut self, name: Option<&str>, kind: &str, by: &Arc<Client>) -> Result<Document, Refused> {
        if kind.len() > MAX_KIND || kind.parse::<Name>().is_err() {
            return Err(Refused::Kind(shown(kind)));
        }
        let at = match name {
            Some(name) => self.kept.iter().position(|kept| kept.name == name),
            None => self.kept.iter().rposition(|kept| kept.is_of(kind) && !kept.is_open()),
        };
        let kept = match (at, name) {
            (Some(at), _) => &mut self.kept[at],
            (None, Some(name)) => self.add(name)?,
            (None, None) => {
                let taken = |name: &String| self.kept.iter().any(|kept| kept.name == *name);
                // There are fewer documents than numbers.
                let name = (1_u32..).map(|number| format!("{kind}-{number}")).find(|name| !taken(name));
                self.add(&name.unwrap_or_default())?
            }
        };
        kept.by = Arc::downgrade(by);
        Ok(Document { name: kept.name.clone(), data: kept.data.clone() })
    }

    /// Keeps one.
    ///
    /// # Errors
    /// [`Refused`].
    pub(crate) fn save(&mut self, name: &str, data: Vec<u8>) -> Result<(), Refused> {
        if data.len() > MAX_DOCUMENT {
            return Err(Refused::Large(data.len()));
        }
        match self.kept.iter().position(|kept| kept.name == name) {
            Some(at) => {
                let mut kept = self.kept.remove(at);
                kept.data = data;
                self.kept.push(kept);
            }
            None => self.add(name)?.data = data,
        }
        Ok(())
    }

    /// Keeps one no longer.
    pub(crate) fn remove(&mut self, name: &str) {
        self.kept.retain(|kept| kept.name != name);
    }

    /// What there is, saved last first.
    pub(crate) fn list(&self) -> Vec<DocumentInfo> {
        let info = |kept: &Kept| DocumentInfo {
            name: kept.name.clone(),
            bytes: u32::try_from(kept.data.len()).unwrap_or(u32::MAX),
            open: kept.is_open(),
        };
        self.kept.iter().rev().map(info).collect()
    }

    fn add(&mut self, name: &str) -> Result<&mut Kept, Refused> {
        if name.parse::<Name>().is_err() {
            return Err(Refused::Name(shown(name)));
        }
        if self.kept.len() >= MAX_DOCUMENTS {
            let oldest = self.kept.iter().position(|kept| !kept.is_open()).ok_or(Refused::Full)?;
            self.kept.remove(oldest);
        }
        self.kept.push(Kept { name: name.into(), data: Vec::new(), by: Weak::new() });
        self.kept.last_mut().ok_or(Refused::Full)
    }
}

impl Kept {
    fn is_open(&self) -> bool {
        self.by.strong_count() > 0
    }

    fn is_of(&self, kind: &str) -> bool {
        self.name
            .strip_prefix(kind)
            .and_then(|rest| rest.strip_prefix('-'))
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit()))
    }
}

/// A name as it may be shown: it is what somebody has sent.
fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(64).collect()
}
