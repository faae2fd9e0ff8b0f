import { SluiceError } from '../../core/errors.ts';
import { safeText } from '../../core/safe-text.ts';
import type { Completion, NamesFor } from './fitting.ts';

type Names = (given: ReadonlyMap<string, string>) => Promise<readonly Completion[]>;

/** Where the values of an option come from, by its long flag; nothing here asks a cluster. */
const NAMES: Readonly<Record<string, Names>> = {
  '--context': async (given) => {
    const { listContexts } = await import('../../kube/connect.ts');
    const { names } = await listContexts({ kubeconfig: given.get('--kubeconfig') });
    return names.map((value) => ({ value, about: '' }));
  },
  '--cluster': async (given) => {
    const { auditRoot, listAuditLogs } = await import('../../audit/root.ts');
    const logs = await listAuditLogs(given.get('--directory') ?? auditRoot());
    return logs.map(({ cluster }) => ({ value: cluster, about: '' }));
  },
  '--ignore': async () => {
    const { LINT_RULES } = await import('../offline/lint/findings.ts');
    return LINT_RULES.map(({ id, title }) => ({ value: id, about: title }));
  },
  '--verdict': async () => {
    const { VERDICTS } = await import('../flows/matcher.ts');
    return VERDICTS.map((value) => ({ value, about: '' }));
  },
};

/** The names that an option takes; none where they can't be read, as there is nobody to tell while one types. */
export const namesFor: NamesFor = async (flag, given) => {
  try {
    const names = (await NAMES[flag]?.(given)) ?? [];
    return names.filter(({ value }) => safeText(value) === value);
  } catch (error) {
    if (error instanceof SluiceError) return [];
    throw error;
  }
};
