//! The environment that a new session starts with: the client's, without what cargo and rustup added to it.

use std::{
    env,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

/// The variables of this process, as names and values in the platform's own bytes, for
/// [`CreateSession`](crate::message::CreateSession).
pub fn client_environment() -> Vec<(Vec<u8>, Vec<u8>)> {
    cleaned(env::vars_os()).map(|(name, value)| (name.into_encoded_bytes(), value.into_encoded_bytes())).collect()
}

/// What `cargo run` sets beyond `CARGO_*`, as seen by comparing a program's environment with and without it.
const ADDED: [&str; 4] = ["CARGO", "RUSTUP_TOOLCHAIN", "RUSTUP_TOOLCHAIN_SOURCE", "RUST_RECURSION_COUNT"];

/// What cargo tells about the package it runs.
const ADDED_PREFIXES: [&str; 5] = ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];

/// Where loaders look for libraries first; cargo puts its build directory and the toolchain's there.
const LOADER_PATHS: [&str; 3] = ["LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"];

fn cleaned(variables: impl Iterator<Item = (OsString, OsString)>) -> impl Iterator<Item = (OsString, OsString)> {
    let all: Vec<_> = variables.collect();
    // Somebody may set some of these for good; only cargo sets its own path.
    let under_cargo = all.iter().any(|(name, _)| name == "CARGO");
    let home = env::home_dir();
    all.into_iter().filter_map(move |(name, value)| {
        if !under_cargo {
            return Some((name, value));
        }
        let text = name.to_str().unwrap_or("");
        if LOADER_PATHS.contains(&text) {
            return without_build_directories(&value).map(|value| (name, value));
        }
        let added = ADDED.contains(&text)
            || ADDED_PREFIXES.iter().any(|prefix| text.starts_with(prefix))
            || is_usual_home(text, &value, home.as_deref())
            || is_probed_certificates(text, &value);
        (!added).then_some((name, value))
    })
}

/// rustup says where it and cargo live even if that is where they live anyway.
fn is_usual_home(name: &str, value: &OsStr, home: Option<&Path>) -> bool {
    let usual = match name {
        "CARGO_HOME" => ".cargo",
        "RUSTUP_HOME" => ".rustup",
        _ => return false,
    };
    home.is_some_and(|home| home.join(usual) == value)
}

/// rustup looks for the system's certificates and says where they are, which the system knows without being told.
fn is_probed_certificates(name: &str, value: &OsStr) -> bool {
    const USUAL: [&str; 6] =
        ["/etc/ssl", "/usr/lib/ssl", "/etc/pki/tls", "/usr/share/ssl", "/usr/local/ssl", "/usr/local/share/certs"];
    matches!(name, "SSL_CERT_FILE" | "SSL_CERT_DIR") && USUAL.iter().any(|usual| Path::new(value).starts_with(usual))
}

/// A search path without the directories that cargo put in it; nothing if there were no others.
fn without_build_directories(value: &OsStr) -> Option<OsString> {
    let is_cargos = |path: &PathBuf| {
        path.components().any(|part| part.as_os_str() == "target" || part.as_os_str() == ".rustup")
            || path.components().any(|part| part.as_os_str() == "rustlib" || part.as_os_str() == "toolchains")
    };
    let kept: Vec<PathBuf> = env::split_paths(value).filter(|path| !is_cargos(path)).collect();
    if kept.iter().all(|path| path.as_os_str().is_empty()) { None } else { env::join_paths(kept).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(variables: &[(&str, &str)]) -> Vec<(String, String)> {
        let given = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        cleaned(given)
            .map(|(name, value)| (name.into_string().expect("text"), value.into_string().expect("text")))
            .collect()
    }

    #[test]
    #[cfg(unix)] // for the colon between its paths
    fn what_cargo_added_is_gone_and_what_the_user_set_stays() {
        let kept = clean(&[
            ("CARGO", "/t/bin/cargo"),
            ("CARGO_PKG_NAME", "scarab"),
            ("CARGO_TARGET_DIR", "/big/disk"),
            ("RUSTUP_TOOLCHAIN", "stable"),
            ("SSL_CERT_FILE", "/usr/lib/ssl/cert.pem"),
            ("SSL_CERT_DIR", "/company/certs"),
            ("LD_LIBRARY_PATH", "/x/target/debug:/opt/lib"),
            ("PATH", "/bin"),
        ]);
        let kept: Vec<_> = kept.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            kept,
            ["CARGO_TARGET_DIR=/big/disk", "SSL_CERT_DIR=/company/certs", "LD_LIBRARY_PATH=/opt/lib", "PATH=/bin"]
        );
    }

    #[test]
    fn without_cargo_nothing_is_touched() {
        let given = [("RUSTUP_TOOLCHAIN", "stable"), ("LD_LIBRARY_PATH", "/x/target/debug")];
        assert_eq!(clean(&given).len(), 2);
    }
}
