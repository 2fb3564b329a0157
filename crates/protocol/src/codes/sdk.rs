//! Codes the SDK reports to the page: 53 rows, 50000 + a result code or 50000 + an HTTP status.

use super::row::*;

rows! { Sdk
    SUCCESS: plain = 51000 "SUCCESS" SamePerson Nobody final billed {
        zh "待比对照片与权威数据照片比对结果是同一个人"
        en "The photo to compare and the authoritative photo show the same person."
    }
    PASS_LIVING_NOT_THE_SAME: plain = 52000 "PASS_LIVING_NOT_THE_SAME" DifferentPerson User final billed {
        zh "待比对照片与权威数据照片比对结果不是同一个人"
        en "The photo to compare and the authoritative photo show different people."
    }
    NO_ID_CARD_NUMBER: plain = 53000 "NO_ID_CARD_NUMBER" AuthorityData User final billed {
        zh "权威数据无此身份证号"
        en "The authoritative source has no such ID number."
    }
    ID_NUMBER_NAME_NOT_MATCH: plain = 53000 "ID_NUMBER_NAME_NOT_MATCH" AuthorityData User final billed {
        zh "身份证号，姓名不匹配"
        en "The ID number and the name do not match."
    }
    NO_FACE_FOUND: plain = 53000 "NO_FACE_FOUND" AuthorityData Server final billed {
        zh "权威数据照片中找不到人脸"
        en "No face can be found in the authoritative photo."
    }
    NO_ID_PHOTO: plain = 53000 "NO_ID_PHOTO" AuthorityData Server final billed {
        zh "无法获取权威数据照片"
        en "The authoritative photo cannot be obtained."
    }
    PHOTO_FORMAT_ERROR: plain = 53000 "PHOTO_FORMAT_ERROR" AuthorityData Server final billed {
        zh "权威数据照片格式错误"
        en "The authoritative photo has a wrong format."
    }
    DATA_SOURCE_ERROR: plain = 53000 "DATA_SOURCE_ERROR" AuthorityData Server retry billed {
        zh "其他权威数据照片错误"
        en "Another error of the authoritative photo."
    }
    FAIL_LIVING_FACE_ATTACK: plain = 54100 "FAIL_LIVING_FACE_ATTACK" Attack User retry free {
        zh "未经过活体判断，可能的原因：是假脸攻击"
        en "Liveness was not passed; possible cause: a fake-face attack."
    }
    REPLACED_FACE_ATTACK: plain = 54100 "REPLACED_FACE_ATTACK" Attack User retry free {
        zh "发生换脸攻击，在做活体过程中出现两张不相同的人脸"
        en "Face-swap attack: two different faces appeared during the liveness process."
    }
    BIZ_TOKEN_DENIED: plain = 54200 "BIZ_TOKEN_DENIED" Attempt Integrator retry free {
        zh "传入的 biz_token 不符合要求"
        en "The biz_token passed in does not meet the requirements."
    }
    AUTHENTICATION_FAIL: plain = 54200 "AUTHENTICATION_FAIL" Attempt Us retry free {
        zh "鉴权失败，鉴权过程中非biz_token的错误"
        en "Authentication failed, for a reason other than the biz_token."
    }
    MOBILE_PHONE_NOT_SUPPORT: plain = 54200 "MOBILE_PHONE_NOT_SUPPORT" Attempt Device final free {
        zh "手机在不支持列表里"
        en "The phone is on the list of unsupported devices."
    }
    SDK_TOO_OLD: plain = 54200 "SDK_TOO_OLD" Attempt Integrator final free {
        zh "SDK版本过旧，已经不被支持"
        en "The SDK version is too old and no longer supported."
    }
    MOBILE_PHONE_NO_AUTHORITY: plain = 54200 "MOBILE_PHONE_NO_AUTHORITY" Attempt User retry free {
        zh "没有权限（运动传感器、存储、相机）"
        en "A permission is missing (motion sensor, storage, camera)."
    }
    USER_CANCELLATION: plain = 54200 "USER_CANCELLATION" Attempt User retry free {
        zh "用户活体失败，可能原因：用户取消了"
        en "The user failed liveness; possible cause: the user cancelled."
    }
    USER_TIMEOUT: plain = 54200 "USER_TIMEOUT" Attempt User retry free {
        zh "用户活体失败，可能原因：验证过程超时"
        en "The user failed liveness; possible cause: the verification timed out."
    }
    VERIFICATION_FAILURE: plain = 54200 "VERIFICATION_FAILURE" Attempt User retry free {
        zh "用户活体失败，可能原因：验证失败"
        en "The user failed liveness; possible cause: the verification failed."
    }
    UNDETECTED_FACE: plain = 54200 "UNDETECTED_FACE" Attempt User retry free {
        zh "用户活体失败，可能原因：未检测到人脸"
        en "The user failed liveness; possible cause: no face was detected."
    }
    ACTION_ERROR: plain = 54200 "ACTION_ERROR" Attempt User retry free {
        zh "用户活体失败，可能原因：用户动作错误；"
        en "The user failed liveness; possible cause: the user performed a wrong action."
    }
    IP_NOT_ALLOWED: plain = 55000 "IP_NOT_ALLOWED" Account Integrator final free {
        zh "不允许访问的IP"
        en "Access from this IP is not allowed."
    }
    NON_ENTERPRISE_CERTIFICATION: plain = 55000 "NON_ENTERPRISE_CERTIFICATION" Account Integrator final free {
        zh "客户未进行企业认证"
        en "The customer has not completed enterprise certification."
    }
    BALANCE_NOT_ENOUGH: plain = 55000 "BALANCE_NOT_ENOUGH" Account Integrator final free {
        zh "余额不足"
        en "The balance is insufficient."
    }
    MORE_RETRY_TIMES: plain = 55000 "MORE_RETRY_TIMES" Account Network retry free {
        zh "获取服务器配置时超过重试次数"
        en "The retry limit was exceeded while getting the server configuration."
    }
    ACCOUNT_DISCONTINUED: plain = 55000 "ACCOUNT_DISCONTINUED" Account Integrator final free {
        zh "用户帐号已停用"
        en "The account is discontinued."
    }
    EXPIRED_SIGN: plain = 55000 "EXPIRED_SIGN" Account Integrator retry free {
        zh "签名过期"
        en "The signature has expired."
    }
    INVALID_SIGN: plain = 55000 "INVALID_SIGN" Account Integrator final free {
        zh "无效的签名"
        en "The signature is invalid."
    }
    REPLAY_ATTACK: plain = 55000 "REPLAY_ATTACK" Account Integrator final free {
        zh "重放攻击，单次有效的签名被多次使用"
        en "Replay attack: a single-use signature was used more than once."
    }
    USER_CANCEL: plain = 56000 "USER_CANCEL" Local User retry free {
        zh "用户取消"
        en "The user cancelled."
    }
    NO_CAMERA_PERMISSION: plain = 56000 "NO_CAMERA_PERMISSION" Local User retry free {
        zh "没有打开相机的权限，请开启权限后重试"
        en "No permission to open the camera; grant it and try again."
    }
    ILLEGAL_PARAMETER: plain = 56000 "ILLEGAL_PARAMETER" Local Integrator final free {
        zh "传入参数不合法"
        en "A parameter passed in is not legal."
    }
    DEVICE_NOT_SUPPORT: plain = 56000 "DEVICE_NOT_SUPPORT" Local Device retry free {
        zh "无法启动相机，请确认摄像头功能完好"
        en "The camera cannot be started; check that it works."
    }
    INVALID_BUNDLE_ID: plain = 56000 "INVALID_BUNDLE_ID" Local Integrator final free {
        zh "信息验证失败，请重启程序或设备后重试"
        en "Verification of the app information failed; restart the app or the device and try again."
    }
    NETWORK_ERROR: plain = 56000 "NETWORK_ERROR" Local Network retry free {
        zh "连不上互联网，请连接上互联网后重试"
        en "No internet connection; connect and try again."
    }
    FACE_INIT_FAIL: plain = 56000 "FACE_INIT_FAIL" Local Us retry free {
        zh "无法启动人脸识别，请稍后重试"
        en "Face recognition cannot be started; try again later."
    }
    LIVENESS_DETECT_FAILED: plain = 56000 "LIVENESS_DETECT_FAILED" Local User retry free {
        zh "活体检测不通过"
        en "Liveness detection was not passed."
    }
    NO_SENSOR_PERMISSION: plain = 56000 "NO_SENSOR_PERMISSION" Local User retry free {
        zh "无法读取运动数据的权限，请开启权限后重试"
        en "No permission to read motion data; grant it and try again."
    }
    NO_WRITE_EXTERNAL_STORAGE_PERMISSION: plain = 56000 "NO_WRITE_EXTERNAL_STORAGE_PERMISSION" Local User retry free {
        zh "没有读取写SD卡的权限"
        en "No permission to read or write the SD card."
    }
    INIT_FAILED: plain = 56000 "INIT_FAILED" Local Us retry free {
        zh "初始化失败"
        en "Initialisation failed."
    }
    LIVING_NOT_START: plain = 59000 "LIVING_NOT_START" NotFinished Nobody retry free {
        zh "活体验证没有开始"
        en "The liveness verification has not started."
    }
    LIVING_IN_PROGRESS: plain = 59000 "LIVING_IN_PROGRESS" NotFinished Nobody retry free {
        zh "正在进行验证"
        en "The verification is in progress."
    }
    LIVING_OVERTIME: plain = 59000 "LIVING_OVERTIME" NotFinished User retry free {
        zh "操作超时，由于用户在长时间没有进行操作"
        en "The operation timed out because the user did nothing for a long time."
    }
    UNKOWN_ERROR: plain = 50000 "UNKOWN_ERROR" Unknown Us retry free {
        zh "未知错误"
        en "Unknown error."
    }
    IMAGE_ERROR_UNSUPPORTED_FORMAT: param = 50400 "IMAGE_ERROR_UNSUPPORTED_FORMAT:<param>" Http Integrator final free {
        zh "参数<param>对应的图像无法解析，有可能不是图像文件、或有数据破损。<param>为 image_ref1、image_ref2中的一个。请注意：<param>只会有一项，即第一个满足条件的名称。"
        en "The image given as <param> cannot be parsed: it may not be an image file, or its data is damaged. <param> is image_ref1 or image_ref2, one only: the first that meets the condition."
    }
    MISSING_ARGUMENTS: key = 50400 "MISSING_ARGUMENTS:<key>" Http Integrator final free {
        zh "缺少某个必选参数。"
        en "A required parameter is missing."
    }
    BAD_ARGUMENTS: key = 50400 "BAD_ARGUMENTS:<key>" Http Integrator final free {
        zh "某个参数解析出错（比如必须是数字，但是输入的是非数字字符串；或者长度过长）"
        en "A parameter could not be parsed (for example a number was required and a non-numeric string was given, or the value is too long)."
    }
    NO_FACE_FOUND_IN_REFERENCE: param = 50400 "NO_FACE_FOUND:<param>" Http Integrator final free {
        zh "表示上传的 image_ref 的图像中，没有检测到人脸。"
        en "No face was detected in the uploaded reference image."
    }
    INVALID_IMAGE_SIZE: param = 50400 "INVALID_IMAGE_SIZE<param>" Http Integrator final free {
        zh "客户上传的图像太大，具体是指像素尺寸的长或宽超过4096像素。<param>为 image_ref1、image_ref2中的一个。请注意：<param>只会有一项，即第一个满足条件的名称。"
        en "The uploaded image is too large: its width or height exceeds 4096 pixels. <param> is image_ref1 or image_ref2, one only: the first that meets the condition."
    }
    AUTHORIZATION_ERROR: reason = 50403 "AUTHORIZATION_ERROR:<reason>" Http Integrator final free {
        zh "调用次数超限、没有调用此API的权限，或者没有以当前方式调用此API的权限。"
        en "The call quota is exceeded, or there is no permission to call this API, or no permission to call it in this way."
    }
    CONCURRENCY_LIMIT_EXCEEDED: plain = 50429 "CONCURRENCY_LIMIT_EXCEEDED" Http Integrator retry free {
        zh "并发数超过限制"
        en "The concurrency limit is exceeded."
    }
    API_NOT_FOUND: plain = 50404 "API_NOT_FOUND" Http Integrator final free {
        zh "所调用的API不存在。"
        en "The API called does not exist."
    }
    REQUEST_ENTITY_TOO_LARGE: plain = 50413 "Request Entity Too Large" Http Integrator final free {
        zh "客户发送的请求大小超过了20MB限制或单张照片大小超过了2MB。该错误的返回格式为纯文本，不是json格式。"
        en "The request is larger than the 20 MB limit, or a single photo is larger than 2 MB. This error is returned as plain text, not JSON."
    }
    INTERNAL_ERROR: plain = 50500 "INTERNAL_ERROR" Http Server retry free {
        zh "服务器内部错误，当此类错误发生时请再次请求，如果持续出现此类错误，请及时联系 FaceID 客服或商务"
        en "Internal server error. Send the request again; if it keeps happening, contact FaceID support or sales."
    }
}
