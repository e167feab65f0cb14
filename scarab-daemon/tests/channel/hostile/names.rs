//! Names that are no surfaces'.

use scarab_protocol::message::Attached;

use super::*;

#[test]
fn a_name_that_is_no_surfaces_is_not_joined() {
    let names = ["", "scarab-", "another", r"scarab-..\..\..\..\..\..\..\..", "scarab-0000000000000000000000", "x\0y"];
    for name in names {
        let place = Place::new();
        let daemon = place.serve(move |stream, mut reader| {
            let joined = Attached { mapping: name.into(), ..attached("work", 1, 0, 1 << 20) };
            join(&stream, &mut reader, &joined);
            answer_all(&stream, &mut reader);
        });
        let (client, attachment, bell) = place.client(true);
        let why = wait(&bell, name, || match attachment.look(|state| state.phase.clone()) {
            Phase::Gone { why } => Some(why),
            _ => None,
        });
        assert!(why.contains("its surface cannot be read"), "{name:?}: {why}");
        client.ask::<_, Pong>(&Ping { payload: vec![] }, DEADLINE).expect(name);
        end(name, client, attachment);
        daemon.join().expect("no panic");
    }
}
