//! Sentences shown while a session runs. Keys are the snake-case names of the session's own enums.

use super::Text;

const fn text(key: &'static str, en: &'static str, zh: &'static str) -> Text {
    Text { key, en, zh }
}

/// One per guidance of the session machine.
pub const GUIDANCE: &[Text] = &[
    text("no_face", "Bring your face into the oval", "请把脸放进椭圆框"),
    text("several_faces", "Only one person in the picture, please", "请确保画面中只有您一人"),
    text("too_far", "Move a little closer", "请靠近一些"),
    text("too_close", "Move back a little", "请离远一些"),
    text("off_centre", "Move your face to the middle of the oval", "请将脸移到框的中央"),
    text("not_frontal", "Look straight at the screen", "请正对屏幕"),
    text("lens_covered", "The picture is black, uncover the camera", "画面是黑的，请打开摄像头遮挡"),
    text("too_dark", "Find a brighter place", "光线太暗，请到明亮的地方"),
    text("too_bright", "Too much light, please turn away from it", "光线太强，请避开强光"),
    text("back_lit", "Turn so that the light falls on your face", "请转身，让光照在脸上"),
    text("blurred", "Hold the camera steady, or wipe the lens", "请拿稳设备，或擦一擦镜头"),
    text("eyes_hidden", "Keep both eyes open and visible", "请睁开双眼，不要遮挡眼睛"),
    text("face_covered", "Please uncover your mouth and face", "请不要遮挡口鼻和面部"),
    text("hold_still", "Hold still for a moment", "请保持不动"),
    text("wrong_action", "That was another action, look at the prompt", "动作不对，请看提示再做"),
    text("slower", "A little slower, please", "请慢一点"),
    text("faster", "A little faster, please", "请快一点"),
];

/// One per action, keyed by its wire name.
pub const PROMPTS: &[Text] = &[
    text("nod", "Nod your head", "请点点头"),
    text("shake", "Shake your head slowly", "请缓慢摇头"),
    text("blink", "Close your eyes, then open them", "请闭眼，再睁开"),
    text("mouth", "Open your mouth, then close it", "请张嘴，再闭上"),
];

/// One per state of the session machine: the line shown while there is no prompt.
pub const STATES: &[Text] = &[
    text("not_started", "Ready when you are", "准备好后即可开始"),
    text("wait_camera", "Allow the camera when your browser asks", "请在浏览器提示时允许使用摄像头"),
    text("align_face", "Put your face in the oval", "请将脸对准椭圆框"),
    text("calibrate", "Look straight ahead and hold still", "请正视前方，保持不动"),
    text("await_challenge", "Good, one moment", "很好，请稍候"),
    text("act", "Follow the prompt", "请按提示做动作"),
    text("commit", "Well done", "做得很好"),
    text("submit", "Sending, you may relax", "正在提交，您可以放松了"),
    text("await_verdict", "Checking, one moment", "正在核验，请稍候"),
    text("closed", "Finished", "已结束"),
];

/// One per camera fault: more exact than the code's own sentence, shown in its place when the fault is known.
pub const CAMERA: &[Text] = &[
    text("denied", "Allow the camera in your browser’s site settings, then try again", "请在浏览器的网站设置中允许摄像头，然后重试"),
    text("not_found", "Connect a camera, or use a phone that has one", "未找到摄像头，请连接摄像头或改用手机"),
    text("busy", "Close other programs that use the camera, then try again", "请关闭其他正在使用摄像头的程序，然后重试"),
    text("overconstrained", "Choose another camera, please", "请换一个摄像头"),
    text("unsupported", "Please open this page in an up-to-date browser over a secure connection", "请用新版浏览器通过安全连接打开本页"),
    text("unplugged", "The camera was disconnected; connect it and try again", "摄像头已断开，请重新连接后再试"),
    text("stalled", "The camera stopped sending pictures; please try again", "摄像头没有画面，请重试"),
];

/// Labels and lines of the element and the demo page.
pub const UI: &[Text] = &[
    text("title", "Face check", "人脸核验"),
    text("welcome", "A short check that it is really you", "快速确认是您本人"),
    text("welcome_steps", "You will be asked for a few simple head and face movements", "您将按提示做几个简单的头部和面部动作"),
    text("consent", "Your camera pictures are used only for this check", "摄像头画面仅用于本次核验"),
    text("consent_accept", "Agree and start", "同意并开始"),
    text("start", "Start", "开始"),
    text("retry", "Try again", "重试"),
    text("cancel", "Cancel", "取消"),
    text("done", "Done", "完成"),
    text("back", "Back", "返回"),
    text("camera", "Camera", "摄像头"),
    text("language", "Language", "语言"),
    text("progress", "Progress", "进度"),
    text("time_left", "Time left", "剩余时间"),
    text("hurry", "A few seconds left", "还剩几秒"),
    text("upload", "Upload", "上传进度"),
    text("preview", "Camera preview, mirrored", "摄像头预览（镜像）"),
    text("loading", "Loading, one moment", "正在加载，请稍候"),
    text("success", "You are verified", "核验通过"),
    text("failure", "Not verified yet", "暂未通过"),
    text("name", "Name", "姓名"),
    text("id_number", "ID number", "证件号码"),
];
