//! Waiting for a PTY, and being woken from it.

use std::{
    io,
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    pipe::{PipeFlags, pipe_with},
};

use super::pty::Master;

/// Wakes the thread that has the other end of the pipe.
#[derive(Debug)]
pub(crate) struct Waker(OwnedFd);

/// Is woken by a [`Waker`].
#[derive(Debug)]
pub(crate) struct Wakeful(OwnedFd);

/// A pair of them.
///
/// # Errors
/// If the process has no descriptors left.
pub(crate) fn waker() -> io::Result<(Waker, Wakeful)> {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
    Ok((Waker(write), Wakeful(read)))
}

impl Waker {
    /// Wakes. Does not block: a full pipe is one whose reader is about to wake anyway.
    pub(crate) fn wake(&self) {
        let _ = rustix::io::write(&self.0, &[1]);
    }
}

/// What a [`Wakeful::wait`] is to wait for, of a PTY, beside being woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interest {
    /// Something to read.
    Input,
    /// Room to write.
    Output,
}

/// Why a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Ready {
    /// The thread was woken.
    pub(crate) woken: bool,
    /// The PTY is ready, or has failed, which trying it will tell.
    pub(crate) pty: bool,
}

impl Wakeful {
    /// Waits until woken, until the PTY is ready, or until the deadline; neither is set then.
    ///
    /// # Errors
    /// As the system fails.
    pub(crate) fn wait(&self, master: &Master, interest: Interest, deadline: Option<Instant>) -> io::Result<Ready> {
        let flags = if interest == Interest::Output { PollFlags::OUT } else { PollFlags::IN };
        let mut both = [PollFd::new(&self.0, PollFlags::IN), PollFd::new(master, flags)];
        poll_until(&mut both, deadline)?;
        let ready = both.map(|fd| !fd.revents().is_empty());
        Ok(Ready { woken: self.emptied(ready[0]), pty: ready[1] })
    }

    /// Waits until woken, or until the deadline. True if woken.
    ///
    /// # Errors
    /// As the system fails.
    pub(crate) fn wait_for_waker(&self, deadline: Option<Instant>) -> io::Result<bool> {
        let mut one = [PollFd::new(&self.0, PollFlags::IN)];
        poll_until(&mut one, deadline)?;
        Ok(self.emptied(!one[0].revents().is_empty()))
    }

    /// Empties the pipe if it was used; whoever wakes after this wakes again.
    fn emptied(&self, woken: bool) -> bool {
        if woken {
            let _ = rustix::io::read(&self.0, &mut [0; 64]);
        }
        woken
    }
}

/// Polls until something is ready or the deadline has passed.
///
/// # Errors
/// As the system fails.
pub(super) fn poll_until(fds: &mut [PollFd<'_>], deadline: Option<Instant>) -> io::Result<()> {
    loop {
        let left = deadline.map(|at| timespec(at.saturating_duration_since(Instant::now())));
        match poll(fds, left.as_ref()) {
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn timespec(duration: Duration) -> Timespec {
    Timespec { tv_sec: duration.as_secs() as _, tv_nsec: duration.subsec_nanos() as _ }
}
