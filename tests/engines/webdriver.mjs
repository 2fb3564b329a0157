/** Just enough of the WebDriver protocol (W3C) to start a browser, open a page and ask it something. */
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';

const START_MS = 120_000;
const CALL_MS = 180_000;

/**
 * Starts a driver and a browser.
 * @param {{command: string, args: (port: number) => string[], capabilities: object}} engine
 * @returns {Promise<Page>}
 */
export async function open({ command, args, capabilities }) {
  const port = await freePort();
  const driver = spawn(command, args(port), { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  let said = '';
  driver.stderr.on('data', (text) => { said = (said + text).slice(-2000); });
  const gone = new Promise((_, reject) => {
    driver.on('error', reject);
    driver.on('exit', (code) => reject(new Error(`${command} ended (${code}): ${said}`)));
  });
  // Nobody listens any more after the start.
  gone.catch(() => {});
  try {
    const base = `http://127.0.0.1:${port}`;
    await Promise.race([answers(base), gone]);
    const session = await Promise.race([call(`${base}/session`, 'POST', { capabilities: { alwaysMatch: capabilities } }), gone]);
    return new Page(driver, `${base}/session/${session.sessionId}`, session.capabilities);
  } catch (error) {
    end(driver);
    throw error;
  }
}

/** One browser window. */
class Page {
  #driver;
  #base;

  constructor(driver, base, capabilities) {
    this.#driver = driver;
    this.#base = base;
    this.name = `${capabilities.browserName} ${capabilities.browserVersion ?? ''}`.trim();
  }

  goto(url) {
    return call(`${this.#base}/url`, 'POST', { url });
  }

  /** Runs a function in the page; its value comes back as JSON. @param {Function} act */
  async ask(act, ...values) {
    const script = `return JSON.stringify((${act})(...arguments) ?? null)`;
    return JSON.parse(await call(`${this.#base}/execute/sync`, 'POST', { script, args: values }));
  }

  /** Asks until the answer is there. @param {Function} act */
  async until(act, ms = 60_000, ...values) {
    const end = Date.now() + ms;
    for (;;) {
      const answer = await this.ask(act, ...values);
      if (answer) return answer;
      if (Date.now() > end) throw new Error(`not within ${ms / 1000} s: ${act}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async close() {
    try {
      await call(this.#base, 'DELETE');
    } finally {
      end(this.#driver);
    }
  }
}

/** With everything that it started: a driver behind a display has company. */
function end(driver) {
  try {
    process.kill(-driver.pid);
  } catch {
    // It has ended by itself.
  }
}

async function answers(base) {
  const end = Date.now() + START_MS;
  for (;;) {
    try {
      await call(`${base}/status`, 'GET');
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function call(url, method, body) {
  const request = { method, signal: AbortSignal.timeout(CALL_MS), headers: { 'content-type': 'application/json' } };
  if (body) request.body = JSON.stringify(body);
  const { value } = await (await fetch(url, request)).json();
  if (value?.error) throw new Error(`${value.error}: ${value.message}`);
  return value;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
