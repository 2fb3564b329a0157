//! Published modules without the names of their functions, a third of a small binary. The linker could leave them out (`strip`), but then also the list
//! of features that wasm-bindgen reads.

/// The module without its `name` section; `None` when the bytes are not a module.
pub(crate) fn without_names(module: &[u8]) -> Option<Vec<u8>> {
    let (head, mut rest) = module.split_at_checked(8)?;
    let mut out = head.starts_with(b"\0asm").then(|| head.to_vec())?;
    while let Some((&id, after)) = rest.split_first() {
        let (length, body) = number(after)?;
        let (body, next) = body.split_at_checked(length)?;
        if !(id == CUSTOM && is_names(body)) {
            out.extend_from_slice(&rest[..rest.len() - next.len()]);
        }
        rest = next;
    }
    Some(out)
}

/// Id of a section that only tools read.
const CUSTOM: u8 = 0;

fn is_names(section: &[u8]) -> bool {
    number(section).and_then(|(length, name)| name.get(..length)).is_some_and(|name| name == b"name")
}

/// Unsigned LEB128 of at most 32 bits, and what comes after it.
fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0;
    for (index, &byte) in bytes.iter().take(5).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            return bytes.get(index + 1..).map(|rest| (value, rest));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(id: u8, body: &[u8]) -> Vec<u8> {
        assert!(body.len() < 0x80, "one byte of length");
        [&[id, body.len() as u8], body].concat()
    }

    #[test]
    fn only_the_names_go() {
        let head = b"\0asm\x01\0\0\0".to_vec();
        let (code, names, features) = (section(10, &[1, 2, 3]), section(0, b"\x04name\x01\x02"), section(0, b"\x0ftarget_features\0"));
        let module = [head.clone(), code.clone(), names.clone(), features.clone()].concat();
        assert_eq!(without_names(&module), Some([head.clone(), code.clone(), features].concat()), "names in the middle");
        let long = [head.clone(), vec![10, 0x83, 0x00, 7, 8, 9], names].concat();
        assert_eq!(without_names(&long), Some([head.clone(), vec![10, 0x83, 0x00, 7, 8, 9]].concat()), "a length of two bytes");
        assert_eq!(without_names(&head), Some(head.clone()), "no section");
        assert_eq!(without_names(b"<!doctype html>"), None, "a page");
        assert_eq!(without_names(&[head, vec![10, 9, 1]].concat()), None, "cut short");
    }
}
