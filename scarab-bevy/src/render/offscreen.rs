//! Renders grids to pixels without a window: for tests, and for pictures in documents.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use bevy::app::PluginsState;
use bevy::log::LogPlugin;
use bevy::prelude::*;
use bevy::render::pipelined_rendering::PipelinedRenderingPlugin;
use bevy::render::view::screenshot::{Screenshot, ScreenshotCaptured};
use bevy::window::ExitCondition;
use bevy::winit::WinitPlugin;
use scarab_protocol::surface::Grid;

use super::font::Fonts;
use super::settle::Settling;
use super::{ScarabRenderPlugin, TerminalImage, TerminalView};
use crate::terminal::TerminalGrid;

/// How long a picture may take; software rendering on a busy machine is slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// RGBA pixels, 8 bits each, sRGB, row by row from the top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// `4 * width * height` bytes.
    pub rgba: Vec<u8>,
}

/// An App with one terminal and no window. It needs a Vulkan driver, software is enough.
pub struct Offscreen {
    app: App,
    terminal: Entity,
}

impl Offscreen {
    /// Starts the App. `scale` is what a window's scale factor would be.
    pub fn new(plugin: ScarabRenderPlugin, view: TerminalView, scale: f32) -> Self {
        let mut app = App::new();
        app.add_plugins((
            DefaultPlugins
                .set(WindowPlugin { primary_window: None, exit_condition: ExitCondition::DontExit, ..default() })
                .disable::<PipelinedRenderingPlugin>()
                .disable::<LogPlugin>()
                .disable::<WinitPlugin>(),
            plugin,
        ));
        let deadline = Instant::now() + PATIENCE;
        while app.plugins_state() == PluginsState::Adding {
            assert!(Instant::now() < deadline, "no graphics adapter answered");
            bevy::tasks::tick_global_task_pools_on_main_thread();
        }
        app.finish();
        app.cleanup();
        let terminal = app.world_mut().spawn((TerminalImage { scale, ..default() }, view)).id();
        Self { app, terminal }
    }

    /// Shows a grid in place of the one before. Rows are drawn as in a window: those that changed since the last picture.
    pub fn show(&mut self, grid: &Grid) {
        if let Some(mut shown) = self.app.world_mut().get_mut::<TerminalGrid>(self.terminal) {
            shown.grid.clone_from(grid);
        }
    }

    /// The terminal's entity and its App.
    pub fn app(&mut self) -> (&mut App, Entity) {
        (&mut self.app, self.terminal)
    }

    /// Draws what is shown and reads it back.
    ///
    /// # Panics
    /// After a minute without a picture: there is nothing that a test or a tool could do without one.
    pub fn picture(&mut self) -> Picture {
        let deadline = Instant::now() + PATIENCE;
        self.app.update();
        while !self.app.world().resource::<Settling>().is_done() || self.app.world().resource::<Fonts>().is_searching()
        {
            assert!(Instant::now() < deadline, "the terminal was not drawn in time");
            self.app.update();
        }
        let target = self.app.world().get::<TerminalImage>(self.terminal).map(|image| image.image.clone());
        let (send, captured) = mpsc::channel();
        self.app.world_mut().spawn(Screenshot::image(target.unwrap_or_default())).observe(
            move |event: On<ScreenshotCaptured>| {
                let size = event.image.size();
                let rgba = event.image.data.clone().unwrap_or_default();
                // Nobody waits any more when this fails.
                let _ = send.send(Picture { width: size.x, height: size.y, rgba });
            },
        );
        loop {
            self.app.update();
            match captured.try_recv() {
                Ok(picture) => return picture,
                Err(_) => assert!(Instant::now() < deadline, "the picture was not read back in time"),
            }
        }
    }
}
