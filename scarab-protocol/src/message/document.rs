//! Documents: what clients have the daemon keep for them, such as which tabs a window has. They live as long as the daemon, and what is
//! in them is the clients' business.

use rkyv::{Archive, Deserialize, Serialize};

/// The most bytes of a document.
pub const MAX_DOCUMENT: usize = 64 * 1024;

/// Opens a document, so that no other client opens it without naming it; answered by `Document`. It is open until it is dropped or the
/// connection ends, and is to be opened again on the next.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct OpenDocument {
    /// Its name: 1 to 32 of `A-Z a-z 0-9 . _ -`, no dot at the start. `None` for the one of the kind that was saved last
    /// and nobody has open; if there is none, for a new one.
    pub name: Option<String>,
    /// What kind of document it is; the name of a new one begins with it. Same form as a name, 29 bytes at most.
    pub kind: String,
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Document {
    /// Its name.
    pub name: String,
    /// What is in it; empty for one that was never saved.
    pub data: Vec<u8>,
}

/// Keeps a document, in place of what had the name. Answered by `Done`.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct SaveDocument {
    /// Its name.
    pub name: String,
    /// What is in it, [`MAX_DOCUMENT`] bytes at most.
    pub data: Vec<u8>,
}

/// Keeps a document no longer. Answered by `Done`, also if there was none.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct DropDocument {
    /// Its name.
    pub name: String,
}

/// All documents; answered by `Documents`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct ListDocuments {}

/// What is known of a document without opening it.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct DocumentInfo {
    /// Its name.
    pub name: String,
    /// How many bytes are in it.
    pub bytes: u32,
    /// Whether a client has it open.
    pub open: bool,
}

/// The documents that are kept, those saved last first.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Documents {
    /// What is known of each.
    pub documents: Vec<DocumentInfo>,
}
