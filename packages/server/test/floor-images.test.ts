import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type FloorClient, floorClient, svg } from './support/floor.ts';
import { makeLondon } from './support/manage.ts';
import { PNG, png } from './support/png.ts';
import { expectProblem } from './support/problems.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
let client: FloorClient;
let levelId: string;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  client = await floorClient(server);
  ({ levelId } = await makeLondon(client));
});
afterAll(() => server.close());

const SVG_TYPE = 'image/svg+xml';
const read = (imageId: string, headers = {}) => client.inject('GET', `floor-plan-images/${imageId}`, headers);
/** The SVG that the server makes of a file. */
async function made(content: string | Buffer) {
  const image = await client.image(levelId, content, SVG_TYPE);
  return { ...image, text: (await read(image.imageId)).body };
}
const refused = async (content: string | Buffer, type = SVG_TYPE, status = 400) =>
  expectProblem(await client.upload(levelId, content, type), status);

/** What no SVG that the server gives out may have, however it is written. */
const DANGEROUS = [
  /<\s*\/?\s*(script|foreignObject|iframe|embed|object|animate\w*|set|handler|listener|feImage|a)\b/i,
  /<[!?]/,
  /\son\w+\s*=/i,
  /\b(javascript|vbscript)\s*:/i,
  /href\s*=\s*"(?!#|data:image\/(png|jpe?g);base64,)/i,
  /url\(\s*(?!["']?(&quot;)?#)/i,
  /@|\\|expression\s*\(|-moz-binding|behavior/i,
  /\b(http|https|ftp|file):(?!\/\/www\.w3\.org\/2000\/svg")/i,
];
function expectHarmless(text: string) {
  for (const pattern of DANGEROUS) expect(text).not.toMatch(pattern);
}

describe('PNG and JPEG', () => {
  test('are kept as they are, and given out so that a browser neither guesses nor runs anything', async () => {
    const image = await client.image(levelId, PNG);
    expect(image).toEqual({
      imageId: expect.stringMatching(/^[0-9a-f]{64}$/),
      mediaType: 'image/png',
      width: 30,
      height: 20,
      bytes: PNG.length,
      removed: [],
    });
    const reply = await read(image.imageId);
    expect(reply.rawPayload).toEqual(PNG);
    expect(reply.headers).toMatchObject({
      'content-type': 'image/png',
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, max-age=31536000, immutable',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'content-disposition': expect.stringMatching(/^attachment; filename="floor-plan-\w+\.png"$/),
    });
    expect(reply.headers['content-security-policy']).toContain('sandbox');
    const query = vi.spyOn(pg.Client.prototype, 'query');
    const known = await read(image.imageId, { 'if-none-match': String(reply.headers.etag) });
    const statements = query.mock.calls.map(([text]) => String(text));
    query.mockRestore();
    expect(known.statusCode).toBe(304);
    expect(known.headers.etag).toBe(reply.headers.etag);
    expect(statements.some((text) => text.includes('floor_plan_images'))).toBe(true);
    expect(statements.filter((text) => /\bcontent\b/.test(text))).toEqual([]);
  });

  test('are told by their bytes, whatever the content type says', async () => {
    expect(await client.image(levelId, PNG, 'image/jpeg')).toMatchObject({ mediaType: 'image/png' });
    expect(await client.image(levelId, jpeg(30, 20), SVG_TYPE)).toMatchObject({
      mediaType: 'image/jpeg',
      width: 30,
      height: 20,
    });
    expect(await refused('GIF89a......', 'image/png', 415)).toContain('PNG, JPEG or SVG');
    expect(await refused(PNG, 'image/gif', 415)).toContain('image/png');
    expect(await refused('<html><body/></html>')).toContain('svg');
    expect(await refused('', 'image/png')).toContain('no image');
  });

  test('that are damaged, or too large for a browser, are refused in a sentence', async () => {
    expect(await refused(PNG.subarray(0, 12), 'image/png')).toContain('damaged');
    const huge = Buffer.from(PNG);
    huge.writeUInt32BE(12_001, 16);
    expect(await refused(huge, 'image/png')).toContain('12001 × 20');
    huge.writeUInt32BE(8_000, 16);
    huge.writeUInt32BE(8_000, 20);
    expect(await refused(huge, 'image/png')).toContain('40 million');
    expect(await refused(png(201, 20), 'image/png')).toContain('ten times');
    const empty = Buffer.concat([jpeg(30, 20).subarray(0, 4), Buffer.alloc(1024 * 1024)]);
    expect(await refused(empty, 'image/jpeg')).toContain('512 KiB');
    const tooMany = Buffer.alloc(5 * 1024 * 1024 + 1);
    expect(await refused(tooMany, 'image/png', 413)).toContain('5 MiB');
  });

  test('that a camera held upright are as high as browsers show them', async () => {
    expect(await client.image(levelId, jpeg(30, 20, 6), 'image/jpeg')).toMatchObject({
      width: 20,
      height: 30,
    });
  });
});

describe('an SVG', () => {
  const XLINK = 'xlink:href';
  test.each([
    ['a script', '<script>alert(1)</script>', ['the element script']],
    [
      'a script of another prefix',
      '<s:script xmlns:s="http://www.w3.org/2000/svg">1</s:script>',
      ['the element s:script'],
    ],
    ['a script in upper case', '<SCRIPT>1</SCRIPT>', ['the element SCRIPT']],
    [
      'a script of XHTML',
      '<x:script xmlns:x="http://www.w3.org/1999/xhtml">1</x:script>',
      ['the element x:script'],
    ],
    ['a script in CDATA', '<script><![CDATA[alert(1)]]></script>', ['the element script']],
    ['a script in a description', '<desc><script>1</script></desc>', ['the element script']],
    ['an event', '<rect onload="x()" width="1" height="1"/>', ['the attribute onload']],
    ['an event of another prefix', '<rect xmlns:e="urn:e" e:onload="x()"/>', ['the attribute e:onload']],
    [
      'HTML',
      '<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><img src="x" onerror="1"/></body></foreignObject>',
      ['the element foreignObject'],
    ],
    ['a link with a script', `<use ${XLINK}="javascript:alert(1)"/>`, ['a link of the element use']],
    [
      'a link with white space in it',
      `<use ${XLINK}=" java&#10;script:alert(1)"/>`,
      ['a link of the element use'],
    ],
    ['a link with an entity', `<use ${XLINK}="&#106;avascript:alert(1)"/>`, ['a link of the element use']],
    ['a link to data', '<use href="data:image/svg+xml;base64,PHN2Zy8+#x"/>', ['a link of the element use']],
    ['a link to another server', '<use href="//evil.example/x.svg#a"/>', ['a link of the element use']],
    [
      'an anchor',
      `<a ${XLINK}="javascript:alert(1)"><rect width="1" height="1"/></a>`,
      ['a link around a part of the drawing'],
    ],
    [
      'an animated link',
      '<use href="#a"><animate attributeName="href" to="javascript:alert(1)"/></use>',
      ['the element animate'],
    ],
    ['a set event', '<rect><set attributeName="onmouseover" to="alert(1)"/></rect>', ['the element set']],
    [
      'an image from elsewhere',
      '<image href="https://evil.example/x.png"/>',
      ['a link of the element image'],
    ],
    [
      'an image that is an SVG',
      '<image href="data:image/svg+xml;base64,PHN2Zy8+"/>',
      ['a link of the element image'],
    ],
    [
      'an image that claims to be a PNG',
      '<image href="data:image/png;base64,PHN2Zy8+"/>',
      ['a link of the element image'],
    ],
    [
      'a filter that loads',
      '<filter id="f"><feImage href="https://evil.example/x"/></filter>',
      ['the element feImage'],
    ],
    [
      'a fill from elsewhere',
      '<rect fill="url(https://evil.example/x#y)"/>',
      ['a value of the attribute fill'],
    ],
    [
      'a fill with an escape',
      '<rect fill="u\\72l(https://evil.example/x#y)"/>',
      ['a value of the attribute fill'],
    ],
    [
      'a fill with a comment',
      '<rect fill="url(/**/https://evil.example)"/>',
      ['a value of the attribute fill'],
    ],
    [
      'a mask from an image set',
      '<rect mask="image-set(&quot;https://evil.example/x&quot; 1x)"/>',
      ['a value of the attribute mask'],
    ],
    ['a cursor', '<rect style="cursor:url(https://evil.example/x)"/>', ['the style cursor']],
    [
      'a style from elsewhere',
      '<rect style="fill:red;filter:url(//evil.example/f#x)"/>',
      ['a value of the style filter'],
    ],
    ['a binding', '<rect style="-moz-binding:url(https://evil.example/x)"/>', ['the style -moz-binding']],
    ['an expression', '<rect style="width:expression(alert(1))"/>', ['the style width']],
    [
      'an import',
      '<style>@import "https://evil.example/x.css"; .a{fill:red}</style>',
      ['the rule @import of a style sheet'],
    ],
    [
      'an import behind an escape',
      '<style>@\\69mport "https://evil.example/x.css";</style>',
      ['the rule @ of a style sheet'],
    ],
    [
      'an import in CDATA',
      '<style><![CDATA[@import url(https://evil.example/x.css);]]></style>',
      ['the rule @import of a style sheet'],
    ],
    [
      'a font',
      '<style>@font-face{font-family:a;src:url(https://evil.example/x)}</style>',
      ['the rule @font-face of a style sheet'],
    ],
    [
      'a namespace rule',
      '<style>@namespace url(http://www.w3.org/1999/xhtml);</style>',
      ['the rule @namespace of a style sheet'],
    ],
    [
      'a style sheet that never closes',
      '<style>.a{fill:red} .b{fill:url(https://evil.example</style>',
      ['a part of a style sheet'],
    ],
    [
      'a string that opens in a selector',
      '<style>a["x]{fill:red} .b{fill:"y; @import url(https://evil.example/x)"}</style>',
      ['a part of a style sheet'],
    ],
    ['a handler', '<handler type="text/javascript">1</handler>', ['the element handler']],
    ['an XML base', '<g xml:base="https://evil.example/"><use href="#a"/></g>', ['the attribute xml:base']],
    [
      'a link in a text',
      '<text>Go <a href="https://evil.example/">there</a></text>',
      ['a link around a part of the drawing'],
    ],
    [
      'a rule of a style sheet that is too long',
      `<style>.a{${'fill:red;'.repeat(2_000)}} .b{fill:url(//evil.example)}</style>`,
      ['a rule of a style sheet, which is too long', 'a value of the style fill'],
    ],
  ])('loses %s', async (_name, content, removed) => {
    const { text, removed: said } = await made(svg(`${content}<circle id="last" r="1"/>`));
    expectHarmless(text);
    expect(text).not.toContain('evil.example');
    expect(text).not.toContain('alert');
    // What follows is still there.
    expect(text).toContain('<circle id="last" r="1"></circle>');
    for (const what of removed) expect(said.join('\n')).toContain(what);
  });

  test.each([
    [
      'a billion laughs',
      `<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>${svg('<text>&b;</text>')}`,
      'document type',
    ],
    [
      'an entity from a file',
      `<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>${svg('<text>&x;</text>')}`,
      'document type',
    ],
    [
      'an entity that makes a small file large',
      `<!DOCTYPE svg [<!ENTITY a "${'x'.repeat(200)}">]>${svg('<text>&a;</text>'.repeat(6_000))}`,
      'entities',
    ],
    ['a parameter entity', `<!DOCTYPE svg [<!ENTITY % p "x"> %p;]>${svg('')}`, 'document type'],
    ['an unknown entity', svg('<text>&nbsp;</text>'), 'well-formed'],
    ['a NUL', svg('<rect/>\u0000'), 'well-formed'],
    ['two roots', `${svg('')}${svg('')}`, 'well-formed'],
    [
      'an unclosed element',
      '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><g></svg>',
      'well-formed',
    ],
    ['no namespace', '<svg viewBox="0 0 1 1"/>', 'namespace'],
    ['another root', '<html xmlns="http://www.w3.org/1999/xhtml"/>', 'svg element'],
    ['no size', '<svg xmlns="http://www.w3.org/2000/svg" width="100%"/>', 'viewBox'],
    ['a use of itself', svg('<g id="a"><use href="#a"/></g>'), 'itself'],
    [
      'a circle of patterns',
      svg('<pattern id="p"><rect fill="url(#q)"/></pattern><pattern id="q"><rect fill="url(#p)"/></pattern>'),
      'itself',
    ],
    ['a million uses', svg(uses(8, 10)), 'again and again'],
    [
      'a million uses by style sheets',
      svg(patterns(8, (level) => sheetFill(`.c${level}`, level))),
      'again and again',
    ],
    [
      'a million uses by ids in style sheets',
      svg(patterns(8, (level) => sheetFill(`g > #r${level}`, level))),
      'again and again',
    ],
    ['a million uses by the names of elements', svg(namedRules(8)), 'again and again'],
    [
      'a million uses by what elements inherit',
      svg(
        patterns(
          8,
          () => '',
          (level) => ` fill="url(#p${level})"`,
        ),
      ),
      'again and again',
    ],
    [
      'a million uses by what used elements inherit',
      svg(
        `<g id="g">${'<rect/>'.repeat(1_100)}</g><pattern id="p">${'<rect/>'.repeat(1_000)}</pattern><use href="#g" fill="url(#p)"/>`,
      ),
      'again and again',
    ],
    [
      'a circle by a style sheet',
      svg('<style>.a{fill:url(#p)}</style><pattern id="p"><rect class="a"/></pattern>'),
      'itself',
    ],
    ['too deep a nesting', svg('<g>'.repeat(101) + '</g>'.repeat(101)), '100 deep'],
    [
      'too many attributes',
      svg(`<rect ${Array.from({ length: 300 }, (_, n) => `a${n}=""`).join(' ')}/>`),
      '200 attributes',
    ],
    ['too many elements', svg('<g/>'.repeat(100_001)), '100,000 elements'],
    [
      'bytes that are not UTF-8',
      Buffer.concat([Buffer.from('<svg'), Buffer.from([0xff]), Buffer.from('/>')]),
      'utf-8',
    ],
    ['an unknown encoding', `<?xml version="1.0" encoding="x-none"?>${svg('')}`, 'x-none'],
  ])('with %s is refused in a sentence', async (_name, content, words) => {
    expect(await refused(content)).toContain(words);
  });

  test('in UTF-16 or Latin 1 is read as what it is', async () => {
    const hidden = svg('<script>1</script><text>Küche</text>');
    const wide = Buffer.from(`\uFEFF${hidden}`, 'utf16le');
    for (const file of [
      wide,
      Buffer.from(wide).swap16(),
      Buffer.from(`<?xml version="1.0" encoding="iso-8859-1"?>${hidden}`, 'latin1'),
    ]) {
      const { text, removed } = await made(file);
      expectHarmless(text);
      expect(text).toContain('<text>Küche</text>');
      expect(removed).toContain('the element script');
    }
  });

  test('keeps links within it, embedded images, gradients, patterns, styles and texts', async () => {
    const data = `data:image/png;base64,${PNG.toString('base64')}`;
    const content =
      '<defs><linearGradient id="g"><stop offset="0" stop-color="#fff"></stop></linearGradient></defs>' +
      '<style>.a{fill:url(#g);stroke:rgba(0, 0, 0, .5)}</style>' +
      '<symbol id="s"><path d="M0 0L1 1" class="a" transform="translate(1 2)"></path></symbol>' +
      `<use href="#s" x="3"></use><image href="${data}" width="3" height="2"></image>` +
      '<text x="1" style="font-family:\'Open Sans\', sans-serif;font-size:12px">Desk &lt;1&gt;</text>';
    const { text, removed, width, height } = await made(svg(content));
    expect(removed).toEqual([]);
    expect([width, height]).toEqual([300, 200]);
    const decoded = text.replaceAll('&#10;', '\n');
    expect(decoded).toContain(content);
    const linked = await made(svg('<symbol id="s"/><use xlink:href="#s"/>'));
    expect(linked.text).toContain('<use href="#s">');
    const words = await made(svg('<text x="1">Go <a href="#s">there</a> now</text>'));
    expect(words.text).toContain('<text x="1">Go <tspan>there</tspan> now</text>');
  });

  test('may paint many elements by a class, a pattern and a marker', async () => {
    const content =
      '<style>.a{fill:url(#p)} path.b:hover, #x > .b{marker-end:url(#m)}</style>' +
      '<pattern id="p"><rect width="1" height="1"></rect><rect></rect></pattern><marker id="m"><path></path></marker>' +
      '<g id="x">' +
      '<rect class="a"></rect><path class="a b"></path>'.repeat(10_000) +
      '</g>';
    const { text, removed } = await made(svg(content));
    expect(removed).toEqual([]);
    expect(text.match(/class="a b"/g)).toHaveLength(10_000);
  });

  test('has the entities of its document type as texts', async () => {
    const entities = '<!DOCTYPE svg [<!ENTITY room "Jetty"><!ENTITY desk \'N1\'>]>';
    const { text, removed } = await made(
      `${entities}${svg('<text class="&desk;">&room; &amp; &desk;</text>')}`,
    );
    expect(text).toContain('<text class="N1">Jetty &amp; N1</text>');
    expect(removed).toEqual(['the document type']);
  });

  test('has the size in pixels that its units say, and at most 12,000', async () => {
    const of = async (attributes: string) => {
      const { width, height } = await made(`<svg xmlns="http://www.w3.org/2000/svg" ${attributes}/>`);
      return [width, height];
    };
    expect(await of('width="210mm" height="297mm" viewBox="0 0 210 297"')).toEqual([793.701, 1122.52]);
    expect(await of('width="100%" viewBox="0 0 40 20"')).toEqual([40, 20]);
    expect(await of('width="2in" height="72pt"')).toEqual([192, 96]);
    expect(await of('viewBox="0,0,24000,12000"')).toEqual([12_000, 6_000]);
    expect(await of('width=" +1e2 px " viewBox="0 0 40 20"')).toEqual([100, 50]);
    expect(await of('height="1in" width="auto" viewBox="0 0 40 20"')).toEqual([192, 96]);
  });
});

describe('an image that no plan names', () => {
  const draft = (imageId: string | null) =>
    client.putDraft(levelId, { imageId, aspectRatio: 1.5, placements: [] });
  const discard = async () =>
    expect((await client.inject('DELETE', `levels/${levelId}/floor-plan/draft`)).statusCode).toBe(204);
  const exist = (...images: { imageId: string }[]) =>
    Promise.all(images.map(async ({ imageId }) => (await read(imageId)).statusCode === 200));
  const aDayLater = async () => {
    server.clock.advanceS(25 * 60 * 60);
    client = { ...(await floorClient(server, client.tenantId)) } as FloorClient;
  };

  test('is removed a day after it was sent, and sooner by nobody', async () => {
    const [used, forgotten] = [await client.image(levelId, PNG), await client.image(levelId, png(60, 40))];
    await draft(used.imageId);
    await client.publish(levelId);
    await draft(used.imageId);
    await discard();
    // Somebody else sent the second one, and is about to name it.
    expect(await exist(used, forgotten)).toEqual([true, true]);
    await aDayLater();
    await client.image(levelId, png(36, 24));
    expect(await exist(used, forgotten)).toEqual([true, false]);
    await draft(null);
    await client.publish(levelId);
    expect(await exist(used)).toEqual([false]);
  });

  test('is there for a day after a draft let go of it, so that the change can be undone', async () => {
    const [first, second] = [await client.image(levelId, PNG), await client.image(levelId, png(60, 40))];
    await draft(first.imageId);
    await aDayLater();
    await draft(second.imageId);
    expect((await draft(first.imageId)).body.imageId).toBe(first.imageId);
    await draft(null);
    expect((await draft(second.imageId)).body.imageId).toBe(second.imageId);
    // Somebody else discards the draft, and its author keeps it.
    await discard();
    expect((await draft(second.imageId)).body.imageId).toBe(second.imageId);
    await client.publish(levelId);
    expect(await exist(first, second)).toEqual([true, true]);
    await aDayLater();
    await client.image(levelId, png(36, 24));
    expect(await exist(first, second)).toEqual([false, true]);
  });
});

test('the images of an organisation have 200 MiB at most', async () => {
  await server.db.owner.inTenant(client.tenantId, (tx) =>
    tx.query(
      `INSERT INTO floor_plan_images (tenant_id, image_id, media_type, width, height, content)
       SELECT $1, repeat(to_hex(n), 64), 'image/png', 3, 2, decode(repeat('00', 50 * 1024 * 1024 - 20), 'hex') FROM generate_series(1, 4) n`,
      [client.tenantId],
    ),
  );
  await server.db.owner.inTenant(client.tenantId, (tx) =>
    tx.query(
      `INSERT INTO floor_plan_uploads (tenant_id, level_id, image_id, uploaded_at)
       SELECT tenant_id, $2, image_id, $3 FROM floor_plan_images WHERE tenant_id = $1`,
      [client.tenantId, levelId, new Date(server.clock.nowMs)],
    ),
  );
  const reason = await refused(png(300, 200), 'image/png', 413);
  expect(reason).toContain('200 MiB');
  expect(reason).toContain('for 24 hours');
  const other = await floorClient(server);
  await other.image((await makeLondon(other)).levelId, png(300, 200));
});

test('no organisation sees the image of another one, by its id either', async () => {
  const { imageId } = await client.image(levelId, PNG);
  const other = await floorClient(server);
  const theirs = await makeLondon(other);
  const url = `floor-plan-images/${imageId}`;
  expectProblem(await other.inject('GET', url), 404);
  const draft = { imageId, aspectRatio: 1.5, placements: [] };
  const reply = await other.inject('PUT', `levels/${theirs.levelId}/floor-plan/draft`, {}, draft);
  expect(expectProblem(reply, 400)).toContain('image');
  // The same file has the same id in both, and belongs to each alone.
  await other.image(theirs.levelId, PNG);
  expect((await other.inject('GET', url)).statusCode).toBe(200);
  await other.putDraft(theirs.levelId, draft);
  await other.inject('DELETE', `levels/${theirs.levelId}/floor-plan/draft`);
  server.clock.advanceS(25 * 60 * 60);
  await (await floorClient(server, other.tenantId)).image(theirs.levelId, png(36, 24));
  const late = await floorClient(server, other.tenantId);
  client = await floorClient(server, client.tenantId);
  expectProblem(await late.inject('GET', url), 404);
  expect((await read(imageId)).statusCode).toBe(200);
  for (const wrong of ['x', imageId.toUpperCase(), '0'.repeat(64)]) expectProblem(await read(wrong), 404);
});

/** An SVG in which each of `levels` groups uses the one before `times` times. */
function uses(levels: number, times: number): string {
  const groups = Array.from(
    { length: levels },
    (_, level) => `<g id="g${level + 1}">${`<use href="#g${level}"/>`.repeat(times)}</g>`,
  );
  return `<g id="g0"><rect/></g>${groups.join('')}`;
}

/**
 * Patterns, each of which draws ten elements with the one before: by a style sheet, or by the attributes of a group around the
 * pattern.
 */
function patterns(
  levels: number,
  styleOf: (level: number) => string,
  attributesOf: (level: number) => string = () => '',
): string {
  const all = Array.from({ length: levels }, (_, level) => {
    const elements = `<g><rect class="c${level}"/><circle id="r${level}"/></g>`.repeat(10);
    return `<g${attributesOf(level)}><pattern id="p${level + 1}">${elements}</pattern></g>`;
  });
  const style = Array.from({ length: levels + 1 }, (_, level) => styleOf(level)).join('');
  return `<pattern id="p0"><path/></pattern>${all.join('')}<style>${style}</style>`;
}

const sheetFill = (selector: string, level: number) => `${selector}{fill:url("#p${level}")}`;

/** Patterns, each of which draws ten elements of a name that a rule of a style sheet paints with the pattern before. */
function namedRules(levels: number): string {
  const names = ['rect', 'circle', 'ellipse', 'line', 'polyline', 'polygon', 'path', 'text', 'tspan'];
  const all = Array.from(
    { length: levels },
    (_, level) => `<pattern id="n${level + 1}">${`<${names[level]}/>`.repeat(10)}</pattern>`,
  );
  const rules = Array.from({ length: levels }, (_, level) => `${names[level]}{fill:url(#n${level})}`);
  return `${all.join('')}<style>${rules.join('')}</style>`;
}

/** The head of a JPEG, with the size and the orientation of the camera. */
function jpeg(width: number, height: number, orientation?: number): Buffer {
  const exif = orientation === undefined ? Buffer.alloc(0) : exifOf(orientation);
  const frame = Buffer.from([0xff, 0xc0, 0, 11, 8, 0, 0, 0, 0, 1, 1, 0x11, 0]);
  frame.writeUInt16BE(height, 5);
  frame.writeUInt16BE(width, 7);
  const jfif = Buffer.from('ffe000104a46494600010100000100010000', 'hex');
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    ...(exif.length > 0 ? [exif] : [jfif]),
    frame,
    Buffer.from([0xff, 0xd9]),
  ]);
}

function exifOf(orientation: number): Buffer {
  const tiff = Buffer.from([
    0x4d,
    0x4d,
    0,
    0x2a,
    0,
    0,
    0,
    8,
    0,
    1,
    0x01,
    0x12,
    0,
    3,
    0,
    0,
    0,
    1,
    0,
    orientation,
    0,
    0,
    0,
    0,
    0,
    0,
  ]);
  const body = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(body.length + 2);
  return Buffer.concat([Buffer.from([0xff, 0xe1]), length, body]);
}
