//! The picture as a whole, face or not: is it black, and does it come from a camera that sees no colours (infra-red)?

/// Pixels of [`PictureStats`] whose channels lie further apart than this have a colour. Grey sent as YCbCr comes back with channels at most 3 apart
/// (one step of Cb moves blue by 1.77, BT.601), skin under white light with 30 and more.
const COLOURED: u8 = 10;
/// Share of coloured pixels below which a picture is grey. A face that fills a quarter of the shorter side covers 3 %.
const GREY_SHARE: f32 = 0.005;
/// A picture with less mean luma than this, of 255, says nothing about colours: they drown in the dark.
const TOO_DARK_FOR_COLOUR: f32 = 30.0;
/// A picture is black when fewer than [`BLACK_SHARE`] of its pixels are brighter than this, of 255. Video black is 16 and comes as 0 to 16 when
/// a camera mixes up the ranges; a face in the light of its screen alone has 25 and more.
const BLACK: u8 = 20;
/// Stuck sensor pixels are brighter, and few.
const BLACK_SHARE: f32 = 0.002;

/// What a small copy of a picture tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PictureStats {
    /// Mean luma, 0..255.
    luma: f32,
    /// Share of pixels that are not black.
    lit: f32,
    /// Share of pixels with a colour.
    coloured: f32,
    /// Hash of all bytes: pictures with different hashes differ.
    fingerprint: u64,
}

impl PictureStats {
    /// Reads packed RGBA; `None` without a pixel. The copy may be small, but to tell a frozen picture some of it must be unscaled: scaling
    /// averages away the sensor's noise, by which a living picture differs from the one before.
    #[must_use]
    pub fn of(rgba: &[u8]) -> Option<Self> {
        let (mut luma, mut lit, mut coloured, mut count) = (0_u64, 0_u32, 0_u32, 0_u32);
        // FNV-1a.
        let mut fingerprint = 0xcbf2_9ce4_8422_2325_u64;
        for pixel in rgba.chunks_exact(4) {
            let &[r, g, b, _] = pixel else { continue };
            for byte in [r, g, b] {
                fingerprint = (fingerprint ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
            // Rec. 601 in thousandths.
            let light = (299 * u64::from(r) + 587 * u64::from(g) + 114 * u64::from(b)) / 1000;
            luma += light;
            lit += u32::from(light > u64::from(BLACK));
            coloured += u32::from(r.max(g).max(b) - r.min(g).min(b) > COLOURED);
            count += 1;
        }
        let share = |part: u32| part as f32 / count as f32;
        (count > 0).then(|| Self { luma: luma as f32 / count as f32, lit: share(lit), coloured: share(coloured), fingerprint })
    }

    /// Nothing to see: a closed shutter, a covered lens, or a camera that has lost its picture.
    #[must_use]
    pub fn is_black(&self) -> bool {
        self.lit < BLACK_SHARE
    }

    /// Shades of grey only; `None` where it is too dark to tell.
    #[must_use]
    pub fn is_grey(&self) -> Option<bool> {
        if self.coloured >= GREY_SHARE {
            return Some(false);
        }
        (self.luma >= TOO_DARK_FOR_COLOUR).then_some(true)
    }

    /// Hash of the pixels: the same picture has the same.
    #[must_use]
    pub const fn fingerprint(&self) -> u64 {
        self.fingerprint
    }
}

/// Does this camera see colours? One grey picture says little: white balance and exposure settle in the first moments.
#[derive(Debug, Default)]
pub struct GreyTest {
    grey: u32,
}

impl GreyTest {
    /// Grey pictures that make a grey camera, looked at a tenth of a second apart: half a second, in which white balance has settled.
    const LOOKS: u32 = 5;

    /// Takes the next picture: true = grey, false = colours, `None` = not decided.
    pub fn feed(&mut self, picture: &PictureStats) -> Option<bool> {
        match picture.is_grey() {
            Some(false) => Some(false),
            Some(true) => {
                self.grey += 1;
                (self.grey >= Self::LOOKS).then_some(true)
            }
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 64 x 48 pixels by their number.
    fn picture(pixel: impl Fn(usize) -> [u8; 3]) -> PictureStats {
        let rgba: Vec<u8> = (0..64 * 48).map(pixel).flat_map(|[r, g, b]| [r, g, b, 255]).collect();
        match PictureStats::of(&rgba) {
            Some(stats) => stats,
            None => panic!("3072 pixels"),
        }
    }

    fn grey(v: u8) -> [u8; 3] {
        [v, v, v]
    }

    #[test]
    fn an_infra_red_picture_is_grey_and_a_face_is_not() {
        let shades = |i: usize| grey((i % 200) as u8 + 30);
        assert_eq!(picture(shades).is_grey(), Some(true), "shades");
        let rounded = |i: usize| [(i % 200) as u8 + 31, (i % 200) as u8 + 30, (i % 200) as u8 + 33];
        assert_eq!(picture(rounded).is_grey(), Some(true), "off by what conversion rounds");
        let with_face = |i: usize| if i % 64 < 12 && i / 64 < 12 { [180, 140, 120] } else { grey(120) };
        assert_eq!(picture(with_face).is_grey(), Some(false), "a small face in a grey room");
        let dark_skin = |i: usize| if i % 64 < 12 && i / 64 < 12 { [70, 50, 40] } else { grey(60) };
        assert_eq!(picture(dark_skin).is_grey(), Some(false), "dark skin, little light");
        assert_eq!(picture(|_| grey(12)).is_grey(), None, "too dark to tell");
    }

    #[test]
    fn black_is_black_with_noise_and_stuck_pixels_but_not_at_night() {
        assert!(picture(|_| grey(0)).is_black(), "nothing");
        assert!(picture(|i| grey((i % 17) as u8)).is_black(), "video black with noise");
        assert!(picture(|i| grey(if i < 4 { 255 } else { 3 })).is_black(), "stuck pixels");
        let by_screen_light = |i: usize| grey(if i % 64 < 20 && i / 64 < 20 { 28 } else { 4 });
        assert!(!picture(by_screen_light).is_black(), "a face in the light of its screen");
        assert_eq!(PictureStats::of(&[]), None, "no pixel, no answer");
    }

    #[test]
    fn one_changed_level_changes_the_fingerprint() {
        let still = picture(|i| grey((i % 200) as u8));
        let moved = picture(|i| grey((i % 200) as u8 + u8::from(i == 1_000)));
        assert_eq!(still.fingerprint(), picture(|i| grey((i % 200) as u8)).fingerprint(), "the same");
        assert_ne!(still.fingerprint(), moved.fingerprint(), "one level of one pixel");
    }

    #[test]
    fn a_camera_is_grey_after_several_pictures_and_coloured_at_once() {
        let (ir, dark, colour) = (picture(|_| grey(90)), picture(|_| grey(5)), picture(|_| [120, 90, 70]));
        let mut test = GreyTest::default();
        let answers: Vec<_> = [ir, ir, dark, ir, ir, ir].iter().map(|p| test.feed(p)).collect();
        assert_eq!(answers, [None, None, None, None, None, Some(true)], "dark pictures do not count");
        let mut test = GreyTest::default();
        assert_eq!([test.feed(&ir), test.feed(&colour)], [None, Some(false)], "colours settle it");
    }
}
