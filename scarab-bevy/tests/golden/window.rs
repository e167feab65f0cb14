//! The program's window: what is around its terminals, and what is over them. There is no daemon, and no screen.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bevy::{
    camera::RenderTarget,
    ecs::system::RunSystemOnce,
    input_focus::{FocusCause, InputFocus},
    prelude::*,
    render::render_resource::TextureFormat,
    window::{Ime, PrimaryWindow, WindowEvent, WindowResolution, WindowTheme},
};
use scarab_bevy::{
    ActionTriggered, BellKind, BellRang, ClientConfig, ConnectionStatus, DaemonConfig, PrimaryConnection,
    ScarabIpcPlugin, ScarabRenderPlugin, Terminal, TerminalTitle,
    app::window_parts,
    panes::{Tab, Tabs, open_tab},
    render::{
        Flashing,
        offscreen::{Offscreen, Picture},
    },
};
use scarab_protocol::{
    config::{Action, theme},
    message::Config,
    surface::CursorShape,
};

use crate::{
    page::Page,
    support::{bundled, check},
};

/// In pixels: as wide as the window is at the start, so that lines have room for what they say, and a few rows high.
const SIZE: UVec2 = UVec2::new(912, 168);
/// How long a flash may take to pass; it takes 120 ms.
const PATIENCE: Duration = Duration::from_secs(30);

/// The terminal whose bell rings in every update, so that its flash does not pass while it is drawn.
#[derive(Resource)]
struct Ringing(Entity);

fn ring(ringing: Res<Ringing>, mut rang: MessageWriter<BellRang>) {
    rang.write(BellRang { terminal: ringing.0, times: 1 });
}

fn ringing(app: &mut App) {
    app.add_systems(First, ring.run_if(resource_exists::<Ringing>));
}

/// The App of the program, as far as it is without a daemon; a camera draws what its window shows.
struct Shown {
    app: Offscreen,
    window: Entity,
    connection: Entity,
    image: Handle<Image>,
}

impl Shown {
    fn new() -> Self {
        let ipc = ScarabIpcPlugin { address: None, ..default() };
        let render = ScarabRenderPlugin { font: bundled(), ..default() };
        let mut app = Offscreen::new((ipc, render, window_parts(), ringing));
        let world = app.world_mut();
        let resolution = WindowResolution::new(SIZE.x, SIZE.y);
        let window = world.spawn((Window { resolution, ..default() }, PrimaryWindow)).id();
        let connection = world.spawn((connected(), PrimaryConnection)).id();
        let image = Image::new_target_texture(SIZE.x, SIZE.y, TextureFormat::Rgba8UnormSrgb, None);
        let image = world.resource_mut::<Assets<Image>>().add(image);
        world.spawn((Camera2d, Msaa::Off, RenderTarget::Image(image.clone().into())));
        app.update();
        Self { app, window, connection, image }
    }

    /// Opens a tab, and gives its pane.
    fn tab(&mut self, name: Option<&str>) -> Entity {
        let world = self.app.world_mut();
        let pane = world.spawn(Terminal::new()).id();
        let open = move |mut commands: Commands, mut tabs: ResMut<Tabs>, mut focus: ResMut<InputFocus>| {
            open_tab(&mut commands, &mut tabs, &mut focus, pane)
        };
        let tab = world.run_system_once(open).expect("it runs");
        world.get_mut::<Tab>(tab).expect("a tab").name = name.map(str::to_owned);
        self.app.update();
        pane
    }

    fn focused(&mut self) -> Entity {
        self.app.world_mut().resource::<InputFocus>().get().expect("somebody has the keyboard")
    }

    /// Has whoever has the keyboard ask for something, and gives who has it then.
    fn act(&mut self, action: Action) -> Entity {
        let terminal = self.focused();
        self.app.world_mut().write_message(ActionTriggered { terminal, action });
        self.app.update();
        self.focused()
    }

    /// Gives the keyboard to a pane.
    fn focus(&mut self, pane: Entity) {
        self.app.world_mut().resource_mut::<InputFocus>().set(pane, FocusCause::Navigated);
        self.app.update();
    }

    /// Writes into the line that has the keyboard.
    fn compose(&mut self, text: &str) {
        let commit = Ime::Commit { window: self.window, value: text.into() };
        let world = self.app.world_mut();
        world.write_message(WindowEvent::from(commit.clone()));
        world.write_message(commit);
    }

    fn connection(&mut self, news: impl Bundle) {
        let connection = self.connection;
        self.app.world_mut().entity_mut(connection).insert(news);
    }

    fn picture(&mut self) -> Picture {
        // What is asked for in one update may be laid out in the next.
        for _ in 0..3 {
            self.app.update();
        }
        self.app.picture_of(&self.image)
    }
}

fn connected() -> ConnectionStatus {
    ConnectionStatus::Connected { daemon: "daemon 1.0".into(), pid: 1, epoch: 1 }
}

#[test]
fn the_window_shows_what_there_is_beside_its_terminals() {
    let mut shown = Shown::new();

    // Three tabs: the one in front has two panes, and what a program calls itself for a name.
    shown.tab(Some("a name that is too long to be shown"));
    let left = shown.tab(None);
    shown.tab(Some("third"));
    shown.act(Action::PreviousTab);
    shown.app.world_mut().entity_mut(left).insert(TerminalTitle("a program's title".into()));
    let right = shown.act(Action::SplitRight);
    shown.app.world_mut().entity_mut(right).insert(TerminalTitle("right".into()));
    let mut page = Page::new(44, 5);
    page.write(0, 0, "left: a needle").write(2, 4, "another needle").cursor(2, 18, CursorShape::Block);
    shown.app.show(left, &page.grid);
    let mut page = Page::new(44, 5);
    page.write(0, 0, "right: a needle").cursor(1, 0, CursorShape::Block);
    shown.app.show(right, &page.grid);
    let on_the_right = shown.picture();
    assert_eq!(shown.act(Action::FocusLeft), left);
    let tabs = shown.picture();
    assert!(on_the_right != tabs, "who has the keyboard is not seen");
    check("window-tabs", &tabs);

    // The desktop becomes light, and dark again.
    let light = theme("solarized-light").expect("a theme of that name");
    shown.app.world_mut().resource_mut::<ClientConfig>().light_colors = light;
    let window = shown.window;
    let desktop = |shown: &mut Shown, theme| {
        shown.app.world_mut().get_mut::<Window>(window).expect("a window").window_theme = Some(theme);
        shown.picture()
    };
    check("window-light", &desktop(&mut shown, WindowTheme::Light));
    assert!(desktop(&mut shown, WindowTheme::Dark) == tabs, "not as dark as before");

    // The lines in which one writes. Each goes when a pane is given the keyboard.
    let lines = [("window-search", Action::Search, "needle"), ("window-rename", Action::RenameTab, "work")];
    for (name, action, text) in lines {
        assert_ne!(shown.act(action), left);
        shown.compose(text);
        check(name, &shown.picture());
        shown.focus(left);
        assert!(shown.picture() == tabs, "something of {name} has stayed");
    }

    // Banners: in the middle what keeps one from working, in the corner what does not.
    let why = "the daemon speaks another version of the protocol than this program does, and neither knows the other's";
    shown.connection(ConnectionStatus::Closed { why: why.into() });
    check("window-banner", &shown.picture());
    let problem = "line 3: \"client.font_size\" is a number".to_owned();
    let config = Config { path: String::new(), revision: 1, problem, entries: Vec::new() };
    shown.connection((connected(), DaemonConfig(Arc::new(config))));
    check("window-banner-corner", &shown.picture());
    let connection = shown.connection;
    shown.app.world_mut().entity_mut(connection).remove::<DaemonConfig>();
    assert!(shown.picture() == tabs, "a banner has stayed");

    // A flash, which passes.
    shown.app.world_mut().resource_mut::<ClientConfig>().bell = BellKind { urgent: false, visual: true };
    shown.app.world_mut().insert_resource(Ringing(left));
    check("window-bell", &shown.picture());
    shown.app.world_mut().remove_resource::<Ringing>();
    let deadline = Instant::now() + PATIENCE;
    while shown.app.world_mut().get::<Flashing>(left).is_some() {
        assert!(Instant::now() < deadline, "the flash has not passed");
        shown.app.update();
    }
    assert!(shown.picture() == tabs, "something of the flash has stayed");
}
