export type Host = 'wechat' | 'alipay' | 'douyin';
/** Never a verdict: ask get_result on your server. */
export type Status = 'done' | 'cancelled' | 'failed';

/** Which mini program holds this page, as far as its own script is loaded. */
export function hostOf(globals?: object): Host | null;

/** The address if one of the prefixes allows it: scheme, host and port equal, path at or below; otherwise null. */
export function returnAddress(address: string, prefixes: string[]): string | null;

/** Tells the mini program and goes back (or to `page`, a path of the program); outside one goes to `url`. */
export function finish(how: { status: Status; url?: string | null; page?: string | null }, globals?: object): 'message' | 'address' | 'stay';
