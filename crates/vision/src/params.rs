//! Every number of the pipeline that could be chosen otherwise, with unit and source.

/// Tunables. `Default` gives the values in use.
#[derive(Debug, Clone, PartialEq)]
pub struct Params {
    /// Detector score from which a box counts, 0..1. MediaPipe short-range default.
    pub detection_score: f32,
    /// Intersection over union from which two boxes are the same face, 0..1. MediaPipe: 0.3.
    pub same_face_iou: f32,
    /// Presence from which a crop is tracked as a face, 0..1. MediaPipe face mesh: 0.5.
    pub presence: f32,
    /// Crop side / longer side of the face box. MediaPipe: 1.5.
    pub roi_scale: f32,
    /// While tracking, the detector runs on every n-th frame so that a second face is noticed; 0 = never.
    /// 15 = once a second at 15 fps, about 0.3 ms per frame on average (own choice).
    pub redetect_every: u32,
    /// Free space added around a still picture, as a share of its longer side, tried in this order until a face is found: tight crops lose the
    /// detector (edisonpaul4/face-liveness-platform reports 57 % -> 98 % with 15 %). Neighbouring steps change the face's size on the detector's
    /// grid by a fifth to a third, since a face that falls between two anchor sizes is found again a step later.
    pub still_borders: [f32; 5],
    /// Presence that a face needs, 0..1, where many attempts invite false ones: turned pictures and tiles. Own measurement: 258 of 260 faces
    /// on the photographs at hand reach it; hair and cloth taken for a face reached 0.68.
    pub sure_presence: f32,
    /// Largest root-mean-square distance between the posed canonical face and the landmarks, as a share of the outer eye distance.
    /// Worse fits give no pose (own choice, see `pose`).
    pub pose_residual: f32,
    /// Eye aspect ratio (see `measure`) of the usual open eye, dimensionless. Own measurement: clip medians 0.23 to 0.33, mean 0.27.
    pub eye_open_ratio: f32,
    /// Eye aspect ratio the landmark network gives for a shut eye: it never reaches zero, because lids have thickness.
    /// Own measurement: labelled blinks bottom out at 0.10 to 0.19, the long ones at 0.10 to 0.13.
    pub eye_shut_ratio: f32,
    /// An eye is not measured when the head turns it further away than this, degrees of yaw.
    pub eye_max_yaw: f32,
    /// The mouth is not measured beyond this yaw, degrees either way.
    pub mouth_max_yaw: f32,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            detection_score: 0.5,
            same_face_iou: 0.3,
            presence: 0.5,
            roi_scale: 1.5,
            redetect_every: 15,
            still_borders: [0.0, 0.3, 1.0, 0.15, 0.6],
            sure_presence: 0.9,
            pose_residual: 0.12,
            eye_open_ratio: 0.27,
            eye_shut_ratio: 0.12,
            eye_max_yaw: 35.0,
            mouth_max_yaw: 50.0,
        }
    }
}
