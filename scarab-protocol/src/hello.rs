//! The hello: one fixed block each way, readable by every version for ever.
//!
//! The client speaks first, with 64 bytes:
//!
//! | bytes | field |
//! |---|---|
//! | 0-7 | magic: `scarab` CR LF |
//! | 8-9 | lowest protocol version it speaks |
//! | 10-11 | highest |
//! | 12-15 | zero |
//! | 16-23 | feature bits |
//! | 24-31 | schema hash |
//! | 32-63 | build: program and version, UTF-8, padded with zeroes |
//!
//! The daemon's block answers, with 160 bytes:
//!
//! | bytes | field |
//! |---|---|
//! | 0-7 | magic |
//! | 8-9 | status: 0 ok, 1 version, 2 full, 3 token wanted, 4 stopping, 5 malformed |
//! | 10-11 | version chosen; 0 if none |
//! | 12-13 | lowest protocol version it speaks |
//! | 14-15 | highest |
//! | 16-23 | feature bits |
//! | 24-31 | epoch |
//! | 32-35 | process id |
//! | 36-39 | zero |
//! | 40-47 | schema hash |
//! | 48-79 | build |
//! | 80-159 | text for people, UTF-8, padded with zeroes |
//!
//! All numbers are little-endian. After any status but ok and token wanted the daemon closes.

use bitflags::bitflags;

use crate::message::schema_hash;

/// What both blocks begin with. CR LF shows at once where a transport mangles line ends.
pub const MAGIC: [u8; 8] = *b"scarab\r\n";

/// The highest protocol version spoken here. Whatever changes the table of kinds or a payload makes a new one.
pub const VERSION: u16 = 1;

/// The lowest protocol version spoken here.
pub const LOWEST_VERSION: u16 = 1;

bitflags! {
    /// What a side can do beyond the version's common ground; unknown bits are kept and ignored.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Features: u64 {
        /// Can take file descriptors over the connection, and map what they stand for.
        const DESCRIPTORS = 1 << 0;
    }
}

/// What the client says first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientHello {
    /// Lowest protocol version it speaks.
    pub lowest: u16,
    /// Highest protocol version it speaks.
    pub highest: u16,
    /// What it can do.
    pub features: Features,
    /// Its [`schema_hash`].
    pub schema: u64,
    /// Program and version, such as `scarabctl 0.1.0`; at most 32 bytes.
    pub build: String,
}

/// How the daemon takes a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum HelloStatus {
    /// Welcome.
    Ok = 0,
    /// No version in common, or builds of one version whose schemas differ.
    Version = 1,
    /// As many clients as there may be.
    Full = 2,
    /// An `Auth` is expected.
    TokenWanted = 3,
    /// The daemon is ending.
    Stopping = 4,
    /// That was no hello.
    Malformed = 5,
}

/// What the daemon answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaemonHello {
    /// How it takes the client.
    pub status: HelloStatus,
    /// The version chosen; 0 if none.
    pub version: u16,
    /// Lowest protocol version it speaks.
    pub lowest: u16,
    /// Highest protocol version it speaks.
    pub highest: u16,
    /// What it can do.
    pub features: Features,
    /// Random, made at the daemon's start: part of every session's id.
    pub epoch: u64,
    /// Its process id.
    pub pid: u32,
    /// Its [`schema_hash`].
    pub schema: u64,
    /// Program and version; at most 32 bytes.
    pub build: String,
    /// A line for people, at most 80 bytes; empty if all is well.
    pub text: String,
}

/// What came was no hello.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what answered does not speak Scarab's protocol")]
pub struct NoHello;

impl ClientHello {
    /// The block's size, in bytes.
    pub const BYTES: usize = 64;

    /// The hello of this build of the crate.
    pub fn new(build: impl Into<String>, features: Features) -> Self {
        Self { lowest: LOWEST_VERSION, highest: VERSION, features, schema: schema_hash(), build: build.into() }
    }

    /// The program's name in the build, without the version.
    pub fn program(&self) -> &str {
        self.build.split_whitespace().next().unwrap_or("")
    }

    /// The block.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[0..8].copy_from_slice(&MAGIC);
        bytes[8..10].copy_from_slice(&self.lowest.to_le_bytes());
        bytes[10..12].copy_from_slice(&self.highest.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.features.bits().to_le_bytes());
        bytes[24..32].copy_from_slice(&self.schema.to_le_bytes());
        put_text(&mut bytes[32..64], &self.build);
        bytes
    }

    /// Reads a block.
    ///
    /// # Errors
    /// [`NoHello`] if the magic is another.
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Result<Self, NoHello> {
        if bytes[0..8] != MAGIC {
            return Err(NoHello);
        }
        Ok(Self {
            lowest: u16_at(bytes, 8),
            highest: u16_at(bytes, 10),
            features: Features::from_bits_retain(u64_at(bytes, 16)),
            schema: u64_at(bytes, 24),
            build: get_text(&bytes[32..64]),
        })
    }
}

impl DaemonHello {
    /// The block's size, in bytes.
    pub const BYTES: usize = 160;

    /// The answer of this build of the crate to a client's hello: ok with the highest version that both speak, or why not.
    /// Schemas are of the highest version of a side, and so compared only where that is the same.
    pub fn answer(client: &ClientHello, build: impl Into<String>, features: Features, epoch: u64, pid: u32) -> Self {
        let build = build.into();
        let mut answer = Self {
            status: HelloStatus::Ok,
            version: client.highest.min(VERSION),
            lowest: LOWEST_VERSION,
            highest: VERSION,
            features,
            epoch,
            pid,
            schema: schema_hash(),
            build,
            text: String::new(),
        };
        if client.lowest > VERSION || client.highest < LOWEST_VERSION || client.lowest > client.highest {
            answer.status = HelloStatus::Version;
            answer.version = 0;
            answer.text = "restart the daemon when its shells can end, or use its own client".into();
        } else if client.highest == VERSION && client.schema != schema_hash() {
            answer.status = HelloStatus::Version;
            answer.version = 0;
            answer.text = "builds of one version differ: rebuild, or restart the daemon".into();
        }
        answer
    }

    /// Why the daemon refused, with both sides' versions and programs and the way out; `None` if it did not.
    pub fn refusal(&self, client: &ClientHello) -> Option<String> {
        let what = match self.status {
            HelloStatus::Ok | HelloStatus::TokenWanted => return None,
            HelloStatus::Version => format!(
                "{} (pid {}) speaks protocol {} to {}, {} speaks {} to {}",
                self.build, self.pid, self.lowest, self.highest, client.build, client.lowest, client.highest
            ),
            HelloStatus::Full => format!("{} (pid {}) has as many clients as it may have", self.build, self.pid),
            HelloStatus::Stopping => format!("{} (pid {}) is ending", self.build, self.pid),
            HelloStatus::Malformed => format!("{} (pid {}) did not understand the hello", self.build, self.pid),
        };
        Some(if self.text.is_empty() { what } else { format!("{what}: {}", self.text) })
    }

    /// The block.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[0..8].copy_from_slice(&MAGIC);
        bytes[8..10].copy_from_slice(&(self.status as u16).to_le_bytes());
        bytes[10..12].copy_from_slice(&self.version.to_le_bytes());
        bytes[12..14].copy_from_slice(&self.lowest.to_le_bytes());
        bytes[14..16].copy_from_slice(&self.highest.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.features.bits().to_le_bytes());
        bytes[24..32].copy_from_slice(&self.epoch.to_le_bytes());
        bytes[32..36].copy_from_slice(&self.pid.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.schema.to_le_bytes());
        put_text(&mut bytes[48..80], &self.build);
        put_text(&mut bytes[80..160], &self.text);
        bytes
    }

    /// Reads a block. A status of a later version reads as [`HelloStatus::Version`].
    ///
    /// # Errors
    /// [`NoHello`] if the magic is another.
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Result<Self, NoHello> {
        if bytes[0..8] != MAGIC {
            return Err(NoHello);
        }
        let status = match u16_at(bytes, 8) {
            0 => HelloStatus::Ok,
            2 => HelloStatus::Full,
            3 => HelloStatus::TokenWanted,
            4 => HelloStatus::Stopping,
            5 => HelloStatus::Malformed,
            _ => HelloStatus::Version,
        };
        Ok(Self {
            status,
            version: u16_at(bytes, 10),
            lowest: u16_at(bytes, 12),
            highest: u16_at(bytes, 14),
            features: Features::from_bits_retain(u64_at(bytes, 16)),
            epoch: u64_at(bytes, 24),
            pid: u64_at(bytes, 32) as u32,
            schema: u64_at(bytes, 40),
            build: get_text(&bytes[48..80]),
            text: get_text(&bytes[80..160]),
        })
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

/// Writes as much of a text as fits, whole characters only.
fn put_text(field: &mut [u8], text: &str) {
    let end = text.floor_char_boundary(field.len());
    field[..end].copy_from_slice(&text.as_bytes()[..end]);
}

/// Reads a text up to its padding. It came from a peer: control characters are left out, because it will be printed.
fn get_text(field: &[u8]) -> String {
    let end = field.iter().position(|&byte| byte == 0).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answer(client: &ClientHello) -> DaemonHello {
        DaemonHello::answer(client, "scarab-daemon 0.1.0", Features::DESCRIPTORS, 42, 7)
    }

    #[test]
    fn equal_builds_get_on() {
        let client = ClientHello::new("scarabctl 0.1.0", Features::DESCRIPTORS);
        let answer = answer(&client);
        assert_eq!((answer.status, answer.version), (HelloStatus::Ok, VERSION));
        assert_eq!(answer.refusal(&client), None);
    }

    #[test]
    fn a_refusal_names_both_versions_both_programs_and_the_way_out() {
        let client = ClientHello { lowest: 8, highest: 9, ..ClientHello::new("scarab 9.0.0", Features::empty()) };
        let text = answer(&client).refusal(&client).expect("refused");
        for part in ["scarab-daemon 0.1.0", "pid 7", "1 to 1", "scarab 9.0.0", "8 to 9", "restart the daemon"] {
            assert!(text.contains(part), "{text:?} lacks {part:?}");
        }
    }

    #[test]
    fn the_highest_version_that_both_speak_is_chosen() {
        // A later client's schema is that of its own version, which says nothing about this one.
        let later = ClientHello { highest: 9, schema: 1, ..ClientHello::new("scarab 9.0.0", Features::empty()) };
        let answer = answer(&later);
        assert_eq!((answer.status, answer.version), (HelloStatus::Ok, VERSION));
    }

    #[test]
    fn a_range_that_is_none_is_refused() {
        let none = ClientHello { lowest: 9, highest: 1, ..ClientHello::new("scarab 9.0.0", Features::empty()) };
        assert_eq!(answer(&none).status, HelloStatus::Version);
    }

    #[test]
    fn builds_whose_schemas_differ_are_told() {
        let client = ClientHello { schema: 1, ..ClientHello::new("scarab 0.1.0", Features::empty()) };
        assert_eq!(answer(&client).status, HelloStatus::Version);
    }

    proptest! {
        #[test]
        fn client_hellos_come_back_as_they_went(lowest: u16, highest: u16, features: u64, schema: u64, build in "[a-z0-9 .]{0,32}") {
            let hello = ClientHello { lowest, highest, features: Features::from_bits_retain(features), schema, build };
            prop_assert_eq!(ClientHello::from_bytes(&hello.to_bytes()), Ok(hello));
        }

        #[test]
        fn daemon_hellos_come_back_as_they_went(version: u16, epoch: u64, pid: u32, text in "\\PC{0,200}") {
            let hello = DaemonHello { version, epoch, pid, text, ..answer(&ClientHello::new("a 1", Features::empty())) };
            let back = DaemonHello::from_bytes(&hello.to_bytes()).expect("magic");
            prop_assert!(hello.text.starts_with(&back.text));
            prop_assert_eq!(DaemonHello { text: hello.text.clone(), ..back }, hello);
        }

        #[test]
        fn no_bytes_make_a_hello_panic(bytes in prop::collection::vec(any::<u8>(), 160)) {
            let mut client = [0; 64];
            client.copy_from_slice(&bytes[..64]);
            let mut daemon = [0; 160];
            daemon.copy_from_slice(&bytes);
            let _ = (ClientHello::from_bytes(&client), DaemonHello::from_bytes(&daemon));
            client[..8].copy_from_slice(&MAGIC);
            daemon[..8].copy_from_slice(&MAGIC);
            prop_assert!(ClientHello::from_bytes(&client).is_ok() && DaemonHello::from_bytes(&daemon).is_ok());
        }
    }
}
