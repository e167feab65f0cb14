//! What clients have the daemon keep for them.

use scarab_protocol::message::*;

use super::harness::{TestClient, TestDaemon, wait_until};

fn open(client: &mut TestClient, name: Option<&str>) -> (String, Vec<u8>) {
    let request = OpenDocument { name: name.map(Into::into), kind: "window".into() };
    let Document { name, data } = client.ask(0, &request);
    (name, data)
}

fn save(client: &mut TestClient, name: &str, data: &[u8]) {
    client.ask::<_, Done>(0, &SaveDocument { name: name.into(), data: data.to_vec() });
}

fn names(client: &mut TestClient) -> Vec<(String, bool)> {
    let Documents { documents } = client.ask(0, &ListDocuments {});
    documents.into_iter().map(|document| (document.name, document.open)).collect()
}

#[test]
fn a_document_outlives_its_client_and_is_opened_by_the_next() {
    let daemon = TestDaemon::start();
    let mut one = daemon.connect();
    assert_eq!(open(&mut one, None), ("window-1".into(), Vec::new()));
    save(&mut one, "window-1", b"tabs");
    // It is open: another client gets another one.
    let mut other = daemon.connect();
    assert_eq!(open(&mut other, None), ("window-2".into(), Vec::new()));
    save(&mut other, "window-2", b"more tabs");
    drop(one);
    let mut third = daemon.connect();
    wait_until(|| names(&mut third) == [("window-2".into(), true), ("window-1".into(), false)]);
    assert_eq!(open(&mut third, None), ("window-1".into(), b"tabs".to_vec()));
    // By its name it is had, whoever has it open.
    assert_eq!(open(&mut third, Some("window-2")), ("window-2".into(), b"more tabs".to_vec()));
    third.ask::<_, Done>(0, &DropDocument { name: "window-1".into() });
    assert_eq!(names(&mut third), [("window-2".to_owned(), true)]);
}

#[test]
fn kinds_are_kept_apart() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    save(&mut client, "window-game-1", b"another's");
    save(&mut client, "window-", b"no number");
    assert_eq!(open(&mut client, None), ("window-1".into(), Vec::new()));
}

#[test]
fn documents_are_bounded_and_their_names_checked() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let large = SaveDocument { name: "a".into(), data: vec![0; MAX_DOCUMENT + 1] };
    assert_eq!(client.refused(0, &large).code, ErrorCode::BadRequest);
    save(&mut client, "a", &[0; MAX_DOCUMENT]);
    for name in ["", ".hidden", "a/b", &"x".repeat(33)] {
        let refused = client.refused(0, &SaveDocument { name: name.into(), data: Vec::new() });
        assert_eq!(refused.code, ErrorCode::BadRequest, "{name}");
    }
    let kind = OpenDocument { name: None, kind: "x".repeat(30) };
    assert_eq!(client.refused(0, &kind).code, ErrorCode::BadRequest);
    // The one that was saved least lately goes.
    (0..64).for_each(|number| save(&mut client, &format!("n{number}"), b""));
    let kept = names(&mut client);
    assert_eq!((kept.len(), kept[0].0.as_str(), kept[63].0.as_str()), (64, "n63", "n0"));
}
