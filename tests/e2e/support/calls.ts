import type { Page } from '@playwright/test';

/** The part of a trace event that matters here; times in microseconds. */
interface TraceEvent {
  name: string;
  /** CPU time of the thread, without the time of other processes. */
  tdur?: number;
  args: { data?: { url?: string } };
}

/**
 * Milliseconds of computing of each call that the browser made while `work` ran of functions from URLs like `ours`, whatever
 * those call and the garbage collection meanwhile included.
 */
export async function callsOf(page: Page, ours: RegExp, work: () => Promise<void>): Promise<number[]> {
  const browser = page.context().browser();
  if (!browser) throw new Error('only a browser of its own can be traced');
  await browser.startTracing(page, { categories: ['devtools.timeline'] });
  await work();
  const trace: { traceEvents: TraceEvent[] } = JSON.parse(String(await browser.stopTracing()));
  return trace.traceEvents
    .filter(({ name, args }) => name === 'FunctionCall' && ours.test(args.data?.url ?? ''))
    .map(({ tdur = 0 }) => tdur / 1_000);
}
