import { type Command, Option } from 'commander';
import type { Hook } from '../../core/common/common.ts';
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
  readonly asUid?: string;
  readonly output: Format;
  readonly debug?: boolean;
  /** From the configuration file. */
  readonly hooks?: readonly Hook[];
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
  /** Set by verbs that show past flows: ms since the epoch, flows per node. */
  readonly sinceTime?: number;
  readonly lastFlows?: number;
  readonly firstFlows?: number;
  /** Set to false by verbs that show only past flows. */
  readonly follow?: boolean;
  /** Called with every response as complete JSON. */
  readonly onRaw?: (response: JsonResponse) => void;
  /** The only namespace to read raw and past flows of. */
  readonly rawNamespace?: string;
};

const FORMATS: readonly Format[] = ['table', 'json', 'yaml'];

/** Adds kubectl's options for choosing a cluster, a user and a format. */
export function withGlobalOptions(command: Command): Command {
  return command
    .addOption(new Option('-o, --output <format>', 'output format').choices(FORMATS).default('table'))
    .optionsGroup('Global options:')
    .option('--kubeconfig <file>', 'path to the kubeconfig file, instead of $KUBECONFIG or ~/.kube/config')
    .option('--context <name>', 'name of the kubeconfig context to use')
    .option('-n, --namespace <name>', 'namespace scope for this command')
    .option('-A, --all-namespaces', 'include all namespaces')
    .option('--as <user>', 'user to impersonate')
    .option('--as-group <group>', 'group to impersonate, may be repeated', collect)
    .option('--as-uid <uid>', 'UID to impersonate')
    .option('--debug', 'print stack traces and API calls on stderr')
    .optionsGroup('');
}

/** Adds the options that choose where flows come from, named as in the hubble CLI. */
export function withTrafficOptions(command: Command): Command {
  return command
    .optionsGroup('Flow source:')
    .addOption(
      new Option('--source <name>', 'source of flows')
        .choices(['auto', 'hubble', 'probe', 'replay'])
        .default('auto'),
    )
    .addOption(
      new Option('--hubble-server <host:port>', 'address of a Hubble server or Relay').env('HUBBLE_SERVER'),
    )
    .option('--hubble-namespace <name>', 'namespace of Hubble Relay')
    .option('--tls', 'use TLS with --hubble-server (env: HUBBLE_TLS=true)')
    .addOption(
      new Option('--tls-ca-cert-files <file>', 'CA certificate for the Hubble server').env(
        'HUBBLE_TLS_CA_CERT_FILES',
      ),
    )
    .addOption(
      new Option('--tls-server-name <name>', 'server name to verify in the Hubble certificate').env(
        'HUBBLE_TLS_SERVER_NAME',
      ),
    )
    .addOption(
      new Option('--tls-client-cert-file <file>', 'client certificate for Hubble').env(
        'HUBBLE_TLS_CLIENT_CERT_FILE',
      ),
    )
    .addOption(
      new Option('--tls-client-key-file <file>', 'private key of the client certificate').env(
        'HUBBLE_TLS_CLIENT_KEY_FILE',
      ),
    )
    .option(
      '--tls-allow-insecure',
      'skip verifying the server certificate (env: HUBBLE_TLS_ALLOW_INSECURE=true)',
    )
    .option('--replay <file>', 'read flows from a recording, an export or a log')
    .optionsGroup('');
}

/** Parser for options that may be repeated. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** Whether an option may be repeated, or takes several values. */
export function isRepeatable({ variadic, parseArg }: Option): boolean {
  return variadic || parseArg === collect;
}

/** All options of a connection. */
export type ConnectionOptions = GlobalOptions & TrafficOptions;
