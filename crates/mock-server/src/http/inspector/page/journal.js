// Follows the server's journal for as long as the page lives.

import { journal, Refused } from './api.js';

const RETRY_MS = 1_000;

/**
 * Whoever looks on.
 * @typedef {object} Reader
 * @property {(excerpt: import('./api.js').Excerpt) => void} onNews something happened; the first excerpt is what is kept
 * @property {() => void} onRestart the server has forgotten what it knew, and so must the reader
 * @property {(problem: string) => void} onTrouble the server does not answer; empty when it does again
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
