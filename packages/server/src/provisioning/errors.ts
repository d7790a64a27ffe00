import { type ErrorFormat, HttpProblem, problemDocument } from '../http/errors.ts';
import { isScimUrl } from './scim-path.ts';

/** The kinds of errors of RFC 7644 section 3.12, table 9, that this server can return. */
export type ScimType =
  | 'invalidFilter'
  | 'invalidPath'
  | 'invalidSyntax'
  | 'invalidValue'
  | 'mutability'
  | 'noTarget'
  | 'uniqueness';

/** A problem with a `scimType` of RFC 7644. */
export class ScimProblem extends HttpProblem {
  readonly scimType: ScimType;

  constructor(status: 400 | 409, scimType: ScimType, detail: string) {
    super(status, detail);
    this.scimType = scimType;
  }
}

/** A 400 with its `scimType`. */
export function wrong(scimType: Exclude<ScimType, 'uniqueness'>, detail: string): ScimProblem {
  return new ScimProblem(400, scimType, detail);
}

/** A 409: another user or group already has the value. */
export function taken(detail: string): ScimProblem {
  return new ScimProblem(409, 'uniqueness', detail);
}

export const SCIM_MEDIA_TYPE = 'application/scim+json';

/** The error of RFC 7644 section 3.12. A 400 without a `scimType`, such as malformed JSON, is `invalidSyntax`. */
export const scimError: ErrorFormat = (problem) => {
  const scimType =
    problem instanceof ScimProblem ? problem.scimType : problem.status === 400 ? 'invalidSyntax' : undefined;
  return {
    contentType: SCIM_MEDIA_TYPE,
    body: {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: String(problem.status),
      ...(scimType ? { scimType } : {}),
      detail: problem.message,
    },
  };
};

/** The format of errors of a URL that no route has. */
export function errorFormatOf(url: string): ErrorFormat {
  return isScimUrl(url) ? scimError : problemDocument;
}
