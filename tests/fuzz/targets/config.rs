//! A file of the configuration: it is right, or what is wrong is told in one line; and whatever is saved into one that is right
//! leaves everything else in it as it was.

#![no_main]

use libfuzzer_sys::fuzz_target;
use scarab_daemon::fuzzing::config;
use scarab_fuzz::{
    messages::{key, value},
    source::Source,
};
use scarab_protocol::config::{Value, lookup};

fuzz_target!(|data: &[u8]| {
    let mut source = Source::new(data);
    let (key, value) = (key(&mut source), source.flag().then(|| value(&mut source)));
    let text = String::from_utf8_lossy(source.rest()).into_owned();
    let values = match config::parse(&text) {
        Ok(values) => values,
        Err(problem) => {
            assert!(problem.starts_with("scarab.toml:") && !problem.contains(char::is_control), "{problem:?}");
            return;
        }
    };
    for (key, value) in &values {
        lookup(key).expect("a key that there is").check(value).expect("a value that it allows");
    }
    let Ok(allowed) = lookup(&key) else { return };
    let value = match value.map(|value| allowed.fit(value)) {
        Some(Err(_)) => return,
        Some(Ok(Value::Float(number))) if number.is_nan() => return,
        Some(Ok(value)) => Some(value),
        None => None,
    };
    let saved = config::with(&text, &key, value.as_ref());
    // A daemon does not write what does not say what it should.
    if let Ok(mut now) = config::parse(&saved)
        && now.get(&key) == value.as_ref()
    {
        let mut before = values;
        before.remove(&key);
        now.remove(&key);
        assert_eq!(before, now, "{key} = {value:?} in {text:?} makes {saved:?}");
    }
});
