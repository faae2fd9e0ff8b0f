import type { Flow, FlowEnd } from '../flow.ts';

/** Protocol, both addresses and both ports: retried packets keep all of them (HUB-19). */
export function attemptKey(flow: Flow): string {
  return `${protocolKey(flow)} ${endKey(flow.source)}>${endKey(flow.destination)}`;
}

/** The key of the attempt that this flow would be the answer to. */
export function replyKey(flow: Flow): string {
  return `${protocolKey(flow)} ${endKey(flow.destination)}>${endKey(flow.source)}`;
}

/** An end without address goes by its name, as the probe may know no more. */
function endKey({ ip, port, namespace, pod }: FlowEnd): string {
  const host = ip ?? (pod === undefined ? '' : `${namespace}/${pod}`);
  return port === undefined ? host : `${host}:${port}`;
}

/** Answers to an echo have a type of their own (RFC 792, RFC 4443). */
function protocolKey({ protocol, icmpType }: Flow): string {
  if (icmpType === undefined) return protocol;
  const asked = icmpType === 0 ? 8 : icmpType === 129 ? 128 : icmpType;
  return `${protocol}${asked}`;
}
