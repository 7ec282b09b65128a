import type { Page } from '@playwright/test';

/** The part of a trace event that matters here; times in microseconds. */
interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  ts: number;
  dur?: number;
  /** Time that the thread really computed: whoever else has the processor meanwhile does not count. */
  tdur?: number;
  args: { data?: { url?: string } };
}

/**
 * Milliseconds of computing that code from URLs like `ours` took in each task of the browser while `work` ran, garbage collection
 * included. What the page's other code and the browser itself take is not counted.
 */
export async function tasksOf(page: Page, ours: RegExp, work: () => Promise<void>): Promise<number[]> {
  const browser = page.context().browser();
  if (!browser) throw new Error('only a browser of its own can be traced');
  await browser.startTracing(page, { categories: ['devtools.timeline', 'disabled-by-default-devtools.timeline'] });
  await work();
  const trace: { traceEvents: TraceEvent[] } = JSON.parse(String(await browser.stopTracing()));

  const calls = trace.traceEvents
    .filter(({ name, args }) => name === 'FunctionCall' && ours.test(args.data?.url ?? ''))
    .sort((one, other) => one.ts - other.ts);
  const [{ pid, tid } = {}] = calls;
  const tasks = trace.traceEvents.filter(
    (event) => event.name === 'RunTask' && event.pid === pid && event.tid === tid,
  );
  return tasks.flatMap((task) => {
    const end = (event: TraceEvent) => event.ts + (event.dur ?? 0);
    const within = calls.filter(({ ts }) => ts >= task.ts && ts < end(task));
    if (within.length === 0) return [];
    let counted = 0;
    let total = 0;
    for (const call of within) {
      // A call within a call is part of it.
      if (call.ts < counted) continue;
      counted = end(call);
      total += call.tdur ?? 0;
    }
    return [total / 1_000];
  });
}
