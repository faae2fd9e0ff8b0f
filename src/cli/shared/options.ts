import { type Command, Option } from 'commander';
import type { JsonResponse } from '../../hubble/client/client.ts';
import type { Format } from './write.ts';

/** Options that every verb takes. */
export type GlobalOptions = {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
  readonly as?: string;
  readonly asGroup?: readonly string[];
  readonly output: Format;
  readonly debug?: boolean;
};

/** Options of verbs that follow traffic. */
export type TrafficOptions = {
  readonly source: 'auto' | 'hubble' | 'probe' | 'replay';
  readonly hubbleServer?: string;
  readonly hubbleNamespace?: string;
  readonly tls?: boolean;
  readonly tlsCaCertFiles?: string;
  readonly tlsServerName?: string;
  readonly tlsClientCertFile?: string;
  readonly tlsClientKeyFile?: string;
  readonly tlsAllowInsecure?: boolean;
  readonly replay?: string;
  /** Set by verbs that show the time before: ms since the epoch, flows of each node. */
  readonly sinceTime?: number;
  readonly lastFlows?: number;
  /** Gets every response as JSON, nothing left out; with `rawNamespace` those of one namespace. */
  readonly onRaw?: (response: JsonResponse) => void;
  readonly rawNamespace?: string;
};

const FORMATS: readonly Format[] = ['table', 'json', 'yaml'];

/** Adds kubectl's options for choosing a cluster, a user and a format. */
export function withGlobalOptions(command: Command): Command {
  return command
    .option('--kubeconfig <file>', 'kubeconfig to use instead of $KUBECONFIG')
    .option('--context <name>', 'context of the kubeconfig to use')
    .option('-n, --namespace <name>', 'namespace to look at')
    .option('-A, --all-namespaces', 'look at all namespaces')
    .option('--as <user>', 'act as another user')
    .option('--as-group <group>', 'group to act as, may be repeated', collect)
    .addOption(new Option('-o, --output <format>', 'how to answer').choices(FORMATS).default('table'))
    .option('--debug', 'show stacks and calls on stderr');
}

/** Adds the options that choose where flows come from, named as the hubble CLI names them. */
export function withTrafficOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--source <name>', 'where flows come from')
        .choices(['auto', 'hubble', 'probe', 'replay'])
        .default('auto'),
    )
    .addOption(new Option('--hubble-server <host:port>', 'Hubble or Relay to read from').env('HUBBLE_SERVER'))
    .option('--hubble-namespace <name>', 'namespace of Hubble Relay')
    .option('--tls', 'speak TLS with --hubble-server (env: HUBBLE_TLS=true)')
    .addOption(
      new Option('--tls-ca-cert-files <file>', 'CA of the Hubble server').env('HUBBLE_TLS_CA_CERT_FILES'),
    )
    .addOption(
      new Option('--tls-server-name <name>', 'name in the Hubble server certificate').env(
        'HUBBLE_TLS_SERVER_NAME',
      ),
    )
    .addOption(
      new Option('--tls-client-cert-file <file>', 'client certificate for Hubble').env(
        'HUBBLE_TLS_CLIENT_CERT_FILE',
      ),
    )
    .addOption(
      new Option('--tls-client-key-file <file>', 'key of the client certificate').env(
        'HUBBLE_TLS_CLIENT_KEY_FILE',
      ),
    )
    .option('--tls-allow-insecure', 'take any server certificate (env: HUBBLE_TLS_ALLOW_INSECURE=true)')
    .option('--replay <file>', 'read flows that were recorded as JSON lines');
}

/** For options that may be given several times. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** Whether an option may be given several times, or takes several values. */
export function isRepeatable({ variadic, parseArg }: Option): boolean {
  return variadic || parseArg === collect;
}

/** Everything that a connection is made from. */
export type ConnectionOptions = GlobalOptions & TrafficOptions;
