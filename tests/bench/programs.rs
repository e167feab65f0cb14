//! The programs that are measured, built from these sources in the profile of the benchmarks.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// The path of one of the workspace's programs.
///
/// # Panics
/// If they do not build: there is nothing to measure then.
pub fn program(name: &str) -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let path = BUILT.get_or_init(build).join(name);
    assert!(path.is_file(), "the build left no {}", path.display());
    path
}

fn build() -> PathBuf {
    let this = env::current_exe().expect("a process knows its program");
    // This is one of the examples to cargo, and they are in TARGET/release/examples.
    let directory = this.ancestors().nth(2).expect("an example is in a directory of the build").to_owned();
    // As tests/bench/run does it, so that nothing is left to be built.
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--locked", "--workspace", "--bins", "--examples", "--release", "--target-dir"])
        .arg(directory.parent().expect("the profile's directory is in the target directory"))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .status()
        .expect("cargo can be started, since it built this");
    assert!(status.success(), "the programs do not build");
    directory
}
