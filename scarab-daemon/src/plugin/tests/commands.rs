//! Commands, and what can be wrong with a call.

use super::harness::Bench;
use crate::plugin::{
    CallContext, CallError, SessionRef,
    limits::{ANSWER_BYTES, CALL_BYTES, CALL_WORDS, CALLS},
};

#[test]
fn a_command_is_listed_and_answers() {
    let bench = Bench::new();
    let info = bench.run(
        "a",
        "scarab.command('greet', 'NAME: says hello', function(args, context)
            return `hello {args[1]} of {#args} from {context.client} in {context.session and context.session.name}` end)
        scarab.command('quiet', '', function() end)",
    );
    let commands: Vec<_> = info.commands.iter().map(|command| (&*command.name, &*command.help)).collect();
    assert_eq!(commands, [("greet", "NAME: says hello"), ("quiet", "")]);
    assert_eq!(bench.call("a", "greet", &["you", "too"]).as_deref(), Ok("hello you of 2 from nil in nil"));
    assert_eq!(bench.call("a", "quiet", &[]).as_deref(), Ok(""));
    let (sender, answer) = crossbeam_channel::bounded(1);
    let context = CallContext { client: Some("ctl".into()), session: Some(SessionRef { number: 1, name: "s".into() }) };
    bench.plugins.call(
        "a",
        "greet",
        vec!["x".into()],
        context,
        Box::new(move |outcome| sender.send(outcome).expect("waits")),
    );
    assert_eq!(answer.recv().expect("an answer").as_deref(), Ok("hello x of 1 from ctl in s"));
}

#[test]
fn unknown_plugins_and_commands_are_answered_with_what_there_is() {
    let bench = Bench::new();
    bench.run("a", "scarab.command('go', '', function() end) scarab.command('stop', '', function() end)");
    let says = |plugin, command| bench.call(plugin, command, &[]).expect_err("unknown").to_string();
    assert_eq!(says("b", "go"), "no plugin `b` is loaded; loaded: a");
    assert_eq!(says("a", "walk"), "plugin `a` has no command `walk`; there: go, stop");
}

#[test]
fn a_command_refuses_arguments_and_that_is_no_fault() {
    let bench = Bench::new();
    bench.run(
        "a",
        "scarab.command('one', '', function(args) if #args ~= 1 then error('usage: one ARG', 0) end end)
        scarab.command('two', '', function(args) return nil, 'usage: two A B' end)",
    );
    for _ in 0..5 {
        assert_eq!(bench.call("a", "one", &[]), Err(CallError::Refused { message: "usage: one ARG".into() }));
        assert_eq!(bench.call("a", "two", &[]), Err(CallError::Refused { message: "usage: two A B".into() }));
    }
    assert_eq!(bench.info("a").errors, 0);
    bench.call("a", "one", &["x"]).expect("fine");
}

#[test]
fn a_failing_command_says_its_line_and_counts() {
    let bench = Bench::new();
    bench.run("a", "scarab.command('fail', '', function() local t = nil\n return t.x end) scarab.command('odd', '', function() return {} end)");
    let error = bench.call("a", "fail", &[]).expect_err("fails");
    assert_eq!(error, CallError::Failed { message: "a.luau:8: attempt to index nil with 'x'".into() });
    assert_eq!(bench.info("a").errors, 1);
    let error = bench.call("a", "odd", &[]).expect_err("no text").to_string();
    assert!(error.contains("a command must return a text or nil, not table"), "{error}");
}

#[test]
fn a_slow_command_is_ended_and_the_next_one_answers() {
    let bench = Bench::new();
    bench.run("a", "scarab.command('slow', '', function() while true do end end) scarab.command('fast', '', function() return 'x' end)");
    let error = bench.call("a", "slow", &[]).expect_err("slow");
    assert_eq!(error, CallError::Slow { message: "a.luau:7: ran longer than 100 ms and was ended".into() });
    assert_eq!(bench.call("a", "fast", &[]).as_deref(), Ok("x"));
}

#[test]
fn calls_that_wait_are_bounded_and_each_is_answered_once() {
    let bench = Bench::new();
    // As slow as it may be, so that calls pile up.
    bench.run("a", "scarab.command('busy', '', function() local t = os.clock() while os.clock() - t < 0.05 do end return 'done' end)");
    let (sender, answers) = crossbeam_channel::unbounded();
    const ALL: usize = 3 * CALLS;
    for _ in 0..ALL {
        let sender = sender.clone();
        let reply = Box::new(move |outcome| sender.send(outcome).expect("the test waits"));
        bench.plugins.call("a", "busy", Vec::new(), CallContext::default(), reply);
    }
    let busy = answers.try_iter().filter(|answer| matches!(answer, Err(CallError::Busy { .. }))).count();
    assert!(busy >= ALL - CALLS - 2, "{busy}");
    // Those that wait when it is unloaded are told so.
    bench.plugins.unload("a").expect("loaded");
    drop(sender);
    let rest: Vec<_> = answers.iter().collect();
    let fine = |answer: &Result<String, CallError>| {
        matches!(answer, Ok(text) if text == "done")
            || matches!(answer, Err(CallError::Ended { .. } | CallError::Refused { .. } | CallError::Busy { .. }))
    };
    assert!(rest.iter().all(fine), "{rest:?}");
    assert!(rest.iter().any(|answer| matches!(answer, Err(CallError::Ended { .. }))), "{rest:?}");
}

#[test]
fn arguments_of_a_call_are_bounded() {
    let bench = Bench::new();
    bench.run("a", "scarab.command('count', '', function(args) return #args .. ' ' .. #table.concat(args) end)");
    let refused = |args: &[&str]| {
        let error = bench.call("a", "count", args).expect_err("too much");
        assert!(matches!(error, CallError::Refused { .. }), "{error:?}");
        assert_eq!(error.to_string(), "plugin `a`: a call may have 256 arguments with 64 KiB in all; pass less");
    };
    let long = "x".repeat(CALL_BYTES);
    refused(&[&*long, "x"]);
    refused(&["", ""].repeat(CALL_WORDS));
    assert_eq!(bench.call("a", "count", &[&long]).as_deref(), Ok("1 65536"));
    assert_eq!(bench.call("a", "count", &["x"].repeat(CALL_WORDS)).as_deref(), Ok("256 256"));
}

#[test]
fn an_answer_is_bounded_also_if_it_is_no_text() {
    let bench = Bench::new();
    bench.run("a", "scarab.command('odd', '', function() return string.rep('\\255', 1000000) end)");
    let answer = bench.call("a", "odd", &[]).expect("an answer");
    assert!(answer.len() <= ANSWER_BYTES && answer.starts_with('\u{fffd}'), "{} bytes", answer.len());
}

#[test]
fn a_call_is_answered_in_the_middle_of_a_flood_of_lines() {
    let bench = Bench::new();
    let session = bench.host.add_session(1, "s", None);
    bench.run(
        "a",
        "local lines = 0
        scarab.on_line('x', function() lines += 1 if lines == 1 then scarab.emit('begun') end
            local t = os.clock() while os.clock() - t < 0.02 do end end)
        scarab.after(10, function() scarab.emit('timer', { lines = lines }) end)
        scarab.command('lines', '', function() return lines end)",
    );
    // Looking at all of them takes more than a minute.
    const LINES: usize = 4000;
    bench.plugins.line_feed().feed(&session, vec!["x".to_owned(); LINES]);
    bench.host.wait("emit begun");
    let seen = |answer: Result<String, CallError>| answer.expect("an answer").parse::<usize>().expect("a number");
    let first = seen(bench.call("a", "lines", &[]));
    let second = seen(bench.call("a", "lines", &[]));
    assert!(first <= second && second < LINES, "{first}, {second}");
    let timer = bench.host.wait("emit timer");
    assert!(!timer.contains(&format!("lines={LINES}")), "{timer}");
}
