#!/bin/sh
# One signed call of the public API with curl and openssl, for a first try and for seeing what is signed. A backend uses a client library.
#   APP_KEY=… APP_SECRET=… deploy/signed-call.sh get_biz_token NAME NUMBER
#   APP_KEY=… APP_SECRET=… deploy/signed-call.sh get_result TOKEN
# FACEID_URL names the server, default http://127.0.0.1:8080. The secret reaches openssl as an argument: on a machine with other users
# use a client library instead.
set -eu
url=${FACEID_URL:-http://127.0.0.1:8080}
: "${APP_KEY:?the key of faceid key create}" "${APP_SECRET:?its secret}"
timestamp=$(date +%s)000
nonce=$(openssl rand -hex 16)
form='application/x-www-form-urlencoded; charset=UTF-8'
newline='
'

# signature METHOD CONTENT-TYPE PATH-AND-SORTED-PARAMETERS: HMAC-SHA256 over one line each of method, accept, Content-MD5 (none), type and date
# (none), then the signed headers in order of their names, then path and parameters, decoded.
signature() {
    printf '%s' "$1${newline}application/json${newline}${newline}$2${newline}${newline}x-ca-key:$APP_KEY${newline}x-ca-nonce:$nonce${newline}x-ca-timestamp:$timestamp${newline}$3" |
        openssl dgst -sha256 -hmac "$APP_SECRET" -binary | base64
}

# call SIGNATURE CURL-ARGUMENTS…
call() {
    signed=$1
    shift
    curl --silent --show-error --header 'accept: application/json' --header "x-ca-key: $APP_KEY" --header "x-ca-nonce: $nonce" \
        --header "x-ca-timestamp: $timestamp" --header 'x-ca-signature-headers: x-ca-key,x-ca-nonce,x-ca-timestamp' \
        --header "x-ca-signature: $signed" "$@"
    echo
}

case "${1:-}" in
get_biz_token)
    path=/face/v1.2/sdk/get_biz_token
    call "$(signature POST "$form" "$path?idcard_name=$2&idcard_number=$3&liveness_type=meglive")" --header "content-type: $form" \
        --data-urlencode "idcard_name=$2" --data-urlencode "idcard_number=$3" --data-urlencode liveness_type=meglive "$url$path"
    ;;
get_result)
    path=/face/v1.2/sdk/get_result
    call "$(signature GET '' "$path?biz_token=$2&verbose=0")" --get --data-urlencode "biz_token=$2" --data-urlencode verbose=0 "$url$path"
    ;;
*)
    sed -n '2,5s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
