//! Which line of a text a record begins on.

/// Counts the lines of a text, for records that are asked for in rising order.
///
/// A CSV reader knows where a record begins only up to the line ends before it: behind `\r` it has not yet seen the
/// `\n` that belongs to it, and it has not passed over empty lines.
#[derive(Debug)]
pub struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    /// The lines of a text, from 1.
    pub fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0, line: 1 }
    }

    /// The line of the first byte at or after `start` that is not a line end.
    pub fn of_record(&mut self, start: u64) -> u64 {
        let start = usize::try_from(start).map_or(self.text.len(), |start| start.min(self.text.len()));
        let ends = self.text[start..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        if start < self.at {
            *self = Self::new(self.text);
        }
        let passed = self.at..(start + ends).max(self.at);
        self.at = passed.end;
        self.line += passed.filter(|at| self.ends_a_line(*at)).count() as u64;
        self.line
    }

    fn ends_a_line(&self, at: usize) -> bool {
        match self.text[at] {
            b'\n' => true,
            b'\r' => self.text.get(at + 1) != Some(&b'\n'),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line_end() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a", "b", "", "\"c", "d\"", "e"].join(end);
            let mut lines = Lines::new(text.as_bytes());
            let mut line = |start: &str| lines.of_record(text.find(start).expect("it is there") as u64);
            assert_eq!([line("a"), line("b"), line("\"c"), line("e"), line("b")], [1, 2, 4, 6, 2], "{end:?}");
            // As the reader says it: right behind the `\r`, or before the empty line.
            let behind_b = text.find('b').expect("it is there") as u64 + 1;
            assert_eq!(Lines::new(text.as_bytes()).of_record(behind_b), 4);
            assert_eq!(Lines::new(text.as_bytes()).of_record(1), 2);
        }
    }
}
