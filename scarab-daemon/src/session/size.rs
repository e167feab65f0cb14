//! Whose size a session has: the latest client's, the smallest, the largest, or one that was set by hand.

use scarab_protocol::{ids::TermSize, message::SizePolicy};

/// The sizes that a session's clients would like it to have. Observers have no say and are not in here.
#[derive(Debug)]
pub(crate) struct Sizes {
    /// By rising time of their last claim; at most one for an attachment.
    claims: Vec<(u64, TermSize)>,
    policy: SizePolicy,
    size: TermSize,
}

impl Sizes {
    /// Those of a session that begins with this size, clamped to what sessions can have, and this policy.
    pub(crate) fn new(size: TermSize, policy: SizePolicy) -> Self {
        Self { claims: Vec::new(), policy, size: size.clamped() }
    }

    /// The size that the session is to have.
    pub(crate) fn size(&self) -> TermSize {
        self.size
    }

    /// Whose size that is.
    pub(crate) fn policy(&self) -> SizePolicy {
        self.policy
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

    /// A client has left. Gives back the new size, if that changes it.
    pub(crate) fn leave(&mut self, client: u64) -> Option<TermSize> {
        self.claims.retain(|(other, _)| *other != client);
        self.decide()
    }

    /// The size was set by hand, and stays so. Gives back the new size, if that changes it.
    pub(crate) fn set(&mut self, size: TermSize) -> Option<TermSize> {
        self.policy = SizePolicy::Manual;
        self.change(size.clamped())
    }

    /// Another policy is in force. Gives back the new size, if that changes it.
    pub(crate) fn follow(&mut self, policy: SizePolicy) -> Option<TermSize> {
        self.policy = policy;
        self.decide()
    }

    fn decide(&mut self) -> Option<TermSize> {
        let sizes = self.claims.iter().map(|(_, size)| *size);
        let decided = match self.policy {
            SizePolicy::Latest => self.claims.last().map(|(_, size)| *size),
            SizePolicy::Smallest => sizes.reduce(|a, b| combined(a, b, u16::min)),
            SizePolicy::Largest => sizes.reduce(|a, b| combined(a, b, u16::max)),
            SizePolicy::Manual => None,
        };
        decided.and_then(|size| self.change(size))
    }

    fn change(&mut self, size: TermSize) -> Option<TermSize> {
        (std::mem::replace(&mut self.size, size) != size).then_some(size)
    }
}

/// The columns and the rows that `pick` picks, with the pixels of the client that had them.
fn combined(a: TermSize, b: TermSize, pick: fn(u16, u16) -> u16) -> TermSize {
    let (cols, rows) = (pick(a.cols, b.cols), pick(a.rows, b.rows));
    let of = |picked: u16, own: u16, mine: u16, theirs: u16| if picked == own { mine } else { theirs };
    TermSize {
        cols,
        rows,
        pixel_width: of(cols, a.cols, a.pixel_width, b.pixel_width),
        pixel_height: of(rows, a.rows, a.pixel_height, b.pixel_height),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: TermSize = TermSize::cells(100, 30);
    const B: TermSize = TermSize::cells(60, 20);

    #[test]
    fn the_latest_client_decides_and_when_it_leaves_the_one_before() {
        let mut policy = Sizes::new(TermSize::default(), SizePolicy::Latest);
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
        let mut policy = Sizes::new(TermSize::default(), SizePolicy::Latest);
        policy.claim(1, A);
        assert_eq!(policy.set(B), Some(B));
        assert_eq!(policy.claim(1, A), None);
        assert_eq!(policy.touch(1), None);
        assert_eq!(policy.leave(1), None);
        assert_eq!(policy.size(), B);
    }

    #[test]
    fn the_smallest_and_the_largest_are_taken_by_columns_and_rows() {
        const WIDE: TermSize = TermSize { cols: 120, rows: 20, pixel_width: 1200, pixel_height: 400 };
        const TALL: TermSize = TermSize { cols: 80, rows: 50, pixel_width: 640, pixel_height: 800 };
        let mut sizes = Sizes::new(TermSize::default(), SizePolicy::Latest);
        sizes.claim(1, WIDE);
        sizes.claim(2, TALL);
        let smallest = TermSize { cols: 80, rows: 20, pixel_width: 640, pixel_height: 400 };
        assert_eq!(sizes.follow(SizePolicy::Smallest), Some(smallest));
        assert_eq!(sizes.touch(1), None);
        let largest = TermSize { cols: 120, rows: 50, pixel_width: 1200, pixel_height: 800 };
        assert_eq!(sizes.follow(SizePolicy::Largest), Some(largest));
        assert_eq!(sizes.leave(2), Some(WIDE));
        assert_eq!(sizes.follow(SizePolicy::Manual), None);
        assert_eq!(sizes.claim(2, TALL), None);
        assert_eq!(sizes.follow(SizePolicy::Latest), Some(TALL));
    }

    #[test]
    fn sizes_that_no_session_can_have_are_clamped() {
        let mut policy = Sizes::new(TermSize::cells(0, 0), SizePolicy::Latest);
        assert_eq!(policy.size(), TermSize::cells(2, 1));
        assert_eq!(policy.claim(1, TermSize::cells(u16::MAX, u16::MAX)), Some(TermSize::cells(1000, 1000)));
    }

    #[test]
    fn one_who_never_claimed_has_no_say() {
        let mut policy = Sizes::new(A, SizePolicy::Latest);
        assert_eq!(policy.touch(7), None);
        assert_eq!(policy.leave(7), None);
    }
}
