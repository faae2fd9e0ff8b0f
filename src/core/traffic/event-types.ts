/** Monitor event types, as Hubble numbers them (HUB-10). */
export const EVENT = { drop: 1, trace: 4, policyVerdict: 5, traceSock: 7, l7: 129 } as const;

/** Where a trace event was taken: sub types on the wire, where TO_ENDPOINT is 0. */
export const TRACE = {
  toEndpoint: 0,
  toProxy: 1,
  toHost: 2,
  toStack: 3,
  toOverlay: 4,
  toNetwork: 11,
} as const;
