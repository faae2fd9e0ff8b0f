declare const __SLUICE_VERSION__: string | undefined;

/** The version of this program; `dev` when it runs unbundled, as in unit tests. */
export const VERSION: string = typeof __SLUICE_VERSION__ === 'string' ? __SLUICE_VERSION__ : 'dev';
