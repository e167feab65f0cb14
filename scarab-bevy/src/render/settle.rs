//! Keeps a reactive App awake until what it has begun to show is really on screen.
//!
//! Shaders are compiled in the background and looked after only while frames are drawn. An App that sleeps between
//! events would fall asleep in front of a black window. So after something new has come up, redraws are requested until
//! the render world reports that all of it has been drawn; then there are none until the next time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bevy::prelude::*;
use bevy::render::render_asset::RenderAssets;
use bevy::render::render_resource::PipelineCache;
use bevy::render::{Extract, ExtractSchedule, Render, RenderApp, RenderSystems};
use bevy::sprite_render::{MeshMaterial2d, PreparedMaterial2d};
use bevy::window::RequestRedraw;

use super::material::GridMaterial;
use super::upload::Uploads;

/// How many frames in a row have to be complete.
const CALM_FRAMES: u8 = 2;
/// How many frames are waited for at most, so that a shader that never compiles does not keep an App awake for ever.
const MOST_FRAMES: u32 = 2000;

/// What is being waited for, in the main world.
#[derive(Resource, Default)]
pub(crate) struct Settling {
    /// Counts what came up.
    pub(super) begun: u64,
    /// Up to where all of it is on screen; written by the render world.
    done: Arc<AtomicU64>,
    /// How many frames have been asked for in a row.
    frames: u32,
}

impl Settling {
    /// Something came up that takes more than one frame to appear.
    pub(crate) fn begin(&mut self) {
        self.begun += 1;
        self.frames = 0;
    }

    /// All that came up is on screen, for tests that draw nothing.
    #[cfg(all(test, feature = "app"))]
    pub(crate) fn finish(&mut self) {
        self.begin();
        self.done.store(self.begun, Ordering::Release);
    }

    /// Whether everything that came up is on screen.
    pub(crate) fn is_done(&self) -> bool {
        self.begun > 0 && self.done.load(Ordering::Acquire) >= self.begun
    }
}

/// The same in the render world.
#[derive(Resource, Default)]
struct Reached {
    begun: u64,
    done: Arc<AtomicU64>,
    materials: Vec<AssetId<GridMaterial>>,
    calm: u8,
}

/// Adds the wait to both worlds.
pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Settling>();
    if let Some(render_app) = app.get_sub_app_mut(RenderApp) {
        render_app
            .init_resource::<Reached>()
            .add_systems(ExtractSchedule, extract)
            .add_systems(Render, report.in_set(RenderSystems::Cleanup));
    }
}

/// Asks for another frame while something is not on screen yet.
pub(super) fn request_redraw(
    mut settling: ResMut<Settling>,
    new_cameras: Query<(), Added<Camera>>,
    mut redraws: MessageWriter<RequestRedraw>,
) {
    if !new_cameras.is_empty() {
        settling.begin();
    }
    if settling.begun == 0 || settling.is_done() {
        return;
    }
    settling.frames += 1;
    if settling.frames < MOST_FRAMES {
        redraws.write(RequestRedraw);
    } else if settling.frames == MOST_FRAMES {
        tracing::warn!("a terminal is not on screen after {MOST_FRAMES} frames; it will appear with the next change");
    }
}

fn extract(
    mut reached: ResMut<Reached>,
    settling: Extract<Res<Settling>>,
    quads: Extract<Query<&MeshMaterial2d<GridMaterial>>>,
) {
    if settling.is_done() {
        return;
    }
    if reached.begun != settling.begun {
        reached.begun = settling.begun;
        reached.done = settling.done.clone();
        reached.calm = 0;
    }
    reached.materials.clear();
    // Nobody waits for quads that have never had a picture, whose terminals have no place.
    let shown = quads.iter().map(|material| material.0.id()).filter(|id| *id != AssetId::<GridMaterial>::default());
    reached.materials.extend(shown);
}

fn report(
    mut reached: ResMut<Reached>,
    pipelines: Res<PipelineCache>,
    materials: Res<RenderAssets<PreparedMaterial2d<GridMaterial>>>,
    uploads: Res<Uploads>,
) {
    if reached.done.load(Ordering::Acquire) >= reached.begun {
        return;
    }
    let complete = pipelines.waiting_pipelines().next().is_none()
        && reached.materials.iter().all(|&material| materials.get(material).is_some())
        && uploads.is_empty();
    reached.calm = if complete { reached.calm + 1 } else { 0 };
    if reached.calm >= CALM_FRAMES {
        reached.done.store(reached.begun, Ordering::Release);
    }
}
