import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Countdown, LONGEST_TIMEOUT_MS } from '../../../js/banner/countdown.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the countdown of a banner', () => {
  it('ends once, in its time, however often it is started', () => {
    const end = vi.fn();
    const countdown = new Countdown(1000, end);
    countdown.run();
    vi.advanceTimersByTime(600);
    countdown.run();
    vi.advanceTimersByTime(399);
    expect(end).not.toHaveBeenCalled();
    vi.advanceTimersByTime(10_000);
    expect(end).toHaveBeenCalledTimes(1);
  });

  it('stands still for good when it is held up after it was started twice', () => {
    const end = vi.fn();
    const countdown = new Countdown(1000, end);
    countdown.run();
    countdown.run();
    countdown.pause();
    vi.advanceTimersByTime(10_000);
    expect(end).not.toHaveBeenCalled();
  });

  it('goes on with the time that was left, however often it is held up', () => {
    const end = vi.fn();
    const countdown = new Countdown(1000, end);
    for (const ranMs of [300, 300, 300]) {
      countdown.run();
      vi.advanceTimersByTime(ranMs);
      countdown.pause();
      countdown.pause();
      vi.advanceTimersByTime(5000);
    }
    countdown.run();
    vi.advanceTimersByTime(99);
    expect(end).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(end).toHaveBeenCalledTimes(1);
  });

  it.each([Number.POSITIVE_INFINITY, LONGEST_TIMEOUT_MS + 1])(
    'never ends if it lasts %d ms, which browsers would take for none',
    (durationMs) => {
      const end = vi.fn();
      new Countdown(durationMs, end).run();
      expect(vi.getTimerCount()).toBe(0);
      vi.advanceTimersByTime(60_000);
      expect(end).not.toHaveBeenCalled();
    },
  );
});
