//! The two networks from their files: compact networks, and ONNX where the feature `onnx` brings its loader.

use std::sync::{Mutex, PoisonError};

use faceid_kernels::{Net, NetError, Scratch};

use crate::{
    error::{ModelError, ModelRole, VisionError},
    geometry::Geometry,
    model::{ANCHOR_COUNT, DETECTOR_SIDE, DetectorOutput, LANDMARK_COUNT, LANDMARK_SIDE, LandmarkOutput, Models, Networks, REGRESSOR_LEN},
    points::LANDMARKS_IN_PAGE,
};

/// Both networks.
struct Loaded {
    detector: Runner,
    landmark: Runner,
    /// For each landmark the place, among those of the page's network, of the one that stands for it; `None` for a network that places all.
    stand_ins: Option<Vec<usize>>,
}

impl Models {
    /// Loads all three files. A network is a compact file (docs/networks.md) or, with the feature `onnx`, an ONNX file; signatures (names are
    /// free, order is not):
    /// - `detector`: input `[1,3,128,128]` (values -1..1), outputs regressors `[1,896,16]` and scores `[1,896,1]` (logits);
    /// - `landmark`: input `[1,3,192,192]` (values 0..1), outputs points `[1,1404]` and presence `[1,1]` (logit); or, a compact file only, the points of
    ///   [`LANDMARKS_IN_PAGE`] instead of all: each of the others then lies where the nearest of these does, nearest on the canonical face;
    /// - `geometry`: see [`Geometry::from_bytes`].
    ///
    /// # Errors
    /// [`ModelError`], naming the file.
    pub fn from_bytes(detector: &[u8], landmark: &[u8], geometry: &[u8]) -> Result<Self, ModelError> {
        // The geometry is checked first because it costs nothing.
        let geometry = Geometry::from_bytes(geometry)?;
        let (boxes, scores) = ([1, ANCHOR_COUNT, REGRESSOR_LEN], [1, ANCHOR_COUNT, 1]);
        let detector = Runner::load(detector, ModelRole::Detector, DETECTOR_SIDE, &[&[&boxes, &scores]])?;
        let (all, in_page) = ([1, LANDMARK_COUNT * 3], [1, LANDMARKS_IN_PAGE.len() * 3]);
        let landmark = Runner::load(landmark, ModelRole::Landmark, LANDMARK_SIDE, &[&[&all, &[1, 1]], &[&in_page, &[1, 1]]])?;
        let stand_ins = landmark.gives(in_page.iter().product()).then(|| stand_ins(&geometry));
        Ok(Self::new(Box::new(Loaded { detector, landmark, stand_ins }), geometry))
    }
}

impl Networks for Loaded {
    fn detect(&self, input: &[f32]) -> Result<DetectorOutput, VisionError> {
        let [regressors, scores] = self.detector.run(input)?;
        Ok(DetectorOutput { regressors, scores })
    }

    fn landmarks(&self, input: &[f32]) -> Result<LandmarkOutput, VisionError> {
        let [points, presence] = self.landmark.run(input)?;
        let presence = presence.first().copied().ok_or(VisionError::BadOutput { role: ModelRole::Landmark })?;
        let points = match &self.stand_ins {
            Some(stand_ins) => everywhere(stand_ins, &points),
            None => points,
        };
        Ok(LandmarkOutput { points, presence })
    }
}

/// The points of the page's network, and stand-ins for the others.
fn everywhere(stand_ins: &[usize], points: &[f32]) -> Vec<f32> {
    let (points, _) = points.as_chunks::<3>();
    stand_ins.iter().filter_map(|&place| points.get(place)).flatten().copied().collect()
}

fn stand_ins(geometry: &Geometry) -> Vec<usize> {
    let vertices = geometry.vertices();
    let apart = |a: usize, b: usize| match (vertices.get(a), vertices.get(b)) {
        (Some(a), Some(b)) => a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum(),
        (Some(_) | None, _) => f32::INFINITY,
    };
    let nearest = |index: usize| {
        (0..LANDMARKS_IN_PAGE.len()).min_by(|&a, &b| apart(index, LANDMARKS_IN_PAGE[a]).total_cmp(&apart(index, LANDMARKS_IN_PAGE[b])))
    };
    (0..LANDMARK_COUNT).filter_map(nearest).collect()
}

/// One network, whichever file it came from.
struct Runner {
    role: ModelRole,
    inside: Inside,
}

enum Inside {
    Compact(Compact),
    /// The plan and the side of its input, px.
    #[cfg(feature = "onnx")]
    Onnx(crate::onnx::Plan, usize),
}

impl Runner {
    /// Parses, checks the signature and plans. `signatures` are the outputs' shapes that a compact file may have; an ONNX file has the first.
    fn load(bytes: &[u8], role: ModelRole, side: usize, signatures: &[&[&[usize]]]) -> Result<Self, ModelError> {
        // invariant: called with at least one
        let outputs = signatures.first().copied().unwrap_or_default();
        #[cfg(feature = "onnx")]
        if !faceid_kernels::is_net(bytes) {
            return Ok(Self { role, inside: Inside::Onnx(crate::onnx::load(bytes, role, side, outputs)?, side) });
        }
        let net = Net::read(bytes).map_err(|error| ModelError::Load { role, source: error.into() })?;
        let flat = |shape: &[usize]| vec![shape.iter().product()];
        let [channels, height, width] = net.input();
        let got: Vec<Vec<usize>> =
            core::iter::once(vec![1, channels, height, width]).chain(net.outputs().iter().map(|&n| vec![n])).collect();
        let shapes = |outputs: &[&[usize]]| -> Vec<Vec<usize>> {
            core::iter::once(vec![1, 3, side, side]).chain(outputs.iter().map(|shape| flat(shape))).collect()
        };
        if !signatures.iter().any(|outputs| got == shapes(outputs)) {
            return Err(ModelError::Shape { role, expected: shapes(outputs), got });
        }
        Ok(Self { role, inside: Inside::Compact(Compact { net, spare: Mutex::default() }) })
    }

    /// True when the first output has `length` numbers.
    fn gives(&self, length: usize) -> bool {
        match &self.inside {
            Inside::Compact(Compact { net, .. }) => net.outputs().first() == Some(&length),
            // It has the first signature, see `load`.
            #[cfg(feature = "onnx")]
            Inside::Onnx(..) => false,
        }
    }

    /// Runs on one planar RGB picture; the outputs as flat vectors.
    fn run<const N: usize>(&self, input: &[f32]) -> Result<[Vec<f32>; N], VisionError> {
        let Self { role, .. } = *self;
        let outputs = match &self.inside {
            Inside::Compact(compact) => compact.run(input).map_err(|error| VisionError::Run { role, source: error.into() })?,
            #[cfg(feature = "onnx")]
            Inside::Onnx(plan, side) => crate::onnx::run(plan, role, *side, input.to_vec())?,
        };
        outputs.try_into().map_err(|_| VisionError::BadOutput { role })
    }
}

/// A compact network with the memory of earlier runs, one per run at a time.
struct Compact {
    net: Net,
    spare: Mutex<Vec<Scratch>>,
}

impl Compact {
    fn run(&self, input: &[f32]) -> Result<Vec<Vec<f32>>, NetError> {
        // Whatever a panicking thread left behind is still memory of the right size.
        let spare = || self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = spare().pop();
        let mut scratch = taken.unwrap_or_else(|| self.net.scratch());
        let outputs = self.net.run(input, &mut scratch).map(<[_]>::to_vec);
        spare().push(scratch);
        outputs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    #[test]
    fn what_is_placed_stands_for_itself_and_the_rest_for_its_neighbour() {
        let geometry = synthetic::geometry();
        let stand_ins = stand_ins(&geometry);
        assert_eq!(stand_ins.len(), LANDMARK_COUNT, "each landmark has one");
        for (place, &index) in LANDMARKS_IN_PAGE.iter().enumerate() {
            assert_eq!(stand_ins[index], place, "landmark {index}");
        }
        let apart =
            |a: usize, b: usize| -> f32 { geometry.vertices()[a].iter().zip(geometry.vertices()[b]).map(|(a, b)| (a - b).powi(2)).sum() };
        for (index, &place) in stand_ins.iter().enumerate() {
            let chosen = apart(index, LANDMARKS_IN_PAGE[place]);
            assert!(LANDMARKS_IN_PAGE.iter().all(|&other| apart(index, other) >= chosen), "landmark {index}");
        }
    }
}
