/** Browsers give `localhost` rights that an address does not have, such as passkeys. */
export function consoleUrl(baseUrl: string): string {
  return baseUrl.replace(/^(https?:\/\/)127\.0\.0\.1(?=:|$)/, '$1localhost');
}
