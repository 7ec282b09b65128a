import { buildSelfDescribingEvent, type PayloadBuilder, trackerCore } from '@snowplow/tracker-core';
import { describe, expect, it } from 'vitest';
import { selfDescribingEvent } from '../../js/facade/self-describing-event.js';

const event = { schema: 'iglu:com.example/thing/jsonschema/1-0-0', data: { text: 'ü', list: [1] } };
const entity = { schema: 'iglu:com.example/entity/jsonschema/1-0-0', data: { a: 1 } };
const session = { schema: 'iglu:com.example/session/jsonschema/1-0-0', data: { s: 1 } };

/** What a tracker makes of an event, with a plugin that uses all that a payload builder offers. */
function tracked(base64: boolean, builder: PayloadBuilder) {
  const core = trackerCore({
    base64,
    corePlugins: [
      {
        beforeTrack(payload) {
          payload.add('empty', '');
          payload.add('nothing', null);
          payload.addDict({ tna: 'sp1' });
          payload.addContextEntity(session);
          payload.addJson('unused', 'unused', {});
          // A plugin may look at what there is so far, and the tracker builds again later.
          payload.add('seen', Object.keys(payload.build()).length + payload.getJson().length);
        },
      },
    ],
  });
  const { eid, dtm, ...payload } = core.track(builder, [entity]) ?? {};
  expect([typeof eid, typeof dtm]).toEqual(['string', 'string']);
  return payload;
}

describe('a self-describing event', () => {
  it.each([true, false])("is tracked like one that the tracker's own code built, base64 %s", (base64) => {
    const ours = tracked(base64, selfDescribingEvent(event));
    expect(ours).toEqual(tracked(base64, buildSelfDescribingEvent({ event })));
    expect(Object.keys(ours)).toEqual(expect.arrayContaining(base64 ? ['ue_px', 'cx'] : ['ue_pr', 'co']));
  });
});
