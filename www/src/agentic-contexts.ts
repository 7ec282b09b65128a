import { LiveReading } from './live-reading';

/** What agents would read about the session. */
export interface AgenticContexts {
  contexts: AgenticContext[];
  /** Why there is none, as text. */
  problem: string;
}

/** A context that is published on the server. */
export interface AgenticContext {
  name: string;
  /** The context as text. */
  narrative: string;
}

interface LiveAgenticContextsOptions {
  signalsUrl: string;
  /** The current session, or empty if there is none yet. */
  domainSessionId: () => string;
}

/** The session's agentic contexts. Only the mock server shows them to a page: elsewhere, reading needs a token. */
export function liveAgenticContexts({
  signalsUrl,
  domainSessionId,
}: LiveAgenticContextsOptions): LiveReading<AgenticContexts> {
  const problemOf = (problem: string): AgenticContexts => ({ contexts: [], problem });
  const noMockServer = problemOf(
    `${signalsUrl} is no mock server. Only agents with its token can read there.`,
  );
  let isMockServer = true;
  return new LiveReading(problemOf(''), async () => {
    const identifier = domainSessionId();
    if (!isMockServer) return noMockServer;
    if (!identifier) return problemOf('There is no context before the first event.');
    try {
      const answer = await fetch(`${signalsUrl}/mock/contexts?${new URLSearchParams({ identifier })}`);
      isMockServer = answer.status !== 404;
      if (!isMockServer) return noMockServer;
      if (!answer.ok) return problemOf(`${signalsUrl}: status ${answer.status}`);
      const { contexts } = (await answer.json()) as { contexts: AgenticContext[] };
      return contexts.length > 0
        ? { contexts, problem: '' }
        : problemOf(`${signalsUrl} has no agentic context.`);
    } catch (error) {
      return problemOf(`${signalsUrl}: ${error}`);
    }
  });
}
