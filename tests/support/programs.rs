//! The programs under test, built before the first test that runs one.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// The path of one of the workspace's programs, fresh from its sources.
pub fn program(name: &str) -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let path = BUILT.get_or_init(build).join(name);
    assert!(path.is_file(), "the build left no {}", path.display());
    path
}

/// Builds the whole workspace, exactly as `tests/run` does, with the features that it names, so that nothing is built
/// again; nothing happens if all is fresh. The profile is the one that this test was built with. A test that runs a
/// program of yesterday shows nothing.
fn build() -> PathBuf {
    let test = env::current_exe().expect("a process knows its program");
    // Tests are in TARGET/PROFILE/deps.
    let directory = test.ancestors().nth(2).expect("a test is in a directory of the build");
    let profile =
        match directory.file_name().and_then(|name| name.to_str()).expect("the profile's directory has a name") {
            "debug" => "dev",
            other => other,
        };
    let target = directory.parent().expect("the profile's directory is in the target directory");
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--locked", "--workspace", "--all-targets", "--profile", profile, "--target-dir"])
        .arg(target)
        .args(env::var("SCARAB_FEATURES").iter().flat_map(|features| ["--features", features]))
        .current_dir(root())
        .status()
        .expect("cargo can be started, since it built this");
    assert!(status.success(), "the programs do not build");
    directory.to_owned()
}

/// The workspace.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
