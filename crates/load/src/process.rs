//! Reads figures of the measured server from the kernel.

use std::fs;

use crate::Result;

/// Clock ticks per second in `/proc/…/stat`, a fixed number on Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// Seconds of CPU that the processes have used so far.
pub(crate) fn cpu_seconds(pids: &[u32]) -> Result<f64> {
    let mut ticks = 0;
    for pid in pids {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The program's name, in parentheses, may contain any character.
        let (_, fields) = stat.rsplit_once(')').ok_or("unexpected /proc/…/stat")?;
        for field in fields.split_ascii_whitespace().skip(11).take(2) {
            ticks += field.parse::<u64>()?;
        }
    }
    Ok(ticks as f64 / TICKS_PER_SECOND)
}

/// Bytes of memory that the processes hold now.
pub(crate) fn resident_bytes(pids: &[u32]) -> Result<u64> {
    let mut bytes = 0;
    for pid in pids {
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.split_ascii_whitespace().next());
        bytes += kilobytes.ok_or("no VmRSS in /proc/…/status")?.parse::<u64>()? * 1024;
    }
    Ok(bytes)
}
