//! What is refused when it is loaded, one test an error.

use std::{fs, path::Path};

use super::harness::{Bench, script};
use crate::plugin::{Grants, LoadError, PluginInfo, Section, limits::SCRIPT_BYTES};

fn load(bench: &Bench, path: &Path) -> Result<PluginInfo, LoadError> {
    bench.plugins.load(path, Grants::default(), |_| Section::default())
}

/// Loads what is refused: the error, its text, and that nothing is left.
fn refused(bench: &Bench, path: &Path) -> (LoadError, String) {
    let error = load(bench, path).expect_err("it is refused");
    assert!(bench.plugins.list().is_empty());
    let text = error.to_string();
    assert!(!text.contains('\n'), "{text}");
    (error, text)
}

#[test]
fn a_file_that_is_not_there() {
    let bench = Bench::new();
    let (error, text) = refused(&bench, &bench.home.path().join("none.luau"));
    assert!(matches!(error, LoadError::Missing { .. }) && text.contains("none.luau: there is no such file"), "{text}");
}

#[test]
fn a_directory() {
    let bench = Bench::new();
    let (error, text) = refused(&bench, bench.home.path());
    assert!(matches!(error, LoadError::NotAFile { .. }), "{text}");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{chown, symlink};

    use super::*;
    use crate::plugin::tests::harness::set_mode;

    #[test]
    fn a_pipe_does_not_keep_anybody_waiting() {
        let bench = Bench::new();
        let path = bench.home.path().join("pipe.luau");
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0)
            .expect("made");
        let (error, text) = refused(&bench, &path);
        assert!(matches!(error, LoadError::NotAFile { .. }), "{text}");
    }

    #[test]
    fn a_file_of_somebody_else() {
        // Only root can make one; the same check refuses directories, which others test as anybody.
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let bench = Bench::new();
        let path = bench.write("theirs", "", "");
        chown(&path, Some(65534), None).expect("root may");
        let (error, text) = refused(&bench, &path);
        assert!(matches!(error, LoadError::Foreign { owner: 65534, .. }), "{text}");
        assert!(text.contains("theirs.luau: belongs to user 65534"), "{text}");
    }

    #[test]
    fn a_file_that_others_may_write() {
        let bench = Bench::new();
        let path = bench.write("open", "", "");
        for mode in [0o664, 0o646] {
            set_mode(&path, mode);
            let (error, text) = refused(&bench, &path);
            assert!(matches!(error, LoadError::Writable { mode: found, .. } if found == mode), "{text}");
            assert!(text.contains("run `chmod go-w`"), "{text}");
        }
    }

    #[test]
    fn a_directory_in_which_others_may_replace_it() {
        let bench = Bench::new();
        let path = bench.write("exposed", "", "");
        set_mode(bench.home.path(), 0o777);
        let (error, text) = refused(&bench, &path);
        assert!(matches!(error, LoadError::WritableDirectory { mode: 0o777, .. }), "{text}");
        // In a sticky directory nobody else can.
        set_mode(bench.home.path(), 0o1777);
        load(&bench, &path).expect("fine");
    }

    #[test]
    fn a_link_is_followed_and_its_own_directory_counts_too() {
        let bench = Bench::new();
        let path = bench.write("real", "", "");
        let exposed = bench.home.path().join("exposed");
        fs::create_dir(&exposed).expect("made");
        symlink(&path, exposed.join("link.luau")).expect("made");
        set_mode(&exposed, 0o777);
        let (error, text) = refused(&bench, &exposed.join("link.luau"));
        assert!(matches!(error, LoadError::WritableDirectory { .. }), "{text}");
        set_mode(&exposed, 0o755);
        let info = load(&bench, &exposed.join("link.luau")).expect("fine");
        assert_eq!(info.path, path.canonicalize().expect("there"));
    }
}

#[test]
fn a_file_that_is_too_large() {
    let bench = Bench::new();
    let path = bench.write("large", "", &" ".repeat(usize::try_from(SCRIPT_BYTES).expect("small")));
    let (error, text) = refused(&bench, &path);
    assert!(matches!(error, LoadError::TooLarge { .. }) && text.contains("64 KiB"), "{text}");
}

#[test]
fn bytecode_of_either_language() {
    let bench = Bench::new();
    let compiled = mlua::chunk::Compiler::new().compile("return 1").expect("it compiles");
    for bytes in [compiled.as_slice(), b"\x1bLua\x54"] {
        let path = bench.home.path().join("compiled.luau");
        fs::write(&path, bytes).expect("written");
        let (error, text) = refused(&bench, &path);
        assert!(matches!(error, LoadError::Bytecode { .. }), "{text}");
    }
}

#[test]
fn a_file_that_is_no_text() {
    let bench = Bench::new();
    let path = bench.home.path().join("latin1.luau");
    fs::write(&path, b"-- \xe4").expect("written");
    let (error, text) = refused(&bench, &path);
    assert!(matches!(error, LoadError::NotUtf8 { at: 3, .. }), "{text}");
}

#[test]
fn a_script_without_a_manifest() {
    let bench = Bench::new();
    let (error, text) = refused(&bench, &bench.write_text("bare", "print(1)"));
    assert!(matches!(error, LoadError::NoManifest { .. }), "{text}");
}

#[test]
fn a_bad_name() {
    let bench = Bench::new();
    let (error, text) = refused(&bench, &bench.write_text("bad", &script("Bad Name", "", "")));
    assert!(matches!(error, LoadError::Manifest { line: 2, .. }) && text.contains("bad.luau:2: bad name"), "{text}");
}

#[test]
fn another_api() {
    let bench = Bench::new();
    let text = script("new", "", "").replace("api = 1", "api = 7");
    let (error, text) = refused(&bench, &bench.write_text("new", &text));
    assert!(matches!(error, LoadError::Api { asked: 7, .. }), "{text}");
    assert!(text.contains("API 7") && text.contains("API 1"), "{text}");
}

#[test]
fn an_unknown_permission() {
    let bench = Bench::new();
    let path = bench.write("root", "permissions = [\"processes\"]", "");
    let (error, text) = refused(&bench, &path);
    assert!(matches!(error, LoadError::Permission { line: 5, .. }), "{text}");
    assert!(text.contains("`processes` is not offered in API 1"), "{text}");
}

#[test]
fn a_syntax_error_with_the_scripts_own_line() {
    let bench = Bench::new();
    let (error, text) = refused(&bench, &bench.write("syntax", "", "local x = 1\nlocal = 2"));
    assert!(matches!(error, LoadError::Script { .. }) && text.starts_with("syntax.luau:8: "), "{text}");
}

#[test]
fn a_runtime_error_with_the_scripts_own_line() {
    let bench = Bench::new();
    let (_, text) = refused(&bench, &bench.write("runtime", "", "\nlocal function f() return nothing.at.all end\nf()"));
    assert!(text.starts_with("runtime.luau:8: attempt to index nil"), "{text}");
    let (_, text) = refused(&bench, &bench.write("api", "", "\n\nscarab.notify({ title = 1 })"));
    assert_eq!(text, "api.luau:9: notify: title must be a text, not number");
}

#[test]
fn one_that_is_loaded_already() {
    let bench = Bench::new();
    bench.run("twice", "");
    let other = bench.write_text("other", &script("twice", "", ""));
    let error = load(&bench, &other).expect_err("it is refused");
    let text = error.to_string();
    assert!(matches!(error, LoadError::Loaded { .. }) && text.contains("twice.luau; unload it first"), "{text}");
}

#[test]
fn names_that_nobody_has() {
    let bench = Bench::new();
    assert_eq!(bench.plugins.unload("a").expect_err("none").to_string(), "no plugin `a` is loaded; none is loaded");
    bench.run("b", "");
    assert_eq!(bench.plugins.reload("a").expect_err("none").to_string(), "no plugin `a` is loaded; loaded: b");
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(64))]
    #[test]
    fn no_file_does_more_than_fail(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200), manifest in proptest::bool::ANY) {
        let bench = Bench::new();
        let path = bench.home.path().join("any.luau");
        let mut file = if manifest { script("any", "", "").into_bytes() } else { Vec::new() };
        file.extend(bytes);
        fs::write(&path, file).expect("written");
        if let Err(error) = load(&bench, &path) {
            proptest::prop_assert!(error.to_string().contains("any.luau"), "{}", error);
        }
    }
}
