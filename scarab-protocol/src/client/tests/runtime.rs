//! What only a client in a runtime can meet.

use tokio::{
    runtime::{Builder, Runtime},
    time::timeout,
};

use super::{PATIENCE, Place, attached, next, send, work};
use crate::{
    client::{
        ClientOptions, InputRejected, Phase, RequestError, Status,
        tokio::{Client, Ended},
    },
    message::{Ping, Pong},
};

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

#[test]
fn who_waits_is_told_when_the_runtime_ends() {
    let place = Place::new();
    let daemon = place.serve(1, |stream, reader| {
        let join = next(reader).expect("an attach");
        send(stream, 0, join.header().request, &attached(1, 1000));
        while next(reader).is_some() {}
    });
    let runtime = runtime();
    let (client, attachment) = runtime.block_on(async {
        let client = Client::connect(ClientOptions { reconnect: true, ..place.options() }).await.expect("a daemon");
        let attachment = client.attach(work());
        let joined = attachment.until(|state| (state.phase == Phase::Attached).then_some(()));
        timeout(PATIENCE, joined).await.expect("in time").expect("joined");
        (client, attachment)
    });
    drop(runtime);
    daemon.join().expect("it sees the end");
    assert!(matches!(client.status(), Status::Closed { .. }));
    // Another runtime hears of it too.
    self::runtime().block_on(async {
        let mut attachment = attachment;
        attachment.changed().await.expect("the loss was not told of yet");
        assert!(matches!(attachment.changed().await, Err(Ended::Closed(_))));
        assert!(matches!(attachment.until(|_| None::<()>).await, Err(Ended::Closed(_))));
        let answer: Result<Pong, _> = client.ask(&Ping { payload: Vec::new() }, PATIENCE).await;
        assert_eq!(answer, Err(RequestError::Lost));
        assert_eq!(client.events().await, (Vec::new(), 0));
    });
}

#[test]
fn dropping_the_client_ends_its_task_and_what_it_had() {
    let place = Place::new();
    let daemon = place.serve(1, |stream, reader| {
        let join = next(reader).expect("an attach");
        send(stream, 0, join.header().request, &attached(1, 1000));
        while next(reader).is_some() {}
    });
    let runtime = runtime();
    let mut attachment = runtime.block_on(async {
        let client = Client::connect(place.options()).await.expect("a daemon");
        let attachment = client.attach(work());
        let joined = attachment.until(|state| (state.phase == Phase::Attached).then_some(()));
        timeout(PATIENCE, joined).await.expect("in time").expect("joined");
        attachment
    });
    runtime.block_on(async {
        let ended = async { while attachment.changed().await.is_ok() {} };
        timeout(PATIENCE, ended).await.expect("in time");
    });
    assert_eq!(attachment.input(b"x"), Err(InputRejected::Gone));
    daemon.join().expect("it sees the end");
    assert_eq!(runtime.metrics().num_alive_tasks(), 0);
}
