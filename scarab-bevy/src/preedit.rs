//! What an input method is composing.

use bevy::prelude::*;

/// What an input method is composing for a terminal: drawn at its cursor, underlined, and sent when it is done.
/// Comes with [`Terminal`](crate::Terminal).
#[derive(Component, Reflect, Debug, Clone, PartialEq, Eq, Default)]
#[reflect(Component, Default)]
pub struct TerminalPreedit {
    /// The text; empty while nothing is composed.
    pub text: String,
    /// Where in it the input method has its cursor, in bytes. None: behind it.
    pub caret: Option<usize>,
}
