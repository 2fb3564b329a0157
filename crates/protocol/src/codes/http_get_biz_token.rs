//! HTTP errors of get_biz_token: 11 rows. Status and text follow the table of this call, which differs from get_result's.

use super::row::*;

rows! { HttpGetBizToken
    MISSING_ARGUMENTS: key = 400 "MISSING_ARGUMENTS:<key>" Http Integrator final free {
        zh "缺少某个必选参数。"
        en "A required parameter is missing."
    }
    BAD_ARGUMENTS: key = 400 "BAD_ARGUMENTS:<key>" Http Integrator final free {
        zh "某个参数解析出错（比如必须是数字，但是输入的是非数字字符串；或者长度过长）"
        en "A parameter could not be parsed (for example a number was required and a non-numeric string was given, or the value is too long)."
    }
    IMAGE_ERROR_UNSUPPORTED_FORMAT: param = 400 "IMAGE_ERROR_UNSUPPORTED_FORMAT:<param>" Http Integrator final free {
        zh "参数<param>对应的图像无法解析，有可能不是图像文件、或有数据破损。<param>为 image_ref1、image_ref2中的一个。请注意：<param>只会有一项，即第一个满足条件的名称。"
        en "The image given as <param> cannot be parsed: it may not be an image file, or its data is damaged. <param> is image_ref1 or image_ref2, one only: the first that meets the condition."
    }
    NO_FACE_FOUND: param = 400 "NO_FACE_FOUND:<param>" Http Integrator final free {
        zh "表示上传的 image_ref 的图像中，没有检测到人脸。param为 image_ref1、image_ref2中的一个。请注意：<param>只会有一项，即第一个满足条件的名称。"
        en "No face was detected in the uploaded reference image. <param> is image_ref1 or image_ref2, one only: the first that meets the condition."
    }
    INVALID_IMAGE_SIZE: param = 400 "INVALID_IMAGE_SIZE<param>" Http Integrator final free {
        zh "客户上传的图像太大，具体是指像素尺寸的长或宽超过4096像素。<param>为 image_ref1、image_ref2中的一个。请注意：<param>只会有一项，即第一个满足条件的名称。"
        en "The uploaded image is too large: its width or height exceeds 4096 pixels. <param> is image_ref1 or image_ref2, one only: the first that meets the condition."
    }
    AUTHENTICATION_ERROR: plain = 403 "AUTHENTICATION_ERROR" Http Integrator final free {
        zh "无效签名"
        en "Invalid signature."
    }
    AUTHORIZATION_ERROR: reason = 403 "AUTHORIZATION_ERROR:<reason>" Http Integrator final free {
        zh "调用次数超限、没有调用此API的权限，或者没有以当前方式调用此API的权限"
        en "The call quota is exceeded, or there is no permission to call this API, or no permission to call it in this way."
    }
    CONCURRENCY_LIMIT_EXCEEDED: plain = 403 "CONCURRENCY_LIMIT_EXCEEDED" Http Integrator retry free {
        zh "并发数超过限制"
        en "The concurrency limit is exceeded."
    }
    API_NOT_FOUND: plain = 404 "API_NOT_FOUND" Http Integrator final free {
        zh "所调用的API不存在"
        en "The API called does not exist."
    }
    REQUEST_ENTITY_TOO_LARGE: plain = 413 "Request Entity Too Large" Http Integrator final free {
        zh "客户发送的请求大小超过了20MB限制。该错误的返回格式为纯文本，不是json格式。"
        en "The request is larger than the 20 MB limit. This error is returned as plain text, not JSON."
    }
    INTERNAL_ERROR: plain = 500 "INTERNAL_ERROR" Http Server retry free {
        zh "服务器内部错误，当此类错误发生时请再次请求，如果持续出现此类错误，请及时联系 FaceID 客服或商务"
        en "Internal server error. Send the request again; if it keeps happening, contact FaceID support or sales."
    }
}
