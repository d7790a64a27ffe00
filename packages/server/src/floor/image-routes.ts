import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { callerOf } from '../auth/guard.ts';
import { whenOver } from '../http/answer-over.ts';
import { HttpProblem, malformedBody } from '../http/errors.ts';
import { isKnown } from '../http/etag.ts';
import { problems } from '../http/schema.ts';
import { Slots } from '../http/slots.ts';
import { inTenantWithRetries } from '../store/connections/conflict.ts';
import { lockDirectory } from '../store/connections/directory-lock.ts';
import { MEDIA_TYPES, type MediaType, readImage } from '../store/floor/images.ts';
import { CONFIG, DOCUMENTED, type FloorDeps, getLevel, LevelPath, READ_PROBLEMS } from './common.ts';
import { judgeImage, storeImage } from './images.ts';

const IMAGE_LIMIT_BYTES = 5 * 1024 * 1024;
/** Images that are made safe at once; an organisation may hold half of the slots. */
const UPLOADS_AT_ONCE = 4;
const SWEEP_MS = 250;
const TOO_LARGE = 413;

/** Nothing in an image may run or load anything, even if somebody opens it as a page. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox";
const EXTENSIONS: Record<MediaType, string> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/svg+xml': 'svg',
};

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
  const { database, clock, stopwatch, writeQueue } = deps;
  const slots = new Slots({ what: 'uploads of images', size: UPLOADS_AT_ONCE, stopwatch });
  const sweep = setInterval(() => slots.refuseOld(), SWEEP_MS).unref();
  app.addHook('onClose', async () => clearInterval(sweep));
  acceptImages(app);

  app.route({
    method: 'POST',
    url: '/v1/manage/levels/:levelId/floor-plan/images',
    config: CONFIG,
    bodyLimit: IMAGE_LIMIT_BYTES,
    schema: {
      ...DOCUMENTED,
      summary: 'Send an image for the floor plan of a level',
      description:
        'A PNG or JPEG stays as it is. The server writes a new SVG, of the parts that can neither run code nor load ' +
        'anything. An image that no plan names after 24 hours is removed.',
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
      const slot = slots.take(tenantId);
      whenOver(request.raw, reply.raw, () => slot.end());
      await slot.held;
      const image = await judgeImage(file);
      await writeQueue.take(tenantId, () =>
        inTenantWithRetries(database, tenantId, async (tx) => {
          await lockDirectory(tx, tenantId);
          const { nodeId: levelId } = await getLevel(tx, tenantId, request.params.levelId);
          await storeImage(tx, tenantId, { levelId, image, at: new Date(clock()) });
        }),
      );
      const { content, ...answer } = image;
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
        ? await database.inTenant(tenantId, (tx) => readImage(tx, tenantId, imageId))
        : undefined;
      if (!image) throw new HttpProblem(404, 'There is no image with this id.');
      reply.headers({
        // The id stands for the bytes. Another person at the same browser has another cookie.
        'cache-control': 'private, max-age=31536000, immutable',
        vary: 'Authorization, Cookie, Rollcall-Organisation',
        etag,
        'content-security-policy': POLICY,
        'content-disposition': `attachment; filename="floor-plan-${imageId.slice(0, 12)}.${EXTENSIONS[image.mediaType]}"`,
      });
      if (isKnown(request.headers['if-none-match'], etag)) return reply.code(304).send(null);
      return reply.type(image.mediaType).send(image.content as never);
    },
  });
};

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
