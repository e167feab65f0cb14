//! What `../window.rs` draws, by the crate `bevy_terminal`: the same window, grid, font and damage.

#[path = "../canvas.rs"]
mod canvas;

use bevy::prelude::*;
use bevy_terminal::prelude::*;

const COLS: u16 = 200;
const ROWS: u16 = 60;

/// The size of our font, in pixels.
const FONT: f32 = 15.0;

const FACES: [&[u8]; 4] = [
    include_bytes!("../../../scarab-bevy/assets/fonts/JetBrainsMono-Regular.ttf"),
    include_bytes!("../../../scarab-bevy/assets/fonts/JetBrainsMono-Bold.ttf"),
    include_bytes!("../../../scarab-bevy/assets/fonts/JetBrainsMono-Italic.ttf"),
    include_bytes!("../../../scarab-bevy/assets/fonts/JetBrainsMono-BoldItalic.ttf"),
];

const COLORS: [TerminalColor; 7] = [
    TerminalColor::RED,
    TerminalColor::GREEN,
    TerminalColor::YELLOW,
    TerminalColor::BLUE,
    TerminalColor::MAGENTA,
    TerminalColor::CYAN,
    TerminalColor::WHITE,
];

fn main() {
    let kind = std::env::args().nth(1);
    let damaged = match kind.as_deref() {
        Some("empty" | "quiet") => 0,
        Some("row") => 1,
        Some("full") => ROWS,
        other => panic!("no window is {other:?}"),
    };
    let is_empty = kind.as_deref() == Some("empty");
    let surface = TerminalSurface::new((COLS, ROWS));
    let lines: Vec<Vec<TerminalCell>> =
        (0..26).map(|number| (0..COLS).map(|col| cell(number, col)).collect()).collect();
    let shown = surface.clone();
    let mut turn = 0;
    let mut app = canvas::app();
    app.add_plugins(TerminalPlugin)
        .add_systems(Startup, move |mut commands: Commands, mut fonts: ResMut<Assets<Font>>| {
            let mut faces = FACES.iter().map(|face| fonts.add(Font::from_bytes(face.to_vec())));
            let mut face = || faces.next().expect("there are four");
            let font = FontFaces {
                regular: face().into(),
                bold: Some(face().into()),
                italic: Some(face().into()),
                bold_italic: Some(face().into()),
                synthesize: true,
            };
            if is_empty {
                return;
            }
            let config = TerminalRenderConfig { sizing: TerminalSizing::font(FONT), font, ..default() };
            commands.spawn((TerminalRenderer::new(surface.clone()), config));
        })
        .add_systems(
            Update,
            (move || {
                let damaged = if turn == 0 { ROWS } else { damaged };
                turn += 1;
                if damaged == 0 {
                    return;
                }
                shown.update(|update| {
                    for row in 0..damaged {
                        let line = &lines[(turn + usize::from(row)) % lines.len()];
                        for (col, cell) in (0..COLS).zip(line) {
                            update.set_cell((col, row), cell);
                        }
                    }
                });
            })
            .before(TerminalSystems::Sync),
        )
        // What it draws to is shown, as it would be to a person.
        .add_systems(Update, show.after(TerminalSystems::Sync));
    canvas::run(app);
}

fn show(mut commands: Commands, textures: Query<&TerminalTexture>, sprites: Query<(), With<Sprite>>) {
    let Some(texture) = textures.iter().find(|texture| texture.measured().is_some()) else { return };
    if sprites.is_empty() {
        commands.spawn(Sprite::from_image(texture.image.clone()));
    }
}

/// As `../window.rs` has it.
fn cell(number: u16, col: u16) -> TerminalCell {
    let letter = char::from(b'a' + ((number + col) % 26) as u8);
    let style = TerminalStyle::new().fg(COLORS[usize::from(col / 8 % 7)]);
    let style = if col % 16 < 8 { style } else { style.with(StyleFlags::BOLD) };
    TerminalCell::new(&letter.to_string()).with_style(style)
}
