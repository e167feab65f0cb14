//! docs/CONFIGURATION.md against the code: the table of keys.

use scarab_protocol::config::key_table;

/// The page. A link inside the crate leads to it, so that the packed crate has it too.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/CONFIGURATION.md");

/// What stands around the table.
const BEGIN: &str = "cargo test -p scarab-protocol --test configuration` -->\n";
const END: &str = "<!-- end of keys -->";

#[test]
fn the_pages_table_of_keys_is_the_codes() {
    let page = std::fs::read_to_string(PAGE).expect("docs/CONFIGURATION.md is there").replace("\r\n", "\n");
    let (before, rest) = page.split_once(BEGIN).expect("the table begins somewhere");
    let (table, after) = rest.split_once(END).expect("the table ends somewhere");
    let made = format!("\n{}\n", key_table());
    if std::env::var_os("SCARAB_BLESS").is_some() {
        std::fs::write(PAGE, [before, BEGIN, &made, END, after].concat()).expect("the page can be written");
        return;
    }
    assert_eq!(table, made, "the page does not say what the code does: write it with SCARAB_BLESS=1");
}
