//! Instructions, counted by callgrind where valgrind is installed: of the same work done two and twelve times, a tenth of the
//! difference is what once takes.

use std::process::{Command, Stdio};

/// True if valgrind is installed.
#[must_use]
pub fn is_there() -> bool {
    let version =
        Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

/// What the work takes that this program does when it is given these arguments, and a number of times.
#[must_use]
pub fn instructions(arguments: &[&str]) -> Option<u64> {
    let (few, many) = (2, 12);
    let of = |times: u64| {
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(std::env::current_exe().ok()?)
            .args(arguments)
            .arg(times.to_string())
            .output()
            .ok()?;
        // ==1234== Collected : 123456
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let line = text.lines().find(|line| line.contains("Collected :"))?;
        line.split_whitespace().last()?.parse::<u64>().ok()
    };
    Some(of(many)?.checked_sub(of(few)?)? / (many - few))
}
