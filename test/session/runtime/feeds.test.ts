import { describe, expect, test } from 'vitest';
import { trackFeeds } from '../../../src/session/runtime/feeds.ts';

const STALE = { state: 'stale', since: 0, reason: 'may not watch' } as const;
const DENIED = { state: 'denied', reason: 'may not list' } as const;

describe('the feeds of a connection', () => {
  test('a feed counts as listed by its list, not by what it says of itself', async () => {
    const feeds = trackFeeds();
    feeds.set('pods', { state: 'connecting' });
    feeds.set('nodes', { state: 'connecting' });
    feeds.listed('pods');
    feeds.set('pods', STALE);
    expect(feeds.unlisted()).toEqual(['nodes']);
    expect(feeds.unreadable()).toEqual([]);
    feeds.listed('nodes');
    await feeds.ready;
    expect(feeds.unlisted()).toEqual([]);
  });

  test('a feed that fails before its first list is waited for, and is not taken for an empty one', () => {
    const feeds = trackFeeds();
    feeds.set('pods', STALE);
    expect(feeds.unlisted()).toEqual(['pods']);
    expect(feeds.unreadable()).toEqual(['pods']);
  });

  test('a feed that was denied and then fails is still unreadable, until a list comes', async () => {
    const feeds = trackFeeds();
    feeds.listed('networkpolicies');
    feeds.set('networkpolicies', DENIED);
    await feeds.ready;
    feeds.set('networkpolicies', STALE);
    expect(feeds.unreadable()).toEqual(['networkpolicies']);
    expect(feeds.unlisted()).toEqual([]);
    feeds.listed('networkpolicies');
    expect(feeds.unreadable()).toEqual([]);
  });

  test('a kind that the server lacks is listed and readable', async () => {
    const feeds = trackFeeds();
    feeds.set('adminnetworkpolicies', { state: 'connecting' });
    feeds.set('adminnetworkpolicies', { state: 'absent' });
    await feeds.ready;
    expect(feeds.unreadable()).toEqual([]);
  });
});
