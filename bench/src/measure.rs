//! Times two ways of the same work in turns, so that whatever else the machine does falls on both.
//!
//! The time is the thread's own on the processor.

use cpu_time::ThreadTime;
use std::hint::black_box;
use std::time::Duration;

/// How often each is timed; what is given is the median.
pub const RUNS: usize = 10;

/// How long one timing takes about.
const SAMPLE: Duration = Duration::from_millis(20);

/// Two ways of the same work, timed in turns.
#[derive(Debug, Clone, Copy)]
pub struct Compared {
    /// Nanoseconds of ours.
    pub ours: f64,
    /// Nanoseconds of theirs.
    pub theirs: f64,
    /// The median of the ratios of the runs.
    pub ratio: f64,
    /// The lowest and the highest of them.
    pub spread: (f64, f64),
}

/// Compares two ways of doing something.
pub fn compare<A, B>(mut ours: impl FnMut() -> A, mut theirs: impl FnMut() -> B) -> Compared {
    let (ours_times, theirs_times) = (times_for(&mut ours), times_for(&mut theirs));
    let mut samples: Vec<(f64, f64)> = (0..RUNS)
        .map(|run| {
            // What runs second finds the processor warmer.
            if run % 2 == 0 {
                let ours = sample(&mut ours, ours_times);
                (ours, sample(&mut theirs, theirs_times))
            } else {
                let theirs = sample(&mut theirs, theirs_times);
                (sample(&mut ours, ours_times), theirs)
            }
        })
        .collect();
    let ours = median(samples.iter().map(|(ours, _)| *ours));
    let theirs = median(samples.iter().map(|(_, theirs)| *theirs));
    samples.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
    let ratio = |(ours, theirs): &(f64, f64)| ours / theirs;
    Compared {
        ours,
        theirs,
        ratio: median(samples.iter().map(ratio)),
        spread: (samples.first().map_or(0.0, ratio), samples.last().map_or(0.0, ratio)),
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    (values[middle] + values[(values.len() - 1) / 2]) / 2.0
}

/// How often the work must be done to take about one [`SAMPLE`].
fn times_for<T>(work: &mut impl FnMut() -> T) -> u32 {
    let mut times = 1;
    loop {
        let start = ThreadTime::now();
        repeat(work, times);
        let took = start.elapsed();
        if took * 4 >= SAMPLE {
            let one = took.as_secs_f64() / f64::from(times);
            return (SAMPLE.as_secs_f64() / one).ceil().max(1.0) as u32;
        }
        times *= 2;
    }
}

/// Nanoseconds of doing it once, from doing it many times.
fn sample<T>(work: &mut impl FnMut() -> T, times: u32) -> f64 {
    let start = ThreadTime::now();
    repeat(work, times);
    start.elapsed().as_secs_f64() * 1e9 / f64::from(times)
}

fn repeat<T>(work: &mut impl FnMut() -> T, times: u32) {
    for _ in 0..times {
        black_box(work());
    }
}
