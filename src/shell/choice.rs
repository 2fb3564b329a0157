//! Which of several cameras: by which way it faces, by its label, and by whether it sees colours.

use serde::Serialize;

/// A camera as the browser lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Listed {
    /// `deviceId`, of this site only.
    pub(crate) id: String,
    /// Name; empty before permission.
    pub(crate) label: String,
}

/// What a camera seems to be for, the best for a face check first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// Faces the person.
    Front,
    /// A plain name: most webcams.
    Plain,
    /// A program's, not a device's.
    Software,
    /// For unlocking the computer in the dark: grey pictures.
    Infrared,
    /// Faces away.
    Rear,
}

/// Words of labels. Browsers pass on the system's names: Android's are English, the others are in the system's language; an unknown name is plain.
const FRONT: [&str; 6] = ["front", "user", "facetime", "前置", "フロント", "frontal"];
const REAR: [&str; 8] = ["back", "rear", "environment", "后置", "後置", "背面", "rück", "arrière"];
const SOFTWARE: [&str; 5] = ["virtual", "obs", "manycam", "snap camera", "v4l2loopback"];
const INFRARED: [&str; 4] = ["infrared", "infra-red", "windows hello", "红外"];

fn rank(label: &str) -> Rank {
    let label = label.to_lowercase();
    let stands_alone = |short: &str| label.split(|c: char| !c.is_alphanumeric()).any(|word| word == short);
    // Short ones are parts of other words: an Obsbot is a device, a backlit webcam faces the person.
    let is_in = |word: &&str| if word.is_ascii() && word.len() <= 5 { stands_alone(word) } else { label.contains(*word) };
    let has = |words: &[&str]| words.iter().any(is_in);
    // "Integrated IR Camera", but not "RGB-IR", which sees colours too.
    if has(&INFRARED) || (stands_alone("ir") && !stands_alone("rgb")) {
        Rank::Infrared
    } else if has(&REAR) {
        Rank::Rear
    } else if has(&SOFTWARE) {
        Rank::Software
    } else if has(&FRONT) {
        Rank::Front
    } else {
        Rank::Plain
    }
}

/// The camera that the browser chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Current {
    /// `None` where the browser does not tell.
    pub(crate) id: Option<String>,
    pub(crate) label: String,
    /// The track says that it faces away.
    pub(crate) faces_away: bool,
}

impl Current {
    fn rank(&self) -> Rank {
        if self.faces_away { Rank::Rear } else { rank(&self.label) }
    }

    /// Nothing to test: its name says that it sees no colours.
    pub(crate) fn is_infrared(&self) -> bool {
        self.rank() == Rank::Infrared
    }
}

/// Cameras to try instead of the browser's choice, the best first. Its choice (the system's default) stands unless its name speaks against it.
pub(crate) fn by_name(cameras: &[Listed], current: &Current) -> Vec<String> {
    let own = current.rank();
    others(cameras, current, |rank| own >= Rank::Software && rank < own)
}

/// Cameras to try instead of one that sees no colours, the best first.
pub(crate) fn instead_of_grey(cameras: &[Listed], current: &Current) -> Vec<String> {
    others(cameras, current, |rank| rank <= Rank::Plain)
}

fn others(cameras: &[Listed], current: &Current, wanted: impl Fn(Rank) -> bool) -> Vec<String> {
    let mut found: Vec<(Rank, &Listed)> = cameras
        .iter()
        .filter(|camera| Some(&camera.id) != current.id.as_ref())
        .map(|camera| (rank(&camera.label), camera))
        .filter(|(rank, _)| wanted(*rank))
        .collect();
    // Stable: among equals the browser's order stands.
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, camera)| camera.id.clone()).collect()
}

/// What a person may choose from: all but those that face away, which see nobody.
pub(crate) fn offered(cameras: Vec<Listed>, current: Option<&str>) -> Vec<Listed> {
    cameras.into_iter().filter(|camera| rank(&camera.label) != Rank::Rear || Some(camera.id.as_str()) == current).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(labels: &[&str]) -> Vec<Listed> {
        labels.iter().map(|label| Listed { id: format!("id of {label}"), label: (*label).into() }).collect()
    }

    fn current(label: &str) -> Current {
        Current { id: Some(format!("id of {label}")), label: label.into(), faces_away: false }
    }

    #[test]
    fn labels_of_real_devices_have_their_rank() {
        let table = [
            ("FaceTime HD Camera (Built-in)", Rank::Front),
            ("camera2 1, facing front", Rank::Front),
            ("camera2 0, facing back", Rank::Rear),
            ("前置相机", Rank::Front),
            ("Rückkamera", Rank::Rear),
            ("Integrated Camera (04f2:b6d0)", Rank::Plain),
            ("Integrated IR Camera (04f2:b6d1)", Rank::Infrared),
            ("Integrated RGB-IR Camera", Rank::Plain),
            ("Surface IR Camera Front", Rank::Infrared),
            ("Firewire camera", Rank::Plain),
            ("OBS Virtual Camera", Rank::Software),
            ("OBS-Camera", Rank::Software),
            ("OBSBOT Tiny 2", Rank::Plain),
            ("Backlit Webcam", Rank::Plain),
            ("", Rank::Plain),
        ];
        for (label, expected) in table {
            assert_eq!(rank(label), expected, "{label}");
        }
    }

    #[test]
    fn the_browsers_choice_stands_unless_its_name_speaks_against_it() {
        let all = listed(&["USB Camera", "OBS Virtual Camera", "Integrated IR Camera", "camera2 1, facing front"]);
        assert_eq!(by_name(&all, &current("USB Camera")), Vec::<String>::new(), "plain");
        assert_eq!(by_name(&all, &current("OBS Virtual Camera")), ["id of camera2 1, facing front", "id of USB Camera"], "best first");
        assert_eq!(by_name(&all, &current("Integrated IR Camera")).len(), 3, "even a program's");
        let away = Current { faces_away: true, ..current("USB Camera") };
        assert_eq!(by_name(&all, &away).first().map(String::as_str), Some("id of camera2 1, facing front"), "the track's own word counts");
    }

    #[test]
    fn a_grey_camera_gives_way_to_real_ones_that_face_the_person() {
        let all = listed(&["grey", "OBS Virtual Camera", "camera2 0, facing back", "USB Camera"]);
        assert_eq!(instead_of_grey(&all, &current("grey")), ["id of USB Camera"]);
        assert_eq!(instead_of_grey(&listed(&["grey"]), &current("grey")), Vec::<String>::new(), "nothing better");
    }

    #[test]
    fn cameras_that_face_away_are_not_offered_but_the_current_one_is() {
        let all = listed(&["camera2 0, facing back", "camera2 1, facing front"]);
        assert_eq!(offered(all.clone(), None).len(), 1);
        assert_eq!(offered(all, Some("id of camera2 0, facing back")).len(), 2);
    }
}
