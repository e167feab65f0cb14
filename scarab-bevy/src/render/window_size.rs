//! How large the window begins, in cells.

use bevy::{prelude::*, window::PrimaryWindow};

use super::{
    font::{FontSettings, Fonts},
    layout::{TerminalView, metrics_of},
};

/// The most pixels that a side may have: what every adapter can draw to (WebGPU's default `maxTextureDimension2D`).
const MOST_PIXELS: u32 = 8192;

/// How many cells the primary window is to have room for, until it is shown in that size. Then this is gone.
#[derive(Resource, Debug, Clone, Copy, PartialEq)]
pub(crate) struct StartSize {
    pub(crate) cols: u16,
    pub(crate) rows: u16,
    /// Around them, in logical pixels.
    pub(crate) padding: f32,
}

/// Makes the primary window as large as that. What scale factor it has is known only when it is there, and a font of the system has to be
/// found first; so it is done again when one of these changes.
pub(super) fn fit_window(
    mut commands: Commands,
    start: Option<Res<StartSize>>,
    settings: Res<FontSettings>,
    fonts: Res<Fonts>,
    window: Option<Single<&mut Window, With<PrimaryWindow>>>,
    mut given: Local<UVec2>,
) {
    let (Some(start), Some(mut window)) = (start, window) else { return };
    let view = TerminalView { padding: start.padding, ..default() };
    let metrics = metrics_of(&view, &settings, &fonts, window.scale_factor());
    let size = metrics.quad(start.cols, start.rows).min(UVec2::splat(MOST_PIXELS));
    if *given != size {
        *given = size;
        window.resolution.set_physical_resolution(size.x, size.y);
    }
    if window.visible && !fonts.is_searching() {
        commands.remove_resource::<StartSize>();
    }
}

#[cfg(all(test, feature = "bundled-font"))]
mod tests {
    use super::*;

    fn app(start: StartSize) -> App {
        let settings = FontSettings { system_fallback: false, ..default() };
        let mut fonts = Fonts::default();
        fonts.apply(&settings);
        let mut app = App::new();
        app.insert_resource(settings).insert_resource(fonts).insert_resource(start).add_systems(Update, fit_window);
        app
    }

    #[test]
    fn a_window_has_room_for_as_many_cells_as_it_is_to_begin_with_until_it_is_shown() {
        let mut app = app(StartSize { cols: 120, rows: 40, padding: 6.0 });
        let window = app.world_mut().spawn((Window { visible: false, ..default() }, PrimaryWindow)).id();
        let size = |app: &mut App| {
            app.update();
            app.world().get::<Window>(window).expect("a window").physical_size()
        };
        let room = |app: &App, scale: f32| {
            let pixels = 15.0 * scale;
            let cell = app.world().resource::<Fonts>().measure(pixels, 1.0);
            UVec2::new(120 * cell.width, 40 * cell.height) + UVec2::splat(2 * (6.0 * scale) as u32)
        };
        let small = size(&mut app);
        assert_eq!(small, room(&app, 1.0));
        let set = |app: &mut App, change: fn(&mut Window)| {
            change(&mut app.world_mut().get_mut::<Window>(window).expect("a window"));
            size(app)
        };
        // On a screen with smaller pixels there are more of them.
        let large = set(&mut app, |window| window.resolution.set_scale_factor(2.0));
        assert_eq!(large, room(&app, 2.0));
        // What the desktop makes of it is left alone, and so is what its user does when it is shown.
        let tiled = set(&mut app, |window| window.resolution.set_physical_resolution(700, 500));
        assert_eq!(tiled, UVec2::new(700, 500));
        set(&mut app, |window| window.visible = true);
        let shown = set(&mut app, |window| window.resolution.set_scale_factor(1.0));
        assert_eq!(shown, UVec2::new(700, 500));
    }

    #[test]
    fn a_window_is_never_larger_than_can_be_drawn() {
        let mut app = app(StartSize { cols: 1000, rows: 1000, padding: 0.0 });
        let window = app.world_mut().spawn((Window::default(), PrimaryWindow)).id();
        app.update();
        let size = app.world().get::<Window>(window).expect("a window").physical_size();
        assert_eq!(size, UVec2::splat(MOST_PIXELS));
    }
}
