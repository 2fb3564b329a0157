//! One sentence per row of the SDK table, in the table's order.

use super::OutcomeText;

const fn say(code: u32, message: &'static str, en: &'static str, zh: &'static str) -> OutcomeText {
    OutcomeText { code, message, en, zh }
}

const ASK_PROVIDER_EN: &str = "This service is not available right now; please contact the provider of this page";
const ASK_PROVIDER_ZH: &str = "服务暂时不可用，请联系本页面的提供方";
const BAD_REFERENCE_EN: &str = "The reference photo cannot be used; please contact the provider of this page";
const BAD_REFERENCE_ZH: &str = "参考照片无法使用，请联系本页面的提供方";
const LATER_EN: &str = "Something went wrong on our side; please try again in a moment";
const LATER_ZH: &str = "我们这边出了点问题，请稍后重试";

/// What the page says at the end of a session.
pub const OUTCOMES: &[OutcomeText] = &[
    say(51_000, "SUCCESS", "Thank you, you are verified", "核验通过，感谢您的配合"),
    say(
        52_000,
        "PASS_LIVING_NOT_THE_SAME",
        "Your face could not be matched; please check that the name and ID number are yours",
        "人脸未能匹配，请确认姓名和证件号是您本人的",
    ),
    say(
        53_000,
        "NO_ID_CARD_NUMBER",
        "This ID number was not found; please check it for typing mistakes",
        "未查到该证件号，请检查是否输入有误",
    ),
    say(
        53_000,
        "ID_NUMBER_NAME_NOT_MATCH",
        "Name and ID number do not belong together; please check both",
        "姓名与证件号不一致，请检查后再试",
    ),
    say(
        53_000,
        "NO_FACE_FOUND",
        "The photo on record cannot be used; please ask the provider for another way to verify",
        "留存照片无法使用，请联系提供方换一种核验方式",
    ),
    say(
        53_000,
        "NO_ID_PHOTO",
        "There is no photo on record; please ask the provider for another way to verify",
        "没有留存照片，请联系提供方换一种核验方式",
    ),
    say(
        53_000,
        "PHOTO_FORMAT_ERROR",
        "The photo on record cannot be read; please ask the provider for another way to verify",
        "留存照片无法读取，请联系提供方换一种核验方式",
    ),
    say(53_000, "DATA_SOURCE_ERROR", "Your record could not be read; please try again later", "暂时无法读取您的信息，请稍后再试"),
    say(
        54_100,
        "FAIL_LIVING_FACE_ATTACK",
        "We could not confirm it; please try again in person, in even light, without screens or photos in view",
        "未能确认，请本人在光线均匀处重试，画面中不要有屏幕或照片",
    ),
    say(
        54_100,
        "REPLACED_FACE_ATTACK",
        "Please stay in the picture alone from start to end, then try again",
        "请全程只有您一人在画面中，然后重试",
    ),
    say(54_200, "BIZ_TOKEN_DENIED", "This check has expired; please start again", "本次核验已失效，请重新开始"),
    say(54_200, "AUTHENTICATION_FAIL", "The secure connection was interrupted; please start again", "安全连接中断，请重新开始"),
    say(54_200, "MOBILE_PHONE_NOT_SUPPORT", "This device is not supported; please use another one", "暂不支持此设备，请换一台设备"),
    say(54_200, "SDK_TOO_OLD", "Please reload the page to get its newest version", "请刷新页面以使用最新版本"),
    say(54_200, "MOBILE_PHONE_NO_AUTHORITY", "Please allow the camera, then try again", "请允许使用摄像头，然后重试"),
    say(54_200, "USER_CANCELLATION", "You stopped the check; start again whenever you like", "您已取消，可随时重新开始"),
    say(54_200, "USER_TIMEOUT", "Time ran out; please try again and follow the prompts", "时间已到，请重试并跟随提示"),
    say(54_200, "VERIFICATION_FAILURE", "It did not work this time; please try again in good light", "这次没有成功，请在光线良好处重试"),
    say(
        54_200,
        "UNDETECTED_FACE",
        "We could not see your face well; please keep it in the oval and try again",
        "没有看清您的脸，请保持在框内再试一次",
    ),
    say(
        54_200,
        "ACTION_ERROR",
        "The movement was not the one asked for; please watch the prompt and try again",
        "动作与提示不符，请看清提示后重试",
    ),
    say(55_000, "IP_NOT_ALLOWED", ASK_PROVIDER_EN, ASK_PROVIDER_ZH),
    say(55_000, "NON_ENTERPRISE_CERTIFICATION", ASK_PROVIDER_EN, ASK_PROVIDER_ZH),
    say(55_000, "BALANCE_NOT_ENOUGH", ASK_PROVIDER_EN, ASK_PROVIDER_ZH),
    say(55_000, "MORE_RETRY_TIMES", "The connection is weak; please check your network and try again", "网络不稳定，请检查网络后重试"),
    say(55_000, "ACCOUNT_DISCONTINUED", ASK_PROVIDER_EN, ASK_PROVIDER_ZH),
    say(55_000, "EXPIRED_SIGN", "This check has expired; please start again", "本次核验已失效，请重新开始"),
    say(55_000, "INVALID_SIGN", ASK_PROVIDER_EN, ASK_PROVIDER_ZH),
    say(55_000, "REPLAY_ATTACK", "This check was already used; please start again", "本次核验已使用过，请重新开始"),
    say(56_000, "USER_CANCEL", "You stopped the check; start again whenever you like", "您已取消，可随时重新开始"),
    say(56_000, "NO_CAMERA_PERMISSION", "Please allow the camera for this page, then try again", "请允许本页面使用摄像头，然后重试"),
    say(56_000, "ILLEGAL_PARAMETER", ASK_PROVIDER_EN, ASK_PROVIDER_ZH),
    say(
        56_000,
        "DEVICE_NOT_SUPPORT",
        "The camera did not start; close other programs that use it, or try another device",
        "摄像头未能启动，请关闭占用它的程序或换一台设备",
    ),
    say(56_000, "INVALID_BUNDLE_ID", ASK_PROVIDER_EN, ASK_PROVIDER_ZH),
    say(56_000, "NETWORK_ERROR", "No connection; please check your network and try again", "网络未连接，请检查网络后重试"),
    say(
        56_000,
        "FACE_INIT_FAIL",
        "Face recognition did not start; please reload the page and try again",
        "人脸识别未能启动，请刷新页面后重试",
    ),
    say(56_000, "LIVENESS_DETECT_FAILED", "It did not work this time; please try again in good light", "这次没有成功，请在光线良好处重试"),
    say(56_000, "NO_SENSOR_PERMISSION", "Please allow motion data for this page, then try again", "请允许本页面读取运动数据，然后重试"),
    say(
        56_000,
        "NO_WRITE_EXTERNAL_STORAGE_PERMISSION",
        "Please allow storage for this app, then try again",
        "请允许本应用使用存储，然后重试",
    ),
    say(56_000, "INIT_FAILED", "The check did not start; please reload the page and try again", "核验未能启动，请刷新页面后重试"),
    say(59_000, "LIVING_NOT_START", "The check has not started yet", "核验尚未开始"),
    say(59_000, "LIVING_IN_PROGRESS", "The check is still running, one moment", "正在核验，请稍候"),
    say(59_000, "LIVING_OVERTIME", "Nothing happened for a while; please start again", "长时间没有操作，请重新开始"),
    say(50_000, "UNKOWN_ERROR", LATER_EN, LATER_ZH),
    say(50_400, "IMAGE_ERROR_UNSUPPORTED_FORMAT:<param>", BAD_REFERENCE_EN, BAD_REFERENCE_ZH),
    say(50_400, "MISSING_ARGUMENTS:<key>", ASK_PROVIDER_EN, ASK_PROVIDER_ZH),
    say(50_400, "BAD_ARGUMENTS:<key>", ASK_PROVIDER_EN, ASK_PROVIDER_ZH),
    say(
        50_400,
        "NO_FACE_FOUND:<param>",
        "The reference photo shows no face; please contact the provider of this page",
        "参考照片中没有人脸，请联系本页面的提供方",
    ),
    say(50_400, "INVALID_IMAGE_SIZE<param>", BAD_REFERENCE_EN, BAD_REFERENCE_ZH),
    say(50_403, "AUTHORIZATION_ERROR:<reason>", ASK_PROVIDER_EN, ASK_PROVIDER_ZH),
    say(
        50_429,
        "CONCURRENCY_LIMIT_EXCEEDED",
        "Many people are verifying right now; please try again in a moment",
        "当前使用人数较多，请稍后重试",
    ),
    say(50_404, "API_NOT_FOUND", ASK_PROVIDER_EN, ASK_PROVIDER_ZH),
    say(50_413, "Request Entity Too Large", "The pictures were too large to send; please try again", "画面数据过大，无法提交，请重试"),
    say(50_500, "INTERNAL_ERROR", LATER_EN, LATER_ZH),
];
