import { randomUUID } from 'node:crypto';
import { postHead } from './connection.js';

/** GET requests of these paths in turn, with these headers. Each answer must have the status 200. */
export function reads(_data, { paths, headers }) {
  let turn = 0;
  return async (connection) => {
    const path = paths[turn++ % paths.length];
    const { status, body } = await connection.get(path, headers);
    if (status !== 200) throw new Error(`${path}: ${status} ${body.slice(0, 300)}`);
  };
}

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE_USER = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const DEPARTMENTS = 50;

/** New users through SCIM, as identity providers create them: one user in a request, with the enterprise extension. */
export function creations(_data, { token }) {
  const head = postHead('/scim/v2/Users', 'application/scim+json', token);
  const run = randomUUID().slice(0, 8);
  let count = 0;
  return async (connection) => {
    const number = count++;
    const name = `new.${run}.${number}@example.com`;
    const user = {
      schemas: [USER, ENTERPRISE_USER],
      externalId: `${run}-${number}`,
      userName: name,
      name: { givenName: 'New', familyName: `Person ${number}` },
      emails: [{ value: name, type: 'work', primary: true }],
      active: true,
      [ENTERPRISE_USER]: {
        employeeNumber: `${run}-${number}`,
        department: `Department ${number % DEPARTMENTS}`,
      },
    };
    const { status, body } = await connection.post(head, JSON.stringify(user));
    if (status !== 201) throw new Error(`A creation: ${status} ${body.slice(0, 300)}`);
  };
}
