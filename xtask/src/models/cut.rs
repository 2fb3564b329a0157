//! The landmark network as the page gets it: without the rows of its last layer that place landmarks nobody there reads. Layout: docs/networks.md.

use anyhow::{Context, Result, ensure};

/// Words before the outputs' lengths: version, three of the input's shape, operations, outputs, weights.
const HEADER: usize = 7;
/// Words of an operation.
const RECORD: usize = 13;
/// Magic, before the words.
const MAGIC: usize = 4;
/// Kinds of operations whose weights are counted differently.
const STEM: u32 = 0;
const BLOCK: u32 = 1;
const POINT: u32 = 2;
/// The activation that brings a slope per channel.
const SLOPES: u32 = 3;
/// Numbers per landmark.
const NUMBERS: usize = 3;

/// The same file with the landmarks `kept` only, in their order, in its first output.
///
/// # Errors
/// When the file is none, or its first output is not one layer's three numbers for each of `landmarks` landmarks.
pub(crate) fn cut(net: &[u8], landmarks: usize, kept: &[usize]) -> Result<Vec<u8>> {
    let (magic, rest) = net.split_at_checked(MAGIC).context("not a network file")?;
    ensure!(magic == b"FNET", "not a network file");
    let mut words: Vec<u32> = rest.as_chunks::<4>().0.iter().take(HEADER).map(|word| u32::from_le_bytes(*word)).collect();
    ensure!(words.len() == HEADER, "cut short");
    let (operations, outputs, weights) = (words[4] as usize, words[5] as usize, words[6] as usize);
    let head = HEADER + outputs + RECORD * operations;
    words = rest.as_chunks::<4>().0.iter().take(head).map(|word| u32::from_le_bytes(*word)).collect();
    let halves = rest.get(4 * head..).unwrap_or_default();
    ensure!(words.len() == head && halves.len() == 2 * weights, "cut short");

    let mut gone = vec![false; weights];
    let mut shapes = vec![[words[2] as usize, words[3] as usize, words[1] as usize]];
    let (mut at, mut layers) = (0, 0);
    for operation in 0..operations {
        let record = &mut words[HEADER + outputs + RECORD * operation..][..RECORD];
        let [height, width, from] = *shapes.get(record[1] as usize).context("an operation reads what is not there")?;
        let (side, channels) = (record[3] as usize, record[9] as usize);
        shapes.push([record[7] as usize, record[8] as usize, channels]);
        let (before, row) = match record[0] {
            STEM => (0, side * side * from),
            BLOCK => (side * side * from + from, from),
            POINT => (0, from),
            _ => (0, height * width * from),
        };
        let rows = at + before;
        let biases = rows + row * channels;
        at = biases + channels * if record[2] == SLOPES { 2 } else { 1 };
        ensure!(at <= weights, "weights are missing");
        if record[11] == 1 {
            layers += 1;
            ensure!(channels == NUMBERS * landmarks && record[2] != SLOPES, "its first output is not {landmarks} landmarks");
            for channel in (0..channels).filter(|channel| !kept.contains(&(channel / NUMBERS))) {
                gone[rows + row * channel..][..row].fill(true);
                gone[biases + channel] = true;
            }
            record[9] = u32::try_from(NUMBERS * kept.len())?;
        }
    }
    ensure!(layers == 1 && at == weights, "its first output is not one layer's");
    ensure!(kept.iter().all(|index| *index < landmarks), "a landmark that there is not");
    words[HEADER] = u32::try_from(NUMBERS * kept.len())?;
    words[6] = u32::try_from(gone.iter().filter(|gone| !**gone).count())?;
    let (low, high) = halves.split_at(weights);
    let left = |bytes: &[u8]| bytes.iter().zip(&gone).filter(|(_, gone)| !**gone).map(|(byte, _)| *byte).collect::<Vec<u8>>();
    Ok([magic, &words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>(), &left(low), &left(high)].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of one pixel and one channel; one layer places three landmarks, another gives one number.
    fn network() -> Vec<u8> {
        let layer = |channels: u32, output: u32| [3, 0, 0, 0, 0, 0, 0, 1, 1, channels, 0, output, 0];
        let words = [[1, 1, 1, 1, 2, 2, 20].as_slice(), &[9, 1], &layer(9, 1), &layer(1, 2)].concat();
        let (low, high): (Vec<u8>, Vec<u8>) = ((0..20).collect(), (100..120).collect());
        [b"FNET".as_slice(), &words.iter().flat_map(|word: &u32| word.to_le_bytes()).collect::<Vec<u8>>(), &low, &high].concat()
    }

    #[test]
    fn rows_and_biases_of_the_others_go() {
        let net = cut(&network(), 3, &[0, 2]).expect("cuts");
        let word = |index: usize| u32::from_le_bytes(net[4 + 4 * index..][..4].try_into().expect("four"));
        assert_eq!((word(6), word(7), word(8), word(9 + 9), word(22 + 9)), (14, 6, 1, 6, 1), "weights, outputs, channels");
        let weights = [0, 1, 2, 6, 7, 8, 9, 10, 11, 15, 16, 17, 18, 19];
        let expected: Vec<u8> = weights.iter().copied().chain(weights.iter().map(|byte| byte + 100)).collect();
        assert_eq!(net[net.len() - 28..], expected, "low bytes, then high bytes");
        assert_eq!(cut(&network(), 3, &[0, 1, 2]).expect("keeps all"), network(), "nothing to cut");
    }

    #[test]
    fn other_files_are_refused() {
        let net = network();
        for (what, bytes) in
            [("nothing", &[][..]), ("another kind", b"ONNX"), ("cut short", &net[..net.len() - 1]), ("no weights", &net[..60])]
        {
            assert!(cut(bytes, 3, &[0]).is_err(), "{what}");
        }
        assert!(cut(&net, 4, &[0]).is_err(), "another number of landmarks");
        assert!(cut(&net, 3, &[3]).is_err(), "no such landmark");
    }
}
