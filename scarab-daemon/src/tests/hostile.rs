//! Peers and programs that mean no good.

use proptest::prelude::*;
use scarab_protocol::{
    frame::{Flags, Header},
    kind::Kind,
    message::*,
    surface::Extra,
};

use super::harness::TestDaemon;

#[test]
fn a_frame_for_the_other_side_or_of_nonsense_ends_the_connection() {
    let daemon = TestDaemon::start();
    let cases = [
        (Kind::Welcome.number(), vec![]),
        (Kind::Ping.number(), vec![0xff; 3]),
        (Kind::CreateSession.number(), vec![0xff; 300]),
    ];
    for (kind, payload) in cases {
        let mut client = daemon.connect();
        let length = u32::try_from(payload.len()).expect("small");
        let header = Header { length, kind, flags: Flags::empty(), request: 9, session: 0 };
        let bytes = [&header.to_bytes()[..], &payload].concat();
        client.sender.stream().write(&bytes, None).expect("written");
        let (header, error) = client.expect::<Error>();
        assert_eq!((header.request, error.code), (0, ErrorCode::Protocol));
        client.expect_closed();
    }
    daemon.connect().settle();
}

#[test]
fn a_frame_that_is_announced_too_long_is_not_waited_for() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let mut header = [0xff; 16];
    header[4..6].copy_from_slice(&Kind::Input.number().to_le_bytes());
    client.sender.stream().write(&header, None).expect("written");
    assert_eq!(client.expect::<Error>().1.code, ErrorCode::Protocol);
    client.expect_closed();
}

#[test]
fn a_frame_that_is_never_finished_is_given_up() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    client.sender.stream().write(&[1, 0, 0, 0, 0x30], None).expect("written");
    client.expect_closed();
}

#[test]
fn messages_about_sessions_one_is_not_in_do_no_harm() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let number = client.create("exec cat").id.number;
    for session in [0, number, 77, u32::MAX] {
        client.push(session, &Input { position: 5, data: b"x".to_vec() });
        client.push(session, &Arm { frame: 0 });
        client.push(session, &Detach {});
        assert_eq!(client.refused(session, &CancelInput {}).code, ErrorCode::NotAttached);
        assert_eq!(client.refused(session, &FetchRows { since: 0 }).code, ErrorCode::NotAttached);
    }
    let other_life = scarab_protocol::ids::SessionId { epoch: 1, number };
    let attach = Attach { target: Target::Id(other_life), size: None, observe: false, can_map: false };
    assert_eq!(client.refused(0, &attach).code, ErrorCode::NoSuchSession);
}

#[test]
fn strings_without_end_and_heaps_of_marks_leave_the_session_alive() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let info = client.create(concat!(
        r"printf '\033]0;'; head -c 8000000 /dev/zero | tr '\0' x; printf '\007'; ",
        r"printf 'e'; yes $(printf '\314\201') | tr -d '\n' | head -c 400000; ",
        r"head -c 300000 /dev/urandom; printf '\033c\030'; i=0; ",
        r"while [ $i -lt 5000 ]; do printf '\033[>1u'; i=$((i+1)); done; printf 'e\314\201\314\201'; ",
        r"yes $(printf '\314\201') | tr -d '\n' | head -c 4000; echo; echo alive; exec cat"
    ));
    let mut joined = client.attach(info.id.number);
    client.wait_for_text(&mut joined, "alive");
    let marks = (0..joined.grid.rows())
        .flat_map(|row| joined.grid.row_extras(row))
        .map(|(_, extra)| extra.marks.chars().count());
    assert_eq!(marks.max(), Some(Extra::MAX_MARKS));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn no_payload_harms_the_daemon(kind in prop::sample::select(Kind::ALL.to_vec()), payload in prop::collection::vec(any::<u8>(), 0..200)) {
        // Ending the daemon is a client's right.
        prop_assume!(kind != Kind::Shutdown);
        let daemon = TestDaemon::start();
        let client = daemon.connect();
        let length = u32::try_from(payload.len()).expect("small");
        let header = Header { length, kind: kind.number(), flags: Flags::DESCRIPTOR, request: 3, session: 1 };
        let bytes = [&header.to_bytes()[..], &payload].concat();
        client.sender.stream().write(&bytes, None).expect("written");
        daemon.connect().settle();
    }
}
