// Held by the type check; there is nothing to run.
import type * as existing from '@snowplow/signals-browser-plugin';
import { describe, expectTypeOf, test } from 'vitest';
import type * as api from '../../js/api.js';
import type * as types from '../../js/types.js';

describe('code written for the existing plugin passes the type check', () => {
  test('with each of its types by name', () => {
    type Named = [
      types.AttributeKeyId,
      types.AttributeKeyName,
      types.Fetcher,
      types.FetcherFactory,
      types.Handler,
      types.HandlerId,
      types.Intervention,
      types.JSONPointer,
      types.JSONPointerList,
      types.MeasurementEvents,
      types.MeasurementSettings,
      types.OneOrMore<string>,
      types.SignalsHandlerConfiguration,
      types.SignalsInterventionConfiguration,
      types.TrackerId,
    ];
    expectTypeOf<Named['length']>().toEqualTypeOf<15>();
  });

  test('when it passes its options, configuration, handlers and fetcher', () => {
    expectTypeOf<existing.SignalsHandlerConfiguration>().toExtend<types.SignalsHandlerConfiguration>();
    expectTypeOf<existing.SignalsInterventionConfiguration>().toExtend<types.SignalsInterventionConfiguration>();
    expectTypeOf<existing.Handler>().toExtend<types.Handler>();
    expectTypeOf<existing.FetcherFactory>().toExtend<types.FetcherFactory>();
  });

  test('when it reads what its handlers and fetcher are handed', () => {
    expectTypeOf<types.Intervention>().toExtend<existing.Intervention>();
    type Ids = { [Plugin in 'ours' | 'existing']: NonNullable<Configurations[Plugin]['attributeKeyIds']> };
    type Configurations = {
      ours: Parameters<types.Fetcher['configure']>[0];
      existing: Parameters<existing.Fetcher['configure']>[0];
    };
    expectTypeOf<Ids['ours']>().toEqualTypeOf<Ids['existing']>();
  });
});

describe('the types', () => {
  type Subscription = Parameters<typeof api.subscribeToInterventions>[0];
  type Handlers = Parameters<typeof api.addInterventionHandlers>[0];

  test('take the id of a user who may not be logged in', () => {
    expectTypeOf<{
      endpoint: string;
      attributeKeyIds: { user_id: string | undefined; account: string | null };
    }>().toExtend<Subscription>();
  });

  test('let a handler say which attributes it expects', () => {
    type Offer = types.Intervention<{ cart_value: number }>;
    expectTypeOf<Offer['attributes']['cart_value']>().toEqualTypeOf<number>();
    expectTypeOf<{
      plain: (intervention: Offer) => void;
      narrowed: { match: 'offer'; handle: (intervention: Offer) => Promise<void> };
    }>().toExtend<Handlers>();
  });

  test('refuse a handler of something else', () => {
    expectTypeOf<{ wrong: (name: string) => void }>().not.toExtend<Handlers>();
  });
});
