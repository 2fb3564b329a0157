//! HTTP errors of get_result: 8 rows.

use super::row::*;

rows! { HttpGetResult
    INVALID_SIGN: plain = 403 "INVALID_SIGN" Http Integrator final free {
        zh "无效签名"
        en "Invalid signature."
    }
    AUTHORIZATION_ERROR: reason = 403 "AUTHORIZATION_ERROR:<reason>" Http Integrator final free {
        zh "调用次数超限、没有调用此API的权限，或者没有以当前方式调用此API的权限。"
        en "The call quota is exceeded, or there is no permission to call this API, or no permission to call it in this way."
    }
    CONCURRENCY_LIMIT_EXCEEDED: plain = 429 "CONCURRENCY_LIMIT_EXCEEDED" Http Integrator retry free {
        zh "并发数超过限制"
        en "The concurrency limit is exceeded."
    }
    MISSING_ARGUMENTS: key = 400 "MISSING_ARGUMENTS:<key>" Http Integrator final free {
        zh "缺少某个必选参数。"
        en "A required parameter is missing."
    }
    BAD_ARGUMENTS: key = 400 "BAD_ARGUMENTS:<key>" Http Integrator final free {
        zh "某个参数解析出错（比如必须是数字，但是输入的是非数字字符串；或者长度过长）"
        en "A parameter could not be parsed (for example a number was required and a non-numeric string was given, or the value is too long)."
    }
    API_NOT_FOUND: plain = 404 "API_NOT_FOUND" Http Integrator final free {
        zh "所调用的API不存在。"
        en "The API called does not exist."
    }
    REQUEST_ENTITY_TOO_LARGE: plain = 413 "Request Entity Too Large" Http Integrator final free {
        zh "客户发送的请求大小超过了20MB限制或单张照片大小超过了2MB。该错误的返回格式为纯文本，不是json格式。"
        en "The request is larger than the 20 MB limit, or a single photo is larger than 2 MB. This error is returned as plain text, not JSON."
    }
    INTERNAL_ERROR: plain = 500 "INTERNAL_ERROR" Http Server retry free {
        zh "服务器内部错误，当此类错误发生时请再次请求，如果持续出现此类错误，请及时联系 FaceID 客服或商务"
        en "Internal server error. Send the request again; if it keeps happening, contact FaceID support or sales."
    }
}
