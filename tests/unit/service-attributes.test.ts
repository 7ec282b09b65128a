import { afterEach, describe, expect, it, vi } from 'vitest';
import { getServiceAttributes, ServiceAttributesError } from '../../js/service-attributes.js';

const request = {
  endpoint: 'signals.example/prefix/',
  service: 'shop',
  attributeKey: 'domain_userid',
  identifier: '218e8926-3858-431d-b2ed-66da03a1cbe5',
};

function answering(answer: () => Response | Promise<Response>) {
  const fetched = vi.fn(async (_url: string, _init: RequestInit) => answer());
  vi.stubGlobal('fetch', fetched);
  return fetched;
}

afterEach(() => vi.unstubAllGlobals());

describe('getServiceAttributes', () => {
  it('asks the service for one profile and answers with its values by name', async () => {
    const fetched = answering(() =>
      Response.json({ domain_userid: [request.identifier], views: [4], tags: [['a', 'b']], last: [null] }),
    );
    expect(await getServiceAttributes(request)).toEqual({ views: 4, tags: ['a', 'b'], last: null });
    const [url, init] = fetched.mock.calls[0] ?? [];
    expect(url).toBe('https://signals.example/prefix/api/v1/get-online-attributes');
    expect(JSON.parse(String(init?.body))).toEqual({
      service: 'shop',
      attribute_keys: { domain_userid: [request.identifier] },
    });
  });

  it('rejects with status and detail when the server refuses', async () => {
    answering(() => Response.json({ detail: 'no such service' }, { status: 404 }));
    const refused = getServiceAttributes(request);
    await expect(refused).rejects.toBeInstanceOf(ServiceAttributesError);
    await expect(refused).rejects.toMatchObject({ status: 404, detail: 'no such service' });
  });

  it('rejects with status 0 when there is no answer, and with the status of one that is no JSON', async () => {
    answering(() => Promise.reject(new TypeError('Failed to fetch')));
    await expect(getServiceAttributes(request)).rejects.toMatchObject({
      status: 0,
      detail: 'TypeError: Failed to fetch',
    });
    answering(() => new Response('<html>', { status: 502 }));
    await expect(getServiceAttributes(request)).rejects.toMatchObject({ status: 502 });
  });

  it('rejects with the reason of its signal when it is aborted', async () => {
    const reason = new Error('page left');
    answering(() => Promise.reject(reason));
    await expect(getServiceAttributes({ ...request, signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
  });
});
