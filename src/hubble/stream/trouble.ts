import { connect } from 'node:tls';
import { status } from '@grpc/grpc-js';
import { safeText } from '../../core/safe-text.ts';
import type { Link } from '../link/open-link.ts';

/**
 * Why there is no connection. `isMistake`: waiting will not help, somebody has to change something. `text` and `hint`
 * make a sentence each, the server's name as subject left out.
 */
export type Trouble = { readonly isMistake: boolean; readonly text: string; readonly hint: string };

type Failure = { readonly code: number; readonly details: string };

/** What Node and OpenSSL say of the usual mistakes (HUB-8), and what they mean. */
const TLS_TROUBLES: readonly (readonly [RegExp, string, string])[] = [
  [
    /wrong version number|packet length too long|EPROTO.*(?:unexpected|http)/i,
    'answers without TLS',
    'Leave the TLS flags out, or connect to its TLS port.',
  ],
  [
    /ALTNAME_INVALID|does not match certificate/i,
    'has a certificate for another name',
    'Give a name it holds with --tls-server-name, for Relay instance.hubble-relay.cilium.io.',
  ],
  [/certificate has expired|CERT_HAS_EXPIRED/i, 'has a certificate that expired', 'Renew it on the server.'],
  [
    /self.signed|unable to (?:verify|get)|UNABLE_TO_|unknown ca|SELF_SIGNED/i,
    'has a certificate of a CA that is not trusted',
    'Give its CA with --tls-ca-cert-files.',
  ],
  [
    /certificate required|alert number 116|bad certificate|handshake failure/i,
    'wants a client certificate',
    'Give one with --tls-client-cert-file and --tls-client-key-file.',
  ],
];

/** Reads an end of a call or stream. */
export function troubleOf({ code, details }: Failure): Trouble {
  for (const [pattern, text, hint] of TLS_TROUBLES) {
    if (code === status.UNAVAILABLE && pattern.test(details)) return { isMistake: true, text, hint };
  }
  switch (code) {
    case status.OK:
      return { isMistake: false, text: 'ended the stream', hint: '' };
    case status.UNAVAILABLE:
      return unavailable(details);
    case status.DEADLINE_EXCEEDED:
      return {
        isMistake: false,
        text: 'does not answer',
        hint: 'Check that it is reachable and not overloaded.',
      };
    case status.UNIMPLEMENTED:
      return { isMistake: true, text: 'is not a Hubble server', hint: 'Give the address of hubble-relay.' };
    case status.UNAUTHENTICATED:
    case status.PERMISSION_DENIED:
      return {
        isMistake: true,
        text: `refuses: ${safeText(details)}`,
        hint: 'Check the client certificate.',
      };
    default:
      return {
        isMistake: false,
        text: `failed: ${safeText(details) || `gRPC code ${code}`}`,
        hint: '',
      };
  }
}

function unavailable(details: string): Trouble {
  if (details.includes('ECONNREFUSED')) {
    return {
      isMistake: false,
      text: 'refuses the connection',
      hint: 'Check the address and that hubble-relay runs.',
    };
  }
  if (/ENOTFOUND|EAI_AGAIN|Name resolution failed/i.test(details)) {
    return { isMistake: false, text: 'has a name that does not resolve', hint: 'Check the address.' };
  }
  if (/ECONNRESET|EPIPE|EOF|socket hang up|Connection dropped/i.test(details)) {
    return { isMistake: false, text: 'closed the connection', hint: '' };
  }
  return { isMistake: false, text: `is unavailable: ${safeText(details)}`, hint: '' };
}

/** What a plaintext client should do about a server that wants TLS. */
const WANTS_TLS: Trouble = {
  isMistake: true,
  text: 'wants TLS',
  hint: 'Give --tls, and its CA with --tls-ca-cert-files.',
};

/**
 * Why a connection ended. A plaintext client gets no reason from a server that wants TLS (HUB-8), so one TLS handshake
 * is tried.
 */
export async function findTrouble(link: Link, end: Failure, timeout: number): Promise<Trouble> {
  const trouble = troubleOf(end);
  if (link.tls !== false || end.code !== status.UNAVAILABLE || end.details.includes('ECONNREFUSED'))
    return trouble;
  return (await speaksTls(link, timeout)) ? WANTS_TLS : trouble;
}

/** Proves what a server speaks, whatever its certificate. */
function speaksTls({ host, port }: Link, timeout: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    const finish = (answer: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => finish(false), timeout);
    socket.once('secureConnect', () => finish(true));
    socket.once('error', () => finish(false));
    socket.once('close', () => finish(false));
  });
}
