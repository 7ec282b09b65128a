import { LiveReading } from './live-reading';

/** What an agent would read about the session. */
export interface AgenticContext {
  /** The context as text. Empty if there is none. */
  narrative: string;
  /** Why there is none, as text. */
  problem: string;
}

interface LiveAgenticContextOptions {
  signalsUrl: string;
  /** The current session, or empty if there is none yet. */
  domainSessionId: () => string;
}

/** The session's agentic context. Only the mock server shows it to a page: elsewhere, reading needs a token. */
export function liveAgenticContext({
  signalsUrl,
  domainSessionId,
}: LiveAgenticContextOptions): LiveReading<AgenticContext> {
  return new LiveReading({ narrative: '', problem: '' }, () => readContext(signalsUrl, domainSessionId()));
}

async function readContext(endpoint: string, identifier: string): Promise<AgenticContext> {
  const none = (problem: string) => ({ narrative: '', problem });
  if (!identifier) return none('There is no context before the first event.');
  try {
    const answer = await fetch(`${endpoint}/mock/contexts?${new URLSearchParams({ identifier })}`);
    if (answer.status === 404)
      return none(`${endpoint} is no mock server. Only agents with its token can read there.`);
    if (!answer.ok) return none(`${endpoint}: status ${answer.status}`);
    const { contexts } = (await answer.json()) as { contexts: { narrative: string }[] };
    const [context] = contexts;
    return context
      ? { narrative: context.narrative, problem: '' }
      : none(`${endpoint} has no agentic context.`);
  } catch (error) {
    return none(`${endpoint}: ${error}`);
  }
}
