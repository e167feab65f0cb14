//! The table of keys for people: a whole file with every default, and the table in docs/CONFIGURATION.md.

use std::fmt::Write;

use super::{Effect, Form, KEYS, Key, PLUGIN_KEYS};

/// How wide a comment is.
const WIDTH: usize = 100;

/// A whole file with every key at its default, each with a comment. The colours that would go before any theme's are comments themselves.
pub fn default_file() -> String {
    let mut file = String::from(
        "# The configuration of Scarab, with every key at its default. What is left out has its default.\n\
         # The daemon reads it again whenever it changes; `scarabctl config check` says what is wrong with it.\n\
         # Colours are commented out, because one that is written down goes before that of every theme.\n",
    );
    let mut section = "";
    for key in KEYS {
        let (own, name) = key.parts();
        if own != section {
            let _ = write!(file, "\n[{own}]\n");
            section = own;
        }
        // With all of them written down, `client.theme` would change nothing.
        let mark = if is_in_place_of_a_themes(key) { "# " } else { "" };
        let _ = write!(file, "\n{}{mark}{name} = {}\n", comment(key), key.default());
    }
    file.push_str("\n# A section for each plugin, by its name.\n# [plugins.NAME]\n");
    for key in PLUGIN_KEYS {
        let name = key.parts().1;
        let _ = write!(file, "\n{}", comment(key));
        if name != "KEY" {
            let _ = writeln!(file, "# {name} = {}", key.default());
        }
    }
    file
}

/// Whether a key gives a colour in place of the theme's. All keys of colours do.
fn is_in_place_of_a_themes(key: &Key) -> bool {
    matches!(key.form, Form::Color | Form::Colors(_))
}

fn comment(key: &Key) -> String {
    let mut words = format!("{} Allowed: {}.", key.says, key.form);
    match key.effect {
        Effect::Live => {}
        Effect::NewSessions => words.push_str(" For new sessions."),
        Effect::NewWindows => words.push_str(" For new windows."),
        Effect::Restart => words.push_str(" A change needs a restart of the daemon."),
    }
    let mut lines = vec![String::from("#")];
    for word in words.split_whitespace() {
        if lines.last().is_some_and(|line| line.chars().count() + 1 + word.chars().count() > WIDTH) {
            lines.push(String::from("#"));
        }
        if let Some(line) = lines.last_mut() {
            let _ = write!(line, " {word}");
        }
    }
    lines.join("\n") + "\n"
}

/// The keys as a table in Markdown.
pub fn key_table() -> String {
    let mut table = String::from("| key | value | default | a change counts | what it is |\n|---|---|---|---|---|\n");
    for key in KEYS.iter().chain(PLUGIN_KEYS) {
        let counts = match key.effect {
            Effect::Live => "at once",
            Effect::NewSessions => "for new sessions",
            Effect::NewWindows => "for new windows",
            Effect::Restart => "after a restart",
        };
        let default = match key.name {
            "plugins.NAME.path" | "plugins.NAME.KEY" => String::from("none"),
            // Sixteen colours would make the table as wide as a wall.
            "client.ansi" => String::from("see `scarabctl config --default`"),
            _ => format!("`{}`", key.default()),
        };
        let _ = writeln!(table, "| `{}` | {} | {default} | {counts} | {} |", key.name, key.form, key.says);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_a_comment_is_too_wide() {
        let file = default_file();
        // The sixteen colours are a value and no words.
        let comments = file.lines().filter(|line| line.starts_with('#') && !line.starts_with("# ansi = "));
        assert!(comments.map(|line| line.chars().count()).all(|width| width <= WIDTH + 10), "{file}");
    }

    #[test]
    fn every_key_is_there_and_those_that_would_hide_the_theme_are_comments() {
        let file = default_file();
        for key in KEYS {
            let name = key.parts().1;
            let (said, commented) = (format!("\n{name} = "), format!("\n# {name} = "));
            let (wanted, other) = if is_in_place_of_a_themes(key) { (&commented, &said) } else { (&said, &commented) };
            assert!(file.contains(wanted) && !file.contains(other), "{name}: {file}");
        }
    }
}
