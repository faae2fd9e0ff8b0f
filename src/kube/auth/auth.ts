/* Credentials, resolved as kubectl does: tokens, certificates, plug-ins, OIDC. */

export { credentialsOf } from './credentials.ts';
