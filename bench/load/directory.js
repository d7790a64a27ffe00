import { randomUUID } from 'node:crypto';
import { postHead } from './connection.js';

/** GET requests of these paths in turn. Each answer must have the status 200. */
export function reads(_data, { paths, token }) {
  let turn = 0;
  return async (connection) => {
    const path = paths[turn++ % paths.length];
    const { status, body } = await connection.get(path, token);
    if (status !== 200) throw new Error(`${path}: ${status} ${body.slice(0, 300)}`);
  };
}

/** New users through SCIM, as identity providers create them: one user in a request. */
export function creations(_data, { token }) {
  const head = postHead('/scim/v2/Users', 'application/scim+json', token);
  const run = randomUUID().slice(0, 8);
  let count = 0;
  return async (connection) => {
    const name = `new.${run}.${count++}@example.com`;
    const user = {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      externalId: `${run}-${count}`,
      userName: name,
      name: { givenName: 'New', familyName: `Person ${count}` },
      emails: [{ value: name, type: 'work', primary: true }],
      active: true,
    };
    const { status, body } = await connection.post(head, JSON.stringify(user));
    if (status !== 201) throw new Error(`A creation: ${status} ${body.slice(0, 300)}`);
  };
}
