import { hiding, setting } from './config-setting.ts';
import { issuerUrl, oneOf, text, withoutPassword } from './config-values.ts';

/** The secret of the client at the identity provider, unless it is in a file. A flag would show in the process list. */
export const OIDC_CLIENT_SECRET_ENV = 'ROLLCALL_OIDC_CLIENT_SECRET';

/** How people sign in by OpenID Connect. Without an issuer, they do not. */
export const SIGN_IN_SETTINGS = {
  oidcIssuer: hiding(
    setting(
      '--oidc-issuer <url>',
      'ROLLCALL_OIDC_ISSUER',
      'issuer of the identity provider by which people sign in (OpenID Connect); with --oidc-client-id',
      issuerUrl,
    ),
    withoutPassword,
  ),
  oidcClientId: setting(
    '--oidc-client-id <id>',
    'ROLLCALL_OIDC_CLIENT_ID',
    'id of this server at the identity provider',
    text,
  ),
  oidcClientSecretFile: setting(
    '--oidc-client-secret-file <path>',
    'ROLLCALL_OIDC_CLIENT_SECRET_FILE',
    `file with the client's secret; it takes precedence over ${OIDC_CLIENT_SECRET_ENV}; a public client has none`,
    text,
  ),
  oidcName: setting(
    '--oidc-name <name>',
    'ROLLCALL_OIDC_NAME',
    'name of the identity provider on the sign-in page',
    text,
    'single sign-on',
  ),
  oidcScopes: setting(
    '--oidc-scopes <scopes>',
    'ROLLCALL_OIDC_SCOPES',
    'what the server asks the identity provider for, separated by blanks',
    text,
    'openid email profile',
  ),
  oidcRolesClaim: setting(
    '--oidc-roles-claim <name>',
    'ROLLCALL_OIDC_ROLES_CLAIM',
    'claim with the roles of a person: texts such as acme:planner, an organisation and a role; by default no claim gives roles, and only invited people enter',
    text,
  ),
  oidcLinkVerifiedEmail: setting(
    '--oidc-link-verified-email <switch>',
    'ROLLCALL_OIDC_LINK_VERIFIED_EMAIL',
    'on or off: whether a verified e-mail address of the identity provider connects a person with the account of this address',
    oneOf('on', 'off'),
    'off' as const,
  ),
} as const;
