//! A terminal on a mesh in a 3D scene: a screen on a desk that slowly turns, with a real shell on it.

use bevy::{core_pipeline::tonemapping::Tonemapping, input_focus::InputFocus, prelude::*};
use scarab_bevy::prelude::*;

fn main() {
    run_if_requested();
    App::new()
        .add_plugins(DefaultPlugins)
        .add_plugins(ScarabPlugins.set(ScarabIpcPlugin::default().with_launch(Launch::Reexec)))
        .add_systems(Startup, setup)
        .add_systems(Update, (put_on_screen, turn))
        .run();
}

fn setup(
    mut commands: Commands,
    mut meshes: ResMut<Assets<Mesh>>,
    mut materials: ResMut<Assets<StandardMaterial>>,
    mut focus: ResMut<InputFocus>,
) {
    // The scene needs no tonemapping, which would change the terminal's colours.
    commands.spawn((
        Camera3d::default(),
        Tonemapping::None,
        Transform::from_xyz(0.0, 1.2, 6.0).looking_at(Vec3::ZERO, Vec3::Y),
    ));
    commands.spawn((DirectionalLight::default(), Transform::from_xyz(2.0, 5.0, 4.0).looking_at(Vec3::ZERO, Vec3::Y)));
    commands.spawn((
        Mesh3d(meshes.add(Cuboid::new(6.0, 0.1, 3.0))),
        MeshMaterial3d(materials.add(Color::srgb(0.35, 0.2, 0.1))),
        Transform::from_xyz(0.0, -1.4, 0.0),
    ));
    // The terminal is drawn to an image, and the mesh shows the image.
    let screen = materials.add(StandardMaterial { unlit: true, ..default() });
    let terminal = commands
        .spawn((
            Terminal::new(),
            TerminalSize::cells(80, 24),
            TerminalImage::default(),
            Mesh3d(meshes.add(Rectangle::new(4.0, 2.4))),
            MeshMaterial3d(screen),
        ))
        .id();
    // Nothing else wants the keyboard here.
    focus.set(terminal, bevy::input_focus::FocusCause::Navigated);
}

/// The image is another one when the grid's size changes.
fn put_on_screen(
    screens: Query<(&TerminalImage, &MeshMaterial3d<StandardMaterial>), Changed<TerminalImage>>,
    mut materials: ResMut<Assets<StandardMaterial>>,
) {
    for (image, material) in &screens {
        if let Some(mut material) = materials.get_mut(material) {
            material.base_color_texture = Some(image.image.clone());
        }
    }
}

fn turn(time: Res<Time>, mut screens: Query<&mut Transform, With<Terminal>>) {
    for mut transform in &mut screens {
        transform.rotation = Quat::from_rotation_y((time.elapsed_secs() * 0.4).sin() * 0.35);
    }
}
