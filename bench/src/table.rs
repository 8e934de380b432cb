//! Figures: printed as a table, written as JSON, and judged by their limits.

use crate::measure::Compared;
use serde::Serialize;
use std::path::Path;

/// One line of the table.
#[derive(Debug, Clone, Serialize)]
pub struct Figure {
    /// What was measured.
    pub figure: String,
    /// Ours, in `unit`.
    pub ours: f64,
    /// What it is compared with; `null` if with nothing.
    pub theirs: Option<f64>,
    /// Of what `ours` and `theirs` are so many.
    pub unit: &'static str,
    /// Ours by theirs: the median of all runs. Without theirs, ours.
    pub ratio: f64,
    /// The lowest and the highest ratio of a run.
    pub spread: Option<(f64, f64)>,
    /// What the ratio may be at most.
    pub limit: Option<f64>,
    /// True if it is.
    pub holds: bool,
}

impl Figure {
    /// Two times, for `per` pieces of work each.
    #[must_use]
    pub fn times(figure: impl Into<String>, per: usize, times: Compared, limit: Option<f64>) -> Self {
        let per = per as f64;
        Self {
            figure: figure.into(),
            ours: times.ours / per,
            theirs: Some(times.theirs / per),
            unit: "ns",
            ratio: times.ratio,
            spread: Some(times.spread),
            limit,
            holds: limit.is_none_or(|limit| times.ratio <= limit),
        }
    }

    /// Something that is counted, against a limit of its own.
    #[must_use]
    pub fn count(figure: impl Into<String>, unit: &'static str, ours: f64, limit: Option<f64>) -> Self {
        Self {
            figure: figure.into(),
            ours,
            theirs: None,
            unit,
            ratio: ours,
            spread: None,
            limit,
            holds: limit.is_none_or(|limit| ours <= limit),
        }
    }

    /// The same thing counted on both sides.
    #[must_use]
    pub fn counts(
        figure: impl Into<String>,
        unit: &'static str,
        ours: f64,
        theirs: f64,
        limit: Option<f64>,
    ) -> Self {
        let ratio = ours / theirs;
        let holds = limit.is_none_or(|limit| ratio <= limit);
        Self { theirs: Some(theirs), ratio, limit, holds, ..Self::count(figure, unit, ours, None) }
    }
}

/// Prints the heads of the columns.
pub fn print_head() {
    println!(
        "{:<84} {:>12} {:>12}  {:<16} {:>8} {:>17} {:>8}",
        "figure", "ours", "theirs", "", "ratio", "spread", "at most"
    );
}

/// Prints one line.
pub fn print(figure: &Figure) {
    let number = |value: f64| match value {
        value if value.abs() < 10.0 => format!("{value:.2}"),
        value if value.abs() < 100_000.0 => format!("{value:.0}"),
        value => format!("{:.1} k", value / 1_000.0),
    };
    let ratio = |value: f64| match value {
        value if value > 0.0 && value < 0.5 => format!("1/{:.1}", 1.0 / value),
        value => format!("{value:.2}"),
    };
    let is_ratio = figure.theirs.is_some();
    println!(
        "{:<84} {:>12} {:>12}  {:<16} {:>8} {:>17} {:>8} {}",
        figure.figure,
        number(figure.ours),
        figure.theirs.map(number).unwrap_or_default(),
        figure.unit,
        if is_ratio { ratio(figure.ratio) } else { String::new() },
        figure.spread.map(|(low, high)| format!("{} … {}", ratio(low), ratio(high))).unwrap_or_default(),
        figure.limit.map(|limit| if is_ratio { ratio(limit) } else { number(limit) }).unwrap_or_default(),
        if figure.holds { "" } else { "  <-- DOES NOT HOLD" },
    );
}

/// Writes all of them to `path`, and tells if all hold.
///
/// # Errors
///
/// If the file cannot be written.
pub fn write(figures: &[Figure], path: &Path) -> std::io::Result<bool> {
    let json = serde_json::to_string_pretty(figures)?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, json + "\n")?;
    Ok(figures.iter().all(|figure| figure.holds))
}
