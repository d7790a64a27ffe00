import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FileError } from '../../src/files/errors.ts';
import { openText, readText } from '../../src/files/text-input.ts';
import { inChunks } from '../support/import.ts';

const TEXT = 'name,place\r\nMüllerhaus,Straße 3\r\n“Kai”,€ 5\r\n';
const UTF_16LE = Buffer.from(TEXT, 'utf16le');
const UTF_16BE = Buffer.from(UTF_16LE).swap16();
const WINDOWS_1252 = Buffer.from(
  'name,place\r\nM\xfcllerhaus,Stra\xdfe 3\r\n\x93Kai\x94,\x80 5\r\n',
  'latin1',
);
const mark = (bytes: number[], file: Buffer) => Buffer.concat([Buffer.from(bytes), file]);

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rollcall-text-'));
});
afterAll(() => rm(dir, { recursive: true }));

/** The text of the file, and the reported encodings. */
async function readFile(bytes: Buffer): Promise<{ content: string; told: string[]; encoding: string }> {
  const path = join(dir, 'file.csv');
  await writeFile(path, bytes);
  const told: string[] = [];
  const file = await openText(path, (encoding) => told.push(encoding));
  expect(file.sizeBytes).toBe(bytes.length);
  const content = await text(file.stream);
  expect(file.bytesRead).toBe(bytes.length);
  return { content, told, encoding: file.encoding };
}

/** Like `readFile`, but through a pipe in pieces that cut characters. */
async function readPiped(bytes: Buffer): Promise<{ content: string; told: string[]; encoding: string }> {
  const told: string[] = [];
  const input = readText(inChunks(bytes), { onEncoding: (encoding) => told.push(encoding) });
  return { content: await text(input.stream), told, encoding: input.encoding };
}

const WAYS = [
  ['a file', readFile],
  ['a pipe', readPiped],
] as const;

describe.each(WAYS)('%s', (_, read) => {
  test.each([
    ['UTF-8', Buffer.from(TEXT), 'UTF-8'],
    ['UTF-8 with a mark', mark([0xef, 0xbb, 0xbf], Buffer.from(TEXT)), 'UTF-8'],
    ['UTF-16 with a mark', mark([0xff, 0xfe], UTF_16LE), 'UTF-16LE'],
    ['UTF-16 without a mark', UTF_16LE, 'UTF-16LE'],
    ['big-endian UTF-16 with a mark', mark([0xfe, 0xff], UTF_16BE), 'UTF-16BE'],
    ['big-endian UTF-16 without a mark', UTF_16BE, 'UTF-16BE'],
    ['Windows-1252', WINDOWS_1252, 'Windows-1252'],
  ])('%s is recognised, and reported once if it is not UTF-8', async (_name, bytes, encoding) => {
    const told = encoding === 'UTF-8' ? [] : [encoding];
    expect(await read(bytes)).toEqual({ content: TEXT, told, encoding });
  });

  test('a long part of plain ASCII, and Windows-1252 after it, is Windows-1252', async () => {
    const ascii = 'x,y\n'.repeat(100_000);
    const bytes = Buffer.concat([Buffer.from(ascii), Buffer.from('caf\xe9,\xfc\n', 'latin1')]);
    expect(await read(bytes)).toEqual({
      content: `${ascii}café,ü\n`,
      told: ['Windows-1252'],
      encoding: 'Windows-1252',
    });
  });

  test.each([
    ['empty', Buffer.alloc(0)],
    ['a mark alone', Buffer.from([0xef, 0xbb, 0xbf])],
  ])('%s is an empty text', async (_name, bytes) => {
    expect(await read(bytes)).toEqual({ content: '', told: [], encoding: 'UTF-8' });
  });

  test.each([
    [
      'a workbook',
      Buffer.from('PK\x03\x04\x14\x00', 'latin1'),
      /is an Excel workbook or a ZIP file, not text/,
    ],
    ['gzip', Buffer.from([0x1f, 0x8b, 8, 0]), /is compressed by gzip, not text/],
    ['UTF-32', mark([0xff, 0xfe, 0, 0], Buffer.from('a\0\0\0')), /is UTF-32, not text/],
    ['half a character of UTF-16', mark([0xff, 0xfe], UTF_16LE.subarray(0, -1)), /is not valid UTF-16LE/],
    [
      'UTF-8 and then Windows-1252',
      Buffer.concat([Buffer.from(TEXT), WINDOWS_1252]),
      /^Line 5 is not valid UTF-8/,
    ],
    [
      'Windows-1252 and then UTF-8',
      Buffer.concat([WINDOWS_1252, Buffer.from(TEXT)]),
      /^Line 5 is not valid UTF-8/,
    ],
    [
      'bytes without a character in Windows-1252',
      Buffer.from('a\nb\x81\n', 'latin1'),
      /^Line 2 is not valid UTF-8/,
    ],
    ['UTF-8 that is cut off', Buffer.from('a\r\rzoë').subarray(0, -1), /^Line 3 is not valid UTF-8/],
  ])('%s is one sentence', async (_name, bytes, message) => {
    const error = await read(bytes).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(FileError);
    expect((error as Error).message).toMatch(message);
  });

  test('every text of UTF-8, and of UTF-16 with a mark, is read unchanged', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 50 }), async (content) => {
        fc.pre(content.isWellFormed() && !/^[\ufeff\0]/.test(content));
        const utf8 = mark([0xef, 0xbb, 0xbf], Buffer.from(content));
        expect((await read(utf8)).content).toBe(content);
        expect((await read(mark([0xff, 0xfe], Buffer.from(content, 'utf16le')))).content).toBe(content);
      }),
      { numRuns: 50 },
    );
  });
});

test('a directory cannot be read', async () => {
  await mkdir(join(dir, 'folder'), { recursive: true });
  const folder = await openText(join(dir, 'folder'));
  await expect(text(folder.stream)).rejects.toMatchObject({ code: 'EISDIR' });
});
