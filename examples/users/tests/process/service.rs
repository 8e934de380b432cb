//! The compiled service as a process of its own, and a folder of its own for it to run in.

use crate::http::Client;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

/// Longer than anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);
/// What is done at once takes less: a second, and one more for a machine that is busy with other tests.
pub(crate) const AT_ONCE: Duration = Duration::from_secs(5);

/// A new folder, deleted at the end of the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let nth = MADE.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("users-process-{}-{nth}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A running service; killed when it is dropped.
pub(crate) struct Service {
    child: Child,
    started: Instant,
    lines: Receiver<String>,
    stderr: Option<JoinHandle<String>>,
    /// `127.0.0.1:PORT`, once it listens.
    pub(crate) address: String,
}

impl Service {
    /// Starts it with these settings and no others, on a free port unless they say otherwise.
    pub(crate) fn start(folder: &Folder, vars: &[(&str, &str)]) -> Self {
        let started = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_users"))
            .env_clear()
            .env("PORT", "0")
            .envs(vars.iter().copied())
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Read to the end, always: a full pipe would stop the service.
        let (send, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        spawn(move || stdout.lines().map_while(Result::ok).for_each(|line| drop(send.send(line))));
        let mut stderr = child.stderr.take().unwrap();
        let stderr = spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).unwrap();
            text
        });
        Self { child, started, lines, stderr: Some(stderr), address: String::new() }
    }

    /// Starts it and waits until it listens.
    pub(crate) fn listening(folder: &Folder, vars: &[(&str, &str)]) -> Self {
        let mut service = Self::start(folder, vars);
        let Ok(first) = service.lines.recv_timeout(PATIENCE) else {
            panic!("it does not listen: {}", service.ended().stderr)
        };
        let address = first.strip_prefix("listening on http://").unwrap_or_else(|| panic!("{first}"));
        service.address = address.to_owned();
        service
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(&self.address).unwrap()
    }

    /// The next line that it prints.
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).unwrap()
    }

    /// What it printed that was not read yet, standard error included, once it ended.
    pub(crate) fn printed(&mut self) -> String {
        let stderr = self.ended().stderr;
        let lines: Vec<String> = self.lines.iter().collect();
        lines.join("\n") + "\n" + &stderr
    }

    /// Ends it as no program can prevent or notice: SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end: SIGTERM.
    pub(crate) fn terminate(&mut self) {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(asked.success());
        self.started = Instant::now();
    }

    /// Waits until it ends.
    pub(crate) fn ended(&mut self) -> Ended {
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(self.started.elapsed() < PATIENCE, "it does not end");
            sleep(Duration::from_millis(5));
        };
        let after = self.started.elapsed();
        let stderr = self.stderr.take().unwrap().join().unwrap();
        Ended { status, after, stderr }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How a service ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// Since it was started, or asked to end.
    pub(crate) after: Duration,
    pub(crate) stderr: String,
}
