//! The App that all tests share, and what its pictures are compared with.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, OnceLock};

use bevy::prelude::Entity;
use scarab_bevy::render::offscreen::{Offscreen, Picture};
use scarab_bevy::render::{FontSettings, ScarabRenderPlugin, TerminalView};
use scarab_bevy::{Place, ScarabIpcPlugin, Search, SearchRequest, Select, SelectRequest, SelectionKind, Terminal};
use scarab_protocol::surface::Grid;

/// By how much a channel may differ from the golden picture: drivers round differently.
const TOLERANCE: u8 = 6;
/// How many of a thousand pixels may differ by more than that.
const OUTLIERS: usize = 1;

/// Work for the App that all tests share.
type Job = Box<dyn FnOnce(&mut Offscreen) + Send>;

/// The bundled font alone, whatever the machine has installed.
pub fn bundled() -> FontSettings {
    FontSettings { system_fallback: false, ..FontSettings::default() }
}

/// Does something in an App that draws with the bundled font. All tests share one, on a thread of its own, because to
/// start one takes seconds: who sets another font sets this one again.
pub fn offscreen<R: Send + 'static>(work: impl FnOnce(&mut Offscreen) -> R + Send + 'static) -> R {
    static APP: OnceLock<Mutex<Sender<Job>>> = OnceLock::new();
    let jobs = APP.get_or_init(|| {
        let (jobs, queue) = channel::<Job>();
        std::thread::spawn(move || {
            // Connected to nobody: what is selected and found in terminals stands out all the same.
            let ipc = ScarabIpcPlugin { address: None, input: false, resize: false, ..ScarabIpcPlugin::default() };
            let render = ScarabRenderPlugin { font: bundled(), ..ScarabRenderPlugin::default() };
            let mut app = Offscreen::new((ipc, render));
            queue.into_iter().for_each(|job| job(&mut app));
        });
        Mutex::new(jobs)
    });
    let (send, result) = channel();
    let job = Box::new(move |app: &mut Offscreen| drop(send.send(work(app))));
    jobs.lock().expect("no test fails while it holds the lock").send(job).expect("the App runs");
    result.recv().expect("the App drew the picture")
}

pub fn draw_scaled(grid: Grid, scale: f32) -> Picture {
    offscreen(move |app| {
        let terminal = app.terminal(TerminalView::default(), scale);
        app.show(terminal, &grid);
        let picture = app.picture(terminal);
        app.close(terminal);
        picture
    })
}

pub fn draw(grid: Grid) -> Picture {
    draw_scaled(grid, 1.0)
}

/// A terminal without a session, which can be selected from, searched and scrolled as any other.
pub fn terminal(app: &mut Offscreen, grid: &Grid) -> Entity {
    let terminal = app.terminal(TerminalView::default(), 1.0);
    app.world_mut().entity_mut(terminal).insert(Terminal::new());
    app.show(terminal, grid);
    terminal
}

/// Selects what lies between two places, each a line and a column.
pub fn select(app: &mut Offscreen, terminal: Entity, kind: SelectionKind, from: (u64, u16), to: (u64, u16)) {
    let [from, to] = [from, to].map(|(line, col)| Place { line, col });
    for what in [Select::Begin(kind, from), Select::Extend(to)] {
        app.world_mut().write_message(SelectRequest { terminal, what });
    }
}

pub fn look_for(app: &mut Offscreen, terminal: Entity, text: &str) {
    let what = Search::For { text: text.into(), regex: false };
    app.world_mut().write_message(SearchRequest { terminal, what });
}

/// Pictures one below the other.
pub fn stack(pictures: &[Picture]) -> Picture {
    let width = pictures[0].width;
    assert!(pictures.iter().all(|picture| picture.width == width));
    Picture {
        width,
        height: pictures.iter().map(|picture| picture.height).sum(),
        rgba: pictures.iter().flat_map(|picture| picture.rgba.iter().copied()).collect(),
    }
}

#[track_caller]
pub fn check(name: &str, drawn: &Picture) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.png"));
    if std::env::var_os("SCARAB_BLESS").is_some() {
        save(&golden, drawn);
        return;
    }
    if let Err(difference) = compare(&golden, drawn) {
        let kept = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("golden").join(format!("{name}.png"));
        save(&kept, drawn);
        panic!("{name}: {difference}; drawn: {}", kept.display());
    }
}

fn compare(golden: &Path, drawn: &Picture) -> Result<(), String> {
    let golden = image::open(golden).map_err(|error| format!("{}: {error}", golden.display()))?.into_rgba8();
    if golden.dimensions() != (drawn.width, drawn.height) {
        return Err(format!("{:?} expected, {}x{} drawn", golden.dimensions(), drawn.width, drawn.height));
    }
    let differs = |(a, b): &(&[u8], &[u8])| a.iter().zip(*b).any(|(a, b)| a.abs_diff(*b) > TOLERANCE);
    let pixels = golden.as_raw().chunks_exact(4).zip(drawn.rgba.chunks_exact(4));
    let outliers = pixels.filter(differs).count();
    let allowed = (drawn.width * drawn.height) as usize * OUTLIERS / 1000;
    if outliers > allowed { Err(format!("{outliers} pixels differ, {allowed} may")) } else { Ok(()) }
}

fn save(path: &Path, picture: &Picture) {
    std::fs::create_dir_all(path.parent().expect("a file in a directory")).expect("a directory to write to");
    image::save_buffer(path, &picture.rgba, picture.width, picture.height, image::ColorType::Rgba8)
        .expect("a picture to write");
}
