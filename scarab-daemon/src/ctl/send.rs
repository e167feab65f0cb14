//! `scarabctl send`: types into a session.

use std::{
    fs::File,
    io::{self, Read},
    path::PathBuf,
};

use scarab_protocol::{
    client::{Attachment, ClientEvent, HELD_LIMIT},
    ids::Name,
    key::{self, KeyPress, Mods, Named, parse_key},
    surface::{Grid, Modes},
};
use serde_json::json;

use super::{
    connection::{Connection, Which, update},
    outcome::{CtlError, Output},
    position::Position,
};

/// What to send.
///
/// What is given goes in this order: TEXT, the file, the keys, Enter. Text and file are sent as they are, newlines
/// included, or pasted. The command ends when the daemon has taken all of it, however long the program lets it wait.
/// In JSON, `position` is where the cursor was before: `wait --since` finds what comes after it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The session
    name: Name,
    /// Text to type
    text: Option<String>,
    /// Press Enter at the end
    #[arg(long)]
    enter: bool,
    /// Press a key, such as C-c, Up, S-F5; may be given again
    #[arg(long = "key", value_name = "KEY", value_parser = parse_key)]
    keys: Vec<KeyPress>,
    /// Type what is in a file, or what comes on standard input
    #[arg(long, value_name = "FILE|-")]
    file: Option<PathBuf>,
    /// Paste the text and the file, as one paste, bracketed if the program asked for that; control characters other than tab and the
    /// ends of lines are left out, and where it is not bracketed a newline is sent as Enter sends it
    #[arg(long)]
    paste: bool,
}

/// How much is read from a file at once, in bytes.
const CHUNK: usize = 1024 * 1024;

/// Sends everything.
pub fn run(which: &Which, args: &Args, output: Output) -> Result<(), CtlError> {
    if args.text.is_none() && args.file.is_none() && args.keys.is_empty() && !args.enter {
        return Err(CtlError::Usage("say what to send: a text, --enter, --key or --file".into()));
    }
    let connection = which.connect()?;
    let attachment = connection.attach(&args.name, false)?;
    let mut grid = Grid::default();
    update(&attachment, &mut grid);
    let position = Position::of_cursor(&grid);
    let sending = Sending { connection: &connection, attachment: &attachment, name: &args.name };
    sending.check_running()?;
    if args.paste {
        sending.paste(args)?;
    } else {
        sending.bytes(args.text.as_deref().unwrap_or("").as_bytes())?;
        if let Some(file) = &args.file {
            sending.stream(open(file)?.as_mut(), file)?;
        }
    }
    let keys = keys(args, grid.modes);
    sending.bytes(&keys)?;
    sending.wait_until_taken()?;
    output.print_only_json(&json!({ "session": args.name.as_str(), "position": position.to_number() }))
}

/// The keys as the program wants them now.
fn keys(args: &Args, modes: Modes) -> Vec<u8> {
    let mut bytes = Vec::new();
    for key in &args.keys {
        key::encode(key, modes, &mut bytes);
    }
    if args.enter {
        key::encode(&KeyPress::named(Named::Enter, Mods::empty()), modes, &mut bytes);
    }
    bytes
}

fn open(file: &PathBuf) -> Result<Box<dyn Read>, CtlError> {
    if file.as_os_str() == "-" {
        return Ok(Box::new(io::stdin()));
    }
    match File::open(file) {
        Ok(file) => Ok(Box::new(file)),
        Err(error) => Err(unreadable(file, &error)),
    }
}

fn unreadable(file: &std::path::Path, error: &io::Error) -> CtlError {
    CtlError::Failed(format!("cannot read {}: {error}", file.display()))
}

struct Sending<'a> {
    connection: &'a Connection,
    attachment: &'a Attachment,
    name: &'a Name,
}

impl Sending<'_> {
    fn bytes(&self, bytes: &[u8]) -> Result<(), CtlError> {
        self.check()?;
        Ok(self.attachment.input(bytes)?)
    }

    /// Sends a file piece by piece, so that its length does not matter.
    fn stream(&self, file: &mut dyn Read, path: &std::path::Path) -> Result<(), CtlError> {
        let mut chunk = vec![0; CHUNK];
        loop {
            let count = file.read(&mut chunk).map_err(|error| unreadable(path, &error))?;
            if count == 0 {
                return Ok(());
            }
            self.bytes(&chunk[..count])?;
            self.wait_for_unsent_below(CHUNK as u64)?;
        }
    }

    /// A paste is one unit, so all of it is read before.
    fn paste(&self, args: &Args) -> Result<(), CtlError> {
        let mut text = args.text.clone().unwrap_or_default().into_bytes();
        if let Some(file) = &args.file {
            open(file)?.take(HELD_LIMIT + 1).read_to_end(&mut text).map_err(|error| unreadable(file, &error))?;
        }
        if text.len() as u64 > HELD_LIMIT {
            return Err(CtlError::Failed(format!(
                "a paste may have {HELD_LIMIT} bytes: send the file without --paste"
            )));
        }
        self.check()?;
        Ok(self.attachment.paste(text)?)
    }

    /// Waits for the session's program to read, as long as that takes.
    fn wait_for_unsent_below(&self, bytes: u64) -> Result<(), CtlError> {
        let sent = self.connection.bell.wait_for(None, || match self.check() {
            Ok(()) => (self.attachment.unsent() < bytes).then_some(Ok(())),
            Err(error) => Some(Err(error)),
        });
        // Without a deadline there is always an outcome.
        sent.unwrap_or(Ok(()))
    }

    /// Everything is taken when it is sent and the daemon has answered what was asked after it.
    fn wait_until_taken(&self) -> Result<(), CtlError> {
        self.wait_for_unsent_below(1)?;
        let taken = self.connection.settle();
        self.check()?;
        taken
    }

    /// Whether the session is there to take anything.
    fn check(&self) -> Result<(), CtlError> {
        self.connection.state(self.attachment)?;
        for event in self.connection.client.take_events().0 {
            if let ClientEvent::Refused { text } = event {
                return Err(CtlError::Failed(text));
            }
        }
        // What was sent was taken, even if it is what ended the session: `exit`, say.
        if self.attachment.unsent() > 0 { self.check_running() } else { Ok(()) }
    }

    fn check_running(&self) -> Result<(), CtlError> {
        if self.attachment.look(|state| state.exit().is_some()) {
            let (name, scarabctl) = (self.name, &self.connection.scarabctl);
            return Err(CtlError::Failed(format!("{name} has ended: `{scarabctl} capture {name}` still shows it")));
        }
        Ok(())
    }
}
