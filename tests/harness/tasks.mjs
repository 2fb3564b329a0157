/**
 * Longest tasks on a page's main thread, from Chromium's own trace: by the clock, and by the processor time that the thread had. On a machine with
 * other work a task waits in the middle; only its own time is the page's doing.
 *
 * @typedef {{ms: number, cpuMs: number | null, does: string}} Task
 * @typedef {{tasks: number, over16: number, over50: number, longest: Task[]}} Tally
 * @typedef {Tally & {cpu: Tally | null}} Told by the clock; `cpu` by processor time, where the trace has it
 */

/** What the injected person's own scripts are called in the trace; the work of drawing a person is not the page's. */
export const SOURCE_URL = 'faceid-harness.js';
/** How many of the longest are told. */
const TOLD = 5;

/**
 * Starts tracing.
 * @param {import('playwright-core').Page} page
 * @returns {Promise<() => Promise<Told>>} ends it and tells
 */
export async function watchTasks(page) {
  const session = await page.context().newCDPSession(page);
  const events = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
  await session.send('Tracing.start', {
    traceConfig: { includedCategories: ['devtools.timeline', 'disabled-by-default-devtools.timeline', '__metadata'], excludedCategories: ['*'] },
  });
  return async () => {
    await session.send('Tracing.end');
    await complete;
    return tell(events);
  };
}

/** Tasks of the renderer thread that ran the page's scripts. */
function tell(events) {
  const scripts = events.filter(({ name }) => name === 'FunctionCall' || name === 'EvaluateScript');
  const threads = new Map();
  for (const { pid, tid } of scripts.filter(({ args }) => isOurs(args?.data?.url))) threads.set(`${pid}/${tid}`, (threads.get(`${pid}/${tid}`) ?? 0) + 1);
  const mains = new Set(events.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain').map(({ pid, tid }) => `${pid}/${tid}`));
  const [main] = [...threads].filter(([thread]) => mains.has(thread)).sort((a, b) => b[1] - a[1]).map(([thread]) => thread);
  if (!main) throw new Error('the trace shows no script of the page');
  const here = events.filter(({ pid, tid, ph }) => `${pid}/${tid}` === main && ph === 'X');
  const within = (task) => here.filter(({ name, ts }) => name !== 'RunTask' && ts >= task.ts && ts < task.ts + task.dur);
  const tasks = here
    .filter(({ name, dur }) => name === 'RunTask' && dur > 0)
    .map((task) => ({ ms: task.dur / 1000, cpuMs: task.tdur === undefined ? null : task.tdur / 1000, parts: task.dur > 8000 ? within(task) : [] }))
    .filter(({ parts }) => !parts.some(({ args }) => String(args?.data?.url ?? '').includes(SOURCE_URL)));
  return { ...tally(tasks, 'ms'), cpu: tasks.some(({ cpuMs }) => cpuMs === null) ? null : tally(tasks, 'cpuMs') };
}

/** @param {'ms' | 'cpuMs'} clock @returns {Tally} */
function tally(tasks, clock) {
  const tenths = (ms) => (ms === null ? null : Math.round(ms * 10) / 10);
  const sorted = [...tasks].sort((a, b) => b[clock] - a[clock]);
  return {
    tasks: tasks.length,
    over16: tasks.filter((task) => task[clock] > 16).length,
    over50: tasks.filter((task) => task[clock] > 50).length,
    longest: sorted.slice(0, TOLD).map(({ ms, cpuMs, parts }) => ({ ms: tenths(ms), cpuMs: tenths(cpuMs), does: described(parts) })),
  };
}

const isOurs = (url) => typeof url === 'string' && url.startsWith('http') && !url.includes(SOURCE_URL);

/** The longest parts of a task, in words, each with its time: whoever calls comes before what it calls. */
function described(parts) {
  const longest = parts.filter(({ dur }) => dur > 1000).sort((a, b) => b.dur - a.dur).slice(0, 4);
  const named = ({ name, dur, args }) => {
    const { url = '', functionName = '' } = args?.data ?? {};
    return `${[name, functionName, url.slice(url.lastIndexOf('/') + 1)].filter(Boolean).join(' ')} ${Math.round(dur / 1000)}`;
  };
  return longest.map(named).join(' > ') || 'not a script';
}
