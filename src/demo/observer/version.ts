/** The version that Relay, its agents and their flows claim. */
export const RELAY_VERSION = '1.20.2';
