//! Reads postcard's wire format in a const context.

/// A place in bytes from outside.
///
/// Reading past the end, or what is not well formed, gives an empty value and marks the cursor, so that the caller
/// checks once, at the end. Nothing panics.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
    malformed: bool,
}

impl<'a> Cursor<'a> {
    pub(super) const fn at(bytes: &'a [u8], place: usize) -> Self {
        Self { rest: bytes, malformed: false }.skip(place)
    }

    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(super) const fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) const fn is_malformed(&self) -> bool {
        self.malformed
    }

    /// Marks the cursor unless `condition` holds.
    pub(super) const fn require(&mut self, condition: bool) {
        self.malformed = self.malformed || !condition;
    }

    pub(super) const fn skip(self, count: usize) -> Self {
        self.take(count).1
    }

    const fn take(mut self, count: usize) -> (&'a [u8], Self) {
        match self.rest.split_at_checked(count) {
            Some((taken, rest)) if !self.malformed => {
                self.rest = rest;
                (taken, self)
            }
            _ => (&[], Self { rest: &[], malformed: true }),
        }
    }

    /// An array of bytes, which postcard writes as they are.
    pub(super) const fn fixed<const N: usize>(self) -> ([u8; N], Self) {
        let (taken, cursor) = self.take(N);
        match taken.first_chunk() {
            Some(array) => (*array, cursor),
            None => ([0; N], cursor),
        }
    }

    /// A variable-length integer of up to 64 bits: seven bits a byte, the low ones first.
    pub(super) const fn varint(mut self) -> (u64, Self) {
        let (mut value, mut shift) = (0, 0);
        while shift < 64 {
            let ([byte], next) = self.fixed::<1>();
            self = next;
            if shift == 63 && byte > 1 {
                // More than 64 bits.
                break;
            }
            value |= ((byte & 0x7f) as u64) << shift;
            if byte & 0x80 == 0 {
                return (value, self);
            }
            shift += 7;
        }
        self.malformed = true;
        (0, self)
    }

    /// A byte string: its length, then its bytes.
    pub(super) const fn bytes(self) -> (&'a [u8], Self) {
        let (length, cursor) = self.varint();
        // A length that is too large for this machine's addresses is too large for the bytes as well.
        cursor.take(if length > u32::MAX as u64 { usize::MAX } else { length as usize })
    }

    /// A string: its length, then its UTF-8 bytes.
    pub(super) const fn string(self) -> (&'a str, Self) {
        let (bytes, mut cursor) = self.bytes();
        match str::from_utf8(bytes) {
            Ok(string) => (string, cursor),
            Err(_) => {
                cursor.malformed = true;
                ("", cursor)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_postcard_writes() {
        let value = ([7_u8, 8], 300_u64, u64::MAX, "neurona", 0_u8);
        let bytes = postcard::to_stdvec(&value).unwrap();
        let (fixed, cursor) = Cursor::at(&bytes, 0).fixed::<2>();
        let (small, cursor) = cursor.varint();
        let (large, cursor) = cursor.varint();
        let (string, cursor) = cursor.string();
        assert_eq!((fixed, small, large, string, cursor.rest()), (value.0, value.1, value.2, value.3, &[0_u8][..]));
        assert!(!cursor.is_malformed());
    }

    #[test]
    fn what_is_not_there_marks_the_cursor_for_good() {
        let (bytes, cursor) = Cursor::at(&[5, 1, 2], 0).bytes();
        assert!(bytes.is_empty() && cursor.is_malformed());
        assert!(cursor.fixed::<0>().1.is_malformed());
        assert!(Cursor::at(&[0xff; 12], 0).varint().1.is_malformed());
        assert!(Cursor::at(&[0xff; 3], 0).varint().1.is_malformed());
        // The tenth byte has place for one bit.
        let with_last = |last| [&[0x80; 9][..], &[last]].concat();
        assert_eq!(Cursor::at(&with_last(1), 0).varint().0, 1 << 63);
        assert!(Cursor::at(&with_last(2), 0).varint().1.is_malformed());
        assert!(postcard::from_bytes::<u64>(&with_last(2)).is_err(), "as postcard has it");
        assert!(Cursor::at(&[1, 0xff], 0).string().1.is_malformed());
        assert!(Cursor::at(&[], 1).is_malformed());
    }
}
