//! The suite in Apps without a window, against a real daemon and real shells: no sleep, only `App::update()` when something arrives.

mod mouse;
mod order;
mod panes;
mod plugins;
mod scrollback;
mod support;
mod terminals;
