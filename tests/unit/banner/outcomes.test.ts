import { readFileSync } from 'node:fs';
import type { BrowserTracker } from '@snowplow/browser-tracker';
import { trackerCore } from '@snowplow/tracker-core';
import { describe, expect, it } from 'vitest';
import { type BannerOutcome, outcomeEvent, trackOutcome } from '../../../js/banner/outcomes.js';

const intervention = {
  intervention_id: 'b7f5c6a8-7a0b-4d2e-9a55-0d9a3f1f8c11',
  name: 'offer',
  version: 2,
  attributes: { count: 4 },
  target_attribute_key: { name: 'domain_userid', id: '218e8926-3858-431d-b2ed-66da03a1cbe5' },
};

const OUTCOMES: Record<BannerOutcome, true> = {
  shown: true,
  dismissed: true,
  clicked: true,
  expired: true,
  code_copied: true,
};

describe('the outcome of a banner', () => {
  it('goes through the core of a tracker, with the instance as entity', () => {
    const sent: Record<string, unknown>[] = [];
    const core = trackerCore({ base64: false, callback: (payload) => sent.push(payload.build()) });
    trackOutcome({ core } as unknown as BrowserTracker, outcomeEvent('clicked', intervention));
    const [event] = sent;
    expect(event?.e).toBe('ue');
    expect(JSON.parse(String(event?.ue_pr)).data).toEqual({
      schema: 'iglu:signals-interventions/banner_outcome/jsonschema/1-0-0',
      data: { outcome: 'clicked' },
    });
    expect(JSON.parse(String(event?.co)).data).toEqual([
      {
        schema: 'iglu:com.snowplowanalytics.signals/intervention_instance/jsonschema/1-0-0',
        data: {
          intervention_id: intervention.intervention_id,
          name: 'offer',
          version: 2,
          attributeKey: intervention.target_attribute_key,
          attributes: [{ attribute: 'count', value: 4 }],
        },
      },
    ]);
  });

  it('goes to a function instead, where the page gives one', () => {
    const tracked: unknown[] = [];
    trackOutcome((event) => tracked.push(event), outcomeEvent('shown', intervention));
    expect(tracked).toEqual([outcomeEvent('shown', intervention)]);
  });

  it('is one that the published schema knows', () => {
    const path = new URL(
      '../../../docs/schemas/signals-interventions/banner_outcome/jsonschema/1-0-0',
      import.meta.url,
    );
    const { self, properties } = JSON.parse(readFileSync(path, 'utf8'));
    expect(properties.outcome.enum).toEqual(Object.keys(OUTCOMES));
    expect(outcomeEvent('shown', intervention).event.schema).toBe(
      `iglu:${self.vendor}/${self.name}/${self.format}/${self.version}`,
    );
  });
});
