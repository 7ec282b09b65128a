// Follows the server's journal until the page is closed.

import { journal, Refused } from './api.js';

const RETRY_MS = 1_000;

/**
 * Receives the journal.
 * @typedef {object} Reader
 * @property {(excerpt: import('./api.js').Excerpt) => void} onNews there are new entries. The first excerpt contains everything that the server kept
 * @property {() => void} onRestart the server started afresh, so the reader must forget what it has
 * @property {(problem: string) => void} onTrouble the server does not answer. Empty when it answers again
 * @property {() => Promise<void>} askForToken resolves when there is another token to try
 */

/**
 * @param {Reader} reader
 * @returns {Promise<never>}
 */
export async function follow(reader) {
  let after = 0;
  for (;;) {
    try {
      const excerpt = await journal(after);
      reader.onTrouble('');
      if (excerpt.latest < after) {
        reader.onRestart();
        after = 0;
        continue;
      }
      after = excerpt.latest;
      if (excerpt.entries.length > 0) reader.onNews(excerpt);
    } catch (error) {
      if (error instanceof Refused && error.wantsToken) {
        await reader.askForToken();
      } else {
        reader.onTrouble(error instanceof Refused ? error.message : 'The server does not answer.');
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }
}
