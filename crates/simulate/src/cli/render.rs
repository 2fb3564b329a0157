//! Camera files: concatenated JPEGs and YUV4MPEG2, as Chromium's `--use-file-for-fake-video-capture` takes them.

use super::Render;
use anyhow::{Context, bail};
use faceid_simulate::{Body, HeadShape, Person, Portrait, Puppet, SolidHead, Truth, View};
use faceid_vision::{Frame, encode_jpeg};
use serde::Serialize;
use std::{
    fs::{self, File},
    io::{BufWriter, Write},
};

/// Quality of the JPEGs: a webcam's.
const QUALITY: u8 = 85;
/// Time after the last prompt in which its gesture ends, s.
const TAIL_S: f64 = 5.0;

/// The truth file.
#[derive(Serialize)]
struct TruthFile<'a> {
    seed: u64,
    fps: f64,
    size: [u32; 2],
    still: bool,
    script: &'a faceid_simulate::Script,
    persona: &'a faceid_simulate::Persona,
    frames: &'a [Truth],
}

enum Format {
    Mjpeg,
    Y4m,
}

pub(crate) fn render(args: &Render) -> anyhow::Result<()> {
    if !(1.0..=120.0).contains(&args.fps) || !(0.1..=1.5).contains(&args.face_ratio) {
        bail!("--fps is 1 to 120, --face-ratio 0.1 to 1.5");
    }
    let format = match args.out.extension().and_then(|e| e.to_str()) {
        Some("mjpeg" | "mjpg") => Format::Mjpeg,
        Some("y4m") => Format::Y4m,
        Some(_) | None => bail!("{}: the file name must end in .mjpeg or .y4m", args.out.display()),
    };
    let bytes = fs::read(&args.portrait).with_context(|| args.portrait.display().to_string())?;
    let portrait = Portrait::decode(&bytes)?;
    let (width, height) = args.size;
    if matches!(format, Format::Y4m) && (width % 2 != 0 || height % 2 != 0) {
        bail!("y4m needs even sides");
    }
    let view = View { width, height, face_ratio: args.face_ratio, light: args.light, noise: args.noise };
    let mut person = person(args, &portrait, view)?;
    person.follow(&args.script);
    let last = args.script.0.iter().map(|c| c.at_ms / 1000.0).fold(0.0, f64::max);
    let seconds = args.duration.unwrap_or(last + TAIL_S);
    if !(0.0..=3600.0).contains(&seconds) {
        bail!("--duration is 0 to 3600 s");
    }
    let mut out = BufWriter::new(File::create(&args.out).with_context(|| args.out.display().to_string())?);
    if let Format::Y4m = format {
        writeln!(out, "YUV4MPEG2 W{width} H{height} F{}:1000 Ip A1:1 C420jpeg", (args.fps * 1000.0).round())?;
    }
    let mut frames = Vec::new();
    for index in 0..(seconds * args.fps).ceil() as u64 {
        let (frame, truth) = person.render(index as f64 * 1000.0 / args.fps)?;
        match format {
            Format::Mjpeg => out.write_all(&encode_jpeg(&frame, QUALITY)?)?,
            Format::Y4m => {
                out.write_all(b"FRAME\n")?;
                out.write_all(&i420(&frame))?;
            }
        }
        frames.push(truth);
    }
    out.flush()?;
    if let Some(path) = &args.truth {
        let file = TruthFile {
            seed: args.seed,
            fps: args.fps,
            size: [width, height],
            still: args.still,
            script: &args.script,
            persona: person.persona(),
            frames: &frames,
        };
        fs::write(path, serde_json::to_vec(&file)?).with_context(|| path.display().to_string())?;
    }
    println!("{}: {} frames, {seconds:.1} s", args.out.display(), frames.len());
    Ok(())
}

fn person(args: &Render, portrait: &Portrait, view: View) -> anyhow::Result<Person<Box<dyn Body>>> {
    if let Some(path) = &args.solid {
        let shape = HeadShape::from_json(&fs::read(path).with_context(|| path.display().to_string())?)?;
        return Ok(SolidHead::solid(portrait, &shape, args.seed, view)?.boxed());
    }
    let puppet = if args.still { Puppet::still(portrait, args.seed, view)? } else { Puppet::new(portrait, args.seed, view)? };
    Ok(puppet.boxed())
}

/// Planar YUV 4:2:0 with full range, BT.601 weights (JFIF). Both sides are even.
fn i420(frame: &Frame) -> Vec<u8> {
    let (w, h) = (frame.width() as usize, frame.height() as usize);
    let rgb = frame.rgb();
    let at = |x: usize, y: usize| {
        let i = (y * w + x) * 3;
        [f32::from(rgb[i]), f32::from(rgb[i + 1]), f32::from(rgb[i + 2])]
    };
    let byte = |v: f32| v.round().clamp(0.0, 255.0) as u8;
    let mut out = Vec::with_capacity(w * h * 3 / 2);
    out.extend((0..w * h).map(|i| {
        let [r, g, b] = at(i % w, i / w);
        byte(0.299 * r + 0.587 * g + 0.114 * b)
    }));
    for weights in [[-0.168_736, -0.331_264, 0.5], [0.5, -0.418_688, -0.081_312]] {
        for y in (0..h).step_by(2) {
            for x in (0..w).step_by(2) {
                let four = [at(x, y), at(x + 1, y), at(x, y + 1), at(x + 1, y + 1)];
                let sum: f32 = four.iter().map(|p| p[0] * weights[0] + p[1] * weights[1] + p[2] * weights[2]).sum();
                out.push(byte(128.0 + sum / 4.0));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_become_yuv() {
        let frame = Frame::from_rgb(2, 2, [255, 0, 0].repeat(4)).expect("size");
        assert_eq!(i420(&frame), [76, 76, 76, 76, 85, 255], "pure red in JFIF");
    }
}
