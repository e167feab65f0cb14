//! Connections of one client that follow each other faster than the daemon hears them.

use scarab_protocol::message::{Attach, Done, Error, ErrorCode, Ping, Pong, Resume, Target};

use super::support::{
    daemon::Daemon,
    desk::{Desk, ECHO},
    wire::Wire,
};

#[test]
fn a_resume_that_is_heard_late_takes_nothing_from_the_later_connection() {
    let daemon = Daemon::start();
    Desk::join_new(&daemon, "work", ECHO).sees("ready");
    let mut first = Wire::connect(&daemon.address);
    let (token, lane) = (first.welcome.resume_token, first.attach("work").lane);
    let (mut late, mut later) = (Wire::connect(&daemon.address), Wire::connect(&daemon.address));
    drop(first);
    assert_eq!(later.ask::<_, Done>(0, &Resume { token }), Some(Done {}));
    assert_eq!(later.attach("work").lane, lane);
    late.send(0, &Resume { token });
    let told = late.next().expect("the reason").frame.read::<Error>().expect("an error");
    assert_eq!(told.code, ErrorCode::Superseded);
    assert!(late.next().is_none(), "it still stands");
    let pong = later.ask::<_, Pong>(0, &Ping { payload: vec![1] });
    assert_eq!(pong.map(|pong| pong.payload), Some(vec![1]));
}

#[test]
fn a_row_of_input_outlasts_connections_that_are_gone_before_they_are_heard() {
    let daemon = Daemon::start();
    Desk::join_new(&daemon, "work", ECHO).sees("ready");
    let mut first = Wire::connect(&daemon.address);
    let (token, lane) = (first.welcome.resume_token, first.attach("work").lane);
    drop(first);
    for round in 0..100 {
        for _ in 0..3 {
            let mut hasty = Wire::connect(&daemon.address);
            hasty.send(0, &Resume { token });
            let target = Target::Name("work".into());
            hasty.send(0, &Attach { target, size: None, observe: false, can_map: false });
        }
        let mut last = Wire::connect(&daemon.address);
        assert_eq!(last.ask::<_, Done>(0, &Resume { token }), Some(Done {}), "in round {round}");
        assert_eq!(last.attach("work").lane, lane, "another row in round {round}");
    }
}
