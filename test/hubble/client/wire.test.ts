import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Enum, type Field, MapField, OneOf, type ReflectionObject, Type } from 'protobufjs';
import { describe, expect, it, test } from 'vitest';
import { type GetFlowsResponse, observerService, wireRoot } from '../../../src/hubble/wire/protocol.ts';

const OFFICIAL = resolve(process.env.SLUICE_HUBBLE_INTERFACE ?? '../shared/hubble/interface.json');

type Official = Record<
  string,
  {
    message?: Record<string, { number: number; type: string; oneof?: string }>;
    enum?: Record<string, number>;
    service?: Record<string, { request: string; response: string; serverStreaming?: boolean }>;
  }
>;

describe('numbers on the wire', () => {
  test.each([
    ['flow.Flow', { time: 1, verdict: 2, drop_reason: 3, IP: 5, l4: 6, source: 8, destination: 9, Type: 10 }],
    ['flow.Flow', { node_name: 11, source_names: 13, destination_names: 14, l7: 15, event_type: 19 }],
    ['flow.Flow', { destination_service: 21, traffic_direction: 22, drop_reason_desc: 25, is_reply: 26 }],
    ['flow.Flow', { uuid: 34, emitter: 41, egress_allowed_by: 21001, ingress_denied_by: 21005 }],
    ['observer.GetFlowsResponse', { flow: 1, node_status: 2, lost_events: 3, node_name: 1000, time: 1001 }],
    ['observer.GetFlowsRequest', { number: 1, follow: 3, whitelist: 6, since: 7, field_mask: 10 }],
    ['flow.FlowFilter', { source_pod: 2, destination_pod: 4, event_type: 6, reply: 15, tcp_flags: 23 }],
  ])('%s has the fields %o', (name, fields) => {
    const type = wireRoot().lookupType(name);
    const ours = Object.fromEntries(Object.keys(fields).map((field) => [field, type.fields[field]?.id]));
    expect(ours).toEqual(fields);
  });

  test('verdicts and the drop reasons of policies', () => {
    expect(wireRoot().lookupEnum('flow.Verdict').values).toMatchObject({
      FORWARDED: 1,
      DROPPED: 2,
      AUDIT: 4,
    });
    expect(wireRoot().lookupEnum('flow.DropReason').values).toMatchObject({
      POLICY_DENIED: 133,
      POLICY_DENY: 181,
    });
  });
});

/** What a response of GetFlows consists of, all of which a recording keeps. */
const FLOW_PART = /^flow\.(?!FlowFilter|EventTypeFilter)/;

describe.skipIf(!existsSync(OFFICIAL))(`equality with ${OFFICIAL}`, () => {
  const official: Official = existsSync(OFFICIAL) ? JSON.parse(readFileSync(OFFICIAL, 'utf8')) : {};
  const ours = [...definitions(wireRoot())].filter((item) => !item.fullName.startsWith('.google.'));

  it('compares every message and enum of ours', () => {
    expect(ours.length).toBeGreaterThan(40);
  });

  test.each(ours.map((item) => [item.fullName.slice(1), item] as const))('%s', (name, item) => {
    const expected = official[name];
    if (item instanceof Enum) {
      expect(item.values).toEqual(expected?.enum);
      return;
    }
    if (FLOW_PART.test(name)) {
      const known = (item as Type).fieldsArray.map((field) => field.name);
      expect(Object.keys(expected?.message ?? {}).filter((field) => !known.includes(field))).toEqual(
        name === 'flow.Flow' ? ['extensions'] : [],
      );
    }
    for (const field of (item as Type).fieldsArray) {
      expect({ [field.name]: describeField(field) }).toEqual({
        [field.name]: pickOfficial(official, expected?.message?.[field.name], name),
      });
    }
  });

  test.each(Object.entries(observerService()))('rpc %s', (name, method) => {
    expect(method.path).toBe(`/observer.Observer/${name}`);
    const rpc = official['observer.Observer']?.service?.[name];
    expect(rpc).toMatchObject({ request: `${name}Request`, response: `${name}Response` });
    expect(method.responseStream).toBe(rpc?.serverStreaming ?? false);
  });
});

if (!existsSync(OFFICIAL)) console.warn(`SKIPPED: no official interface at ${OFFICIAL} to compare with`);

describe('messages', () => {
  const { responseSerialize, responseDeserialize } = observerService().GetFlows;

  it('round-trip, with absent fields absent', () => {
    const response: GetFlowsResponse = {
      flow: {
        time: { seconds: '1767607200', nanos: 109000 },
        verdict: 'DROPPED',
        IP: { source: '10.0.0.1', destination: '10.0.0.2', ipVersion: 'IPv4' },
        l4: { TCP: { source_port: 4000, destination_port: 80, flags: { SYN: true } }, protocol: 'TCP' },
        drop_reason_desc: 'POLICY_DENIED',
        cgroup_id: '18446744073709551615',
      },
      node_name: 'node-1',
      response_types: 'flow',
    };
    expect(responseDeserialize(responseSerialize(response))).toEqual(response);
  });

  it('distinguish a false is_reply from an absent one', () => {
    const back = responseDeserialize(responseSerialize({ flow: { is_reply: { value: false } } }));
    expect(back.flow?.is_reply).toEqual({ value: false });
    expect(responseDeserialize(responseSerialize({ flow: {} })).flow).not.toHaveProperty('is_reply');
  });

  it('return an unknown enum value as a number', () => {
    const back = responseDeserialize(responseSerialize({ flow: { drop_reason_desc: 250, verdict: 99 } }));
    expect(back.flow).toMatchObject({ drop_reason_desc: 250, verdict: 99 });
  });
});

function* definitions(parent: ReflectionObject): Generator<Type | Enum> {
  if (parent instanceof Type || parent instanceof Enum) yield parent;
  for (const child of 'nestedArray' in parent ? (parent.nestedArray as ReflectionObject[]) : []) {
    yield* definitions(child);
  }
}

function describeField(field: Field) {
  expect(field).not.toBeInstanceOf(MapField);
  const type = field.resolvedType?.fullName.slice(1) ?? field.type;
  return {
    number: field.id,
    type: field.repeated ? `repeated ${type}` : type,
    oneof: field.partOf instanceof OneOf ? field.partOf.name : undefined,
  };
}

/** The official field with its fully qualified type, as protobufjs resolves it. */
function pickOfficial(
  official: Official,
  field: { number: number; type: string; oneof?: string } | undefined,
  message: string,
): object | undefined {
  if (field === undefined) return undefined;
  const [, repeated = '', type = ''] = /^(repeated )?(.*)$/.exec(field.type) ?? [];
  const nested = `${message}.${type}`;
  if (nested in official) return { number: field.number, type: `${repeated}${nested}`, oneof: field.oneof };
  const full = /^[a-z0-9]+$/.test(type) || type.includes('.') ? type : `${message.split('.')[0]}.${type}`;
  return { number: field.number, type: `${repeated}${full}`, oneof: field.oneof };
}
