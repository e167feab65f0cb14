//! Asking as often as the daemon lets one.

use std::{
    thread,
    time::{Duration, Instant},
};

use scarab_protocol::{client::RequestError, message::ErrorCode};

/// Asks, and asks again where the daemon says that this is too much for now, when it says; for as long as `patience` at most.
///
/// # Errors
/// As asking fails.
pub(crate) fn when_allowed<T>(
    patience: Duration,
    mut ask: impl FnMut() -> Result<T, RequestError>,
) -> Result<T, RequestError> {
    let deadline = Instant::now() + patience;
    loop {
        match ask() {
            Err(RequestError::Refused { code: ErrorCode::RateLimited, retry, .. })
                if Instant::now() + retry < deadline =>
            {
                thread::sleep(retry);
            }
            other => return other,
        }
    }
}
