//! Both hello blocks: what was read is bounded and printable, and comes back from a block of its own.

#![no_main]

use libfuzzer_sys::fuzz_target;
use scarab_fuzz::source::Source;
use scarab_protocol::hello::{ClientHello, DaemonHello, Features, HelloStatus};

fuzz_target!(|data: &[u8]| {
    let mut source = Source::new(data);
    let client = client(&padded(source.take(ClientHello::BYTES)));
    daemon(&padded(source.take(DaemonHello::BYTES)));
    let Some(client) = client else { return };
    let answer = DaemonHello::answer(&client, "scarab-daemon 0.1.0", Features::DESCRIPTORS, source.u64(), source.u32());
    if answer.status == HelloStatus::Ok {
        assert!((client.lowest..=client.highest).contains(&answer.version));
        assert!((answer.lowest..=answer.highest).contains(&answer.version));
        assert_eq!(answer.refusal(&client), None);
    }
    assert_eq!(DaemonHello::from_bytes(&answer.to_bytes()).as_ref(), Ok(&answer), "an answer is not what was sent");
});

fn padded<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut block = [0; N];
    block[..bytes.len()].copy_from_slice(bytes);
    block
}

fn client(block: &[u8; ClientHello::BYTES]) -> Option<ClientHello> {
    let hello = ClientHello::from_bytes(block).ok()?;
    check_text(&hello.build, 32);
    assert!(hello.build.contains(hello.program()) && !hello.program().contains(char::is_whitespace));
    // A text that was not UTF-8 may have grown and is cut; what comes back then stays.
    let first = ClientHello::from_bytes(&hello.to_bytes()).expect("a hello");
    assert_eq!(ClientHello { build: first.build.clone(), ..hello.clone() }, first);
    assert_eq!(ClientHello::from_bytes(&first.to_bytes()).as_ref(), Ok(&first));
    Some(hello)
}

fn daemon(block: &[u8; DaemonHello::BYTES]) {
    let Ok(hello) = DaemonHello::from_bytes(block) else { return };
    check_text(&hello.build, 32);
    check_text(&hello.text, 80);
    let refusal = hello.refusal(&ClientHello::new("fuzz 1.0", Features::empty()));
    assert!(refusal.is_none_or(|text| !text.is_empty() && !text.contains(char::is_control)));
    let first = DaemonHello::from_bytes(&hello.to_bytes()).expect("a hello");
    assert_eq!(DaemonHello { build: first.build.clone(), text: first.text.clone(), ..hello }, first);
    assert_eq!(DaemonHello::from_bytes(&first.to_bytes()).as_ref(), Ok(&first));
}

/// A field's text: it will be printed.
fn check_text(text: &str, field: usize) {
    assert!(!text.contains(char::is_control));
    assert!(text.chars().count() <= field);
}
