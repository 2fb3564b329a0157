//! Bounds-checked reader for the flatbuffer wire format.
//!
//! Operators hand us their own files, so every offset is treated as hostile: a bad one is a typed
//! error, never a panic and never an allocation larger than the file itself.

use thiserror::Error;

/// Why a flatbuffer could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum FlatError {
    /// A value lies (partly) outside the file.
    #[error("the file ends early: {need} bytes wanted at offset {at}, the file has {len}")]
    Truncated {
        /// Byte offset of the value.
        at: usize,
        /// Bytes the value takes.
        need: usize,
        /// Length of the file in bytes.
        len: usize,
    },
    /// An offset points before the start of the file or overflows.
    #[error("bad offset at byte {at}")]
    BadOffset {
        /// Byte offset of the offending field.
        at: usize,
    },
    /// A text field is not UTF-8.
    #[error("text at byte {at} is not UTF-8")]
    NotText {
        /// Byte offset of the text.
        at: usize,
    },
}

type Result<T> = std::result::Result<T, FlatError>;

/// One table inside a flatbuffer; fields are addressed by their slot number in the schema.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table<'a> {
    buf: &'a [u8],
    pos: usize,
    vtable: usize,
    vtable_len: usize,
}

fn slice(buf: &[u8], at: usize, need: usize) -> Result<&[u8]> {
    let truncated = FlatError::Truncated { at, need, len: buf.len() };
    let end = at.checked_add(need).ok_or(truncated)?;
    buf.get(at..end).ok_or(truncated)
}

fn array<const N: usize>(buf: &[u8], at: usize) -> Result<[u8; N]> {
    slice(buf, at, N)?.try_into().map_err(|_| FlatError::BadOffset { at })
}

fn read_u16(buf: &[u8], at: usize) -> Result<usize> {
    Ok(usize::from(u16::from_le_bytes(array(buf, at)?)))
}

fn read_u32(buf: &[u8], at: usize) -> Result<usize> {
    usize::try_from(u32::from_le_bytes(array(buf, at)?)).map_err(|_| FlatError::BadOffset { at })
}

/// Follows the relative offset stored at `at`.
fn follow(buf: &[u8], at: usize) -> Result<usize> {
    at.checked_add(read_u32(buf, at)?).ok_or(FlatError::BadOffset { at })
}

impl<'a> Table<'a> {
    /// The root table of a whole file.
    pub(crate) fn root(buf: &'a [u8]) -> Result<Self> {
        Self::at(buf, follow(buf, 0)?)
    }

    fn at(buf: &'a [u8], pos: usize) -> Result<Self> {
        let bad = FlatError::BadOffset { at: pos };
        let back = i32::from_le_bytes(array(buf, pos)?);
        let vtable = i64::try_from(pos).map_err(|_| bad)? - i64::from(back);
        let vtable = usize::try_from(vtable).map_err(|_| bad)?;
        let vtable_len = read_u16(buf, vtable)?;
        slice(buf, vtable, vtable_len)?;
        Ok(Self { buf, pos, vtable, vtable_len })
    }

    /// Absolute position of a field, `None` when the file leaves it at its default.
    fn field(&self, slot: usize) -> Result<Option<usize>> {
        let entry = 4 + 2 * slot;
        if entry + 2 > self.vtable_len {
            return Ok(None);
        }
        let offset = read_u16(self.buf, self.vtable + entry)?;
        Ok((offset != 0).then_some(self.pos + offset))
    }

    /// A `byte`/`ubyte`/enum field.
    pub(crate) fn byte(&self, slot: usize, default: u8) -> Result<u8> {
        match self.field(slot)? {
            Some(at) => Ok(array::<1>(self.buf, at)?[0]),
            None => Ok(default),
        }
    }

    /// An `int` field.
    pub(crate) fn int(&self, slot: usize, default: i32) -> Result<i32> {
        match self.field(slot)? {
            Some(at) => Ok(i32::from_le_bytes(array(self.buf, at)?)),
            None => Ok(default),
        }
    }

    /// A `uint` field (an index into another vector).
    pub(crate) fn index(&self, slot: usize) -> Result<usize> {
        match self.field(slot)? {
            Some(at) => read_u32(self.buf, at),
            None => Ok(0),
        }
    }

    /// A `ulong` field.
    pub(crate) fn ulong(&self, slot: usize) -> Result<u64> {
        match self.field(slot)? {
            Some(at) => Ok(u64::from_le_bytes(array(self.buf, at)?)),
            None => Ok(0),
        }
    }

    /// A nested table.
    pub(crate) fn table(&self, slot: usize) -> Result<Option<Table<'a>>> {
        self.field(slot)?.map(|at| Table::at(self.buf, follow(self.buf, at)?)).transpose()
    }

    /// A vector's element count and the position of its first element, size-checked.
    fn vector(&self, slot: usize, element: usize) -> Result<(usize, usize)> {
        let Some(at) = self.field(slot)? else { return Ok((0, 0)) };
        let start = follow(self.buf, at)?;
        let count = read_u32(self.buf, start)?;
        let bytes = count.checked_mul(element).ok_or(FlatError::BadOffset { at: start })?;
        slice(self.buf, start + 4, bytes)?;
        Ok((count, start + 4))
    }

    /// A vector of tables; empty when absent.
    pub(crate) fn tables(&self, slot: usize) -> Result<Vec<Table<'a>>> {
        let (count, start) = self.vector(slot, 4)?;
        (0..count).map(|i| Table::at(self.buf, follow(self.buf, start + 4 * i)?)).collect()
    }

    /// A vector of `int`; empty when absent.
    pub(crate) fn ints(&self, slot: usize) -> Result<Vec<i32>> {
        let (count, start) = self.vector(slot, 4)?;
        (0..count).map(|i| Ok(i32::from_le_bytes(array(self.buf, start + 4 * i)?))).collect()
    }

    /// A vector of `ubyte`; empty when absent.
    pub(crate) fn bytes(&self, slot: usize) -> Result<&'a [u8]> {
        let (count, start) = self.vector(slot, 1)?;
        slice(self.buf, start, count)
    }

    /// A text field; empty when absent.
    pub(crate) fn text(&self, slot: usize) -> Result<&'a str> {
        let bytes = self.bytes(slot)?;
        std::str::from_utf8(bytes).map_err(|_| FlatError::NotText { at: self.pos })
    }

    /// Whether the file sets this field at all.
    pub(crate) fn has(&self, slot: usize) -> Result<bool> {
        Ok(self.field(slot)?.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_truncated() {
        let error = Table::root(&[]).unwrap_err();
        assert_eq!(error, FlatError::Truncated { at: 0, need: 4, len: 0 });
    }

    #[test]
    fn offsets_out_of_the_file_are_errors() {
        assert!(Table::root(&[0xff; 64]).is_err());
        // a vtable before the start of the file: position 4 holds a back-offset of 100
        let mut bytes = vec![4, 0, 0, 0, 100, 0, 0, 0];
        bytes.resize(64, 0);
        assert_eq!(Table::root(&bytes).unwrap_err(), FlatError::BadOffset { at: 4 });
    }

    #[test]
    fn a_vector_longer_than_the_file_is_refused_before_allocation() {
        // root table at 12 with its vtable at 4: one field (slot 0) holding an offset to 20
        let mut bytes = vec![12, 0, 0, 0, 6, 0, 8, 0, 4, 0, 0, 0, 8, 0, 0, 0, 4, 0, 0, 0];
        bytes.extend([0xff, 0xff, 0xff, 0x7f, 1, 2, 3, 4]);
        let table = Table::root(&bytes).unwrap();
        assert!(matches!(table.ints(0), Err(FlatError::Truncated { .. })));
        assert!(matches!(table.tables(0), Err(FlatError::Truncated { .. })));
        assert!(matches!(table.bytes(0), Err(FlatError::Truncated { .. })));
    }

    #[test]
    fn absent_fields_take_their_default() {
        let bytes = [8, 0, 0, 0, 4, 0, 4, 0, 4, 0, 0, 0];
        let table = Table::root(&bytes).unwrap();
        assert_eq!(table.int(3, 7), Ok(7));
        assert_eq!(table.ints(3), Ok(Vec::new()));
        assert_eq!(table.has(0), Ok(false));
        assert!(table.table(0).unwrap().is_none());
    }
}
