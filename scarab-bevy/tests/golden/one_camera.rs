//! Terminals before one camera, which are drawn at once; each shows its own text.

use bevy::camera::{ClearColorConfig, RenderTarget};
use bevy::prelude::*;
use bevy::render::render_resource::TextureFormat;
use scarab_bevy::render::{
    TerminalView,
    offscreen::{Offscreen, Picture},
};
use scarab_protocol::surface::Grid;

use crate::{page::Page, support::offscreen};

/// The size of what the camera draws to, in pixels: four terminals and space between them.
const SIZE: UVec2 = UVec2::new(400, 200);

/// A terminal, where its upper left corner is, and what it is to look like.
struct Hung {
    terminal: Entity,
    at: UVec2,
    look: Picture,
}

fn written(word: &str, cols: u16, rows: u16) -> Grid {
    let mut page = Page::new(cols, rows);
    for row in 0..rows {
        page.write(row, row, word);
    }
    page.grid
}

/// What a grid looks like in an image of its own.
fn alone(app: &mut Offscreen, view: &TerminalView, grid: &Grid) -> Picture {
    let terminal = app.terminal(view.clone(), 1.0);
    app.show(terminal, grid);
    let picture = app.picture(terminal);
    app.close(terminal);
    picture
}

fn hang(app: &mut Offscreen, grid: &Grid, at: UVec2) -> Hung {
    let look = alone(app, &TerminalView::default(), grid);
    let terminal = app.world_mut().spawn(TerminalView::default()).id();
    app.show(terminal, grid);
    Hung { terminal, at, look }
}

/// A camera, and what it draws to.
fn camera(app: &mut Offscreen) -> (Entity, Handle<Image>) {
    let world = app.world_mut();
    let image = Image::new_target_texture(SIZE.x, SIZE.y, TextureFormat::Rgba8UnormSrgb, None);
    let image = world.resource_mut::<Assets<Image>>().add(image);
    let camera = Camera { order: -2, clear_color: ClearColorConfig::Custom(Color::BLACK), ..default() };
    let target = RenderTarget::Image(image.clone().into());
    (world.spawn((Camera2d, camera, Msaa::Off, target)).id(), image)
}

/// Whether these terminals are seen, each as it is to look, and nothing else.
fn is_right(app: &mut Offscreen, image: &Handle<Image>, hung: &[&Hung]) -> bool {
    let mut expected = [0_u8, 0, 0, 255].repeat((SIZE.x * SIZE.y) as usize);
    for Hung { terminal, at, look } in hung {
        // From the middle of the picture to that of the quad, and upwards.
        let middle = at.as_vec2() + UVec2::new(look.width, look.height).as_vec2() / 2.0 - SIZE.as_vec2() / 2.0;
        app.world_mut().entity_mut(*terminal).insert(Transform::from_xyz(middle.x, -middle.y, 0.0));
        for (row, pixels) in (at.y..).zip(look.rgba.chunks_exact(4 * look.width as usize)) {
            let first = 4 * (row * SIZE.x + at.x) as usize;
            expected[first..first + pixels.len()].copy_from_slice(pixels);
        }
    }
    app.picture_of(image).rgba == expected
}

fn set_font_size(app: &mut Offscreen, terminal: Entity, size: Option<f32>) {
    app.world_mut().get_mut::<TerminalView>(terminal).expect("a terminal").font_size = size;
}

#[test]
fn terminals_before_one_camera_show_their_own_text_whatever_becomes_of_the_others() {
    let wrong = offscreen(|app| {
        let (camera, image) = camera(app);
        let places = [UVec2::new(3, 2), UVec2::new(203, 1), UVec2::new(0, 101), UVec2::new(200, 100)];
        let grids = ["one", "two", "three", "four"].map(|word| written(word, 12, 2));
        let [one, two, mut three, mut four] = [0, 1, 2, 3].map(|at| hang(app, &grids[at], places[at]));
        assert!(one.look != two.look, "the same picture of different texts");

        let mut wrong = Vec::new();
        let mut look = |app: &mut Offscreen, step: &'static str, hung: &[&Hung]| {
            if !is_right(app, &image, hung) {
                wrong.push(step);
            }
        };
        look(app, "four terminals", &[&one, &two, &three, &four]);

        app.close(two.terminal);
        look(app, "the second has gone", &[&one, &three, &four]);

        let grid = written("larger", 16, 3);
        three.look = alone(app, &TerminalView::default(), &grid);
        app.show(three.terminal, &grid);
        look(app, "the third has another size", &[&one, &three, &four]);

        app.world_mut().entity_mut(one.terminal).insert(Visibility::Hidden);
        look(app, "the first is hidden", &[&three, &four]);
        app.world_mut().entity_mut(one.terminal).insert(Visibility::Inherited);
        look(app, "the first is seen again", &[&one, &three, &four]);

        let view = TerminalView { font_size: Some(21.0), ..TerminalView::default() };
        let other = alone(app, &view, &grids[3]);
        let usual = std::mem::replace(&mut four.look, other);
        set_font_size(app, four.terminal, view.font_size);
        look(app, "the fourth has another font size", &[&one, &three, &four]);
        four.look = usual;
        set_font_size(app, four.terminal, None);
        look(app, "the fourth has the usual font size again", &[&one, &three, &four]);

        let five = hang(app, &written("five", 12, 2), places[1]);
        look(app, "there is another in the second's place", &[&one, &five, &three, &four]);
        for entity in [one.terminal, three.terminal, four.terminal, five.terminal, camera] {
            app.close(entity);
        }
        wrong
    });
    assert!(wrong.is_empty(), "not as drawn alone: {wrong:?}");
}
