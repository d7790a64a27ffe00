import { Readable } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { callerOf } from '../auth/guard.ts';
import { HttpProblem, malformedBody } from '../http/errors.ts';
import { isKnown } from '../http/etag.ts';
import { problems } from '../http/schema.ts';
import { inSlot, slotsFor } from '../http/slot-work.ts';
import { inTenantWithRetries } from '../store/connections/conflict.ts';
import type { Database } from '../store/connections/db.ts';
import { lockDirectory } from '../store/connections/directory-lock.ts';
import { findImage, MEDIA_TYPES, readImageContent } from '../store/floor/images.ts';
import { CONFIG, DOCUMENTED, type FloorDeps, getLevel, LevelPath, READ_PROBLEMS } from './common.ts';
import { EXTENSIONS, judgeImage, MOST_SENT_BYTES, storeImage } from './images.ts';

/** Images that are made safe at once; an organisation may hold half of the slots. */
const UPLOADS_AT_ONCE = 4;
const TOO_LARGE = 413;

/** Nothing in an image may run or load anything, even if somebody opens it as a page. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox";

const Uploaded = Type.Object({
  imageId: Type.String({ description: 'the id by which a draft names the image' }),
  mediaType: Type.String({ enum: [...MEDIA_TYPES], description: 'by the bytes of the file' }),
  width: Type.Number({ description: 'in pixels, as browsers show the image' }),
  height: Type.Number(),
  bytes: Type.Integer({ description: 'of the image as the server keeps it' }),
  removed: Type.Array(Type.String(), {
    description: 'what the server took out of an SVG to make it safe, in words; empty for a PNG or JPEG',
  }),
});
const content = Object.fromEntries(
  MEDIA_TYPES.map((type) => [
    type,
    { schema: Type.Unsafe<Buffer>({ description: 'an image', contentMediaType: type }) },
  ]),
);

/** The images of floor plans. */
export const imageRoutes: FastifyPluginAsyncTypebox<FloorDeps> = async (app, deps) => {
  const { database, clock, stopwatch, writeQueue, transfers } = deps;
  const slots = slotsFor(app, {
    what: 'uploads of images',
    limit: 'image uploads',
    size: UPLOADS_AT_ONCE,
    stopwatch,
  });
  acceptImages(app);

  app.route({
    method: 'POST',
    url: '/v1/manage/levels/:levelId/floor-plan/images',
    config: CONFIG,
    bodyLimit: MOST_SENT_BYTES,
    schema: {
      ...DOCUMENTED,
      summary: 'Send an image for the floor plan of a level',
      description:
        'A PNG or JPEG stays as it is. The server writes a new SVG, of the parts that can neither run code nor load ' +
        'anything. An image that no plan names is removed after 24 hours.',
      params: LevelPath,
      body: { content },
      response: {
        200: Uploaded,
        ...READ_PROBLEMS,
        ...problems(413),
        415: { ...problems(415)[415], description: 'The file is no PNG, JPEG or SVG image.' },
      },
    },
    handler: async (request, reply) => {
      const { tenantId } = callerOf(request);
      const file = request.body as Buffer | undefined;
      if (!file?.length)
        throw malformedBody('There is no image. Send it as the body, with its content type.');
      reply.header('cache-control', 'no-store');
      const { content, ...answer } = await inSlot(slots, { tenantId, request, reply }, async () => {
        const image = await judgeImage(file);
        await writeQueue.take(tenantId, () =>
          inTenantWithRetries(database, tenantId, async (tx) => {
            await lockDirectory(tx, tenantId);
            const { nodeId: levelId } = await getLevel(tx, tenantId, request.params.levelId);
            await storeImage(tx, tenantId, { levelId, image, at: new Date(clock()) });
          }),
        );
        return image;
      });
      return { ...answer, bytes: content.length };
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/manage/floor-plan-images/:imageId',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Read an image of a floor plan',
      params: Type.Object({ imageId: Type.String() }),
      response: {
        200: { description: 'the image', content },
        304: Type.Null({ description: 'the caller has the image already' }),
        ...problems(401, 403, 404, 503),
      },
    },
    handler: async (request, reply) => {
      const { tenantId } = callerOf(request);
      const { imageId } = request.params;
      const etag = `"${imageId}"`;
      const image = /^[0-9a-f]{64}$/.test(imageId)
        ? await database.inTenant(tenantId, (tx) => findImage(tx, tenantId, imageId))
        : undefined;
      if (!image) throw noImage();
      const { mediaType } = image;
      const headers = {
        // The id stands for the bytes. Another person at the same browser has another cookie.
        'cache-control': 'private, max-age=31536000, immutable',
        vary: 'Authorization, Cookie, Rollcall-Organisation',
        etag,
        'content-security-policy': POLICY,
        'content-disposition': `attachment; filename="floor-plan-${imageId.slice(0, 12)}.${EXTENSIONS[mediaType]}"`,
      };
      if (isKnown(request.headers['if-none-match'], etag)) return reply.headers(headers).code(304).send(null);
      const transfer = await transfers.begin({ kind: 'images', tenantId }, request, reply);
      const pieces = transfer.reading(contentOf(database, tenantId, imageId));
      const first = await pieces.next();
      if (first.done) throw noImage();
      reply.headers(headers).type(mediaType).header('content-length', first.value.length);
      return reply.send(Readable.from(transfer.body(first, pieces), { objectMode: false }) as never);
    },
  });
};

/** The content of an image, in one piece; nothing if the image was removed meanwhile. */
async function* contentOf(
  database: Database,
  tenantId: string,
  imageId: string,
): AsyncGenerator<Buffer, void> {
  const content = await database.inTenant(tenantId, (tx) => readImageContent(tx, tenantId, imageId));
  if (content) yield content;
}

function noImage(): HttpProblem {
  return new HttpProblem(404, 'There is no image with this id.');
}

/** Accepts bodies with the content type of an image, and no others. */
function acceptImages(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  for (const mediaType of MEDIA_TYPES) {
    app.addContentTypeParser(mediaType, (request, payload, done) => {
      app.bodyReader.read(request, payload, undefined, (problem, body) =>
        done(problem?.status === TOO_LARGE ? imageTooLarge() : problem, body),
      );
    });
  }
  app.addContentTypeParser('*', (_request, _payload, done) => {
    done(new HttpProblem(415, `The content type must be ${MEDIA_TYPES.join(', ')}.`));
  });
}

function imageTooLarge(): HttpProblem {
  return new HttpProblem(413, 'The image has more than 5 MiB. Save it with fewer pixels or details.');
}
