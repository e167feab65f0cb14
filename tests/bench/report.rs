//! What becomes of the figures: docs/performance.json, a plot, and the table in docs/PERFORMANCE.md.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, anyhow};
use plotters::prelude::*;

use crate::table::{Goal, Row, Table};

/// Where the table is in the page, which is written by hand else.
const MARKS: [&str; 2] = ["<!-- figures: written by tests/bench/run --docs -->", "<!-- end of figures -->"];

/// The height of a row in the plot, and its width, in pixels.
const ROW: u32 = 22;
const WIDTH: u32 = 1100;

/// The least ratio that is drawn.
const SMALLEST: f64 = 0.1;

const REACHED: RGBColor = RGBColor(46, 125, 80);
const MISSED: RGBColor = RGBColor(190, 60, 50);

/// Writes all three into a directory.
///
/// # Errors
/// If one cannot be written, or the page has no place for the table.
pub fn write(table: &Table, docs: &Path) -> anyhow::Result<()> {
    table.write(&docs.join("performance.json"))?;
    plot(table, &docs.join("performance.svg"))?;
    let page = docs.join("PERFORMANCE.md");
    let text = fs::read_to_string(&page).with_context(|| page.display().to_string())?;
    let [begin, end] = MARKS.map(|mark| text.find(mark));
    let (Some(begin), Some(end)) = (begin, end) else {
        return Err(anyhow!("{} has no place for the figures", page.display()));
    };
    let text = format!("{}{}\n\n{}\n{}", &text[..begin], MARKS[0], markdown(table)?, &text[end..]);
    fs::write(&page, text).with_context(|| page.display().to_string())
}

/// The rows as a table, with the machine above it.
fn markdown(table: &Table) -> anyhow::Result<String> {
    let mut text = format!("{}\n\n", machine()?);
    text += "| what | Scarab | beside it | figure | ratio (lowest-highest) | goal |\n|---|---|---|---|---|---|\n";
    for row in &table.rows {
        let Row { what, against, unit, ours, theirs, ratio: [ratio, lowest, highest], .. } = row;
        let (theirs, ratio) = match theirs.is_finite() {
            true => (format!("{theirs:.1} {unit}"), format!("{ratio:.2} ({lowest:.2}-{highest:.2})")),
            false => Default::default(),
        };
        let spread =
            row.spread().map_or_else(String::new, |[lowest, highest]| format!(" ({lowest:.1} to {highest:.1})"));
        let goal = row.goal_text().map_or_else(String::new, |(goal, reached)| {
            format!("{goal}: {}", if reached { "reached" } else { "**missed**" })
        });
        text += &format!("| {what} | {ours:.1} {unit}{spread} | {against} | {theirs} | {ratio} | {goal} |\n");
    }
    Ok(text)
}

/// The processor, how many of them, and the system.
fn machine() -> anyhow::Result<String> {
    let processors = fs::read_to_string("/proc/cpuinfo")?;
    let named = |name: &str| processors.lines().find_map(|line| line.strip_prefix(name)?.split_once(": "));
    let model = named("model name").map_or("an unnamed processor", |(_, model)| model);
    let count = std::thread::available_parallelism()?;
    let system = Command::new("uname").args(["-s", "-r"]).output()?;
    let system = String::from_utf8_lossy(&system.stdout).trim().to_owned();
    // What follows names a build of it.
    let system = system.split('-').next().unwrap_or_default();
    Ok(format!("{count} processors ({model}), {system}."))
}

/// A bar for each row whose ratio has a goal, from 1 to it, on a logarithmic scale.
fn plot(table: &Table, path: &Path) -> anyhow::Result<()> {
    let has_goal = |row: &&Row| matches!(row.goal, Goal::RatioAtMost(_) | Goal::RatioAtLeast(_));
    let rows: Vec<&Row> = table.rows.iter().filter(has_goal).filter(|row| row.ratio[0] > 0.0).collect();
    let range = rows
        .iter()
        // A difference may be none at all, which a logarithm does not know.
        .flat_map(|row| row.ratio.map(|ratio| ratio.max(SMALLEST)))
        .fold((0.5_f64, 2.0_f64), |(low, high), ratio| (low.min(ratio), high.max(ratio)));
    let height = ROW * u32::try_from(rows.len())? + 80;
    let area = SVGBackend::new(path, (WIDTH, height)).into_drawing_area();
    let drawn = || -> Result<(), Box<dyn std::error::Error>> {
        area.fill(&WHITE)?;
        let count = rows.len();
        let mut chart = ChartBuilder::on(&area)
            .caption("Scarab beside others: ratio, its spread, and what it is to be", ("sans-serif", 16))
            .margin(10)
            .x_label_area_size(30)
            .y_label_area_size(560)
            .build_cartesian_2d((range.0 * 0.9..range.1 * 1.1).log_scale(), (0..count).into_segmented())?;
        let name = |position: &SegmentValue<usize>| match position {
            SegmentValue::CenterOf(at) if *at < count => {
                let row = rows[count - 1 - at];
                let goal = row.goal_text().map_or_else(String::new, |(goal, _)| goal);
                format!("{} / {} ({goal})", row.what, row.against)
            }
            _ => String::new(),
        };
        chart
            .configure_mesh()
            .disable_y_mesh()
            .y_labels(count)
            .y_label_formatter(&name)
            .y_label_style(("sans-serif", 11))
            .x_label_formatter(&|ratio| format!("{ratio}x"))
            .draw()?;
        for (at, row) in rows.iter().rev().enumerate() {
            let color = if row.goal_text().is_some_and(|(_, reached)| reached) { REACHED } else { MISSED };
            let [ratio, lowest, highest] = row.ratio.map(|ratio| ratio.max(SMALLEST));
            let (below, above) = (SegmentValue::Exact(at), SegmentValue::Exact(at + 1));
            let mut bar = Rectangle::new([(1.0, below), (ratio, above)], color.filled());
            bar.set_margin(4, 4, 0, 0);
            chart.draw_series([bar])?;
            let middle = SegmentValue::CenterOf(at);
            chart.draw_series([PathElement::new([(lowest, middle.clone()), (highest, middle)], BLACK)])?;
        }
        area.present()?;
        Ok(())
    };
    drawn().map_err(|error| anyhow!("the plot: {error}"))
}
