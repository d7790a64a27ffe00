// The packages that stay beside the bundle, because they look for files of their own.
export const LOADED = ['@fastify/swagger-ui', '@node-rs/argon2'];

/** Packages that need not be there. */
export const OPTIONAL = ['@duckdb/node-api', 'pg-native'];
