import type { BrowserTracker, SelfDescribingJson } from '@snowplow/browser-tracker';
import { selfDescribingEvent } from '../facade/self-describing-event.js';
import type { Intervention } from '../types.js';

const OUTCOME_SCHEMA = 'iglu:signals-interventions/banner_outcome/jsonschema/1-0-0';
const INSTANCE_SCHEMA = 'iglu:com.snowplowanalytics.signals/intervention_instance/jsonschema/1-0-0';

/**
 * The outcome of a banner. `shown` and, if its code was copied, `code_copied` are followed by one of:
 * - `clicked`: someone used its action
 * - `dismissed`: someone closed it
 * - `expired`: its time ran out
 */
export type BannerOutcome = 'shown' | 'dismissed' | 'clicked' | 'expired' | 'code_copied';

/** An outcome in the form of the Snowplow tracker's `trackSelfDescribingEvent`. */
export interface BannerOutcomeEvent {
  /** Of the schema `iglu:signals-interventions/banner_outcome/jsonschema/1-0-0`. */
  event: SelfDescribingJson;
  /** The intervention as an entity, in the same form as in the plugin's measurement events. */
  context: SelfDescribingJson[];
}

/** A tracker for outcomes, or a function that tracks one. */
export type BannerTracker = BrowserTracker | ((event: BannerOutcomeEvent) => void);

/** Makes the event for the `outcome` of an intervention's banner. */
export function outcomeEvent(
  outcome: BannerOutcome,
  { intervention_id, name, version, target_attribute_key, attributes }: Intervention,
): BannerOutcomeEvent {
  // The same form as in the plugin's measurement events.
  const instance = {
    intervention_id,
    name,
    version,
    attributeKey: target_attribute_key,
    attributes: Object.entries(attributes).map(([attribute, value]) => ({ attribute, value })),
  };
  return {
    event: { schema: OUTCOME_SCHEMA, data: { outcome } },
    context: [{ schema: INSTANCE_SCHEMA, data: instance }],
  };
}

/** Tracks `event` through `tracker`. */
export function trackOutcome(tracker: BannerTracker, event: BannerOutcomeEvent): void {
  if (typeof tracker === 'function') tracker(event);
  else tracker.core.track(selfDescribingEvent(event.event), event.context);
}

/** @throws {TypeError} if `tracker` cannot track. */
export function checkTracker(tracker: unknown): void {
  if (tracker === undefined || typeof tracker === 'function') return;
  const { core } = (tracker ?? {}) as Partial<BrowserTracker>;
  if (typeof core?.track !== 'function') {
    throw new TypeError(
      'tracker must be the tracker returned by newTracker(), or a function that tracks an event',
    );
  }
}
