//! Lines for the host, through semihosting.

use core::cell::Cell;
use core::fmt::{self, Write};

use cortex_m_semihosting::hio::{self, HostStream};
use critical_section::Mutex;

static STDOUT: Mutex<Cell<Option<HostStream>>> = Mutex::new(Cell::new(None));

/// Prints on the host's standard output, as the macro of std does.
#[macro_export]
macro_rules! print {
    ($($arg:tt)*) => { $crate::board::print(::core::format_args!($($arg)*)) };
}

/// Prints a line on the host's standard output, as the macro of std does.
#[macro_export]
macro_rules! println {
    ($($arg:tt)*) => { $crate::board::print(::core::format_args!("{}\n", ::core::format_args!($($arg)*))) };
}

/// Opens the host's standard output, once: every time it is opened takes a handle of the host.
pub(super) fn open() {
    let stdout = hio::hstdout().ok();
    critical_section::with(|cs| STDOUT.borrow(cs).set(stdout));
}

/// Prints on the host's standard output; [`print!`](crate::print) calls this.
///
/// What cannot be printed is lost: there is nobody to tell.
pub fn print(arguments: fmt::Arguments<'_>) {
    if let Some(stdout) = critical_section::with(|cs| STDOUT.borrow(cs).get()) {
        let mut line = Line { stdout, bytes: [0; Line::LEN], len: 0 };
        let _ = line.write_fmt(arguments);
        line.flush();
    }
}

/// Collects the pieces of a line: each call of the host stops the core for long.
struct Line {
    stdout: HostStream,
    bytes: [u8; Self::LEN],
    len: usize,
}

impl Line {
    /// A usual line. A longer one takes two calls.
    const LEN: usize = 80;

    fn flush(&mut self) {
        let _ = self.stdout.write_all(self.bytes.get(..self.len).unwrap_or_default());
        self.len = 0;
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for &byte in text.as_bytes() {
            if self.len == Self::LEN {
                self.flush();
            }
            if let Some(place) = self.bytes.get_mut(self.len) {
                *place = byte;
                self.len += 1;
            }
        }
        Ok(())
    }
}
