//! What comes into an inbox, in which order, and how much of it.

use proptest::prelude::*;

use super::*;
use crate::plugin::{CallContext, Value, limits::FIELD_BYTES};

fn event(number: u64) -> Arc<Event> {
    Arc::new(Event { kind: "k".into(), number, session: None, fields: Vec::new() })
}

fn take(inbox: &Inbox) -> Option<Item> {
    match inbox.next(Some(Instant::now())) {
        Next::Item(item) => Some(item),
        Next::Call | Next::Due | Next::Stop => None,
    }
}

proptest! {
    #[test]
    fn every_event_is_there_in_order_or_in_the_gap_at_its_place(steps in proptest::collection::vec((0usize..400, 0usize..400), 1..12)) {
        let inbox = Inbox::default();
        inbox.listen_to("k");
        let (mut sent, mut seen, mut gaps) = (0, 0, 0);
        let mut look = |inbox: &Inbox, most: usize| {
            for item in std::iter::from_fn(|| take(inbox)).take(most) {
                match item {
                    Item::Event(event) => {
                        assert_eq!(event.number, seen);
                        seen += 1;
                    }
                    Item::Lagged { events, .. } => {
                        seen += events;
                        gaps += events;
                    }
                    _ => unreachable!("nothing else was put in"),
                }
            }
            (seen, gaps)
        };
        for (put, taken) in steps {
            for _ in 0..put {
                inbox.event("k", || event(sent));
                sent += 1;
            }
            look(&inbox, taken);
        }
        let (seen, gaps) = look(&inbox, usize::MAX);
        prop_assert_eq!(seen, sent);
        prop_assert_eq!(gaps, inbox.dropped());
    }
}

#[test]
fn a_flood_of_lines_keeps_no_call_out_and_is_bounded_in_bytes() {
    let inbox = Inbox::default();
    inbox.listen_to_lines();
    let session = SessionRef { number: 1, name: "1".into() };
    let lines: Arc<[String]> = vec!["x".repeat(INBOX_BYTES / 4 - size_of::<String>()); 2].into();
    for _ in 0..1000 {
        inbox.lines(&session, &lines);
    }
    assert_eq!(inbox.dropped(), 2 * 998);
    let call =
        || Call { command: "c".into(), args: Vec::new(), context: CallContext::default(), reply: Box::new(|_| ()) };
    for _ in 0..CALLS {
        assert!(inbox.call(call()).is_ok());
    }
    assert!(matches!(inbox.call(call()), Err((_, true))));
    assert_eq!(inbox.close().len(), CALLS);
    assert!(matches!(inbox.call(call()), Err((_, false))));
}

#[test]
fn what_waits_is_bounded_in_bytes_whatever_it_is() {
    let most = |put: &dyn Fn(&Inbox), bytes: usize| {
        let inbox = Inbox::default();
        inbox.listen_to("k");
        inbox.listen_to_lines();
        (0..INBOX - 1).for_each(|_| put(&inbox));
        let waiting = inbox.lock().items.len();
        assert!(inbox.dropped() > 0 && waiting * bytes <= INBOX_BYTES + bytes, "{waiting} times {bytes} bytes");
    };
    let session = SessionRef { number: 1, name: "1".into() };
    let empty: Arc<[String]> = vec![String::new(); 4096].into();
    most(&|inbox| assert!(inbox.lines(&session, &empty)), 4096 * size_of::<String>());
    let mut cut = "x".repeat(1 << 20);
    cut.truncate(1);
    let cut: Arc<[String]> = vec![cut].into();
    most(&|inbox| assert!(inbox.lines(&session, &cut)), 1 << 20);
    let field = |key: usize| (key.to_string(), Value::Text("x".repeat(2 * FIELD_BYTES)));
    let wide = Event { kind: "k".into(), number: 1, session: None, fields: (0..64).map(field).collect() };
    let wide = Arc::new(wide.bounded());
    most(&|inbox| inbox.event("k", || wide.clone()), 64 * FIELD_BYTES);
}

#[test]
fn a_call_does_not_wait_behind_what_came_before_it() {
    let inbox = Inbox::default();
    inbox.listen_to("k");
    (0..10).for_each(|number| inbox.event("k", || event(number)));
    let call = Call { command: "c".into(), args: Vec::new(), context: CallContext::default(), reply: Box::new(|_| ()) };
    assert!(inbox.call(call).is_ok());
    assert!(inbox.take_call().is_some_and(|call| call.command == "c"));
    assert!(inbox.take_call().is_none());
    assert_eq!(std::iter::from_fn(|| take(&inbox)).count(), 10);
}

#[test]
fn a_rest_ends_when_the_plugin_is_to() {
    let inbox = Arc::<Inbox>::default();
    let (resting, ended) = (inbox.clone(), crossbeam_channel::bounded(1));
    let thread = std::thread::spawn(move || {
        resting.rest(Duration::from_secs(24 * 3600));
        ended.0.send(()).expect("the test waits");
    });
    inbox.stop();
    ended.1.recv_timeout(Duration::from_secs(60)).expect("it has ended");
    thread.join().expect("without a panic");
}

#[test]
fn nothing_comes_in_that_nobody_waits_for() {
    let inbox = Inbox::default();
    inbox.event("k", || unreachable!("it is not even made"));
    assert!(take(&inbox).is_none());
}
