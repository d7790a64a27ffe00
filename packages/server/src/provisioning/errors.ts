import { type ErrorFormat, HttpProblem } from '../http/errors.ts';

/** The kinds of faults that RFC 7644 section 3.12, table 9, tells apart, as far as they can happen here. */
export type ScimType =
  | 'invalidFilter'
  | 'invalidPath'
  | 'invalidSyntax'
  | 'invalidValue'
  | 'mutability'
  | 'noTarget'
  | 'uniqueness';

/** A problem that RFC 7644 has a word for. */
export class ScimProblem extends HttpProblem {
  readonly scimType: ScimType;

  constructor(status: 400 | 409, scimType: ScimType, detail: string) {
    super(status, detail);
    this.scimType = scimType;
  }
}

/** 400 with the word for what is wrong. */
export function wrong(scimType: Exclude<ScimType, 'uniqueness'>, detail: string): ScimProblem {
  return new ScimProblem(400, scimType, detail);
}

/** 409: somebody or something else has the value already. */
export function taken(detail: string): ScimProblem {
  return new ScimProblem(409, 'uniqueness', detail);
}

export const SCIM_MEDIA_TYPE = 'application/scim+json';

/** The error of RFC 7644 section 3.12; a body that is malformed before anyone reads it is `invalidSyntax`. */
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
