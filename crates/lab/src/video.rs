//! Video files as frames with their real presentation times, decoded by an `ffmpeg` process.
//!
//! ffmpeg writes each frame as a binary PPM (self-describing, so the size needs no second process) and names its time on
//! stderr through the `showinfo` filter; frames are neither dropped nor doubled, so variable frame rates stay as they are.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use faceid_protocol::Millis;
use faceid_vision::{Frame, FrameError, MAX_SIDE};
use thiserror::Error;

/// Why a video cannot be read.
#[derive(Debug, Error)]
pub enum VideoError {
    /// ffmpeg is not installed.
    #[error("ffmpeg is not installed (apt-get install ffmpeg)")]
    NoFfmpeg,
    /// The file does not exist or cannot be opened.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// ffmpeg could not decode the file; its last words.
    #[error("ffmpeg: {0}")]
    Decode(String),
    /// A decoded picture is unusable.
    #[error("{0}")]
    Frame(#[from] FrameError),
    /// The decoder's output is not what was asked for.
    #[error("unexpected output of ffmpeg: {0}")]
    Protocol(&'static str),
}

/// One decoded frame.
#[derive(Debug)]
pub struct TimedFrame {
    /// Presentation time from the start of the file.
    pub t: Millis,
    /// Pixels.
    pub frame: Frame,
}

/// An open video; iterate it.
#[derive(Debug)]
pub struct Video {
    child: Child,
    stdout: BufReader<ChildStdout>,
    times: Receiver<Result<f64, String>>,
    last: Option<Millis>,
    finished: bool,
}

impl Video {
    /// Starts decoding `path`; pictures larger than `max_side` are scaled down to it.
    ///
    /// # Errors
    /// [`VideoError::NoFfmpeg`] or [`VideoError::Io`].
    pub fn open(path: &Path, max_side: u32) -> Result<Self, VideoError> {
        // ffmpeg's own message for a missing file is unclear, and a directory would hang it
        std::fs::File::open(path)?;
        let side = max_side.min(MAX_SIDE);
        let filter = format!("showinfo=checksum=0,scale=w='min({side},iw)':h='min({side},ih)':force_original_aspect_ratio=decrease");
        let mut child = Command::new("ffmpeg")
            .args(["-hide_banner", "-nostdin", "-nostats", "-i"])
            .arg(path)
            .args(["-map", "0:v:0", "-vf", &filter, "-fps_mode", "passthrough", "-f", "image2pipe", "-c:v", "ppm", "-"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| if e.kind() == std::io::ErrorKind::NotFound { VideoError::NoFfmpeg } else { e.into() })?;
        let stdout = child.stdout.take().ok_or(VideoError::Protocol("no stdout"))?;
        let stderr = child.stderr.take().ok_or(VideoError::Protocol("no stderr"))?;
        let (send, times) = channel();
        thread::spawn(move || {
            let mut last_line = String::new();
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                match pts_time(&line) {
                    // a closed channel means that the reader has enough: keep draining so that ffmpeg is not blocked
                    Some(t) => drop(send.send(Ok(t))),
                    None if !line.trim().is_empty() => last_line = line,
                    None => {}
                }
            }
            drop(send.send(Err(last_line)));
        });
        Ok(Self { child, stdout: BufReader::with_capacity(1 << 20, stdout), times, last: None, finished: false })
    }

    fn read(&mut self) -> Result<Option<TimedFrame>, VideoError> {
        let Some((width, height)) = read_header(&mut self.stdout)? else {
            return self.end().map(|()| None);
        };
        let mut rgb = vec![0; width as usize * height as usize * 3];
        self.stdout.read_exact(&mut rgb)?;
        let seconds = match self.times.recv() {
            Ok(Ok(t)) => t,
            Ok(Err(line)) => return Err(VideoError::Decode(line)),
            Err(_) => return Err(VideoError::Protocol("a frame without a time")),
        };
        // GIF and raw streams may start slightly below zero; equal times would be a duplicate frame, which no judge wants
        let t = Millis((seconds.max(0.0) * 1000.0).round() as u64);
        let t = self.last.map_or(t, |last| t.max(last.plus(Millis(1))));
        self.last = Some(t);
        Ok(Some(TimedFrame { t, frame: Frame::from_rgb(width, height, rgb)? }))
    }

    fn end(&mut self) -> Result<(), VideoError> {
        let status = self.child.wait()?;
        if status.success() {
            return Ok(());
        }
        let line = self.times.iter().find_map(Result::err).unwrap_or_default();
        Err(VideoError::Decode(line))
    }
}

impl Iterator for Video {
    type Item = Result<TimedFrame, VideoError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.finished {
            return None;
        }
        let item = self.read().transpose();
        self.finished = !matches!(item, Some(Ok(_)));
        item
    }
}

impl Drop for Video {
    fn drop(&mut self) {
        // already ended is fine; nothing can be done about other failures here
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// `pts_time:1.28` of a showinfo line.
fn pts_time(line: &str) -> Option<f64> {
    let rest = line.split_once("pts_time:")?.1;
    rest.split_whitespace().next()?.parse().ok()
}

/// Reads `P6 width height 255`; `None` at the end of the stream.
fn read_header(input: &mut impl BufRead) -> Result<Option<(u32, u32)>, VideoError> {
    let mut fields = Vec::with_capacity(4);
    for _ in 0..3 {
        let mut line = Vec::new();
        input.take(64).read_until(b'\n', &mut line)?;
        if line.is_empty() && fields.is_empty() {
            return Ok(None);
        }
        let text = String::from_utf8(line).map_err(|_| VideoError::Protocol("header is not text"))?;
        fields.extend(text.split_whitespace().map(str::to_owned));
    }
    let [magic, width, height, depth] = fields.as_slice() else {
        return Err(VideoError::Protocol("header has not four fields"));
    };
    match (magic.as_str(), width.parse(), height.parse(), depth.as_str()) {
        ("P6", Ok(width), Ok(height), "255") if width <= MAX_SIDE && height <= MAX_SIDE => Ok(Some((width, height))),
        _ => Err(VideoError::Protocol("header is not an 8-bit PPM")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_times() {
        assert_eq!(read_header(&mut &b"P6\n320 240\n255\nxyz"[..]).expect("valid"), Some((320, 240)), "size");
        assert_eq!(read_header(&mut &b""[..]).expect("end"), None, "end of stream");
        assert!(read_header(&mut &b"P5\n1 1\n255\n"[..]).is_err(), "grey map");
        assert!(read_header(&mut &b"P6\n99999 1\n255\n"[..]).is_err(), "over the limit");
        let line = "[Parsed_showinfo_0 @ 0x1] n:   3 pts:  1536 pts_time:0.12    duration:    512";
        assert_eq!(pts_time(line), Some(0.12), "time");
        assert_eq!(pts_time("Stream #0:0: Video"), None, "other lines");
    }

    #[test]
    fn missing_file_is_an_error() {
        let error = Video::open(Path::new("does-not-exist.mp4"), 640).expect_err("no such file");
        assert!(matches!(error, VideoError::Io(_)), "{error}");
    }
}
