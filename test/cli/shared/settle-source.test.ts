import { describe, expect, test } from 'vitest';
import type { ConnectionOptions } from '../../../src/cli/shared/options.ts';
import { settleSource } from '../../../src/cli/shared/settle-source.ts';

/** Options by where they come from: the command line, the environment, the configuration file. */
type Given = {
  readonly cli?: Partial<ConnectionOptions>;
  readonly env?: Partial<ConnectionOptions>;
  readonly file?: Partial<ConnectionOptions>;
};

function settled({ cli = {}, env = {}, file = {} }: Given) {
  const options: ConnectionOptions = { source: 'auto', output: 'table', ...file, ...env, ...cli };
  const origin = (name: string) =>
    name in cli ? 'cli' : name in env ? 'env' : name === 'source' ? 'default' : undefined;
  const { source, hubbleServer } = settleSource(options, origin);
  return hubbleServer === undefined ? source : `${source} ${hubbleServer}`;
}

describe('where flows come from', () => {
  test.each<readonly [string, Given, string]>([
    ['no options', {}, 'auto'],
    ['a recording', { cli: { replay: 'f' } }, 'replay'],
    [
      'a recording, over a server in the environment',
      { cli: { replay: 'f' }, env: { hubbleServer: 'e:1' } },
      'replay',
    ],
    ['a server in the environment', { env: { hubbleServer: 'e:1' } }, 'auto e:1'],
    [
      'the probe, over a server in the environment',
      { cli: { source: 'probe' }, env: { hubbleServer: 'e:1' } },
      'probe',
    ],
    [
      'the probe, over a server in the file',
      { cli: { source: 'probe' }, file: { hubbleServer: 'f:1' } },
      'probe',
    ],
    [
      'a server in the environment, over the probe in the file',
      { env: { hubbleServer: 'e:1' }, file: { source: 'probe' } },
      'hubble e:1',
    ],
    [
      'a server as a flag, over the probe in the file',
      { cli: { hubbleServer: 'c:1' }, file: { source: 'probe' } },
      'hubble c:1',
    ],
    ['probe and server, both in the file', { file: { source: 'probe', hubbleServer: 'f:1' } }, 'probe'],
    [
      'hubble, at a server in the environment',
      { cli: { source: 'hubble' }, env: { hubbleServer: 'e:1' } },
      'hubble e:1',
    ],
  ])('%s', (_, given, expected) => {
    expect(settled(given)).toBe(expected);
  });

  test.each<readonly [string, Given['cli'], RegExp]>([
    [
      'a recording and the probe',
      { replay: 'f', source: 'probe' },
      /--replay can't be used with --source probe/,
    ],
    [
      'a server and the probe',
      { hubbleServer: 'c:1', source: 'probe' },
      /--hubble-server can't be used with --source probe/,
    ],
    [
      'a certificate for a recording',
      { replay: 'f', tlsServerName: 'x' },
      /--tls-server-name has no effect with --source replay/,
    ],
    [
      'a namespace of Relay for the probe',
      { source: 'probe', hubbleNamespace: 'x' },
      /--hubble-namespace has no effect with --source probe/,
    ],
    [
      'a namespace of Relay and a server',
      { hubbleServer: 'c:1', hubbleNamespace: 'x' },
      /--hubble-namespace can't be used with --hubble-server/,
    ],
    ['TLS without a server', { tls: true }, /--tls needs --hubble-server/],
  ])('rejected: %s', (_, cli, says) => {
    expect(() => settled({ cli })).toThrow(says);
  });

  test('environment variables without effect are not rejected', () => {
    expect(settled({ cli: { source: 'probe' }, env: { tlsServerName: 'x' } })).toBe('probe');
  });
});
