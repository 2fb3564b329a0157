//! Small random networks against a plain reference, and every set of instructions against its twin.

mod reference;
mod writer;

use super::{Net, NetError, Processor, is_net};
use writer::{File, Record};

/// Reproducible numbers of -1..1.
struct Numbers(u32);

impl Numbers {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / (1 << 23) as f32 - 1.0
    }

    fn take(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.next()).collect()
    }
}

/// All processors of this machine.
fn processors() -> Vec<Processor> {
    #[cfg(target_arch = "x86_64")]
    let all = [Processor::Plain, Processor::Four, Processor::Eight];
    #[cfg(not(target_arch = "x86_64"))]
    let all = [Processor::best()];
    all.into_iter().filter(|processor| processor.is_available()).collect()
}

fn run(file: &[u8], picture: &[f32], processor: Processor) -> Vec<Vec<f32>> {
    let net = Net::read_for(file, processor).expect("a sound file");
    let mut scratch = net.scratch();
    let first = net.run(picture, &mut scratch).expect("runs").to_vec();
    let again = net.run(picture, &mut scratch).expect("runs");
    assert_eq!(first, again, "{processor:?}: a second run in the same memory");
    first
}

/// Every kind of operation, activation and residual; channels that fill no lane; odd sides; both fast depthwise loops and the general one.
fn everything() -> File {
    let mut numbers = Numbers(7);
    let mut file = File::new([3, 22, 26], &mut numbers);
    let stem = file.add(Record::stem(0, [5, 2, 1, 1], [11, 13, 10]).activation(1));
    let grown = file.add(Record::block(stem, [3, 1, 1, 1], [11, 13, 14]).activation(3).residual(1));
    let wide = file.add(Record::block(grown, [5, 1, 2, 2], [11, 13, 14]).activation(2).residual(1));
    let half = file.add(Record::block(wide, [3, 2, 1, 1], [6, 7, 22]).activation(3).residual(2));
    let even = file.add(Record::point(half, [6, 7, 36]).activation(1));
    let square = file.add(Record::block(even, [3, 1, 1, 1], [6, 7, 36]));
    let shrunk = file.add(Record::block(square, [3, 2, 0, 0], [3, 4, 36]).residual(2));
    let narrow = file.add(Record::block(shrunk, [3, 2, 0, 0], [2, 2, 5]).activation(3));
    file.output(&[file.add_len(narrow), 3 * 4 * 2]);
    file.add(Record::dense(narrow, 17).sink(0, 20));
    file.sink_of(narrow, 0, 0);
    file.add(Record::point(shrunk, [3, 4, 2]).sink(1, 0));
    file
}

#[test]
fn agrees_with_the_reference() {
    let file = everything();
    let picture = Numbers(3).take(3 * 22 * 26);
    let expected = reference::run(&file, &picture);
    let bytes = file.bytes();
    for processor in processors() {
        let got = run(&bytes, &picture, processor);
        assert_eq!(got.len(), expected.len());
        for (got, expected) in got.iter().zip(&expected) {
            assert_eq!(got.len(), expected.len());
            let scale = expected.iter().fold(1.0f64, |most, v| most.max(v.abs()));
            let worst = got.iter().zip(expected).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
            assert!(worst < 1e-5 * scale, "{processor:?}: {worst} of {scale}");
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn twins_agree_bit_by_bit() {
    let bytes = everything().bytes();
    let picture = Numbers(5).take(3 * 22 * 26);
    let bits = |p| run(&bytes, &picture, p).concat().iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(Processor::Plain), bits(Processor::Four), "four lanes");
    if Processor::Eight.is_available() {
        assert_eq!(bits(Processor::Plain), bits(Processor::Eight), "eight lanes");
    } else {
        println!("skipped: no AVX2");
    }
}

#[test]
fn a_scratch_of_another_network_is_replaced() {
    let mut numbers = Numbers(1);
    let mut small = File::new([3, 4, 4], &mut numbers);
    let stem = small.add(Record::stem(0, [3, 1, 1, 1], [4, 4, 3]));
    small.output(&[48]);
    small.sink_of(stem, 0, 0);
    let (small, large) = (Net::read(&small.bytes()).expect("sound"), Net::read(&everything().bytes()).expect("sound"));
    let picture = Numbers(9).take(3 * 22 * 26);
    let own = large.run(&picture, &mut large.scratch()).expect("runs").to_vec();
    let mut scratch = small.scratch();
    assert_eq!(large.run(&picture, &mut scratch).expect("runs"), own);
    assert_eq!(large.run(&picture[1..], &mut scratch), Err(NetError::Input { expected: 3 * 22 * 26, got: 3 * 22 * 26 - 1 }));
}

#[test]
fn damaged_files_are_refused_and_never_panic() {
    let bytes = everything().bytes();
    assert!(is_net(&bytes) && !is_net(b"ONNX"));
    for end in 0..bytes.len() {
        assert!(Net::read(&bytes[..end]).is_err(), "cut at {end}");
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert_eq!(Net::read(&longer).err(), Some(NetError::Truncated), "longer");
    assert_eq!(Net::read(b"\x08\x07onnx").err(), Some(NetError::NotNet), "another kind of file");
    let picture = vec![0.5; 3 * 22 * 26];
    let (mut refused, mut header) = (0, 4);
    let end = everything().header_len();
    while header < end {
        for value in [0u32, 1, 2, 3, 7, 1 << 20, u32::MAX] {
            let mut changed = bytes.clone();
            changed[header..header + 4].copy_from_slice(&value.to_le_bytes());
            match Net::read(&changed) {
                // what is still consistent must also run
                Ok(net) => drop(net.run(&picture, &mut net.scratch()).map(<[_]>::len)),
                Err(_) => refused += 1,
            }
        }
        header += 4;
    }
    assert!(refused > 300, "only {refused} changes were refused");
}
