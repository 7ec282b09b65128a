import type { BrowserTracker, SelfDescribingJson } from '@snowplow/browser-tracker';
import { selfDescribingEvent } from '../facade/self-describing-event.js';
import type { Intervention } from '../types.js';

const OUTCOME_SCHEMA = 'iglu:signals-interventions/banner_outcome/jsonschema/1-0-0';
const INSTANCE_SCHEMA = 'iglu:com.snowplowanalytics.signals/intervention_instance/jsonschema/1-0-0';

/**
 * What became of a banner. `shown` and, if its code was copied, `code_copied` are followed by one of:
 * - `clicked`: its action was taken
 * - `dismissed`: somebody closed it
 * - `expired`: its time ran out
 */
export type BannerOutcome = 'shown' | 'dismissed' | 'clicked' | 'expired' | 'code_copied';

/** An outcome in the form that `trackSelfDescribingEvent` of the Snowplow tracker takes. */
export interface BannerOutcomeEvent {
  /** Of the schema `iglu:signals-interventions/banner_outcome/jsonschema/1-0-0`. */
  event: SelfDescribingJson;
  /** The intervention instance, as the plugin's measurement events carry it. */
  context: SelfDescribingJson[];
}

/** The tracker that outcomes go through, or a function that tracks one. */
export type BannerTracker = BrowserTracker | ((event: BannerOutcomeEvent) => void);

/** Makes the event that tells `outcome` of the banner for an instance. */
export function outcomeEvent(
  outcome: BannerOutcome,
  { intervention_id, name, version, target_attribute_key, attributes }: Intervention,
): BannerOutcomeEvent {
  // As the plugin's measurement spells it.
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

/** @throws {TypeError} naming the option, if `tracker` cannot track. */
export function checkTracker(tracker: unknown): void {
  if (tracker === undefined || typeof tracker === 'function') return;
  const { core } = (tracker ?? {}) as Partial<BrowserTracker>;
  if (typeof core?.track !== 'function') {
    throw new TypeError('tracker must be what newTracker answers, or a function that tracks an event');
  }
}
