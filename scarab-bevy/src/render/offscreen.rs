//! Renders grids to pixels without a window: for tests, and for pictures in documents.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use bevy::app::{Plugins, PluginsState};
use bevy::log::LogPlugin;
use bevy::prelude::*;
use bevy::render::pipelined_rendering::PipelinedRenderingPlugin;
use bevy::render::view::screenshot::{Screenshot, ScreenshotCaptured};
use bevy::window::ExitCondition;
use bevy::winit::WinitPlugin;
use scarab_protocol::surface::Grid;

use super::font::{FontSettings, Fonts};
use super::settle::Settling;
use super::{TerminalImage, TerminalView};
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

/// An App with terminals and no window. It needs a Vulkan driver, software is enough.
pub struct Offscreen {
    app: App,
}

impl Offscreen {
    /// Starts the App, with these plugins beside Bevy's. [`ScarabRenderPlugin`](super::ScarabRenderPlugin) is one.
    pub fn new<M>(plugins: impl Plugins<M>) -> Self {
        let mut app = App::new();
        app.add_plugins(
            DefaultPlugins
                .set(WindowPlugin { primary_window: None, exit_condition: ExitCondition::DontExit, ..default() })
                .disable::<PipelinedRenderingPlugin>()
                .disable::<LogPlugin>()
                .disable::<WinitPlugin>(),
        )
        .add_plugins(plugins);
        let deadline = Instant::now() + PATIENCE;
        while app.plugins_state() == PluginsState::Adding {
            assert!(Instant::now() < deadline, "no graphics adapter answered");
            bevy::tasks::tick_global_task_pools_on_main_thread();
        }
        app.finish();
        app.cleanup();
        Self { app }
    }

    /// A new terminal. `scale` is what a window's scale factor would be.
    pub fn terminal(&mut self, view: TerminalView, scale: f32) -> Entity {
        self.app.world_mut().spawn((TerminalImage { scale, ..default() }, view)).id()
    }

    /// Draws with another font from now on.
    pub fn set_font(&mut self, settings: FontSettings) {
        self.app.insert_resource(settings);
    }

    /// Shows a grid in a terminal in place of the one before. As in a window, only rows that changed since are drawn.
    pub fn show(&mut self, terminal: Entity, grid: &Grid) {
        if let Some(mut shown) = self.app.world_mut().get_mut::<TerminalGrid>(terminal) {
            shown.grid.clone_from(grid);
        }
        self.app.update();
    }

    /// Lets the App go on by one update.
    pub fn update(&mut self) {
        self.app.update();
    }

    /// Takes a terminal away.
    pub fn close(&mut self, terminal: Entity) {
        self.app.world_mut().despawn(terminal);
    }

    /// The App's world, for what is to be set up otherwise.
    pub fn world_mut(&mut self) -> &mut World {
        self.app.world_mut()
    }

    /// Waits until all terminals are drawn, and reads one back.
    ///
    /// # Panics
    /// After a minute without a picture: there is nothing that a test or a tool could do without one.
    pub fn picture(&mut self, terminal: Entity) -> Picture {
        let deadline = self.settle();
        let target = self.app.world().get::<TerminalImage>(terminal).map(|image| image.image.clone());
        self.read(target.unwrap_or_default(), deadline)
    }

    /// The same of an image that a camera draws to.
    ///
    /// # Panics
    /// As [`Self::picture`].
    pub fn picture_of(&mut self, image: &Handle<Image>) -> Picture {
        let deadline = self.settle();
        self.read(image.clone(), deadline)
    }

    /// Waits until all terminals are drawn, and says until when their pictures may take.
    fn settle(&mut self) -> Instant {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.app.update();
            let world = self.app.world();
            if world.resource::<Settling>().is_done() && !world.resource::<Fonts>().is_searching() {
                return deadline;
            }
            assert!(Instant::now() < deadline, "the terminals were not drawn in time");
        }
    }

    fn read(&mut self, image: Handle<Image>, deadline: Instant) -> Picture {
        let (send, captured) = mpsc::channel();
        self.app.world_mut().spawn(Screenshot::image(image)).observe(move |event: On<ScreenshotCaptured>| {
            let size = event.image.size();
            let rgba = event.image.data.clone().unwrap_or_default();
            // Nobody waits any more when this fails.
            let _ = send.send(Picture { width: size.x, height: size.y, rgba });
        });
        loop {
            self.app.update();
            match captured.try_recv() {
                Ok(picture) => return picture,
                Err(_) => assert!(Instant::now() < deadline, "the picture was not read back in time"),
            }
        }
    }
}
