/** The page for web-views: what it does with its address, where it sends people, what it tells the mini programs. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DIST, refusal, reply, serve, sharedBrowser, sharedServer, watchPage } from './harness.mjs';
import { fakeCloud } from '../../pkg-config/testkit/cloud.js';

const { finish, hostOf, returnAddress } = await import(pathToFileURL(join(DIST, 'faceid/lib/bridge.js')).href);
const inits = [];
let config = '{}';
const browser = await sharedBrowser();
const cloud = fakeCloud({
  init: (request, response, body) => {
    inits.push(JSON.parse(body));
    refusal(request, response);
  },
});
const server = await sharedServer({ ...cloud.routes, '/h5/config.json': (...call) => reply(200, config)(...call) });

test('return addresses: scheme, host and port exact, path at or below', () => {
  const prefixes = ['https://shop.example/kyc', 'https://app.example:8443/'];
  for (const [address, allowed] of [
    ['https://shop.example/kyc', true], ['https://shop.example/kyc/done?x=1', true], ['https://app.example:8443/any/where', true], ['https://SHOP.example/kyc/', true],
    ['https://shop.example/kycevil', false], ['https://shop.example/', false], ['https://shop.example/kyc/../admin', false], ['http://shop.example/kyc', false],
    ['https://shop.example:444/kyc', false], ['https://app.example/any', false], ['https://shop.example.evil.example/kyc', false], ['https://evil.example/?https://shop.example/kyc', false],
    ['https://shop.example@evil.example/kyc', false], ['https://user:pass@shop.example/kyc', false], ['https://shop.example\\@evil.example/kyc', false],
    ['//shop.example/kyc', false], ['/kyc', false], ['', false], ['javascript:alert(1)', false], ['JavaScript://shop.example/kyc%0aalert(1)', false],
    ['data:text/html,x', false], ['blob:https://shop.example/kyc', false], ['file:///kyc', false], ['intent://shop.example/kyc', false],
  ]) {
    assert.equal(returnAddress(address, prefixes) !== null, allowed, address);
  }
  assert.equal(returnAddress('https://shop.example/kyc', []), null);
  assert.equal(returnAddress('javascript:alert(1)', ['javascript:alert(1)']), null, 'a prefix cannot allow it either');
});

/** A host that writes down what it was told. */
function host(kind) {
  const calls = [];
  const record = (name) => (argument) => calls.push([name, argument]);
  const api = { postMessage: record('postMessage'), navigateBack: record('navigateBack'), redirectTo: record('redirectTo') };
  return { calls, globals: { wechat: { wx: { miniProgram: api } }, alipay: { my: api }, douyin: { tt: { miniProgram: api } } }[kind] };
}

for (const kind of ['wechat', 'alipay', 'douyin']) {
  test(`${kind}: the message goes first, then the way back; nothing but a status travels`, () => {
    const { calls, globals } = host(kind);
    assert.equal(hostOf(globals), kind);
    assert.equal(finish({ status: 'done', url: 'https://shop.example/kyc' }, globals), 'message');
    const data = { faceid: { status: 'done' } };
    assert.deepEqual(calls, [['postMessage', kind === 'alipay' ? data : { data }], ['navigateBack', { delta: 1 }]]);
    calls.length = 0;
    finish({ status: 'failed', page: '/pages/kyc/done' }, globals);
    assert.deepEqual(calls[1], ['redirectTo', { url: '/pages/kyc/done?faceid=failed' }]);
  });
}

test('outside a mini program: the return address with a status, or nowhere', () => {
  const seen = [];
  const globals = { location: { replace: (url) => seen.push(url) } };
  assert.equal(hostOf(globals), null);
  assert.equal(finish({ status: 'cancelled', url: 'https://shop.example/kyc?a=1' }, globals), 'address');
  assert.deepEqual(seen, ['https://shop.example/kyc?a=1&faceid=cancelled']);
  assert.equal(finish({ status: 'done' }, globals), 'stay');
});

for (const separator of ['#', '?']) {
  test(`the token after ${separator} leaves the address before the first request`, async () => {
    const page = await browser.newPage();
    const referrers = [];
    page.on('request', (request) => referrers.push(request.headers().referer ?? ''));
    await page.addInitScript(watchPage);
    await page.addInitScript(() => {
      globalThis.__addresses = [];
      const original = globalThis.fetch;
      globalThis.fetch = (...args) => {
        globalThis.__addresses.push(location.href);
        return original(...args);
      };
    });
    inits.length = 0;
    await page.goto(`${server.url}/h5/${separator}biz_token=one-use-token&lang=de`);
    await page.waitForSelector('[data-ready]');
    assert.equal(page.url(), `${server.url}/h5/`);
    assert.equal(await page.title(), 'Gesichtsprüfung');
    await page.getByRole('button', { name: 'Starten' }).click();
    await page.waitForSelector('#back:not([hidden])');
    assert.equal(inits[0].biz_token, 'one-use-token');
    const addresses = await page.evaluate(() => globalThis.__addresses);
    assert.ok(addresses.length >= 2 && addresses.every((a) => !a.includes('one-use-token')), addresses.join());
    // The document's own address is the one place where a query cannot be hidden: that is why the fragment is the rule.
    assert.ok(referrers.every((r) => separator === '?' || !r.includes('one-use-token')));
    await page.close();
  });
}

test('an address that the cloud does not name is not followed; one that it names is, with a status', async () => {
  for (const named of [false, true]) {
    const prefixes = [];
    const site = await serve({ ...fakeCloud({}, undefined, { return_prefixes: prefixes }).routes, '/done': (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>back</title>') });
    if (named) prefixes.push(`${site.url}/done`);
    const page = await browser.newPage();
    await page.addInitScript(watchPage);
    await page.addInitScript("globalThis.__refuse = 'NotAllowedError'");
    await page.goto(`${site.url}/h5/#biz_token=t&lang=en&return=${encodeURIComponent(`${site.url}/done`)}`);
    await page.waitForSelector('[data-ready]');
    await page.getByRole('button', { name: 'Start' }).click();
    await page.click('#back:not([hidden])');
    if (named) await page.waitForURL(`${site.url}/done?faceid=failed`);
    else assert.equal(page.url(), `${site.url}/h5/`);
    await page.close();
    await site.close();
  }
});

test('inside WeChat the operator’s copy of its script is used, and told', async () => {
  config = JSON.stringify({ scripts: { wechat: '/h5/jweixin.js' } });
  server.routes['/h5/jweixin.js'] = (_, response) => void response.writeHead(200, { 'content-type': 'text/javascript' })
    .end("globalThis.__host = []; globalThis.wx = { miniProgram: { postMessage: (m) => __host.push(['postMessage', m]), navigateBack: (m) => __host.push(['navigateBack', m]) } };");
  const page = await browser.newPage({ userAgent: 'Mozilla/5.0 (iPhone) Mobile/15E148 MicroMessenger/8.0.40 miniProgram/wx0' });
  const origins = new Set();
  page.on('request', (r) => origins.add(new URL(r.url()).origin));
  await page.addInitScript(watchPage);
  await page.goto(`${server.url}/h5/#biz_token=t&lang=zh`);
  await page.waitForSelector('[data-ready]');
  await page.getByRole('button', { name: '开始' }).click();
  await page.click('#back:not([hidden])');
  assert.deepEqual(await page.evaluate(() => globalThis.__host), [['postMessage', { data: { faceid: { status: 'failed' } } }], ['navigateBack', { delta: 1 }]]);
  assert.deepEqual([...origins], [server.url]);
  await page.close();
});

test('the page says no referrer and loads nothing from elsewhere', async () => {
  const html = await readFile(join(DIST, 'h5/index.html'), 'utf8');
  assert.match(html, /<meta name="referrer" content="no-referrer">/);
  assert.doesNotMatch(html, /https?:\/\//);
});
