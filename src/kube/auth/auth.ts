/* Credentials as kubectl finds them: tokens, certificates, plug-ins, OIDC. */

export { credentialsOf } from './credentials.ts';
