import type { Memory } from '../../../js/banner/memory.js';

/** A memory that outlives the objects that write to it, as a storage outlives pages. */
export function memory(value?: unknown): Memory {
  let text = JSON.stringify(value);
  return {
    read: () => (text === undefined ? undefined : JSON.parse(text)),
    write: (written) => {
      text = JSON.stringify(written);
    },
  };
}
