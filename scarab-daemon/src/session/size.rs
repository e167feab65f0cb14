//! Whose size a session has: the latest client's that typed, was focused or was resized.

use scarab_protocol::ids::TermSize;

/// The sizes that a session's clients would like it to have. Observers have no say and are not in here.
#[derive(Debug)]
pub(crate) struct SizePolicy {
    /// By rising time of their last claim; at most one for an attachment.
    claims: Vec<(u64, TermSize)>,
    /// Set by hand: the clients' sizes no longer count.
    manual: bool,
    size: TermSize,
}

impl SizePolicy {
    /// The policy of a session that begins with this size, clamped to what sessions can have.
    pub(crate) fn new(size: TermSize) -> Self {
        Self { claims: Vec::new(), manual: false, size: size.clamped() }
    }

    /// The size that the session is to have.
    pub(crate) fn size(&self) -> TermSize {
        self.size
    }

    /// A client has joined or has been resized. Gives back the new size, if that changes it.
    pub(crate) fn claim(&mut self, client: u64, size: TermSize) -> Option<TermSize> {
        self.claims.retain(|(other, _)| *other != client);
        self.claims.push((client, size.clamped()));
        self.decide()
    }

    /// A client has typed or was focused. Gives back the new size, if that changes it.
    pub(crate) fn touch(&mut self, client: u64) -> Option<TermSize> {
        let at = self.claims.iter().position(|(other, _)| *other == client)?;
        let claim = self.claims.remove(at);
        self.claims.push(claim);
        self.decide()
    }

    /// A client has left: the one before it counts. Gives back the new size, if that changes it.
    pub(crate) fn leave(&mut self, client: u64) -> Option<TermSize> {
        self.claims.retain(|(other, _)| *other != client);
        self.decide()
    }

    /// The size was set by hand, and stays so. Gives back the new size, if that changes it.
    pub(crate) fn set(&mut self, size: TermSize) -> Option<TermSize> {
        self.manual = true;
        self.change(size.clamped())
    }

    fn decide(&mut self) -> Option<TermSize> {
        match self.claims.last() {
            Some((_, size)) if !self.manual => self.change(*size),
            _ => None,
        }
    }

    fn change(&mut self, size: TermSize) -> Option<TermSize> {
        (std::mem::replace(&mut self.size, size) != size).then_some(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: TermSize = TermSize::cells(100, 30);
    const B: TermSize = TermSize::cells(60, 20);

    #[test]
    fn the_latest_client_decides_and_when_it_leaves_the_one_before() {
        let mut policy = SizePolicy::new(TermSize::default());
        assert_eq!(policy.claim(1, A), Some(A));
        assert_eq!(policy.claim(2, B), Some(B));
        assert_eq!(policy.touch(1), Some(A));
        assert_eq!(policy.touch(1), None);
        assert_eq!(policy.claim(2, B), Some(B));
        assert_eq!(policy.leave(2), Some(A));
        assert_eq!(policy.leave(1), None);
        assert_eq!(policy.size(), A);
    }

    #[test]
    fn a_size_set_by_hand_stays() {
        let mut policy = SizePolicy::new(TermSize::default());
        policy.claim(1, A);
        assert_eq!(policy.set(B), Some(B));
        assert_eq!(policy.claim(1, A), None);
        assert_eq!(policy.touch(1), None);
        assert_eq!(policy.leave(1), None);
        assert_eq!(policy.size(), B);
    }

    #[test]
    fn sizes_that_no_session_can_have_are_clamped() {
        let mut policy = SizePolicy::new(TermSize::cells(0, 0));
        assert_eq!(policy.size(), TermSize::cells(2, 1));
        assert_eq!(policy.claim(1, TermSize::cells(u16::MAX, u16::MAX)), Some(TermSize::cells(1000, 1000)));
    }

    #[test]
    fn one_who_never_claimed_has_no_say() {
        let mut policy = SizePolicy::new(A);
        assert_eq!(policy.touch(7), None);
        assert_eq!(policy.leave(7), None);
    }
}
