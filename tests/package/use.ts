/** Compiled, never run: what a typed page does with the package. A line under `@ts-expect-error` must not compile. */
import { createLiveness, FaceIdManager, LivenessError, MGFaceIDDetectManager, checkSupport, define, preload, provideAssets, type Outcome } from 'faceid-liveness';
import { FaceIdLivenessElement } from 'faceid-liveness/element';
import { outcomeText, type SdkOutcome } from 'faceid-liveness/codes';
import { finish, returnAddress } from 'faceid-liveness/bridge';
import { script } from 'faceid-liveness/testkit';
import { fixtures, livenessOf, type PageLike } from 'faceid-liveness/testkit/playwright';
import zh from 'faceid-liveness/i18n/zh';

define('my-liveness');
provideAssets(() => ({ shell: 'https://a.example/s', worker: '/w.js', engine: { wasm: '/e' } }));

const element: FaceIdLivenessElement = document.querySelector('faceid-liveness')!;
element.tokenProvider = async () => 'token';
element.addEventListener('result', ({ detail }) => {
  const code: number = detail.code;
  console.log(code, detail.retryable, outcomeText(zh, detail.code, detail.message).text);
});
element.addEventListener('prompt', ({ detail: { action, step, of, leftMs } }) => console.log(action satisfies 'nod' | 'shake' | 'blink' | 'mouth', step + of + leftMs));
element.addEventListener('upload', ({ detail }) => console.log(detail.fraction.toFixed(1)));

const liveness = createLiveness({ bizToken: 'token', server: 'https://kyc.example', element, signal: new AbortController().signal });
liveness.addEventListener('guidance', (event) => console.log(event.detail.guidance?.length));
const outcome: Outcome = await liveness.closed;
if (outcome.blame === 'user') liveness.cancel();
const there: boolean = await preload({ assetBase: '/faceid' });
console.log(there);
// @ts-expect-error a token is needed
createLiveness({});
// @ts-expect-error no such action
createLiveness({ bizToken: 't', excludedActions: ['wink'] });

const row: SdkOutcome = { code: 51000, message: 'SUCCESS' };
// @ts-expect-error the key of a row is code and message together
const wrong: SdkOutcome = { code: 51000, message: 'USER_CANCEL' };
console.log(row, wrong, checkSupport().supported);

FaceIdManager.getInstance().setFaceIdDetectListener({ onSuccess: (code, message) => console.log(code, message) });
const { manager, error } = MGFaceIDDetectManager.initFaceIdManagerWithToken('token');
if (error instanceof LivenessError) console.log(error.code);
else manager.startDetect(null, (code: number, message: string) => console.log(code, message));

const place: string | null = returnAddress('https://shop.example/kyc', liveness.returnPrefixes);
finish({ status: 'done', url: place });
// @ts-expect-error a status is not a verdict
finish({ status: 'same_person' });
const stop: () => void = script(element, 'pass', { actions: ['nod'], wait: async () => {} });
stop();
declare const page: PageLike;
const played = await livenessOf(page);
await played.script(['wrong-action', 'pass'], { pace: 0 });
await played.camera(({ ms, action }) => new Uint8Array([ms, action?.length ?? 0]));
const end: Outcome = await played.outcome();
console.log(end.code, fixtures.liveness.length);
// @ts-expect-error no such ending
await played.script('win');
// @ts-expect-error no such ending
script(element, 'win');
