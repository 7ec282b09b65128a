import type { Page } from '@playwright/test';

/** What a page holds of its browser, by kind. */
interface Resources {
  listeners: number;
  timers: number;
  idleCallbacks: number;
  ports: number;
  streams: number;
  channels: number;
  locks: number;
}

declare global {
  interface Window {
    /** Counts what is there at this moment. See {@link countResources}. */
    resources: () => Promise<Resources>;
    /** Size of the WebAssembly's memory in bytes. */
    wasmBytes: () => number;
  }
}

/** Makes every later document of `page` count what is taken of the browser and given back: see `window.resources`. */
export async function countResources(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const listeners = new Map<EventTarget, Map<string, Set<unknown>>>();
    const { addEventListener, removeEventListener } = EventTarget.prototype;
    EventTarget.prototype.addEventListener = function (type, listener, options) {
      const target = this ?? window;
      const byType = listeners.get(target) ?? new Map<string, Set<unknown>>();
      listeners.set(target, byType.set(type, (byType.get(type) ?? new Set()).add(listener)));
      addEventListener.call(target, type, listener, options);
    };
    EventTarget.prototype.removeEventListener = function (type, listener, options) {
      const target = this ?? window;
      listeners.get(target)?.get(type)?.delete(listener);
      removeEventListener.call(target, type, listener, options);
    };

    const timers = new Set<unknown>();
    const { setTimeout, clearTimeout, requestIdleCallback, cancelIdleCallback } = window;
    window.setTimeout = ((work: () => void, ...rest: [number?]) => {
      const handle = setTimeout(
        () => {
          timers.delete(handle);
          work();
        },
        ...rest,
      );
      timers.add(handle);
      return handle;
    }) as unknown as typeof window.setTimeout;
    window.clearTimeout = (handle) => {
      timers.delete(handle);
      clearTimeout(handle);
    };

    const idleCallbacks = new Set<number>();
    window.requestIdleCallback = (work, options) => {
      const handle = requestIdleCallback((deadline) => {
        idleCallbacks.delete(handle);
        work(deadline);
      }, options);
      idleCallbacks.add(handle);
      return handle;
    };
    window.cancelIdleCallback = (handle) => {
      idleCallbacks.delete(handle);
      cancelIdleCallback(handle);
    };

    /** Everything made by a constructor of the browser, until it is closed. */
    const made = <T extends { close(): void }>(name: 'EventSource' | 'BroadcastChannel'): Set<T> => {
      const open = new Set<T>();
      const Original = window[name] as unknown as new (argument: string) => T;
      const Counted = class extends (Original as unknown as new (argument: string) => EventSource) {
        constructor(argument: string) {
          super(argument);
          open.add(this as unknown as T);
        }
        override close() {
          open.delete(this as unknown as T);
          super.close();
        }
      };
      Object.assign(window, { [name]: Counted });
      return open;
    };
    const streams = made('EventSource');
    const channels = made('BroadcastChannel');

    // Closing one end of a channel closes the other.
    const ports = new Set<MessageChannel>();
    const Original = MessageChannel;
    window.MessageChannel = class extends Original {
      constructor() {
        super();
        ports.add(this);
        for (const port of [this.port1, this.port2]) {
          const close = port.close.bind(port);
          port.close = () => {
            ports.delete(this);
            close();
          };
        }
      }
    };

    let memory: WebAssembly.Memory | undefined;
    const { instantiate } = WebAssembly;
    WebAssembly.instantiate = (async (source: WebAssembly.Module, imports: WebAssembly.Imports) => {
      const result: unknown = await instantiate(source, imports);
      const { exports } =
        result instanceof WebAssembly.Instance
          ? result
          : (result as WebAssembly.WebAssemblyInstantiatedSource).instance;
      memory = exports.memory as WebAssembly.Memory;
      return result;
    }) as typeof WebAssembly.instantiate;
    window.wasmBytes = () => {
      if (!memory) throw new Error('no WebAssembly was instantiated');
      return memory.buffer.byteLength;
    };

    window.resources = async () => {
      const { held = [], pending = [] } = await navigator.locks.query();
      let listening = 0;
      for (const byType of listeners.values()) for (const set of byType.values()) listening += set.size;
      return {
        listeners: listening,
        timers: timers.size,
        idleCallbacks: idleCallbacks.size,
        ports: ports.size,
        streams: streams.size,
        channels: channels.size,
        locks: held.length + pending.length,
      };
    };
  });
}
