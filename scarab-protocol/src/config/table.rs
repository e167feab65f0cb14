//! The table of the configuration's keys, as data: the sections, and each key with its values, its effect and its sentence.

use super::{Effect, Form, Given, Key, THEMES};

/// The sections of the file, in the order in which they are shown.
pub const SECTIONS: [&str; 3] = ["daemon", "client", "plugins"];

/// The default of `client.word_separators`.
pub const WORD_SEPARATORS: &str = ",│`|:\"'()[]{}<>";

/// What `client.font_size` and `client.minimum_font_size` may be, in logical pixels: from what can be told apart at all to what fills a
/// screen with a few letters.
const FONT_SIZE: Form = Form::Float { least: 4.0, most: 200.0 };

/// What `client.light_theme` may be.
const LIGHT_THEMES: &[&str] = &light_themes();

const fn light_themes() -> [&'static str; THEMES.len() + 1] {
    let mut names = ["same"; THEMES.len() + 1];
    let mut at = 0;
    while at < THEMES.len() {
        names[at + 1] = THEMES[at];
        at += 1;
    }
    names
}

/// The keys of the sections `[daemon]` and `[client]`, in the order in which they are shown.
pub const KEYS: &[Key] = &[
    Key {
        name: "daemon.shell",
        form: Form::Texts,
        effect: Effect::NewSessions,
        says: "The program and its arguments for a session that is made without a command; none: the user's login shell.",
        default: Given::Texts(&[]),
    },
    Key {
        name: "daemon.scrollback",
        form: Form::Integer { least: 0, most: 1_000_000 },
        effect: Effect::Live,
        says: "How many lines of scrollback a session holds, running ones too; with fewer, the oldest leave.",
        default: Given::Integer(10_000),
    },
    Key {
        name: "daemon.term",
        form: Form::Word,
        effect: Effect::NewSessions,
        says: "The variable TERM of a session.",
        default: Given::Text("xterm-256color"),
    },
    Key {
        name: "daemon.size_policy",
        form: Form::OneOf(&["latest", "smallest", "largest", "manual"]),
        effect: Effect::NewSessions,
        says: "Which of its clients' sizes a session has: of the one last used, the smallest, the largest, or none of them.",
        default: Given::Text("latest"),
    },
    Key {
        name: "daemon.resume_seconds",
        // Longer than a busy or stopped machine takes, short enough that nothing piles up.
        form: Form::Integer { least: 0, most: 86_400 },
        effect: Effect::Restart,
        says: "How long a client whose connection is lost may take to come back, and how long a session that does not linger outlives its last client.",
        default: Given::Integer(30),
    },
    Key {
        name: "daemon.log",
        form: Form::Text,
        effect: Effect::Live,
        says: "What the daemon logs: error, warn, info, debug, trace, or a list such as \"warn,scarab_daemon=debug\"; --log and SCARAB_LOG go before it.",
        default: Given::Text("info"),
    },
    Key {
        name: "client.font",
        form: Form::Text,
        effect: Effect::Live,
        says: "The font's family, a monospaced one of the system, or monospace for the one that the system prefers; none: the JetBrains Mono that comes along, as where it is not found.",
        default: Given::Text(""),
    },
    Key {
        name: "client.font_size",
        form: FONT_SIZE,
        effect: Effect::Live,
        says: "The size of the text, in logical pixels.",
        default: Given::Float(15.0),
    },
    Key {
        name: "client.minimum_font_size",
        form: FONT_SIZE,
        effect: Effect::Live,
        says: "The least size of the text, which neither client.font_size nor keys go below.",
        default: Given::Float(4.0),
    },
    Key {
        name: "client.line_height",
        form: Form::Float { least: 0.5, most: 3.0 },
        effect: Effect::Live,
        says: "The height of a row, in units of the font's own.",
        default: Given::Float(1.0),
    },
    Key {
        name: "client.padding",
        form: Form::Float { least: 0.0, most: 200.0 },
        effect: Effect::Live,
        says: "The space between the cells and the window's edge, in logical pixels.",
        default: Given::Float(4.0),
    },
    Key {
        name: "client.window_size",
        form: Form::Cells,
        effect: Effect::NewWindows,
        says: "How many columns and rows a window begins with; none: as large as 100x30 of the default font.",
        default: Given::Text(""),
    },
    Key {
        name: "client.window_start",
        form: Form::OneOf(&["windowed", "maximized", "fullscreen"]),
        effect: Effect::NewWindows,
        says: "How a window begins.",
        default: Given::Text("windowed"),
    },
    Key {
        name: "client.opacity",
        form: Form::Float { least: 0.1, most: 1.0 },
        effect: Effect::Live,
        says: "How opaque the screen is where no program has coloured it; text always is. It can only be changed in a window that was opened with less than 1.",
        default: Given::Float(1.0),
    },
    Key {
        name: "client.theme",
        form: Form::OneOf(THEMES),
        effect: Effect::Live,
        says: "The colours, but for those that are given one by one below.",
        default: Given::Text("scarab"),
    },
    Key {
        name: "client.light_theme",
        form: Form::OneOf(LIGHT_THEMES),
        effect: Effect::Live,
        says: "The same while the desktop is a light one, where it says so; same: client.theme.",
        default: Given::Text("same"),
    },
    Key {
        name: "client.foreground",
        form: Form::Color,
        effect: Effect::Live,
        says: "Text in the default colour, in place of the theme's.",
        default: Given::Text("#d8dee9"),
    },
    Key {
        name: "client.background",
        form: Form::Color,
        effect: Effect::Live,
        says: "The screen behind the text, in place of the theme's.",
        default: Given::Text("#16181d"),
    },
    Key {
        name: "client.cursor",
        form: Form::Color,
        effect: Effect::Live,
        says: "The cursor, in place of the theme's.",
        default: Given::Text("#e5c07b"),
    },
    Key {
        name: "client.selection",
        form: Form::Color,
        effect: Effect::Live,
        says: "Behind what is selected, in place of the theme's.",
        default: Given::Text("#3b4861"),
    },
    Key {
        name: "client.found",
        form: Form::Color,
        effect: Effect::Live,
        says: "Behind what a search has found, in place of the theme's.",
        default: Given::Text("#5f4b1e"),
    },
    Key {
        name: "client.found_here",
        form: Form::Color,
        effect: Effect::Live,
        says: "Behind the text where a search has stopped, in place of the theme's.",
        default: Given::Text("#f0c674"),
    },
    Key {
        name: "client.ansi",
        form: Form::Colors(16),
        effect: Effect::Live,
        says: "Black, red, green, yellow, blue, magenta, cyan, white, and the same eight bright, in place of the theme's.",
        default: Given::Texts(&[
            "#2b2f38", "#e06c75", "#98c379", "#d7a65f", "#61afef", "#c678dd", "#56b6c2", "#c0c5ce", "#656d7d",
            "#ff878f", "#b5e090", "#f0c674", "#82c4ff", "#dd9af0", "#74d4e0", "#f5f7fa",
        ]),
    },
    Key {
        name: "client.cursor_shape",
        form: Form::OneOf(&["block", "underline", "bar"]),
        effect: Effect::Live,
        says: "The cursor's shape where the program in the terminal has not chosen one (DECSCUSR).",
        default: Given::Text("block"),
    },
    Key {
        name: "client.cursor_blink",
        form: Form::OneOf(&["program", "always", "never"]),
        effect: Effect::Live,
        says: "Whether the cursor blinks: as the program in the terminal asks, always, or never.",
        default: Given::Text("program"),
    },
    Key {
        name: "client.cursor_blink_interval",
        // Faster is a flicker, slower is no blinking.
        form: Form::Integer { least: 100, most: 5000 },
        effect: Effect::Live,
        says: "How long a cursor that blinks is seen, and how long not, in milliseconds.",
        // What desktops have as a rule: GTK's gtk-cursor-blink-time is 1200 for both, Windows' caret has 530 each.
        default: Given::Integer(600),
    },
    Key {
        name: "client.text_blink",
        form: Form::Bool,
        effect: Effect::Live,
        says: "Whether text blinks that programs want to blink.",
        default: Given::Bool(true),
    },
    Key {
        name: "client.ligatures",
        form: Form::Bool,
        effect: Effect::Live,
        says: "Whether signs such as -> and != are drawn as one where the font has them so.",
        default: Given::Bool(false),
    },
    Key {
        name: "client.bell",
        form: Form::OneOf(&["urgent", "visual", "both", "none"]),
        effect: Effect::Live,
        says: "What the bell does: the desktop is told while the window has not the keyboard, the window flashes, both, or nothing. Unless it does nothing, a tab that is not shown is marked.",
        default: Given::Text("urgent"),
    },
    Key {
        name: "client.on_exit",
        form: Form::OneOf(&["close", "hold"]),
        effect: Effect::Live,
        says: "Whether a pane closes when its program has ended, or stays with its last screen and the program's status.",
        default: Given::Text("close"),
    },
    Key {
        name: "client.confirm_close",
        form: Form::OneOf(&["running", "always", "never"]),
        effect: Effect::Live,
        says: "When it is asked before a key closes a pane: if others look at its session or something runs there beside the shell, always, or never.",
        default: Given::Text("running"),
    },
    Key {
        name: "client.confirm_paste",
        form: Form::Bool,
        effect: Effect::Live,
        says: "Whether it is asked before several lines or control characters are pasted into a program that takes a paste for typing.",
        default: Given::Bool(true),
    },
    Key {
        name: "client.hide_mouse",
        form: Form::Bool,
        effect: Effect::Live,
        says: "Whether the pointer is hidden while one types, until it is moved.",
        default: Given::Bool(true),
    },
    Key {
        name: "client.clipboard_write",
        form: Form::Bool,
        effect: Effect::Live,
        says: "Whether programs may put something on the clipboard (OSC 52). They can never read it.",
        default: Given::Bool(true),
    },
    Key {
        name: "client.copy_on_select",
        form: Form::Bool,
        effect: Effect::Live,
        says: "Whether what is selected goes to the clipboard at once.",
        default: Given::Bool(false),
    },
    Key {
        name: "client.word_separators",
        form: Form::Text,
        effect: Effect::Live,
        says: "The characters that end a word when one is selected by a double click, beside blanks.",
        default: Given::Text(WORD_SEPARATORS),
    },
    Key {
        name: "client.bold_is_bright",
        form: Form::Bool,
        effect: Effect::Live,
        says: "Whether bold text in one of the first eight colours has the bright one.",
        default: Given::Bool(false),
    },
    Key {
        name: "client.minimum_contrast",
        form: Form::Float { least: 1.0, most: 21.0 },
        effect: Effect::Live,
        says: "The least contrast of text to what is behind it, as WCAG 2 counts it: 1 for any, 4.5 for good reading, 21 for black and white. Lines, blocks and the like keep their colours.",
        default: Given::Float(1.0),
    },
    Key {
        name: "client.bindings",
        form: Form::Bindings,
        effect: Effect::Live,
        says: "Keys and what they do, in place of the default bindings of these keys; none gives a key to the program, and text: and a text types that.",
        default: Given::Texts(&[]),
    },
];

/// The keys of a section `[plugins.NAME]`. The last stands for every other key: a setting of the plugin's own.
pub const PLUGIN_KEYS: &[Key] = &[
    Key {
        name: "plugins.NAME.path",
        form: Form::Text,
        effect: Effect::Live,
        says: "The plugin's file.",
        default: Given::Text(""),
    },
    Key {
        name: "plugins.NAME.enabled",
        form: Form::Bool,
        effect: Effect::Live,
        says: "Whether it is loaded.",
        default: Given::Bool(true),
    },
    Key {
        name: "plugins.NAME.input",
        form: Form::Texts,
        effect: Effect::Live,
        says: "The names of the sessions that it may type into, if its manifest asks for that; * for all.",
        default: Given::Texts(&[]),
    },
    Key {
        name: "plugins.NAME.KEY",
        form: Form::Any,
        effect: Effect::Live,
        says: "Any other key is a setting of the plugin's own.",
        default: Given::Text(""),
    },
];
