//! A build in a terminal, and its progress in the world: a plugin in the daemon (build_progress.luau) watches the build's lines, and
//! a bar under the screen grows with what it tells.
//!
//! `cargo run --example build_progress -- ninja -C out` watches a real build; without a command it is a pretended one.

use bevy::{core_pipeline::tonemapping::Tonemapping, prelude::*};
use scarab_bevy::{
    DaemonEvents, DaemonPlugin, DaemonPluginStatus, PluginEvent, PrimaryConnection, prelude::*,
    protocol::event::EventKind,
};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/build_progress.luau");
const PRETENDED: &str = r#"for i in $(seq 1 40); do echo "[$i/40] Compiling part $i"; sleep 0.2; done"#;
const WIDTH: f32 = 4.0;

fn main() {
    run_if_requested();
    App::new()
        .add_plugins(DefaultPlugins)
        .add_plugins(ScarabPlugins.set(ScarabIpcPlugin::default().with_launch(Launch::Reexec)))
        .add_plugins(progress_plugin)
        .add_systems(Startup, setup)
        .add_systems(Update, (start_build, put_on_screen))
        .run();
}

/// The client's half of the daemon's plugin: it has the other half loaded, and makes what that tells the state of a bar.
fn progress_plugin(app: &mut App) {
    app.add_systems(Startup, |mut commands: Commands, connection: Single<Entity, With<PrimaryConnection>>| {
        commands.spawn(DaemonPlugin::file(SCRIPT));
        commands.entity(*connection).insert(DaemonEvents::of([EventKind::Plugin]));
    })
    .add_systems(Update, grow);
}

/// A bar that shows how far the build in a terminal is.
#[derive(Component)]
struct ProgressOf(Entity);

fn grow(
    mut events: MessageReader<PluginEvent>,
    mut bars: Query<(&ProgressOf, &mut Transform, &MeshMaterial3d<StandardMaterial>)>,
    mut materials: ResMut<Assets<StandardMaterial>>,
) {
    for event in events.read().filter(|event| event.plugin == "build-progress") {
        let (Some(done), Some(all)) = (event.number_of("done"), event.number_of("all")) else { continue };
        let part = done as f32 / all.max(1) as f32;
        let color = match (event.event.as_str(), event.number_of("code")) {
            ("finished", Some(0)) => Color::srgb(0.2, 0.8, 0.3),
            ("finished", _) => Color::srgb(0.9, 0.2, 0.2),
            _ => Color::srgb(0.9, 0.7, 0.2),
        };
        for (of, mut transform, material) in &mut bars {
            if event.terminal != Some(of.0) {
                continue;
            }
            // It grows from the left edge of the screen.
            transform.scale.x = part.clamp(0.01, 1.0);
            transform.translation.x = (transform.scale.x - 1.0) * WIDTH / 2.0;
            if let Some(mut material) = materials.get_mut(material) {
                material.base_color = color;
            }
        }
    }
}

fn setup(mut commands: Commands) {
    commands.spawn((
        Camera3d::default(),
        Tonemapping::None,
        Transform::from_xyz(0.6, 0.4, 4.2).looking_at(Vec3::new(0.0, -0.2, 0.0), Vec3::Y),
    ));
}

/// The build begins when somebody watches it: what was told before nobody would have heard.
fn start_build(
    mut commands: Commands,
    plugins: Query<&DaemonPluginStatus, Changed<DaemonPluginStatus>>,
    screens: Query<(), With<Terminal>>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut materials: ResMut<Assets<StandardMaterial>>,
) {
    match plugins.iter().next() {
        Some(DaemonPluginStatus::Loaded { .. }) if screens.is_empty() => {}
        Some(DaemonPluginStatus::Failed { why }) => return error!("{why}"),
        _ => return,
    }
    let mut command: Vec<String> = std::env::args().skip(1).collect();
    if command.is_empty() {
        command = ["sh", "-c", PRETENDED].map(String::from).into();
    }
    let mut unlit = |color: Color| materials.add(StandardMaterial { base_color: color, unlit: true, ..default() });
    let terminal = commands
        .spawn((
            Terminal::new().command(command),
            TerminalSize::cells(60, 16),
            TerminalImage::default(),
            Mesh3d(meshes.add(Rectangle::new(WIDTH, 2.2))),
            MeshMaterial3d(unlit(Color::WHITE)),
        ))
        .id();
    commands.spawn((
        ProgressOf(terminal),
        Mesh3d(meshes.add(Cuboid::new(WIDTH, 0.2, 0.2))),
        MeshMaterial3d(unlit(Color::srgb(0.9, 0.7, 0.2))),
        Transform::from_xyz(-WIDTH / 2.0, -1.35, 0.0).with_scale(Vec3::new(0.01, 1.0, 1.0)),
    ));
}

/// The terminal is drawn to an image, and the mesh shows the image; it is another one when the grid's size changes.
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
