//! A plugin that is reached by a link.

use std::{fs, os::unix::fs::symlink};

use super::super::harness::{Bench, script};
use crate::plugin::{Grants, Section};

#[test]
fn where_a_link_leads_now_is_watched() {
    let bench = Bench::new();
    let other = bench.home.path().join("other");
    fs::create_dir(&other).expect("made");
    let one = bench.write_text("one", &script("a", "", "scarab.emit('one')"));
    let two = bench.write_text("other/two", &script("a", "", "scarab.emit('two')"));
    let (link, next) = (bench.home.path().join("link.luau"), bench.home.path().join("next"));
    symlink(one, &link).expect("made");
    bench.plugins.load(&link, Grants::default(), |_| Section::default()).expect("fine");
    symlink(&two, &next).expect("made");
    fs::rename(next, link).expect("renamed");
    bench.host.wait("emit two");
    // It takes a moment until it is watched; whatever is written before that is seen when it is.
    fs::write(two, script("a", "", "scarab.emit('three')")).expect("written");
    bench.host.wait("emit three");
}
