import type { Reply } from '@rollcall/sdk';

export type Key = Reply<'GET /v1/manage/keys'>['items'][number];

/** What the first call of a program needs. */
export interface FirstCall {
  key: Pick<Key, 'apiKey' | 'role' | 'authentication'>;
  secret: string;
  /** Without a slash at the end. */
  baseUrl: string;
  sourceId: string;
  locationId: string;
  /** The person of the event; unused by keys that submit no presence. */
  userEmail: string;
  /** The day in UTC that an export names. */
  today: string;
}

export const LANGUAGES = ['curl', 'python', 'javascript', 'powershell'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Stands for the time at which the lines run. */
const NOW = '\u0000now';

interface Call {
  path: string;
  /** Undefined for a GET. */
  body: object | undefined;
  /** HTTP Basic; otherwise the lines ask for a token first. */
  isBasic: boolean;
}

/** Lines to paste that make the first call with a key: an event, a visitor, or an export. */
export function firstLines(first: FirstCall, language: Language): string {
  const call = callOf(first);
  return { curl, python, javascript, powershell }[language](first, call);
}

function callOf({ key, sourceId, locationId, userEmail, today }: FirstCall): Call {
  // Visitor arrivals take tokens only.
  const isBasic = key.authentication === 'basic' && key.role !== 'visitor-only';
  const twin = isBasic ? '/basic' : '';
  const event = { eventId: 'first event', timestamp: NOW, locationId };
  switch (key.role) {
    case 'data-warehouse':
      return {
        path: `/v1/analytics/presence${twin}?startDate=${today}&endDate=${today}`,
        body: undefined,
        isBasic,
      };
    case 'statistics':
      return {
        path: `/v1/analytics/metrics${twin}?startDate=${today}&endDate=${today}`,
        body: undefined,
        isBasic,
      };
    case 'visitor-only':
      return {
        path: '/v1/visitor-arrival',
        body: { sourceId, visitorArrivals: [{ ...event, visitorName: 'Ada Example' }] },
        isBasic,
      };
    default:
      return {
        path: `/v1/presence${twin}`,
        body: { sourceId, presenceEvents: [{ ...event, locationType: 'location', userEmail }] },
        isBasic,
      };
  }
}

function curl({ key, secret, baseUrl }: FirstCall, { path, body, isBasic }: Call): string {
  const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  const user = `user = "${`${key.apiKey}:${secret}`.replace(/["\\]/g, '\\$&')}"`;
  // curl reads secrets from its standard input, because its arguments are in the list of processes.
  const withUser = `printf %s ${quote(user)} | curl -sS --fail-with-body -K -`;
  const login = [
    `TOKEN=$(${withUser} -d grant_type=client_credentials ${quote(`${baseUrl}/v1/auth/token`)} |`,
    `  sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`,
    `printf 'header = "Authorization: Bearer %s"' "$TOKEN" | curl -sS --fail-with-body -K - \\`,
  ];
  const now = `'"$(date -u +%Y-%m-%dT%H:%M:%SZ)"'`;
  const json = body && quote(JSON.stringify(body)).replace(JSON.stringify(NOW).slice(1, -1), () => now);
  return [
    ...(isBasic ? [`${withUser} \\`] : login),
    ...(json ? [`  -H 'content-type: application/json' -d ${json} \\`] : []),
    `  ${quote(baseUrl + path)}; echo`,
  ].join('\n');
}

function python({ key, secret, baseUrl }: FirstCall, { path, body, isBasic }: Call): string {
  const json = body && literal(body, 'datetime.now(timezone.utc).isoformat()');
  return [
    'import base64, json, urllib.request',
    ...(body ? ['from datetime import datetime, timezone'] : []),
    '',
    'def send(path, authorization, body=None, content_type="application/json"):',
    '    headers = {"Authorization": authorization, "Content-Type": content_type}',
    `    request = urllib.request.Request(${JSON.stringify(baseUrl)} + path, body, headers)`,
    '    with urllib.request.urlopen(request) as answer:',
    '        return json.load(answer)',
    '',
    `key = ${JSON.stringify(`${key.apiKey}:${secret}`)}.encode()`,
    'authorization = "Basic " + base64.b64encode(key).decode()',
    ...(isBasic
      ? []
      : [
          'form = "application/x-www-form-urlencoded"',
          'login = send("/v1/auth/token", authorization, b"grant_type=client_credentials", form)',
          'authorization = "Bearer " + login["access_token"]',
        ]),
    ...(json ? [`body = ${json}`] : []),
    `print(send(${JSON.stringify(path)}, authorization${body ? ', json.dumps(body).encode()' : ''}))`,
  ].join('\n');
}

function javascript({ key, secret, baseUrl }: FirstCall, { path, body, isBasic }: Call): string {
  return [
    'async function send(path, authorization, body, type = "application/json") {',
    '  const headers = { authorization, ...(body ? { "content-type": type } : {}) };',
    '  const method = body ? "POST" : "GET";',
    `  const answer = await fetch(${JSON.stringify(baseUrl)} + path, { method, headers, body });`,
    '  if (!answer.ok) throw new Error(await answer.text());',
    '  return answer.json();',
    '}',
    '',
    `const key = Buffer.from(${JSON.stringify(`${key.apiKey}:${secret}`)}).toString("base64");`,
    ...(isBasic
      ? ['const authorization = "Basic " + key;']
      : [
          'const form = "application/x-www-form-urlencoded";',
          'const login = await send("/v1/auth/token", "Basic " + key, "grant_type=client_credentials", form);',
          'const authorization = "Bearer " + login.access_token;',
        ]),
    ...(body ? [`const body = ${literal(body, 'new Date().toISOString()')};`] : []),
    `console.log(await send(${JSON.stringify(path)}, authorization${body ? ', JSON.stringify(body)' : ''}));`,
  ].join('\n');
}

function powershell({ key, secret, baseUrl }: FirstCall, { path, body, isBasic }: Call): string {
  // PowerShell takes curved quotation marks for straight ones.
  const quote = (text: string) => `'${text.replace(/['\u2018-\u201b]/g, '$&$&')}'`;
  const value = (each: unknown): string => {
    if (Array.isArray(each)) return `@(${each.map(value).join(', ')})`;
    if (each === NOW) return "[DateTime]::UtcNow.ToString('o')";
    if (typeof each === 'string') return quote(each);
    const members = Object.entries(each as object).map(([name, member]) => `${name} = ${value(member)}`);
    return `@{ ${members.join('; ')} }`;
  };
  const login = [
    `$login = Invoke-RestMethod -Method Post -Uri ${quote(`${baseUrl}/v1/auth/token`)} -Headers $headers -Body @{ grant_type = 'client_credentials' }`,
    '$headers = @{ Authorization = "Bearer $($login.access_token)" }',
  ];
  const call = `Invoke-RestMethod -Uri ${quote(baseUrl + path)} -Headers $headers`;
  return [
    // Windows PowerShell begins with older versions of TLS.
    ...(baseUrl.startsWith('https:') ? ["[Net.ServicePointManager]::SecurityProtocol = 'Tls12'"] : []),
    `$key = [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes(${quote(`${key.apiKey}:${secret}`)}))`,
    '$headers = @{ Authorization = "Basic $key" }',
    ...(isBasic ? [] : login),
    ...(body
      ? [
          `$body = ${value(body)} | ConvertTo-Json -Depth 4`,
          `${call} -Method Post -ContentType 'application/json' -Body ([Text.Encoding]::UTF8.GetBytes($body))`,
        ]
      : [call]),
  ].join('\n');
}

/** JSON, which Python and JavaScript read as a literal, with the expression `now` in place of the time. */
function literal(body: object, now: string): string {
  return JSON.stringify(body).replace(JSON.stringify(NOW), () => now);
}
