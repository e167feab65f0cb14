//! `scarabctl events`: what happens, as lines of JSON.

use scarab_protocol::{
    client::{ClientEvent, FeedItem, Status},
    event::EventKind,
    ids::Name,
    lock,
    message::{Event, EventValue, Subscribe, Subscribed, Target},
};
use serde_json::{Map, Value, json};

use super::{
    connection::{Connection, PATIENCE, Which},
    outcome::{CtlError, Output},
};

/// Which events.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only those of this session
    name: Option<Name>,
    /// Only of these kinds, such as `exited` or `title`; may be given more than once
    #[arg(long, value_name = "KIND", value_parser = parse_kind)]
    kind: Vec<EventKind>,
    /// Also those that have happened after the event of this number, as far as the daemon keeps them; 0 for all
    #[arg(long, value_name = "N")]
    since: Option<u64>,
    /// End after so many events
    #[arg(long, value_name = "N")]
    count: Option<u64>,
}

/// Prints what happens until the daemon ends.
pub fn run(which: &Which, args: &Args, _: Output) -> Result<(), CtlError> {
    let output = Output { json: true };
    // A connection that is lost while the daemon lives loses no events.
    let connection = which.connect_as(true)?;
    let wanted = Subscribe {
        kinds: args.kind.iter().map(|kind| kind.number()).collect(),
        session: args.name.as_ref().map(|name| Target::Name(name.to_string())),
        since: args.since,
    };
    let Subscribed { .. } = connection.client.subscribe(wanted).wait(PATIENCE)?;
    let mut left = args.count.unwrap_or(u64::MAX);
    let mut stopping = None;
    while left > 0 {
        // Looked at first: what came before the end is printed before it is told.
        let end = connection.bell.wait_for(None, || {
            let end = ended(&connection, &mut stopping);
            let items = connection.client.take_feed();
            (!items.is_empty() || end.is_some()).then_some((items, end))
        });
        let Some((items, end)) = end else { continue };
        for item in items {
            let is_event = matches!(item, FeedItem::Event(_));
            output.print_only_json(&json(item))?;
            left -= u64::from(is_event);
            if left == 0 {
                return Ok(());
            }
        }
        if let Some(why) = end {
            return Err(why);
        }
    }
    Ok(())
}

/// Why no more events will come, if so. A daemon that is `stopping` still tells of its sessions' ends.
fn ended(connection: &Connection, stopping: &mut Option<String>) -> Option<CtlError> {
    for event in connection.client.take_events().0 {
        match event {
            ClientEvent::ShuttingDown { reason } => *stopping = Some(reason),
            ClientEvent::Refused { text } => return Some(CtlError::Failed(text)),
            _ => {}
        }
    }
    match connection.client.status() {
        Status::Connected(_) => None,
        _ if stopping.is_some() => stopping.take().map(CtlError::Lost),
        Status::Closed { why } => Some(CtlError::Lost(why)),
        // Nobody has the lock: the daemon is dead, and did not say so.
        Status::Waiting { why, .. } if lock::holder(&connection.address.lock).is_none() => Some(CtlError::Lost(why)),
        _ => None,
    }
}

fn json(item: FeedItem) -> Value {
    match item {
        FeedItem::Event(event) => event_json(event),
        FeedItem::Lagged { missed } => json!({ "event": "lagged", "missed": missed }),
        FeedItem::Restarted => json!({ "event": "restarted" }),
    }
}

fn event_json(event: Event) -> Value {
    let name = event.kind().map_or_else(|| format!("kind-{}", event.kind), |kind| kind.name().to_owned());
    let data: Map<String, Value> = event.fields.into_iter().map(|field| (field.key, value_json(field.value))).collect();
    json!({
        "number": event.number,
        "time_ms": event.time_ms,
        "event": name,
        "session": event.session.map(|_| event.name),
        "id": event.session.map(|id| id.to_string()),
        "data": data,
    })
}

fn value_json(value: EventValue) -> Value {
    match value {
        EventValue::Text(text) => text.into(),
        EventValue::Number(number) => number.into(),
        EventValue::Flag(flag) => flag.into(),
    }
}

fn parse_kind(text: &str) -> Result<EventKind, String> {
    EventKind::from_name(text).ok_or_else(|| {
        let known: Vec<_> = EventKind::ALL.iter().map(|kind| kind.name()).collect();
        format!("the kinds of events are {}", known.join(", "))
    })
}
