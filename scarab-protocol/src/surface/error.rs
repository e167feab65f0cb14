//! What can go wrong with a surface.

use std::io;

/// Why a surface could not be made, mapped or believed.
#[derive(Debug, thiserror::Error)]
pub enum SurfaceError {
    /// The system gave no random bytes for a name.
    #[error("no random name for a shared memory segment: {0}")]
    Random(getrandom::Error),
    /// The segment could not be made.
    #[error("cannot make a shared memory segment: {0}")]
    Create(#[from] shared_memory::ShmemError),
    /// The segment's pages could not be reserved; most often the file system for shared memory is full.
    #[error("cannot reserve {bytes} bytes of shared memory: {source}")]
    Reserve {
        /// How large the segment was to be, in bytes.
        bytes: usize,
        /// What the system said.
        source: io::Error,
    },
    /// The segment could not be opened again or its name not be taken away.
    #[error("cannot open a shared memory segment: {0}")]
    Open(io::Error),
    /// The segment could not be mapped.
    #[error("cannot map a shared memory segment: {0}")]
    Map(io::Error),
    /// The segment's length, in bytes, is not one that a surface can have.
    #[error("a shared memory segment of {0} bytes cannot be a surface")]
    Length(u64),
    /// The segment is not a surface.
    #[error("a shared memory segment is not a surface")]
    Magic,
    /// The surface is laid out as another version of this program does.
    #[error("the surface has layout version {0}, this program reads version {ours}", ours = super::layout::VERSION)]
    Version(u64),
    /// The surface's header contradicts itself or the segment.
    #[error("the header of a surface makes no sense: {0}")]
    Header(&'static str),
    /// The surface belongs to another session or to another run of the daemon.
    #[error("the surface belongs to another session")]
    OtherSession,
    /// The descriptor of the surface did not come with the message that announced it.
    #[error("no descriptor came for a surface")]
    NoDescriptor,
}
