//! Whether a window can be had.
//!
//! It is tried in a process of its own, because what can go wrong there (a display server that hangs, a driver that
//! crashes, a library that cannot be loaded) must leave this one able to go on without.

use std::{
    env,
    io::Read,
    process::{Command, ExitCode, Stdio},
    time::Duration,
};

use wait_timeout::ChildExt;

/// How long the try may take. A display and an adapter answer within a second, on a slow machine too.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who draws a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Drawn {
    /// A graphics card.
    ByCard,
    /// The processor.
    BySoftware,
}

/// What the trying process says of a window that the processor draws.
const SOFTWARE: &str = "software";

/// Whether a window can be had, and who draws it; if not, why, and what to do about it, in one line.
pub(super) fn window() -> Result<Drawn, String> {
    if let Some(why) = no_display() {
        return Err(why);
    }
    let failed = |error: std::io::Error| format!("cannot try for a window: {error}");
    let program = env::current_exe().map_err(failed)?;
    let mut child = Command::new(program)
        .arg("--probe-window")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    let status = child.wait_timeout(PATIENCE).map_err(failed)?;
    let Some(status) = status else {
        // It hangs in a driver or a display server: nothing to be had from it.
        let _ = child.kill();
        let _ = child.wait();
        return Err(format!("the display or the graphics driver did not answer within {PATIENCE:?}"));
    };
    let mut said = String::new();
    if let Some(mut output) = child.stdout.take() {
        // It has ended: what it wrote is there.
        let _ = output.read_to_string(&mut said);
    }
    if status.success() {
        return Ok(if said.lines().any(|line| line == SOFTWARE) { Drawn::BySoftware } else { Drawn::ByCard });
    }
    let why: String = said.lines().next().unwrap_or("").chars().filter(|c| !c.is_control()).take(300).collect();
    Err(if why.is_empty() { format!("the try for a window failed: {status}") } else { why })
}

/// Where no display is named there is no need to start anything.
#[cfg(all(unix, not(target_os = "macos")))]
fn no_display() -> Option<String> {
    let named = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let any = ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"].into_iter().any(named);
    (!any).then(|| "no display: neither DISPLAY nor WAYLAND_DISPLAY is set".into())
}

/// Elsewhere the system has a display or the try tells.
#[cfg(not(all(unix, not(target_os = "macos"))))]
fn no_display() -> Option<String> {
    None
}

/// The trying process: says on standard output why not, or that the processor draws.
pub(super) fn answer() -> ExitCode {
    match try_for_window() {
        Ok(Drawn::ByCard) => ExitCode::SUCCESS,
        Ok(Drawn::BySoftware) => {
            println!("{SOFTWARE}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            println!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn try_for_window() -> Result<Drawn, String> {
    winit_itself::event_loop::EventLoop::new().map_err(|error| {
        let error = error.to_string().replace('\n', " ");
        // Where in its source the library found that out helps nobody here.
        let error = error.strip_prefix("os error at ").and_then(|rest| rest.split_once(": ")).map_or(&*error, |(_, what)| what);
        format!("the display does not answer ({error}): check DISPLAY or WAYLAND_DISPLAY, and that libx11-6, libxcursor1, libxi6 and libxkbcommon-x11-0 are installed")
    })?;
    // Bevy draws with these and nothing else.
    let backends = wgpu::Backends::VULKAN | wgpu::Backends::DX12 | wgpu::Backends::METAL;
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends,
        flags: wgpu::InstanceFlags::empty(),
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let adapters = bevy::tasks::block_on(instance.enumerate_adapters(backends));
    if adapters.is_empty() {
        return Err("no Vulkan driver: install mesa-vulkan-drivers, or your graphics card's own".into());
    }
    // A card is taken where there is one.
    let by_software = adapters.iter().all(|adapter| adapter.get_info().device_type == wgpu::DeviceType::Cpu);
    Ok(if by_software { Drawn::BySoftware } else { Drawn::ByCard })
}
