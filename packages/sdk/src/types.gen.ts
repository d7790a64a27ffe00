// `npm run sdk:types` writes this file from packages/server/openapi.json: do not edit it.

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  correlationId: string;
  errors?: Array<{
    path: string;
    message: string;
  }>;
}

/** The parameters, body and reply of each operation as they are on the wire: dates are text. */
export interface Operations {
  /** Log in with an HMAC hash */
  'POST /v1/auth': {
    body: {
      /** id of the key */
      apiKey: string;
      /** Unix time in whole seconds */
      timestamp: number | string;
      /** hex of HMAC-SHA256 under the secret, over apiKey and timestamp as sent */
      hash: string;
    };
    reply: {
      authenticated: true;
      message: string;
      token: string;
      /** Unix time in seconds */
      expiration: number;
    };
  };
  /** OAuth 2.0 client credentials (RFC 6749 section 4.4) */
  'POST /v1/auth/token': {
    body: null | {
      /** client_credentials, if given */
      grant_type?: string | null | undefined;
      client_id?: string | null | undefined;
      client_secret?: string | null | undefined;
    };
    reply: {
      access_token: string;
      /** seconds */
      expires_in: number;
      token_type: "Bearer";
    };
  };
  /** Read who is signed in */
  'GET /v1/session': {
    reply: {
      account: {
        accountId: string;
        email: string;
        /** name of the person */
        name: string | null;
        hasPassword: boolean;
        /** whether a password or a link is not enough without a passkey */
        passkeyRequired: boolean;
      };
      organisations: Array<{
        /** slug, for the header Rollcall-Organisation */
        organisation: string;
        name: string;
        /** IANA time zone */
        timeZone: string;
        role: "administrator" | "integrations" | "planner" | "viewer";
      }>;
      /** how the person signed in */
      method: "password" | "link" | "openid" | "passkey";
      createdAt: string;
      /** when the session ends if it is not used any more */
      expiresAt: string;
    };
  };
  /** Sign in with a password. An account may require a passkey besides. If `passkey` is missing, the answer is a 400 that names it. */
  'POST /v1/session': {
    body: {
      email: string;
      password: string;
      /** what the browser answers to the options, as AuthenticationResponseJSON of Web Authentication */
      passkey?: {
        id: string;
        rawId: string;
        type: "public-key";
        response: {
          clientDataJSON: string;
          authenticatorData: string;
          signature: string;
          userHandle?: string | null | undefined;
        };
        clientExtensionResults: Record<string, unknown>;
        authenticatorAttachment?: string | null | undefined;
      } | null | undefined;
    };
    reply: {
      account: {
        accountId: string;
        email: string;
        /** name of the person */
        name: string | null;
        hasPassword: boolean;
        /** whether a password or a link is not enough without a passkey */
        passkeyRequired: boolean;
      };
      organisations: Array<{
        /** slug, for the header Rollcall-Organisation */
        organisation: string;
        name: string;
        /** IANA time zone */
        timeZone: string;
        role: "administrator" | "integrations" | "planner" | "viewer";
      }>;
      /** how the person signed in */
      method: "password" | "link" | "openid" | "passkey";
      createdAt: string;
      /** when the session ends if it is not used any more */
      expiresAt: string;
    };
  };
  /** Change one's own account */
  'PATCH /v1/session': {
    body: {
      /** name of the person */
      name?: string | null | undefined;
      /** whether a password or a link is not enough without a passkey; takes a sign-in of the last 10 minutes */
      passkeyRequired?: boolean | null | undefined;
    };
    reply: {
      account: {
        accountId: string;
        email: string;
        /** name of the person */
        name: string | null;
        hasPassword: boolean;
        /** whether a password or a link is not enough without a passkey */
        passkeyRequired: boolean;
      };
      organisations: Array<{
        /** slug, for the header Rollcall-Organisation */
        organisation: string;
        name: string;
        /** IANA time zone */
        timeZone: string;
        role: "administrator" | "integrations" | "planner" | "viewer";
      }>;
      /** how the person signed in */
      method: "password" | "link" | "openid" | "passkey";
      createdAt: string;
      /** when the session ends if it is not used any more */
      expiresAt: string;
    };
  };
  /** Sign out */
  'DELETE /v1/session': {
    reply: undefined;
  };
  /** Redeem a one-time link: sign in, accept an invitation or set a password. A link that sets a password takes a new `password`, and no other way to sign in works afterwards: a link for another password, and the invitation of an account that has accepted no role. Another invitation takes the password of the account, unless the request has a session of it, which goes on. If `password` is missing, the answer is a 400 that names it, and the link can be used again. The same goes for `passkey`, if the account requires one. */
  'POST /v1/session/link': {
    body: {
      /** the part of the link after `#token=` */
      token: string;
      /** name of the person */
      name?: string | null | undefined;
      password?: string | null | undefined;
      /** what the browser answers to the options, as AuthenticationResponseJSON of Web Authentication */
      passkey?: {
        id: string;
        rawId: string;
        type: "public-key";
        response: {
          clientDataJSON: string;
          authenticatorData: string;
          signature: string;
          userHandle?: string | null | undefined;
        };
        clientExtensionResults: Record<string, unknown>;
        authenticatorAttachment?: string | null | undefined;
      } | null | undefined;
    };
    reply: {
      account: {
        accountId: string;
        email: string;
        /** name of the person */
        name: string | null;
        hasPassword: boolean;
        /** whether a password or a link is not enough without a passkey */
        passkeyRequired: boolean;
      };
      organisations: Array<{
        /** slug, for the header Rollcall-Organisation */
        organisation: string;
        name: string;
        /** IANA time zone */
        timeZone: string;
        role: "administrator" | "integrations" | "planner" | "viewer";
      }>;
      /** how the person signed in */
      method: "password" | "link" | "openid" | "passkey";
      createdAt: string;
      /** when the session ends if it is not used any more */
      expiresAt: string;
    };
  };
  /** Change one's own password; all other sessions end */
  'PUT /v1/session/password': {
    body: {
      currentPassword: string;
      newPassword: string;
    };
    reply: undefined;
  };
  /** List one's own sessions, the newest first */
  'GET /v1/session/sessions': {
    reply: {
      items: Array<{
        sessionId: string;
        method: "password" | "link" | "openid" | "passkey";
        createdAt: string;
        /** to the minute */
        lastUsedAt: string;
        expiresAt: string;
        /** network address from which the person signed in */
        address: string;
        /** the browser, as it named itself */
        userAgent: string | null;
        /** whether it is the session of this request */
        current: boolean;
      }>;
    };
  };
  /** End one of one's own sessions */
  'DELETE /v1/session/sessions/{sessionId}': {
    path: {
      sessionId: string;
    };
    reply: undefined;
  };
  /** Begin a sign-in with a passkey. The answer is for this browser, once, within 5 minutes. */
  'POST /v1/session/passkey/options': {
    reply: {
      challenge: string;
    };
  };
  /** Sign in with a passkey */
  'POST /v1/session/passkey': {
    body: {
      /** what the browser answers to the options, as AuthenticationResponseJSON of Web Authentication */
      credential: {
        id: string;
        rawId: string;
        type: "public-key";
        response: {
          clientDataJSON: string;
          authenticatorData: string;
          signature: string;
          userHandle?: string | null | undefined;
        };
        clientExtensionResults: Record<string, unknown>;
        authenticatorAttachment?: string | null | undefined;
      };
    };
    reply: {
      account: {
        accountId: string;
        email: string;
        /** name of the person */
        name: string | null;
        hasPassword: boolean;
        /** whether a password or a link is not enough without a passkey */
        passkeyRequired: boolean;
      };
      organisations: Array<{
        /** slug, for the header Rollcall-Organisation */
        organisation: string;
        name: string;
        /** IANA time zone */
        timeZone: string;
        role: "administrator" | "integrations" | "planner" | "viewer";
      }>;
      /** how the person signed in */
      method: "password" | "link" | "openid" | "passkey";
      createdAt: string;
      /** when the session ends if it is not used any more */
      expiresAt: string;
    };
  };
  /** List one's own passkeys, the oldest first */
  'GET /v1/session/passkeys': {
    reply: {
      items: Array<{
        passkeyId: string;
        name: string;
        /** whether the device keeps copies on other devices */
        backedUp: boolean;
        createdAt: string;
        lastUsedAt: string | null;
      }>;
    };
  };
  /** Add a passkey */
  'POST /v1/session/passkeys': {
    body: {
      name: string;
      /** what the browser answers to the options, as RegistrationResponseJSON of Web Authentication */
      credential: {
        id: string;
        rawId: string;
        type: "public-key";
        response: {
          clientDataJSON: string;
          attestationObject: string;
          authenticatorData?: string | null | undefined;
          transports?: Array<string> | null | undefined;
          publicKeyAlgorithm?: number | null | undefined;
          publicKey?: string | null | undefined;
        };
        clientExtensionResults: Record<string, unknown>;
        authenticatorAttachment?: string | null | undefined;
      };
    };
    reply: {
      passkeyId: string;
    };
  };
  /** Begin to add a passkey; takes a sign-in of the last 10 minutes */
  'POST /v1/session/passkeys/options': {
    reply: {
      challenge: string;
    };
  };
  /** Rename a passkey */
  'PATCH /v1/session/passkeys/{passkeyId}': {
    path: {
      passkeyId: string;
    };
    body: {
      name: string;
    };
    reply: undefined;
  };
  /** Remove a passkey; takes a sign-in of the last 10 minutes */
  'DELETE /v1/session/passkeys/{passkeyId}': {
    path: {
      passkeyId: string;
    };
    reply: undefined;
  };
  /** List one's own identities at identity providers, the oldest first */
  'GET /v1/session/identities': {
    reply: {
      items: Array<{
        identityId: string;
        /** the identity provider */
        issuer: string;
        /** the id of the person at the provider */
        subject: string;
        /** the address of the person at the provider, at the last sign-in */
        email: string | null;
        connectedAt: string;
        lastUsedAt: string | null;
        /** whether it is an identity at the present provider of the server */
        usable: boolean;
        /** whether the session of this request began with it */
        current: boolean;
      }>;
    };
  };
  /** Disconnect an identity; takes a sign-in of the last 10 minutes. All other sessions that began with it end, and so do the roles of its claim. The answer is 409, and the identity stays, if it is the last way to sign in, if no role would be left, or if an organisation would lose its last administrator. */
  'DELETE /v1/session/identities/{identityId}': {
    path: {
      identityId: string;
    };
    reply: undefined;
  };
  /** Make the first organisation and its administrator, who is signed in then. While there is no organisation, `rollcall serve` prints a one-time link at its start, good for 15 minutes. Only one such link can ever be redeemed. Members other than `token` and `name` are required: if some are missing, the answer is a 400 that names them, and the link can be used again. */
  'POST /v1/set-up': {
    body: {
      /** the part of the link after `#token=` */
      token: string;
      organisationName?: string | null | undefined;
      /** IANA name, such as Europe/London */
      timeZone?: string | null | undefined;
      /** e-mail address of the administrator */
      email?: string | null | undefined;
      /** name of the administrator */
      name?: string | null | undefined;
      password?: string | null | undefined;
    };
    reply: {
      account: {
        accountId: string;
        email: string;
        /** name of the person */
        name: string | null;
        hasPassword: boolean;
        /** whether a password or a link is not enough without a passkey */
        passkeyRequired: boolean;
      };
      organisations: Array<{
        /** slug, for the header Rollcall-Organisation */
        organisation: string;
        name: string;
        /** IANA time zone */
        timeZone: string;
        role: "administrator" | "integrations" | "planner" | "viewer";
      }>;
      /** how the person signed in */
      method: "password" | "link" | "openid" | "passkey";
      createdAt: string;
      /** when the session ends if it is not used any more */
      expiresAt: string;
    };
  };
  /** Read how people sign in to this server */
  'GET /v1/session/methods': {
    reply: {
      password: boolean;
      passkey: {
        /** the domain to which passkeys belong */
        relyingParty: string;
      };
      openid: {
        /** what the console calls the provider */
        name: string;
        issuer: string;
        /** whether a claim gives roles at each sign-in */
        rolesFromClaim: boolean;
        /** whether a verified e-mail address connects a person with the account of this address */
        linksVerifiedEmail: boolean;
      } | null;
    };
  };
  /** Begin a sign-in by OpenID Connect. The browser then goes to `location`. The sign-in belongs to this browser, and must end within 10 minutes. */
  'POST /v1/session/openid': {
    body: {
      /** path of the console, without /console, to which the person goes afterwards */
      back?: string | null | undefined;
      /** token of a one-time link that the sign-in redeems */
      linkToken?: string | null | undefined;
      /** the account of the session gets the identity; takes a sign-in of the last 10 minutes. The provider asks again */
      link?: boolean | null | undefined;
      /** the provider asks a person whom it knows, too, so that the session may do what takes a new sign-in */
      askAgain?: boolean | null | undefined;
    };
    reply: {
      location: string;
    };
  };
  /** End a sign-in by OpenID Connect */
  'POST /v1/session/openid/return': {
    body: {
      /** the part after `?` of the address to which the provider sent the browser */
      query: string;
    };
    reply: {
      session: {
        account: {
          accountId: string;
          email: string;
          /** name of the person */
          name: string | null;
          hasPassword: boolean;
          /** whether a password or a link is not enough without a passkey */
          passkeyRequired: boolean;
        };
        organisations: Array<{
          /** slug, for the header Rollcall-Organisation */
          organisation: string;
          name: string;
          /** IANA time zone */
          timeZone: string;
          role: "administrator" | "integrations" | "planner" | "viewer";
        }>;
        /** how the person signed in */
        method: "password" | "link" | "openid" | "passkey";
        createdAt: string;
        /** when the session ends if it is not used any more */
        expiresAt: string;
      };
      back: string | null;
    };
  };
  /** List the accounts of people who may sign in, by e-mail address */
  'GET /v1/manage/accounts': {
    query: {
      /** only people of whom each of these words is a part of the name or the e-mail address, without regard to case; at most 100 characters and 5 words */
      search?: string | undefined;
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
      /** `next` of the previous page */
      after?: string | undefined;
    };
    reply: {
      items: Array<{
        accountId: string;
        email: string;
        name: string | null;
        /** what the person may do in the organisation */
        role: "administrator" | "integrations" | "planner" | "viewer";
        /** claim: the identity provider gives the role at each sign-in */
        roleFrom: "invitation" | "claim";
        /** invited until the person accepts; the operator of the server disables accounts */
        state: "invited" | "active" | "disabled";
        invitedAt: string;
        acceptedAt: string | null;
        /** nobody else administers the organisation now, so the person cannot be removed or demoted */
        lastAdministrator: boolean;
        /** null until the person accepts */
        signsInBy: {
          password: boolean;
          /** how many */
          passkeys: number;
          /** a password or a link is not enough without a passkey */
          passkeyRequired: boolean;
          /** how many identities at identity providers */
          identities: number;
        } | null;
      }>;
      /** `after` of the next page; null on the last */
      next: string | null;
    };
  };
  /** Invite a person by e-mail address. The answer has a one-time link for 7 days. The server sends no mail: send the link to the person. The role counts when the person opens the link and signs in. */
  'POST /v1/manage/accounts': {
    body: {
      email: string;
      /** name of the person, for a new account */
      name?: string | null | undefined;
      /** what the person may do in the organisation */
      role: "administrator" | "integrations" | "planner" | "viewer";
    };
    reply: {
      account: {
        accountId: string;
        email: string;
        name: string | null;
        /** what the person may do in the organisation */
        role: "administrator" | "integrations" | "planner" | "viewer";
        /** claim: the identity provider gives the role at each sign-in */
        roleFrom: "invitation" | "claim";
        /** invited until the person accepts; the operator of the server disables accounts */
        state: "invited" | "active" | "disabled";
        invitedAt: string;
        acceptedAt: string | null;
        /** nobody else administers the organisation now, so the person cannot be removed or demoted */
        lastAdministrator: boolean;
        /** null until the person accepts */
        signsInBy: {
          password: boolean;
          /** how many */
          passkeys: number;
          /** a password or a link is not enough without a passkey */
          passkeyRequired: boolean;
          /** how many identities at identity providers */
          identities: number;
        } | null;
      };
      /** one-time token, shown only now */
      token: string;
      /** address to open; a path if the public URL of the server is not set */
      link: string;
      expiresAt: string;
    };
  };
  /** Change a person's role */
  'PATCH /v1/manage/accounts/{accountId}': {
    path: {
      accountId: string;
    };
    body: {
      /** what the person may do in the organisation */
      role: "administrator" | "integrations" | "planner" | "viewer";
    };
    reply: {
      accountId: string;
      email: string;
      name: string | null;
      /** what the person may do in the organisation */
      role: "administrator" | "integrations" | "planner" | "viewer";
      /** claim: the identity provider gives the role at each sign-in */
      roleFrom: "invitation" | "claim";
      /** invited until the person accepts; the operator of the server disables accounts */
      state: "invited" | "active" | "disabled";
      invitedAt: string;
      acceptedAt: string | null;
      /** nobody else administers the organisation now, so the person cannot be removed or demoted */
      lastAdministrator: boolean;
      /** null until the person accepts */
      signsInBy: {
        password: boolean;
        /** how many */
        passkeys: number;
        /** a password or a link is not enough without a passkey */
        passkeyRequired: boolean;
        /** how many identities at identity providers */
        identities: number;
      } | null;
    };
  };
  /** Remove a person from the organisation, at once. An account that belongs to no other organisation is deleted. What it wrote keeps its e-mail address. */
  'DELETE /v1/manage/accounts/{accountId}': {
    path: {
      accountId: string;
    };
    reply: undefined;
  };
  /** Make a new invitation, or a link by which the person sets another password. The former link of the same kind no longer works. */
  'POST /v1/manage/accounts/{accountId}/link': {
    path: {
      accountId: string;
    };
    reply: {
      /** one-time token, shown only now */
      token: string;
      /** address to open; a path if the public URL of the server is not set */
      link: string;
      expiresAt: string;
    };
  };
  /** List a person's sessions, the newest first */
  'GET /v1/manage/accounts/{accountId}/sessions': {
    path: {
      accountId: string;
    };
    reply: {
      items: Array<{
        sessionId: string;
        method: "password" | "link" | "openid" | "passkey";
        createdAt: string;
        /** to the minute */
        lastUsedAt: string;
        expiresAt: string;
        /** network address from which the person signed in */
        address: string;
        /** the browser, as it named itself */
        userAgent: string | null;
        /** whether it is the session of this request */
        current: boolean;
      }>;
    };
  };
  /** End all of a person's sessions, at once */
  'DELETE /v1/manage/accounts/{accountId}/sessions': {
    path: {
      accountId: string;
    };
    reply: undefined;
  };
  /** List the keys, the newest first, with those that ended */
  'GET /v1/manage/keys': {
    query: {
      /** true: only those that can be used now; false: only those that ended */
      active?: string | undefined;
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
      /** `next` of the previous page */
      after?: string | undefined;
    };
    reply: {
      items: Array<{
        /** id of the key */
        apiKey: string;
        name: string;
        /** the routes that the key may call */
        role: "submitting-events" | "visitor-only" | "data-warehouse" | "statistics" | "all";
        /** hmac: logs in for a token; basic: HTTP Basic as well */
        authentication: "hmac" | "basic";
        state: "active" | "revoked" | "expired";
        /** 1 at first; each rotation adds one */
        secretVersion: number;
        createdAt: string;
        /** last use, to the minute; null if there is none */
        lastUsedAt: string | null;
        /** when the key ends */
        expiresAt: string | null;
        /** where it may be used from, in CIDR notation; null: anywhere */
        networks: Array<string> | null;
        /** ids of its offices; null: all offices */
        locationIds: Array<string> | null;
        /** when the key was revoked */
        revokedAt: string | null;
        /** until when the former secret works, after a rotation */
        previousSecretExpiresAt: string | null;
        /** the limits that differ from the defaults */
        limits: {
          /** logins a minute */
          login?: number;
          /** events a minute */
          events?: number;
          /** requests that read, a minute */
          reads?: number;
          /** requests that change something, and those of SCIM, a minute */
          management?: number;
          /** exports at once */
          exports?: number;
        };
      }>;
      /** `after` of the next page; null on the last */
      next: string | null;
      /** the caller may create, change, rotate and revoke keys with these roles */
      manageableRoles: Array<"submitting-events" | "visitor-only" | "data-warehouse" | "statistics" | "all">;
      /** the limits of a key that has none of its own; without `exports`, a key has the exports of its organisation */
      defaultLimits: {
        /** logins a minute */
        login: number;
        /** events a minute */
        events: number;
        /** requests that read, a minute */
        reads: number;
        /** requests that change something, and those of SCIM, a minute */
        management: number;
        /** exports at once */
        exports?: number;
      };
      /** the largest limits that a caller may give a key */
      mostLimits: {
        /** logins a minute */
        login: number;
        /** events a minute */
        events: number;
        /** requests that read, a minute */
        reads: number;
        /** requests that change something, and those of SCIM, a minute */
        management: number;
        /** exports at once */
        exports?: number;
      };
    };
  };
  /** Create a key; the answer has the secret, which no other answer has. The caller must have the powers of the role itself. An organisation has at most 1000 active keys. */
  'POST /v1/manage/keys': {
    body: {
      /** the purpose, 1 to 200 characters */
      name: string;
      /** the routes that the key may call */
      role: "submitting-events" | "visitor-only" | "data-warehouse" | "statistics" | "all";
      /** hmac: logs in for a token; basic: HTTP Basic as well */
      authentication: "hmac" | "basic";
      /** when it ends, as ISO 8601, in the future; without it, it does not end by itself */
      expiresAt?: string | null | undefined;
      /** 1 to 64 networks in CIDR notation, IPv4 or IPv6; the key may be used from them only. Without it: from anywhere */
      networks?: Array<string> | null | undefined;
      /** 1 to 500 ids of offices; the key submits events of these offices only, or reads their rows only. Not for the role all. Without it: of all offices */
      locationIds?: Array<string> | null | undefined;
      /** the limits that differ from the defaults */
      limits?: {
        /** logins a minute; at most 480000 */
        login?: number | null | undefined;
        /** events a minute; at most 24000000 */
        events?: number | null | undefined;
        /** requests that read, a minute; at most 480000 */
        reads?: number | null | undefined;
        /** requests that change something, and those of SCIM, a minute; at most 480000 */
        management?: number | null | undefined;
        /** exports at once; at most 100 */
        exports?: number | null | undefined;
      } | null | undefined;
    };
    reply: {
      key: {
        /** id of the key */
        apiKey: string;
        name: string;
        /** the routes that the key may call */
        role: "submitting-events" | "visitor-only" | "data-warehouse" | "statistics" | "all";
        /** hmac: logs in for a token; basic: HTTP Basic as well */
        authentication: "hmac" | "basic";
        state: "active" | "revoked" | "expired";
        /** 1 at first; each rotation adds one */
        secretVersion: number;
        createdAt: string;
        /** last use, to the minute; null if there is none */
        lastUsedAt: string | null;
        /** when the key ends */
        expiresAt: string | null;
        /** where it may be used from, in CIDR notation; null: anywhere */
        networks: Array<string> | null;
        /** ids of its offices; null: all offices */
        locationIds: Array<string> | null;
        /** when the key was revoked */
        revokedAt: string | null;
        /** until when the former secret works, after a rotation */
        previousSecretExpiresAt: string | null;
        /** the limits that differ from the defaults */
        limits: {
          /** logins a minute */
          login?: number;
          /** events a minute */
          events?: number;
          /** requests that read, a minute */
          reads?: number;
          /** requests that change something, and those of SCIM, a minute */
          management?: number;
          /** exports at once */
          exports?: number;
        };
      };
      /** shown only now */
      secret: string;
    };
  };
  /** Change what a key is bound to, and its rate limits. Members that are left out stay; null removes a binding, and makes a limit the default again. Every replica has the change within a second. The caller must have the powers of the role itself. A key that ended is a 409. A key has at most the limits of the organisation; `rollcall keys change` gives more. */
  'PATCH /v1/manage/keys/{apiKey}': {
    path: {
      apiKey: string;
    };
    body: {
      /** when it ends, as ISO 8601, in the future; without it, it does not end by itself */
      expiresAt?: string | null | undefined;
      /** 1 to 64 networks in CIDR notation, IPv4 or IPv6; the key may be used from them only. Without it: from anywhere */
      networks?: Array<string> | null | undefined;
      /** 1 to 500 ids of offices; the key submits events of these offices only, or reads their rows only. Not for the role all. Without it: of all offices */
      locationIds?: Array<string> | null | undefined;
      /** the limits that differ from the defaults */
      limits?: {
        /** logins a minute; at most 480000 */
        login?: number | null | undefined;
        /** events a minute; at most 24000000 */
        events?: number | null | undefined;
        /** requests that read, a minute; at most 480000 */
        reads?: number | null | undefined;
        /** requests that change something, and those of SCIM, a minute; at most 480000 */
        management?: number | null | undefined;
        /** exports at once; at most 100 */
        exports?: number | null | undefined;
      } | null | undefined;
    };
    reply: {
      /** id of the key */
      apiKey: string;
      name: string;
      /** the routes that the key may call */
      role: "submitting-events" | "visitor-only" | "data-warehouse" | "statistics" | "all";
      /** hmac: logs in for a token; basic: HTTP Basic as well */
      authentication: "hmac" | "basic";
      state: "active" | "revoked" | "expired";
      /** 1 at first; each rotation adds one */
      secretVersion: number;
      createdAt: string;
      /** last use, to the minute; null if there is none */
      lastUsedAt: string | null;
      /** when the key ends */
      expiresAt: string | null;
      /** where it may be used from, in CIDR notation; null: anywhere */
      networks: Array<string> | null;
      /** ids of its offices; null: all offices */
      locationIds: Array<string> | null;
      /** when the key was revoked */
      revokedAt: string | null;
      /** until when the former secret works, after a rotation */
      previousSecretExpiresAt: string | null;
      /** the limits that differ from the defaults */
      limits: {
        /** logins a minute */
        login?: number;
        /** events a minute */
        events?: number;
        /** requests that read, a minute */
        reads?: number;
        /** requests that change something, and those of SCIM, a minute */
        management?: number;
        /** exports at once */
        exports?: number;
      };
    };
  };
  /** Revoke a key, at once and for good, with all its tokens. The key stays in the list. A key that is revoked already stays as it is. */
  'DELETE /v1/manage/keys/{apiKey}': {
    path: {
      apiKey: string;
    };
    reply: undefined;
  };
  /** Rotate a key: give it a new secret, which no other answer has. The former secret and its tokens work for `graceS` seconds more. A secret before the former one stops at once. With `secretVersion`, the answer is 409 if somebody else has rotated the key since. */
  'POST /v1/manage/keys/{apiKey}/secret': {
    path: {
      apiKey: string;
    };
    body: {
      /** 24 hours if it is missing */
      graceS?: number | null | undefined;
      /** the version that the caller replaces */
      secretVersion?: number | null | undefined;
    };
    reply: {
      key: {
        /** id of the key */
        apiKey: string;
        name: string;
        /** the routes that the key may call */
        role: "submitting-events" | "visitor-only" | "data-warehouse" | "statistics" | "all";
        /** hmac: logs in for a token; basic: HTTP Basic as well */
        authentication: "hmac" | "basic";
        state: "active" | "revoked" | "expired";
        /** 1 at first; each rotation adds one */
        secretVersion: number;
        createdAt: string;
        /** last use, to the minute; null if there is none */
        lastUsedAt: string | null;
        /** when the key ends */
        expiresAt: string | null;
        /** where it may be used from, in CIDR notation; null: anywhere */
        networks: Array<string> | null;
        /** ids of its offices; null: all offices */
        locationIds: Array<string> | null;
        /** when the key was revoked */
        revokedAt: string | null;
        /** until when the former secret works, after a rotation */
        previousSecretExpiresAt: string | null;
        /** the limits that differ from the defaults */
        limits: {
          /** logins a minute */
          login?: number;
          /** events a minute */
          events?: number;
          /** requests that read, a minute */
          reads?: number;
          /** requests that change something, and those of SCIM, a minute */
          management?: number;
          /** exports at once */
          exports?: number;
        };
      };
      /** shown only now */
      secret: string;
    };
  };
  /** List the SCIM tokens, the newest first, with those that ended */
  'GET /v1/manage/scim-tokens': {
    query: {
      /** true: only those that can be used now; false: only those that ended */
      active?: string | undefined;
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
      /** `next` of the previous page */
      after?: string | undefined;
    };
    reply: {
      items: Array<{
        tokenId: string;
        name: string;
        state: "active" | "revoked" | "expired";
        createdAt: string;
        /** last use, to the minute; null if there is none */
        lastUsedAt: string | null;
        /** when the token ends */
        expiresAt: string | null;
        /** when the token was revoked */
        revokedAt: string | null;
      }>;
      /** `after` of the next page; null on the last */
      next: string | null;
    };
  };
  /** Create a SCIM token for an identity provider; no other answer has its text. An organisation has at most 100 active tokens. */
  'POST /v1/manage/scim-tokens': {
    body: {
      /** the purpose, 1 to 200 characters */
      name: string;
      /** when it ends, as ISO 8601, in the future; without it, it does not end by itself */
      expiresAt?: string | null | undefined;
    };
    reply: {
      scimToken: {
        tokenId: string;
        name: string;
        state: "active" | "revoked" | "expired";
        createdAt: string;
        /** last use, to the minute; null if there is none */
        lastUsedAt: string | null;
        /** when the token ends */
        expiresAt: string | null;
        /** when the token was revoked */
        revokedAt: string | null;
      };
      /** the text of the token, shown only now */
      token: string;
    };
  };
  /** Revoke a SCIM token, at once and for good. The token stays in the list. A token that is revoked already stays as it is. */
  'DELETE /v1/manage/scim-tokens/{tokenId}': {
    path: {
      tokenId: string;
    };
    reply: undefined;
  };
  /** List answered requests of the last 24 hours, the newest first. Without personal data: no path, no query, no body, and no person. Of successes that are alike, the server lists three in five seconds, and counts the others in `further`. Requests of callers that are not authenticated are missing. */
  'GET /v1/manage/requests': {
    query: {
      /** true: only with a status of 400 or more */
      failed?: "true" | "false" | undefined;
      route?: string | undefined;
      caller?: string | undefined;
      correlationId?: string | undefined;
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
      /** `next` of the previous page */
      after?: string | undefined;
    };
    reply: {
      items: Array<{
        requestId: string;
        answeredAt: string;
        method: string;
        /** the pattern of the route, such as /v1/manage/users/:userId */
        route: string;
        status: number;
        /** id of the key or of the SCIM token; null for a person */
        caller: string | null;
        /** the rule that refused it with 403: the role of the caller, or the networks or offices of the key; null if none did */
        refusal: "role" | "network" | "offices" | null;
        durationMs: number;
        /** by the header Content-Length; null if there was none */
        requestBytes: number | null;
        /** by the header Content-Length; null if there was none */
        responseBytes: number | null;
        correlationId: string;
        /** further requests of the same seconds with this method, route, status, refusal and caller */
        further: number;
      }>;
      /** `after` of the next page; null on the last */
      next: string | null;
    };
  };
  /** List refused events and malformed requests, the newest first */
  'GET /v1/manage/refused-events': {
    query: {
      /** only what was refused at this ISO 8601 instant or later */
      since?: string | undefined;
      /** only this one */
      refusalId?: string | undefined;
      endpoint?: "presence" | "occupancy" | "timeoff" | "visitor-arrival" | "access-credentials" | undefined;
      sourceId?: string | undefined;
      cause?: "unknownUser" | "noUser" | "unknownCard" | "ambiguousCard" | "shortenedCard" | "unknownPlace" | "otherOffice" | "otherPlaceKind" | "unknownTimeZone" | "differentUsers" | "cardHeld" | "invalidTime" | "timeOutOfRange" | "pastRetention" | "invalidDates" | "invalidPlaceKind" | "invalidText" | "invalidValue" | "malformedRequest" | undefined;
      /** exactly this reason */
      reason?: string | undefined;
      /** open: what is not mended yet, the default; mended: what a later try stored */
      state?: "open" | "mended" | "all" | undefined;
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
      /** `next` of the previous page */
      after?: string | undefined;
    };
    reply: {
      items: Array<{
        refusalId: string;
        refusedAt: string;
        /** the last part of the path: presence, occupancy, timeoff, visitor-arrival, access-credentials */
        endpoint: string;
        /** id of the key that sent it, or the e-mail address of the account */
        apiKey: string;
        sourceId: string | null;
        eventId: string | null;
        /** the code that the sender received; null where the whole request was malformed */
        resultCode: number | null;
        /** stable name of the cause; null if an earlier release kept the event */
        cause: "unknownUser" | "noUser" | "unknownCard" | "ambiguousCard" | "shortenedCard" | "unknownPlace" | "otherOffice" | "otherPlaceKind" | "unknownTimeZone" | "differentUsers" | "cardHeld" | "invalidTime" | "timeOutOfRange" | "pastRetention" | "invalidDates" | "invalidPlaceKind" | "invalidText" | "invalidValue" | "malformedRequest" | null;
        reason: string;
        /** the event as it was sent, as JSON text; truncated if it has more than 16 KiB */
        event: string | null;
        /** why the server cannot try the event again; null if it can */
        obstacle: "tooLong" | "malformedRequest" | "invalidSourceId" | "earlierRelease" | null;
        /** the last try */
        triedAt: string | null;
        /** the key or the account that asked for the last try */
        triedBy: string | null;
        /** the last try stored the event */
        mended: boolean;
      }>;
      /** `after` of the next page; null on the last */
      next: string | null;
    };
  };
  /** Count refused events by endpoint and reason, the commonest first */
  'GET /v1/manage/refused-events/reasons': {
    query: {
      /** only what was refused at this ISO 8601 instant or later */
      since?: string | undefined;
      /** only this one */
      refusalId?: string | undefined;
      endpoint?: "presence" | "occupancy" | "timeoff" | "visitor-arrival" | "access-credentials" | undefined;
      sourceId?: string | undefined;
      cause?: "unknownUser" | "noUser" | "unknownCard" | "ambiguousCard" | "shortenedCard" | "unknownPlace" | "otherOffice" | "otherPlaceKind" | "unknownTimeZone" | "differentUsers" | "cardHeld" | "invalidTime" | "timeOutOfRange" | "pastRetention" | "invalidDates" | "invalidPlaceKind" | "invalidText" | "invalidValue" | "malformedRequest" | undefined;
      /** exactly this reason */
      reason?: string | undefined;
      /** open: what is not mended yet, the default; mended: what a later try stored */
      state?: "open" | "mended" | "all" | undefined;
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
    };
    reply: {
      items: Array<{
        endpoint: string;
        resultCode: number | null;
        /** stable name of the cause; null if an earlier release kept the event */
        cause: "unknownUser" | "noUser" | "unknownCard" | "ambiguousCard" | "shortenedCard" | "unknownPlace" | "otherOffice" | "otherPlaceKind" | "unknownTimeZone" | "differentUsers" | "cardHeld" | "invalidTime" | "timeOutOfRange" | "pastRetention" | "invalidDates" | "invalidPlaceKind" | "invalidText" | "invalidValue" | "malformedRequest" | null;
        reason: string;
        count: number;
        firstRefusedAt: string;
        lastRefusedAt: string;
        lastSourceId: string | null;
        lastEventId: string | null;
      }>;
    };
  };
  /** Count refused events by cause, the commonest first */
  'GET /v1/manage/refused-events/causes': {
    query: {
      /** only what was refused at this ISO 8601 instant or later */
      since?: string | undefined;
      /** only this one */
      refusalId?: string | undefined;
      endpoint?: "presence" | "occupancy" | "timeoff" | "visitor-arrival" | "access-credentials" | undefined;
      sourceId?: string | undefined;
      cause?: "unknownUser" | "noUser" | "unknownCard" | "ambiguousCard" | "shortenedCard" | "unknownPlace" | "otherOffice" | "otherPlaceKind" | "unknownTimeZone" | "differentUsers" | "cardHeld" | "invalidTime" | "timeOutOfRange" | "pastRetention" | "invalidDates" | "invalidPlaceKind" | "invalidText" | "invalidValue" | "malformedRequest" | undefined;
      /** exactly this reason */
      reason?: string | undefined;
      /** open: what is not mended yet, the default; mended: what a later try stored */
      state?: "open" | "mended" | "all" | undefined;
    };
    reply: {
      items: Array<{
        /** stable name of the cause; null if an earlier release kept the event */
        cause: "unknownUser" | "noUser" | "unknownCard" | "ambiguousCard" | "shortenedCard" | "unknownPlace" | "otherOffice" | "otherPlaceKind" | "unknownTimeZone" | "differentUsers" | "cardHeld" | "invalidTime" | "timeOutOfRange" | "pastRetention" | "invalidDates" | "invalidPlaceKind" | "invalidText" | "invalidValue" | "malformedRequest" | null;
        endpoints: Array<string>;
        count: number;
        firstRefusedAt: string;
        lastRefusedAt: string;
        /** how many of them the server can try again */
        retriable: number;
        lastReason: string;
      }>;
    };
  };
  /** Try refused events again, the oldest first, in steps. Each event goes the way of a new one, on behalf of the key that sent it, which must still be valid. Stored events are marked as mended. Call it again with `after` until `next` is null. */
  'POST /v1/manage/refused-events/retry': {
    body: {
      /** only what was refused at this ISO 8601 instant or later */
      since?: string | undefined;
      /** only this one */
      refusalId?: string | undefined;
      endpoint?: "presence" | "occupancy" | "timeoff" | "visitor-arrival" | "access-credentials" | undefined;
      sourceId?: string | undefined;
      cause?: "unknownUser" | "noUser" | "unknownCard" | "ambiguousCard" | "shortenedCard" | "unknownPlace" | "otherOffice" | "otherPlaceKind" | "unknownTimeZone" | "differentUsers" | "cardHeld" | "invalidTime" | "timeOutOfRange" | "pastRetention" | "invalidDates" | "invalidPlaceKind" | "invalidText" | "invalidValue" | "malformedRequest" | undefined;
      /** exactly this reason */
      reason?: string | undefined;
      /** events to try; by default 100 */
      limit?: number | undefined;
      /** `next` of the previous step */
      after?: string | undefined;
    };
    reply: {
      /** events that are stored now */
      mended: number;
      /** events that were refused again */
      refused: number;
      /** events that the server did not try */
      skipped: number;
      /** events that the next steps try */
      remaining: number;
      /** `after` of the next step; null after the last */
      next: string | null;
      /** one for each event of this step, the oldest event first */
      results: Array<{
        refusalId: string;
        eventId: string | null;
        result: "mended" | "refused" | "skipped";
        /** stable name of the cause; null if an earlier release kept the event */
        cause: "unknownUser" | "noUser" | "unknownCard" | "ambiguousCard" | "shortenedCard" | "unknownPlace" | "otherOffice" | "otherPlaceKind" | "unknownTimeZone" | "differentUsers" | "cardHeld" | "invalidTime" | "timeOutOfRange" | "pastRetention" | "invalidDates" | "invalidPlaceKind" | "invalidText" | "invalidValue" | "malformedRequest" | null;
        /** why the event was refused again, or not tried; null for a mended event */
        reason: string | null;
      }>;
    };
  };
  /** List the sources of events, with their last event, counts, and whether they are quiet. A source is a sourceId at an endpoint. Counts are a few seconds late, and so are the last refused event, time off and cards. Other last events are exact. A repeated event counts again. */
  'GET /v1/manage/sources': {
    query: {
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
      /** `next` of the previous page */
      after?: string | undefined;
    };
    reply: {
      items: Array<{
        /** the last part of the path to which it sends */
        endpoint: string;
        /** null for endpoints whose requests name no source */
        sourceId: string | null;
        firstEventAt: string;
        /** the last event, accepted or refused */
        lastEventAt: string;
        /** the source is silent in at least 2 whole hours in which it sent something in 3 of the 4 weeks before */
        quiet: boolean;
        /** how many such hours have passed since its last event; of the first seven days only */
        missedHours: number;
        hours: {
          /** the first hour */
          from: string;
          /** by hour of UTC, 48 hours */
          accepted: Array<number>;
          /** as accepted */
          refused: Array<number>;
        };
        days: {
          /** the first day */
          from: string;
          /** by day of the organisation's time zone, 30 days */
          accepted: Array<number>;
          /** as accepted */
          refused: Array<number>;
        };
      }>;
      /** `after` of the next page; null on the last */
      next: string | null;
    };
  };
  /** Read the daily event quota, and how much of it is used. The count is a few seconds late. Only the operator of the server changes the quota. */
  'GET /v1/manage/event-quota': {
    reply: {
      /** the present day of UTC */
      day: string;
      /** the events that the server stored on this day: presence, occupancy and visitors, without repeats */
      stored: number;
      /** how many events the server stores on a day; null: no quota */
      quota: number | null;
      /** the highest of these parts of the quota that is used; at 100 the server answers 429 to further events */
      reachedPercent: 0 | 80 | 100;
      /** when the next day begins */
      nextDayAt: string;
    };
  };
  /** Submit presence events */
  'POST /v1/presence': {
    body: {
      /** any text; kept for troubleshooting */
      sourceId: string;
      presenceEvents: Array<{
        /** any text; echoed */
        eventId: string;
        /** ISO 8601; UTC without an offset; may be in the past */
        timestamp: string;
        /** id of a node of the tree */
        locationId: string;
        /** kind of that node: location, level, zone, place, space */
        locationType: string;
        userId?: string | null | undefined;
        /** case sensitive: exact e-mail, else exact userName */
        userEmail?: string | null | undefined;
        /** the source's own id of the person; without userId and userEmail, scan data or number of an access card */
        sourceUserId?: string | null | undefined;
      }>;
    };
    reply: {
      sourceId: string;
      /** the server's time */
      timestamp: string;
      /** one per event, in the order of the request */
      results: Array<{
        eventId: string;
        /** 0 stored (a repeat included), 1 user not found, 2 location not found, 3 the event is not acceptable */
        resultCode: number;
        message: string;
        /** only for a stored event, and only with the header "Prefer: tell-new": true if this request stored it, false if it was stored before */
        isNew?: boolean;
      }>;
    };
  };
  /** Submit occupancy events */
  'POST /v1/occupancy': {
    body: {
      /** any text; kept for troubleshooting */
      sourceId: string;
      occupancyEvents: Array<{
        /** any text; echoed */
        eventId: string;
        /** ISO 8601; UTC without an offset; may be in the past */
        timestamp: string;
        /** id of a node of the tree */
        locationId: string;
        /** kind of that node: location, level, zone, place, space */
        locationType: string;
        /** if absent: whether occupancy is more than 0 */
        occupied?: boolean | null | undefined;
        /** number of people, 0 or more; required if occupied is absent */
        occupancy?: number | null | undefined;
      }>;
    };
    reply: {
      sourceId: string;
      /** the server's time */
      timestamp: string;
      /** one per event, in the order of the request */
      results: Array<{
        eventId: string;
        /** 0 stored (a repeat included), 1 user not found, 2 location not found, 3 the event is not acceptable */
        resultCode: number;
        message: string;
        /** only for a stored event, and only with the header "Prefer: tell-new": true if this request stored it, false if it was stored before */
        isNew?: boolean;
      }>;
    };
  };
  /** Schedule and cancel time off */
  'POST /v1/timeoff': {
    body: {
      timeOffEvents: Array<{
        /** any text; echoed */
        eventId: string;
        /** e-mail or userName; exact, else the only one that differs by case */
        email?: string | null | undefined;
        /** id of the user; this or email */
        uid?: string | null | undefined;
        /** scheduled, cancelled */
        eventType: string;
        /** first day; YYYY-MM-DD, or an ISO 8601 instant. Midnight, in UTC or by its own offset, means that date. Another instant means the local date at the user's office */
        startDate: string;
        /** last day, included; as startDate */
        endDate: string;
        /** holiday, leave, sick */
        timeOffType?: string | null | undefined;
      }>;
    };
    reply: {
      /** the server's time */
      timestamp: string;
      /** one per event, in the order of the request */
      results: Array<{
        eventId: string;
        /** 0 stored (a repeat included), 1 user not found, 2 location not found, 3 the event is not acceptable */
        resultCode: number;
        message: string;
      }>;
    };
  };
  /** Submit arrivals of visitors */
  'POST /v1/visitor-arrival': {
    body: {
      /** any text; kept for troubleshooting */
      sourceId: string;
      visitorArrivals: Array<{
        /** any text; echoed */
        eventId: string;
        /** ISO 8601; UTC without an offset; may be in the past */
        timestamp: string;
        /** id of a node of the tree, of any kind */
        locationId: string;
        /** not empty */
        visitorName: string;
        visitorEmail?: string | null | undefined;
        visitorCompany?: string | null | undefined;
        hostUserId?: string | null | undefined;
        /** e-mail or userName; exact, else the only one that differs by case */
        hostUserEmail?: string | null | undefined;
      }>;
    };
    reply: {
      sourceId: string;
      /** the server's time */
      timestamp: string;
      /** one per event, in the order of the request */
      results: Array<{
        eventId: string;
        /** 0 stored (a repeat included), 1 user not found, 2 location not found, 3 the event is not acceptable */
        resultCode: number;
        message: string;
        /** only for a stored event, and only with the header "Prefer: tell-new": true if this request stored it, false if it was stored before */
        isNew?: boolean;
      }>;
    };
  };
  /** Activate and deactivate people's cards */
  'POST /v1/access-credentials': {
    body: {
      data: Array<{
        /** e-mail or userName; exact, else the only one that differs by case */
        username: string;
        /** any text; echoed */
        updateId: string;
        /** cards that are not among these stay as they are */
        credentials: Array<{
          active: boolean;
          /** with facilityCode, identifies the card */
          cardNumber: string;
          /** absent and empty are the same */
          facilityCode?: string | null | undefined;
          /** texts that readers send when they read the card */
          scanData: Array<string>;
          /** any text */
          credentialType: string;
        }>;
      }>;
    };
    reply: {
      updateId: string;
      result: "OK" | "PARTIAL_UPDATE" | "CARD_UPDATE_FAILED" | "USER_NOT_FOUND";
      message: string;
      /** one per card, in the order of the update */
      results: Array<{
        cardNumber: string;
        /** as it was sent */
        facilityCode?: string | null;
        result: "OK" | "CARD_UPDATE_FAILED";
        message: string;
      }>;
    } | Array<{
      updateId: string;
      result: "OK" | "PARTIAL_UPDATE" | "CARD_UPDATE_FAILED" | "USER_NOT_FOUND";
      message: string;
      /** one per card, in the order of the update */
      results: Array<{
        cardNumber: string;
        /** as it was sent */
        facilityCode?: string | null;
        result: "OK" | "CARD_UPDATE_FAILED";
        message: string;
      }>;
    }>;
  };
  /** List locations, active and inactive, in the order of their ids */
  'GET /v1/manage/locations': {
    query: {
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
      /** `next` of the previous page */
      after?: string | undefined;
      /** active or inactive */
      status?: string | undefined;
    };
    reply: {
      items: Array<{
        locationId: string;
        locationName: string;
        address: string | null;
        timeZone: string;
        status: "active" | "inactive";
      }>;
      /** `after` of the next page; null on the last */
      next: string | null;
    };
  };
  /** Create and change locations. Each item is like a row of the CSV import: the server finds it by its id, else by its name. Members that are left out, empty or null stay as they are; only PATCH empties a member. */
  'POST /v1/manage/locations': {
    body: {
      items: Array<{
        /** a GUID; the id of an existing location changes it, another becomes the id of a new location */
        locationId?: string | null | undefined;
        /** unique */
        locationName?: string | null | undefined;
        /** one text */
        address?: string | null | undefined;
        /** IANA name, such as Europe/London; a new location needs it */
        timeZone?: string | null | undefined;
        /** `active`, which is the default of a new one, or `inactive`: the server never deletes */
        status?: string | null | undefined;
      }>;
    };
    reply: {
      /** the server's time */
      timestamp: string;
      results: Array<{
        /** id of the row that the item created, changed or left unchanged; null if the item was refused */
        id: string | null;
        result: "created" | "updated" | "unchanged" | "refused";
        /** reason of the refusal, with the member and its value; otherwise Success */
        message: string;
      }>;
    };
  };
  /** Read one location */
  'GET /v1/manage/locations/{locationId}': {
    path: {
      locationId: string;
    };
    reply: {
      locationId: string;
      locationName: string;
      address: string | null;
      timeZone: string;
      status: "active" | "inactive";
    };
  };
  /** Change one location. A merge patch (RFC 7396), sent as application/json: members that are left out stay as they are, null empties a member. With the header If-Match and the ETag of the row, the server changes only that version. */
  'PATCH /v1/manage/locations/{locationId}': {
    path: {
      locationId: string;
    };
    body: {
      /** unique */
      locationName?: string | undefined;
      /** one text */
      address?: string | null | undefined;
      /** IANA name, such as Europe/London; a new location needs it */
      timeZone?: string | undefined;
      /** `active`, which is the default of a new one, or `inactive`: the server never deletes */
      status?: string | undefined;
    };
    reply: {
      locationId: string;
      locationName: string;
      address: string | null;
      timeZone: string;
      status: "active" | "inactive";
    };
  };
  /** Say what a change of one location would do to bookings, and store nothing. The server makes the change as PATCH does, counts what became of bookings, and rolls it back. It takes as long as the change, and other writers wait for it as for the change. */
  'POST /v1/manage/locations/{locationId}/effects': {
    path: {
      locationId: string;
    };
    body: {
      /** unique */
      locationName?: string | undefined;
      /** one text */
      address?: string | null | undefined;
      /** IANA name, such as Europe/London; a new location needs it */
      timeZone?: string | undefined;
      /** `active`, which is the default of a new one, or `inactive`: the server never deletes */
      status?: string | undefined;
    };
    reply: {
      /** bookings that become bookings of the office */
      rebooked: number;
      /** bookings that are removed, with their office plans */
      removed: number;
      /** bookings that are made on days without one */
      made: number;
      /** the rebooked and removed bookings, by day and office; at most 1000 entries */
      days: Array<{
        /** YYYY-MM-DD */
        day: string;
        /** the number of bookings */
        bookings: number;
        /** the office where they are then; null if they are removed */
        toLocationId: string | null;
        /** the name of that office */
        toLocationName: string | null;
      }>;
    };
  };
  /** List levels, active and inactive, in the order of their ids */
  'GET /v1/manage/levels': {
    query: {
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
      /** `next` of the previous page */
      after?: string | undefined;
      /** only those of this location */
      locationId?: string | undefined;
      /** active or inactive */
      status?: string | undefined;
    };
    reply: {
      items: Array<{
        levelId: string;
        levelName: string;
        locationId: string;
        locationName: string;
        status: "active" | "inactive";
      }>;
      /** `after` of the next page; null on the last */
      next: string | null;
    };
  };
  /** Create and change levels. Each item is like a row of the CSV import: the server finds it by its id, else by its name. Members that are left out, empty or null stay as they are; only PATCH empties a member. */
  'POST /v1/manage/levels': {
    body: {
      items: Array<{
        /** a GUID; the id of an existing level changes it, another becomes the id of a new level */
        levelId?: string | null | undefined;
        /** unique in its location */
        levelName?: string | null | undefined;
        /** the location that it is in; it must exist */
        locationId?: string | null | undefined;
        /** the location by its name, with or without its id */
        locationName?: string | null | undefined;
        /** `active`, which is the default of a new one, or `inactive`: the server never deletes */
        status?: string | null | undefined;
      }>;
    };
    reply: {
      /** the server's time */
      timestamp: string;
      results: Array<{
        /** id of the row that the item created, changed or left unchanged; null if the item was refused */
        id: string | null;
        result: "created" | "updated" | "unchanged" | "refused";
        /** reason of the refusal, with the member and its value; otherwise Success */
        message: string;
      }>;
    };
  };
  /** Read one level */
  'GET /v1/manage/levels/{levelId}': {
    path: {
      levelId: string;
    };
    reply: {
      levelId: string;
      levelName: string;
      locationId: string;
      locationName: string;
      status: "active" | "inactive";
    };
  };
  /** Change one level. A merge patch (RFC 7396), sent as application/json: members that are left out stay as they are, null empties a member. With the header If-Match and the ETag of the row, the server changes only that version. */
  'PATCH /v1/manage/levels/{levelId}': {
    path: {
      levelId: string;
    };
    body: {
      /** unique in its location */
      levelName?: string | undefined;
      /** the location that it is in; it must exist */
      locationId?: string | undefined;
      /** the location by its name, with or without its id */
      locationName?: string | undefined;
      /** `active`, which is the default of a new one, or `inactive`: the server never deletes */
      status?: string | undefined;
    };
    reply: {
      levelId: string;
      levelName: string;
      locationId: string;
      locationName: string;
      status: "active" | "inactive";
    };
  };
  /** Say what a change of one level would do to bookings, and store nothing. The server makes the change as PATCH does, counts what became of bookings, and rolls it back. It takes as long as the change, and other writers wait for it as for the change. */
  'POST /v1/manage/levels/{levelId}/effects': {
    path: {
      levelId: string;
    };
    body: {
      /** unique in its location */
      levelName?: string | undefined;
      /** the location that it is in; it must exist */
      locationId?: string | undefined;
      /** the location by its name, with or without its id */
      locationName?: string | undefined;
      /** `active`, which is the default of a new one, or `inactive`: the server never deletes */
      status?: string | undefined;
    };
    reply: {
      /** bookings that become bookings of the office */
      rebooked: number;
      /** bookings that are removed, with their office plans */
      removed: number;
      /** bookings that are made on days without one */
      made: number;
      /** the rebooked and removed bookings, by day and office; at most 1000 entries */
      days: Array<{
        /** YYYY-MM-DD */
        day: string;
        /** the number of bookings */
        bookings: number;
        /** the office where they are then; null if they are removed */
        toLocationId: string | null;
        /** the name of that office */
        toLocationName: string | null;
      }>;
    };
  };
  /** List zones, active and inactive, in the order of their ids */
  'GET /v1/manage/zones': {
    query: {
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
      /** `next` of the previous page */
      after?: string | undefined;
      /** only those of this location */
      locationId?: string | undefined;
      /** only those of this level */
      levelId?: string | undefined;
      /** active or inactive */
      status?: string | undefined;
    };
    reply: {
      items: Array<{
        zoneId: string;
        zoneName: string;
        levelId: string;
        levelName: string;
        locationId: string;
        locationName: string;
        /** how many users may be booked into it; null: no limit */
        capacity: number | null;
        status: "active" | "inactive";
      }>;
      /** `after` of the next page; null on the last */
      next: string | null;
    };
  };
  /** Create and change zones. Each item is like a row of the CSV import: the server finds it by its id, else by its name. Members that are left out, empty or null stay as they are; only PATCH empties a member. */
  'POST /v1/manage/zones': {
    body: {
      items: Array<{
        /** a GUID; the id of an existing zone changes it, another becomes the id of a new zone */
        zoneId?: string | null | undefined;
        /** unique on its level */
        zoneName?: string | null | undefined;
        /** how many users may be booked into it, desks included; a whole number from 0 */
        capacity?: number | null | undefined;
        /** the location that it is in; it must exist */
        locationId?: string | null | undefined;
        /** the location by its name, with or without its id */
        locationName?: string | null | undefined;
        /** the level that it is on; the id alone is enough if the level exists */
        levelId?: string | null | undefined;
        /** its level by name; the server creates it if the location has no level of that name */
        levelName?: string | null | undefined;
        /** `active`, which is the default of a new one, or `inactive`: the server never deletes */
        status?: string | null | undefined;
      }>;
    };
    reply: {
      /** the server's time */
      timestamp: string;
      results: Array<{
        /** id of the row that the item created, changed or left unchanged; null if the item was refused */
        id: string | null;
        result: "created" | "updated" | "unchanged" | "refused";
        /** reason of the refusal, with the member and its value; otherwise Success */
        message: string;
      }>;
    };
  };
  /** Read one zone */
  'GET /v1/manage/zones/{zoneId}': {
    path: {
      zoneId: string;
    };
    reply: {
      zoneId: string;
      zoneName: string;
      levelId: string;
      levelName: string;
      locationId: string;
      locationName: string;
      /** how many users may be booked into it; null: no limit */
      capacity: number | null;
      status: "active" | "inactive";
    };
  };
  /** Change one zone. A merge patch (RFC 7396), sent as application/json: members that are left out stay as they are, null empties a member. With the header If-Match and the ETag of the row, the server changes only that version. */
  'PATCH /v1/manage/zones/{zoneId}': {
    path: {
      zoneId: string;
    };
    body: {
      /** unique on its level */
      zoneName?: string | undefined;
      /** how many users may be booked into it, desks included; a whole number from 0 */
      capacity?: number | null | undefined;
      /** the location that it is in; it must exist */
      locationId?: string | undefined;
      /** the location by its name, with or without its id */
      locationName?: string | undefined;
      /** the level that it is on; the id alone is enough if the level exists */
      levelId?: string | undefined;
      /** its level by name; the server creates it if the location has no level of that name */
      levelName?: string | undefined;
      /** `active`, which is the default of a new one, or `inactive`: the server never deletes */
      status?: string | undefined;
    };
    reply: {
      zoneId: string;
      zoneName: string;
      levelId: string;
      levelName: string;
      locationId: string;
      locationName: string;
      /** how many users may be booked into it; null: no limit */
      capacity: number | null;
      status: "active" | "inactive";
    };
  };
  /** Say what a change of one zone would do to bookings, and store nothing. The server makes the change as PATCH does, counts what became of bookings, and rolls it back. It takes as long as the change, and other writers wait for it as for the change. */
  'POST /v1/manage/zones/{zoneId}/effects': {
    path: {
      zoneId: string;
    };
    body: {
      /** unique on its level */
      zoneName?: string | undefined;
      /** how many users may be booked into it, desks included; a whole number from 0 */
      capacity?: number | null | undefined;
      /** the location that it is in; it must exist */
      locationId?: string | undefined;
      /** the location by its name, with or without its id */
      locationName?: string | undefined;
      /** the level that it is on; the id alone is enough if the level exists */
      levelId?: string | undefined;
      /** its level by name; the server creates it if the location has no level of that name */
      levelName?: string | undefined;
      /** `active`, which is the default of a new one, or `inactive`: the server never deletes */
      status?: string | undefined;
    };
    reply: {
      /** bookings that become bookings of the office */
      rebooked: number;
      /** bookings that are removed, with their office plans */
      removed: number;
      /** bookings that are made on days without one */
      made: number;
      /** the rebooked and removed bookings, by day and office; at most 1000 entries */
      days: Array<{
        /** YYYY-MM-DD */
        day: string;
        /** the number of bookings */
        bookings: number;
        /** the office where they are then; null if they are removed */
        toLocationId: string | null;
        /** the name of that office */
        toLocationName: string | null;
      }>;
    };
  };
  /** List desks, active and inactive, in the order of their ids */
  'GET /v1/manage/desks': {
    query: {
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
      /** `next` of the previous page */
      after?: string | undefined;
      /** only those of this location */
      locationId?: string | undefined;
      /** only those of this level */
      levelId?: string | undefined;
      /** only those of this zone */
      zoneId?: string | undefined;
      /** active or inactive */
      status?: string | undefined;
    };
    reply: {
      items: Array<{
        deskId: string;
        deskName: string;
        zoneId: string;
        zoneName: string;
        levelId: string;
        levelName: string;
        locationId: string;
        locationName: string;
        /** the owner of the desk */
        assignedUserId: string | null;
        status: "active" | "inactive";
      }>;
      /** `after` of the next page; null on the last */
      next: string | null;
    };
  };
  /** Create and change desks. Each item is like a row of the CSV import: the server finds it by its id, else by its name. Members that are left out, empty or null stay as they are; only PATCH empties a member. */
  'POST /v1/manage/desks': {
    body: {
      items: Array<{
        /** a GUID; the id of an existing desk changes it, another becomes the id of a new desk */
        deskId?: string | null | undefined;
        /** unique in its zone */
        deskName?: string | null | undefined;
        /** the zone that it is in; the id alone is enough if the zone exists */
        zoneId?: string | null | undefined;
        /** its zone by name; the server creates it if the level has no zone of that name */
        zoneName?: string | null | undefined;
        /** the location that it is in; it must exist */
        locationId?: string | null | undefined;
        /** the location by its name, with or without its id */
        locationName?: string | null | undefined;
        /** the level that it is on; the id alone is enough if the level exists */
        levelId?: string | null | undefined;
        /** its level by name; the server creates it if the location has no level of that name */
        levelName?: string | null | undefined;
        /** `active`, which is the default of a new one, or `inactive`: the server never deletes */
        status?: string | null | undefined;
      }>;
    };
    reply: {
      /** the server's time */
      timestamp: string;
      results: Array<{
        /** id of the row that the item created, changed or left unchanged; null if the item was refused */
        id: string | null;
        result: "created" | "updated" | "unchanged" | "refused";
        /** reason of the refusal, with the member and its value; otherwise Success */
        message: string;
      }>;
    };
  };
  /** Read one desk */
  'GET /v1/manage/desks/{deskId}': {
    path: {
      deskId: string;
    };
    reply: {
      deskId: string;
      deskName: string;
      zoneId: string;
      zoneName: string;
      levelId: string;
      levelName: string;
      locationId: string;
      locationName: string;
      /** the owner of the desk */
      assignedUserId: string | null;
      status: "active" | "inactive";
    };
  };
  /** Change one desk. A merge patch (RFC 7396), sent as application/json: members that are left out stay as they are, null empties a member. With the header If-Match and the ETag of the row, the server changes only that version. */
  'PATCH /v1/manage/desks/{deskId}': {
    path: {
      deskId: string;
    };
    body: {
      /** unique in its zone */
      deskName?: string | undefined;
      /** the zone that it is in; the id alone is enough if the zone exists */
      zoneId?: string | undefined;
      /** its zone by name; the server creates it if the level has no zone of that name */
      zoneName?: string | undefined;
      /** the location that it is in; it must exist */
      locationId?: string | undefined;
      /** the location by its name, with or without its id */
      locationName?: string | undefined;
      /** the level that it is on; the id alone is enough if the level exists */
      levelId?: string | undefined;
      /** its level by name; the server creates it if the location has no level of that name */
      levelName?: string | undefined;
      /** `active`, which is the default of a new one, or `inactive`: the server never deletes */
      status?: string | undefined;
    };
    reply: {
      deskId: string;
      deskName: string;
      zoneId: string;
      zoneName: string;
      levelId: string;
      levelName: string;
      locationId: string;
      locationName: string;
      /** the owner of the desk */
      assignedUserId: string | null;
      status: "active" | "inactive";
    };
  };
  /** Say what a change of one desk would do to bookings, and store nothing. The server makes the change as PATCH does, counts what became of bookings, and rolls it back. It takes as long as the change, and other writers wait for it as for the change. */
  'POST /v1/manage/desks/{deskId}/effects': {
    path: {
      deskId: string;
    };
    body: {
      /** unique in its zone */
      deskName?: string | undefined;
      /** the zone that it is in; the id alone is enough if the zone exists */
      zoneId?: string | undefined;
      /** its zone by name; the server creates it if the level has no zone of that name */
      zoneName?: string | undefined;
      /** the location that it is in; it must exist */
      locationId?: string | undefined;
      /** the location by its name, with or without its id */
      locationName?: string | undefined;
      /** the level that it is on; the id alone is enough if the level exists */
      levelId?: string | undefined;
      /** its level by name; the server creates it if the location has no level of that name */
      levelName?: string | undefined;
      /** `active`, which is the default of a new one, or `inactive`: the server never deletes */
      status?: string | undefined;
    };
    reply: {
      /** bookings that become bookings of the office */
      rebooked: number;
      /** bookings that are removed, with their office plans */
      removed: number;
      /** bookings that are made on days without one */
      made: number;
      /** the rebooked and removed bookings, by day and office; at most 1000 entries */
      days: Array<{
        /** YYYY-MM-DD */
        day: string;
        /** the number of bookings */
        bookings: number;
        /** the office where they are then; null if they are removed */
        toLocationId: string | null;
        /** the name of that office */
        toLocationName: string | null;
      }>;
    };
  };
  /** List spaces, active and inactive, in the order of their ids */
  'GET /v1/manage/spaces': {
    query: {
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
      /** `next` of the previous page */
      after?: string | undefined;
      /** only those of this location */
      locationId?: string | undefined;
      /** only those of this level */
      levelId?: string | undefined;
      /** active or inactive */
      status?: string | undefined;
    };
    reply: {
      items: Array<{
        spaceId: string;
        spaceName: string;
        spaceType: string | null;
        capacity: number | null;
        levelId: string;
        levelName: string;
        locationId: string;
        locationName: string;
        status: "active" | "inactive";
      }>;
      /** `after` of the next page; null on the last */
      next: string | null;
    };
  };
  /** Create and change spaces. Each item is like a row of the CSV import: the server finds it by its id, else by its name. Members that are left out, empty or null stay as they are; only PATCH empties a member. */
  'POST /v1/manage/spaces': {
    body: {
      items: Array<{
        /** a GUID; the id of an existing space changes it, another becomes the id of a new space */
        spaceId?: string | null | undefined;
        /** unique on its level */
        spaceName?: string | null | undefined;
        /** any text */
        spaceType?: string | null | undefined;
        /** a whole number from 0 */
        capacity?: number | null | undefined;
        /** the location that it is in; it must exist */
        locationId?: string | null | undefined;
        /** the location by its name, with or without its id */
        locationName?: string | null | undefined;
        /** the level that it is on; the id alone is enough if the level exists */
        levelId?: string | null | undefined;
        /** its level by name; the server creates it if the location has no level of that name */
        levelName?: string | null | undefined;
        /** `active`, which is the default of a new one, or `inactive`: the server never deletes */
        status?: string | null | undefined;
      }>;
    };
    reply: {
      /** the server's time */
      timestamp: string;
      results: Array<{
        /** id of the row that the item created, changed or left unchanged; null if the item was refused */
        id: string | null;
        result: "created" | "updated" | "unchanged" | "refused";
        /** reason of the refusal, with the member and its value; otherwise Success */
        message: string;
      }>;
    };
  };
  /** Read one space */
  'GET /v1/manage/spaces/{spaceId}': {
    path: {
      spaceId: string;
    };
    reply: {
      spaceId: string;
      spaceName: string;
      spaceType: string | null;
      capacity: number | null;
      levelId: string;
      levelName: string;
      locationId: string;
      locationName: string;
      status: "active" | "inactive";
    };
  };
  /** Change one space. A merge patch (RFC 7396), sent as application/json: members that are left out stay as they are, null empties a member. With the header If-Match and the ETag of the row, the server changes only that version. */
  'PATCH /v1/manage/spaces/{spaceId}': {
    path: {
      spaceId: string;
    };
    body: {
      /** unique on its level */
      spaceName?: string | undefined;
      /** any text */
      spaceType?: string | null | undefined;
      /** a whole number from 0 */
      capacity?: number | null | undefined;
      /** the location that it is in; it must exist */
      locationId?: string | undefined;
      /** the location by its name, with or without its id */
      locationName?: string | undefined;
      /** the level that it is on; the id alone is enough if the level exists */
      levelId?: string | undefined;
      /** its level by name; the server creates it if the location has no level of that name */
      levelName?: string | undefined;
      /** `active`, which is the default of a new one, or `inactive`: the server never deletes */
      status?: string | undefined;
    };
    reply: {
      spaceId: string;
      spaceName: string;
      spaceType: string | null;
      capacity: number | null;
      levelId: string;
      levelName: string;
      locationId: string;
      locationName: string;
      status: "active" | "inactive";
    };
  };
  /** Say what a change of one space would do to bookings, and store nothing. The server makes the change as PATCH does, counts what became of bookings, and rolls it back. It takes as long as the change, and other writers wait for it as for the change. */
  'POST /v1/manage/spaces/{spaceId}/effects': {
    path: {
      spaceId: string;
    };
    body: {
      /** unique on its level */
      spaceName?: string | undefined;
      /** any text */
      spaceType?: string | null | undefined;
      /** a whole number from 0 */
      capacity?: number | null | undefined;
      /** the location that it is in; it must exist */
      locationId?: string | undefined;
      /** the location by its name, with or without its id */
      locationName?: string | undefined;
      /** the level that it is on; the id alone is enough if the level exists */
      levelId?: string | undefined;
      /** its level by name; the server creates it if the location has no level of that name */
      levelName?: string | undefined;
      /** `active`, which is the default of a new one, or `inactive`: the server never deletes */
      status?: string | undefined;
    };
    reply: {
      /** bookings that become bookings of the office */
      rebooked: number;
      /** bookings that are removed, with their office plans */
      removed: number;
      /** bookings that are made on days without one */
      made: number;
      /** the rebooked and removed bookings, by day and office; at most 1000 entries */
      days: Array<{
        /** YYYY-MM-DD */
        day: string;
        /** the number of bookings */
        bookings: number;
        /** the office where they are then; null if they are removed */
        toLocationId: string | null;
        /** the name of that office */
        toLocationName: string | null;
      }>;
    };
  };
  /** List users, active and inactive, in the order of their ids */
  'GET /v1/manage/users': {
    query: {
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
      /** `next` of the previous page */
      after?: string | undefined;
      /** only users with this primary location */
      locationId?: string | undefined;
      /** only the user with this userName, without regard to case */
      userName?: string | undefined;
      /** only users with this e-mail address, without regard to case */
      email?: string | undefined;
      /** only users with a card of this number or scan data, as a reader sends it; the card may be inactive */
      card?: string | undefined;
      /** true: only users whom the identity provider deleted; false: all others */
      deleted?: string | undefined;
      /** only users of whom each of these words is a part of the first name, last name, userName or e-mail address, without regard to case; at most 100 characters and 5 words */
      search?: string | undefined;
      /** active or inactive */
      status?: string | undefined;
    };
    reply: {
      items: Array<{
        userId: string;
        userName: string;
        email: string | null;
        firstName: string | null;
        lastName: string | null;
        onboarded: boolean;
        status: "active" | "inactive";
        primaryLocationId: string | null;
        primaryLocationName: string | null;
        primaryGroupId: string | null;
        primaryGroupName: string | null;
        attributes: Record<string, unknown>;
        assignedDeskIds: Array<string>;
        /** the identity provider's id */
        externalId: string | null;
        /** the identity provider deleted the user, who is inactive */
        deleted: boolean;
        /** null also if the time is not known */
        deletedAt: string | null;
      }>;
      /** `after` of the next page; null on the last */
      next: string | null;
    };
  };
  /** Create and change users. Each item is like a row of the CSV import: the server finds it by its id, else by its name. Members that are left out, empty or null stay as they are; only PATCH empties a member. */
  'POST /v1/manage/users': {
    body: {
      items: Array<{
        /** a GUID; the id of an existing user changes it, another becomes the id of a new user */
        userId?: string | null | undefined;
        /** unique without regard to case */
        userName?: string | null | undefined;
        /** stored exactly as written; unique among active users */
        email?: string | null | undefined;
        /** any text */
        firstName?: string | null | undefined;
        /** any text */
        lastName?: string | null | undefined;
        /** false is the default of a new user */
        onboarded?: boolean | null | undefined;
        /** `active`, which is the default of a new one, or `inactive`: the server never deletes */
        status?: string | null | undefined;
        /** the primary location; it must exist */
        primaryLocationId?: string | null | undefined;
        /** the primary location by its name, with or without its id */
        primaryLocationName?: string | null | undefined;
      }>;
    };
    reply: {
      /** the server's time */
      timestamp: string;
      results: Array<{
        /** id of the row that the item created, changed or left unchanged; null if the item was refused */
        id: string | null;
        result: "created" | "updated" | "unchanged" | "refused";
        /** reason of the refusal, with the member and its value; otherwise Success */
        message: string;
      }>;
    };
  };
  /** Read one user */
  'GET /v1/manage/users/{userId}': {
    path: {
      userId: string;
    };
    reply: {
      userId: string;
      userName: string;
      email: string | null;
      firstName: string | null;
      lastName: string | null;
      onboarded: boolean;
      status: "active" | "inactive";
      primaryLocationId: string | null;
      primaryLocationName: string | null;
      primaryGroupId: string | null;
      primaryGroupName: string | null;
      attributes: Record<string, unknown>;
      assignedDeskIds: Array<string>;
      /** the identity provider's id */
      externalId: string | null;
      /** the identity provider deleted the user, who is inactive */
      deleted: boolean;
      /** null also if the time is not known */
      deletedAt: string | null;
    };
  };
  /** Change one user. A merge patch (RFC 7396), sent as application/json: members that are left out stay as they are, null empties a member. With the header If-Match and the ETag of the row, the server changes only that version. */
  'PATCH /v1/manage/users/{userId}': {
    path: {
      userId: string;
    };
    body: {
      /** unique without regard to case */
      userName?: string | undefined;
      /** stored exactly as written; unique among active users */
      email?: string | null | undefined;
      /** any text */
      firstName?: string | null | undefined;
      /** any text */
      lastName?: string | null | undefined;
      /** false is the default of a new user */
      onboarded?: boolean | undefined;
      /** `active`, which is the default of a new one, or `inactive`: the server never deletes */
      status?: string | undefined;
      /** the primary location; it must exist */
      primaryLocationId?: string | null | undefined;
      /** the primary location by its name, with or without its id */
      primaryLocationName?: string | null | undefined;
    };
    reply: {
      userId: string;
      userName: string;
      email: string | null;
      firstName: string | null;
      lastName: string | null;
      onboarded: boolean;
      status: "active" | "inactive";
      primaryLocationId: string | null;
      primaryLocationName: string | null;
      primaryGroupId: string | null;
      primaryGroupName: string | null;
      attributes: Record<string, unknown>;
      assignedDeskIds: Array<string>;
      /** the identity provider's id */
      externalId: string | null;
      /** the identity provider deleted the user, who is inactive */
      deleted: boolean;
      /** null also if the time is not known */
      deletedAt: string | null;
    };
  };
  /** Say what a change of one user would do to bookings, and store nothing. The server makes the change as PATCH does, counts what became of bookings, and rolls it back. It takes as long as the change, and other writers wait for it as for the change. */
  'POST /v1/manage/users/{userId}/effects': {
    path: {
      userId: string;
    };
    body: {
      /** unique without regard to case */
      userName?: string | undefined;
      /** stored exactly as written; unique among active users */
      email?: string | null | undefined;
      /** any text */
      firstName?: string | null | undefined;
      /** any text */
      lastName?: string | null | undefined;
      /** false is the default of a new user */
      onboarded?: boolean | undefined;
      /** `active`, which is the default of a new one, or `inactive`: the server never deletes */
      status?: string | undefined;
      /** the primary location; it must exist */
      primaryLocationId?: string | null | undefined;
      /** the primary location by its name, with or without its id */
      primaryLocationName?: string | null | undefined;
    };
    reply: {
      /** bookings that become bookings of the office */
      rebooked: number;
      /** bookings that are removed, with their office plans */
      removed: number;
      /** bookings that are made on days without one */
      made: number;
      /** the rebooked and removed bookings, by day and office; at most 1000 entries */
      days: Array<{
        /** YYYY-MM-DD */
        day: string;
        /** the number of bookings */
        bookings: number;
        /** the office where they are then; null if they are removed */
        toLocationId: string | null;
        /** the name of that office */
        toLocationName: string | null;
      }>;
    };
  };
  /** List nodes of all kinds, active and inactive, in the order of their ids */
  'GET /v1/manage/nodes': {
    query: {
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
      /** `next` of the previous page */
      after?: string | undefined;
      /** only nodes directly in this node */
      parentId?: string | undefined;
      /** only the offices, and nodes directly in this node or in a node that contains it */
      around?: string | undefined;
      /** only nodes of this kind: location, level, zone, place, space */
      kind?: string | undefined;
      /** active or inactive */
      status?: string | undefined;
      /** only nodes of which each of these words is a part of the name, without regard to case; at most 100 characters and 5 words */
      search?: string | undefined;
    };
    reply: {
      items: Array<{
        nodeId: string;
        /** `place` is a desk */
        kind: "location" | "level" | "zone" | "place" | "space";
        name: string;
        status: "active" | "inactive";
        /** the node that it is directly in; null for an office */
        parentId: string | null;
        /** how many nodes are directly in it */
        children: number;
        locationId: string;
        locationName: string;
        levelId: string | null;
        levelName: string | null;
        zoneId: string | null;
        zoneName: string | null;
      }>;
      /** `after` of the next page; null on the last */
      next: string | null;
    };
  };
  /** List groups, active and inactive, by name. In a search, groups come first whose name begins with all of it. Case makes no difference to the order. */
  'GET /v1/manage/groups': {
    query: {
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
      /** `next` of the previous page */
      after?: string | undefined;
      /** active or inactive */
      status?: string | undefined;
      /** only groups of which each of these words is a part of the name, without regard to case; at most 100 characters and 5 words */
      search?: string | undefined;
    };
    reply: {
      items: Array<{
        groupId: string;
        groupName: string;
        groupType: string;
        /** the group that it is in; null at the top */
        parentGroupId: string | null;
        status: "active" | "inactive";
      }>;
      /** `after` of the next page; null on the last */
      next: string | null;
    };
  };
  /** Read one group */
  'GET /v1/manage/groups/{groupId}': {
    path: {
      groupId: string;
    };
    reply: {
      groupId: string;
      groupName: string;
      groupType: string;
      /** the group that it is in; null at the top */
      parentGroupId: string | null;
      status: "active" | "inactive";
    };
  };
  /** List the assigned desks, in the order of their ids. The file has the assignments that have an effect. The import would refuse others. */
  'GET /v1/manage/desk-assignments': {
    query: {
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
      /** `next` of the previous page */
      after?: string | undefined;
      /** only desks of this location */
      locationId?: string | undefined;
      /** only desks of this user */
      userId?: string | undefined;
      /** json, the default: a page; or csv: all rows as a file that can be imported */
      format?: string | undefined;
    };
    reply: {
      items: Array<{
        deskId: string;
        deskName: string;
        zoneId: string;
        zoneName: string;
        levelId: string;
        levelName: string;
        locationId: string;
        locationName: string;
        /** the owner; null: the desk is not assigned */
        userId: string | null;
        userName: string | null;
        /** false if the desk is retired or the user is inactive: the assignment then has no effect */
        inEffect: boolean;
      }>;
      /** `after` of the next page; null on the last */
      next: string | null;
    };
  };
  /** Assign desks to users, or unassign desks. The server applies the items in order. Bookings stay as they are. */
  'POST /v1/manage/desk-assignments': {
    body: {
      items: Array<{
        deskId: string;
        /** an active user; null, without a userName, unassigns the desk */
        userId?: string | null | undefined;
        /** instead of the id: exact e-mail or userName, else a unique match without regard to case */
        userName?: string | null | undefined;
      }>;
    };
    reply: {
      /** the server's time */
      timestamp: string;
      results: Array<{
        /** id of the row that the item created, changed or left unchanged; null if the item was refused */
        id: string | null;
        result: "created" | "updated" | "unchanged" | "refused";
        /** reason of the refusal, with the member and its value; otherwise Success */
        message: string;
      }>;
    };
  };
  /** Assign a desk to a user. With the header If-Match and the ETag of the desk, the server changes only that version of the desk. */
  'PUT /v1/manage/desks/{deskId}/assignment': {
    path: {
      deskId: string;
    };
    body: {
      /** an active user; null, without a userName, unassigns the desk */
      userId?: string | null | undefined;
      /** instead of the id: exact e-mail or userName, else a unique match without regard to case */
      userName?: string | null | undefined;
    };
    reply: {
      deskId: string;
      deskName: string;
      zoneId: string;
      zoneName: string;
      levelId: string;
      levelName: string;
      locationId: string;
      locationName: string;
      /** the owner; null: the desk is not assigned */
      userId: string | null;
      userName: string | null;
      /** false if the desk is retired or the user is inactive: the assignment then has no effect */
      inEffect: boolean;
    };
  };
  /** Unassign a desk. With the header If-Match and the ETag of the desk, the server changes only that version of the desk. */
  'DELETE /v1/manage/desks/{deskId}/assignment': {
    path: {
      deskId: string;
    };
    reply: {
      deskId: string;
      deskName: string;
      zoneId: string;
      zoneName: string;
      levelId: string;
      levelName: string;
      locationId: string;
      locationName: string;
      /** the owner; null: the desk is not assigned */
      userId: string | null;
      userName: string | null;
      /** false if the desk is retired or the user is inactive: the assignment then has no effect */
      inEffect: boolean;
    };
  };
  /** Read the settings of an office */
  'GET /v1/manage/locations/{locationId}/settings': {
    path: {
      locationId: string;
    };
    reply: {
      locationId: string;
      locationName: string;
      horizonDays: number;
      presenceReporting: "detect" | "always" | "never";
      deskPresence: "record" | "book";
      releaseAssignedDesks: boolean;
      /** the last day, YYYY-MM-DD, for which the server made plans from week plans; null before the first */
      horizonReached: string | null;
    };
  };
  /** Change the settings of an office. With the header If-Match and the ETag of the settings, the server changes only that version. */
  'PATCH /v1/manage/locations/{locationId}/settings': {
    path: {
      locationId: string;
    };
    body: {
      /** for how many days from today the server makes plans and bookings, 0 to 366 */
      horizonDays?: number | null | undefined;
      /** `detect`: it worked on a day if the server received any presence event for it; `always`; `never`: attendance is unconfirmed */
      presenceReporting?: string | null | undefined;
      /** `record`, or `book`: a presence event at a desk books the desk */
      deskPresence?: string | null | undefined;
      /** whether others may book an assigned desk while its owner is elsewhere */
      releaseAssignedDesks?: boolean | null | undefined;
    };
    reply: {
      locationId: string;
      locationName: string;
      horizonDays: number;
      presenceReporting: "detect" | "always" | "never";
      deskPresence: "record" | "book";
      releaseAssignedDesks: boolean;
      /** the last day, YYYY-MM-DD, for which the server made plans from week plans; null before the first */
      horizonReached: string | null;
    };
  };
  /** Change the settings of offices */
  'POST /v1/manage/office-settings': {
    body: {
      items: Array<{
        locationId: string;
        /** for how many days from today the server makes plans and bookings, 0 to 366 */
        horizonDays?: number | null | undefined;
        /** `detect`: it worked on a day if the server received any presence event for it; `always`; `never`: attendance is unconfirmed */
        presenceReporting?: string | null | undefined;
        /** `record`, or `book`: a presence event at a desk books the desk */
        deskPresence?: string | null | undefined;
        /** whether others may book an assigned desk while its owner is elsewhere */
        releaseAssignedDesks?: boolean | null | undefined;
      }>;
    };
    reply: {
      /** the server's time */
      timestamp: string;
      results: Array<{
        /** id of the row that the item created, changed or left unchanged; null if the item was refused */
        id: string | null;
        result: "created" | "updated" | "unchanged" | "refused";
        /** reason of the refusal, with the member and its value; otherwise Success */
        message: string;
      }>;
    };
  };
  /** Read the organisation and its settings */
  'GET /v1/manage/organisation': {
    reply: {
      /** the name that commands use; it never changes */
      slug: string;
      name: string;
      /** IANA name; it decides the dates of users without a primary location */
      timeZone: string;
      /** the user attributes from which the server derives groups */
      groupAttributes: Array<string>;
      /** the user attribute from which the server derives the primary group; null: none */
      primaryGroupAttribute: string | null;
    };
  };
  /** Change the organisation and its settings. With the header If-Match and the ETag of the organisation, the server changes only that version. */
  'PATCH /v1/manage/organisation': {
    body: {
      name?: string | undefined;
      /** IANA name, such as Europe/London */
      timeZone?: string | undefined;
      /** the user attributes from which the server derives groups */
      groupAttributes?: Array<string> | undefined;
      /** the user attribute from which the server derives the primary group; null: none */
      primaryGroupAttribute?: string | null | undefined;
    };
    reply: {
      /** the name that commands use; it never changes */
      slug: string;
      name: string;
      /** IANA name; it decides the dates of users without a primary location */
      timeZone: string;
      /** the user attributes from which the server derives groups */
      groupAttributes: Array<string>;
      /** the user attribute from which the server derives the primary group; null: none */
      primaryGroupAttribute: string | null;
    };
  };
  /** Read the progress of re-dating an office's events after its time zone changed */
  'GET /v1/manage/locations/{locationId}/redating': {
    path: {
      locationId: string;
    };
    reply: {
      /** the re-dating after the last change of the office's time zone; null if the time zone never changed */
      redating: {
        locationId: string;
        fromTimeZone: string;
        toTimeZone: string;
        /** an instant; null while transactions that began before the change are still open */
        startedAt: string | null;
        /** an instant; null while events have days of the old time zone */
        finishedAt: string | null;
        /** events of the office that the job has checked */
        eventsDone: number;
        /** events of the office; 0 until the job has started */
        eventsTotal: number;
      } | null;
    };
  };
  /** Replace the hierarchy of groups: all rows or none */
  'PUT /v1/directory-management/group-relationships': {
    body: {
      /** the whole hierarchy: the server retires groups that it no longer has */
      groupRelationships: Array<{
        /** the group's name */
        group: string;
        /** type and name together identify the group */
        groupType: string;
        /** the parent's name; null at the top */
        parent?: string | null | undefined;
        /** the parent's type; null at the top */
        parentType?: string | null | undefined;
      }>;
    };
    reply: {
      /** the server's time */
      timestamp: string;
      /** the number of relationships now; rows that repeat another row count once */
      relationships: number;
    };
  };
  /** Merge attributes into the attributes of users */
  'POST /v1/directory-management/user-attributes': {
    body: {
      userAttributes: Array<{
        /** exact e-mail or userName, else a unique match without regard to case */
        userName: string;
        /** merged into what is stored */
        attributes: Record<string, unknown>;
      }>;
    };
    reply: {
      /** the server's time */
      timestamp: string;
      /** one per user, in the order of the request */
      results: Array<{
        userName: string;
        /** 0 stored, 1 user not found, 3 not acceptable */
        resultCode: number;
        message: string;
      }>;
    };
  };
  /** List the kinds of CSV files that can be imported, with their columns */
  'GET /v1/manage/imports': {
    reply: {
      items: Array<{
        /** the last part of the path of the import */
        kind: string;
        columns: Array<{
          name: string;
          required: boolean;
          description: string;
          example: string;
        }>;
        /** lists of columns; the header needs at least one column of each list */
        oneOf: Array<Array<string>>;
        /** an example file: the header and one row */
        template: string;
      }>;
    };
  };
  /** Import a CSV file of locations. The file is as for "rollcall import". A refused row stops no other row. If the file itself is damaged, rows before the fault may be stored already, and the answer says how many. */
  'POST /v1/manage/imports/locations': {
    query: {
      /** true: report what each row would change, and store nothing */
      dryRun?: string | undefined;
      /** true: store nothing if any row is refused */
      strict?: string | undefined;
    };
    reply: {
      /** whether this was a dry run, which stores nothing */
      dryRun: boolean;
      /** whether changes were stored; false for a dry run, and if `strict` and a refused row prevent it */
      stored: boolean;
      /** rows that create something */
      created: number;
      /** rows that change something */
      updated: number;
      /** rows whose values are stored already */
      unchanged: number;
      /** rows that are refused */
      refused: number;
      /** the first 1000 rows that create or change something */
      changes: Array<{
        /** the line of the file on which the row starts, from 1 */
        line: number;
        result: "created" | "updated";
        /** the id; null for what a dry run would create */
        id: string | null;
        /** the name in the row; null if the row has only the id */
        name: string | null;
      }>;
      /** the first 1000 refused rows, in the order of the file */
      refusals: Array<{
        /** the line of the file on which the row starts, from 1 */
        line: number;
        reason: string;
      }>;
      /** further rows that create or change something */
      moreChanges: number;
      /** further refused rows */
      moreRefusals: number;
      /** the first 100 columns that the server does not know, and ignores */
      ignoredColumns: Array<string>;
      /** what a dry run would do to bookings; null for other imports, and if `strict` and a refused row prevent the import */
      effects: {
        /** bookings that become bookings of the office */
        rebooked: number;
        /** bookings that are removed, with their office plans */
        removed: number;
        /** bookings that are made on days without one */
        made: number;
        /** the rebooked and removed bookings, by day and office; at most 1000 entries */
        days: Array<{
          /** YYYY-MM-DD */
          day: string;
          /** the number of bookings */
          bookings: number;
          /** the office where they are then; null if they are removed */
          toLocationId: string | null;
          /** the name of that office */
          toLocationName: string | null;
        }>;
      } | null;
    };
  };
  /** Import a CSV file of desks. The file is as for "rollcall import". A refused row stops no other row. If the file itself is damaged, rows before the fault may be stored already, and the answer says how many. */
  'POST /v1/manage/imports/desks': {
    query: {
      /** true: report what each row would change, and store nothing */
      dryRun?: string | undefined;
      /** true: store nothing if any row is refused */
      strict?: string | undefined;
    };
    reply: {
      /** whether this was a dry run, which stores nothing */
      dryRun: boolean;
      /** whether changes were stored; false for a dry run, and if `strict` and a refused row prevent it */
      stored: boolean;
      /** rows that create something */
      created: number;
      /** rows that change something */
      updated: number;
      /** rows whose values are stored already */
      unchanged: number;
      /** rows that are refused */
      refused: number;
      /** the first 1000 rows that create or change something */
      changes: Array<{
        /** the line of the file on which the row starts, from 1 */
        line: number;
        result: "created" | "updated";
        /** the id; null for what a dry run would create */
        id: string | null;
        /** the name in the row; null if the row has only the id */
        name: string | null;
      }>;
      /** the first 1000 refused rows, in the order of the file */
      refusals: Array<{
        /** the line of the file on which the row starts, from 1 */
        line: number;
        reason: string;
      }>;
      /** further rows that create or change something */
      moreChanges: number;
      /** further refused rows */
      moreRefusals: number;
      /** the first 100 columns that the server does not know, and ignores */
      ignoredColumns: Array<string>;
      /** what a dry run would do to bookings; null for other imports, and if `strict` and a refused row prevent the import */
      effects: {
        /** bookings that become bookings of the office */
        rebooked: number;
        /** bookings that are removed, with their office plans */
        removed: number;
        /** bookings that are made on days without one */
        made: number;
        /** the rebooked and removed bookings, by day and office; at most 1000 entries */
        days: Array<{
          /** YYYY-MM-DD */
          day: string;
          /** the number of bookings */
          bookings: number;
          /** the office where they are then; null if they are removed */
          toLocationId: string | null;
          /** the name of that office */
          toLocationName: string | null;
        }>;
      } | null;
    };
  };
  /** Import a CSV file of spaces. The file is as for "rollcall import". A refused row stops no other row. If the file itself is damaged, rows before the fault may be stored already, and the answer says how many. */
  'POST /v1/manage/imports/spaces': {
    query: {
      /** true: report what each row would change, and store nothing */
      dryRun?: string | undefined;
      /** true: store nothing if any row is refused */
      strict?: string | undefined;
    };
    reply: {
      /** whether this was a dry run, which stores nothing */
      dryRun: boolean;
      /** whether changes were stored; false for a dry run, and if `strict` and a refused row prevent it */
      stored: boolean;
      /** rows that create something */
      created: number;
      /** rows that change something */
      updated: number;
      /** rows whose values are stored already */
      unchanged: number;
      /** rows that are refused */
      refused: number;
      /** the first 1000 rows that create or change something */
      changes: Array<{
        /** the line of the file on which the row starts, from 1 */
        line: number;
        result: "created" | "updated";
        /** the id; null for what a dry run would create */
        id: string | null;
        /** the name in the row; null if the row has only the id */
        name: string | null;
      }>;
      /** the first 1000 refused rows, in the order of the file */
      refusals: Array<{
        /** the line of the file on which the row starts, from 1 */
        line: number;
        reason: string;
      }>;
      /** further rows that create or change something */
      moreChanges: number;
      /** further refused rows */
      moreRefusals: number;
      /** the first 100 columns that the server does not know, and ignores */
      ignoredColumns: Array<string>;
      /** what a dry run would do to bookings; null for other imports, and if `strict` and a refused row prevent the import */
      effects: {
        /** bookings that become bookings of the office */
        rebooked: number;
        /** bookings that are removed, with their office plans */
        removed: number;
        /** bookings that are made on days without one */
        made: number;
        /** the rebooked and removed bookings, by day and office; at most 1000 entries */
        days: Array<{
          /** YYYY-MM-DD */
          day: string;
          /** the number of bookings */
          bookings: number;
          /** the office where they are then; null if they are removed */
          toLocationId: string | null;
          /** the name of that office */
          toLocationName: string | null;
        }>;
      } | null;
    };
  };
  /** Import a CSV file of users. The file is as for "rollcall import". A refused row stops no other row. If the file itself is damaged, rows before the fault may be stored already, and the answer says how many. */
  'POST /v1/manage/imports/users': {
    query: {
      /** true: report what each row would change, and store nothing */
      dryRun?: string | undefined;
      /** true: store nothing if any row is refused */
      strict?: string | undefined;
    };
    reply: {
      /** whether this was a dry run, which stores nothing */
      dryRun: boolean;
      /** whether changes were stored; false for a dry run, and if `strict` and a refused row prevent it */
      stored: boolean;
      /** rows that create something */
      created: number;
      /** rows that change something */
      updated: number;
      /** rows whose values are stored already */
      unchanged: number;
      /** rows that are refused */
      refused: number;
      /** the first 1000 rows that create or change something */
      changes: Array<{
        /** the line of the file on which the row starts, from 1 */
        line: number;
        result: "created" | "updated";
        /** the id; null for what a dry run would create */
        id: string | null;
        /** the name in the row; null if the row has only the id */
        name: string | null;
      }>;
      /** the first 1000 refused rows, in the order of the file */
      refusals: Array<{
        /** the line of the file on which the row starts, from 1 */
        line: number;
        reason: string;
      }>;
      /** further rows that create or change something */
      moreChanges: number;
      /** further refused rows */
      moreRefusals: number;
      /** the first 100 columns that the server does not know, and ignores */
      ignoredColumns: Array<string>;
      /** what a dry run would do to bookings; null for other imports, and if `strict` and a refused row prevent the import */
      effects: {
        /** bookings that become bookings of the office */
        rebooked: number;
        /** bookings that are removed, with their office plans */
        removed: number;
        /** bookings that are made on days without one */
        made: number;
        /** the rebooked and removed bookings, by day and office; at most 1000 entries */
        days: Array<{
          /** YYYY-MM-DD */
          day: string;
          /** the number of bookings */
          bookings: number;
          /** the office where they are then; null if they are removed */
          toLocationId: string | null;
          /** the name of that office */
          toLocationName: string | null;
        }>;
      } | null;
    };
  };
  /** Import a CSV file of groups. The file is as for "rollcall import". A refused row stops no other row. If the file itself is damaged, rows before the fault may be stored already, and the answer says how many. */
  'POST /v1/manage/imports/groups': {
    query: {
      /** true: report what each row would change, and store nothing */
      dryRun?: string | undefined;
      /** true: store nothing if any row is refused */
      strict?: string | undefined;
    };
    reply: {
      /** whether this was a dry run, which stores nothing */
      dryRun: boolean;
      /** whether changes were stored; false for a dry run, and if `strict` and a refused row prevent it */
      stored: boolean;
      /** rows that create something */
      created: number;
      /** rows that change something */
      updated: number;
      /** rows whose values are stored already */
      unchanged: number;
      /** rows that are refused */
      refused: number;
      /** the first 1000 rows that create or change something */
      changes: Array<{
        /** the line of the file on which the row starts, from 1 */
        line: number;
        result: "created" | "updated";
        /** the id; null for what a dry run would create */
        id: string | null;
        /** the name in the row; null if the row has only the id */
        name: string | null;
      }>;
      /** the first 1000 refused rows, in the order of the file */
      refusals: Array<{
        /** the line of the file on which the row starts, from 1 */
        line: number;
        reason: string;
      }>;
      /** further rows that create or change something */
      moreChanges: number;
      /** further refused rows */
      moreRefusals: number;
      /** the first 100 columns that the server does not know, and ignores */
      ignoredColumns: Array<string>;
      /** what a dry run would do to bookings; null for other imports, and if `strict` and a refused row prevent the import */
      effects: {
        /** bookings that become bookings of the office */
        rebooked: number;
        /** bookings that are removed, with their office plans */
        removed: number;
        /** bookings that are made on days without one */
        made: number;
        /** the rebooked and removed bookings, by day and office; at most 1000 entries */
        days: Array<{
          /** YYYY-MM-DD */
          day: string;
          /** the number of bookings */
          bookings: number;
          /** the office where they are then; null if they are removed */
          toLocationId: string | null;
          /** the name of that office */
          toLocationName: string | null;
        }>;
      } | null;
    };
  };
  /** Import a CSV file of week-plans. The file is as for "rollcall import". A refused row stops no other row. If the file itself is damaged, rows before the fault may be stored already, and the answer says how many. */
  'POST /v1/manage/imports/week-plans': {
    query: {
      /** true: report what each row would change, and store nothing */
      dryRun?: string | undefined;
      /** true: store nothing if any row is refused */
      strict?: string | undefined;
    };
    reply: {
      /** whether this was a dry run, which stores nothing */
      dryRun: boolean;
      /** whether changes were stored; false for a dry run, and if `strict` and a refused row prevent it */
      stored: boolean;
      /** rows that create something */
      created: number;
      /** rows that change something */
      updated: number;
      /** rows whose values are stored already */
      unchanged: number;
      /** rows that are refused */
      refused: number;
      /** the first 1000 rows that create or change something */
      changes: Array<{
        /** the line of the file on which the row starts, from 1 */
        line: number;
        result: "created" | "updated";
        /** the id; null for what a dry run would create */
        id: string | null;
        /** the name in the row; null if the row has only the id */
        name: string | null;
      }>;
      /** the first 1000 refused rows, in the order of the file */
      refusals: Array<{
        /** the line of the file on which the row starts, from 1 */
        line: number;
        reason: string;
      }>;
      /** further rows that create or change something */
      moreChanges: number;
      /** further refused rows */
      moreRefusals: number;
      /** the first 100 columns that the server does not know, and ignores */
      ignoredColumns: Array<string>;
      /** what a dry run would do to bookings; null for other imports, and if `strict` and a refused row prevent the import */
      effects: {
        /** bookings that become bookings of the office */
        rebooked: number;
        /** bookings that are removed, with their office plans */
        removed: number;
        /** bookings that are made on days without one */
        made: number;
        /** the rebooked and removed bookings, by day and office; at most 1000 entries */
        days: Array<{
          /** YYYY-MM-DD */
          day: string;
          /** the number of bookings */
          bookings: number;
          /** the office where they are then; null if they are removed */
          toLocationId: string | null;
          /** the name of that office */
          toLocationName: string | null;
        }>;
      } | null;
    };
  };
  /** Import a CSV file of desk-assignments. The file is as for "rollcall import". A refused row stops no other row. If the file itself is damaged, rows before the fault may be stored already, and the answer says how many. */
  'POST /v1/manage/imports/desk-assignments': {
    query: {
      /** true: report what each row would change, and store nothing */
      dryRun?: string | undefined;
      /** true: store nothing if any row is refused */
      strict?: string | undefined;
    };
    reply: {
      /** whether this was a dry run, which stores nothing */
      dryRun: boolean;
      /** whether changes were stored; false for a dry run, and if `strict` and a refused row prevent it */
      stored: boolean;
      /** rows that create something */
      created: number;
      /** rows that change something */
      updated: number;
      /** rows whose values are stored already */
      unchanged: number;
      /** rows that are refused */
      refused: number;
      /** the first 1000 rows that create or change something */
      changes: Array<{
        /** the line of the file on which the row starts, from 1 */
        line: number;
        result: "created" | "updated";
        /** the id; null for what a dry run would create */
        id: string | null;
        /** the name in the row; null if the row has only the id */
        name: string | null;
      }>;
      /** the first 1000 refused rows, in the order of the file */
      refusals: Array<{
        /** the line of the file on which the row starts, from 1 */
        line: number;
        reason: string;
      }>;
      /** further rows that create or change something */
      moreChanges: number;
      /** further refused rows */
      moreRefusals: number;
      /** the first 100 columns that the server does not know, and ignores */
      ignoredColumns: Array<string>;
      /** what a dry run would do to bookings; null for other imports, and if `strict` and a refused row prevent the import */
      effects: {
        /** bookings that become bookings of the office */
        rebooked: number;
        /** bookings that are removed, with their office plans */
        removed: number;
        /** bookings that are made on days without one */
        made: number;
        /** the rebooked and removed bookings, by day and office; at most 1000 entries */
        days: Array<{
          /** YYYY-MM-DD */
          day: string;
          /** the number of bookings */
          bookings: number;
          /** the office where they are then; null if they are removed */
          toLocationId: string | null;
          /** the name of that office */
          toLocationName: string | null;
        }>;
      } | null;
    };
  };
  /** Import a CSV file of access-credentials. The file is as for "rollcall import". A refused row stops no other row. If the file itself is damaged, rows before the fault may be stored already, and the answer says how many. */
  'POST /v1/manage/imports/access-credentials': {
    query: {
      /** true: report what each row would change, and store nothing */
      dryRun?: string | undefined;
      /** true: store nothing if any row is refused */
      strict?: string | undefined;
    };
    reply: {
      /** whether this was a dry run, which stores nothing */
      dryRun: boolean;
      /** whether changes were stored; false for a dry run, and if `strict` and a refused row prevent it */
      stored: boolean;
      /** rows that create something */
      created: number;
      /** rows that change something */
      updated: number;
      /** rows whose values are stored already */
      unchanged: number;
      /** rows that are refused */
      refused: number;
      /** the first 1000 rows that create or change something */
      changes: Array<{
        /** the line of the file on which the row starts, from 1 */
        line: number;
        result: "created" | "updated";
        /** the id; null for what a dry run would create */
        id: string | null;
        /** the name in the row; null if the row has only the id */
        name: string | null;
      }>;
      /** the first 1000 refused rows, in the order of the file */
      refusals: Array<{
        /** the line of the file on which the row starts, from 1 */
        line: number;
        reason: string;
      }>;
      /** further rows that create or change something */
      moreChanges: number;
      /** further refused rows */
      moreRefusals: number;
      /** the first 100 columns that the server does not know, and ignores */
      ignoredColumns: Array<string>;
      /** what a dry run would do to bookings; null for other imports, and if `strict` and a refused row prevent the import */
      effects: {
        /** bookings that become bookings of the office */
        rebooked: number;
        /** bookings that are removed, with their office plans */
        removed: number;
        /** bookings that are made on days without one */
        made: number;
        /** the rebooked and removed bookings, by day and office; at most 1000 entries */
        days: Array<{
          /** YYYY-MM-DD */
          day: string;
          /** the number of bookings */
          bookings: number;
          /** the office where they are then; null if they are removed */
          toLocationId: string | null;
          /** the name of that office */
          toLocationName: string | null;
        }>;
      } | null;
    };
  };
  /** Import a CSV file of floor-positions. The file is as for "rollcall import". A refused row stops no other row. If the file itself is damaged, rows before the fault may be stored already, and the answer says how many. */
  'POST /v1/manage/imports/floor-positions': {
    query: {
      /** true: report what each row would change, and store nothing */
      dryRun?: string | undefined;
      /** true: store nothing if any row is refused */
      strict?: string | undefined;
    };
    reply: {
      /** whether this was a dry run, which stores nothing */
      dryRun: boolean;
      /** whether changes were stored; false for a dry run, and if `strict` and a refused row prevent it */
      stored: boolean;
      /** rows that create something */
      created: number;
      /** rows that change something */
      updated: number;
      /** rows whose values are stored already */
      unchanged: number;
      /** rows that are refused */
      refused: number;
      /** the first 1000 rows that create or change something */
      changes: Array<{
        /** the line of the file on which the row starts, from 1 */
        line: number;
        result: "created" | "updated";
        /** the id; null for what a dry run would create */
        id: string | null;
        /** the name in the row; null if the row has only the id */
        name: string | null;
      }>;
      /** the first 1000 refused rows, in the order of the file */
      refusals: Array<{
        /** the line of the file on which the row starts, from 1 */
        line: number;
        reason: string;
      }>;
      /** further rows that create or change something */
      moreChanges: number;
      /** further refused rows */
      moreRefusals: number;
      /** the first 100 columns that the server does not know, and ignores */
      ignoredColumns: Array<string>;
      /** what a dry run would do to bookings; null for other imports, and if `strict` and a refused row prevent the import */
      effects: {
        /** bookings that become bookings of the office */
        rebooked: number;
        /** bookings that are removed, with their office plans */
        removed: number;
        /** bookings that are made on days without one */
        made: number;
        /** the rebooked and removed bookings, by day and office; at most 1000 entries */
        days: Array<{
          /** YYYY-MM-DD */
          day: string;
          /** the number of bookings */
          bookings: number;
          /** the office where they are then; null if they are removed */
          toLocationId: string | null;
          /** the name of that office */
          toLocationName: string | null;
        }>;
      } | null;
    };
  };
  /** List the levels that have a floor plan, by the names of office and level */
  'GET /v1/manage/floor-plans': {
    query: {
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
      /** `next` of the previous page */
      after?: string | undefined;
      /** only levels of which each of these words is a part of the name, or of the name of the office, without regard to case; at most 100 characters and 5 words */
      search?: string | undefined;
    };
    reply: {
      items: Array<{
        levelId: string;
        levelName: string;
        locationId: string;
        locationName: string;
        /** null: the level has a draft only */
        publishedAt: string | null;
        hasDraft: boolean;
        /** desks of the level that the published plan shows */
        placed: number;
        /** desks of the level */
        places: number;
      }>;
      /** `after` of the next page; null on the last */
      next: string | null;
    };
  };
  /** Read the published floor plan of a level */
  'GET /v1/manage/levels/{levelId}/floor-plan': {
    path: {
      levelId: string;
    };
    reply: {
      levelId: string;
      /** null: the level has no published plan */
      published: {
        /** the image below the places; null: a blank sheet */
        imageId: string | null;
        /** the width of the plan divided by its height; with an image, that of the image */
        aspectRatio: number;
        placements: Array<{
          nodeId: string;
          /** `place` is a desk */
          kind: "place" | "space" | "zone";
          name: string;
          /** the zone of a desk; null for a space */
          zoneId: string | null;
          x: number;
          y: number;
          /** null for a desk */
          width: number | null;
          /** null for a desk */
          height: number | null;
        }>;
        /** placements of nodes that are retired or have left the level; each shows again when its node comes back */
        hidden: number;
        /** grows with each publication; no number of a level comes again */
        version: number;
        publishedAt: string;
        /** the key or the account; null for viewers */
        publishedBy: string | null;
      } | null;
      hasDraft: boolean;
    };
  };
  /** Remove the published floor plan of a level. The draft stays. With the header If-Match and the ETag of the plan, the server changes only that version. */
  'DELETE /v1/manage/levels/{levelId}/floor-plan': {
    path: {
      levelId: string;
    };
    reply: undefined;
  };
  /** Read the draft of the floor plan of a level */
  'GET /v1/manage/levels/{levelId}/floor-plan/draft': {
    path: {
      levelId: string;
    };
    reply: {
      levelId: string;
      /** the published version that the draft began with; 0: no plan was published */
      basedOn: number;
      changedAt: string;
      /** the key or the account */
      changedBy: string;
      /** the image below the places; null: a blank sheet */
      imageId: string | null;
      /** the width of the plan divided by its height; with an image, that of the image */
      aspectRatio: number;
      placements: Array<{
        nodeId: string;
        /** `place` is a desk */
        kind: "place" | "space" | "zone";
        name: string;
        /** the zone of a desk; null for a space */
        zoneId: string | null;
        x: number;
        y: number;
        /** null for a desk */
        width: number | null;
        /** null for a desk */
        height: number | null;
      }>;
      /** placements of nodes that are retired or have left the level; each shows again when its node comes back */
      hidden: number;
    };
  };
  /** Store the draft of the floor plan of a level. The body is the whole draft. With the header If-Match and the ETag of the draft, the server replaces only that version. With If-None-Match: * it stores only the first draft. */
  'PUT /v1/manage/levels/{levelId}/floor-plan/draft': {
    path: {
      levelId: string;
    };
    body: {
      /** an image that was sent before; null: a blank sheet */
      imageId?: string | null | undefined;
      /** the width of the plan divided by its height; with an image, that of the image */
      aspectRatio: number;
      placements: Array<{
        /** the id of a desk, space or zone of the level */
        nodeId: string;
        /** the centre, as a fraction of the width of the plan */
        x: number;
        /** the centre, as a fraction of the height of the plan */
        y: number;
        /** of a space or zone; a desk is a point and has none */
        width?: number | null | undefined;
        /** as width */
        height?: number | null | undefined;
      }>;
      /** the published version that the draft began with; 0, or null: no plan was published. Without it, a new draft gets the present version, and an existing draft keeps its own */
      basedOn?: number | null | undefined;
      /** of the published plan with which a first draft began, as its reader got it. If a hidden node came back since, the server answers 412, so that its place is not lost. An existing draft is not affected */
      hidden?: number | null | undefined;
    };
    reply: {
      levelId: string;
      /** the published version that the draft began with; 0: no plan was published */
      basedOn: number;
      changedAt: string;
      /** the key or the account */
      changedBy: string;
      /** the image below the places; null: a blank sheet */
      imageId: string | null;
      /** the width of the plan divided by its height; with an image, that of the image */
      aspectRatio: number;
      placements: Array<{
        nodeId: string;
        /** `place` is a desk */
        kind: "place" | "space" | "zone";
        name: string;
        /** the zone of a desk; null for a space */
        zoneId: string | null;
        x: number;
        y: number;
        /** null for a desk */
        width: number | null;
        /** null for a desk */
        height: number | null;
      }>;
      /** placements of nodes that are retired or have left the level; each shows again when its node comes back */
      hidden: number;
    };
  };
  /** Discard the draft of the floor plan of a level. With the header If-Match and the ETag of the plan, the server changes only that version. */
  'DELETE /v1/manage/levels/{levelId}/floor-plan/draft': {
    path: {
      levelId: string;
    };
    reply: undefined;
  };
  /** Publish the draft of the floor plan of a level. The draft becomes the published plan, at once for everybody. With the header If-Match and the ETag of the draft, the server publishes only that version. It answers 409 if another plan was published since the draft began. */
  'POST /v1/manage/levels/{levelId}/floor-plan/publication': {
    path: {
      levelId: string;
    };
    query: {
      /** true: replace a plan that was published since the draft began */
      force?: string | undefined;
    };
    reply: {
      levelId: string;
      /** null: the level has no published plan */
      published: {
        /** the image below the places; null: a blank sheet */
        imageId: string | null;
        /** the width of the plan divided by its height; with an image, that of the image */
        aspectRatio: number;
        placements: Array<{
          nodeId: string;
          /** `place` is a desk */
          kind: "place" | "space" | "zone";
          name: string;
          /** the zone of a desk; null for a space */
          zoneId: string | null;
          x: number;
          y: number;
          /** null for a desk */
          width: number | null;
          /** null for a desk */
          height: number | null;
        }>;
        /** placements of nodes that are retired or have left the level; each shows again when its node comes back */
        hidden: number;
        /** grows with each publication; no number of a level comes again */
        version: number;
        publishedAt: string;
        /** the key or the account; null for viewers */
        publishedBy: string | null;
      } | null;
      hasDraft: boolean;
    };
  };
  /** Send an image for the floor plan of a level. A PNG or JPEG stays as it is. The server writes a new SVG, of the parts that can neither run code nor load anything. An image that no plan names is removed after 24 hours. */
  'POST /v1/manage/levels/{levelId}/floor-plan/images': {
    path: {
      levelId: string;
    };
    reply: {
      /** the id by which a draft names the image */
      imageId: string;
      /** by the bytes of the file */
      mediaType: "image/png" | "image/jpeg" | "image/svg+xml";
      /** in pixels, as browsers show the image */
      width: number;
      height: number;
      /** of the image as the server keeps it */
      bytes: number;
      /** what the server took out of an SVG to make it safe, in words; empty for a PNG or JPEG */
      removed: Array<string>;
    };
  };
  /** Read an image of a floor plan */
  'GET /v1/manage/floor-plan-images/{imageId}': {
    path: {
      imageId: string;
    };
    reply: undefined;
  };
  /** Read the state of each desk, room and zone of a level on a day. The states follow from the same rules as user-booking-attendance. On a day that has not ended, nobody is a no-show. */
  'GET /v1/manage/levels/{levelId}/floor': {
    path: {
      levelId: string;
    };
    query: {
      /** YYYY-MM-DD, YYYYMMDD or an ISO instant, of which the date counts; by default the office's today */
      date?: string | undefined;
    };
    reply: {
      levelId: string;
      levelName: string;
      locationId: string;
      locationName: string;
      date: string;
      /** the office's; the date is one of this zone */
      timeZone: string;
      /** when the server read this */
      asOf: string;
      /** the day has ended at the office */
      isOver: boolean;
      /** the desks, spaces and zones in use, placed or not, by kind and name */
      items: Array<{
        nodeId: string;
        /** `place` is a desk */
        kind: "place" | "space" | "zone";
        name: string;
        /** the zone of a desk, and a zone itself; null for a space */
        zoneId: string | null;
        /** of a desk or zone: free, or the state of its users that comes first in the order here, walkIn, elsewhere, booked, noShow, unconfirmed; users at the desks of a zone are users of the zone. Of a space: inUse or free by the last occupancy event of the day, unknown without one */
        state: "free" | "here" | "walkIn" | "elsewhere" | "booked" | "noShow" | "unconfirmed" | "inUse" | "unknown";
        /** users who are booked or were detected at exactly this node, by name */
        people: Array<{
          userId: string;
          /** first and last name, else the userName */
          name: string;
          /** how the user stands to the node. booked: the day is not decided yet; here: booked and detected, there or at the office without a desk; elsewhere: detected at another desk than booked, said of both; noShow, unconfirmed, walkIn: as in user-booking-attendance */
          state: "here" | "walkIn" | "elsewhere" | "booked" | "noShow" | "unconfirmed";
          /** the booking of the day, also at another office */
          bookedNodeId: string | null;
          /** its name */
          bookedName: string | null;
          /** where the user was detected: at this node, else last at a desk, else last */
          detectedNodeId: string | null;
          /** its name */
          detectedName: string | null;
          /** the first detection of the day at the office */
          firstSeenAt: string | null;
          /** the last one */
          lastSeenAt: string | null;
        }>;
        /** of a desk: the active user to whom it is assigned */
        owner?: {
          userId: string;
          name: string;
        } | null;
        /** of a space or zone: the number of people; null: not set */
        capacity?: number | null;
        /** of a zone: users who are booked in it or at its desks */
        booked?: number;
        /** of a zone: users who were detected in it or at its desks, or are here by their booking */
        here?: number;
        /** of a space */
        spaceType?: string | null;
        /** of a space: the last occupancy event of the day */
        occupancy?: {
          occupied: boolean;
          /** the number of people, if known */
          occupancy: number | null;
          observedAt: string;
        } | null;
      }>;
      /** users of the level who stand to none of the items: at the level itself, or at a retired node */
      others: Array<{
        userId: string;
        /** first and last name, else the userName */
        name: string;
        /** how the user stands to the node. booked: the day is not decided yet; here: booked and detected, there or at the office without a desk; elsewhere: detected at another desk than booked, said of both; noShow, unconfirmed, walkIn: as in user-booking-attendance */
        state: "here" | "walkIn" | "elsewhere" | "booked" | "noShow" | "unconfirmed";
        /** the booking of the day, also at another office */
        bookedNodeId: string | null;
        /** its name */
        bookedName: string | null;
        /** where the user was detected: at this node, else last at a desk, else last */
        detectedNodeId: string | null;
        /** its name */
        detectedName: string | null;
        /** the first detection of the day at the office */
        firstSeenAt: string | null;
        /** the last one */
        lastSeenAt: string | null;
      }>;
      counts: {
        /** desks in this state */
        free: number;
        /** desks in this state */
        here: number;
        /** desks in this state */
        walkIn: number;
        /** desks in this state */
        elsewhere: number;
        /** desks in this state */
        booked: number;
        /** desks in this state */
        noShow: number;
        /** desks in this state */
        unconfirmed: number;
      };
      /** users: as many as user-booking-attendance has rows with a booking on the level, and walk-ins who were detected on it */
      attendance: {
        /** planned, on a day that is not decided yet */
        open: number;
        /** planned and detected */
        confirmed: number;
        /** planned and not detected */
        noShow: number;
        /** planned, on a day without presence reporting */
        unconfirmed: number;
        /** detected on the level, and not planned */
        walkIn: number;
      };
    };
  };
  /** List where published floor plans show desks, rooms and zones, in the order of their ids */
  'GET /v1/manage/floor-positions': {
    query: {
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
      /** `next` of the previous page */
      after?: string | undefined;
      /** only places of this level */
      levelId?: string | undefined;
      /** only places of this office */
      locationId?: string | undefined;
      /** json, the default: a page; or csv: all rows as a file that can be imported */
      format?: string | undefined;
    };
    reply: {
      items: Array<{
        nodeId: string;
        /** `place` is a desk */
        kind: "place" | "space" | "zone";
        name: string;
        /** the zone of a desk; null for other kinds */
        zoneName: string | null;
        levelName: string;
        locationName: string;
        x: number;
        y: number;
        /** null for a desk */
        width: number | null;
        /** null for a desk */
        height: number | null;
      }>;
      /** `after` of the next page; null on the last */
      next: string | null;
    };
  };
  /** Read the type of provisioned groups */
  'GET /v1/manage/provisioning': {
    reply: {
      /** the type of the groups that an identity provider manages */
      groupType: string;
    };
  };
  /** Choose the type of provisioned groups. Existing provisioned groups get the type, too, and keep their ids. */
  'PUT /v1/manage/provisioning': {
    body: {
      /** the type of the groups that an identity provider manages */
      groupType: string;
    };
    reply: {
      /** the type of the groups that an identity provider manages */
      groupType: string;
    };
  };
  /** Read a user's week plan */
  'GET /v1/manage/users/{userId}/week-plan': {
    path: {
      userId: string;
    };
    reply: {
      userId: string;
      weekPlan: {
        /** null: no plan */
        monday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location at that time */
          locationId?: string | null;
        } | null;
        /** null: no plan */
        tuesday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location at that time */
          locationId?: string | null;
        } | null;
        /** null: no plan */
        wednesday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location at that time */
          locationId?: string | null;
        } | null;
        /** null: no plan */
        thursday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location at that time */
          locationId?: string | null;
        } | null;
        /** null: no plan */
        friday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location at that time */
          locationId?: string | null;
        } | null;
        /** null: no plan */
        saturday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location at that time */
          locationId?: string | null;
        } | null;
        /** null: no plan */
        sunday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location at that time */
          locationId?: string | null;
        } | null;
      };
      /** changes with the week plan; a change may require it */
      version: string;
    };
  };
  /** Replace a user's week plan */
  'PUT /v1/manage/users/{userId}/week-plan': {
    path: {
      userId: string;
    };
    body: {
      weekPlan: {
        monday?: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location at that time */
          locationId?: string | null | undefined;
        } | null | undefined;
        tuesday?: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location at that time */
          locationId?: string | null | undefined;
        } | null | undefined;
        wednesday?: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location at that time */
          locationId?: string | null | undefined;
        } | null | undefined;
        thursday?: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location at that time */
          locationId?: string | null | undefined;
        } | null | undefined;
        friday?: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location at that time */
          locationId?: string | null | undefined;
        } | null | undefined;
        saturday?: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location at that time */
          locationId?: string | null | undefined;
        } | null | undefined;
        sunday?: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location at that time */
          locationId?: string | null | undefined;
        } | null | undefined;
      };
      /** a date. From this day on, but not before today, up to the horizon, the server makes anew the days that the week plan made, and those without a plan. Left out: days that have a plan stay as they are */
      applyFrom?: string | null | undefined;
      /** the `version` of the week plan as it was read; the server refuses if it is another */
      version?: string | null | undefined;
    };
    reply: {
      userId: string;
      weekPlan: {
        /** null: no plan */
        monday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location at that time */
          locationId?: string | null;
        } | null;
        /** null: no plan */
        tuesday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location at that time */
          locationId?: string | null;
        } | null;
        /** null: no plan */
        wednesday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location at that time */
          locationId?: string | null;
        } | null;
        /** null: no plan */
        thursday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location at that time */
          locationId?: string | null;
        } | null;
        /** null: no plan */
        friday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location at that time */
          locationId?: string | null;
        } | null;
        /** null: no plan */
        saturday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location at that time */
          locationId?: string | null;
        } | null;
        /** null: no plan */
        sunday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location at that time */
          locationId?: string | null;
        } | null;
      };
      /** changes with the week plan; a change may require it */
      version: string;
    };
  };
  /** List the week plans of active users */
  'GET /v1/manage/week-plans': {
    query: {
      /** only users with this primary location; an unknown one returns no users */
      locationId?: string | undefined;
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
      /** `next` of the previous page */
      after?: string | undefined;
    };
    reply: {
      items: Array<{
        userId: string;
        userName: string;
        weekPlan: {
          /** null: no plan */
          monday: {
            /** o office, r remote, a away */
            plan: string;
            /** the office of an office plan; null: the primary location at that time */
            locationId?: string | null;
          } | null;
          /** null: no plan */
          tuesday: {
            /** o office, r remote, a away */
            plan: string;
            /** the office of an office plan; null: the primary location at that time */
            locationId?: string | null;
          } | null;
          /** null: no plan */
          wednesday: {
            /** o office, r remote, a away */
            plan: string;
            /** the office of an office plan; null: the primary location at that time */
            locationId?: string | null;
          } | null;
          /** null: no plan */
          thursday: {
            /** o office, r remote, a away */
            plan: string;
            /** the office of an office plan; null: the primary location at that time */
            locationId?: string | null;
          } | null;
          /** null: no plan */
          friday: {
            /** o office, r remote, a away */
            plan: string;
            /** the office of an office plan; null: the primary location at that time */
            locationId?: string | null;
          } | null;
          /** null: no plan */
          saturday: {
            /** o office, r remote, a away */
            plan: string;
            /** the office of an office plan; null: the primary location at that time */
            locationId?: string | null;
          } | null;
          /** null: no plan */
          sunday: {
            /** o office, r remote, a away */
            plan: string;
            /** the office of an office plan; null: the primary location at that time */
            locationId?: string | null;
          } | null;
        };
      }>;
      /** `after` of the next page; null on the last */
      next: string | null;
    };
  };
  /** Replace the week plans of many users. The server applies the items in order. A refused item stops no other. */
  'POST /v1/manage/week-plans': {
    body: {
      items: Array<{
        userId?: string | null | undefined;
        /** instead of userId: exact e-mail, else exact userName, else the only active user that differs by case */
        userName?: string | null | undefined;
        weekPlan: {
          monday?: {
            /** o office, r remote, a away */
            plan: string;
            /** the office of an office plan; null: the primary location at that time */
            locationId?: string | null | undefined;
          } | null | undefined;
          tuesday?: {
            /** o office, r remote, a away */
            plan: string;
            /** the office of an office plan; null: the primary location at that time */
            locationId?: string | null | undefined;
          } | null | undefined;
          wednesday?: {
            /** o office, r remote, a away */
            plan: string;
            /** the office of an office plan; null: the primary location at that time */
            locationId?: string | null | undefined;
          } | null | undefined;
          thursday?: {
            /** o office, r remote, a away */
            plan: string;
            /** the office of an office plan; null: the primary location at that time */
            locationId?: string | null | undefined;
          } | null | undefined;
          friday?: {
            /** o office, r remote, a away */
            plan: string;
            /** the office of an office plan; null: the primary location at that time */
            locationId?: string | null | undefined;
          } | null | undefined;
          saturday?: {
            /** o office, r remote, a away */
            plan: string;
            /** the office of an office plan; null: the primary location at that time */
            locationId?: string | null | undefined;
          } | null | undefined;
          sunday?: {
            /** o office, r remote, a away */
            plan: string;
            /** the office of an office plan; null: the primary location at that time */
            locationId?: string | null | undefined;
          } | null | undefined;
        };
        /** a date. From this day on, but not before today, up to the horizon, the server makes anew the days that the week plan made, and those without a plan. Left out: days that have a plan stay as they are */
        applyFrom?: string | null | undefined;
        /** the `version` of the week plan as it was read; the server refuses if it is another */
        version?: string | null | undefined;
      }>;
    };
    reply: {
      /** the server's time */
      timestamp: string;
      results: Array<{
        /** the id of the user; null if the item was refused */
        id: string | null;
        result: "created" | "updated" | "unchanged" | "refused";
        /** reason of the refusal, with the member and its value; otherwise Success */
        message: string;
        /** the reason of a refusal, for programs */
        reason?: "unknown-user" | "not-acceptable" | "past-day" | "changed-meanwhile" | "not-bookable" | "desk-taken" | "zone-full";
      }>;
    };
  };
  /** List a user's days: plans and bookings. One entry for each date, in order, with or without a plan. */
  'GET /v1/manage/users/{userId}/days': {
    path: {
      userId: string;
    };
    query: {
      /** first day: YYYY-MM-DD, YYYYMMDD or an ISO instant, of which the date counts */
      startDate: string;
      /** last day, inclusive; at most 31 dates in all */
      endDate: string;
    };
    reply: Array<{
      /** YYYY-MM-DD */
      day: string;
      /** o office, r remote, a away; null: no plan */
      plan: string | null;
      /** what made the plan: week, day, leave or presence; null without one */
      setBy: string | null;
      /** the office of an office plan */
      locationId: string | null;
      /** its name */
      locationName: string | null;
      booking?: {
        /** 1 the location, 2 a zone, 3 a desk */
        depth: number;
        /** the booked node */
        nodeId: string;
        /** person: a caller chose it; engine: the server chose it; presence: a presence event made it */
        setBy: string;
        levelId?: string;
        levelName?: string;
        zoneId?: string;
        zoneName?: string;
        /** the desk */
        placeId?: string;
        placeName?: string;
      };
      /** changes with the plan, its office and the booked node; a change of the day may require it */
      version: string;
    }>;
  };
  /** Plan a user's day, book, or move a booking */
  'PUT /v1/manage/users/{userId}/days/{day}': {
    path: {
      userId: string;
      /** YYYY-MM-DD, YYYYMMDD or an ISO instant, of which the date counts */
      day: string;
    };
    body: {
      /** o office, r remote, a away */
      plan: string;
      /** the office; an office plan requires it */
      locationId?: string | null | undefined;
      /** the booking of an office plan. Left out: the present booking there stays; else the server books a free desk there that is assigned to the user, else the office */
      booking?: {
        /** a desk, a zone, or the office itself */
        nodeId: string;
      } | null | undefined;
      /** the reason, which the action log records */
      reason?: string | null | undefined;
      /** the `version` of the day as it was read; the server refuses if it is another */
      version?: string | null | undefined;
    };
    reply: {
      /** YYYY-MM-DD */
      day: string;
      /** o office, r remote, a away; null: no plan */
      plan: string | null;
      /** what made the plan: week, day, leave or presence; null without one */
      setBy: string | null;
      /** the office of an office plan */
      locationId: string | null;
      /** its name */
      locationName: string | null;
      booking?: {
        /** 1 the location, 2 a zone, 3 a desk */
        depth: number;
        /** the booked node */
        nodeId: string;
        /** person: a caller chose it; engine: the server chose it; presence: a presence event made it */
        setBy: string;
        levelId?: string;
        levelName?: string;
        zoneId?: string;
        zoneName?: string;
        /** the desk */
        placeId?: string;
        placeName?: string;
      };
      /** changes with the plan, its office and the booked node; a change of the day may require it */
      version: string;
    };
  };
  /** Reset a user's day to leave or the week plan. Beyond the horizon of the user's primary location the server deletes the plan, unless the user has leave. */
  'DELETE /v1/manage/users/{userId}/days/{day}': {
    path: {
      userId: string;
      /** YYYY-MM-DD, YYYYMMDD or an ISO instant, of which the date counts */
      day: string;
    };
    query: {
      /** the reason, which the action log records */
      reason?: string | undefined;
    };
    reply: {
      /** YYYY-MM-DD */
      day: string;
      /** o office, r remote, a away; null: no plan */
      plan: string | null;
      /** what made the plan: week, day, leave or presence; null without one */
      setBy: string | null;
      /** the office of an office plan */
      locationId: string | null;
      /** its name */
      locationName: string | null;
      booking?: {
        /** 1 the location, 2 a zone, 3 a desk */
        depth: number;
        /** the booked node */
        nodeId: string;
        /** person: a caller chose it; engine: the server chose it; presence: a presence event made it */
        setBy: string;
        levelId?: string;
        levelName?: string;
        zoneId?: string;
        zoneName?: string;
        /** the desk */
        placeId?: string;
        placeName?: string;
      };
      /** changes with the plan, its office and the booked node; a change of the day may require it */
      version: string;
    };
  };
  /** Cancel a user's booking */
  'DELETE /v1/manage/users/{userId}/days/{day}/booking': {
    path: {
      userId: string;
      /** YYYY-MM-DD, YYYYMMDD or an ISO instant, of which the date counts */
      day: string;
    };
    query: {
      /** the new plan of the day: r remote (default), a away, or none */
      plan?: string | undefined;
      /** the reason, which the action log records */
      reason?: string | undefined;
    };
    reply: {
      /** YYYY-MM-DD */
      day: string;
      /** o office, r remote, a away; null: no plan */
      plan: string | null;
      /** what made the plan: week, day, leave or presence; null without one */
      setBy: string | null;
      /** the office of an office plan */
      locationId: string | null;
      /** its name */
      locationName: string | null;
      booking?: {
        /** 1 the location, 2 a zone, 3 a desk */
        depth: number;
        /** the booked node */
        nodeId: string;
        /** person: a caller chose it; engine: the server chose it; presence: a presence event made it */
        setBy: string;
        levelId?: string;
        levelName?: string;
        zoneId?: string;
        zoneName?: string;
        /** the desk */
        placeId?: string;
        placeName?: string;
      };
      /** changes with the plan, its office and the booked node; a change of the day may require it */
      version: string;
    };
  };
  /** List the users who plan to be at an office on a day, and their bookings */
  'GET /v1/manage/days': {
    query: {
      /** YYYY-MM-DD, YYYYMMDD or an ISO instant, of which the date counts */
      day: string;
      /** the office; an unknown one returns no users */
      locationId: string;
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
      /** `next` of the previous page */
      after?: string | undefined;
    };
    reply: {
      items: Array<{
        userId: string;
        userName: string;
        /** YYYY-MM-DD */
        day: string;
        /** o office, r remote, a away; null: no plan */
        plan: string | null;
        /** what made the plan: week, day, leave or presence; null without one */
        setBy: string | null;
        /** the office of an office plan */
        locationId: string | null;
        /** its name */
        locationName: string | null;
        booking?: {
          /** 1 the location, 2 a zone, 3 a desk */
          depth: number;
          /** the booked node */
          nodeId: string;
          /** person: a caller chose it; engine: the server chose it; presence: a presence event made it */
          setBy: string;
          levelId?: string;
          levelName?: string;
          zoneId?: string;
          zoneName?: string;
          /** the desk */
          placeId?: string;
          placeName?: string;
        };
        /** changes with the plan, its office and the booked node; a change of the day may require it */
        version: string;
      }>;
      /** `after` of the next page; null on the last */
      next: string | null;
    };
  };
  /** Plan days of many users, book, move and cancel. The server applies the items in order, in one transaction. A refused item stops no other. */
  'POST /v1/manage/days': {
    query: {
      /** true: the server says what the items would do, and changes nothing */
      preview?: string | undefined;
    };
    body: {
      items: Array<{
        userId?: string | null | undefined;
        /** instead of userId: exact e-mail, else exact userName, else the only active user that differs by case */
        userName?: string | null | undefined;
        /** YYYY-MM-DD, YYYYMMDD or an ISO instant, of which the date counts */
        day: string;
        /** o office, r remote, a away; null resets the day, as DELETE of the day does */
        plan: string | null;
        /** the office; an office plan requires it */
        locationId?: string | null | undefined;
        /** the booking of an office plan. Left out: the present booking there stays; else the server books a free desk there that is assigned to the user, else the office */
        booking?: {
          /** a desk, a zone, or the office itself */
          nodeId: string;
        } | null | undefined;
        /** the reason, which the action log records */
        reason?: string | null | undefined;
        /** the `version` of the day as it was read; the server refuses if it is another */
        version?: string | null | undefined;
      }>;
    };
    reply: {
      /** the server's time */
      timestamp: string;
      results: Array<{
        /** the id of the user; null if the item was refused */
        id: string | null;
        result: "created" | "updated" | "unchanged" | "refused";
        /** reason of the refusal, with the member and its value; otherwise Success */
        message: string;
        /** the reason of a refusal, for programs */
        reason?: "unknown-user" | "not-acceptable" | "past-day" | "changed-meanwhile" | "not-bookable" | "desk-taken" | "zone-full";
        /** of a preview: the day after all items, if the item is not refused */
        after?: {
          /** YYYY-MM-DD */
          day: string;
          /** o office, r remote, a away; null: no plan */
          plan: string | null;
          /** what made the plan: week, day, leave or presence; null without one */
          setBy: string | null;
          /** the office of an office plan */
          locationId: string | null;
          /** its name */
          locationName: string | null;
          booking?: {
            /** 1 the location, 2 a zone, 3 a desk */
            depth: number;
            /** the booked node */
            nodeId: string;
            /** person: a caller chose it; engine: the server chose it; presence: a presence event made it */
            setBy: string;
            levelId?: string;
            levelName?: string;
            zoneId?: string;
            zoneName?: string;
            /** the desk */
            placeId?: string;
            placeName?: string;
          };
          /** changes with the plan, its office and the booked node; a change of the day may require it */
          version: string;
        };
      }>;
    };
  };
  /** Schedule leave of a user. Each day from today on becomes away, and its booking is cancelled. Leave that is there already stays as it is. */
  'POST /v1/manage/users/{userId}/leaves': {
    path: {
      userId: string;
    };
    body: {
      /** first day: YYYY-MM-DD, YYYYMMDD or an ISO instant, of which the date counts */
      startDate: string;
      /** last day, inclusive */
      endDate: string;
      /** holiday, leave, sick */
      leaveType?: string | null | undefined;
    };
    reply: Array<{
      /** YYYY-MM-DD */
      startDate: string;
      /** YYYY-MM-DD, inclusive */
      endDate: string;
      leaveType: "holiday" | "leave" | "sick" | null;
    }>;
  };
  /** Cancel leave of a user. All leave of the user loses these days. Each day from today on that leave made away gets the plan of the week plan, up to the horizon; later days have no plan. */
  'DELETE /v1/manage/users/{userId}/leaves': {
    path: {
      userId: string;
    };
    query: {
      /** first day: YYYY-MM-DD, YYYYMMDD or an ISO instant, of which the date counts */
      startDate: string;
      /** last day, inclusive */
      endDate: string;
    };
    reply: Array<{
      /** YYYY-MM-DD */
      startDate: string;
      /** YYYY-MM-DD, inclusive */
      endDate: string;
      leaveType: "holiday" | "leave" | "sick" | null;
    }>;
  };
  /** List the desks and zones of an office, and which are free on a day */
  'GET /v1/manage/locations/{locationId}/availability': {
    path: {
      locationId: string;
    };
    query: {
      /** YYYY-MM-DD, YYYYMMDD or an ISO instant, of which the date counts */
      day: string;
      /** true: only desks that are free */
      free?: string | undefined;
    };
    reply: {
      locationId: string;
      /** YYYY-MM-DD */
      day: string;
      /** active ones, by level, zone and name */
      desks: Array<{
        deskId: string;
        deskName: string;
        zoneId: string;
        zoneName: string;
        levelId: string;
        levelName: string;
        /** free: a user without a booking there can book it; assigned: its owner keeps it that day; zone-full: the desk is not booked, but its zone is full */
        state: "free" | "booked" | "assigned" | "zone-full";
        /** the user who has booked the desk */
        bookedBy?: string;
        /** the owner, if active */
        assignedTo?: string;
      }>;
      /** active ones, by level and name */
      zones: Array<{
        zoneId: string;
        zoneName: string;
        levelId: string;
        levelName: string;
        /** null: no limit */
        capacity: number | null;
        /** bookings of the zone and of its desks */
        booked: number;
        /** null: no limit */
        remaining: number | null;
        freeDesks: number;
      }>;
    };
  };
  /** Read a user with the week plan, groups, cards, assigned desks and leave */
  'GET /v1/manage/users/{userId}/profile': {
    path: {
      userId: string;
    };
    reply: {
      userId: string;
      userName: string;
      /** the e-mail address */
      email: string | null;
      /** the first name */
      firstName: string | null;
      /** the last name */
      lastName: string | null;
      status: "active" | "inactive";
      /** the primary location */
      primaryLocationId: string | null;
      /** its name */
      primaryLocationName: string | null;
      /** IANA name: of the primary location, else of the organisation */
      timeZone: string;
      /** YYYY-MM-DD: the user's date; earlier days cannot change. Null if the time zone is unknown */
      today: string | null;
      /** YYYY-MM-DD: the last day for which the server makes plans from the week plan */
      horizon: string | null;
      weekPlan: {
        /** null: no plan */
        monday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location at that time */
          locationId?: string | null;
        } | null;
        /** null: no plan */
        tuesday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location at that time */
          locationId?: string | null;
        } | null;
        /** null: no plan */
        wednesday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location at that time */
          locationId?: string | null;
        } | null;
        /** null: no plan */
        thursday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location at that time */
          locationId?: string | null;
        } | null;
        /** null: no plan */
        friday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location at that time */
          locationId?: string | null;
        } | null;
        /** null: no plan */
        saturday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location at that time */
          locationId?: string | null;
        } | null;
        /** null: no plan */
        sunday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location at that time */
          locationId?: string | null;
        } | null;
      };
      /** changes with the week plan */
      weekPlanVersion: string;
      /** active groups, the primary one first; at most 100 */
      groups: Array<{
        groupId: string;
        groupName: string;
        groupType: string;
        /** the primary group of the user */
        primary: boolean;
      }>;
      /** active ones first; at most 100 */
      cards: Array<{
        cardNumber: string;
        /** empty if the card has none */
        facilityCode: string;
        credentialType: string;
        active: boolean;
      }>;
      /** by location and name; at most 100 */
      assignedDesks: Array<{
        deskId: string;
        deskName: string;
        zoneName: string;
        levelName: string;
        locationName: string;
        status: "active" | "inactive";
      }>;
      /** the latest first; at most 100 */
      leaves: Array<{
        /** YYYY-MM-DD */
        startDate: string;
        /** YYYY-MM-DD, inclusive */
        endDate: string;
        leaveType: "holiday" | "leave" | "sick" | null;
      }>;
    };
  };
  /** List a user's days: plans, bookings, presence and attendance. One entry for each date, in order, with or without a plan. `attendanceType` is that of user-booking-attendance. */
  'GET /v1/manage/users/{userId}/attendance': {
    path: {
      userId: string;
    };
    query: {
      /** first day: YYYY-MM-DD, YYYYMMDD or an ISO instant, of which the date counts */
      startDate: string;
      /** last day, inclusive; at most 31 dates in all */
      endDate: string;
    };
    reply: Array<{
      /** YYYY-MM-DD */
      day: string;
      /** o office, r remote, a away; null: no plan */
      plan: string | null;
      /** what made the plan: week, day, leave or presence; null without one */
      setBy: string | null;
      /** the office of an office plan */
      locationId: string | null;
      /** its name */
      locationName: string | null;
      booking?: {
        /** 1 the location, 2 a zone, 3 a desk */
        depth: number;
        /** the booked node */
        nodeId: string;
        /** person: a caller chose it; engine: the server chose it; presence: a presence event made it */
        setBy: string;
        levelId?: string;
        levelName?: string;
        zoneId?: string;
        zoneName?: string;
        /** the desk */
        placeId?: string;
        placeName?: string;
      };
      /** changes with the plan, its office and the booked node; a change of the day may require it */
      version: string;
      /** the office of the plan, and each office where the user was detected */
      attendance: Array<{
        locationId: string;
        locationName: string;
        /** IANA name; the day is a day of this zone */
        timeZone: string;
        /** as in user-booking-attendance; null: the user was not detected, and the day has not ended */
        attendanceType: "confirmed" | "noShow" | "unconfirmed" | "walkIn" | null;
        presence?: {
          firstSeenAt: string;
          lastSeenAt: string;
          /** the source of the first event */
          firstSourceId: string;
          /** the source of the last event */
          lastSourceId: string;
          /** presence events */
          events: number;
        };
      }>;
    }>;
  };
  /** List the action log of one user's plans and bookings, the newest first. The entries of change-log/user, of one user and of any time, with the names of nodes and the codes of reasons. */
  'GET /v1/manage/users/{userId}/changes': {
    path: {
      userId: string;
    };
    query: {
      /** only changes of the plan or booking of this day: YYYY-MM-DD, YYYYMMDD or an ISO instant, of which the date counts */
      day?: string | undefined;
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
      /** `next` of the previous page */
      after?: string | undefined;
    };
    reply: {
      items: Array<{
        entryId: string;
        eventTime: string;
        /** YYYY-MM-DD: the day whose plan or booking changed */
        day: string;
        category: "plan" | "booking";
        /** created, changed, deleted (a plan) or cancelled (a booking); entries of other systems may have others */
        action: string;
        /** one English sentence, without a full stop */
        description: string;
        changedBy: "user" | "admin" | "engine" | "integration";
        /** the person or key */
        changedByName: string | null;
        /** the reason as it was recorded */
        reason: string | null;
        knownReason?: {
          code: "horizon" | "horizonLeave" | "weekPlan" | "presenceAtDesk" | "provisioning" | "userDeactivated" | "personErased" | "nodeRetiredOrMoved" | "importOfExport" | "importOfUsers" | "importOfGroups" | "importOfDeskAssignments" | "importOfAccessCredentials" | "importOfLocations" | "importOfDesks" | "importOfSpaces" | "importOfWeekPlans" | "leaveScheduled" | "leaveCancelled";
          leaveType?: "holiday" | "leave" | "sick";
          /** why the horizon engine chose the booking */
          seat?: "ownDesk" | "usualDesk" | "nearGroup" | "office";
          /** why it did not choose the first desk that it tried */
          obstacle?: "ownDeskBooked" | "ownDeskInFullZone" | "ownDeskClosed" | "usualDeskBooked" | "usualDeskAssigned" | "usualDeskInFullZone" | "usualDeskClosed";
        };
        /** a plan and the booking that it causes share it */
        actionId: string;
        /** of an entry of a plan that this server wrote */
        plan?: {
          before: {
            plan: "o" | "r" | "a";
            /** the office */
            locationId: string | null;
            /** its present name */
            locationName: string | null;
          } | null;
          after: {
            plan: "o" | "r" | "a";
            /** the office */
            locationId: string | null;
            /** its present name */
            locationName: string | null;
          } | null;
        };
        /** of an entry of a booking that this server wrote */
        booking?: {
          before: {
            /** the office */
            locationId: string | null;
            /** its present name */
            locationName: string | null;
            /** the booked node */
            nodeId: string;
            /** its present name */
            nodeName: string | null;
            /** 1 the office, 2 a zone, 3 a desk */
            depth: 1 | 2 | 3;
          } | null;
          after: {
            /** the office */
            locationId: string | null;
            /** its present name */
            locationName: string | null;
            /** the booked node */
            nodeId: string;
            /** its present name */
            nodeName: string | null;
            /** 1 the office, 2 a zone, 3 a desk */
            depth: 1 | 2 | 3;
          } | null;
        };
      }>;
      /** `after` of the next page; null on the last */
      next: string | null;
    };
  };
  /** Export everything that is held about a person. A ZIP file. Each category has a JSON and a CSV file with the same rows. manifest.json says why each category is kept, for how long, and what the export leaves out. recipients.json says who may have received the data. All rows come from one snapshot. The answer holds a slot for exports. */
  'GET /v1/manage/users/{userId}/export': {
    path: {
      userId: string;
    };
    query: {
      /** for a person with a session: the slug of the organisation, in place of the header Rollcall-Organisation, which a link cannot have */
      organisation?: string | undefined;
    };
    reply: undefined;
  };
  /** What an erasure of a user would do, or has done. Counts what the server holds about the user, by category, and says what an erasure does to it. It changes nothing. The answer takes as long as an export of the user, and holds a slot for exports. Once the erasure is requested, it only says how far that has come. */
  'GET /v1/manage/users/{userId}/erasure': {
    path: {
      userId: string;
    };
    reply: {
      userId: string;
      /** what is held about the user now; empty once the erasure is requested */
      categories: Array<{
        name: string;
        title: string;
        /** rows that an erasure would delete or change now */
        rows: number;
        /** further rows, under a pseudonym that leads to the user: an export of the user has them, and an erasure leaves them */
        pseudonymRows: number;
        /** what an erasure does to these rows */
        erasure: string;
      }>;
      /** null if nobody requested it */
      erasure: {
        requestedAt: string;
        /** the id of the key or of the account, or `restore` */
        requestedBy: string;
        /** null until all rows are erased */
        finishedAt: string | null;
        /** rows that were deleted or changed, by category */
        rows: Record<string, number>;
      } | null;
    };
  };
  /** Erase a user. Nobody can undo it. At once the user is inactive, cannot sign in, and has no bookings ahead. A job of the server erases the rest, and continues after an interruption. GET says when it has finished. A second call changes nothing. */
  'POST /v1/manage/users/{userId}/erasure': {
    path: {
      userId: string;
    };
    reply: undefined;
  };
  /** Export everything that is held about a visitor. A ZIP file with the arrivals of the visitor and the refused events that name the visitor, each as a JSON and a CSV file with the same rows. manifest.json says why they are kept and for how long. recipients.json says who may have received them. All rows come from one snapshot. The answer holds a slot for exports. */
  'POST /v1/manage/visitors/export': {
    body: {
      /** in place of name and day */
      email?: string | undefined;
      /** with day */
      name?: string | undefined;
      /** the office's local day of the arrival */
      day?: string | undefined;
    };
    reply: undefined;
  };
  /** Erase a visitor. Takes the name, the e-mail address and the company from the arrivals of a visitor, and deletes refused events with the address or the name and day, and those that are not kept whole. Counts of visitors do not move. Nobody can undo it. A call that breaks off can be repeated. */
  'POST /v1/manage/visitors/erasure': {
    query: {
      /** true: only count */
      dryRun?: string | undefined;
    };
    body: {
      /** in place of name and day */
      email?: string | undefined;
      /** with day */
      name?: string | undefined;
      /** the office's local day of the arrival */
      day?: string | undefined;
    };
    reply: {
      dryRun: boolean;
      arrivals: number;
      refusedEvents: number;
    };
  };
  /** Read how long each kind of data is kept */
  'GET /v1/manage/retention': {
    reply: {
      items: Array<{
        kind: "names" | "attendance" | "occupancy" | "visitors" | "visitorNames" | "leave" | "sickLeave" | "actionLog" | "refusedEvents" | "accessCards" | "weekPlans";
        /** what it is */
        title: string;
        /** whole months or days, as an ISO 8601 duration: P13M, P90D; null: without limit */
        kept: string | null;
        /** whole months or days, as an ISO 8601 duration: P13M, P90D; null: without limit */
        byDefault: string | null;
        /** the shortest retention that may be set; a month counts 31 days */
        shortestDays: number;
        /** the longest one; null: there need not be a limit */
        longestDays: number | null;
      }>;
      /** what only the operator of the server sets */
      readOnly: Array<{
        kind: "audit";
        /** what it is */
        title: string;
        /** whole months or days, as an ISO 8601 duration: P13M, P90D; null: without limit */
        kept: string | null;
        /** whole months or days, as an ISO 8601 duration: P13M, P90D; null: without limit */
        byDefault: string | null;
      }>;
    };
  };
  /** Change how long kinds of data are kept. Kinds that the body does not name stay as they are. The job `retention` removes rows whose retention has ended; nothing brings them back. POST /v1/manage/retention/effects says first how many that are. With the header If-Match and the ETag of the settings, the server changes only that version. */
  'PATCH /v1/manage/retention': {
    body: {
      /** whole months or days, as an ISO 8601 duration: P13M, P90D; null: without limit */
      names?: string | null | undefined;
      /** whole months or days, as an ISO 8601 duration: P13M, P90D; null: without limit */
      attendance?: string | null | undefined;
      /** whole months or days, as an ISO 8601 duration: P13M, P90D; null: without limit */
      occupancy?: string | null | undefined;
      /** whole months or days, as an ISO 8601 duration: P13M, P90D; null: without limit */
      visitors?: string | null | undefined;
      /** whole months or days, as an ISO 8601 duration: P13M, P90D; null: without limit */
      visitorNames?: string | null | undefined;
      /** whole months or days, as an ISO 8601 duration: P13M, P90D; null: without limit */
      leave?: string | null | undefined;
      /** whole months or days, as an ISO 8601 duration: P13M, P90D; null: without limit */
      sickLeave?: string | null | undefined;
      /** whole months or days, as an ISO 8601 duration: P13M, P90D; null: without limit */
      actionLog?: string | null | undefined;
      /** whole months or days, as an ISO 8601 duration: P13M, P90D; null: without limit */
      refusedEvents?: string | null | undefined;
      /** whole months or days, as an ISO 8601 duration: P13M, P90D; null: without limit */
      accessCards?: string | null | undefined;
      /** whole months or days, as an ISO 8601 duration: P13M, P90D; null: without limit */
      weekPlans?: string | null | undefined;
    };
    reply: {
      items: Array<{
        kind: "names" | "attendance" | "occupancy" | "visitors" | "visitorNames" | "leave" | "sickLeave" | "actionLog" | "refusedEvents" | "accessCards" | "weekPlans";
        /** what it is */
        title: string;
        /** whole months or days, as an ISO 8601 duration: P13M, P90D; null: without limit */
        kept: string | null;
        /** whole months or days, as an ISO 8601 duration: P13M, P90D; null: without limit */
        byDefault: string | null;
        /** the shortest retention that may be set; a month counts 31 days */
        shortestDays: number;
        /** the longest one; null: there need not be a limit */
        longestDays: number | null;
      }>;
      /** what only the operator of the server sets */
      readOnly: Array<{
        kind: "audit";
        /** what it is */
        title: string;
        /** whole months or days, as an ISO 8601 duration: P13M, P90D; null: without limit */
        kept: string | null;
        /** whole months or days, as an ISO 8601 duration: P13M, P90D; null: without limit */
        byDefault: string | null;
      }>;
    };
  };
  /** Count what a change of the retention would remove. The same body as for the change. Nothing is changed. The count of a month ends at 200,000 rows of a table, and the whole count after some seconds. */
  'POST /v1/manage/retention/effects': {
    body: {
      /** whole months or days, as an ISO 8601 duration: P13M, P90D; null: without limit */
      names?: string | null | undefined;
      /** whole months or days, as an ISO 8601 duration: P13M, P90D; null: without limit */
      attendance?: string | null | undefined;
      /** whole months or days, as an ISO 8601 duration: P13M, P90D; null: without limit */
      occupancy?: string | null | undefined;
      /** whole months or days, as an ISO 8601 duration: P13M, P90D; null: without limit */
      visitors?: string | null | undefined;
      /** whole months or days, as an ISO 8601 duration: P13M, P90D; null: without limit */
      visitorNames?: string | null | undefined;
      /** whole months or days, as an ISO 8601 duration: P13M, P90D; null: without limit */
      leave?: string | null | undefined;
      /** whole months or days, as an ISO 8601 duration: P13M, P90D; null: without limit */
      sickLeave?: string | null | undefined;
      /** whole months or days, as an ISO 8601 duration: P13M, P90D; null: without limit */
      actionLog?: string | null | undefined;
      /** whole months or days, as an ISO 8601 duration: P13M, P90D; null: without limit */
      refusedEvents?: string | null | undefined;
      /** whole months or days, as an ISO 8601 duration: P13M, P90D; null: without limit */
      accessCards?: string | null | undefined;
      /** whole months or days, as an ISO 8601 duration: P13M, P90D; null: without limit */
      weekPlans?: string | null | undefined;
    };
    reply: {
      items: Array<{
        kind: "names" | "attendance" | "occupancy" | "visitors" | "visitorNames" | "leave" | "sickLeave" | "actionLog" | "refusedEvents" | "accessCards" | "weekPlans";
        /** YYYY-MM-DD; rows of earlier days would be removed. Null: none would be */
        firstKeptDay: string | null;
        /** the rows that would be removed, the oldest month first */
        months: Array<{
          /** YYYY-MM */
          month: string;
          rows: number;
          /** there are more rows than that */
          isMore: boolean;
        }>;
        /** false: later months were not counted, because it took too long */
        isComplete: boolean;
      }>;
    };
  };
  /** Users, active and inactive. Key, for `changedSince`: userId. A deleted row has its key only, and `deleted`: true. */
  'GET /v1/analytics/users': {
    query: {
      /** the Rollcall-Cursor of an earlier answer: only rows that are new or changed since then. The answer may also have unchanged rows; it misses no change */
      changedSince?: string | undefined;
      /** rows of a page, 1 to 10000; by default all rows. With changedSince a page can have more, because all rows with the same key are on one page */
      limit?: string | undefined;
      /** from the Link of the previous page */
      after?: string | undefined;
      /** takes precedence over Accept. Accept counts if its preferred range names a media type of a format; else json */
      format?: "json" | "ndjson" | "csv" | "parquet" | undefined;
    };
    reply: Array<{
      email: string | null;
      firstName: string | null;
      lastName: string | null;
      onboarded: boolean;
      primaryGroupId: string | null;
      primaryLocationId: string | null;
      status: "active" | "inactive";
      userId: string;
      userName: string;
      /** the attribute of this name, if the user has it */
      employeeNumber?: string;
    } | {
      userId: string;
      deleted: true;
    }>;
  };
  /** Groups of users and their hierarchy, retired groups included. Key, for `changedSince`: groupId. */
  'GET /v1/analytics/groups': {
    query: {
      /** the Rollcall-Cursor of an earlier answer: only rows that are new or changed since then. The answer may also have unchanged rows; it misses no change */
      changedSince?: string | undefined;
      /** rows of a page, 1 to 10000; by default all rows. With changedSince a page can have more, because all rows with the same key are on one page */
      limit?: string | undefined;
      /** from the Link of the previous page */
      after?: string | undefined;
      /** takes precedence over Accept. Accept counts if its preferred range names a media type of a format; else json */
      format?: "json" | "ndjson" | "csv" | "parquet" | undefined;
    };
    reply: Array<{
      groupId: string;
      groupName: string;
      groupType: string;
      /** null at the top */
      parentGroupId: string | null;
      status: "active" | "inactive";
    }>;
  };
  /** Offices. Key, for `changedSince`: locationId. */
  'GET /v1/analytics/locations': {
    query: {
      /** the Rollcall-Cursor of an earlier answer: only rows that are new or changed since then. The answer may also have unchanged rows; it misses no change */
      changedSince?: string | undefined;
      /** rows of a page, 1 to 10000; by default all rows. With changedSince a page can have more, because all rows with the same key are on one page */
      limit?: string | undefined;
      /** from the Link of the previous page */
      after?: string | undefined;
      /** takes precedence over Accept. Accept counts if its preferred range names a media type of a format; else json */
      format?: "json" | "ndjson" | "csv" | "parquet" | undefined;
    };
    reply: Array<{
      locationId: string;
      locationName: string;
      address: string | null;
      status: "active" | "inactive";
      /** IANA name */
      timeZone: string;
    }>;
  };
  /** Desks, with their zone, level and office. Key, for `changedSince`: deskId. */
  'GET /v1/analytics/desks': {
    query: {
      /** the Rollcall-Cursor of an earlier answer: only rows that are new or changed since then. The answer may also have unchanged rows; it misses no change */
      changedSince?: string | undefined;
      /** rows of a page, 1 to 10000; by default all rows. With changedSince a page can have more, because all rows with the same key are on one page */
      limit?: string | undefined;
      /** from the Link of the previous page */
      after?: string | undefined;
      /** takes precedence over Accept. Accept counts if its preferred range names a media type of a format; else json */
      format?: "json" | "ndjson" | "csv" | "parquet" | undefined;
    };
    reply: Array<{
      deskId: string;
      deskName: string;
      zoneId: string;
      zoneName: string;
      levelId: string;
      levelName: string;
      locationId: string;
      locationName: string;
      status: "active" | "inactive";
    }>;
  };
  /** Rooms and booths, with their level and office. Key, for `changedSince`: spaceId. */
  'GET /v1/analytics/spaces': {
    query: {
      /** the Rollcall-Cursor of an earlier answer: only rows that are new or changed since then. The answer may also have unchanged rows; it misses no change */
      changedSince?: string | undefined;
      /** rows of a page, 1 to 10000; by default all rows. With changedSince a page can have more, because all rows with the same key are on one page */
      limit?: string | undefined;
      /** from the Link of the previous page */
      after?: string | undefined;
      /** takes precedence over Accept. Accept counts if its preferred range names a media type of a format; else json */
      format?: "json" | "ndjson" | "csv" | "parquet" | undefined;
    };
    reply: Array<{
      spaceId: string;
      spaceName: string;
      spaceType: string | null;
      /** people */
      capacity: number | null;
      levelId: string;
      levelName: string;
      locationId: string;
      locationName: string;
      status: "active" | "inactive";
    }>;
  };
  /** Presence events, by the local day of their office. Key, for `changedSince`: timestamp, userId, sourceId, eventId. A deleted row has its key only, and `deleted`: true. Rows end with their retention: changes begin with a row for each range of days whose rows were removed, with `removedFrom`, `removedTo` and `deleted`: true, and without a key. Delete all rows of these days before the rows that follow. */
  'GET /v1/analytics/presence': {
    query: {
      /** first day: YYYYMMDD, YYYY-MM-DD or an ISO instant, whose date counts; required, unless changedSince is given */
      startDate?: string | undefined;
      /** last day, inclusive; at most 31 dates in all; required, unless changedSince is given */
      endDate?: string | undefined;
      /** comma-separated ids of nodes, each with all nodes beneath it */
      locationIds?: string | undefined;
      /** comma-separated ids */
      userIds?: string | undefined;
      /** the Rollcall-Cursor of an earlier answer: only rows that are new or changed since then. The answer may also have unchanged rows; it misses no change */
      changedSince?: string | undefined;
      /** rows of a page, 1 to 10000; by default all rows. With changedSince a page can have more, because all rows with the same key are on one page */
      limit?: string | undefined;
      /** from the Link of the previous page */
      after?: string | undefined;
      /** takes precedence over Accept. Accept counts if its preferred range names a media type of a format; else json */
      format?: "json" | "ndjson" | "csv" | "parquet" | undefined;
    };
    reply: Array<{
      eventId: string;
      timestamp: string;
      /** the office's local day */
      day: string;
      userId: string;
      userEmail: string | null;
      sourceId: string;
      sourceUserId: string | null;
      locationType: "location" | "level" | "zone" | "place" | "space";
      locationId: string;
      locationName: string;
      levelId?: string;
      levelName?: string;
      zoneId?: string;
      zoneName?: string;
      placeId?: string;
      placeName?: string;
      spaceId?: string;
      spaceName?: string;
    } | {
      eventId: string;
      timestamp: string;
      userId: string;
      sourceId: string;
      deleted: true;
    } | {
      deleted: true;
      /** the first day whose rows were removed */
      removedFrom: string;
      /** the last one */
      removedTo: string;
    }>;
  };
  /** Plans and bookings, and whether users came. One row for each stored plan, and one for each walk-in: a user detected at an office that is not in the plan. A plan that a presence event made is a walkIn. The row of a plan has its booking. attendanceType is absent for plans without an office. It is also absent for a user who was not detected, until the day has ended at the office. Sorted by day, user and attendanceLocationId; the row without one comes first. Key, for `changedSince`: day, userId, attendanceLocationId. A deleted row has its key only, and `deleted`: true. Rows end with their retention: changes begin with a row for each range of days whose rows were removed, with `removedFrom`, `removedTo` and `deleted`: true, and without a key. Delete all rows of these days before the rows that follow. */
  'GET /v1/analytics/user-booking-attendance': {
    query: {
      /** first day: YYYYMMDD, YYYY-MM-DD or an ISO instant, whose date counts; required, unless changedSince is given */
      startDate?: string | undefined;
      /** last day, inclusive; at most 31 dates in all; required, unless changedSince is given */
      endDate?: string | undefined;
      /** one office: rows with that attendanceLocationId, and rows without one of users with that primary location. Calls for all offices return every row exactly once, except rows that have neither */
      locationId?: string | undefined;
      /** the Rollcall-Cursor of an earlier answer: only rows that are new or changed since then. The answer may also have unchanged rows; it misses no change */
      changedSince?: string | undefined;
      /** rows of a page, 1 to 10000; by default all rows. With changedSince a page can have more, because all rows with the same key are on one page */
      limit?: string | undefined;
      /** from the Link of the previous page */
      after?: string | undefined;
      /** takes precedence over Accept. Accept counts if its preferred range names a media type of a format; else json */
      format?: "json" | "ndjson" | "csv" | "parquet" | undefined;
    };
    reply: Array<{
      userId: string;
      primaryLocationId: string | null;
      primaryLocationName: string | null;
      /** the office's local day */
      day: string;
      /** o office, r remote, a away; a if there is no plan */
      plan: "o" | "r" | "a";
      /** 1 office, 2 zone, 3 desk */
      bookingDepth?: 1 | 2 | 3;
      attendanceType?: "confirmed" | "noShow" | "unconfirmed" | "walkIn";
      bookingLocationId?: string;
      bookingLocationName?: string;
      bookingLevelId?: string;
      bookingLevelName?: string;
      bookingZoneId?: string;
      bookingZoneName?: string;
      bookingPlaceId?: string;
      bookingPlaceName?: string;
      primaryGroupId?: string;
      primaryGroupName?: string;
      /** the office where the user was detected, else the office of the plan */
      attendanceLocationId?: string;
      attendanceLocationName?: string;
    } | {
      userId: string;
      /** the office's local day */
      day: string;
      /** the office where the user was detected, else the office of the plan */
      attendanceLocationId?: string;
      deleted: true;
    } | {
      deleted: true;
      /** the first day whose rows were removed */
      removedFrom: string;
      /** the last one */
      removedTo: string;
    }>;
  };
  /** Changes of plans and bookings, by the UTC date of the change. startDate and endDate are dates of eventTime, in UTC, not of the changed day. Sorted by that date, then user, then eventTime. A change of a plan and the change of its booking have the same actionId. Key, for `changedSince`: actionId, category. A deleted row has its key only, and `deleted`: true. Rows end with their retention: changes begin with a row for each range of days whose rows were removed, with `removedFrom`, `removedTo` and `deleted`: true, and without a key. Delete all rows of these days before the rows that follow. */
  'GET /v1/analytics/change-log/user': {
    query: {
      /** first day: YYYYMMDD, YYYY-MM-DD or an ISO instant, whose date counts; required, unless changedSince is given */
      startDate?: string | undefined;
      /** last day, inclusive; at most 31 dates in all; required, unless changedSince is given */
      endDate?: string | undefined;
      /** comma-separated ids */
      userIds?: string | undefined;
      /** the Rollcall-Cursor of an earlier answer: only rows that are new or changed since then. The answer may also have unchanged rows; it misses no change */
      changedSince?: string | undefined;
      /** rows of a page, 1 to 10000; by default all rows. With changedSince a page can have more, because all rows with the same key are on one page */
      limit?: string | undefined;
      /** from the Link of the previous page */
      after?: string | undefined;
      /** takes precedence over Accept. Accept counts if its preferred range names a media type of a format; else json */
      format?: "json" | "ndjson" | "csv" | "parquet" | undefined;
    };
    reply: Array<{
      eventTime: string;
      userId: string;
      /** the day whose plan or booking changed */
      day: string;
      category: "plan" | "booking";
      action: string;
      description: string;
      changedBy: "user" | "admin" | "engine" | "integration";
      changedByName: string | null;
      reason: string | null;
      actionId: string;
      /** null if there was none */
      before: Record<string, unknown> | null;
      /** null if there is none */
      after: Record<string, unknown> | null;
    } | {
      category: "plan" | "booking";
      actionId: string;
      deleted: true;
    } | {
      deleted: true;
      /** the first day whose rows were removed */
      removedFrom: string;
      /** the last one */
      removedTo: string;
    }>;
  };
  /** Occupancy events, by the local day of their office. Key, for `changedSince`: timestamp, sourceId, eventId. Rows end with their retention: changes begin with a row for each range of days whose rows were removed, with `removedFrom`, `removedTo` and `deleted`: true, and without a key. Delete all rows of these days before the rows that follow. */
  'GET /v1/analytics/occupancy': {
    query: {
      /** first day: YYYYMMDD, YYYY-MM-DD or an ISO instant, whose date counts; required, unless changedSince is given */
      startDate?: string | undefined;
      /** last day, inclusive; at most 31 dates in all; required, unless changedSince is given */
      endDate?: string | undefined;
      /** comma-separated ids of nodes, each with all nodes beneath it */
      locationIds?: string | undefined;
      /** the Rollcall-Cursor of an earlier answer: only rows that are new or changed since then. The answer may also have unchanged rows; it misses no change */
      changedSince?: string | undefined;
      /** rows of a page, 1 to 10000; by default all rows. With changedSince a page can have more, because all rows with the same key are on one page */
      limit?: string | undefined;
      /** from the Link of the previous page */
      after?: string | undefined;
      /** takes precedence over Accept. Accept counts if its preferred range names a media type of a format; else json */
      format?: "json" | "ndjson" | "csv" | "parquet" | undefined;
    };
    reply: Array<{
      eventId: string;
      timestamp: string;
      /** the office's local day */
      day: string;
      occupied: boolean;
      /** people */
      occupancy: number | null;
      sourceId: string;
      locationType: "location" | "level" | "zone" | "place" | "space";
      locationId: string;
      locationName: string;
      levelId?: string;
      levelName?: string;
      zoneId?: string;
      zoneName?: string;
      placeId?: string;
      placeName?: string;
      spaceId?: string;
      spaceName?: string;
    } | {
      deleted: true;
      /** the first day whose rows were removed */
      removedFrom: string;
      /** the last one */
      removedTo: string;
    }>;
  };
  /** Arrivals of visitors, by the local day of their office. Key, for `changedSince`: timestamp, sourceId, eventId. Rows end with their retention: changes begin with a row for each range of days whose rows were removed, with `removedFrom`, `removedTo` and `deleted`: true, and without a key. Delete all rows of these days before the rows that follow. */
  'GET /v1/analytics/visitors': {
    query: {
      /** first day: YYYYMMDD, YYYY-MM-DD or an ISO instant, whose date counts; required, unless changedSince is given */
      startDate?: string | undefined;
      /** last day, inclusive; at most 31 dates in all; required, unless changedSince is given */
      endDate?: string | undefined;
      /** comma-separated ids of nodes, each with all nodes beneath it */
      locationIds?: string | undefined;
      /** the Rollcall-Cursor of an earlier answer: only rows that are new or changed since then. The answer may also have unchanged rows; it misses no change */
      changedSince?: string | undefined;
      /** rows of a page, 1 to 10000; by default all rows. With changedSince a page can have more, because all rows with the same key are on one page */
      limit?: string | undefined;
      /** from the Link of the previous page */
      after?: string | undefined;
      /** takes precedence over Accept. Accept counts if its preferred range names a media type of a format; else json */
      format?: "json" | "ndjson" | "csv" | "parquet" | undefined;
    };
    reply: Array<{
      eventId: string;
      timestamp: string;
      /** the office's local day */
      day: string;
      visitorName: string;
      visitorEmail: string | null;
      visitorCompany: string | null;
      hostUserId: string | null;
      sourceId: string;
      /** the office's */
      locationId: string;
      /** the office's */
      locationName: string;
    } | {
      deleted: true;
      /** the first day whose rows were removed */
      removedFrom: string;
      /** the last one */
      removedTo: string;
    }>;
  };
  /** The audit trail: who did and read what, by the UTC date of the entry. One row for each entry, in the order of its time. A name is null if nobody knows it, or if it was forgotten. The days are those of UTC. The read of this dataset is an entry, too. Key, for `changedSince`: entryId. Rows end with their retention: changes begin with a row for each range of days whose rows were removed, with `removedFrom`, `removedTo` and `deleted`: true, and without a key. Delete all rows of these days before the rows that follow. */
  'GET /v1/analytics/audit': {
    query: {
      /** first day: YYYYMMDD, YYYY-MM-DD or an ISO instant, whose date counts; required, unless changedSince is given */
      startDate?: string | undefined;
      /** last day, inclusive; at most 31 dates in all; required, unless changedSince is given */
      endDate?: string | undefined;
      /** comma-separated actions of docs/audit.md */
      actions?: string | undefined;
      /** the Rollcall-Cursor of an earlier answer: only rows that are new or changed since then. The answer may also have unchanged rows; it misses no change */
      changedSince?: string | undefined;
      /** rows of a page, 1 to 10000; by default all rows. With changedSince a page can have more, because all rows with the same key are on one page */
      limit?: string | undefined;
      /** from the Link of the previous page */
      after?: string | undefined;
      /** takes precedence over Accept. Accept counts if its preferred range names a media type of a format; else json */
      format?: "json" | "ndjson" | "csv" | "parquet" | undefined;
    };
    reply: Array<{
      occurredAt: string;
      entryId: string;
      /** such as key.created; docs/audit.md lists them */
      action: string;
      /** the version of the metadata of the action */
      version: number;
      /** a random id of this organisation for who did it; null if nobody is known */
      actorId: string | null;
      /** account, key, scim-token or operator */
      actorKind: string | null;
      actorName: string | null;
      /** the id of the account, key or token */
      actorReference: string | null;
      /** to whom or to what: id, kind, reference and name of each */
      targets: Array<Record<string, unknown>>;
      /** the network address */
      address: string | null;
      userAgent: string | null;
      correlationId: string | null;
      metadata: Record<string, unknown> | null;
    } | {
      deleted: true;
      /** the first day whose rows were removed */
      removedFrom: string;
      /** the last one */
      removedTo: string;
    }>;
  };
  /** Attendance and utilisation by organisation, office, level, zone or group, by day, week, month or range. One row for each period and unit with an office day. An office day is a day on which a user was detected at the office, or on which a user had planned to come and which has ended. Attendance is the same as in user-booking-attendance. Averages, peaks, medians, the percentile and utilisation use only the office days on which presence reporting worked. A quotient with divisor 0 is null. locationIds accepts offices, levels and zones: only users at them or beneath them count. Sorted by period, office, level, zone and group. Users without a known level or zone, or without a group, have a row of their own, which comes first. by=organisation is all offices together: each person counts once a day, also if the person was at several offices. */
  'GET /v1/analytics/metrics': {
    query: {
      /** first day: YYYYMMDD, YYYY-MM-DD or an ISO instant, whose date counts */
      startDate: string;
      /** last day, inclusive; at most 366 dates in all */
      endDate: string;
      /** comma-separated ids of nodes, each with all nodes beneath it */
      locationIds?: string | undefined;
      /** the unit of a row; default location. organisation is all offices together */
      by?: "organisation" | "location" | "level" | "zone" | "group" | undefined;
      /** the period of a row; default day. Weeks begin on Monday; range is the whole window */
      period?: "day" | "week" | "month" | "range" | undefined;
      /** comma-separated weekdays that count, 1 Monday to 7 Sunday; default all */
      weekdays?: string | undefined;
      /** comma-separated ids: only users whose primary group is one of these groups, or beneath one, count */
      groupIds?: string | undefined;
      /** with by=group: whether a group also counts the users of the groups beneath it; default false */
      subgroups?: "false" | "true" | undefined;
      /** takes precedence over Accept. Accept counts if its preferred range names a media type of a format; else json */
      format?: "json" | "ndjson" | "csv" | "parquet" | undefined;
    };
    reply: Array<{
      by: "organisation" | "location" | "level" | "zone" | "group";
      period: "day" | "week" | "month" | "range";
      /** the first day of the whole period; for a week its Monday */
      periodStart: string;
      /** the first day of the period within the window */
      firstDay: string;
      /** the last day of the period within the window */
      lastDay: string;
      /** the window contains the whole period, and the period has ended at the office */
      complete: boolean;
      /** the office's; null for all offices together */
      locationId: string | null;
      /** the office's */
      locationName: string | null;
      levelId: string | null;
      levelName: string | null;
      zoneId: string | null;
      zoneName: string | null;
      groupId: string | null;
      groupName: string | null;
      /** days on which users were detected, or had planned to come and the day has ended */
      officeDays: number;
      /** office days on which presence reporting worked */
      reportedDays: number;
      /** reportedDays / officeDays */
      reportingShare: number | null;
      /** users who came, counted once a day: confirmed + walkIn */
      attendance: number;
      /** planned and detected */
      confirmed: number;
      /** planned and not detected, although presence reporting worked */
      noShow: number;
      /** planned, not detected, on a day without presence reporting */
      unconfirmed: number;
      /** detected without a plan for the office */
      walkIn: number;
      /** confirmed / (confirmed + noShow) */
      confirmedRate: number | null;
      /** noShow / (confirmed + noShow) */
      noShowRate: number | null;
      /** unconfirmed / (confirmed + noShow + unconfirmed) */
      unconfirmedRate: number | null;
      /** walkIn / attendance */
      walkInRate: number | null;
      /** people per reported day */
      averageAttendance: number | null;
      /** people on the fullest reported day */
      peakAttendance: number | null;
      /** people; nine of ten reported days had at most as many */
      percentile90Attendance: number | null;
      /** people; of the fullest reported day of each ISO week */
      medianWeeklyPeak: number | null;
      /** people; of the emptiest reported day of each ISO week */
      medianWeeklyLow: number | null;
      /** people, by the desks and zones of today; null for groups */
      capacity: number | null;
      /** averageAttendance / capacity */
      utilisation: number | null;
      /** peakAttendance / capacity */
      peakUtilisation: number | null;
    }>;
  };
  /** Attendance and utilisation of each period beside the period before. Units are those of metrics, and the same users count. by=organisation is all offices together: each person counts once a day, also if the person was at several offices. A day is compared with the same weekday a week before, a week with the week before, a month with the month before. A range of whole months is compared with as many months before it; any other range with the days so many whole weeks before as it overlaps. There is a row if one of both periods has an office day. */
  'GET /v1/analytics/metrics/comparison': {
    query: {
      /** first day: YYYYMMDD, YYYY-MM-DD or an ISO instant, whose date counts */
      startDate: string;
      /** last day, inclusive; at most 366 dates in all */
      endDate: string;
      /** comma-separated ids of nodes, each with all nodes beneath it */
      locationIds?: string | undefined;
      /** the unit of a row; default location. organisation is all offices together */
      by?: "organisation" | "location" | "level" | "zone" | "group" | undefined;
      /** the period of a row; default day. Weeks begin on Monday; range is the whole window */
      period?: "day" | "week" | "month" | "range" | undefined;
      /** comma-separated weekdays that count, 1 Monday to 7 Sunday; default all */
      weekdays?: string | undefined;
      /** comma-separated ids: only users whose primary group is one of these groups, or beneath one, count */
      groupIds?: string | undefined;
      /** with by=group: whether a group also counts the users of the groups beneath it; default false */
      subgroups?: "false" | "true" | undefined;
      /** takes precedence over Accept. Accept counts if its preferred range names a media type of a format; else json */
      format?: "json" | "ndjson" | "csv" | "parquet" | undefined;
    };
    reply: Array<{
      by: "organisation" | "location" | "level" | "zone" | "group";
      period: "day" | "week" | "month" | "range";
      /** the first day of the whole period; for a week its Monday */
      periodStart: string;
      /** the first day of the period within the window */
      firstDay: string;
      /** the last day of the period within the window */
      lastDay: string;
      /** the window contains the whole period, and the period has ended at the office */
      complete: boolean;
      /** the office's; null for all offices together */
      locationId: string | null;
      /** the office's */
      locationName: string | null;
      levelId: string | null;
      levelName: string | null;
      zoneId: string | null;
      zoneName: string | null;
      groupId: string | null;
      groupName: string | null;
      /** the first day of the period before, as far as it is compared */
      previousFirstDay: string;
      /** the last day of the period before, as far as it is compared */
      previousLastDay: string;
      /** as complete, of the period before */
      previousComplete: boolean;
      /** false: people is an upper bound, because people without a name have a pseudonym for each calendar year */
      exact: boolean;
      /** as exact, of the period before */
      previousExact: boolean;
      /** days on which users were detected, or had planned to come and the day has ended */
      officeDays: number;
      /** days on which users were detected, or had planned to come and the day has ended */
      previousOfficeDays: number;
      /** office days on which presence reporting worked */
      reportedDays: number;
      /** office days on which presence reporting worked */
      previousReportedDays: number;
      /** different people who came */
      people: number;
      /** different people who came */
      previousPeople: number;
      /** users who came, counted once a day: confirmed + walkIn */
      attendance: number;
      /** users who came, counted once a day: confirmed + walkIn */
      previousAttendance: number;
      /** planned and detected */
      confirmed: number;
      /** planned and detected */
      previousConfirmed: number;
      /** planned and not detected, although presence reporting worked */
      noShow: number;
      /** planned and not detected, although presence reporting worked */
      previousNoShow: number;
      /** planned, not detected, on a day without presence reporting */
      unconfirmed: number;
      /** planned, not detected, on a day without presence reporting */
      previousUnconfirmed: number;
      /** detected without a plan for the office */
      walkIn: number;
      /** detected without a plan for the office */
      previousWalkIn: number;
      /** confirmed / (confirmed + noShow) */
      confirmedRate: number | null;
      /** confirmed / (confirmed + noShow) */
      previousConfirmedRate: number | null;
      /** noShow / (confirmed + noShow) */
      noShowRate: number | null;
      /** noShow / (confirmed + noShow) */
      previousNoShowRate: number | null;
      /** walkIn / attendance */
      walkInRate: number | null;
      /** walkIn / attendance */
      previousWalkInRate: number | null;
      /** people per reported day */
      averageAttendance: number | null;
      /** people per reported day */
      previousAverageAttendance: number | null;
      /** people on the fullest reported day */
      peakAttendance: number | null;
      /** people on the fullest reported day */
      previousPeakAttendance: number | null;
      /** averageAttendance / capacity */
      utilisation: number | null;
      /** averageAttendance / capacity */
      previousUtilisation: number | null;
      /** (people - previousPeople) / previousPeople */
      peopleChange: number | null;
      /** (attendance - previousAttendance) / previousAttendance */
      attendanceChange: number | null;
      /** (averageAttendance - previousAverageAttendance) / previousAverageAttendance */
      averageAttendanceChange: number | null;
      /** (peakAttendance - previousPeakAttendance) / previousPeakAttendance */
      peakAttendanceChange: number | null;
    }>;
  };
  /** How many different people came, by unit and period. Units are those of metrics, and the same users count. by=organisation is all offices together: each person counts once a day, also if the person was at several offices. A person counts once in a period, on however many days the person came. A person who was erased counts once in each calendar year. */
  'GET /v1/analytics/metrics/people': {
    query: {
      /** first day: YYYYMMDD, YYYY-MM-DD or an ISO instant, whose date counts */
      startDate: string;
      /** last day, inclusive; at most 366 dates in all */
      endDate: string;
      /** comma-separated ids of nodes, each with all nodes beneath it */
      locationIds?: string | undefined;
      /** the unit of a row; default location. organisation is all offices together */
      by?: "organisation" | "location" | "level" | "zone" | "group" | undefined;
      /** the period of a row; default day. Weeks begin on Monday; range is the whole window */
      period?: "day" | "week" | "month" | "range" | undefined;
      /** comma-separated weekdays that count, 1 Monday to 7 Sunday; default all */
      weekdays?: string | undefined;
      /** comma-separated ids: only users whose primary group is one of these groups, or beneath one, count */
      groupIds?: string | undefined;
      /** with by=group: whether a group also counts the users of the groups beneath it; default false */
      subgroups?: "false" | "true" | undefined;
      /** takes precedence over Accept. Accept counts if its preferred range names a media type of a format; else json */
      format?: "json" | "ndjson" | "csv" | "parquet" | undefined;
    };
    reply: Array<{
      by: "organisation" | "location" | "level" | "zone" | "group";
      period: "day" | "week" | "month" | "range";
      /** the first day of the whole period; for a week its Monday */
      periodStart: string;
      /** the first day of the period within the window */
      firstDay: string;
      /** the last day of the period within the window */
      lastDay: string;
      /** the window contains the whole period, and the period has ended at the office */
      complete: boolean;
      /** the office's; null for all offices together */
      locationId: string | null;
      /** the office's */
      locationName: string | null;
      levelId: string | null;
      levelName: string | null;
      zoneId: string | null;
      zoneName: string | null;
      groupId: string | null;
      groupName: string | null;
      /** days on which users were detected, or had planned to come and the day has ended */
      officeDays: number;
      /** office days on which presence reporting worked */
      reportedDays: number;
      /** reportedDays / officeDays */
      reportingShare: number | null;
      /** different people who came */
      people: number;
      /** false: people is an upper bound, because people without a name have a pseudonym for each calendar year */
      exact: boolean;
      /** users who came, counted once a day */
      attendance: number;
      /** attendance / people */
      daysPerPerson: number | null;
    }>;
  };
  /** On how many days of a week people came, by unit and period. Units are those of metrics, and the same users count. by=organisation is all offices together: each person counts once a day, also if the person was at several offices. Seven rows for each unit and period. A person-week is a person in an ISO week in which the person came. A week that is only partly in the period counts with the days that it has there. */
  'GET /v1/analytics/metrics/days-per-week': {
    query: {
      /** first day: YYYYMMDD, YYYY-MM-DD or an ISO instant, whose date counts */
      startDate: string;
      /** last day, inclusive; at most 366 dates in all */
      endDate: string;
      /** comma-separated ids of nodes, each with all nodes beneath it */
      locationIds?: string | undefined;
      /** the unit of a row; default location. organisation is all offices together */
      by?: "organisation" | "location" | "level" | "zone" | "group" | undefined;
      /** the period of a row; default week. Weeks begin on Monday; range is the whole window */
      period?: "week" | "month" | "range" | undefined;
      /** comma-separated weekdays that count, 1 Monday to 7 Sunday; default all */
      weekdays?: string | undefined;
      /** comma-separated ids: only users whose primary group is one of these groups, or beneath one, count */
      groupIds?: string | undefined;
      /** with by=group: whether a group also counts the users of the groups beneath it; default false */
      subgroups?: "false" | "true" | undefined;
      /** takes precedence over Accept. Accept counts if its preferred range names a media type of a format; else json */
      format?: "json" | "ndjson" | "csv" | "parquet" | undefined;
    };
    reply: Array<{
      by: "organisation" | "location" | "level" | "zone" | "group";
      period: "day" | "week" | "month" | "range";
      /** the first day of the whole period; for a week its Monday */
      periodStart: string;
      /** the first day of the period within the window */
      firstDay: string;
      /** the last day of the period within the window */
      lastDay: string;
      /** the window contains the whole period, and the period has ended at the office */
      complete: boolean;
      /** the office's; null for all offices together */
      locationId: string | null;
      /** the office's */
      locationName: string | null;
      levelId: string | null;
      levelName: string | null;
      zoneId: string | null;
      zoneName: string | null;
      groupId: string | null;
      groupName: string | null;
      /** days on which users were detected, or had planned to come and the day has ended */
      officeDays: number;
      /** office days on which presence reporting worked */
      reportedDays: number;
      /** reportedDays / officeDays */
      reportingShare: number | null;
      /** 1 to 7 */
      daysPerWeek: number;
      /** person-weeks with exactly so many days */
      personWeeks: number;
      /** false: a week over New Year may count a person twice, who has a pseudonym in each year */
      exact: boolean;
      /** personWeeks / all person-weeks of the unit and period */
      share: number | null;
      /** personWeeks / ISO weeks with a reported day */
      averagePeople: number | null;
    }>;
  };
  /** Attendance and utilisation by weekday, by unit and period. Units are those of metrics, and the same users count. by=organisation is all offices together: each person counts once a day, also if the person was at several offices. One row for each unit, period and weekday with an office day. By week, the rows are a matrix of weeks and weekdays. */
  'GET /v1/analytics/metrics/weekdays': {
    query: {
      /** first day: YYYYMMDD, YYYY-MM-DD or an ISO instant, whose date counts */
      startDate: string;
      /** last day, inclusive; at most 366 dates in all */
      endDate: string;
      /** comma-separated ids of nodes, each with all nodes beneath it */
      locationIds?: string | undefined;
      /** the unit of a row; default location. organisation is all offices together */
      by?: "organisation" | "location" | "level" | "zone" | "group" | undefined;
      /** the period of a row; default week. Weeks begin on Monday; range is the whole window */
      period?: "week" | "month" | "range" | undefined;
      /** comma-separated weekdays that count, 1 Monday to 7 Sunday; default all */
      weekdays?: string | undefined;
      /** comma-separated ids: only users whose primary group is one of these groups, or beneath one, count */
      groupIds?: string | undefined;
      /** with by=group: whether a group also counts the users of the groups beneath it; default false */
      subgroups?: "false" | "true" | undefined;
      /** takes precedence over Accept. Accept counts if its preferred range names a media type of a format; else json */
      format?: "json" | "ndjson" | "csv" | "parquet" | undefined;
    };
    reply: Array<{
      by: "organisation" | "location" | "level" | "zone" | "group";
      period: "day" | "week" | "month" | "range";
      /** the first day of the whole period; for a week its Monday */
      periodStart: string;
      /** the first day of the period within the window */
      firstDay: string;
      /** the last day of the period within the window */
      lastDay: string;
      /** the window contains the whole period, and the period has ended at the office */
      complete: boolean;
      /** the office's; null for all offices together */
      locationId: string | null;
      /** the office's */
      locationName: string | null;
      levelId: string | null;
      levelName: string | null;
      zoneId: string | null;
      zoneName: string | null;
      groupId: string | null;
      groupName: string | null;
      /** ISO: 1 Monday to 7 Sunday */
      weekday: number;
      /** days on which users were detected, or had planned to come and the day has ended */
      officeDays: number;
      /** office days on which presence reporting worked */
      reportedDays: number;
      /** reportedDays / officeDays */
      reportingShare: number | null;
      /** users who came, counted once a day: confirmed + walkIn */
      attendance: number;
      /** planned and detected */
      confirmed: number;
      /** planned and not detected, although presence reporting worked */
      noShow: number;
      /** planned, not detected, on a day without presence reporting */
      unconfirmed: number;
      /** detected without a plan for the office */
      walkIn: number;
      /** confirmed / (confirmed + noShow) */
      confirmedRate: number | null;
      /** noShow / (confirmed + noShow) */
      noShowRate: number | null;
      /** unconfirmed / (confirmed + noShow + unconfirmed) */
      unconfirmedRate: number | null;
      /** walkIn / attendance */
      walkInRate: number | null;
      /** people per reported day */
      averageAttendance: number | null;
      /** people on the fullest reported day */
      peakAttendance: number | null;
      /** people; nine of ten reported days had at most as many */
      percentile90Attendance: number | null;
      /** people; of the fullest reported day of each ISO week */
      medianWeeklyPeak: number | null;
      /** people; of the emptiest reported day of each ISO week */
      medianWeeklyLow: number | null;
      /** people, by the desks and zones of today; null for groups */
      capacity: number | null;
      /** averageAttendance / capacity */
      utilisation: number | null;
      /** peakAttendance / capacity */
      peakUtilisation: number | null;
    }>;
  };
  /** When people come and leave, by hour of their office's clock, by unit and period. Units are those of metrics, and the same users count. by=organisation is all offices together: each person counts once a day, also if the person was at several offices. 24 rows for each unit and period. A person arrives at the first detection of the day at the office, and leaves at the last one, if it is in a later minute. By organisation, these are the first and the last detection at all offices. */
  'GET /v1/analytics/metrics/arrivals': {
    query: {
      /** first day: YYYYMMDD, YYYY-MM-DD or an ISO instant, whose date counts */
      startDate: string;
      /** last day, inclusive; at most 366 dates in all */
      endDate: string;
      /** comma-separated ids of nodes, each with all nodes beneath it */
      locationIds?: string | undefined;
      /** the unit of a row; default location. organisation is all offices together */
      by?: "organisation" | "location" | "level" | "zone" | "group" | undefined;
      /** the period of a row; default day. Weeks begin on Monday; range is the whole window */
      period?: "day" | "week" | "month" | "range" | undefined;
      /** comma-separated weekdays that count, 1 Monday to 7 Sunday; default all */
      weekdays?: string | undefined;
      /** comma-separated ids: only users whose primary group is one of these groups, or beneath one, count */
      groupIds?: string | undefined;
      /** with by=group: whether a group also counts the users of the groups beneath it; default false */
      subgroups?: "false" | "true" | undefined;
      /** takes precedence over Accept. Accept counts if its preferred range names a media type of a format; else json */
      format?: "json" | "ndjson" | "csv" | "parquet" | undefined;
    };
    reply: Array<{
      by: "organisation" | "location" | "level" | "zone" | "group";
      period: "day" | "week" | "month" | "range";
      /** the first day of the whole period; for a week its Monday */
      periodStart: string;
      /** the first day of the period within the window */
      firstDay: string;
      /** the last day of the period within the window */
      lastDay: string;
      /** the window contains the whole period, and the period has ended at the office */
      complete: boolean;
      /** the office's; null for all offices together */
      locationId: string | null;
      /** the office's */
      locationName: string | null;
      levelId: string | null;
      levelName: string | null;
      zoneId: string | null;
      zoneName: string | null;
      groupId: string | null;
      groupName: string | null;
      /** days on which users were detected, or had planned to come and the day has ended */
      officeDays: number;
      /** office days on which presence reporting worked */
      reportedDays: number;
      /** reportedDays / officeDays */
      reportingShare: number | null;
      /** 0 to 23, by the office's clock */
      hour: number;
      /** users whose first detection of the day was in the hour */
      arrivals: number;
      /** arrivals / users who came, counted once a day */
      arrivalShare: number | null;
      /** arrivals / reportedDays */
      averageArrivals: number | null;
      /** users whose last detection of the day was in the hour, if it was later than the first */
      departures: number;
    }>;
  };
  /** How long people stay, by unit and period. Units are those of metrics, and the same users count. by=organisation is all offices together: each person counts once a day, also if the person was at several offices. A stay is the time from the first to the last detection of a day at the office, in whole minutes. It is measured if the last detection is in a later minute than the first. By organisation, these are the first and the last detection at all offices. */
  'GET /v1/analytics/metrics/dwell': {
    query: {
      /** first day: YYYYMMDD, YYYY-MM-DD or an ISO instant, whose date counts */
      startDate: string;
      /** last day, inclusive; at most 366 dates in all */
      endDate: string;
      /** comma-separated ids of nodes, each with all nodes beneath it */
      locationIds?: string | undefined;
      /** the unit of a row; default location. organisation is all offices together */
      by?: "organisation" | "location" | "level" | "zone" | "group" | undefined;
      /** the period of a row; default day. Weeks begin on Monday; range is the whole window */
      period?: "day" | "week" | "month" | "range" | undefined;
      /** comma-separated weekdays that count, 1 Monday to 7 Sunday; default all */
      weekdays?: string | undefined;
      /** comma-separated ids: only users whose primary group is one of these groups, or beneath one, count */
      groupIds?: string | undefined;
      /** with by=group: whether a group also counts the users of the groups beneath it; default false */
      subgroups?: "false" | "true" | undefined;
      /** takes precedence over Accept. Accept counts if its preferred range names a media type of a format; else json */
      format?: "json" | "ndjson" | "csv" | "parquet" | undefined;
    };
    reply: Array<{
      by: "organisation" | "location" | "level" | "zone" | "group";
      period: "day" | "week" | "month" | "range";
      /** the first day of the whole period; for a week its Monday */
      periodStart: string;
      /** the first day of the period within the window */
      firstDay: string;
      /** the last day of the period within the window */
      lastDay: string;
      /** the window contains the whole period, and the period has ended at the office */
      complete: boolean;
      /** the office's; null for all offices together */
      locationId: string | null;
      /** the office's */
      locationName: string | null;
      levelId: string | null;
      levelName: string | null;
      zoneId: string | null;
      zoneName: string | null;
      groupId: string | null;
      groupName: string | null;
      /** days on which users were detected, or had planned to come and the day has ended */
      officeDays: number;
      /** office days on which presence reporting worked */
      reportedDays: number;
      /** reportedDays / officeDays */
      reportingShare: number | null;
      /** users who came, counted once a day */
      attendance: number;
      /** those whose stay is measured */
      measured: number;
      /** measured / attendance */
      measuredShare: number | null;
      /** of measured stays */
      averageMinutes: number | null;
      /** of measured stays */
      medianMinutes: number | null;
      /** nine of ten measured stays were at most as long */
      percentile90Minutes: number | null;
    }>;
  };
  /** How much desks and zones are used, by period. One row for each desk or zone in use, and each period with an office day. A person uses a zone in which the person counts, as in metrics. A person uses the desks at which the person was detected; without such a detection, the booked desk, if the person counts in its zone. locationIds accepts offices, levels and zones. */
  'GET /v1/analytics/metrics/usage': {
    query: {
      /** first day: YYYYMMDD, YYYY-MM-DD or an ISO instant, whose date counts */
      startDate: string;
      /** last day, inclusive; at most 366 dates in all */
      endDate: string;
      /** comma-separated ids of nodes, each with all nodes beneath it */
      locationIds?: string | undefined;
      /** the unit of a row: place is a desk; default place */
      by?: "place" | "zone" | undefined;
      /** the period of a row; default range. Weeks begin on Monday; range is the whole window */
      period?: "range" | "month" | "week" | "day" | undefined;
      /** comma-separated weekdays that count, 1 Monday to 7 Sunday; default all */
      weekdays?: string | undefined;
      /** takes precedence over Accept. Accept counts if its preferred range names a media type of a format; else json */
      format?: "json" | "ndjson" | "csv" | "parquet" | undefined;
    };
    reply: Array<{
      by: "place" | "zone";
      period: "day" | "week" | "month" | "range";
      /** the first day of the whole period; for a week its Monday */
      periodStart: string;
      /** the first day of the period within the window */
      firstDay: string;
      /** the last day of the period within the window */
      lastDay: string;
      /** the window contains the whole period, and the period has ended at the office */
      complete: boolean;
      /** the office's; null for all offices together */
      locationId: string | null;
      /** the office's */
      locationName: string | null;
      levelId: string | null;
      levelName: string | null;
      zoneId: string | null;
      zoneName: string | null;
      /** the desk's; null for a zone */
      placeId: string | null;
      /** the desk's */
      placeName: string | null;
      /** days on which users were detected, or had planned to come and the day has ended */
      officeDays: number;
      /** office days on which presence reporting worked */
      reportedDays: number;
      /** reportedDays / officeDays */
      reportingShare: number | null;
      /** days on which somebody used it */
      usedDays: number;
      /** usedDays / reportedDays */
      usedShare: number | null;
      /** days on which somebody had booked it */
      bookedDays: number;
      /** bookedDays / officeDays */
      bookedShare: number | null;
      /** reported days that have ended, on which somebody had booked it and nobody used it */
      unusedBookedDays: number;
      /** users who used it, counted once a day */
      attendance: number;
      /** different people who used it */
      people: number;
      /** false: people is an upper bound, because people without a name have a pseudonym for each calendar year */
      exact: boolean;
    }>;
  };
  /** Occupancy of rooms and other nodes, by hour of their office's clock. An occupancy event holds until the next event of the same node, at most to the end of the day at the office. One row for each hour with known occupancy; averages are weighted by time. When clocks are set back, the repeated hour has two rows with different hourStart. Sorted by day, office, node and hour. */
  'GET /v1/analytics/metrics/occupancy': {
    query: {
      /** first day: YYYYMMDD, YYYY-MM-DD or an ISO instant, whose date counts */
      startDate: string;
      /** last day, inclusive; at most 366 dates in all */
      endDate: string;
      /** comma-separated ids of nodes, each with all nodes beneath it */
      locationIds?: string | undefined;
      /** takes precedence over Accept. Accept counts if its preferred range names a media type of a format; else json */
      format?: "json" | "ndjson" | "csv" | "parquet" | undefined;
    };
    reply: Array<{
      /** the office's local day */
      day: string;
      /** 0 to 23, by the office's clock */
      hour: number;
      hourStart: string;
      /** the kind of node */
      locationType: "location" | "level" | "zone" | "place" | "space";
      /** the office's */
      locationId: string;
      /** the office's */
      locationName: string;
      levelId: string | null;
      levelName: string | null;
      zoneId: string | null;
      zoneName: string | null;
      placeId: string | null;
      placeName: string | null;
      spaceId: string | null;
      spaceName: string | null;
      /** minutes of the hour with known occupancy */
      knownMinutes: number;
      /** share of knownMinutes in which the node was occupied */
      occupiedShare: number;
      /** people, over knownMinutes; null if the node was occupied by an unknown number */
      averageOccupancy: number | null;
      /** people; null if averageOccupancy is null */
      maximumOccupancy: number | null;
      /** people, today */
      capacity: number | null;
      /** averageOccupancy / capacity */
      utilisation: number | null;
    }>;
  };
  /** Each office on its day so far: who planned to come, who came, visitors and rooms. One entry for each active office whose time zone the server knows, by name. The numbers are less than a second old. If the server takes long to read them, they are up to ten times as old as that takes. All callers of an organisation share them, so a client may ask once a second. Users who planned to come and did not are no no-shows before the day has ended. */
  'GET /v1/manage/today': {
    reply: {
      /** when the server read these numbers */
      asOf: string;
      offices: Array<{
        locationId: string;
        locationName: string;
        timeZone: string;
        /** the office's date now, as 2021-12-24T00:00:00.000Z */
        day: string;
        /** users who planned to come; plans that presence made do not count */
        planned: number;
        /** of those, users who have a desk */
        booked: number;
        /** users who were detected: confirmed + walkIn */
        present: number;
        /** users who planned to come and were detected */
        confirmed: number;
        /** users who were detected without a plan for the office */
        walkIn: number;
        /** users who planned to come and were not detected so far: planned - confirmed */
        expected: number;
        /** arrivals of visitors */
        visitors: number;
        /** rooms whose last occupancy event of the day says that they are occupied */
        spacesInUse: number;
        /** rooms with an occupancy event on the day */
        spacesReporting: number;
        /** when the last user was detected; null if none was */
        lastSeenAt: string | null;
        /** by hour of the office's clock: users whose first detection of the day was in it */
        arrivals: Array<number>;
      }>;
    };
  };
  /** Who arrived last at an office today. The 20 users whose first detection of the office's day was the latest, the latest first. All callers of an organisation share an answer, so a client may ask once a second. */
  'GET /v1/manage/locations/{locationId}/arrivals': {
    path: {
      locationId: string;
    };
    reply: {
      locationId: string;
      locationName: string;
      timeZone: string;
      /** the office's date now, as 2021-12-24T00:00:00.000Z */
      day: string;
      /** when the server read the names */
      asOf: string;
      people: Array<{
        userId: string;
        /** first and last name, else the userName */
        name: string;
        /** the user's first detection of the day there */
        arrivedAt: string;
      }>;
    };
  };
  /** List entries of the audit trail, the newest first. The rows of `GET /v1/analytics/audit`, for people who look for one. The read is an entry, too. */
  'GET /v1/manage/audit': {
    query: {
      /** UTC; YYYY-MM-DD, YYYYMMDD or an ISO instant, of which the date counts; with endDate */
      startDate?: string | undefined;
      /** included; with startDate */
      endDate?: string | undefined;
      /** comma-separated actions of docs/audit.md */
      actions?: string | undefined;
      /** a part of the name, or the whole id, of who did it or of one to whom it was done; the entry of this read does not have it */
      search?: string | undefined;
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
      /** `next` of the previous page */
      after?: string | undefined;
    };
    reply: {
      items: Array<{
        occurredAt: string;
        entryId: string;
        /** such as key.created; docs/audit.md lists them */
        action: string;
        /** the version of the metadata of the action */
        version: number;
        /** a random id of this organisation for who did it; null if nobody is known */
        actorId: string | null;
        /** account, key, scim-token or operator */
        actorKind: string | null;
        actorName: string | null;
        /** the id of the account, key or token */
        actorReference: string | null;
        /** to whom or to what: id, kind, reference and name of each */
        targets: Array<Record<string, unknown>>;
        /** the network address */
        address: string | null;
        userAgent: string | null;
        correlationId: string | null;
        metadata: Record<string, unknown> | null;
      }>;
      /** `after` of the next page; null on the last */
      next: string | null;
    };
  };
}
