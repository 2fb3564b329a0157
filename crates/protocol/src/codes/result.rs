//! `result_code` / `result_message` of get_result: 41 rows.

use super::row::*;

rows! { Result
    SUCCESS: plain = 1000 "SUCCESS" SamePerson Nobody final billed {
        zh "待比的照片与权威数据照片比对结果是同一个人"
        en "The photo to compare and the authoritative photo show the same person."
    }
    PASS_LIVING_NOT_THE_SAME: plain = 2000 "PASS_LIVING_NOT_THE_SAME" DifferentPerson User final billed {
        zh "待比的照片与权威数据照片比对结果不是同一个人"
        en "The photo to compare and the authoritative photo show different people."
    }
    NO_ID_CARD_NUMBER: plain = 3000 "NO_ID_CARD_NUMBER" AuthorityData User final billed {
        zh "权威数据无此身份证号"
        en "The authoritative source has no such ID number."
    }
    ID_NUMBER_NAME_NOT_MATCH: plain = 3000 "ID_NUMBER_NAME_NOT_MATCH" AuthorityData User final billed {
        zh "身份证号，姓名不匹配"
        en "The ID number and the name do not match."
    }
    NO_FACE_FOUND: plain = 3000 "NO_FACE_FOUND" AuthorityData Server final billed {
        zh "权威数据照片中找不到人脸"
        en "No face can be found in the authoritative photo."
    }
    NO_ID_PHOTO: plain = 3000 "NO_ID_PHOTO" AuthorityData Server final billed {
        zh "无法获取权威数据照片"
        en "The authoritative photo cannot be obtained."
    }
    PHOTO_FORMAT_ERROR: plain = 3000 "PHOTO_FORMAT_ERROR" AuthorityData Server final billed {
        zh "权威数据照片格式错误"
        en "The authoritative photo has a wrong format."
    }
    DATA_SOURCE_ERROR: plain = 3000 "DATA_SOURCE_ERROR" AuthorityData Server retry billed {
        zh "其他权威数据照片错误"
        en "Another error of the authoritative photo."
    }
    FAIL_LIVING_FACE_ATTACK: plain = 4100 "FAIL_LIVING_FACE_ATTACK" Attack User retry free {
        zh "未经过活体判断，可能的原因：是假脸攻击"
        en "Liveness was not passed; possible cause: a fake-face attack."
    }
    REPLACED_FACE_ATTACK: plain = 4100 "REPLACED_FACE_ATTACK" Attack User retry free {
        zh "发生换脸攻击，在做活体过程中出现两张不相同的人脸"
        en "Face-swap attack: two different faces appeared during the liveness process."
    }
    BIZ_TOKEN_DENIED: plain = 4200 "BIZ_TOKEN_DENIED" Attempt Integrator retry free {
        zh "传入的 biz_token 不符合要求"
        en "The biz_token passed in does not meet the requirements."
    }
    AUTHENTICATION_FAIL: plain = 4200 "AUTHENTICATION_FAIL" Attempt Us retry free {
        zh "鉴权失败"
        en "Authentication failed."
    }
    MOBILE_PHONE_NOT_SUPPORT: plain = 4200 "MOBILE_PHONE_NOT_SUPPORT" Attempt Device final free {
        zh "手机在不支持列表里"
        en "The phone is on the list of unsupported devices."
    }
    SDK_TOO_OLD: plain = 4200 "SDK_TOO_OLD" Attempt Integrator final free {
        zh "SDK版本过旧，已经不被支持"
        en "The SDK version is too old and no longer supported."
    }
    MOBILE_PHONE_NO_AUTHORITY: plain = 4200 "MOBILE_PHONE_NO_AUTHORITY" Attempt User retry free {
        zh "没有权限（运动传感器、存储、相机）"
        en "A permission is missing (motion sensor, storage, camera)."
    }
    USER_CANCELLATION: plain = 4200 "USER_CANCELLATION" Attempt User retry free {
        zh "用户活体失败，可能原因：用户取消了"
        en "The user failed liveness; possible cause: the user cancelled."
    }
    USER_TIMEOUT: plain = 4200 "USER_TIMEOUT" Attempt User retry free {
        zh "用户活体失败，可能原因：验证过程超时"
        en "The user failed liveness; possible cause: the verification timed out."
    }
    VERIFICATION_FAILURE: plain = 4200 "VERIFICATION_FAILURE" Attempt User retry free {
        zh "用户活体失败，可能原因：验证失败"
        en "The user failed liveness; possible cause: the verification failed."
    }
    UNDETECTED_FACE: plain = 4200 "UNDETECTED_FACE" Attempt User retry free {
        zh "用户活体失败，可能原因：未检测到人脸"
        en "The user failed liveness; possible cause: no face was detected."
    }
    ACTION_ERROR: plain = 4200 "ACTION_ERROR" Attempt User retry free {
        zh "用户活体失败，可能原因：用户动作错误；"
        en "The user failed liveness; possible cause: the user performed a wrong action."
    }
    IP_NOT_ALLOWED: plain = 5000 "IP_NOT_ALLOWED" Account Integrator final free {
        zh "不允许访问的IP"
        en "Access from this IP is not allowed."
    }
    NON_ENTERPRISE_CERTIFICATION: plain = 5000 "NON_ENTERPRISE_CERTIFICATION" Account Integrator final free {
        zh "客户未进行企业认证"
        en "The customer has not completed enterprise certification."
    }
    BALANCE_NOT_ENOUGH: plain = 5000 "BALANCE_NOT_ENOUGH" Account Integrator final free {
        zh "余额不足"
        en "The balance is insufficient."
    }
    MORE_RETRY_TIMES: plain = 5000 "MORE_RETRY_TIMES" Account Network retry free {
        zh "获取服务器配置时超过重试次数"
        en "The retry limit was exceeded while getting the server configuration."
    }
    ACCOUNT_DISCONTINUED: plain = 5000 "ACCOUNT_DISCONTINUED" Account Integrator final free {
        zh "用户帐号已停用"
        en "The account is discontinued."
    }
    EXPIRED_SIGN: plain = 5000 "EXPIRED_SIGN" Account Integrator retry free {
        zh "签名过期"
        en "The signature has expired."
    }
    INVALID_SIGN: plain = 5000 "INVALID_SIGN" Account Integrator final free {
        zh "无效的签名"
        en "The signature is invalid."
    }
    REPLAY_ATTACK: plain = 5000 "REPLAY_ATTACK" Account Integrator final free {
        zh "重放攻击，单次有效的签名被多次使用"
        en "Replay attack: a single-use signature was used more than once."
    }
    USER_CANCEL: plain = 6000 "USER_CANCEL" Local User retry free {
        zh "用户取消"
        en "The user cancelled."
    }
    NO_CAMERA_PERMISSION: plain = 6000 "NO_CAMERA_PERMISSION" Local User retry free {
        zh "没有打开相机的权限，请开启权限后重试"
        en "No permission to open the camera; grant it and try again."
    }
    ILLEGAL_PARAMETER: plain = 6000 "ILLEGAL_PARAMETER" Local Integrator final free {
        zh "传入参数不合法"
        en "A parameter passed in is not legal."
    }
    DEVICE_NOT_SUPPORT: plain = 6000 "DEVICE_NOT_SUPPORT" Local Device retry free {
        zh "无法启动相机，请确认摄像头功能完好"
        en "The camera cannot be started; check that it works."
    }
    INVALID_BUNDLE_ID: plain = 6000 "INVALID_BUNDLE_ID" Local Integrator final free {
        zh "信息验证失败，请重启程序或设备后重试"
        en "Verification of the app information failed; restart the app or the device and try again."
    }
    NETWORK_ERROR: plain = 6000 "NETWORK_ERROR" Local Network retry free {
        zh "连不上互联网，请连接上互联网后重试"
        en "No internet connection; connect and try again."
    }
    FACE_INIT_FAIL: plain = 6000 "FACE_INIT_FAIL" Local Us retry free {
        zh "无法启动人脸识别，请稍后重试"
        en "Face recognition cannot be started; try again later."
    }
    LIVENESS_DETECT_FAILED: plain = 6000 "LIVENESS_DETECT_FAILED" Local User retry free {
        zh "活体检测不通过"
        en "Liveness detection was not passed."
    }
    NO_SENSOR_PERMISSION: plain = 6000 "NO_SENSOR_PERMISSION" Local User retry free {
        zh "无法读取运动数据的权限，请开启权限后重试"
        en "No permission to read motion data; grant it and try again."
    }
    INIT_FAILED: plain = 6000 "INIT_FAILED" Local Us retry free {
        zh "初始化失败"
        en "Initialisation failed."
    }
    LIVING_NOT_START: plain = 9000 "LIVING_NOT_START" NotFinished Nobody retry free {
        zh "活体验证没有开始"
        en "The liveness verification has not started."
    }
    LIVING_IN_PROGRESS: plain = 9000 "LIVING_IN_PROGRESS" NotFinished Nobody retry free {
        zh "正在进行验证"
        en "The verification is in progress."
    }
    LIVING_OVERTIME: plain = 9000 "LIVING_OVERTIME" NotFinished User retry free {
        zh "操作超时，由于用户在长时间没有进行操作"
        en "The operation timed out because the user did nothing for a long time."
    }
}
