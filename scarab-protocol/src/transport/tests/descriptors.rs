//! Descriptors that travel with frames.

use std::{
    fs::File,
    io::{Read, Seek, Write},
};

use super::*;

#[test]
fn a_descriptor_arrives_with_its_frame() {
    let pair = pair();
    let mut file = tempfile::tempfile().expect("a file");
    write!(file, "hello").expect("room");
    file.rewind().expect("a file");
    let sender = sender(&pair.near, 1 << 20);
    sender.send(ping(10)).expect("room");
    let frame = Frame::with_descriptor(0, 2, &Ping { payload: Vec::new() }).expect("fits");
    sender.send(Outgoing { frame, descriptor: Some(Arc::new(file.into())), coalesce: None }).expect("room");
    sender.send(ping(11)).expect("room");

    let mut reader = FrameReader::new(pair.far.clone());
    let mut next = || reader.next(|_| {}).expect("frames").expect("more");
    assert!(next().descriptor.is_none());
    let mut text = String::new();
    File::from(next().descriptor.expect("it came along")).read_to_string(&mut text).expect("readable");
    assert_eq!(text, "hello");
    assert!(next().descriptor.is_none());
}
