import { type TProperties, Type } from 'typebox';
import { Maybe } from '../http/schema.ts';

/** Bytes, as Web Authentication writes them in JSON. */
export const Base64Url = Type.String({ pattern: '^[\\w-]*$' });

/** A credential as browsers write it in JSON, with the members of its response. */
export function passkeyJson<const T extends TProperties>(response: T, description: string) {
  return Type.Object(
    {
      id: Type.String({ pattern: '^[\\w-]+$', maxLength: 1_400 }),
      rawId: Base64Url,
      type: Type.String({ enum: ['public-key'] }),
      response: Type.Object(response),
      clientExtensionResults: Type.Record(Type.String(), Type.Unknown()),
      authenticatorAttachment: Maybe(Type.String()),
    },
    { description },
  );
}

/** What a browser answers to the options of a sign-in. */
export const PasskeyAnswer = passkeyJson(
  {
    clientDataJSON: Base64Url,
    authenticatorData: Base64Url,
    signature: Base64Url,
    userHandle: Maybe(Base64Url),
  },
  'what the browser answers to the options, as AuthenticationResponseJSON of Web Authentication',
);
