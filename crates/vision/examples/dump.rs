//! scratch
use faceid_vision::*;
use std::io::Read;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let dir = std::env::var("FACEID_MODELS").unwrap();
    let rd = |n: &str| std::fs::read(format!("{dir}/{n}")).unwrap();
    let t0 = std::time::Instant::now();
    let m = Models::from_bytes(&rd("face_detector.onnx"), &rd("face_landmark.onnx"), &rd("canonical_face.json")).unwrap();
    eprintln!("load {:?}", t0.elapsed());
    if a[1] == "still" {
        for f in &a[2..] {
            let bytes = std::fs::read(f).unwrap();
            let t = std::time::Instant::now();
            let frame = match decode(&bytes, DecodeLimits { max_bytes: 1 << 27, max_side: 4096 }) { Ok(f) => f, Err(e) => { println!("{f} {e}"); continue } };
            let td = t.elapsed();
            let t = std::time::Instant::now();
            let up = observe_still_any_turn(&m, &frame).unwrap();
            let o = &up.observation;
            println!("{f} {frame:?} dec {td:?} obs {:?} turn {:?} faces {:?}", t.elapsed(), up.turn, o.faces_detected);
            if let Some(x) = &o.face { println!("   pres {:.3} {:?} eyes {:?} mouth {:?} {:?} resid {:?} {:?}", x.presence, x.pose, x.eyes, x.mouth, x.bounds, fit(m.geometry(), &x.landmarks).map(|f| f.residual()), x.quality);
                if let Ok(dir) = std::env::var("OVERLAY") {
                    let mut px = up.frame.rgb().to_vec(); let w = up.frame.width() as i32; let h = up.frame.height() as i32;
                    for (i, p) in x.landmarks.iter().enumerate() { let c = if LANDMARKS_IN_USE.contains(&i) { [255, 0, 0] } else { [0, 255, 0] };
                        for dy in 0..2 { for dx in 0..2 { let (xx, yy) = (p.x as i32 + dx, p.y as i32 + dy); if xx >= 0 && yy >= 0 && xx < w && yy < h { let k = ((yy * w + xx) * 3) as usize; px[k..k + 3].copy_from_slice(&c); } } } }
                    let fr = Frame::from_rgb(w as u32, h as u32, px).unwrap();
                    let name = std::path::Path::new(f).file_stem().unwrap().to_string_lossy().to_string();
                    std::fs::write(format!("{dir}/{name}.jpg"), encode_jpeg(&fr.resized_to_max_side(900), 92).unwrap()).unwrap();
                }
            }
        }
        return;
    }
    // dump W H out.bin < rgb24 ; out: per frame 6+468*3 f32
    let (w, h): (u32, u32) = (a[1].parse().unwrap(), a[2].parse().unwrap());
    let mut st = TrackState::default();
    let mut out: Vec<u8> = vec![];
    let mut inp = std::io::stdin().lock();
    let mut n = 0; let mut spent = std::time::Duration::ZERO;
    loop {
        let mut buf = vec![0u8; (w * h * 3) as usize];
        if inp.read_exact(&mut buf).is_err() { break }
        let f = Frame::from_rgb(w, h, buf).unwrap();
        let t = std::time::Instant::now();
        let o = observe(&m, &f, &mut st).unwrap();
        spent += t.elapsed(); n += 1;
        let mut v: Vec<f32> = vec![f32::NAN; 16 + 1404];
        v[0] = o.faces_detected.map_or(f32::NAN, |x| x as f32);
        if let Some(x) = &o.face {
            let nan = |x: Option<f32>| x.unwrap_or(f32::NAN);
            v[1] = x.presence; v[2] = nan(x.pose.map(|p| p.yaw)); v[3] = nan(x.pose.map(|p| p.pitch)); v[4] = nan(x.pose.map(|p| p.roll));
            v[5] = nan(x.eyes.left); v[6] = nan(x.eyes.right); v[7] = nan(x.mouth); v[8] = nan(x.quality.sharpness); v[9] = nan(x.quality.eyes_visible); v[10] = nan(x.quality.luma); v[11] = nan(x.quality.back_light);
            v[12] = nan(fit(m.geometry(), &x.landmarks).map(|f| f.residual())); v[13] = nan(x.quality.face_ratio); v[14] = nan(x.quality.contrast); v[15] = if o.reacquired { 1.0 } else { 0.0 };
            for (i, p) in x.landmarks.iter().enumerate() { v[16 + i * 3] = p.x; v[17 + i * 3] = p.y; v[18 + i * 3] = p.z; }
        }
        for x in v { out.extend_from_slice(&x.to_le_bytes()); }
    }
    eprintln!("{n} frames {:?} = {:.2} ms/frame", spent, spent.as_secs_f64() * 1e3 / n as f64);
    std::fs::write(&a[3], out).unwrap();
}
