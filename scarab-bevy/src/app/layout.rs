//! The window's tabs and splits as a document that the daemon keeps, so that the next window has them again.

use bevy::{platform::collections::HashMap, prelude::*};
use scarab_protocol::{
    client::{Client, Pending, Status},
    ids::SessionId,
    message::{Document, Done, DropDocument, MAX_DOCUMENT, OpenDocument, SaveDocument, SessionInfo},
};
use serde::{Deserialize, Serialize};

use crate::{
    connection::{ConnectionLink, PrimaryConnection},
    panes::{Axis, LastPaneClosed, Node, ScarabPanesSystems, Tab, Tabs, Tree},
    terminal::TerminalSession,
};

/// What kind of document a window's layout is; of a window for a session by its name with that behind it.
const KIND: &str = "window";
/// What is written down here; another version's is left alone.
const VERSION: u8 = 1;

/// The document of this window.
#[derive(Resource, Default)]
pub(super) struct Layout {
    /// What kind of document it is: one for windows that were opened plainly, and one for each session that windows were opened for.
    kind: String,
    /// Its name, once it is open.
    name: Option<String>,
    opening: Option<Pending<Document>>,
    /// The life of the daemon that has it.
    epoch: Option<u64>,
    /// What the daemon has.
    saved: Vec<u8>,
    /// Something has changed since.
    changed: bool,
}

/// Saves the layout whenever it changes.
pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Layout>().add_systems(Update, (save, forget).chain().after(ScarabPanesSystems::Act));
}

impl Layout {
    /// Opens the document: this window's, or the first time the one of the last window that was closed. A window that was opened for
    /// a session by its name has documents of another kind.
    pub(super) fn open(&mut self, client: &Client, session: Option<&str>) {
        if self.epoch != epoch(client) {
            let kind = session.map_or_else(|| KIND.to_owned(), |session| format!("{KIND}.{session}"));
            *self = Self { kind, epoch: epoch(client), changed: true, ..Self::default() };
        }
        let request = OpenDocument { name: self.name.clone(), kind: self.kind.clone() };
        self.opening = Some(client.request(&request));
    }

    /// Opens it again on another connection, if it was open.
    pub(super) fn open_again(&mut self, client: &Client) {
        if self.name.is_some() && self.epoch == epoch(client) {
            self.open(client, None);
        }
    }

    /// Whether the daemon has not answered yet.
    pub(super) fn is_opening(&mut self) -> bool {
        let Some(opening) = &self.opening else { return false };
        match opening.try_take() {
            None => return true,
            Some(Ok(Document { name, data })) => {
                // What another version has written is left alone, and nothing of this window is kept.
                let is_ours =
                    data.is_empty() || serde_json::from_slice(&data).is_ok_and(|it: Saved| it.version == VERSION);
                self.name = Some(name).filter(|_| is_ours);
                // What has changed while there was no connection is not there.
                (self.saved, self.changed) = (data, true);
            }
            // An older daemon keeps none, nor does any under the name of a session with one that is too long.
            Some(Err(error)) => tracing::debug!("the layout is not kept: {error}"),
        }
        self.opening = None;
        false
    }

    /// The tabs that were saved, as far as their sessions are among these. What has ended while no window was open is shown as it ended;
    /// if nothing else is left, there are none.
    pub(super) fn tabs(&self, known: &[SessionInfo]) -> Option<Saved> {
        let of = |id: &str| known.iter().find(|info| info.id.to_string() == id);
        let mut saved: Saved =
            serde_json::from_slice(&self.saved).ok().filter(|saved: &Saved| saved.version == VERSION)?;
        let front = saved.tabs.get(saved.current).map(|tab| tab.focus.clone());
        saved.tabs.retain_mut(|tab| tab.tree.keep(&|id| of(id).is_some()));
        saved.current = saved.tabs.iter().position(|tab| Some(&tab.focus) == front.as_ref()).unwrap_or(0);
        let sessions = saved.tabs.iter().flat_map(SavedTab::sessions);
        let is_running = sessions.filter_map(of).any(|info| info.exit.is_none());
        is_running.then_some(saved)
    }

    /// What was kept is gone with its daemon.
    pub(super) fn lose(&mut self) {
        *self = Self::default();
    }
}

/// Which life of a daemon a client is connected to.
fn epoch(client: &Client) -> Option<u64> {
    match client.status() {
        Status::Connected(connected) => Some(connected.epoch),
        _ => None,
    }
}

/// A window's tabs, as they are written down. Sessions are named by their ids.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Saved {
    version: u8,
    pub(super) current: usize,
    pub(super) tabs: Vec<SavedTab>,
}

/// A tab.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SavedTab {
    pub(super) name: Option<String>,
    pub(super) zoomed: bool,
    pub(super) focus: String,
    tree: SavedNode,
}

/// A pane or a split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SavedNode {
    Pane(String),
    Columns(Vec<(f32, SavedNode)>),
    Rows(Vec<(f32, SavedNode)>),
}

impl Saved {
    /// Brings the pane of a session to the front; whether there is one.
    pub(super) fn show(&mut self, session: &str) -> bool {
        let Some(at) = self.tabs.iter().position(|tab| tab.sessions().contains(&session)) else { return false };
        if self.tabs[at].focus != session {
            self.tabs[at].zoomed = false;
            self.tabs[at].focus = session.to_owned();
        }
        self.current = at;
        true
    }
}

impl SavedTab {
    /// The sessions in it, by their ids.
    pub(super) fn sessions(&self) -> Vec<&str> {
        let mut sessions = Vec::new();
        self.tree.each(&mut |session| sessions.push(session));
        sessions
    }

    /// The tab, given the terminals of its sessions. `None` if that makes no tab.
    pub(super) fn to_tab(&self, terminals: &HashMap<String, Entity>) -> Option<Tab> {
        let tree = Tree::from_node(self.tree.to_node(terminals)?)?;
        let focus = terminals.get(&self.focus).copied().filter(|pane| tree.panes().contains(pane));
        let focus = focus.or_else(|| tree.panes().first().copied())?;
        let zoomed = self.zoomed && tree.panes().len() > 1;
        Some(Tab { tree, focus, zoomed, name: self.name.clone() })
    }
}

impl SavedNode {
    fn each<'a>(&'a self, visit: &mut impl FnMut(&'a str)) {
        match self {
            Self::Pane(session) => visit(session),
            Self::Columns(parts) | Self::Rows(parts) => parts.iter().for_each(|(_, part)| part.each(visit)),
        }
    }

    /// Leaves out what is not there any more; whether anything is left.
    fn keep(&mut self, running: &impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Pane(session) => running(session),
            Self::Columns(parts) | Self::Rows(parts) => {
                parts.retain_mut(|(_, part)| part.keep(running));
                !parts.is_empty()
            }
        }
    }

    fn to_node(&self, terminals: &HashMap<String, Entity>) -> Option<Node<Entity>> {
        let (axis, parts) = match self {
            Self::Pane(session) => return terminals.get(session).copied().map(Node::Pane),
            Self::Columns(parts) => (Axis::Columns, parts),
            Self::Rows(parts) => (Axis::Rows, parts),
        };
        let parts = parts.iter().filter_map(|(share, part)| Some((*share, part.to_node(terminals)?))).collect();
        Some(Node::Split { axis, parts })
    }

    /// A node whose terminals have sessions; those that have none yet are left out.
    fn of(node: &Node<Entity>, session: &impl Fn(Entity) -> Option<SessionId>) -> Option<Self> {
        Some(match node {
            Node::Pane(pane) => Self::Pane(session(*pane)?.to_string()),
            Node::Split { axis, parts } => {
                let parts: Vec<_> =
                    parts.iter().filter_map(|(share, part)| Some((*share, Self::of(part, session)?))).collect();
                match axis {
                    _ if parts.is_empty() => return None,
                    Axis::Columns => Self::Columns(parts),
                    Axis::Rows => Self::Rows(parts),
                }
            }
        })
    }
}

fn save(
    mut layout: ResMut<Layout>,
    state: Res<Tabs>,
    tabs: Query<Ref<Tab>>,
    sessions: Query<Ref<TerminalSession>>,
    link: Option<Single<&ConnectionLink, With<PrimaryConnection>>>,
) {
    let layout = layout.bypass_change_detection();
    let is_opening = layout.is_opening();
    layout.changed |= state.is_changed()
        || tabs.iter().any(|tab| tab.is_changed())
        || sessions.iter().any(|session| session.is_added());
    let (Some(link), Some(name), false) = (link, layout.name.clone(), is_opening) else { return };
    if !std::mem::take(&mut layout.changed) || state.order().is_empty() {
        return;
    }
    let session = |pane: Entity| sessions.get(pane).ok().map(|session| session.id);
    let saved = state.order().iter().filter_map(|tab| {
        let tab = tabs.get(*tab).ok()?;
        let tree = SavedNode::of(tab.tree.node(), &session)?;
        // A pane that was just opened has no session yet.
        let focus = session(tab.focus).or_else(|| tab.tree.panes().into_iter().find_map(session))?.to_string();
        Some(SavedTab { name: tab.name.clone(), zoomed: tab.zoomed, focus, tree })
    });
    let saved = Saved { version: VERSION, current: state.place(), tabs: saved.collect() };
    match serde_json::to_vec(&saved) {
        Ok(data) if data == layout.saved || saved.tabs.is_empty() => {}
        Ok(data) if data.len() > MAX_DOCUMENT => tracing::warn!("there are too many panes for the daemon to keep"),
        Ok(data) => {
            layout.saved.clone_from(&data);
            // Whether it was kept is of no use to anybody here; what comes next is saved whole again.
            drop(link.client.request::<_, Done>(&SaveDocument { name, data }));
        }
        Err(error) => tracing::warn!("the layout is not kept: {error}"),
    }
}

/// Of a window whose last pane was closed nothing is kept.
fn forget(
    mut closed: MessageReader<LastPaneClosed>,
    mut layout: ResMut<Layout>,
    link: Option<Single<&ConnectionLink, With<PrimaryConnection>>>,
) {
    if closed.read().count() == 0 {
        return;
    }
    if let (Some(link), Some(name)) = (link, layout.name.take()) {
        drop(link.client.request::<_, Done>(&DropDocument { name }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(number: u32) -> Entity {
        Entity::from_raw_u32(number).expect("a number")
    }

    #[test]
    fn what_is_saved_comes_back_without_what_has_ended() {
        let mut tree = Tree::new(entity(1));
        tree.split(entity(1), Axis::Columns, entity(2));
        tree.split(entity(2), Axis::Rows, entity(3));
        let session = |pane: Entity| Some(SessionId { epoch: 7, number: pane.index_u32() });
        let node = SavedNode::of(tree.node(), &session).expect("panes");
        let focus = session(entity(2)).expect("it has one").to_string();
        let tab = SavedTab { name: Some("work".into()), zoomed: true, focus, tree: node };
        let text = serde_json::to_string(&tab).expect("it can be written");
        let mut again: SavedTab = serde_json::from_str(&text).expect("it can be read");
        assert_eq!(again, tab);
        let terminals = |numbers: &[u32]| -> HashMap<String, Entity> {
            let id = |number: u32| SessionId { epoch: 7, number }.to_string();
            numbers.iter().map(|number| (id(*number), entity(*number))).collect()
        };
        let whole = again.to_tab(&terminals(&[1, 2, 3])).expect("a tab");
        assert_eq!((&whole.tree, whole.focus, whole.zoomed), (&tree, entity(2), true));
        assert!(again.tree.keep(&|id: &str| id.ends_with("-1")));
        assert_eq!(again.sessions(), [SessionId { epoch: 7, number: 1 }.to_string()]);
        let rest = again.to_tab(&terminals(&[1])).expect("a tab");
        assert_eq!((rest.tree.panes(), rest.focus, rest.zoomed), (vec![entity(1)], entity(1), false));
        assert!(!again.tree.keep(&|_: &str| false));
    }

    #[test]
    fn a_session_is_brought_to_the_front_wherever_it_is() {
        let tab = |sessions: &[&str]| {
            let parts = sessions.iter().map(|session| (1.0, SavedNode::Pane((*session).into()))).collect();
            SavedTab { name: None, zoomed: true, focus: sessions[0].into(), tree: SavedNode::Columns(parts) }
        };
        let before = Saved { version: VERSION, current: 0, tabs: vec![tab(&["1", "2"]), tab(&["3", "4"])] };
        let mut saved = before.clone();
        assert!(!saved.show("5"));
        assert!(saved.show("1"));
        assert_eq!(saved, before);
        assert!(saved.show("4"));
        assert_eq!((saved.current, saved.tabs[1].focus.as_str(), saved.tabs[1].zoomed), (1, "4", false));
    }
}
