import { isRecord, type Raw, rawOf, safeText } from '../../common/common.ts';
import type { MisplacedField } from '../model/model.ts';

const SELECTOR = ['matchLabels', 'matchExpressions'];

/** The fields of the items of a list, by its name. */
const ITEMS: Readonly<Record<string, readonly string[]>> = {
  fromEndpoints: SELECTOR,
  toEndpoints: SELECTOR,
  fromNodes: SELECTOR,
  toNodes: SELECTOR,
  fromCIDRSet: ['cidr', 'except', 'cidrGroupRef', 'cidrGroupSelector'],
  toCIDRSet: ['cidr', 'except', 'cidrGroupRef', 'cidrGroupSelector'],
  toFQDNs: ['matchName', 'matchPattern'],
  toServices: ['k8sService', 'k8sServiceSelector'],
  ports: ['port', 'endPort', 'protocol'],
};

const SECTIONS = ['ingress', 'ingressDeny', 'egress', 'egressDeny'] as const;

/** Fields of rules: found at another level, they were meant for one. */
const OF_RULES = [
  ...Object.keys(ITEMS),
  'fromCIDR',
  'toCIDR',
  'fromEntities',
  'toEntities',
  'toPorts',
  'icmps',
];

/**
 * Fields of a rule that stand where Cilium's schema has none, as after a wrong indentation. Only what no release has
 * there: selectors, ports and names have had these fields since the first.
 */
export function misplacedFields(spec: Raw): readonly MisplacedField[] {
  const found: MisplacedField[] = [];
  const strange = (at: string, value: unknown, known: (field: string) => boolean) => {
    for (const field of Object.keys(rawOf(value))) {
      if (!known(field))
        found.push({ at, field: safeText(field), belongsElsewhere: OF_RULES.includes(field) });
    }
  };
  strange('spec', spec, (field) => !OF_RULES.includes(field));
  for (const name of ['endpointSelector', 'nodeSelector']) {
    strange(name, spec[name], (field) => SELECTOR.includes(field));
  }
  for (const section of SECTIONS) {
    for (const [index, rule] of listOf(spec[section]).entries()) {
      for (const [name, value] of Object.entries(rawOf(rule))) {
        for (const [item, entry] of listOf(value).entries()) {
          const at = `${section}[${index}].${name}[${item}]`;
          const known = ITEMS[name];
          if (known !== undefined) strange(at, entry, (field) => known.includes(field));
          if (name !== 'toPorts') continue;
          strange(at, entry, (field) => field === 'ports' || !OF_RULES.includes(field));
          for (const [port, one] of listOf(rawOf(entry).ports).entries()) {
            strange(`${at}.ports[${port}]`, one, (field) => ITEMS.ports?.includes(field) === true);
          }
        }
      }
    }
  }
  return found;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.filter((item) => isRecord(item)) : [];
}
