//! Scripts that mean harm: each comes to an end within its limits, with a reason, and costs the others nothing.

use std::time::Instant;

use super::harness::{Bench, PATIENCE};
use crate::plugin::{
    CallError, State,
    limits::{ACTIONS, COMMANDS, EVENT_HANDLERS, LINE_BYTES, LINE_HANDLERS, MANY_FAILURES, MEMORY, TIMERS},
    pace::Action,
};

/// Runs hostile code as a command, and gives what became of it. Afterwards the plugin still answers, within its memory.
fn attack(code: &str) -> Result<String, CallError> {
    let bench = Bench::new();
    bench.run("a", &format!("scarab.command('attack', '', function()\n{code}\nend)\nscarab.command('ok', '', function() return 'ok' end)"));
    let outcome = bench.call("a", "attack", &[]);
    assert_eq!(bench.call("a", "ok", &[]).as_deref(), Ok("ok"), "after {code}");
    let memory = bench.info("a").memory;
    assert!(memory <= MEMORY, "{memory} bytes after {code}");
    outcome
}

fn is_ended(code: &str) {
    let outcome = attack(code);
    assert!(
        matches!(&outcome, Err(CallError::Slow { message }) if message.contains("ran longer than 100 ms")),
        "{code}: {outcome:?}"
    );
}

fn fails_with(code: &str, expected: &str) {
    let error = attack(code).expect_err(code);
    assert!(!matches!(error, CallError::Slow { .. }) && error.to_string().contains(expected), "{code}: {error}");
}

/// Code that the memory's limit ends, or the time's if the machine is slow.
fn is_bounded(code: &str) {
    let error = attack(code).expect_err(code).to_string();
    assert!(error.contains("used more than the 16 MiB") || error.contains("ran longer than"), "{code}: {error}");
}

#[test]
fn loops_that_never_end() {
    is_ended("while true do end");
    is_ended("repeat until false");
    is_ended("for i = 1, math.huge do end");
    is_ended(
        "local t = setmetatable({}, { __index = function(t, k) return t[k + 1] end }) while true do pcall(function() return t[1] end) end",
    );
}

#[test]
fn loops_that_catch_their_own_end() {
    is_ended("while true do pcall(function() while true do end end) end");
    is_ended("while true do xpcall(function() while true do end end, function() while true do end end) end");
    is_ended("local function again() pcall(again) again() end while true do pcall(again) end");
    // Caught, and then a return as if nothing had been.
    is_ended("pcall(function() while true do end end) return 'fine'");
}

#[test]
fn loops_in_coroutines() {
    is_ended("while true do coroutine.wrap(function() while true do coroutine.yield() end end)() end");
    is_ended(
        "local function deep() while true do coroutine.resume(coroutine.create(function() while true do end end)) end end deep()",
    );
    is_ended("while true do local ok = coroutine.close(coroutine.create(function() end)) end");
}

#[test]
fn recursion_that_never_ends() {
    fails_with("local function f() return 1 + f() end return f()", "stack overflow");
    fails_with(
        "local t = setmetatable({}, { __tostring = function(t) return tostring(t) end }) return tostring(t)",
        "",
    );
    fails_with("local function f(s) return (string.gsub(s, '.', f)) end return f('x')", "");
    let outcome = attack(
        "local co = coroutine.wrap(function(f) return coroutine.wrap(f)(f) end) local function f(g) return coroutine.wrap(g)(g) end return f(f)",
    );
    assert!(outcome.is_err(), "{outcome:?}");
}

#[test]
fn memory_without_end() {
    is_bounded("return string.rep('x', 1000000000)");
    is_bounded("local s = 'x' while true do s = s .. s end");
    is_bounded("local t = {} for i = 1, 1e9 do t[i] = i end");
    is_bounded("return table.create(1e7, 1)");
    is_bounded("return buffer.create(1e9)");
    is_bounded("local t = {} while true do t[#t + 1] = coroutine.create(function() end) end");
    is_bounded("local t = {} while true do t[#t + 1] = function() return t end end");
    is_bounded("kept = {} while true do kept[#kept + 1] = string.rep('x', 1000) .. #kept end");
}

#[test]
fn a_million_of_anything() {
    fails_with("for i = 1, 1000000 do scarab.after(1000, function() end) end", &format!("{TIMERS} timers run"));
    fails_with(
        "for i = 1, 1000000 do scarab.on('k' .. i, function() end) end",
        &format!("{EVENT_HANDLERS} functions wait for events"),
    );
    fails_with(
        "for i = 1, 1000000 do scarab.on_line('x', function() end) end",
        &format!("{LINE_HANDLERS} functions wait for lines"),
    );
    fails_with(
        "for i = 1, 1000000 do scarab.command('c' .. i, '', function() end) end",
        &format!("there are {COMMANDS} commands"),
    );
    fails_with("for i = 1, 1000000 do scarab.status('k' .. i, 'x') end", "there may be 16 status items");
    fails_with("for i = 1, 1000000 do scarab.set('k' .. i, string.rep('x', 1000)) end", "more than the 64 KiB");
}

#[test]
fn floods_to_the_outside() {
    let (notices, _) = Action::Notify.allowed();
    fails_with(
        "for i = 1, 1000000 do scarab.notify({ title = 'x' }) end",
        &format!("too often: {notices} at once are allowed"),
    );
    fails_with("for i = 1, 1000000 do scarab.emit('x') end", &format!("a callback may do {ACTIONS} things"));
    fails_with("for i = 1, 1000000 do scarab.log('x') end", &format!("a callback may do {ACTIONS} things"));
    fails_with("for i = 1, 1000000 do scarab.sessions() end", &format!("a callback may do {ACTIONS} things"));
    is_ended("while true do pcall(scarab.notify, { title = 'x' }) end");
}

#[test]
fn a_flood_of_notifications_over_many_callbacks_reaches_few() {
    let bench = Bench::new();
    bench.run("a", "local n = 0 scarab.every(10, function() n += 1 pcall(scarab.notify, { title = 'x' }) if n == 50 then scarab.emit('end') end end)");
    bench.host.wait("emit end");
    let (burst, _) = Action::Notify.allowed();
    let notices = bench.host.all("a notify ").len();
    // The rest came back while it ran, one a second.
    assert!(notices >= burst as usize && notices <= burst as usize + PATIENCE.as_secs() as usize, "{notices}");
}

#[test]
fn work_in_native_code_that_would_take_minutes() {
    // The first three and the last were seen to run for 15 s and more in the engine without our bounds.
    fails_with(
        "return string.find(string.rep('a', 6000000), string.rep('a', 3000000) .. 'b', 1, true)",
        "the text is longer than",
    );
    fails_with("return #('a'):rep(6000000):split(('a'):rep(3000000) .. 'b')", "the text is longer than");
    for range in
        ["1, 2000000000, 2", "'1', '2000000000', '2'", "0/0, 2000000000, 2", "1, 0/0, 2", "-math.huge, math.huge, 1"]
    {
        fails_with(&format!("return #table.move({{}}, {range})"), "table.move: more than");
    }
    // Beyond 32 bits the engine would count anew from the other end.
    for range in ["2^32 + 1, 2^32 + 2, 1", "1, 2, 1e300", "-1e300, -1e300, 1", "1, 2, 0/0"] {
        fails_with(&format!("return #table.move({{}}, {range})"), "table.move: an index is beyond 32 bits");
    }
    fails_with("return #table.move({}, 1, {}, 2)", "number expected, got table");
    assert_eq!(attack("return table.concat(table.move({ 'a', 'b' }, '1', 2, 3))").as_deref(), Ok("abab"));
    fails_with("return #os.date(string.rep('%c', 4000000))", "os.date: the format is longer than");
    assert_eq!(attack("return os.date('!%Y', 0)").as_deref(), Ok("1970"));
    fails_with(
        "return string.find(string.rep('a', 200000), string.rep('a', 100000) .. 'b', 1, true)",
        "the pattern is longer than",
    );
    fails_with("return string.rep('', 2000000000) .. nil", "attempt to concatenate");
    is_ended(
        "local t, s = {}, string.rep('x', 2000000) local a, b = s .. 'a', s .. 'b' for i = 1, 200000 do t[i] = if i % 2 == 0 then a else b end table.sort(t)",
    );
}

#[test]
fn patterns_that_explode() {
    is_ended("return string.find(string.rep('a', 30000), string.rep('a*', 20) .. 'b')");
    is_ended("return string.gsub(string.rep('a', 200000), '(.-)(.-)(.-)b', '')");
    is_ended("return string.match(string.rep('(', 250000), '%b()' .. string.rep('.-', 50) .. '$')");
    is_ended(
        "while true do for w in string.gmatch(string.rep('a', 200000), '[' .. string.rep('b', 200) .. ']*$') do end end",
    );
}

#[test]
fn patterns_for_lines_that_would_take_gigabytes() {
    fails_with(
        "scarab.on_line(string.rep('()', 480) .. '.*(?:(?:x{82}){80})?', function() end)",
        "pattern takes more than 128 KiB when compiled",
    );
    fails_with("scarab.on_line(string.rep('()', 17), function() end)", "pattern has 17 groups, more than the 16");
    // As large as each may be, but fewer than there may be of small ones.
    fails_with(
        &format!(
            "for i = 1, {LINE_HANDLERS} do scarab.on_line(string.rep('()', 16) .. '(?:(?:x{{75}}){{20}})?', function() end) end"
        ),
        "all patterns together take more than 4096 KiB",
    );
    let usual =
        format!("for i = 1, {LINE_HANDLERS} do scarab.on_line([[^error: (.*) at ([0-9]+)$]], function() end) end");
    Bench::new().run("a", &usual);
}

#[test]
fn looking_for_patterns_takes_time_that_counts() {
    let bench = Bench::new();
    let session = bench.host.add_session(1, "s", None);
    // Of the ways to match these the matcher follows a thousand at each place of the line, half a second for all: a word's end is
    // no matter for its automata where there is more than ASCII.
    bench.run(
        "a",
        "for i = 1, 8 do scarab.on_line('\\\\b(?:a*a?){600}c', function() end) end
        scarab.command('ok', '', function() return 'ok' end)",
    );
    let line = "é ".to_owned() + &"a".repeat(LINE_BYTES - 4) + "c";
    bench.plugins.line_feed().feed(&session, vec![line]);
    let failed = bench.host.wait("a Failed");
    assert!(failed.contains("looking for the patterns in a line took longer than 100 ms"), "{failed}");
    assert_eq!(bench.call("a", "ok", &[]).as_deref(), Ok("ok"));
}

#[test]
fn failures_that_are_many_but_not_in_a_row() {
    let bench = Bench::new();
    bench.run(
        "a",
        "local n = 0
        for i = 1, 64 do
            scarab.on('k', function() n += 1 if n % 3 ~= 0 then error(string.rep('x', 1000)) end end)
        end",
    );
    let began = Instant::now();
    for number in 0..10 {
        bench.event("k", number, None, &[]);
    }
    let disabled = bench.host.wait("Disabled");
    assert!(disabled.contains("callbacks failed within a short time"), "{disabled}");
    let reports = bench.host.all("a Failed");
    let most = 12 + began.elapsed().as_secs();
    assert!(reports.len() as u64 <= most, "{} reports", reports.len());
    let failures: u64 = reports.iter().map(|report| failures_in(report)).sum();
    assert_eq!(failures, bench.info("a").errors);
    assert!(failures > u64::from(MANY_FAILURES));
}

/// How many failures a report tells of.
fn failures_in(report: &str) -> u64 {
    let more = report.split("(and ").nth(1).and_then(|rest| rest.split(' ').next());
    1 + more.map_or(0, |more| more.parse::<u64>().expect("a number"))
}

#[test]
fn ways_out_of_the_sandbox() {
    for gone in [
        "require",
        "loadstring",
        "load",
        "dofile",
        "collectgarbage",
        "getfenv",
        "setfenv",
        "newproxy",
        "debug",
        "io",
        "package",
        "os.execute",
        "os.exit",
        "os.getenv",
        "os.remove",
        "string.dump",
    ] {
        assert_eq!(attack(&format!("return tostring({gone})")).as_deref(), Ok("nil"), "{gone}");
    }
    fails_with("os.execute('true')", "attempt to call a nil value");
    fails_with("io.open('/etc/passwd')", "attempt to index nil");
    fails_with("getmetatable('').__index.find = 1", "");
    fails_with("string.find = print", "attempt to modify a readonly table");
    fails_with("table.insert(string, print)", "attempt to modify a readonly table");
    fails_with("scarab.notify = print", "attempt to modify a readonly table");
    fails_with("_G.string = {}", "attempt to modify a readonly table");
    fails_with("rawset(scarab, 'x', 1)", "attempt to modify a readonly table");
    fails_with("setmetatable(scarab, {})", "attempt to modify a readonly table");
    fails_with("table.clear(scarab)", "attempt to modify a readonly table");
}

#[test]
fn one_plugin_sees_nothing_of_another() {
    let bench = Bench::new();
    bench.run("a", "secret = 'mine' scarab.set('k', 'mine')");
    bench.run("b", "scarab.command('look', '', function() return tostring(secret) .. tostring(_G.secret) .. tostring(scarab.get('k')) end)");
    assert_eq!(bench.call("b", "look", &[]).as_deref(), Ok("nilnilnil"));
}

#[test]
fn errors_in_every_callback_disable_it() {
    let bench = Bench::new();
    bench.run("a", "scarab.every(10, function() error('x') end) scarab.on('k', function() error('y') end)");
    bench.host.wait("Disabled");
    assert!(matches!(bench.info("a").state, State::Disabled { .. }));
    assert_eq!(bench.info("a").errors, 3);
    assert_eq!(bench.info("a").memory, 0);
}

#[test]
fn a_script_that_does_not_end_when_it_is_loaded() {
    let bench = Bench::new();
    let error =
        bench.load("a", "", "while true do pcall(function() while true do end end) end").expect_err("it is ended");
    assert!(error.to_string().contains("a.luau:7: ran longer than 500 ms"), "{error}");
    let error = bench
        .load("a", "", "local t = {} while true do t[#t + 1] = string.rep('x', 10000) .. #t end")
        .expect_err("it is ended");
    assert!(error.to_string().contains("used more than the 16 MiB"), "{error}");
    assert!(bench.plugins.list().is_empty());
}

#[test]
fn source_that_is_hard_to_compile() {
    let bench = Bench::new();
    for body in [
        format!("return {}1{}", "(".repeat(30_000), ")".repeat(30_000)),
        format!("return {}1", "-".repeat(40_000).replace("--", "- ")),
        format!("local x = {}1", "1 + ".repeat(15_000)),
        format!("local x = {}{}", "{".repeat(30_000), "}".repeat(30_000)),
        "local a ".repeat(8_000),
        "do ".repeat(20_000),
    ] {
        // Refused or not: nothing overflows, and nobody waits for long.
        match bench.load("a", "", &body) {
            Ok(_) => bench.plugins.unload("a").expect("it is loaded"),
            Err(error) => assert!(error.to_string().starts_with("a.luau:"), "{error}"),
        }
    }
}

#[test]
fn names_of_events_and_arguments_that_are_tables_with_tricks() {
    let trick = "setmetatable({}, { __index = function() while true do end end, __iter = function() while true do end end, __len = function() return 1e9 end })";
    fails_with(&format!("scarab.notify({trick})"), "title must be a text, not nil");
    assert_eq!(attack(&format!("scarab.emit('x', {trick})")).as_deref(), Ok(""));
    fails_with(&format!("scarab.send({trick}, 'x')"), "needs the permission");
    fails_with(&format!("scarab.screen({trick})"), "a table must have the session's id");
}
