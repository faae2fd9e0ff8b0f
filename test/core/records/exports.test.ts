import { describe, expect, test } from 'vitest';
import { AUDIT_TYPES } from '../../../src/core/ports/ports.ts';
import { cloudEventOf, ocsfOf, timeLine } from '../../../src/core/records/records.ts';
import { auditRecord } from '../../helpers/audit/audit-entries.ts';

const EVERY = AUDIT_TYPES.map((type) =>
  auditRecord({ type, ...(type === 'key' ? { grant: undefined } : {}) }),
);

describe('CloudEvents', () => {
  test.each(EVERY)('$type has every required attribute of version 1.0', (record) => {
    const event = cloudEventOf(record, 'prod');
    expect(event).toMatchObject({ specversion: '1.0', datacontenttype: 'application/json', data: record });
    for (const name of ['id', 'source', 'type'] as const) expect(event[name]).toMatch(/^[\x21-\x7e]+$/);
    // Names of attributes are lower-case letters and digits; the time is RFC 3339.
    for (const name of Object.keys(event)) expect(name).toMatch(/^[a-z0-9]+$/);
    expect(event.time).toBe('2026-11-21T12:00:00.000Z');
    expect(() => new URL(event.source, 'https://x')).not.toThrow();
  });

  test('source and id name one record, the subject is the grant', () => {
    expect(cloudEventOf(auditRecord({ type: 'granted' }), 'prod')).toMatchObject({
      id: 'a'.repeat(64),
      source: '/sluice/audit/prod',
      type: 'dev.sluice.audit.granted',
      subject: 'grants/g1',
    });
    expect(cloudEventOf(auditRecord({ grant: undefined }), 'prod')).not.toHaveProperty('subject');
  });
});

/** What OCSF 1.6.0 requires of API Activity and of the objects in it: the path of each attribute, and its values. */
const REQUIRED: Readonly<Record<string, (value: unknown) => boolean>> = {
  activity_id: (value) => [0, 1, 2, 3, 4, 99].includes(Number(value)),
  category_uid: (value) => value === 6,
  class_uid: (value) => value === 6003,
  time: Number.isSafeInteger,
  type_uid: Number.isSafeInteger,
  severity_id: (value) => [0, 1, 2, 3, 4, 5, 6, 99].includes(Number(value)),
  'metadata.version': (value) => value === '1.6.0',
  'metadata.product.name': isText,
  'metadata.product.vendor_name': isText,
  'api.operation': isText,
  'actor.user.name': isText,
  'src_endpoint.hostname': isText,
};

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function valueAt(event: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], event);
}

describe('OCSF', () => {
  test.each(EVERY)('$type has every required attribute of API Activity', (record) => {
    const event = ocsfOf(record);
    const missing = Object.entries(REQUIRED).filter(([path, isRight]) => !isRight(valueAt(event, path)));
    expect(missing.map(([path]) => path)).toEqual([]);
    expect(event.type_uid).toBe(Number(event.class_uid) * 100 + Number(event.activity_id));
    // An activity that is none of the named ones has the name that its source has for it.
    if (event.activity_id === 99) expect(event.activity_name).toBe(record.type);
  });

  test.each([
    ['granted', 1, 1],
    ['extended', 3, 1],
    ['revoked', 4, 1],
    ['expired', 4, 1],
    ['refused', 1, 2],
    ['failed', 99, 2],
  ] as const)('%s is activity %i with status %i', (type, activity, status) => {
    expect(ocsfOf(auditRecord({ type }))).toMatchObject({ activity_id: activity, status_id: status });
  });

  test('says who, on what, and has the whole record', () => {
    const objects = [{ kind: 'Job', namespace: 'shop', name: 'sluice-g1-in', uid: 'u1' }];
    const record = auditRecord({ objects });
    expect(ocsfOf(record)).toMatchObject({
      actor: { user: { name: 'alice', groups: [{ name: 'sre' }] } },
      dst_endpoint: { hostname: '127.0.0.1' },
      metadata: { uid: record.hash, correlation_uid: 'g1', product: { version: '1.2.3' } },
      resources: [{ type: 'Job', namespace: 'shop', name: 'sluice-g1-in', uid: 'u1' }],
      unmapped: { record },
    });
  });
});

describe('the time line', () => {
  const records = [
    auditRecord(),
    auditRecord({ type: 'granted', seq: 8, time: Date.UTC(2026, 10, 21, 12, 0, 3), ticket: 'INC-1' }),
  ];

  test('has each grant, each record in order, and what verifying said', () => {
    const text = timeLine(records, 'prod', '2 records in 1 file, hash chain and signatures intact.');
    expect(text).toContain('2 records, 2026-11-21 12:00:00 to 2026-11-21 12:00:03 (UTC).');
    expect(text).toContain('## Grant g1\n\n- path: payments/web → payments/db 5432/tcp\n- asked by: alice\n');
    expect(text).toContain('- ticket: INC-1\n');
    const rows = text.split('\n').filter((line) => line.startsWith('| 2026'));
    expect(rows).toEqual([
      expect.stringMatching(/^\| 2026-11-21 12:00:00 \| g1 \| intent \| alice \| .* \| 7 `a{12}` \|$/),
      expect.stringMatching(/^\| 2026-11-21 12:00:03 \| g1 \| granted \| alice \| .* \| 8 `a{12}` \|$/),
    ]);
    expect(text).toContain('## Evidence\n\n2 records in 1 file, hash chain and signatures intact.\n');
  });

  test('shows what somebody wrote as it is: no table, link or HTML comes of it', () => {
    const reason = 'a | b [x](https://x) <img src=x> `c`';
    const text = timeLine([auditRecord({ reason, outcome: reason })], 'prod', '');
    expect(text).toContain('a \\| b \\[x\\]\\(https://x\\) \\<img src=x\\> \\`c\\`');
    for (const row of text.split('\n').filter((line) => line.startsWith('| 2026'))) {
      expect(row.split(/(?<!\\)\|/)).toHaveLength(8);
    }
  });
});
