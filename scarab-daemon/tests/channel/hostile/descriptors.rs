//! Descriptors that are no surfaces.

use std::{
    fs::File,
    os::fd::{AsFd, OwnedFd},
};

use super::*;

#[test]
fn a_descriptor_that_is_no_surface_is_not_joined() {
    let pipe = || OwnedFd::from(std::io::pipe().expect("a pipe").0);
    let file = |length: u64| {
        let file = tempfile::tempfile().expect("a file");
        file.set_len(length).expect("a sparse file");
        OwnedFd::from(file)
    };
    let surfaces: Vec<(&str, Option<OwnedFd>)> = vec![
        ("no descriptor", None),
        ("a pipe", Some(pipe())),
        ("a directory", Some(File::open("/").expect("it exists").into())),
        ("a device", Some(File::open("/dev/zero").expect("it exists").into())),
        ("an empty file", Some(file(0))),
        ("a short file", Some(file(4096))),
        ("a file of zeroes", Some(file(1 << 20))),
        ("a file of everything", Some(file(1 << 40))),
    ];
    for (what, descriptor) in surfaces {
        let place = Place::new();
        let daemon = place.serve(move |stream, mut reader| {
            let request = next(&mut reader).expect("an attach").header().request;
            let joined = attached("work", 1, 0, 1 << 20);
            let frame = match &descriptor {
                Some(_) => Frame::with_descriptor(0, request, &joined).expect("it fits"),
                None => of(&joined, 0, request),
            };
            let written = stream.write(frame.bytes(), descriptor.as_ref().map(AsFd::as_fd)).expect("it reads");
            assert_eq!(written, frame.bytes().len());
            answer_all(&stream, &mut reader);
        });
        let (client, attachment, bell) = place.client(true);
        let why = wait(&bell, what, || match attachment.look(|state| state.phase.clone()) {
            Phase::Gone { why } => Some(why),
            _ => None,
        });
        assert!(why.contains("its surface cannot be read"), "{what}: {why}");
        client.ask::<_, Pong>(&Ping { payload: vec![] }, DEADLINE).expect(what);
        end(what, client, attachment);
        daemon.join().expect("no panic");
    }
}
