//! A client that does what users do, at random, and writes down what it is about to do and what it knows was done.

use std::{
    fmt::Display,
    fs::File,
    io::Write,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use scarab_protocol::{
    client::{Attachment, Bell, Client, ClientEvent, Phase},
    endpoint::Address,
    ids::TermSize,
    message::{ListSessions, Ping, Pong, Sessions},
};

use super::{
    super::{
        helper::{self, wait_for_the_end},
        support::{
            DEADLINE,
            desk::{joining, options, settled_within},
            random::Random,
            setting,
        },
    },
    script::{HEAD, Row, SESSIONS, session},
};

/// So much is typed ahead of what a session takes, at most.
const AHEAD: u64 = 1 << 20;

/// Who a client is.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Its slot.
    pub slot: u64,
    /// The how manieth of the slot it is.
    pub generation: u64,
    /// The seed of the test.
    pub seed: u64,
    /// Where it reaches the daemon.
    pub address: Address,
    /// Where it writes down what it does.
    pub journal: PathBuf,
}

impl Plan {
    /// The plan as settings of a process.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("SCARAB_STRESS_SLOT", self.slot.to_string()),
            ("SCARAB_STRESS_GENERATION", self.generation.to_string()),
            ("SCARAB_STRESS_SEED", self.seed.to_string()),
            ("SCARAB_STRESS_SOCKET", self.address.endpoint.to_string()),
            ("SCARAB_STRESS_LOCK", self.address.lock.display().to_string()),
            ("SCARAB_STRESS_JOURNAL", self.journal.display().to_string()),
        ]
    }
}

/// A typist in a process of its own, until its input is closed.
pub fn typist_process() {
    let number = |name| helper::setting(name).parse().expect("a number");
    let address = Address::of_socket(helper::setting("SCARAB_STRESS_SOCKET").as_ref()).expect("an address");
    let plan = Plan {
        slot: number("SCARAB_STRESS_SLOT"),
        generation: number("SCARAB_STRESS_GENERATION"),
        seed: number("SCARAB_STRESS_SEED"),
        address: Address { lock: helper::setting("SCARAB_STRESS_LOCK").into(), ..address },
        journal: helper::setting("SCARAB_STRESS_JOURNAL").into(),
    };
    let (over, bell) = (Arc::new(AtomicBool::new(false)), Bell::default());
    {
        let (over, wake) = (over.clone(), bell.wake());
        thread::spawn(move || {
            wait_for_the_end();
            over.store(true, Ordering::Relaxed);
            wake();
        });
    }
    typist(&plan, &over, &bell);
}

/// Types until it is over, and then waits until all of it was taken.
pub fn typist(plan: &Plan, over: &AtomicBool, bell: &Bell) {
    let mut random = Random::new(plan.seed).fork((plan.slot << 32) | plan.generation);
    let client = Client::start(options(&plan.address, bell, false, true)).expect("a thread");
    let mut journal = Journal(File::create(&plan.journal).expect("the journal can be written"));
    let mut pages: Vec<Page> = (0..SESSIONS).map(|number| Page::new(plan, number)).collect();
    // What a long test types must still find room on the disk.
    let slower = (setting("SCARAB_CHAOS_SECONDS", 60) / 60).clamp(1, 6);
    while !over.load(Ordering::Relaxed) {
        let page = random.of(0..SESSIONS);
        let page = &mut pages[usize::try_from(page).expect("few")];
        match random.of(0..100) {
            0..50 => page.type_lines(&client, &mut random, &mut journal),
            50..58 => page.paste(&client, bell, &mut random, &mut journal),
            58..66 => {
                let size = TermSize::cells(random.of(20..200) as u16, random.of(5..60) as u16);
                page.attachment(&client).resize(size);
            }
            66..80 => page.settle(bell, &mut journal),
            80..86 => page.leave(bell, &mut journal),
            86..90 => drop(client.ask::<_, Pong>(&Ping { payload: vec![1; 100] }, Duration::from_millis(50))),
            // Answered at length, whether that can be read or not.
            90..94 => drop(client.request::<_, Pong>(&Ping { payload: vec![1; 100_000] })),
            _ => drop(client.ask::<_, Sessions>(&ListSessions { after: 0 }, Duration::from_millis(50))),
        }
        look_at_events(&client, plan, &pages, &mut journal);
        let pause = Duration::from_millis(random.of(0..120 * slower));
        bell.wait_for(Some(Instant::now() + pause), || over.load(Ordering::Relaxed).then_some(()));
    }
    pages.iter_mut().for_each(|page| page.leave(bell, &mut journal));
    look_at_events(&client, plan, &pages, &mut journal);
    journal.write("end");
}

fn look_at_events(client: &Client, plan: &Plan, pages: &[Page], journal: &mut Journal) {
    for event in client.take_events().0 {
        match event {
            ClientEvent::InputDiscarded { .. } => {
                let phases: Vec<_> = pages.iter().map(Page::phase).collect();
                panic!("{plan:?}: {event:?}, {:?}, {phases:?}", client.status());
            }
            other => journal.write(format_args!("event {other:?}")),
        }
    }
}

/// One session, as a client sees it.
struct Page {
    number: u64,
    row: Row,
    /// How much of the row was typed.
    typed: u64,
    attachment: Option<Attachment>,
}

impl Page {
    fn new(plan: &Plan, number: u64) -> Self {
        let row = Row::new(plan.seed, plan.slot, plan.generation, number);
        Self { number, row, typed: 0, attachment: None }
    }

    fn phase(&self) -> Option<Phase> {
        Some(self.attachment.as_ref()?.look(|state| state.phase.clone()))
    }

    fn attachment(&mut self, client: &Client) -> &Attachment {
        self.attachment.get_or_insert_with(|| client.attach(joining(&session(self.number), Some(TermSize::default()))))
    }

    fn type_lines(&mut self, client: &Client, random: &mut Random, journal: &mut Journal) {
        for _ in 0..random.of(1..20) {
            let length = if random.percent(10) { random.of(500..5000) } else { random.of(1..120) };
            self.push(client, length, false, journal);
        }
    }

    fn paste(&mut self, client: &Client, bell: &Bell, random: &mut Random, journal: &mut Journal) {
        let length = if random.percent(20) { random.of(100_000..600_000) } else { random.of(1..30_000) };
        self.push(client, length, true, journal);
        if random.percent(60) {
            self.settle(bell, journal);
        }
    }

    fn push(&mut self, client: &Client, length: u64, paste: bool, journal: &mut Journal) {
        // A row begins with its head, typed whole.
        let (length, paste) = if self.typed == 0 { (HEAD, false) } else { (length, paste) };
        let (row, offset, number) = (self.row, self.typed, self.number);
        let attachment = self.attachment(client);
        if attachment.held() > AHEAD {
            return;
        }
        // Said before it is done, because this process may be killed in between.
        journal.write(format_args!("{} {number} {offset} {length} {}", if paste { "paste" } else { "line" }, now()));
        let bytes = row.part(offset, length);
        let pushed = if paste { attachment.paste(bytes) } else { attachment.input(&bytes) };
        let phase = attachment.look(|state| state.phase.clone());
        assert_eq!(pushed, Ok(()), "{} at {offset}: {phase:?}", session(number));
        self.typed += length;
        self.acknowledged(journal);
    }

    /// What of the row is known to have arrived.
    fn acknowledged(&self, journal: &mut Journal) {
        if let Some(attachment) = &self.attachment {
            let held = attachment.held();
            // What was thrown away is not held either.
            let phase = attachment.look(|state| state.phase.clone());
            assert!(!matches!(phase, Phase::Gone { .. } | Phase::Failed { .. }), "{}: {phase:?}", session(self.number));
            journal.write(format_args!("taken {} {} {}", self.number, self.typed - held, now()));
        }
    }

    fn settle(&self, bell: &Bell, journal: &mut Journal) {
        if let Some(attachment) = &self.attachment {
            let settled = settled_within(attachment, bell, DEADLINE);
            let phase = attachment.look(|state| state.phase.clone());
            assert!(settled, "{} does not take {} bytes: {phase:?}", session(self.number), attachment.held());
            self.acknowledged(journal);
        }
    }

    fn leave(&mut self, bell: &Bell, journal: &mut Journal) {
        self.settle(bell, journal);
        self.attachment = None;
    }
}

/// What a client says of itself, a line at a time, each written at once.
struct Journal(File);

impl Journal {
    fn write(&mut self, line: impl Display) {
        self.0.write_all(format!("{line}\n").as_bytes()).expect("the journal can be written");
    }
}

/// Now, in milliseconds: processes compare it.
fn now() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}
