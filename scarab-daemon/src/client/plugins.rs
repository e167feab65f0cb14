//! What clients ask of plugins.

use std::{sync::Arc, time::Duration};

use scarab_protocol::{
    frame::Frame,
    message::{ErrorCode, ListPlugins, LoadPlugin, PluginCommand, PluginReply, ReloadPlugin, UnloadPlugin},
};

use super::{Client, reader::Breach, requests};
use crate::{
    daemon::Daemon,
    plugin::{CallContext, CallError, SessionRef},
    plugins::{Asked, Order, TooMany},
};

/// When a client is to come back that asks for more than can wait.
const BUSY: Duration = Duration::from_secs(1);

pub(super) fn load(daemon: &Daemon, client: &Arc<Client>, frame: &Frame) -> Result<(), Breach> {
    let LoadPlugin { source, grants } = frame.read::<LoadPlugin>()?;
    order(daemon, client, frame, |asked| Order::Load(asked, source, grants));
    Ok(())
}

pub(super) fn reload(daemon: &Daemon, client: &Arc<Client>, frame: &Frame) -> Result<(), Breach> {
    let ReloadPlugin { name } = frame.read::<ReloadPlugin>()?;
    order(daemon, client, frame, |asked| Order::Reload(asked, name));
    Ok(())
}

pub(super) fn unload(daemon: &Daemon, client: &Arc<Client>, frame: &Frame) -> Result<(), Breach> {
    let UnloadPlugin { name } = frame.read::<UnloadPlugin>()?;
    order(daemon, client, frame, |asked| Order::Unload(asked, name));
    Ok(())
}

pub(super) fn list(daemon: &Daemon, client: &Client, frame: &Frame) -> Result<(), Breach> {
    let ListPlugins { name } = frame.read::<ListPlugins>()?;
    let request = frame.header().request;
    match daemon.plugins.list(name.as_deref()) {
        Ok(plugins) => client.tell(0, request, &plugins),
        Err(text) => client.refuse(request, ErrorCode::NoSuchPlugin, text),
    }
    Ok(())
}

pub(super) fn call(daemon: &Arc<Daemon>, client: &Arc<Client>, frame: &Frame) -> Result<(), Breach> {
    let PluginCommand { plugin, command, args, session } = frame.read::<PluginCommand>()?;
    let request = frame.header().request;
    let session = match session {
        None => None,
        Some(target) => match requests::find(daemon, client, request, &target) {
            Some(session) => Some(SessionRef { number: session.id.number, name: session.name() }),
            None => return Ok(()),
        },
    };
    let Some(plugins) = daemon.plugins.plugins() else {
        client.refuse(request, ErrorCode::NoSuchPlugin, "no plugin is loaded");
        return Ok(());
    };
    let context = CallContext { client: Some(client.program.clone()), session };
    let answered = client.clone();
    let reply = move |outcome: Result<String, CallError>| match outcome {
        Ok(text) => answered.tell(0, request, &PluginReply { text }),
        Err(error @ CallError::NoPlugin { .. }) => {
            answered.refuse(request, ErrorCode::NoSuchPlugin, error.to_string());
        }
        Err(error) => answered.refuse(request, ErrorCode::PluginFailed, error.to_string()),
    };
    plugins.call(&plugin, &command, args, context, Box::new(reply));
    Ok(())
}

fn order(daemon: &Daemon, client: &Arc<Client>, frame: &Frame, order: impl FnOnce(Asked) -> Order) {
    let request = frame.header().request;
    if let Err(TooMany) = daemon.plugins.order(order(Asked { client: client.clone(), request })) {
        client.refuse_for_now(request, "too many plugins wait to be loaded", BUSY);
    }
}
