/** Names of ICMP types in Cilium's rules (api `icmps.fields[].type`), by family. */
const NAMES: Readonly<Record<4 | 6, Readonly<Record<string, number>>>> = {
  4: {
    EchoReply: 0,
    DestinationUnreachable: 3,
    Redirect: 5,
    EchoRequest: 8,
    RouterAdvertisement: 9,
    RouterSelection: 10,
    TimeExceeded: 11,
    ParameterProblem: 12,
    Timestamp: 13,
    TimestampReply: 14,
    Photuris: 40,
    ExtendedEchoRequest: 42,
    ExtendedEchoReply: 43,
  },
  6: {
    DestinationUnreachable: 1,
    PacketTooBig: 2,
    TimeExceeded: 3,
    ParameterProblem: 4,
    EchoRequest: 128,
    EchoReply: 129,
    MulticastListenerQuery: 130,
    MulticastListenerReport: 131,
    MulticastListenerDone: 132,
    RouterSolicitation: 133,
    RouterAdvertisement: 134,
    NeighborSolicitation: 135,
    NeighborAdvertisement: 136,
    RedirectMessage: 137,
    RouterRenumbering: 138,
    ICMPNodeInformationQuery: 139,
    ICMPNodeInformationResponse: 140,
    InverseNeighborDiscoverySolicitation: 141,
    InverseNeighborDiscoveryAdvertisement: 142,
    HomeAgentAddressDiscoveryRequest: 144,
    HomeAgentAddressDiscoveryReply: 145,
    MobilePrefixSolicitation: 146,
    MobilePrefixAdvertisement: 147,
    DuplicateAddressRequestCodeSuffix: 157,
    DuplicateAddressConfirmationCodeSuffix: 158,
    ExtendedEchoRequest: 160,
    ExtendedEchoReply: 161,
  },
};

/** The highest ICMP type. */
export const LAST_ICMP_TYPE = 255;

/** The number of an ICMP type, from its number or its name; undefined if it is neither. */
export function icmpTypeOf(value: unknown, family: 4 | 6): number | undefined {
  const number = typeof value === 'number' ? value : /^\d+$/.test(String(value)) ? Number(value) : undefined;
  if (number !== undefined) return Number.isInteger(number) && number <= LAST_ICMP_TYPE ? number : undefined;
  const names = NAMES[family];
  return typeof value === 'string' && Object.hasOwn(names, value) ? names[value] : undefined;
}

/** A type in a sentence: `8 (EchoRequest)`. */
export function icmpTypeText(type: number, family: 4 | 6): string {
  const name = Object.entries(NAMES[family]).find(([, number]) => number === type)?.[0];
  return name === undefined ? String(type) : `${type} (${name})`;
}
